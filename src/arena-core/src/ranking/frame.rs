//! The scale of published ratings: 400 points per factor of 10 in the odds, and where its zero lies.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use super::sandwich::Covariance;
use super::{ELO_PER_NAT, MEAN_RATING, RankingError};

/// The probability that an interval covers the rating it is for.
const LEVEL: f64 = 0.95;

/// Where the scale is fixed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Frame {
    /// The mean of the published ratings has this value.
    ///
    /// When a model gets its rating r, all others move by the same amount, (mean - r) / (number of models with it),
    /// because the mean is now over one more. Their differences, and so their order, stay. Use an anchor or a
    /// reference set for a series over time, and for slices that are shown together.
    Mean(f64),
    /// This model has this rating, exactly; every interval is that of the difference to it.
    Anchor {
        /// Index of the model.
        model: usize,
        /// Its rating.
        rating: f64,
    },
    /// The mean of these models has this rating, exactly; every interval is that of the difference to it.
    ///
    /// A newcomer outside the set does not shift the others, and no single model's own error is in all intervals.
    Reference {
        /// Indices of the models, each once; all must have a rating.
        models: Vec<usize>,
        /// The mean of their ratings.
        rating: f64,
    },
}

impl Default for Frame {
    fn default() -> Frame {
        Frame::Mean(MEAN_RATING)
    }
}

impl Frame {
    fn value(&self) -> Result<f64, RankingError> {
        let &(Frame::Mean(value)
        | Frame::Anchor { rating: value, .. }
        | Frame::Reference { rating: value, .. }) = self;
        if value.is_finite() { Ok(value) } else { Err(RankingError::NotARating { value }) }
    }

    /// The models whose mean gets the frame's value; `None` for all that are published.
    pub(super) fn fixed(&self) -> Option<&[usize]> {
        match self {
            Frame::Mean(_) => None,
            Frame::Anchor { model, .. } => Some(std::slice::from_ref(model)),
            Frame::Reference { models, .. } => Some(models),
        }
    }

    /// The weights of the mean that gets the frame's value.
    fn weights(&self, models: &[usize]) -> Result<Vec<f64>, RankingError> {
        let Some(fixed) = self.fixed() else {
            return Ok(vec![1.0 / models.len() as f64; models.len()]);
        };
        let mut weights = vec![0.0; models.len()];
        for &model in fixed {
            let at = models.iter().position(|&published| published == model);
            let weight = &mut weights[at.ok_or_else(|| self.not_rated(model))?];
            if *weight > 0.0 {
                return Err(RankingError::SelfBattle { model });
            }
            *weight = 1.0 / fixed.len() as f64;
        }
        if fixed.is_empty() {
            return Err(RankingError::EmptySet);
        }
        Ok(weights)
    }

    fn not_rated(&self, model: usize) -> RankingError {
        match self {
            Frame::Reference { .. } => RankingError::ReferenceNotRated { model },
            Frame::Mean(_) | Frame::Anchor { .. } => RankingError::AnchorNotRated { model },
        }
    }
}

/// A rating with its 95 % interval, in Elo points.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The rating.
    pub rating: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

/// Puts strengths on the scale of a frame.
///
/// Input: log-strengths in natural units, their covariance, and the models they belong to, in the same order.
/// Output: Elo points (scale 400, base 10); `low` and `high` are rating -+ 1.959964 standard errors of the strength
/// minus the anchor's, or minus the mean. An anchor's own interval has no width.
/// Accuracy: that of the normal approximation; intervals are marginal, ranks need `ranks`.
/// Errors: [`RankingError::AnchorNotRated`], [`RankingError::ReferenceNotRated`], [`RankingError::NotARating`].
/// Cost: M^2.
/// Source: Var(b_i - w'b) = V_ii - 2 (V w)_i + w'V w.
pub(super) fn estimates(
    frame: Frame,
    models: &[usize],
    strengths: &[f64],
    covariance: &Covariance,
) -> Result<Vec<Estimate>, RankingError> {
    let value = frame.value()?;
    let weights = frame.weights(models)?;
    let zero: f64 = strengths.iter().zip(&weights).map(|(b, w)| b * w).sum();
    let quantile = Normal::standard().inverse_cdf(0.5 + LEVEL / 2.0);
    let estimate = |(strength, variance): (&f64, f64)| {
        let rating = value + ELO_PER_NAT * (strength - zero);
        let half_width = ELO_PER_NAT * quantile * variance.max(0.0).sqrt();
        Estimate { rating, low: rating - half_width, high: rating + half_width }
    };
    Ok(strengths.iter().zip(covariance.against_mean(&weights)).map(estimate).collect())
}

/// Puts resampled strengths on the scale of a frame, with intervals between two of their quantiles.
///
/// Input: as [`estimates`], with the strengths of each resample; a function that picks both ends from sorted values.
/// Output: as [`estimates`]; each resample is put on the scale by itself, so that an anchor has no width.
/// Errors: as [`estimates`], and those of the function.
/// Cost: resamples x M, sorted.
pub(super) fn estimates_between(
    frame: Frame,
    models: &[usize],
    strengths: &[f64],
    resamples: &[Vec<f64>],
    ends: impl Fn(&[f64]) -> Result<(f64, f64), RankingError>,
) -> Result<Vec<Estimate>, RankingError> {
    let value = frame.value()?;
    let weights = frame.weights(models)?;
    let zero = |values: &[f64]| -> f64 { values.iter().zip(&weights).map(|(b, w)| b * w).sum() };
    let zeros: Vec<f64> = resamples.iter().map(|values| zero(values)).collect();
    let scaled = |strength: f64| value + ELO_PER_NAT * strength;
    let mut found = Vec::with_capacity(models.len());
    for (at, strength) in strengths.iter().enumerate() {
        let moved = resamples.iter().zip(&zeros).map(|(values, zero)| values[at] - zero);
        let mut sorted: Vec<f64> = moved.collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let (low, high) = ends(&sorted)?;
        let rating = scaled(strength - zero(strengths));
        found.push(Estimate { rating, low: scaled(low), high: scaled(high) });
    }
    Ok(found)
}
