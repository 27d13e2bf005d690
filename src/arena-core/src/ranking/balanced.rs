//! Pairs that met often weigh less: the fit of a board on which each pair counts alike, from counts alone.

use super::RankingError;
use super::coding::{Cell, Coding, cells};
use super::connectivity::groups;
use super::counts::Counts;
use super::fit::{Fit, Method, check_members, fit_cells};
use super::weights::LEAST_PAIR;

/// Finds the strengths that maximise the likelihood with votes weighed by the inverse frequency of their pair.
///
/// Input: as [`super::fit`].
/// Output: as [`super::fit`]; each vote weighs 1 / max(n, 50), n the counted votes of its unordered pair among the
/// members, times one factor for all so that the mean weight is 1. That is the fit of [`super::fit_votes`] after
/// [`super::balance_pairs`] if no vote is left out by the coding. [`Fit::covariance`] is the weighted sandwich. Votes
/// of other models than the members change nothing, bit for bit; put it on a board with [`super::compute_with`].
/// Stops: as [`super::fit`].
/// Accuracy: as [`super::fit`]. The intervals are wider, because rare pairs have a larger say.
/// Errors: as [`super::fit`].
/// Cost: as [`super::fit`].
/// Source: arena-rank 0.1.1 (`reweighted`, `min_pair_count` 50); Chiang et al. 2024 (arXiv 2403.04132), equation 7.
pub fn fit_balanced(
    counts: &Counts,
    members: &[usize],
    method: Method,
    coding: Coding,
) -> Result<Fit, RankingError> {
    check_members(counts, members)?;
    let plain = cells(counts, members, coding);
    let components = groups(&plain, members.len());
    if components != 1 {
        return Err(RankingError::Disconnected { models: members.len(), components });
    }
    let votes: f64 = plain.iter().map(Cell::votes).sum();
    let inverse = |cell: &Cell| 1.0 / cell.votes().max(LEAST_PAIR);
    let sum: f64 = plain.iter().map(|cell| cell.votes() * inverse(cell)).sum();
    let weight = |cell: &Cell| inverse(cell) * votes / sum;
    let weighed = plain.iter().map(|cell| cell.times(weight(cell))).collect();
    let squares = plain.iter().map(|cell| cell.times(weight(cell).powi(2))).collect();
    fit_cells(weighed, Some(squares), members, method, coding)
}

impl Cell {
    fn times(&self, factor: f64) -> Cell {
        let [wins, losses, ties] = [self.wins, self.losses, self.ties].map(|votes| votes * factor);
        Cell { wins, losses, ties, ..*self }
    }
}
