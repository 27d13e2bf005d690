//! What a vote weighs, and what a single voter moves.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::clustered::weighted;
use super::clusters::{Key, Shares};
use super::fit::Fit;
use super::votes::AttributedVote;
use super::{ELO_PER_NAT, RankingError};

/// A voter's votes weigh as much as this many at least.
const LEAST_CAP: f64 = 20.0;
/// A voter's votes weigh no more than this part of all.
const CAP_SHARE: f64 = 0.0025;
/// Pairs with fewer votes than this weigh as if they had so many.
pub(super) const LEAST_PAIR: f64 = 50.0;

/// Returns the weight that all votes of one voter may have together.
///
/// Input: votes counted in the window. Output: max(20, 0.25 % of them). Source: THREATS section 4.3.
pub fn voter_cap(counted: u64) -> f64 {
    (CAP_SHARE * counted as f64).max(LEAST_CAP)
}

/// Lowers the weights of voters who voted more than `cap` times, so that each has `cap` together.
///
/// Input: votes of one window; votes of weight 0 do not count; a vote without a voter keeps its weight.
/// Output: every weight times min(1, cap / n), n the votes of its voter.
/// Accuracy: exact. Errors: [`RankingError::NotAWeight`] for a cap that is negative or no finite number.
/// Cost: two passes. Source: THREATS section 4.3; a bound on influence as in Huber 1964.
pub fn cap_voters(votes: &mut [AttributedVote], cap: f64) -> Result<(), RankingError> {
    if !(cap >= 0.0 && cap.is_finite()) {
        return Err(RankingError::NotAWeight { value: cap });
    }
    let mut cast: HashMap<usize, f64> = HashMap::new();
    for voter in votes.iter().filter(|vote| vote.weight > 0.0).filter_map(|vote| vote.voter) {
        *cast.entry(voter).or_default() += 1.0;
    }
    for vote in votes {
        let cast = vote.voter.and_then(|voter| cast.get(&voter));
        vote.weight *= cast.map_or(1.0, |cast| (cap / cast).min(1.0));
    }
    Ok(())
}

/// Lowers the weights of votes on a question that was asked many times, so that these have the weight of one vote together.
///
/// Input: votes; for each the question that it is to share its weight with, the same number for the same normalised
/// question in the same month; `None` for a vote that shares with none, as one on a published set, whose questions are
/// meant to be asked again. Votes of weight 0 do not count.
/// Output: every weight times 1 / n, n the votes that share. Apply it before [`cap_voters`], which counts votes.
/// Accuracy: exact. Errors: [`RankingError::NotAWeight`] for lists of different length. Cost: two passes.
/// Source: THREATS section 4.2, R11.
pub fn share_prompts(
    votes: &mut [AttributedVote],
    shared: &[Option<usize>],
) -> Result<(), RankingError> {
    if shared.len() != votes.len() {
        return Err(RankingError::NotAWeight { value: f64::NAN });
    }
    let mut asked: HashMap<usize, f64> = HashMap::new();
    for (vote, shared) in votes.iter().zip(shared) {
        if let Some(question) = shared.filter(|_| vote.weight > 0.0) {
            *asked.entry(question).or_default() += 1.0;
        }
    }
    for (vote, shared) in votes.iter_mut().zip(shared) {
        if let Some(asked) = shared.and_then(|question| asked.get(&question)) {
            vote.weight /= asked;
        }
    }
    Ok(())
}

/// Makes pairs that met often weigh less, so that each pair with 50 votes or more weighs the same.
///
/// Input: votes; those of weight 0 do not count. Output: every weight times 1 / max(n, 50), n the votes of its
/// unordered pair, and times one factor for all so that the mean weight stays.
/// Accuracy: exact up to rounding. Errors: none. Cost: two passes.
/// Source: arena-rank 0.1.1 (`reweighted`, `min_pair_count` 50); Chiang et al. 2024 (arXiv 2403.04132), equation 7.
pub fn balance_pairs(votes: &mut [AttributedVote]) {
    let pair = |vote: &AttributedVote| {
        let (left, right) = (vote.vote.left, vote.vote.right);
        (left.min(right), left.max(right))
    };
    let mut met: HashMap<(usize, usize), f64> = HashMap::new();
    for vote in votes.iter().filter(|vote| vote.weight > 0.0) {
        *met.entry(pair(vote)).or_default() += 1.0;
    }
    let factor =
        |vote: &AttributedVote| met.get(&pair(vote)).map_or(0.0, |&met| 1.0 / met.max(LEAST_PAIR));
    let factors: Vec<f64> = votes.iter().map(factor).collect();
    multiply(votes, &factors);
}

/// Weighs each vote by one over the probability with which its pair was drawn.
///
/// Input: votes; for each the probability of its pair under the weights then in force, above 0 and at most 1. Whether
/// it is that of the ordered or the unordered pair does not matter, as long as it is the same for all.
/// Output: every weight times 1 / p, and times one factor for all so that the mean weight stays. A fit then estimates
/// what uniform pairing would have found.
/// Accuracy: unbiased, but rare pairs make it wide: look at [`super::Fit::covariance`], which knows the weights.
/// Errors: [`RankingError::NotAProbability`], also for lists of different length. Cost: two passes.
/// Source: Horvitz and Thompson 1952; Chiang et al. 2024 (arXiv 2403.04132), equation 7.
pub fn inverse_probability(
    votes: &mut [AttributedVote],
    p_draw: &[f64],
) -> Result<(), RankingError> {
    if p_draw.len() != votes.len() {
        return Err(RankingError::NotAProbability { value: f64::NAN });
    }
    if let Some(&value) = p_draw.iter().find(|&&p| !(p > 0.0 && p <= 1.0)) {
        return Err(RankingError::NotAProbability { value });
    }
    let factors: Vec<f64> = p_draw.iter().map(|p| 1.0 / p).collect();
    multiply(votes, &factors);
    Ok(())
}

/// Multiplies weights and keeps their sum.
fn multiply(votes: &mut [AttributedVote], factors: &[f64]) {
    let before: f64 = votes.iter().map(|vote| vote.weight).sum();
    let after: f64 = votes.iter().zip(factors).map(|(vote, factor)| vote.weight * factor).sum();
    if after > 0.0 {
        for (vote, factor) in votes.iter_mut().zip(factors) {
            vote.weight *= factor * before / after;
        }
    }
}

/// What leaving out one voter would do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Influence {
    /// The voter.
    pub voter: usize,
    /// The weight of the voter's votes that count.
    pub votes: f64,
    /// The model that would move most.
    pub model: usize,
    /// How far, in Elo points of the mean frame: rating without the voter minus rating with.
    pub shift_elo: f64,
}

impl Fit {
    /// Estimates for each voter what leaving out all of the voter's votes would move most.
    ///
    /// Input: a fit; the votes it was fitted to. Votes without a voter are skipped.
    /// Output: one entry a voter, by voter index.
    /// Accuracy: one Newton step with the information of all votes: exact in the limit of small shifts, and too small
    /// by the voter's share of a model's information otherwise. Confirm large ones by a new fit.
    /// Errors: [`RankingError::OtherVotes`], [`RankingError::NotAWeight`], [`RankingError::Singular`].
    /// Cost: M^3 once, then (models met by the voter) x M for each voter.
    /// Source: the one-step jackknife, Cook and Weisberg 1982; b - b_without = H^+ s, s the voter's score.
    pub fn voter_influence(
        &self,
        votes: &[AttributedVote],
    ) -> Result<Vec<Influence>, RankingError> {
        let shares = Shares::new(self, votes, Key::Voter)?;
        let inverse = self.inverse_information()?;
        let unit = self.unit_scores();
        let models = self.strengths.len();
        let mut found = Vec::new();
        for (voter, shares) in shares.named() {
            let mut shift = vec![0.0; models];
            let mut cast = 0.0;
            for share in shares {
                let cell = &self.cells[share.cell];
                let [d, tau] = weighted(&unit[share.cell], share.votes);
                cast += share.votes.iter().sum::<f64>();
                for (at, shift) in shift.iter_mut().enumerate() {
                    *shift -= (inverse[(at, cell.i)] - inverse[(at, cell.j)]) * d;
                    *shift -= self.tau.map_or(0.0, |_| inverse[(at, models)] * tau);
                }
            }
            let most = (0..models).max_by(|&a, &b| shift[a].abs().total_cmp(&shift[b].abs()));
            if let Some(at) = most {
                let (model, shift_elo) = (self.members[at], ELO_PER_NAT * shift[at]);
                found.push(Influence { voter, votes: cast, model, shift_elo });
            }
        }
        Ok(found)
    }
}
