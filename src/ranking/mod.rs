//! Ratings of the site's own votes: read from counts, computed by `arena-core`, published in memory.

pub mod files;
mod job;

use std::collections::HashMap;
use std::sync::Arc;

use arena_core::ids::ModelId;
use arena_core::ranking::{self, Board, Counts, RankingError, Row, Settings, Tally};
use arena_core::verdict::Verdict;
use sqlx::PgConnection;
use time::OffsetDateTime;
use tokio::sync::watch;

use crate::pool::{self, Model};
use crate::vote;
use crate::vote::queries::Cell;

pub use job::{follow_votes, refresh};

/// Seed of the draws behind simultaneous ranks; fixed, so that the same votes give the same ranks.
pub const SEED: u64 = 20_261_122;

/// Why no board could be computed.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    /// The votes could not be read.
    #[error("the votes could not be read")]
    Store(#[from] sqlx::Error),
    /// The statistics refused.
    #[error("the ratings could not be computed")]
    Ranking(#[from] RankingError),
    /// A count does not fit.
    #[error("{0} votes in one cell are more than a rating can take in")]
    CellTooLarge(i64),
}

/// A board with everything that pages and files print beside it.
#[derive(Clone, Debug)]
pub struct Published {
    /// The models, in the order of the board's rows.
    pub models: Vec<Model>,
    /// Ratings, intervals, ranks and statuses.
    pub board: Board,
    /// Online Elo in the order of votes, K = 4, start 1000.
    pub elo: HashMap<ModelId, f64>,
    /// When it was computed.
    pub computed_at: OffsetDateTime,
    /// When the first and the last counted vote was cast.
    pub period: Option<(OffsetDateTime, OffsetDateTime)>,
}

impl Published {
    /// The row of a model.
    pub fn row(&self, model: ModelId) -> Option<&Row> {
        let at = self.models.iter().position(|entry| entry.id == model)?;
        self.board.rows.get(at)
    }

    /// Models with their rows: rated ones first, by rating, then the others by name.
    pub fn in_order(&self) -> Vec<(&Model, &Row)> {
        let mut rows: Vec<_> = self.models.iter().zip(&self.board.rows).collect();
        rows.sort_by(|(left_model, left), (right_model, right)| {
            let rating = |row: &Row| row.rating.map_or(f64::NEG_INFINITY, |rating| rating.rating);
            rating(right).total_cmp(&rating(left)).then(left_model.name.cmp(&right_model.name))
        });
        rows
    }

    /// The Elo ticker of a model; 1000 before its first vote.
    pub fn elo(&self, model: ModelId) -> f64 {
        self.elo.get(&model).copied().unwrap_or(ranking::MEAN_RATING)
    }
}

/// The board in force; every reader sees one whole board.
#[derive(Clone)]
pub struct Boards {
    current: watch::Receiver<Arc<Published>>,
}

impl Boards {
    /// The board in force now.
    pub fn current(&self) -> Arc<Published> {
        Arc::clone(&self.current.borrow())
    }

    /// Waits for the next board.
    pub async fn changed(&mut self) {
        let _ = self.current.changed().await;
    }
}

/// Computes a board from the counts in the database. `elo` comes from the ticker.
pub async fn compute(
    db: &mut PgConnection,
    elo: HashMap<ModelId, f64>,
) -> Result<Published, BoardError> {
    let mut models = pool::queries::list_all(db).await?;
    models.sort_by_key(|model| model.id);
    let cells = vote::queries::list_cells(db).await?;
    let period = vote::queries::find_period(db).await?;
    let counts = counts(&models, &cells)?;
    let board = ranking::compute(&counts, &Settings::new(SEED))?;
    Ok(Published { models, board, elo, computed_at: OffsetDateTime::now_utc(), period })
}

fn counts(models: &[Model], cells: &[Cell]) -> Result<Counts, BoardError> {
    let index: HashMap<ModelId, usize> =
        models.iter().enumerate().map(|(i, model)| (model.id, i)).collect();
    let mut counts = Counts::new(models.len());
    for cell in cells {
        let sides = (index.get(&cell.models.left), index.get(&cell.models.right));
        if let (Some(&left), Some(&right)) = sides {
            counts.add_tally(left, right, tally(cell)?)?;
        }
    }
    Ok(counts)
}

fn tally(cell: &Cell) -> Result<Tally, BoardError> {
    let votes = u32::try_from(cell.votes).map_err(|_| BoardError::CellTooLarge(cell.votes))?;
    let mut tally = Tally::default();
    match cell.verdict {
        Verdict::Left => tally.left_wins = votes,
        Verdict::Right => tally.right_wins = votes,
        Verdict::Tie | Verdict::BothGood => tally.ties = votes,
        Verdict::BothBad => tally.both_bad = votes,
    }
    Ok(tally)
}
