//! Files for analysts: votes and leaderboard as CSV and JSON, the same over HTTP and on the command line.

pub mod columns;
pub mod handlers;

use arena_core::ranking::board::{MIN_VOTES, PROVISIONAL_BELOW};
use arena_core::verdict::Verdict;
use serde::Serialize;
use sqlx::PgPool;
use time::format_description::well_known::Rfc3339;

use crate::pool::Model;
use crate::ranking::View;
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
}

/// All votes in order: `model_a,model_b,winner` first, the original verdict behind them.
pub async fn votes_csv(db: &PgPool) -> Result<Vec<u8>, ExportError> {
    let mut connection = db.acquire().await?;
    let models = pool::queries::list_all(&mut connection).await?;
    let name = |id| models.iter().find(|model| model.id == id).map_or("", |model| &model.name);
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(["model_a", "model_b", "winner", "verdict", "vote_index", "cast_at"])?;
    let mut next = 0;
    loop {
        let votes = vote::queries::list_from(&mut connection, next, PAGE).await?;
        let Some(last) = votes.last() else { break };
        next = last.index + 1;
        for vote in &votes {
            writer.serialize(VoteLine {
                model_a: name(vote.models.left),
                model_b: name(vote.models.right),
                winner: vote.verdict.winner(),
                verdict: Verdict::as_str(vote.verdict),
                vote_index: vote.index,
                cast_at: vote.cast_at.format(&Rfc3339).unwrap_or_default(),
            })?;
        }
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()).into())
}

/// The fields of [`BoardLine`], in their order.
const BOARD_COLUMNS: [&str; 25] = [
    "rank",
    "rank_low",
    "rank_high",
    "model",
    "rating",
    "ci_low",
    "ci_high",
    "votes",
    "wins",
    "losses",
    "ties",
    "both_bad",
    "status",
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
    "quarantine",
];

#[derive(Serialize)]
struct BoardLine<'a> {
    rank: Option<usize>,
    rank_low: Option<usize>,
    rank_high: Option<usize>,
    model: &'a str,
    rating: Option<f64>,
    ci_low: Option<f64>,
    ci_high: Option<f64>,
    votes: u64,
    wins: u64,
    losses: u64,
    ties: u64,
    both_bad: u64,
    status: &'a str,
    rank_ub: Option<usize>,
    tie_group: Option<usize>,
    votes_to_flip: Option<u64>,
    elo: Option<f64>,
    maker: &'a str,
    country: &'a str,
    licence: &'a str,
    parameters: i64,
    quantization: &'a str,
    file_sha256: &'a str,
    retired: bool,
    quarantine: Option<&'a str>,
}

/// Two decimals: what an interval of several points leaves meaningful, and equal on every machine.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn board_lines<'a>(view: &View<'a>) -> Vec<BoardLine<'a>> {
    let line = |(model, row): (&'a Model, &'a arena_core::ranking::Row)| BoardLine {
        rank: row.rank.map(|rank| rank.rank),
        rank_low: row.rank.map(|rank| rank.best),
        rank_high: row.rank.map(|rank| rank.worst),
        model: &model.name,
        rating: row.rating.map(|rating| rounded(rating.rating)),
        ci_low: row.rating.map(|rating| rounded(rating.low)),
        ci_high: row.rating.map(|rating| rounded(rating.high)),
        votes: row.votes,
        wins: row.wins,
        losses: row.losses,
        ties: row.ties,
        both_bad: row.both_bad,
        status: row.status.as_str(),
        rank_ub: row.rank.map(|rank| rank.ub),
        tie_group: view.tie_group(row),
        votes_to_flip: view.fragility(row).and_then(|pair| pair.votes),
        elo: view.elo(model).map(rounded),
        maker: &model.maker,
        country: &model.country,
        licence: &model.licence,
        parameters: model.parameter_count,
        quantization: &model.quantization,
        file_sha256: &model.file_sha256,
        retired: model.is_retired(),
        quarantine: model.quarantine.map(|quarantine| quarantine.reason.as_str()),
    };
    view.in_order().into_iter().map(line).collect()
}

/// The leaderboard, one row a model; empty cells where there is no rating.
pub fn leaderboard_csv(view: &View<'_>) -> Result<Vec<u8>, ExportError> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    // Written by hand: without a model there would be no header.
    writer.write_record(BOARD_COLUMNS)?;
    for line in board_lines(view) {
        writer.serialize(line)?;
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
