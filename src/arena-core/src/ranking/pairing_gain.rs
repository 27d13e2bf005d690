//! Which battles would tell most about the order: weights for drawing pairs.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::RankingError;
use super::bradley_terry::logistic;
use super::fit::{Fit, Method};
use super::sandwich::Covariance;

/// What all weights add up to, up to rounding.
const TOTAL: f64 = 1e9;

/// How often a pair should be drawn, relative to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairWeight {
    /// One model.
    pub model: usize,
    /// The other.
    pub rival: usize,
    /// The weight, at least 1; the probability of the pair is this over the sum of all.
    pub weight: u32,
}

/// Weighs pairs by what one vote on them would tell about places that are not yet certain.
///
/// Input: a Bradley-Terry fit; its covariance and critical value, which say which neighbours are not separated; the
/// models in the pool, each once, members or not; the part of all battles that is drawn uniformly, above 0 and at most
/// 1.
/// Output: gain(a, b) = sum over unseparated neighbours (i, j) of the pool of (u'x)^2 h / (1 + h x'H^+ x), by which one
/// vote lowers the variance of b_i - b_j; u = H^+ (e_i - e_j), x = e_a - e_b, h = p (1 - p). P = floor / pairs + (1 -
/// floor) gain / sum of gains, as integers that add up to about 10^9. A pair with a model that has no rating counts as
/// the best pair. With every order settled, or no gain anywhere, all pairs weigh the same.
/// Accuracy: exact for the information of one vote at the fitted strengths; each P is rounded to 10^-9 and never 0, so
/// that votes can be weighed by 1 / P.
/// Errors: [`RankingError::NotAProbability`] for the floor; [`RankingError::OnlyBradleyTerry`];
/// [`RankingError::Singular`]; [`RankingError::SelfBattle`] for a model named twice.
/// Cost: pairs x unseparated neighbours, and M^3 once.
/// Source: Chernoff 1959, "Sequential design of experiments"; the rank-1 update of Sherman and Morrison 1950. RATINGS
/// section 11.
pub fn pairing_weights(
    fit: &Fit,
    covariance: &Covariance,
    critical_value: f64,
    pool: &[usize],
    floor: f64,
) -> Result<Vec<PairWeight>, RankingError> {
    if !(floor > 0.0 && floor <= 1.0) {
        return Err(RankingError::NotAProbability { value: floor });
    }
    if fit.method != Method::BradleyTerry {
        return Err(RankingError::OnlyBradleyTerry { method: fit.method });
    }
    let mut sorted = pool.to_vec();
    sorted.sort_unstable();
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(RankingError::SelfBattle { model: pair[0] });
    }
    let gains = gains(fit, covariance, critical_value, &sorted)?;
    let best = gains.iter().filter_map(|gain| *gain).fold(0.0, f64::max);
    let gains: Vec<f64> = gains.into_iter().map(|gain| gain.unwrap_or(best)).collect();
    let sum: f64 = gains.iter().sum();
    let uniform = 1.0 / gains.len() as f64;
    let share = |gain: f64| if sum > 0.0 { gain / sum } else { uniform };
    let weight = |gain: f64| TOTAL * (floor * uniform + (1.0 - floor) * share(gain));
    let weights = pairs(&sorted).zip(gains).map(|((model, rival), gain)| PairWeight {
        model,
        rival,
        weight: weight(gain).round().max(1.0) as u32,
    });
    Ok(weights.collect())
}

/// All unordered pairs of a pool.
fn pairs(pool: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    pool.iter()
        .enumerate()
        .flat_map(|(at, &rival)| pool.iter().take(at).map(move |&model| (model, rival)))
}

/// The gain of each pair; `None` if one of its models has no rating.
fn gains(
    fit: &Fit,
    covariance: &Covariance,
    critical_value: f64,
    pool: &[usize],
) -> Result<Vec<Option<f64>>, RankingError> {
    let inverse = fit.inverse_information()?;
    let position = |model: usize| fit.members.iter().position(|&member| member == model);
    let rated: Vec<usize> = pool.iter().filter_map(|&model| position(model)).collect();
    let open = unseparated(fit, covariance, critical_value, rated);
    let gain = |(model, rival): (usize, usize)| {
        let (a, b) = (position(model)?, position(rival)?);
        let p = logistic(fit.strengths[a] - fit.strengths[b]);
        let information = p * (1.0 - p);
        let own = contrast(&inverse, (a, b), (a, b));
        let squares = open.iter().map(|&pair| contrast(&inverse, pair, (a, b)).powi(2));
        Some(squares.sum::<f64>() * information / (1.0 + information * own))
    };
    Ok(pairs(pool).map(gain).collect())
}

/// Neighbours by strength that the votes do not separate.
fn unseparated(
    fit: &Fit,
    covariance: &Covariance,
    critical_value: f64,
    mut rated: Vec<usize>,
) -> Vec<(usize, usize)> {
    rated.sort_by(|&a, &b| fit.strengths[b].total_cmp(&fit.strengths[a]));
    let open = |&(i, j): &(usize, usize)| {
        let gap = fit.strengths[i] - fit.strengths[j];
        gap <= critical_value * covariance.of_difference(i, j).sqrt()
    };
    rated.windows(2).map(|pair| (pair[0], pair[1])).filter(open).collect()
}

/// (e_i - e_j)' H^+ (e_a - e_b).
fn contrast(inverse: &DMatrix<f64>, (i, j): (usize, usize), (a, b): (usize, usize)) -> f64 {
    inverse[(i, a)] - inverse[(i, b)] - inverse[(j, a)] + inverse[(j, b)]
}
