//! Pages of snapshots: the list, one board with what has changed since the one before, and what the record proves.

mod transparency;

use std::collections::HashMap;

use actix_web::HttpResponse;
use arena_core::ids::ModelId;
use arena_core::journal::board::{Document, Row};
use askama::Template;

use super::queries::Stored;
use crate::config::Site;
use crate::kit::http::{HttpError, page};
use crate::kit::wording;

pub(super) use transparency::{Facts, transparency};

/// One snapshot as the list prints it.
struct Line {
    sha256: String,
    short: String,
    when: String,
    leaves: i64,
    leaf: i64,
    votes: String,
    leader: String,
    which: &'static str,
}

#[derive(Template)]
#[template(path = "snapshot/snapshots.html")]
struct ListPage<'a> {
    site: &'a Site,
    lines: Vec<Line>,
}

/// Renders the list of snapshots.
pub(super) fn list(site: &Site, snapshots: &[Stored]) -> Result<HttpResponse, HttpError> {
    let line = |stored: &Stored| {
        let document = Document::parse(&stored.body)?;
        let leader = document.models.iter().find(|row| row.rank == Some(1));
        Some(Line {
            sha256: stored.sha256.clone(),
            short: stored.sha256.chars().take(12).collect(),
            when: wording::minute(stored.taken_at),
            leaves: stored.size,
            leaf: stored.leaf_index,
            votes: counted(document.votes, "vote"),
            leader: leader.map_or_else(|| "none yet".to_owned(), |row| row.name.clone()),
            which: which(&document),
        })
    };
    page(&ListPage { site, lines: snapshots.iter().filter_map(line).collect() })
}

fn counted(number: u64, noun: &str) -> String {
    wording::counted(i64::try_from(number).unwrap_or(i64::MAX), noun)
}

fn which(document: &Document) -> &'static str {
    use arena_core::journal::board::Exclusions;
    match (document.settings.exclusions, document.counts.excluded) {
        (Exclusions::Honoured, 0) => "all votes that count",
        (Exclusions::Honoured, _) => "without excluded votes",
        (Exclusions::Ignored, _) => "with excluded votes",
    }
}

/// Hundredths of a point as points.
fn points(hundredths: Option<i64>) -> String {
    hundredths.map_or_else(String::new, |value| format!("{:.1}", value as f64 / 100.0))
}

/// One model as the page prints it.
struct ModelLine {
    rank: String,
    spread: String,
    name: String,
    lab: String,
    rating: String,
    interval: String,
    change: String,
    votes: u64,
    status: String,
}

fn line(row: &Row, before: &HashMap<ModelId, &Row>) -> ModelLine {
    let place = |place: Option<usize>| place.map_or_else(String::new, |place| place.to_string());
    let spread = match (row.best, row.worst) {
        (Some(best), Some(worst)) => format!("{best}–{worst}"),
        _ => String::new(),
    };
    let interval = match (row.low, row.high) {
        (Some(_), Some(_)) => format!("{} to {}", points(row.low), points(row.high)),
        _ => String::new(),
    };
    let change = match (row.rating, before.get(&row.id).map(|old| (old.rating, old.rank))) {
        (_, None) => "new".to_owned(),
        (Some(now), Some((Some(then), rank))) => {
            let moved = match (rank, row.rank) {
                (Some(then), Some(now)) if then != now => format!(", was {then}"),
                _ => String::new(),
            };
            format!("{:+.1}{moved}", (now - then) as f64 / 100.0)
        }
        (Some(_), Some((None, _))) => "first rating".to_owned(),
        (None, _) => String::new(),
    };
    ModelLine {
        rank: place(row.rank),
        spread,
        name: row.name.clone(),
        lab: row.lab.clone(),
        rating: points(row.rating),
        interval,
        change,
        votes: row.votes,
        status: word(row),
    }
}

/// The status as files have it, with blanks.
fn word(row: &Row) -> String {
    let value = serde_json::to_value(row.status).unwrap_or_default();
    value.as_str().map_or_else(|| value.to_string(), |word| word.replace('_', " "))
}

#[derive(Template)]
#[template(path = "snapshot/snapshot.html")]
struct OnePage<'a> {
    site: &'a Site,
    stored: &'a Stored,
    document: &'a Document,
    which: &'static str,
    when: String,
    before: Option<(String, String)>,
    lines: Vec<ModelLine>,
    bibtex: String,
    /// Address of the arena.
    arena: &'a str,
}

/// Renders one snapshot beside the one before it with the same settings.
pub(super) fn one(
    site: &Site,
    origin: &str,
    address: &str,
    (stored, document): (&Stored, &Document),
    before: Option<&Stored>,
) -> Result<HttpResponse, HttpError> {
    let earlier = before.and_then(|before| Some((before, Document::parse(&before.body)?)));
    let rows = earlier.iter().flat_map(|(_, document)| &document.models);
    let known: HashMap<ModelId, &Row> = rows.map(|row| (row.id, row)).collect();
    let mut lines: Vec<ModelLine> = document.models.iter().map(|row| line(row, &known)).collect();
    if earlier.is_none() {
        // The first one has changed nothing.
        for line in &mut lines {
            line.change.clear();
        }
    }
    page(&OnePage {
        site,
        stored,
        document,
        which: which(document),
        when: wording::minute(stored.taken_at),
        before: earlier
            .map(|(before, _)| (before.sha256.clone(), wording::minute(before.taken_at))),
        lines,
        bibtex: bibtex(site, origin, address, stored, document),
        arena: address.split("/snapshots/").next().unwrap_or_default(),
    })
}

fn bibtex(
    site: &Site,
    origin: &str,
    address: &str,
    stored: &Stored,
    document: &Document,
) -> String {
    let short: String = stored.sha256.chars().take(8).collect();
    let plain: String =
        site.name.chars().filter(|letter| !"{}\\%#&$_^~".contains(*letter)).collect();
    format!(
        "@misc{{doubleblind-{short},\n  title = {{{plain}: leaderboard of {} votes}},\n  year = {{{}}},\n  \
         howpublished = {{\\url{{{address}}}}},\n  note = {{First {} entries of the log {origin}; SHA-256 {}}}\n}}",
        document.votes,
        stored.taken_at.year(),
        document.n,
        stored.sha256
    )
}

/// The board as CSV: one row a model, ratings in points with two decimals.
pub(super) fn csv(document: &Document) -> Result<String, csv::Error> {
    let exact = |value: Option<i64>| {
        value.map_or_else(String::new, |value| format!("{:.2}", value as f64 / 100.0))
    };
    let place = |place: Option<usize>| place.map_or_else(String::new, |place| place.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "rank", "best", "worst", "model", "lab", "rating", "low", "high", "votes", "wins",
        "losses", "ties", "both_bad", "status", "elo", "model_id",
    ])?;
    for row in &document.models {
        let counts =
            [row.votes, row.wins, row.losses, row.ties, row.both_bad].map(|n| n.to_string());
        let [votes, wins, losses, ties, both_bad] = counts;
        writer.write_record([
            place(row.rank),
            place(row.best),
            place(row.worst),
            row.name.clone(),
            row.lab.clone(),
            exact(row.rating),
            exact(row.low),
            exact(row.high),
            votes,
            wins,
            losses,
            ties,
            both_bad,
            word(row),
            exact(Some(row.elo)),
            row.id.to_string(),
        ])?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
