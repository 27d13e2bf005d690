//! Every method with every kind of interval, run alike, for the tests of what must not matter.

use crate::ranking::frame::{Frame, estimates};
use crate::ranking::ranks::places;
use crate::ranking::{
    AttributedVote, Clusters, Coding, Counts, Covariance, Fit, Method, RankingError, Ranks,
    Resample, SmallSample, StyleSettings, StyledVote, clustered_position, control, fit_balanced,
    fit_votes,
};

/// Everything that a method says about some votes, in natural units.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) strengths: Vec<f64>,
    pub(super) variances: Vec<f64>,
    pub(super) resamples: Vec<Vec<f64>>,
    /// Effects of style and their errors.
    pub(super) style: Vec<f64>,
    /// The effect of the left place, and its error.
    pub(super) position: Vec<f64>,
    /// Best, worst and middle places and LMArena's, at a fixed critical value.
    pub(super) ranks: Vec<Ranks>,
}

pub(super) type Run = fn(&[StyledVote], usize, SmallSample) -> Result<Summary, RankingError>;

/// A method with one kind of interval.
pub(super) struct Statistic {
    pub(super) name: &'static str,
    /// Whether doubled votes of the same voters and prompts leave the interval as it is.
    pub(super) clustered: bool,
    /// Whether other names meet the same random numbers.
    pub(super) renamed: bool,
    /// Whether doubled votes weigh the same among each other.
    pub(super) doubled: bool,
    pub(super) run: Run,
}

pub(super) fn all(models: usize) -> Vec<usize> {
    (0..models).collect()
}

pub(super) fn plain(votes: &[StyledVote]) -> Vec<AttributedVote> {
    votes.iter().map(|styled| styled.vote).collect()
}

pub(super) fn fitted(
    votes: &[StyledVote],
    models: usize,
    method: Method,
) -> Result<Fit, RankingError> {
    fit_votes(&plain(votes), &all(models), method, Coding::default())
}

fn summary(strengths: &[f64], covariance: &Covariance) -> Result<Summary, RankingError> {
    let models = strengths.len();
    let variances = covariance.against_mean(&vec![1.0 / models as f64; models]);
    let marginal = estimates(Frame::default(), &all(models), strengths, covariance)?;
    let ranks = places(strengths, covariance, 2.5, &marginal)?;
    let strengths = strengths.to_vec();
    Ok(Summary { strengths, variances, resamples: vec![], style: vec![], position: vec![], ranks })
}

fn sandwich(
    votes: &[StyledVote],
    models: usize,
    method: Method,
    by: SmallSample,
) -> Result<Summary, RankingError> {
    let fit = fitted(votes, models, method)?;
    summary(fit.strengths(), &fit.covariance(by)?)
}

fn clustered(
    votes: &[StyledVote],
    models: usize,
    method: Method,
    clusters: Clusters,
    by: SmallSample,
) -> Result<Summary, RankingError> {
    let fit = fitted(votes, models, method)?;
    summary(fit.strengths(), &fit.clustered_covariance(&plain(votes), clusters, by)?)
}

fn resampled(
    votes: &[StyledVote],
    models: usize,
    method: Method,
    resample: Resample,
) -> Result<Summary, RankingError> {
    let fit = fitted(votes, models, method)?;
    let bootstrap = fit.bootstrap(&plain(votes), resample, 100, 4)?;
    let found = summary(fit.strengths(), &fit.covariance(SmallSample::Uncorrected)?)?;
    Ok(Summary {
        variances: vec![],
        resamples: bootstrap.resamples().to_vec(),
        ranks: vec![],
        ..found
    })
}

fn styled(
    votes: &[StyledVote],
    models: usize,
    position: bool,
    clusters: Option<Clusters>,
    small_sample: SmallSample,
) -> Result<Summary, RankingError> {
    let settings = StyleSettings { position, clusters, small_sample, ..StyleSettings::default() };
    let found = control(votes, &all(models), &settings)?;
    let effects =
        found.adjusted.effects()[..4].iter().flat_map(|effect| [effect.value, effect.error]);
    let place = found.position().map(|effect| vec![effect.value, effect.error]);
    Ok(Summary {
        style: effects.collect(),
        position: place.unwrap_or_default(),
        ..summary(found.adjusted.strengths(), found.adjusted.covariance())?
    })
}

fn placed(votes: &[StyledVote], models: usize, by: SmallSample) -> Result<Summary, RankingError> {
    let (votes, clusters) = (plain(votes), Clusters::Voter);
    let found = clustered_position(&votes, &all(models), Coding::default(), clusters, by)?;
    let position = vec![found.left.value, found.left.error];
    Ok(Summary { position, ..summary(found.adjusted.strengths(), found.adjusted.covariance())? })
}

fn balanced(votes: &[StyledVote], models: usize, by: SmallSample) -> Result<Summary, RankingError> {
    let counts = Counts::from_votes(models, votes.iter().map(|styled| styled.vote.vote))?;
    let fit = fit_balanced(&counts, &all(models), Method::BradleyTerry, Coding::default())?;
    summary(fit.strengths(), &fit.covariance(by)?)
}

pub(super) const BT: Method = Method::BradleyTerry;

pub(super) fn statistics() -> Vec<Statistic> {
    let one =
        |name, clustered, run| Statistic { name, clustered, renamed: true, doubled: true, run };
    vec![
        one("bradley-terry", false, |v, m, s| sandwich(v, m, BT, s)),
        one("davidson", false, |v, m, s| sandwich(v, m, Method::Davidson, s)),
        one("rao-kupper", false, |v, m, s| sandwich(v, m, Method::RaoKupper, s)),
        one("by voter", true, |v, m, s| clustered(v, m, BT, Clusters::Voter, s)),
        one("by prompt", true, |v, m, s| clustered(v, m, Method::Davidson, Clusters::Prompt, s)),
        one("by both", true, |v, m, s| clustered(v, m, BT, Clusters::Both, s)),
        one("style", false, |v, m, s| styled(v, m, false, None, s)),
        one("style and position by voter", true, |v, m, s| {
            styled(v, m, true, Some(Clusters::Voter), s)
        }),
        one("position by voter", true, placed),
        one("bootstrap by voter", true, |v, m, _| resampled(v, m, BT, Resample::Voter)),
        one("bootstrap by prompt", true, |v, m, _| {
            resampled(v, m, Method::Davidson, Resample::Prompt)
        }),
        Statistic { doubled: false, ..one("balanced", false, balanced) },
        Statistic {
            renamed: false,
            doubled: false,
            ..one("bootstrap by vote", false, |v, m, _| resampled(v, m, BT, Resample::Vote))
        },
    ]
}
