//! Ratings of the site's own votes: read in order, kept in memory, computed by `arena-core`, published.

mod boards;
pub mod checks;
pub mod choices;
mod compute;
pub mod files;
mod follower;
mod job;
mod ledger;
pub mod line;
pub mod slices;
pub mod standing;
#[cfg(test)]
mod testing;
mod view;

use std::collections::HashMap;
use std::sync::Arc;

use arena_core::ids::ModelId;
use arena_core::ranking::{self, Board, Counts, Fragility, RankingError, Row};
use time::OffsetDateTime;

use crate::pool::Model;

pub use boards::{Boards, SliceBoard};
pub use job::{follow_votes, refresh};
use ledger::Snapshot;
use slices::Sliced;
use standing::{Basis, Rated};
pub use view::View;

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
    /// A vote is on a model that is not in the pool's table.
    #[error("model {0} has votes and is not in the pool")]
    UnknownModel(ModelId),
    /// The thread that computed was ended.
    #[error("the computation was ended")]
    Ended,
}

/// A board with everything that pages and files print beside it.
#[derive(Clone, Debug)]
pub struct Published {
    /// The models, in the order of the board's rows, which is that of their names.
    pub models: Arc<Vec<Model>>,
    /// Ratings, intervals, ranks and statuses.
    pub board: Board,
    /// Voters, weights and clusters behind it.
    pub basis: Basis,
    /// The votes as counts.
    pub counts: Counts,
    /// What further questions are answered from.
    pub rated: Option<Rated>,
    /// How many votes the order of neighbours hangs on, best first.
    pub fragility: Vec<Fragility>,
    /// By row: which group of models that the votes cannot order it is in, 1 being the best.
    pub tie_groups: Vec<Option<usize>>,
    /// The parts of the votes that have boards of their own.
    pub slices: Vec<Sliced>,
    /// Online Elo in the order of votes, K = 4, start 1000.
    pub elo: HashMap<ModelId, f64>,
    /// When it was computed.
    pub computed_at: OffsetDateTime,
    /// When the first and the last counted vote was cast.
    pub period: Option<(OffsetDateTime, OffsetDateTime)>,
    /// Why no ratings could be computed at all; the board is empty then.
    pub problem: Option<String>,
    /// The votes behind it.
    snapshot: Snapshot,
}

impl Published {
    /// The row of a model.
    pub fn row(&self, model: ModelId) -> Option<&Row> {
        let at = self.models.iter().position(|entry| entry.id == model)?;
        self.board.rows.get(at)
    }

    /// Models with their rows: rated ones first, by rating, then the others by name.
    pub fn in_order(&self) -> Vec<(&Model, &Row)> {
        line::in_order(&self.models, &self.board, |model| &model.name)
    }

    /// The Elo ticker of a model; 1000 before its first vote.
    pub fn elo(&self, model: ModelId) -> f64 {
        self.elo.get(&model).copied().unwrap_or(ranking::MEAN_RATING)
    }

    /// Votes without which the model would no longer be ahead of the next one below.
    pub fn fragility(&self, row: &Row) -> Option<&Fragility> {
        self.fragility.iter().find(|pair| pair.better == row.model)
    }
}
