//! One model's row as files have it, whatever the board: the site's, a track's, a file's.

use arena_core::ranking::{Board, Row};
use serde::Serialize;

/// Two decimals: what an interval of several points leaves meaningful, and equal on every machine.
pub fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// The fields of [`Line`], in their order: a CSV without a model has a header too.
pub const COLUMNS: [&str; 13] = [
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
];

/// One model; the fields are the first columns of every file.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Place, 1 being the best.
    pub rank: Option<usize>,
    /// Best place that the votes leave possible, for all models at once.
    pub rank_low: Option<usize>,
    /// Worst such place.
    pub rank_high: Option<usize>,
    /// Name.
    pub model: String,
    /// Elo points.
    pub rating: Option<f64>,
    /// Lower end of the 95 % interval.
    pub ci_low: Option<f64>,
    /// Upper end of the 95 % interval.
    pub ci_high: Option<f64>,
    /// Counted votes.
    pub votes: u64,
    /// Votes for the model.
    pub wins: u64,
    /// Votes for its rivals.
    pub losses: u64,
    /// Ties, and both good.
    pub ties: u64,
    /// Both bad.
    pub both_bad: u64,
    /// Why there is a rating, or why there is none.
    pub status: &'static str,
}

impl Line {
    /// A row of a board under its model's name, rounded.
    pub fn of(row: &Row, model: &str) -> Self {
        Self {
            rank: row.rank.map(|rank| rank.rank),
            rank_low: row.rank.map(|rank| rank.best),
            rank_high: row.rank.map(|rank| rank.worst),
            model: model.to_owned(),
            rating: row.rating.map(|rating| rounded(rating.rating)),
            ci_low: row.rating.map(|rating| rounded(rating.low)),
            ci_high: row.rating.map(|rating| rounded(rating.high)),
            votes: row.votes,
            wins: row.wins,
            losses: row.losses,
            ties: row.ties,
            both_bad: row.both_bad,
            status: row.status.as_str(),
        }
    }
}

/// Whatever has a name, with its row: rated rows first, by rating, then the others by name.
pub fn in_order<'a, M>(
    models: &'a [M],
    board: &'a Board,
    name: impl Fn(&M) -> &str,
) -> Vec<(&'a M, &'a Row)> {
    let mut rows: Vec<_> = models.iter().zip(&board.rows).collect();
    let rating = |row: &Row| row.rating.map_or(f64::NEG_INFINITY, |rating| rating.rating);
    rows.sort_by(|(one_model, one), (other_model, other)| {
        rating(other).total_cmp(&rating(one)).then_with(|| name(one_model).cmp(name(other_model)))
    });
    rows
}
