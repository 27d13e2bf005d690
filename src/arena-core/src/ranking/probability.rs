//! How sure an order is: the probability that one model is better, and groups that the votes cannot order.

use statrs::distribution::{ContinuousCDF, Normal};

use super::RankingError;
use super::bootstrap::positions;
use super::fit::Fit;
use super::sandwich::Covariance;

/// Returns the probability that one model is stronger than another.
///
/// Input: a fit and a covariance of its strengths; two different members, by model index.
/// Output: Phi((b_a - b_b) / sd), sd of the difference. It is the posterior probability under a flat prior, and one
/// minus the one-sided p-value; 1/2 between equals. It is not the chance to win a battle.
/// Accuracy: normal approximation; for a single pair, not for all at once (see [`tie_groups`]).
/// Errors: [`RankingError::NotAMember`]; [`RankingError::Singular`] if the difference has no variance.
/// Cost: one normal distribution function, and a search for both members.
/// Source: normal approximation to the posterior (Laplace 1774; Bernstein and von Mises).
pub fn probability_better(
    fit: &Fit,
    covariance: &Covariance,
    model: usize,
    rival: usize,
) -> Result<f64, RankingError> {
    let at = positions(&fit.members, &[model, rival])?;
    let sd = covariance.of_difference(at[0], at[1]).sqrt();
    if !(sd > 0.0 && sd.is_finite()) {
        return Err(RankingError::Singular { matrix: "covariance" });
    }
    Ok(Normal::standard().cdf((fit.strengths[at[0]] - fit.strengths[at[1]]) / sd))
}

/// Sorts models into groups so that models of different groups are separated.
///
/// Input: strengths; their covariance; how many standard errors separate two models, see [`super::critical_value`].
/// Output: for each model the number of its group, 1 being the best. Groups are as small as this allows: between two
/// neighbouring groups every model of the one is separated from every model of all others. Models of one group may be
/// separated from each other, if one between them is not.
/// Accuracy: with the simultaneous critical value all separations hold at once with probability 95 %.
/// Errors: [`RankingError::Singular`].
/// Cost: M^2.
/// Source: cuts of an interval order; Hothorn, Bretz and Westfall 2008 for separation.
pub fn tie_groups(
    strengths: &[f64],
    covariance: &Covariance,
    critical_value: f64,
) -> Result<Vec<usize>, RankingError> {
    let mut order: Vec<usize> = (0..strengths.len()).collect();
    order.sort_by(|&a, &b| strengths[b].total_cmp(&strengths[a]));
    let mut last_tied: Vec<usize> = (0..order.len()).collect();
    for (place, &a) in order.iter().enumerate() {
        for (other, &b) in order.iter().enumerate().skip(place + 1) {
            let sd = covariance.of_difference(a, b).sqrt();
            if !(sd > 0.0 && sd.is_finite()) {
                return Err(RankingError::Singular { matrix: "covariance" });
            }
            if strengths[a] - strengths[b] <= critical_value * sd {
                last_tied[place] = other;
            }
        }
    }
    let mut groups = vec![0; order.len()];
    let (mut group, mut reach) = (0, None);
    for (place, &model) in order.iter().enumerate() {
        if reach.is_none_or(|reach| place > reach) {
            group += 1;
        }
        groups[model] = group;
        reach = reach.max(Some(last_tied[place]));
    }
    Ok(groups)
}
