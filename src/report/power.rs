//! Intervals of differences, and how many votes an answer still takes.

use super::document::{Measured, Verdict};

/// Standard errors on each side of a 95 % interval: the 97.5 % quantile of the normal distribution.
pub(super) const Z95: f64 = 1.959_963_984_540_054;
/// The 80 % quantile of the normal distribution.
const Z80: f64 = 0.841_621_233_572_914_3;

impl Measured {
    /// A value with a symmetric interval from its standard error.
    pub(super) fn from_error(value: f64, error: f64) -> Measured {
        Measured { value, low: value - Z95 * error, high: value + Z95 * error }
    }

    /// The standard error that an interval of this width has.
    pub(super) fn error(self) -> f64 {
        (self.high - self.low) / (2.0 * Z95)
    }

    /// The mean of independent values.
    ///
    /// Input: values with intervals, at least one. Output: their mean; each end lies as far from it as the root of the
    /// sum of squares of the single distances, divided by how many there are.
    /// Accuracy: exact for independent normal values; otherwise as [`Measured::minus`].
    /// Errors: none. Cost: one pass. Source: as [`Measured::minus`].
    pub(super) fn mean(values: &[Measured]) -> Measured {
        let count = values.len() as f64;
        let value = values.iter().map(|one| one.value).sum::<f64>() / count;
        let below = values.iter().map(|one| (one.value - one.low).powi(2)).sum::<f64>();
        let above = values.iter().map(|one| (one.high - one.value).powi(2)).sum::<f64>();
        Measured { value, low: value - below.sqrt() / count, high: value + above.sqrt() / count }
    }

    /// The difference of two independent values.
    ///
    /// Input: two values with 95 % intervals, symmetric or not. Output: the difference; its lower end is as far away as
    /// the root of (own lower distance)^2 + (other's upper distance)^2, its upper end the other way round.
    /// Accuracy: that of the two intervals; with a positive covariance of the two it is too wide, with a negative one
    /// too narrow. Errors: none. Cost: none.
    /// Source: Zou and Donner 2008, "Construction of confidence limits about effect measures" (MOVER).
    pub(super) fn minus(self, other: Measured) -> Measured {
        let value = self.value - other.value;
        let below = (self.value - self.low).hypot(other.high - other.value);
        let above = (self.high - self.value).hypot(other.value - other.low);
        Measured { value, low: value - below, high: value + above }
    }

    /// What the interval says about a claim that the value lies above zero.
    pub(super) fn above_zero(self) -> Verdict {
        if self.low > 0.0 {
            Verdict::Supported
        } else if self.high < 0.0 {
            Verdict::NotSupported
        } else {
            Verdict::NotEnoughVotes
        }
    }

    /// Whether all three numbers can be shown.
    pub(super) fn is_finite(self) -> bool {
        [self.value, self.low, self.high].iter().all(|number| number.is_finite())
    }
}

/// Counts the further votes that would tell the difference from zero.
///
/// Input: a difference with its interval; the votes that it rests on.
/// Output: how many more are needed so that a true difference of this size is told from zero with probability 80 %
/// (two-sided test at 5 %), if the interval narrows with the root of the votes; `None` if zero is excluded already, if
/// the difference is exactly zero, or if the number is beyond any site (10^15).
/// Accuracy: normal approximation; the difference itself is an estimate, so that this is an order of magnitude.
/// Errors: none. Cost: none.
/// Source: Cohen 1988, "Statistical power analysis", chapter 2: n is proportional to ((z_0.975 + z_0.8) / d)^2.
pub(super) fn votes_needed(difference: Measured, votes: u64) -> Option<u64> {
    if difference.above_zero() != Verdict::NotEnoughVotes || difference.value == 0.0 {
        return None;
    }
    let wanted = difference.value.abs() / (Z95 + Z80);
    let total = votes as f64 * (difference.error() / wanted).powi(2);
    let more = (total - votes as f64).ceil();
    (1.0..1e15).contains(&more).then_some(more as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_of_symmetric_values_has_the_root_of_the_summed_variances() {
        let (a, b) = (Measured::from_error(10.0, 3.0), Measured::from_error(4.0, 4.0));

        let found = a.minus(b);

        assert_eq!(found.value, 6.0);
        assert!((found.error() - 5.0).abs() < 1e-12);
    }

    #[test]
    fn each_end_of_a_difference_uses_the_ends_that_make_it_extreme() {
        let a = Measured { value: 10.0, low: 7.0, high: 22.0 };
        let b = Measured { value: 0.0, low: -5.0, high: 4.0 };

        let found = a.minus(b);

        assert_eq!((found.low, found.high), (5.0, 23.0));
        let back = b.minus(a);
        assert_eq!((back.low, back.high), (-23.0, -5.0));
    }

    #[test]
    fn four_times_the_votes_halve_the_interval() {
        let error = 10.0;
        let difference = Measured::from_error(error * (Z95 + Z80) / 2.0, error);

        assert_eq!(votes_needed(difference, 1000), Some(3000));
    }

    #[test]
    fn no_number_of_votes_tells_zero_from_zero() {
        assert_eq!(votes_needed(Measured::from_error(0.0, 1.0), 100), None);
        assert_eq!(votes_needed(Measured::from_error(50.0, 1.0), 100), None);
    }
}
