//! Cells, columns and the text of numbers, written the same way in all parts of a report.

use super::document::{Cell, Column, Measured};

/// A column.
pub(super) const fn column(key: &'static str, label: &'static str, decimals: usize) -> Column {
    Column { key, label, decimals }
}

pub(super) fn text(words: impl Into<String>) -> Cell {
    Cell::Text(words.into())
}

/// A number; one that is not finite is an empty cell.
pub(super) fn number(value: f64) -> Cell {
    if value.is_finite() { Cell::Number(value) } else { Cell::Missing }
}

pub(super) fn count(value: u64) -> Cell {
    Cell::Count(value)
}

/// Value, lower and upper end.
pub(super) fn measured(value: Measured) -> [Cell; 3] {
    [value.value, value.low, value.high].map(number)
}

/// `+12.3 [+4.5, +20.1]`.
pub(super) fn signed(value: Measured, decimals: usize) -> String {
    let Measured { value, low, high } = value;
    format!("{value:+.decimals$} [{low:+.decimals$}, {high:+.decimals$}]")
}

/// `85.0 % [82.1 %, 87.9 %]` of a share between 0 and 1.
pub(super) fn percent(share: Measured) -> String {
    let [value, low, high] = [share.value, share.low, share.high].map(|part| 100.0 * part);
    format!("{value:.1} % [{low:.1} %, {high:.1} %]")
}

/// A whole number with thin spaces between thousands.
pub(super) fn grouped(number: u64) -> String {
    crate::kit::wording::count(i64::try_from(number).unwrap_or(i64::MAX))
}

/// A number with its noun.
pub(super) fn counted(number: u64, noun: &str) -> String {
    crate::kit::wording::counted(i64::try_from(number).unwrap_or(i64::MAX), noun)
}

/// A country as people write it.
pub(super) fn country(code: &str) -> String {
    crate::kit::wording::country(code)
}
