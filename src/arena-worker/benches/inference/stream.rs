//! Rates of anything that yields tokens one by one.

use std::time::{Duration, Instant};

/// The moments at which tokens came.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    pub(crate) asked_at: Option<Instant>,
    pub(crate) at: Vec<Instant>,
}

impl Arrivals {
    /// Tokens a second between the first and the last token.
    pub(crate) fn rate(&self) -> f64 {
        let (Some(first), Some(last)) = (self.at.first(), self.at.last()) else { return 0.0 };
        let spent_s = (*last - *first).as_secs_f64();
        if spent_s > 0.0 { (self.at.len() - 1) as f64 / spent_s } else { 0.0 }
    }

    /// Tokens a second within a span.
    pub(crate) fn rate_between(&self, from: Instant, to: Instant) -> f64 {
        let inside = self.at.iter().filter(|at| (from..=to).contains(*at)).count();
        inside as f64 / (to - from).as_secs_f64()
    }

    /// From the question to the first token, in milliseconds.
    pub(crate) fn first_ms(&self) -> f64 {
        match (self.asked_at, self.at.first()) {
            (Some(asked), Some(first)) => (*first - asked).as_secs_f64() * 1e3,
            _ => f64::NAN,
        }
    }
}

/// Several streams at once: tokens a second of each while all of them were running.
pub(crate) fn common_rates(streams: &[Arrivals]) -> Vec<f64> {
    let from = streams.iter().filter_map(|stream| stream.at.first()).max();
    let to = streams.iter().filter_map(|stream| stream.at.last()).min();
    match (from, to) {
        (Some(from), Some(to)) if to > from => {
            streams.iter().map(|stream| stream.rate_between(*from, *to)).collect()
        }
        _ => streams.iter().map(|_| 0.0).collect(),
    }
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// How long one measurement lasts.
pub(crate) const WINDOW: Duration = Duration::from_millis(1200);
