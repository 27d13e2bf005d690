//! Several boards on one scale: slices that share an anchor or a reference set.

use serde::{Deserialize, Serialize};

use super::RankingError;
use super::board::{Board, Draft, MIN_VOTES, Settings, plain};
use super::coding::Coding;
use super::connectivity::{Status, rated_component};
use super::counts::Counts;
use super::fit::Fit;
use super::frame::Frame;
use super::sandwich::Covariance;

/// A model of the frame that has no rating in a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// Index of the model.
    pub model: usize,
    /// Why it has none.
    pub status: Status,
}

/// One slice on the common scale, or why it cannot be put there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slice {
    /// Its ratings can be read beside those of the other anchored slices.
    Anchored(Box<Board>),
    /// Its ratings would have another zero, so there are none.
    NotAnchored {
        /// The models of the frame that have no rating here.
        missing: Vec<Missing>,
    },
}

impl Slice {
    /// Returns the board, if the slice could be anchored.
    pub fn board(&self) -> Option<&Board> {
        match self {
            Slice::Anchored(board) => Some(board),
            Slice::NotAnchored { .. } => None,
        }
    }
}

/// Computes the boards of several slices in one frame.
///
/// Input: counts of each slice, with the same indices of models; settings whose frame is an anchor or a reference set.
/// Output: one entry a slice, in the same order. In each anchored board the anchor, or the mean of the set, has the
/// same value; each interval is that of the difference to it within the slice. A slice in which the anchor, or any
/// model of the set, has no rating is not anchored.
/// Accuracy: as [`super::compute`]. A difference between slices also holds how the anchor itself differs between them,
/// which votes cannot show: take a set of several models rather than one.
/// Errors: [`RankingError::NoSharedFrame`] for the mean, [`RankingError::EmptySet`], [`RankingError::SelfBattle`] for a
/// model twice in the set; [`RankingError::UnknownModel`] for one that a slice does not know; as [`super::compute`].
/// Cost: that of [`super::compute`] for each slice.
/// Source: RATINGS sections 8 and 13.
pub fn compute_slices(slices: &[Counts], settings: &Settings) -> Result<Vec<Slice>, RankingError> {
    compute_slices_with(slices, settings, |slice, members| plain(&slices[slice], settings, members))
}

/// Computes the boards of several slices in one frame, from fits and covariances of the caller's.
///
/// Input: as [`compute_slices`], and a function that is given the index of a slice and the models to fit, as in
/// [`super::compute_with`]. Output, accuracy, errors, cost and source: as there.
pub fn compute_slices_with(
    slices: &[Counts],
    settings: &Settings,
    mut estimate: impl FnMut(usize, &[usize]) -> Result<(Fit, Covariance), RankingError>,
) -> Result<Vec<Slice>, RankingError> {
    let fixed = check_frame(&settings.frame)?;
    let mut found = Vec::with_capacity(slices.len());
    for (at, counts) in slices.iter().enumerate() {
        let models = counts.models();
        if let Some(&model) = fixed.iter().find(|&&model| model >= models) {
            return Err(RankingError::UnknownModel { model, models });
        }
        let draft = Draft::new(counts, settings, |members| estimate(at, members))?;
        let missing = draft.missing(&settings.frame).into_iter();
        let missing: Vec<Missing> =
            missing.map(|(model, status)| Missing { model, status }).collect();
        found.push(match missing.is_empty() {
            true => Slice::Anchored(Box::new(draft.finish()?)),
            false => Slice::NotAnchored { missing },
        });
    }
    Ok(found)
}

/// The models that fix the scale, each once.
fn check_frame(frame: &Frame) -> Result<&[usize], RankingError> {
    let fixed = frame.fixed().ok_or(RankingError::NoSharedFrame)?;
    if fixed.is_empty() {
        return Err(RankingError::EmptySet);
    }
    let twice = |&(at, model): &(usize, &usize)| fixed[..at].contains(model);
    match fixed.iter().enumerate().find(twice) {
        Some((_, &model)) => Err(RankingError::SelfBattle { model }),
        None => Ok(fixed),
    }
}

/// Lists the models that have a rating in every slice, from which a reference set can be chosen.
///
/// Input: counts of each slice, with the same indices of models; what ties are worth.
/// Output: model indices, ascending; unweighted votes are assumed. Choose the set once and keep it: a set that follows
/// the votes moves the scale.
/// Accuracy: exact. Errors: none. Cost: models^2 for each slice. Source: RATINGS section 8.
pub fn rated_in_all(slices: &[Counts], coding: Coding) -> Vec<usize> {
    let mut common: Option<Vec<usize>> = None;
    for counts in slices {
        let members = rated_component(counts, coding);
        let votes = |model: usize| -> u64 {
            members.iter().map(|&rival| coding.counted(&counts.against(model, rival))).sum()
        };
        let rated = members.iter().copied().filter(|&model| votes(model) >= MIN_VOTES);
        let rated: Vec<usize> = rated.collect();
        let rated = if rated.len() < 2 { Vec::new() } else { rated };
        common = Some(match common {
            None => rated,
            Some(common) => common.into_iter().filter(|model| rated.contains(model)).collect(),
        });
    }
    common.unwrap_or_default()
}
