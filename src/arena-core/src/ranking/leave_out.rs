//! What leaving out one voter does, by a new fit.

use super::clusters::{Key, Shares};
use super::fit::Fit;
use super::votes::{AttributedVote, PairIndex};
use super::{ELO_PER_NAT, RankingError};

/// The last Newton step of a new fit, in natural units; the error left is of the order of its square.
const TOLERANCE: f64 = 1e-6;
/// What only rounding of weights leaves of a cell, relative to it.
const ROUNDING: f64 = 1e-9;

impl Fit {
    /// Fits again without the votes of some voters, one at a time.
    ///
    /// Input: a fit; the votes it was fitted to; voters, for example those with the largest [`Fit::voter_influence`].
    /// Output: for each voter, in the order given, how far each member's rating moves in the frame where all members
    /// have the mean 0, in Elo points; `None` if the members cannot all be compared without the voter. A voter
    /// without votes moves nothing.
    /// Accuracy: below 1e-6 Elo. Errors: [`RankingError::OtherVotes`], [`RankingError::NotAWeight`],
    /// [`RankingError::NotConverged`].
    /// Cost: sorting the votes once, and 2 to 3 Newton steps a voter.
    /// Source: the jackknife by groups, Quenouille 1956.
    pub fn without_voters(
        &self,
        votes: &[AttributedVote],
        voters: &[usize],
    ) -> Result<Vec<Option<Vec<f64>>>, RankingError> {
        let shares = Shares::new(self, votes, Key::Voter)?;
        let mut found = vec![Some(vec![0.0; self.strengths.len()]); voters.len()];
        for (voter, shares) in shares.named() {
            for (found, _) in found.iter_mut().zip(voters).filter(|(_, asked)| **asked == voter) {
                *found = self.shift_without(shares)?;
            }
        }
        Ok(found)
    }

    fn shift_without(
        &self,
        shares: &[super::clusters::Share],
    ) -> Result<Option<Vec<f64>>, RankingError> {
        let mut cells = self.cells.clone();
        for share in shares {
            for (outcome, votes) in share.votes.into_iter().enumerate() {
                cells[share.cell].take(outcome, votes);
            }
        }
        let shift = |fit: Fit| {
            let both = fit.strengths.iter().zip(&self.strengths);
            both.map(|(without, with)| ELO_PER_NAT * (without - with)).collect()
        };
        Ok(self.of_rest(cells)?.map(shift))
    }

    /// Fits again without some of the votes, whoever cast them.
    ///
    /// Input: a fit; any of the votes it was fitted to, with their weights. Votes of weight 0, or on no pair of the fit,
    /// are passed over.
    /// Output: the fit of the other votes, as if each had the weight 1 (this matters to its covariance only); `None` if
    /// these do not compare all members.
    /// Accuracy: below 1e-6 Elo. Errors: [`RankingError::OtherVotes`] if a pair has fewer votes than are taken away,
    /// [`RankingError::NotConverged`].
    /// Cost: the votes left out, and 2 to 3 Newton steps.
    /// Source: the jackknife by groups, Quenouille 1956.
    pub fn without_votes<'a>(
        &self,
        votes: impl IntoIterator<Item = &'a AttributedVote>,
    ) -> Result<Option<Fit>, RankingError> {
        let index = PairIndex::new(&self.members, &self.cells);
        let mut left_out = vec![[0.0; 3]; self.cells.len()];
        for vote in votes {
            if let Some(seen) = index.find(vote.vote, self.coding) {
                left_out[seen.cell][seen.outcome] += vote.weight;
            }
        }
        let mut cells = self.cells.clone();
        for (cell, left_out) in cells.iter_mut().zip(left_out) {
            let fitted = [cell.wins, cell.losses, cell.ties];
            if fitted.iter().zip(left_out).any(|(all, out)| out > all * (1.0 + ROUNDING)) {
                let (model, rival) = (self.members[cell.i], self.members[cell.j]);
                return Err(RankingError::OtherVotes { model, rival });
            }
            left_out.into_iter().enumerate().for_each(|(outcome, out)| cell.take(outcome, out));
        }
        self.of_rest(cells)
    }

    /// The fit of the votes that are left, if they compare all members.
    fn of_rest(&self, mut cells: Vec<super::coding::Cell>) -> Result<Option<Fit>, RankingError> {
        cells.retain(|cell| cell.votes() > 0.0);
        match self.again(cells, TOLERANCE) {
            Ok(fit) => Ok(Some(fit)),
            Err(RankingError::Disconnected { .. } | RankingError::TiesUndetermined { .. }) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

impl super::coding::Cell {
    /// Takes votes away; what only rounding of weights would leave is nothing.
    fn take(&mut self, outcome: usize, votes: f64) {
        let all = match outcome {
            0 => &mut self.wins,
            1 => &mut self.losses,
            _ => &mut self.ties,
        };
        let left = *all - votes;
        *all = if left > ROUNDING * *all { left } else { 0.0 };
    }
}
