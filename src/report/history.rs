//! LMArena over time: the dated tables, the best open-weights model of each country, and the press's claim.

use serde::Deserialize;

use super::ReportError;
use super::cells::{country, signed, text};
use super::claims::{CurveShape, Part, Wording};
use super::contrasts::{
    CHINA_US, CHOICE_COLUMNS, CHOICE_KEYS, best_over_time, choices, differences, first_clear_lead,
    specifications, words_of,
};
use super::document::{Claim, Column, Measured, Section, Verdict};
use super::history_tables::{releases, shares, style_ranks, top_claim};
use super::origin::Origins;
use super::sources::{LMARENA, Sources};
use super::standings::{Choice, Snapshot, Standing};

pub(super) const SECTION: &str = "lmarena";
/// The date that the claim about the first clear lead names.
const FIRST_LEAD: &str = "2024-12-31";

#[derive(Deserialize)]
struct Row {
    date: String,
    model: String,
    organization: String,
    license: String,
    score: f64,
    ci_plus: f64,
    ci_minus: f64,
    votes: u64,
    rank_stylectrl: Option<u32>,
}

/// Reads the dated tables, the earliest first.
pub(super) fn snapshots(sources: &Sources) -> Result<Vec<Snapshot>, ReportError> {
    let origins = Origins::read(sources)?;
    let mut rows: Vec<Row> = sources.csv(LMARENA)?;
    rows.sort_by(|a, b| a.date.cmp(&b.date));
    let mut snapshots: Vec<Snapshot> = Vec::new();
    for row in rows {
        let standing = Standing {
            countries: origins.countries(&row.model, &row.organization)?,
            class: origins.class(&row.model, &row.license)?,
            rating: Measured {
                value: row.score,
                low: row.score - row.ci_minus,
                high: row.score + row.ci_plus,
            },
            name: row.model,
            votes: row.votes,
            style_rank: row.rank_stylectrl,
        };
        match snapshots.last_mut().filter(|last| last.date == row.date) {
            Some(last) => last.standings.push(standing),
            None => snapshots.push(Snapshot { date: row.date, standings: vec![standing] }),
        }
    }
    Ok(snapshots)
}

pub(super) fn part(sources: &Sources) -> Result<Part, ReportError> {
    let snapshots = snapshots(sources)?;
    let last = snapshots.last().ok_or(ReportError::Absent { what: "LMArena tables" })?;
    let claims = vec![press_claim(last)?, first_lead_claim(&snapshots)?, top_claim(last)?];
    Ok(Part { sections: vec![section(&snapshots, last)], claims, ..Part::default() })
}

fn section(snapshots: &[Snapshot], last: &Snapshot) -> Section {
    let first = snapshots.first().map_or("", |snapshot| snapshot.date.as_str());
    let mut figures = vec![
        best_over_time(
            "lmarena-best",
            "LMArena: the best open-weights model of China, the United States and France",
            snapshots,
            &["CN", "US", "FR"],
        ),
        differences(
            "lmarena-difference",
            "LMArena: best Chinese minus best US open-weights model",
            snapshots,
            &[CHINA_US],
        ),
    ];
    figures.extend(shares(snapshots));
    figures.extend(releases(snapshots));
    figures.push(style_ranks(snapshots));
    Section {
        id: SECTION,
        title: "LMArena over time".to_owned(),
        paragraphs: paragraphs(snapshots),
        source: format!(
            "{} dated tables of LMArena, {first} to {}; the last has {} models. Ratings and 95 % intervals as published \
             (Bradley-Terry, points of 400 per factor of 10 in the odds, without style control), rounded to whole points \
             by the publisher. Archive: fboulnois/llm-leaderboard-csv, MPL-2.0.",
            snapshots.len(),
            last.date,
            last.standings.len()
        ),
        figures,
    }
}

fn paragraphs(snapshots: &[Snapshot]) -> Vec<String> {
    let lead = first_clear_lead(snapshots, CHINA_US, Choice::MAIN);
    let lead = match lead {
        Some(snapshot) => {
            format!("The first clear lead of {} is on {}.", country("CN"), snapshot.date)
        }
        None => "There is no clear lead on any date.".to_owned(),
    };
    vec![
        format!(
            "On each date the best open-weights model of one country is compared with the best of the other. A lead is \
             clear if the 95 % interval of the difference lies above zero. {lead} The {} dates were all looked at, and \
             neighbouring dates share most of their votes, so that a single date is weaker evidence than its interval \
             says.",
            snapshots.len()
        ),
        "LMArena publishes an interval for each model but not how two ratings vary together. The two ratings of a \
         difference are therefore treated as independent. The best model of a country is picked by the same ratings that \
         are then compared, which favours a country with many models; the curves show the mean of the best three beside it."
            .to_owned(),
        "Our choices: a model counts as open weights if the licence in the table of that date lets one download the \
         weights. Two models are left out: Llama-4-Maverick-03-26-Experimental, which was never released, and \
         Qwen-Max-0919, which has an open licence in the table but was served through an interface only. Models whose \
         licence the table leaves empty are not counted as open. Countries are those of the makers' headquarters. \
         These tables were written from general knowledge, not from each model's documents."
            .to_owned(),
        "Shares of the first 5, 10 and 20 places are among open-weights models; their intervals come from 400 tables \
         drawn around the published ratings. Releases count the names on the tables (upper and lower case are the same), \
         those on the first table not being counted as new; they are counts of what was listed and carry no interval."
            .to_owned(),
    ]
}

/// The press's claim at the last table.
fn press_claim(last: &Snapshot) -> Result<Claim, ReportError> {
    let main = last.contrast(CHINA_US.left, CHINA_US.right, Choice::MAIN);
    let main = main.ok_or(ReportError::Absent { what: "open-weights models of CN and US" })?;
    let rows = specifications(last, CHINA_US, &choices(true, &[0]), words_of, |_| Vec::new());
    let wording = Wording {
        section: SECTION,
        words: format!(
            "Chinese open models are rated higher in blind tests than American ones: on LMArena, {}.",
            last.date
        ),
        statistic: format!(
            "Rating of the best Chinese open-weights model ({}) minus that of the best US one ({}), in points; ratings \
             as published, treated as independent.",
            main.left.names(),
            main.right.names()
        ),
    };
    let shape = CurveShape {
        id: "curve-lmarena-press",
        title: "The difference at the last LMArena table under other choices",
        unit: "China minus US, points",
        decimals: 0,
        keys: CHOICE_KEYS,
        choices: &CHOICE_COLUMNS,
        further: &[],
    };
    Ok(wording.above_zero(main.difference, main.votes(), rows, &shape))
}

/// The date of the first clear lead, a claim of exact figures.
fn first_lead_claim(snapshots: &[Snapshot]) -> Result<Claim, ReportError> {
    let absent = ReportError::Absent { what: "LMArena table of 2024-12-31" };
    let at = snapshots.iter().position(|snapshot| snapshot.date == FIRST_LEAD);
    let (at, snapshot) = at.and_then(|at| Some((at, snapshots.get(at)?))).ok_or(absent)?;
    let contrast = |snapshot: &Snapshot| {
        snapshot.contrast(CHINA_US.left, CHINA_US.right, Choice::MAIN).map(|found| {
            let names = format!("{} minus {}", found.left.names(), found.right.names());
            (found.difference, found.votes(), names)
        })
    };
    let absent = ReportError::Absent { what: "open-weights models of CN and US on 2024-12-31" };
    let (difference, votes, names) = contrast(snapshot).ok_or(absent)?;
    let before = at.checked_sub(1).and_then(|before| {
        let before = snapshots.get(before)?;
        Some(format!(
            " The table before, of {}, has {}.",
            before.date,
            signed(contrast(before)?.0, 0)
        ))
    });
    let lead = first_clear_lead(snapshots, CHINA_US, Choice::MAIN);
    let date = lead.map_or("on no date", |lead| lead.date.as_str());
    let verdict = match date == FIRST_LEAD {
        true => Verdict::Supported,
        false => Verdict::NotSupported,
    };
    let first = |choice| first_clear_lead(snapshots, CHINA_US, choice);
    let further = |choice| vec![text(first(choice).map_or("none", |lead| lead.date.as_str()))];
    let rows = specifications(snapshot, CHINA_US, &choices(true, &[0]), words_of, further);
    let same = choices(true, &[0])
        .into_iter()
        .filter(|&choice| first(choice).is_some_and(|lead| lead.date == FIRST_LEAD));
    let reason = format!(
        "The first date with the whole interval above zero is: {date}.{} Of {} combinations of choices, {} give the \
         claimed date.",
        before.unwrap_or_default(),
        rows.len(),
        same.count(),
    );
    let wording = Wording {
        section: SECTION,
        words: format!(
            "On LMArena the best Chinese open-weights model first stood clearly above the best US one on {FIRST_LEAD}."
        ),
        statistic: format!(
            "The first table in which the 95 % interval of the difference lies above zero; the figure is the difference \
             on {FIRST_LEAD}, {names}, in points."
        ),
    };
    let curve = super::claims::curve(&LEAD_CURVE, rows);
    Ok(wording.claim(difference, verdict, reason, votes, None, Some(curve)))
}

const LEAD_FURTHER: [Column; 1] = [super::cells::column("first_lead", "First clear lead", 0)];
const LEAD_CURVE: CurveShape = CurveShape {
    id: "curve-lmarena-first-lead",
    title: "The difference on 2024-12-31, and the date of the first clear lead, under other choices",
    unit: "China minus US on 2024-12-31, points",
    decimals: 0,
    keys: CHOICE_KEYS,
    choices: &CHOICE_COLUMNS,
    further: &LEAD_FURTHER,
};
