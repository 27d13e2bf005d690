//! Eight log-odds at once.

use wide::f64x8;

/// How many numbers are worked on at once, whatever the processor.
pub(super) const LANES: usize = 8;

/// The logistic function of eight log-odds.
#[derive(Clone, Copy)]
pub(super) struct Logistic {
    /// 1 / (1 + e^-x), accurate in both tails.
    pub(super) p: f64x8,
    /// 1 - p, as accurate.
    pub(super) q: f64x8,
    /// e^-|x|.
    pub(super) odds: f64x8,
}

impl Logistic {
    /// Accuracy: a few units in the last place; e^-|x| below the smallest normal number may be 0.
    #[inline(always)]
    pub(super) fn of(x: f64x8) -> Logistic {
        let odds = (-x.abs()).exp();
        let larger = f64x8::ONE / (f64x8::ONE + odds);
        let smaller = odds * larger;
        let up = x.simd_ge(f64x8::ZERO);
        Logistic { p: up.select(larger, smaller), q: up.select(smaller, larger), odds }
    }
}
