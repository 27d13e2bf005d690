//! What the report promises, recomputed from the shipped data: `public` for other arenas, `own` for the site's votes,
//! `whole` for what holds of any report.
//!
//! `best_open_by_country.csv` is an independent derivation of the best open-weights models from the same tables
//! (MPL-2.0, as they are), made with a script of its own; it is compared with, never read by the report. The countries of
//! makers have the same origin in both, so that the comparison checks the computation and not the countries.

mod own;
mod public;
mod whole;

use std::sync::OnceLock;

use super::build;
use super::document::{Cell, Claim, Figure, Measured, Report};
use super::sources::Sources;

/// The report on the shipped data, made once.
fn shipped() -> &'static Report {
    static REPORT: OnceLock<Report> = OnceLock::new();
    REPORT.get_or_init(|| build(&Sources::shipped(), None).unwrap())
}

fn figures(report: &Report) -> Vec<&Figure> {
    let sections = report.sections.iter().flat_map(|section| &section.figures);
    sections.chain(report.claims.iter().filter_map(|claim| claim.curve.as_ref())).collect()
}

fn figure<'a>(report: &'a Report, id: &str) -> &'a Figure {
    figures(report).into_iter().find(|figure| figure.id == id).unwrap()
}

/// The claim whose words hold all of these.
fn claim<'a>(report: &'a Report, parts: &[&str]) -> &'a Claim {
    let holds = |claim: &&Claim| parts.iter().all(|part| claim.words.contains(part));
    let found: Vec<&Claim> = report.claims.iter().filter(holds).collect();
    assert_eq!(found.len(), 1, "{parts:?}");
    found[0]
}

fn place(figure: &Figure, key: &str) -> usize {
    figure.table.columns.iter().position(|column| column.key == key).unwrap()
}

/// The rows whose cells under these keys are these words.
fn rows<'a>(figure: &'a Figure, wanted: &[(&str, &str)]) -> Vec<&'a Vec<Cell>> {
    let holds = |row: &&Vec<Cell>| {
        wanted.iter().all(|(key, word)| row[place(figure, key)] == Cell::Text((*word).to_owned()))
    };
    figure.table.rows.iter().filter(holds).collect()
}

fn words(figure: &Figure, row: &[Cell], key: &str) -> String {
    match &row[place(figure, key)] {
        Cell::Text(words) => words.clone(),
        other => panic!("{key}: {other:?}"),
    }
}

fn value(figure: &Figure, row: &[Cell], key: &str) -> f64 {
    match &row[place(figure, key)] {
        Cell::Number(value) => *value,
        Cell::Count(count) => *count as f64,
        other => panic!("{key}: {other:?}"),
    }
}

fn near(a: Measured, b: Measured) -> bool {
    [(a.value, b.value), (a.low, b.low), (a.high, b.high)]
        .iter()
        .all(|(a, b)| (a - b).abs() <= 1e-9 * (1.0 + a.abs()))
}

fn turned(a: Measured) -> Measured {
    Measured { value: -a.value, low: -a.high, high: -a.low }
}
