//! The table: attack, budget, result, pass mark, pass or fail.

use std::fmt::Write;

/// What came of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Pass,
    Fail,
    /// A number that has no mark; counts as neither.
    Noted,
}

impl Verdict {
    pub(super) fn of(passed: bool) -> Self {
        if passed { Verdict::Pass } else { Verdict::Fail }
    }

    fn in_words(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "FAIL",
            Verdict::Noted => "noted",
        }
    }
}

/// One line.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: &'static str,
    pub(crate) attack: String,
    pub(crate) budget: String,
    pub(crate) result: String,
    pub(crate) mark: String,
    pub(crate) verdict: Verdict,
}

impl Row {
    pub(super) fn new(
        id: &'static str,
        attack: impl Into<String>,
        budget: impl Into<String>,
        (result, passed): (String, bool),
        mark: impl Into<String>,
    ) -> Row {
        let (attack, budget, mark) = (attack.into(), budget.into(), mark.into());
        Row { id, attack, budget, result, mark, verdict: Verdict::of(passed) }
    }

    /// The same without a mark.
    pub(super) fn noted(self) -> Row {
        Row { mark: "-".to_owned(), verdict: Verdict::Noted, ..self }
    }
}

/// The number behind the R.
fn number(id: &str) -> u32 {
    id[1..].chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0)
}

/// The rows as a Markdown table, in the order of their ids.
pub(crate) fn print(rows: &[Row]) -> String {
    let mut sorted: Vec<&Row> = rows.iter().collect();
    sorted.sort_by_key(|row| number(row.id));
    let heads = ["id", "attack", "budget", "result", "pass mark", ""];
    let cells: Vec<[&str; 6]> = sorted
        .iter()
        .map(|row| {
            let Row { id, attack, budget, result, mark, verdict } = row;
            [*id, attack, budget, result, mark, verdict.in_words()]
        })
        .collect();
    let width = |at: usize| {
        let all = cells.iter().chain([&heads]).map(|row| row[at].chars().count());
        all.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..6).map(width).collect();
    let mut text = String::new();
    let mut line = |row: &[&str; 6]| {
        for (cell, &width) in row.iter().zip(&widths) {
            let _ = write!(text, "| {cell:width$} ");
        }
        text += "|\n";
    };
    line(&heads);
    let dashes: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    line(&std::array::from_fn(|at| dashes[at].as_str()));
    cells.iter().for_each(line);
    text
}
