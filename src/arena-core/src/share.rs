//! A share with its interval: how often something happened among how many.

/// A share of trials and its 95 % interval, all between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// Successes over trials.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// 97.5 % quantile of the normal distribution.
const Z95: f64 = 1.959_963_984_540_054;

/// The share of successes with Wilson's interval.
///
/// Input: successes, and trials, at least one. Output: share and interval.
/// Accuracy: close to 95 % also for few trials; trials are treated as independent. Errors: none; without
/// trials there is no share, and the values are NaN. Cost: none.
/// Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
pub fn wilson(successes: u64, trials: u64) -> Share {
    let (n, value) = (trials as f64, successes as f64 / trials as f64);
    let z2 = Z95 * Z95;
    let middle = (value + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z95 / (1.0 + z2 / n) * (value * (1.0 - value) / n + z2 / (4.0 * n * n)).sqrt();
    Share { value, low: (middle - half).clamp(0.0, value), high: (middle + half).clamp(value, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_the_books() {
        // Newcombe 1998, table I, method 3: 81 of 263, and 0 of 20.
        let Share { value, low, high } = wilson(81, 263);
        assert!((value - 0.3080).abs() < 5e-5 && (low - 0.2553).abs() < 5e-5);
        assert!((high - 0.3662).abs() < 5e-5, "{high}");

        let none = wilson(0, 20);
        assert!(none.low.abs() < f64::EPSILON && (none.high - 0.1611).abs() < 5e-5, "{none:?}");
    }
}
