//! Places with their uncertainty: a set that holds for all models at once, and LMArena's rank beside it.

use serde::{Deserialize, Serialize};

use super::RankingError;
use super::frame::Estimate;
use super::sandwich::Covariance;
use super::widest;

/// The probability that all true places lie in their ranges at once.
const LEVEL: f64 = 0.95;
/// Fewer draws than this cannot tell a 95 % quantile from the maximum.
const MIN_DRAWS: usize = 100;

/// A gap below this, in natural units, is only rounding: models of one record share a place whatever their names.
const EQUAL: f64 = 1e-9;

/// The place of one model among the published ones; 1 is best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranks {
    /// Place by rating; equal ratings share the better one.
    pub rank: usize,
    /// The best place that the votes leave possible.
    pub best: usize,
    /// The worst place that the votes leave possible.
    pub worst: usize,
    /// LMArena's "Rank (UB)": 1 + the models whose interval lies wholly above this one's, both intervals in the mean
    /// frame, so that an anchor does not change it.
    pub ub: usize,
}

/// Estimates by how many standard errors the most unlucky pair differs, if all models are equal.
///
/// Input: the covariance of at least two strengths; how many draws, 4,000 is customary; a seed.
/// Output: the 95 % quantile of max |Z_i - Z_j| / sd(i, j) over all pairs, Z normal with that covariance; no unit.
/// Accuracy: Monte Carlo, standard error about 0.02 at 4,000 draws; the same seed gives the same number (Xoshiro256++, Box-Muller). Draws and
/// their negatives give the same maximum, so antithetic draws would gain nothing.
/// Errors: [`RankingError::TooFewDraws`] below 100; [`RankingError::Singular`].
/// Cost: draws x M^2 in a matrix product, on all cores; the same bits on any number of them.
/// Source: Hothorn, Bretz and Westfall 2008, "Simultaneous inference in general parametric models".
pub fn critical_value(
    covariance: &Covariance,
    draws: usize,
    seed: u64,
) -> Result<f64, RankingError> {
    if draws < MIN_DRAWS {
        return Err(RankingError::TooFewDraws { given: draws, needed: MIN_DRAWS });
    }
    widest::quantile(covariance, &reciprocal_errors(covariance)?, draws, LEVEL, seed)
}

/// One over the standard error of each difference, row by row below the diagonal.
pub(super) fn reciprocal_errors(covariance: &Covariance) -> Result<Vec<Vec<f64>>, RankingError> {
    let row = |i: usize| (0..i).map(|j| covariance.of_difference(i, j).sqrt().recip()).collect();
    let rows: Vec<Vec<f64>> = (0..covariance.models()).map(row).collect();
    if rows.iter().flatten().all(|value| value.is_finite()) {
        return Ok(rows);
    }
    Err(RankingError::Singular { matrix: "covariance" })
}

/// Finds the places of all models.
///
/// Input: strengths in natural units; their covariance; the critical value; intervals in the mean frame.
/// Output: `best` = 1 + the models that are better by more than q standard errors of the difference, `worst` = M - the
/// models that are worse by as much. With probability 95 % all true places lie in their ranges at once.
/// Accuracy: that of the normal approximation and of q.
/// Errors: [`RankingError::Singular`].
/// Cost: M^2.
/// Source: `best` and `worst`: Mogstad, Romano, Shaikh and Wilhelm 2024, "Inference for ranks", with two-sided
/// bounds; `ub`: Chiang et al. 2024 (arXiv 2403.04132) and FastChat's leaderboard.
pub(super) fn places(
    strengths: &[f64],
    covariance: &Covariance,
    critical_value: f64,
    marginal: &[Estimate],
) -> Result<Vec<Ranks>, RankingError> {
    let models = strengths.len();
    let mut ranks = vec![Ranks { rank: 1, best: 1, worst: models, ub: 1 }; models];
    for (i, row) in reciprocal_errors(covariance)?.iter().enumerate() {
        for (j, scale) in row.iter().enumerate() {
            let (better, worse) = if strengths[i] > strengths[j] { (i, j) } else { (j, i) };
            let gap = strengths[better] - strengths[worse];
            ranks[worse].rank += usize::from(gap > EQUAL);
            let separated = usize::from(gap * scale > critical_value);
            ranks[worse].best += separated;
            ranks[better].worst -= separated;
            ranks[worse].ub += usize::from(marginal[better].low > marginal[worse].high);
        }
    }
    Ok(ranks)
}
