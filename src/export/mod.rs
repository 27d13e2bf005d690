//! Files for analysts: votes and leaderboard as CSV and JSON, the same over HTTP and on the command line.

pub mod archive;
pub mod columns;
pub mod handlers;
pub mod log;
pub mod record;

use std::collections::HashMap;

use arena_core::journal::leaf::TIME_STEP;
use arena_core::ranking::board::{MIN_VOTES, PROVISIONAL_BELOW};
use arena_core::verdict::Verdict;
use serde::Serialize;
use sqlx::PgPool;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::pool::Model;
use crate::ranking::View;
use crate::ranking::line::{COLUMNS, Line, rounded};
use crate::ranking::slices::Anchor;
use crate::{pool, vote};

/// Votes read from the database at once.
const PAGE: i64 = 10_000;

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The votes could not be read.
    #[error("the votes could not be read")]
    Store(#[from] sqlx::Error),
    /// The file could not be put together.
    #[error("the file could not be written")]
    Csv(#[from] csv::Error),
    /// The file could not be put together.
    #[error("the file could not be written")]
    Json(#[from] serde_json::Error),
}

#[derive(Serialize)]
struct VoteLine<'a> {
    model_a: &'a str,
    model_b: &'a str,
    winner: &'a str,
    verdict: &'a str,
    vote_index: i64,
    cast_at: String,
    /// False where the vote is in no rating: an answer said who wrote it, the question had been asked too often, or the
    /// operator has excluded it; as LMArena names the column.
    anony: bool,
    voter: usize,
    question_id: Option<i64>,
    language: Option<&'a str>,
    p_draw: f64,
    tier: &'static str,
    /// Whether the operator has excluded it, by a rule in the log.
    excluded: bool,
}

/// The fields of [`VoteLine`], in their order.
const VOTE_COLUMNS: [&str; 13] = [
    "model_a",
    "model_b",
    "winner",
    "verdict",
    "vote_index",
    "cast_at",
    "anony",
    "voter",
    "question_id",
    "language",
    "p_draw",
    "tier",
    "excluded",
];

/// All votes in order: `model_a,model_b,winner` first, the original verdict behind them. Votes that
/// are counted apart, and those that are excluded, are there too, with `anony` false.
///
/// Voters are numbered by their first vote, from 1; a vote on a question of the voter's own has no
/// `question_id`. This is all that the ratings, their weights and their intervals depend on.
pub async fn votes_csv(db: &PgPool) -> Result<Vec<u8>, ExportError> {
    let mut connection = db.acquire().await?;
    let models = pool::queries::list_all(&mut connection).await?;
    let name = |id| models.iter().find(|model| model.id == id).map_or("", |model| &model.name);
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(VOTE_COLUMNS)?;
    let mut voters = HashMap::new();
    let mut next = 0;
    loop {
        let votes = vote::queries::list_all_from(&mut connection, next, PAGE).await?;
        let Some(last) = votes.last() else { break };
        next = last.index + 1;
        for vote in &votes {
            let number = voters.len() + 1;
            writer.serialize(VoteLine {
                model_a: name(vote.models.left),
                model_b: name(vote.models.right),
                winner: vote.verdict.winner(),
                verdict: Verdict::as_str(vote.verdict),
                vote_index: vote.index,
                cast_at: to_the_minute(vote.cast_at),
                anony: !vote.apart && !vote.excluded,
                voter: *voters.entry(vote.voter).or_insert(number),
                question_id: vote.question,
                language: vote.language.as_deref(),
                p_draw: vote.p_draw,
                tier: vote.tier.as_str(),
                excluded: vote.excluded,
            })?;
        }
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()).into())
}

/// As the log has times, so that a vote cannot be matched with a visit.
fn to_the_minute(moment: OffsetDateTime) -> String {
    let past = Duration::seconds(moment.unix_timestamp() % TIME_STEP as i64);
    let floored = (moment - past).replace_nanosecond(0).unwrap_or(moment);
    floored.format(&Rfc3339).unwrap_or_default()
}

/// What the site's board has behind the columns of [`Line`], in the order of [`BoardLine`].
const MORE_COLUMNS: [&str; 15] = [
    "rank_ub",
    "tie_group",
    "votes_to_flip",
    "elo",
    "maker",
    "country",
    "licence",
    "parameters",
    "quantization",
    "file_sha256",
    "retired",
    "remote",
    "operator",
    "operator_country",
    "quarantine",
];

#[derive(Serialize)]
struct BoardLine<'a> {
    #[serde(flatten)]
    line: Line,
    #[serde(flatten)]
    more: More<'a>,
}

#[derive(Serialize)]
struct More<'a> {
    rank_ub: Option<usize>,
    tie_group: Option<usize>,
    votes_to_flip: Option<u64>,
    elo: Option<f64>,
    maker: &'a str,
    country: &'a str,
    licence: &'a str,
    parameters: Option<i64>,
    quantization: &'a str,
    file_sha256: Option<&'a str>,
    retired: bool,
    remote: bool,
    operator: Option<&'a str>,
    operator_country: Option<&'a str>,
    quarantine: Option<&'a str>,
}

fn board_lines<'a>(view: &View<'a>) -> Vec<BoardLine<'a>> {
    let line = |(model, row): (&'a Model, &'a arena_core::ranking::Row)| BoardLine {
        line: Line::of(row, &model.name),
        more: More {
            rank_ub: row.rank.map(|rank| rank.ub),
            tie_group: view.tie_group(row),
            votes_to_flip: view.fragility(row).and_then(|pair| pair.votes),
            elo: view.elo(model).map(rounded),
            maker: &model.maker,
            country: &model.country,
            licence: &model.licence,
            parameters: model.parameter_count(),
            quantization: model.quantization(),
            file_sha256: model.file().map(|file| file.sha256.as_str()),
            retired: model.is_retired(),
            remote: model.endpoint().is_some(),
            operator: model.endpoint().map(|endpoint| endpoint.operator.operator.as_str()),
            operator_country: model.endpoint().map(|endpoint| endpoint.operator.country.as_str()),
            quarantine: model.quarantine.map(|quarantine| quarantine.reason.as_str()),
        },
    };
    view.in_order().into_iter().map(line).collect()
}

/// The leaderboard, one row a model; empty cells where there is no rating.
pub fn leaderboard_csv(view: &View<'_>) -> Result<Vec<u8>, ExportError> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    // Written by hand: without a model there would be no header.
    writer.write_record(COLUMNS.iter().chain(&MORE_COLUMNS))?;
    for BoardLine { line, more } in board_lines(view) {
        // As a pair: CSV has no flattened fields.
        writer.serialize((line, more))?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()).into())
}

/// The leaderboard with its method, period and settings.
pub fn leaderboard_json(view: &View<'_>) -> Result<Vec<u8>, ExportError> {
    let at = |time: time::OffsetDateTime| time.format(&Rfc3339).unwrap_or_default();
    let document = serde_json::json!({
        "method": {
            "model": view.board.settings.method,
            "coding": view.board.settings.coding,
            "scale": "400 points are odds of 10 to 1",
            "frame": view.board.settings.frame,
            "interval": "95 %, sandwich",
            "basis": view.basis,
            "rank_low_high": "simultaneous 95 % set, max-|t|",
            "rank_ub": "1 + models whose interval lies wholly above",
            "seed": view.board.settings.seed,
            "unrated_below_votes": MIN_VOTES,
            "provisional_below_votes": PROVISIONAL_BELOW,
            "elo": "online, K = 4, start 1000; depends on the order of votes",
        },
        "slice": view.slice.map(|(slice, _)| slice.to_string()),
        "on_the_scale_of_the_whole": view.slice.map(|(_, anchor)| *anchor != Anchor::None),
        "problem": view.problem,
        "votes": view.board.votes,
        "votes_used": view.board.used_votes,
        "first_vote_at": view.period().map(|(first, _)| at(first)),
        "last_vote_at": view.period().map(|(_, last)| at(last)),
        "computed_at": at(view.computed_at),
        "models": board_lines(view),
    });
    let mut bytes = serde_json::to_vec_pretty(&document)?;
    bytes.push(b'\n');
    Ok(bytes)
}
