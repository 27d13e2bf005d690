//! Moments as files of votes write them.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Numbers below these are seconds, milliseconds and microseconds since 1970; all others nanoseconds.
const SECONDS_BELOW: f64 = 1e11;
const MILLISECONDS_BELOW: f64 = 1e14;
const MICROSECONDS_BELOW: f64 = 1e17;

/// Reads a moment.
///
/// Input: a number of seconds (with fraction), milliseconds, microseconds or nanoseconds since 1970, told apart by size;
/// or a date with or without time, fraction and offset, a space or T between; without an offset it is UTC.
/// Output: microseconds since 1970, UTC. Accuracy: a microsecond; fractions below are cut off.
/// Errors: `None` for anything else.
pub(super) fn microseconds(text: &str) -> Option<i64> {
    match text.parse::<f64>() {
        Ok(number) => of_number(text, number),
        Err(_) => of_date(text),
    }
}

fn of_number(text: &str, number: f64) -> Option<i64> {
    if !(number.is_finite() && number > 0.0) {
        return None;
    }
    let whole = text.parse::<i64>().ok();
    let times = |factor: i64| match whole {
        Some(whole) => whole.checked_mul(factor),
        None => Some((number * factor as f64).round() as i64),
    };
    match number {
        _ if number < SECONDS_BELOW => times(1_000_000),
        _ if number < MILLISECONDS_BELOW => times(1_000),
        _ if number < MICROSECONDS_BELOW => times(1),
        _ => Some(whole? / 1_000),
    }
}

fn of_date(text: &str) -> Option<i64> {
    let text = text.strip_suffix(" UTC").unwrap_or(text);
    let (date, rest) = text.split_at_checked("2026-11-22".len())?;
    let rest = rest.strip_prefix(['T', ' ']).or_else(|| rest.is_empty().then_some("00:00:00"))?;
    let (clock, offset) = match rest.find(['Z', 'z', '+', '-']) {
        Some(at) => rest.split_at(at),
        None => (rest, "Z"),
    };
    let minutes = if offset.len() == "+02".len() { ":00" } else { "" };
    let written = format!("{date}T{}{offset}{minutes}", clock.trim_end());
    let moment = OffsetDateTime::parse(&written, &Rfc3339).ok()?;
    i64::try_from(moment.unix_timestamp_nanos() / 1_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_moment_is_read_from_every_way_to_write_it() {
        let ways = [
            "1743074600.345724",
            "1743074600345724",
            "1743074600345724123",
            "2025-03-27 11:23:20.345724",
            "2025-03-27T11:23:20.345724Z",
            "2025-03-27T13:23:20.345724+02:00",
            "2025-03-27 13:23:20.345724+02",
            "2025-03-27 11:23:20.345724123 UTC",
            "2025-03-27 11:23:20.345724 +00:00",
        ];

        for way in ways {
            assert_eq!(microseconds(way), Some(1_743_074_600_345_724), "{way}");
        }
    }

    #[test]
    fn a_date_is_its_midnight_and_milliseconds_are_known_by_their_size() {
        assert_eq!(microseconds("2025-03-27"), Some(1_743_033_600_000_000));
        assert_eq!(microseconds("1743033600000"), Some(1_743_033_600_000_000));
    }

    #[test]
    fn what_is_no_moment_is_not_guessed() {
        for text in
            ["", "yesterday", "NaN", "-5", "27.03.2025", "2025-13-01", "2025-03-27x", "é2025-03-2"]
        {
            assert_eq!(microseconds(text), None, "{text}");
        }
    }
}
