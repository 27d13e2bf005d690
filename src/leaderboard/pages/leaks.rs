//! How often the answers of each model say who wrote them.

use actix_web::HttpResponse;
use arena_core::share::wilson;
use askama::Template;
use serde::Serialize;

use crate::battle::leaks::queries::LeakCount;
use crate::config::Site;
use crate::kit::http::{HttpError, page};
use crate::kit::wording;
use crate::pool::Model;

/// One model; shares are of its answers, with 95 % intervals.
#[derive(Serialize)]
pub(crate) struct Line {
    model: String,
    answers: u64,
    leaking: u64,
    share: f64,
    low: f64,
    high: f64,
    own: u64,
}

/// The models whose answers were looked at, the most talkative first.
pub(crate) fn lines(models: &[Model], counts: &[LeakCount]) -> Vec<Line> {
    let line = |count: &LeakCount| {
        let model = models.iter().find(|model| model.id == count.model)?;
        let [answers, leaking, own] =
            [count.answers, count.leaking, count.own].map(|n| u64::try_from(n).unwrap_or(0));
        let share = wilson(leaking, answers.max(1));
        let rounded = |value: f64| (value * 1e4).round() / 1e4;
        Some(Line {
            model: model.name.clone(),
            answers,
            leaking,
            share: rounded(share.value),
            low: rounded(share.low),
            high: rounded(share.high),
            own,
        })
    };
    let mut lines: Vec<Line> = counts.iter().filter_map(line).collect();
    lines.sort_by(|one, other| {
        other.share.total_cmp(&one.share).then_with(|| one.model.cmp(&other.model))
    });
    lines
}

/// One row as the page prints it.
struct Row {
    model: String,
    share: String,
    interval: String,
    leaking: String,
    own: String,
    answers: String,
}

#[derive(Template)]
#[template(path = "leaderboard/leaks.html")]
struct LeaksPage<'a> {
    site: &'a Site,
    rows: Vec<Row>,
    apart: String,
}

/// Renders the table.
pub(crate) fn show(site: &Site, lines: &[Line], apart: i64) -> Result<HttpResponse, HttpError> {
    let percent = |share: f64| format!("{:.1}", 100.0 * share);
    let row = |line: &Line| Row {
        model: line.model.clone(),
        share: format!("{} %", percent(line.share)),
        interval: format!("{} to {} %", percent(line.low), percent(line.high)),
        leaking: super::whole_number(line.leaking),
        own: super::whole_number(line.own),
        answers: super::whole_number(line.answers),
    };
    page(&LeaksPage {
        site,
        rows: lines.iter().map(row).collect(),
        apart: wording::counted(apart, "vote"),
    })
}

/// The table as a file; shares from 0 to 1.
pub(crate) fn csv(lines: &[Line]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(["model", "answers", "leaking", "share", "low", "high", "own"])?;
    for line in lines {
        writer.serialize(line)?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}
