//! How many votes an order hangs on: the fewest found without which a model is no longer ahead of the next.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use super::bootstrap::positions;
use super::fit::Fit;
use super::{ELO_PER_NAT, RankingError};

/// New fits for one pair of neighbours, after which the smallest number so far is taken.
const MAX_FITS: usize = 12;
/// The last Newton step of a new fit, in natural units; the error left is of the order of its square.
const TOLERANCE: f64 = 1e-6;

/// A gap below this, in natural units, is only rounding.
const EQUAL: f64 = 1e-9;

/// What it takes to swap two neighbours by dropping votes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fragility {
    /// The model above.
    pub better: usize,
    /// The model just below.
    pub worse: usize,
    /// How far the better one is ahead, in Elo points.
    pub gap_elo: f64,
    /// Votes to drop by the linear estimate; `None` if dropping votes cannot do it.
    pub predicted_votes: Option<u64>,
    /// The gap after dropping those, by a new fit.
    pub gap_after_elo: Option<f64>,
    /// Votes whose loss was confirmed, by a new fit, to close the gap; `None` if no such set was found.
    pub votes: Option<u64>,
}

/// All votes of one pair and outcome, and what dropping one of them does to the gap.
struct Kind {
    cell: usize,
    outcome: usize,
    votes: u64,
    change: f64,
}

impl Fit {
    /// Counts, for each pair of neighbours, the votes without which the better one is no longer ahead.
    ///
    /// Input: a fit; the models that have places, which must be members.
    /// Output: one entry for each two neighbours by strength, best first. Votes are dropped in the order of their
    /// influence: dropping vote v moves the gap b_i - b_j by u'g, u = H^+ (e_i - e_j), g the gradient of the loss of v.
    /// Accuracy: `votes` is confirmed by a new fit and is an upper bound of the least number: the smallest that does in
    /// this order, found by secants in at most 12 new fits. Equal influences are taken in the order of pairs.
    /// Errors: [`RankingError::NotAMember`]; [`RankingError::WeightedCounts`] for a weighted fit;
    /// [`RankingError::Singular`], [`RankingError::NotConverged`].
    /// Cost: M^3 once; per neighbouring pair sorting the pairs and about 4 fits from a near start. Measured for M = 100
    /// and all 99 neighbours: 0.26 s.
    /// Source: Broderick, Giordano and Meager 2020, "An automatic finite-sample robustness metric" (AMIP); for arenas
    /// Huang et al. 2025 (arXiv 2508.11847).
    pub fn fragility(&self, models: &[usize]) -> Result<Vec<Fragility>, RankingError> {
        if self.squares.is_some() {
            return Err(RankingError::WeightedCounts);
        }
        let mut order = positions(&self.members, models)?;
        order.sort_by(|&a, &b| self.strengths[b].total_cmp(&self.strengths[a]));
        let inverse = self.inverse_information()?;
        order.windows(2).map(|pair| self.fragility_of(pair[0], pair[1], &inverse)).collect()
    }

    fn fragility_of(
        &self,
        i: usize,
        j: usize,
        inverse: &DMatrix<f64>,
    ) -> Result<Fragility, RankingError> {
        let gap = |fit: &Fit| fit.strengths[i] - fit.strengths[j];
        let mut found = Fragility {
            better: self.members[i],
            worse: self.members[j],
            gap_elo: ELO_PER_NAT * gap(self),
            predicted_votes: None,
            gap_after_elo: None,
            votes: None,
        };
        let kinds = self.kinds(&(inverse.column(i) - inverse.column(j)));
        let Some(predicted) = predicted(gap(self), &kinds) else {
            return Ok(found);
        };
        found.predicted_votes = Some(predicted);
        let (mut open, mut closed) = ((0, gap(self)), None);
        let mut votes = predicted;
        for _ in 0..MAX_FITS {
            let Some(fit) = self.without(&kinds, votes)? else {
                break;
            };
            found.gap_after_elo.get_or_insert(ELO_PER_NAT * gap(&fit));
            match gap(&fit) > EQUAL {
                true => open = (votes, gap(&fit)),
                false => closed = Some((votes, gap(&fit))),
            }
            let Some(next) = next(open, closed, kinds.iter().map(|kind| kind.votes).sum()) else {
                break;
            };
            votes = next;
        }
        found.votes = closed.map(|(votes, _)| votes);
        Ok(found)
    }

    /// Fits again without the first votes of a list; `None` if the models cannot be compared then.
    fn without(&self, kinds: &[Kind], mut votes: u64) -> Result<Option<Fit>, RankingError> {
        let mut cells = self.cells.clone();
        for kind in kinds {
            let dropped = votes.min(kind.votes);
            cells[kind.cell].add(kind.outcome, -(dropped as f64));
            votes -= dropped;
        }
        cells.retain(|cell| cell.votes() > 0.0);
        match self.again(cells, TOLERANCE) {
            Ok(fit) => Ok(Some(fit)),
            Err(RankingError::Disconnected { .. } | RankingError::TiesUndetermined { .. }) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Lists the votes that hold the gap open, the most influential first.
    fn kinds(&self, u: &DVector<f64>) -> Vec<Kind> {
        let mut kinds = Vec::new();
        for (at, (cell, scores)) in self.cells.iter().zip(self.unit_scores()).enumerate() {
            let votes = [cell.wins, cell.losses, cell.ties];
            for (outcome, ([d, tau], votes)) in scores.into_iter().zip(votes).enumerate() {
                let along_tau = self.tau.map_or(0.0, |_| u[self.strengths.len()] * tau);
                let change = -((u[cell.i] - u[cell.j]) * d + along_tau);
                if change < 0.0 && votes > 0.0 {
                    kinds.push(Kind { cell: at, outcome, votes: votes as u64, change });
                }
            }
        }
        kinds.sort_by(|a, b| a.change.total_cmp(&b.change));
        kinds
    }
}

/// The first votes of a list that close a gap by the linear estimate.
fn predicted(mut gap: f64, kinds: &[Kind]) -> Option<u64> {
    let mut dropped = 0;
    for kind in kinds {
        let needed = (gap / -kind.change).ceil().max(1.0);
        if needed <= kind.votes as f64 {
            return Some(dropped + needed as u64);
        }
        dropped += kind.votes;
        gap += kind.change * kind.votes as f64;
    }
    None
}

/// The number of votes to try next, where the line through both ends, or from the open one on, closes the gap.
fn next(open: (u64, f64), closed: Option<(u64, f64)>, all: u64) -> Option<u64> {
    let Some(closed) = closed else {
        let more = (open.0 / 20).max(1);
        return (open.0 < all).then(|| (open.0 + more).min(all));
    };
    if closed.0 - open.0 <= 1 {
        return None;
    }
    let share = open.1 / (open.1 - closed.1);
    let step = (share * (closed.0 - open.0) as f64).ceil() as u64;
    Some((open.0 + step).clamp(open.0 + 1, closed.0 - 1))
}
