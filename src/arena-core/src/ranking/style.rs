//! Style control: how much length and formatting sway voters, and strengths without that.

use serde::{Deserialize, Serialize};

use super::RankingError;
use super::clusters::Clusters;
use super::coding::Coding;
use super::covariates::{Adjusted, Effect};
use super::fit::{Fit, Method};
use super::frame::{Estimate, Frame, estimates};
use super::row_clusters::{RowClusters, Rows};
use super::sandwich::SmallSample;
use super::style_features::{StyleCounts, StyleFeature};
use super::votes::{AttributedVote, PairIndex, fit_attributed};

/// Features that style control knows.
const FEATURES: usize = StyleFeature::ALL.len();

/// A variance of differences, which lie between -1 and 1, that only rounding makes.
const CONSTANT: f64 = 1e-12;

/// What a difference of counts, a - b, is divided by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Denominator {
    /// a + b + 1, as in FastChat.
    #[default]
    PlusOne,
    /// a + b, or 1 if that is 0, as in arena-rank.
    ZeroToOne,
}

/// A vote with the form of both answers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StyledVote {
    /// The vote; its weight is 0 or 1.
    pub vote: AttributedVote,
    /// The form of the left answer.
    pub left: StyleCounts,
    /// The form of the right answer.
    pub right: StyleCounts,
}

/// Everything that style control depends on besides the votes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StyleSettings {
    /// What ties are worth.
    pub coding: Coding,
    /// How differences of counts are scaled.
    pub denominator: Denominator,
    /// Whether the advantage of the left place is a parameter too.
    pub position: bool,
    /// Which votes may depend on each other; `None` for none.
    pub clusters: Option<Clusters>,
    /// What is done about small samples.
    pub small_sample: SmallSample,
}

/// Strengths with and without style.
#[derive(Debug, Clone)]
pub struct Controlled {
    /// The plain fit to the same votes.
    pub raw: Fit,
    /// Strengths with the effects of style taken out; the effects are in the order of [`StyleFeature::ALL`], then the
    /// position if it is a parameter.
    pub adjusted: Adjusted,
    position: bool,
}

impl Controlled {
    /// Returns the effect of one feature per standard deviation of its scaled difference.
    pub fn effect(&self, feature: StyleFeature) -> Effect {
        self.adjusted.effects()[feature as usize]
    }

    /// Returns the effect of being shown on the left, if it is a parameter.
    pub fn position(&self) -> Option<Effect> {
        self.position.then(|| self.adjusted.effects()[FEATURES])
    }

    /// Returns how far each member's strength moves from the plain fit to the controlled one, in natural units.
    pub fn shifts(&self) -> Vec<f64> {
        let both = self.adjusted.strengths().iter().zip(self.raw.strengths());
        both.map(|(adjusted, raw)| adjusted - raw).collect()
    }
}

impl Adjusted {
    /// Puts the strengths on the scale of a frame.
    ///
    /// Input: the frame, over all members. Output: Elo points with 95 % intervals, in the order of the members.
    /// Accuracy: normal approximation. Errors: [`RankingError::AnchorNotRated`], [`RankingError::NotARating`].
    /// Cost: M^2.
    pub fn estimates(&self, frame: Frame) -> Result<Vec<Estimate>, RankingError> {
        estimates(frame, self.members(), self.strengths(), self.covariance())
    }
}

/// Fits strengths and the effects of style together.
///
/// Input: votes with counts of both answers; the models to rate, which must be comparable; settings.
/// Output: log-odds = b_left - b_right + z'g (+ c on the left), half-win ties. z = the difference of each count divided
/// as [`Denominator`] says, minus its mean, over its standard deviation (population), both over the votes that count
/// among the members. Natural units. The plain fit to the same votes stands beside it.
/// Stops: as [`super::fit`], starting from the plain fit.
/// Accuracy: unregularised, so that g is the maximum itself: with the mean loss and the ridge of 1 that arena-rank
/// 0.1.1 has by default, g comes out about 14 times too small. z is kept in single precision, 1e-7 relative. Standard
/// errors by the sandwich, clustered if so set.
/// Errors: as [`super::fit_votes`]; [`RankingError::ConstantFeature`], [`RankingError::WeightedVote`],
/// [`RankingError::TooFewClusters`], [`RankingError::Singular`] if features are mixtures of each other,
/// [`RankingError::NotConverged`] if they foretell every vote.
/// Cost: 4 to 5 passes over the votes.
/// Source: LMSYS 2024-08-29, "Does style matter?"; FastChat 0e6d3e4b for the features.
pub fn control(
    votes: &[StyledVote],
    members: &[usize],
    settings: &StyleSettings,
) -> Result<Controlled, RankingError> {
    let plain = votes.iter().map(|styled| &styled.vote);
    let raw = fit_attributed(plain, members, Method::BradleyTerry, settings.coding)?;
    let scales = scales(votes, &raw, settings)?;
    let z = |at: usize| scaled(&votes[at], &scales, settings.denominator);
    let adjusted = if settings.position {
        let with_place = |at: usize| {
            let [a, b, c, d] = z(at);
            [a, b, c, d, 1.0]
        };
        adjust(votes, with_place, &raw, settings)?
    } else {
        adjust(votes, z, &raw, settings)?
    };
    Ok(Controlled { raw, adjusted, position: settings.position })
}

fn adjust<const K: usize>(
    votes: &[StyledVote],
    covariates: impl Fn(usize) -> [f32; K],
    raw: &Fit,
    settings: &StyleSettings,
) -> Result<Adjusted, RankingError> {
    let plain = votes.iter().map(|styled| &styled.vote);
    let rows = Rows::new(plain, covariates, raw.members(), settings.coding)?;
    let clusters = match settings.clusters {
        Some(kind) => {
            let vote = |row: usize| &votes[rows.order[row] as usize].vote;
            Some(RowClusters::new(kind, rows.order.len(), vote)?)
        }
        None => None,
    };
    rows.table.adjust(raw.strengths(), settings.small_sample, clusters.as_ref())
}

/// Mean and standard deviation of a feature's differences.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scale {
    mean: f64,
    deviation: f64,
}

/// The scale of each feature over the votes that count.
pub(super) fn scales(
    votes: &[StyledVote],
    raw: &Fit,
    settings: &StyleSettings,
) -> Result<[Scale; FEATURES], RankingError> {
    let index = PairIndex::new(raw.members(), &[]);
    let (mut sums, mut squares, mut counted) = ([0.0; FEATURES], [0.0; FEATURES], 0.0);
    for styled in votes {
        if index.counted(&styled.vote, settings.coding).is_none() {
            continue;
        }
        counted += 1.0;
        for (at, value) in settings.denominator.differences(styled).into_iter().enumerate() {
            sums[at] += value;
            squares[at] += value * value;
        }
    }
    let mut scales = [Scale::default(); FEATURES];
    for (at, feature) in StyleFeature::ALL.into_iter().enumerate() {
        let mean = sums[at] / counted;
        let variance = squares[at] / counted - mean * mean;
        if variance <= CONSTANT {
            return Err(RankingError::ConstantFeature { feature: feature.as_str() });
        }
        scales[at] = Scale { mean, deviation: variance.sqrt() };
    }
    Ok(scales)
}

/// The features of one vote on their scales.
pub(super) fn scaled(
    styled: &StyledVote,
    scales: &[Scale; FEATURES],
    denominator: Denominator,
) -> [f32; FEATURES] {
    let mut z = [0.0; FEATURES];
    let differences = denominator.differences(styled);
    for (z, (value, scale)) in z.iter_mut().zip(differences.into_iter().zip(scales)) {
        *z = ((value - scale.mean) / scale.deviation) as f32;
    }
    z
}

impl Denominator {
    fn differences(self, styled: &StyledVote) -> [f64; FEATURES] {
        let (left, right) = (styled.left.as_array(), styled.right.as_array());
        let mut differences = [0.0; FEATURES];
        for (at, difference) in differences.iter_mut().enumerate() {
            let (left, right) = (f64::from(left[at]), f64::from(right[at]));
            let sum = match self {
                Denominator::PlusOne => left + right + 1.0,
                Denominator::ZeroToOne => (left + right).max(1.0),
            };
            *difference = (left - right) / sum;
        }
        differences
    }
}
