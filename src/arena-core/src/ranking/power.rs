//! How many more votes a difference needs before it can be expected to show.

use statrs::distribution::{ContinuousCDF, Normal};

use super::RankingError;

/// The chance of calling a difference that is none.
const LEVEL: f64 = 0.05;
/// The chance of seeing a difference that is there.
const POWER: f64 = 0.8;

/// Counts the further votes after which a difference would be seen with probability 80 % at the 5 % level, two-sided.
///
/// Input: the size of the true difference and the standard error of its estimate now, both in the same unit, for
/// example Elo points; the votes behind that estimate.
/// Output: n ((1.95996 + 0.84162) error / size)^2 - n rounded up, or 0 if the votes suffice; `None` if the size is 0 or
/// the number exceeds 10^15. The further votes must be spread over pairs, voters and prompts as those so far.
/// Accuracy: normal approximation with an error that falls as the root of the number of votes; for votes in clusters
/// that means more voters, or prompts, not more votes of each. An observed difference is not the true one: taken as
/// the size, it gives a number that is itself uncertain.
/// Errors: [`RankingError::NotADifference`] if the size or the error is no finite number, or the error is not above 0.
/// Cost: two normal quantiles.
/// Source: Lehr 1992; Cohen 1988, "Statistical power analysis for the behavioral sciences".
pub fn further_votes(size: f64, error: f64, votes: u64) -> Result<Option<u64>, RankingError> {
    const MOST: f64 = 1e15;
    if !(size.is_finite() && error.is_finite() && error > 0.0) {
        return Err(RankingError::NotADifference { size, error });
    }
    let normal = Normal::standard();
    let reach = normal.inverse_cdf(1.0 - LEVEL / 2.0) + normal.inverse_cdf(POWER);
    let needed = votes as f64 * (reach * error / size).powi(2);
    let further = (needed - votes as f64).max(0.0).ceil();
    Ok((further <= MOST).then_some(further as u64))
}
