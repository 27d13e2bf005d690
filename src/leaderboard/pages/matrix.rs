//! The win matrix: every pair, observed beside expected.

use actix_web::HttpResponse;
use arena_core::ranking::Matchup;
use askama::Template;
use serde::Serialize;

use super::{source_line, whole_number};
use crate::config::Site;
use crate::kit::http::{HttpError, page};
use crate::ranking::Published;
use crate::ranking::checks::Checks;

/// Most models on the page; the file has all.
const SHOWN: usize = 25;

/// One cell: the row's model against the column's.
struct CellView {
    observed: String,
    expected: String,
    votes: String,
    better: String,
    /// 0 to 10, for the shade; none without votes.
    tenth: Option<u8>,
}

struct Line {
    name: String,
    cells: Vec<Option<CellView>>,
}

#[derive(Template)]
#[template(path = "leaderboard/matrix.html")]
struct MatrixPage<'a> {
    site: &'a Site,
    source: String,
    reason: Option<String>,
    names: Vec<String>,
    lines: Vec<Line>,
    left_out: usize,
    fit: String,
}

/// Renders the matrix of the models rated highest.
pub(crate) fn show(site: &Site, checks: &Checks) -> Result<HttpResponse, HttpError> {
    let published = &checks.published;
    let rated: Vec<(String, usize)> = published
        .in_order()
        .into_iter()
        .filter(|(_, row)| row.rating.is_some())
        .map(|(model, row)| (model.name.clone(), row.model))
        .collect();
    let shown = &rated[..rated.len().min(SHOWN)];
    let (lines, reason, fit) = match &checks.matrix {
        Ok(matrix) => (
            shown.iter().map(|one| line(published, one, shown, &matrix.matchups)).collect(),
            None,
            format!(
                "Lack of fit {:.0}, about {} if the ratings explain every pair.",
                matrix.lack_of_fit, matrix.freedom
            ),
        ),
        Err(reason) => (Vec::new(), Some(reason.clone()), String::new()),
    };
    page(&MatrixPage {
        site,
        source: source_line(&published.view()),
        reason,
        names: shown.iter().map(|(name, _)| name.clone()).collect(),
        lines,
        left_out: rated.len() - shown.len(),
        fit,
    })
}

fn line(
    published: &Published,
    (name, model): &(String, usize),
    shown: &[(String, usize)],
    all: &[Matchup],
) -> Line {
    let cell = |(_, rival): &(String, usize)| {
        let straight = all.iter().find(|pair| pair.model == *model && pair.rival == *rival);
        let turned = all.iter().find(|pair| pair.model == *rival && pair.rival == *model);
        let better = better(published, *model, *rival)
            .map_or("–".to_owned(), |p| format!("{:.0}", 100.0 * p));
        match (straight, turned) {
            (Some(pair), _) => Some(view(pair, better, |score| score)),
            (None, Some(pair)) => Some(view(pair, better, |score| 1.0 - score)),
            (None, None) => None,
        }
    };
    Line { name: name.clone(), cells: shown.iter().map(cell).collect() }
}

fn view(pair: &Matchup, better: String, of_row: impl Fn(f64) -> f64) -> CellView {
    let percent = |score: f64| format!("{:.0}", 100.0 * of_row(score));
    CellView {
        observed: pair.observed.map_or("–".to_owned(), percent),
        expected: percent(pair.predicted),
        votes: whole_number(pair.record.votes()),
        better,
        tenth: pair.observed.map(|score| (10.0 * of_row(score)).round() as u8),
    }
}

/// The fields of [`CsvLine`], in their order.
const CSV_COLUMNS: [&str; 12] = [
    "model",
    "rival",
    "votes",
    "wins",
    "losses",
    "ties",
    "both_bad",
    "observed",
    "observed_decisive",
    "expected",
    "surprise",
    "p_better",
];

#[derive(Serialize)]
struct CsvLine<'a> {
    model: &'a str,
    rival: &'a str,
    votes: u64,
    wins: u64,
    losses: u64,
    ties: u64,
    both_bad: u64,
    observed: Option<f64>,
    observed_decisive: Option<f64>,
    expected: f64,
    surprise: Option<f64>,
    p_better: Option<f64>,
}

/// The probability that one model is better than another; none while that cannot be said.
fn better(published: &Published, model: usize, rival: usize) -> Option<f64> {
    let rated = published.rated.as_ref()?;
    arena_core::ranking::probability_better(&rated.fit, &rated.covariance, model, rival).ok()
}

/// Every pair of comparable models, one row each.
pub(crate) fn csv(checks: &Checks) -> Result<Vec<u8>, csv::Error> {
    let published = &checks.published;
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    // Written by hand: without a pair there would be no header.
    writer.write_record(CSV_COLUMNS)?;
    let rounded = |value: f64| (value * 10_000.0).round() / 10_000.0;
    for pair in checks.matrix.iter().flat_map(|matrix| &matrix.matchups) {
        let name = |at: usize| published.models.get(at).map_or("", |model| model.name.as_str());
        writer.serialize(CsvLine {
            model: name(pair.model),
            rival: name(pair.rival),
            votes: pair.record.votes(),
            wins: pair.record.wins,
            losses: pair.record.losses,
            ties: pair.record.ties,
            both_bad: pair.record.both_bad,
            observed: pair.observed.map(rounded),
            observed_decisive: pair.observed_decisive.map(rounded),
            expected: rounded(pair.predicted),
            surprise: pair.surprise.map(rounded),
            p_better: better(published, pair.model, pair.rival).map(rounded),
        })?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
