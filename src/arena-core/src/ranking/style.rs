//! Style control: how much length and formatting sway voters, and strengths without that.

use serde::{Deserialize, Serialize};

use super::RankingError;
use super::clusters::{Clusters, MIN_CLUSTERS};
use super::coding::Coding;
use super::covariates::{Adjusted, Effect};
use super::fit::{Fit, Method, fit};
use super::frame::{Estimate, Frame, estimates};
use super::row_clusters::RowClusters;
use super::sandwich::SmallSample;
use super::style_features::{StyleCounts, StyleFeature};
use super::style_votes::{FEATURES, Sorted, StyleVotes};
use super::threads;
use super::votes::{AttributedVote, check_votes};

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
/// Cost: a pass over the votes to sort them, and 4 to 6 over the sorted ones; with [`control_compact`] 4,000,000 votes
/// take 160 MB. Sums are taken block by block in a fixed order, so that the number of threads changes no bit.
/// Source: LMSYS 2024-08-29, "Does style matter?"; FastChat 0e6d3e4b for the features.
pub fn control(
    votes: &[StyledVote],
    members: &[usize],
    settings: &StyleSettings,
) -> Result<Controlled, RankingError> {
    check_votes(votes.iter().map(|styled| &styled.vote))?;
    let mut compact = StyleVotes::with_capacity(settings.denominator, votes.len());
    let mut kept = Vec::with_capacity(votes.len());
    for StyledVote { vote, left, right } in votes.iter().filter(|styled| styled.vote.weight != 0.0)
    {
        if vote.weight != 1.0 {
            return Err(RankingError::WeightedVote { value: vote.weight });
        }
        compact.push(vote.vote, *left, *right)?;
        kept.push(vote);
    }
    let clusters = |order: &[u32]| {
        let vote = |row: usize| kept[order[row] as usize];
        settings.clusters.map(|kind| RowClusters::new(kind, order.len(), vote)).transpose()
    };
    compact.control(members, settings, threads::available(), clusters)
}

/// Fits strengths and the effects of style together, to votes without voters.
///
/// Input: votes; the models to rate, which must be comparable; settings, of which the denominator is not read: the
/// votes have theirs. Output, accuracy: as [`control`], to the last bit for the same votes.
/// Errors: as [`control`]; [`RankingError::TooFewClusters`] if clusters are asked for.
/// Cost: as [`control`]; a copy of the votes in 21 bytes each.
pub fn control_compact(
    votes: &StyleVotes,
    members: &[usize],
    settings: &StyleSettings,
) -> Result<Controlled, RankingError> {
    if settings.clusters.is_some() {
        return Err(RankingError::TooFewClusters { found: 0, needed: MIN_CLUSTERS });
    }
    votes.control(members, settings, threads::available(), |_| Ok(None))
}

impl StyleVotes {
    /// As [`control`], on so many threads; `clusters` brings rows together, given the vote of each row.
    pub(super) fn control(
        &self,
        members: &[usize],
        settings: &StyleSettings,
        threads: usize,
        clusters: impl FnOnce(&[u32]) -> Result<Option<RowClusters>, RankingError>,
    ) -> Result<Controlled, RankingError> {
        let overview = self.survey(members, settings.coding, threads);
        let positions: Vec<usize> = (0..members.len()).collect();
        let raw = fit(&overview.counts, &positions, Method::BradleyTerry, settings.coding)?;
        let raw = Fit { members: members.to_vec(), ..raw };
        let scales = overview.scales(raw.votes().iter().sum::<f64>() / 2.0)?;
        let (coding, position) = (settings.coding, settings.position);
        let work = (threads, settings.clusters.is_some());
        let adjusted = if position {
            let sorted: Sorted<{ FEATURES + 1 }> =
                self.sorted(members, coding, &overview, &scales, work);
            drop(overview);
            sorted.adjust(&raw, settings, clusters)?
        } else {
            let sorted: Sorted<FEATURES> = self.sorted(members, coding, &overview, &scales, work);
            drop(overview);
            sorted.adjust(&raw, settings, clusters)?
        };
        Ok(Controlled { raw, adjusted, position })
    }
}

impl<const K: usize> Sorted<K> {
    fn adjust(
        self,
        raw: &Fit,
        settings: &StyleSettings,
        clusters: impl FnOnce(&[u32]) -> Result<Option<RowClusters>, RankingError>,
    ) -> Result<Adjusted, RankingError> {
        let clusters = clusters(&self.order)?;
        drop(self.order);
        self.table.adjust(raw.strengths(), settings.small_sample, clusters.as_ref())
    }
}

impl Denominator {
    /// The differences of one vote, in the order of [`StyleFeature::ALL`].
    pub(super) fn differences(self, left: StyleCounts, right: StyleCounts) -> [f32; FEATURES] {
        let (left, right) = (left.as_array().map(f64::from), right.as_array().map(f64::from));
        std::array::from_fn(|at| {
            let sum = match self {
                Denominator::PlusOne => left[at] + right[at] + 1.0,
                Denominator::ZeroToOne => (left[at] + right[at]).max(1.0),
            };
            ((left[at] - right[at]) / sum) as f32
        })
    }
}
