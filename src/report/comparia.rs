//! compar:IA, the blind arena of the French state: the press's claim put to other voters, and France's lead.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::ReportError;
use super::cells::{column, country, signed};
use super::claims::{CurveShape, Part, Wording};
use super::contrasts::{
    CHINA_US, FRANCE_REST, Pair, ahead_since, best_over_time, choices, differences,
    first_clear_lead, specifications,
};
use super::document::{Claim, Column, Measured, Section};
use super::origin::{Countries, LicenceClass, Origins};
use super::sources::{COMPARIA, COMPARIA_MODELS, Sources};
use super::standings::{Choice, Snapshot, Standing};

const SECTION: &str = "comparia";
/// Before this date the ratings are Elo with other intervals.
const SINCE: &str = "2025-10-07";
/// The table nearest to the press's claim.
const PRESS: &str = "2025-10-14";
/// The date that the claim about France names.
const FRANCE: &str = "2025-12-10";
/// What a model needs to count under the stricter choice.
const MANY_VOTES: u64 = 500;

#[derive(Deserialize)]
struct ModelRow {
    id: String,
    hq_country: String,
    license: String,
    distribution: String,
}

#[derive(Deserialize)]
struct Row {
    commit: String,
    commit_date: String,
    model: String,
    median: f64,
    p2_5: f64,
    p97_5: f64,
    n_match: u64,
}

/// The dated tables, the earliest first, and names in them that the list of models does not have.
pub(super) fn snapshots(
    sources: &Sources,
) -> Result<(Vec<Snapshot>, BTreeSet<String>), ReportError> {
    let origins = Origins::read(sources)?;
    let models: Vec<ModelRow> = sources.csv(COMPARIA_MODELS)?;
    let mut known: BTreeMap<String, (Countries, LicenceClass)> = BTreeMap::new();
    for row in models {
        let class = match row.distribution.as_str() {
            "open-weights" => origins.class(&row.id, &row.license)?,
            _ => LicenceClass::Closed,
        };
        known.insert(row.id.to_lowercase(), (origins.with_base(&row.id, row.hq_country), class));
    }
    let mut unknown = BTreeSet::new();
    let mut tables: BTreeMap<String, (String, Vec<Standing>)> = BTreeMap::new();
    let rows: Vec<Row> = sources.csv(COMPARIA)?;
    for row in rows.into_iter().filter(|row| row.commit_date.as_str() >= SINCE) {
        let found = known.get(&row.model.to_lowercase()).cloned();
        let (countries, class) = found.unwrap_or_else(|| {
            unknown.insert(row.model.clone());
            let nowhere = Countries { maker: String::new(), base: String::new() };
            (nowhere, LicenceClass::Unknown)
        });
        let rating = Measured { value: row.median, low: row.p2_5, high: row.p97_5 };
        let table = tables.entry(row.commit_date).or_default();
        if table.0 != row.commit {
            // The last of several tables of one day counts.
            *table = (row.commit, Vec::new());
        }
        let (name, votes) = (row.model, row.n_match);
        table.1.push(Standing { name, countries, class, rating, votes, style_rank: None });
    }
    let snapshot = |(date, (_, standings))| Snapshot { date, standings };
    Ok((tables.into_iter().map(snapshot).collect(), unknown))
}

pub(super) fn part(sources: &Sources) -> Result<Part, ReportError> {
    let (snapshots, unknown) = snapshots(sources)?;
    let last = snapshots.last().ok_or(ReportError::Absent { what: "compar:IA tables" })?;
    let on = |date: &str| snapshots.iter().find(|snapshot| snapshot.date == date);
    let press = on(PRESS).ok_or(ReportError::Absent { what: "compar:IA table of 2025-10-14" })?;
    let france = on(FRANCE).ok_or(ReportError::Absent { what: "compar:IA table of 2025-12-10" })?;
    let claims = vec![
        china_claim(press, &shape("curve-comparia-press", CHINA_TITLE, CHINA_UNIT))?,
        china_claim(last, &shape("curve-comparia-press-last", CHINA_TITLE, CHINA_UNIT))?,
        france_claim(france, &shape("curve-comparia-france", FRANCE_TITLE, FRANCE_UNIT))?,
        france_claim(last, &shape("curve-comparia-france-last", FRANCE_TITLE, FRANCE_UNIT))?,
    ];
    Ok(Part { sections: vec![section(&snapshots, last, &unknown)], claims, ..Part::default() })
}

fn section(snapshots: &[Snapshot], last: &Snapshot, unknown: &BTreeSet<String>) -> Section {
    let figures = vec![
        best_over_time(
            "comparia-best",
            "compar:IA: the best open-weights model of China, the United States and France",
            snapshots,
            &["CN", "US", "FR"],
        ),
        differences(
            "comparia-difference",
            "compar:IA: China minus the US, and France minus the best of all others",
            snapshots,
            &[CHINA_US, FRANCE_REST],
        ),
    ];
    let appearances: u64 = last.standings.iter().map(|model| model.votes).sum();
    Section {
        id: SECTION,
        title: "compar:IA, another blind test".to_owned(),
        paragraphs: paragraphs(snapshots, unknown),
        source: format!(
            "{} dated tables of compar:IA (Ministère de la Culture, France), {SINCE} to {}; the last has {} models and {} \
             votes, two models each. Medians and 95 % bootstrap intervals of Bradley-Terry ratings as published. Licence \
             Ouverte / Etalab 2.0.",
            snapshots.len(),
            last.date,
            last.standings.len(),
            super::cells::grouped(appearances / 2),
        ),
        figures,
    }
}

fn paragraphs(snapshots: &[Snapshot], unknown: &BTreeSet<String>) -> Vec<String> {
    let names: Vec<&str> = unknown.iter().map(String::as_str).collect();
    let date = |found: Option<&Snapshot>| {
        found.map_or("no date".to_owned(), |snapshot| snapshot.date.clone())
    };
    vec![
        "The French state runs a blind test of its own, with other voters and mostly in French. Differences are \
         computed as for LMArena: the best open-weights model of one side minus that of the other, the two published \
         intervals treated as independent."
            .to_owned(),
        format!(
            "{} has been ahead of the best open-weights model of every other country in each table since {}; the whole \
             interval lies above zero first on {}.",
            country("FR"),
            date(ahead_since(snapshots, FRANCE_REST)),
            date(first_clear_lead(snapshots, FRANCE_REST, Choice::MAIN)),
        ),
        format!(
            "Left out: tables before {SINCE}, whose ratings are Elo with intervals of another kind; all but the last of \
             several tables of one day. Not counted as open weights, because the list of models does not have them: {}.",
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        ),
    ]
}

const CHINA_TITLE: &str = "China minus the US on compar:IA under other choices";
const CHINA_UNIT: &str = "China minus US, points";
const FRANCE_TITLE: &str = "France minus the best other country on compar:IA under other choices";
const FRANCE_UNIT: &str = "France minus best other, points";
const KEYS: &[&str] = &["open_weights", "country_of", "stands_for", "fewest_votes"];
const COLUMNS: [Column; 4] = [
    column("open_weights", "Counts as open", 0),
    column("country_of", "Country of", 0),
    column("stands_for", "Stands for a country", 0),
    column("fewest_votes", "A model needs", 0),
];

fn shape(id: &'static str, title: &'static str, unit: &'static str) -> CurveShape {
    CurveShape { id, title, unit, decimals: 1, keys: KEYS, choices: &COLUMNS, further: &[] }
}

fn words_of(choice: Choice) -> Vec<&'static str> {
    let votes = if choice.fewest_votes == 0 { "any votes" } else { "500 votes" };
    vec![choice.openness.as_str(), choice.country.as_str(), choice.top.as_str(), votes]
}

fn china_claim(snapshot: &Snapshot, shape: &CurveShape) -> Result<Claim, ReportError> {
    let words = format!(
        "Chinese open models are rated higher in blind tests than American ones: on compar:IA, {}.",
        snapshot.date
    );
    claim(snapshot, CHINA_US, words, shape)
}

fn france_claim(snapshot: &Snapshot, shape: &CurveShape) -> Result<Claim, ReportError> {
    let words = format!(
        "On compar:IA the best French open-weights model is rated above the best one of every other country, {}.",
        snapshot.date
    );
    claim(snapshot, FRANCE_REST, words, shape)
}

fn claim(
    snapshot: &Snapshot,
    pair: Pair,
    words: String,
    shape: &CurveShape,
) -> Result<Claim, ReportError> {
    let main = snapshot.contrast(pair.left, pair.right, Choice::MAIN);
    let main = main.ok_or(ReportError::Absent { what: "open-weights models of both sides" })?;
    let all = choices(false, &[0, MANY_VOTES]);
    let rows = specifications(snapshot, pair, &all, words_of, |_| Vec::new());
    let statistic = format!(
        "Rating of {} minus that of {}, in points ({}); ratings as published, treated as independent.",
        main.left.names(),
        main.right.names(),
        signed(main.difference, 1),
    );
    let wording = Wording { section: SECTION, words, statistic };
    Ok(wording.above_zero(main.difference, main.votes(), rows, shape))
}
