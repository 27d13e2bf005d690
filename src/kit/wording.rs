//! Numbers and times in words, the same on every page.

use time::OffsetDateTime;
use time::macros::format_description;

/// A whole number with thin groups: `1 670 250`.
pub fn count(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('\u{202F}');
        }
        text.push(digit);
    }
    if number < 0 { format!("−{text}") } else { text }
}

/// A number with its noun: `1 vote`, `3 votes`.
pub fn counted(number: i64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(number))
}

/// An error's text as a sentence: with a capital and a full stop.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

/// Parameters of a model: `135M`, `1.5B`.
pub fn parameters(number: i64) -> String {
    let number = number as f64;
    match number {
        n if n >= 1e10 => format!("{:.0}B", n / 1e9),
        n if n >= 1e9 => format!("{:.1}B", n / 1e9),
        n if n >= 1e6 => format!("{:.0}M", n / 1e6),
        n => format!("{:.0}K", n / 1e3),
    }
}

/// A size in bytes: `98.4 MB`.
pub fn bytes(size_bytes: i64) -> String {
    let size = size_bytes as f64;
    match size {
        n if n >= 1e9 => format!("{:.1} GB", n / 1e9),
        n => format!("{:.1} MB", n / 1e6),
    }
}

/// A moment to the minute, in UTC: `2026-11-22 15:04 UTC`.
pub fn minute(at: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    at.to_offset(time::UtcOffset::UTC).format(&format).unwrap_or_else(|_| "unknown".to_owned())
}

/// A day in words, in UTC.
pub fn day(at: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day]");
    at.to_offset(time::UtcOffset::UTC).format(&format).unwrap_or_else(|_| "unknown".to_owned())
}

/// A country as people write it; codes that are not in the list stay codes.
pub fn country(codes: &str) -> String {
    let name = |code: &str| match code {
        "CA" => "Canada".to_owned(),
        "CH" => "Switzerland".to_owned(),
        "CN" => "China".to_owned(),
        "DE" => "Germany".to_owned(),
        "DK" => "Denmark".to_owned(),
        "FR" => "France".to_owned(),
        "GB" => "United Kingdom".to_owned(),
        "IL" => "Israel".to_owned(),
        "IN" => "India".to_owned(),
        "JP" => "Japan".to_owned(),
        "KR" => "South Korea".to_owned(),
        "SG" => "Singapore".to_owned(),
        "AE" => "UAE".to_owned(),
        "US" => "USA".to_owned(),
        other => other.to_owned(),
    };
    codes.split('/').map(name).collect::<Vec<_>>().join(" / ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(count(1_670_250), "1\u{202F}670\u{202F}250");
        assert_eq!(count(-12), "−12");
        assert_eq!(counted(1, "vote"), "1 vote");
        assert_eq!(counted(2, "vote"), "2 votes");
    }

    #[test]
    fn an_errors_text_becomes_a_sentence() {
        assert_eq!(sentence("this name is taken"), "This name is taken.");
    }

    #[test]
    fn sizes_have_their_usual_letters() {
        assert_eq!(parameters(134_515_008), "135M");
        assert_eq!(parameters(1_540_000_000), "1.5B");
        assert_eq!(bytes(98_362_432), "98.4 MB");
    }
}
