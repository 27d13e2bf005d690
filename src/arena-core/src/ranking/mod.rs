//! Rankings as pure functions of vote counts: [`compute`] turns [`Counts`] and [`Settings`] into a [`Board`].
//!
//! The way of the data: `counts` (what was voted) -> `connectivity` (who can be compared at all) -> `coding`
//! (what a tie is worth) -> `fit` with `bradley_terry` or `ties` (strengths) -> `sandwich` (covariance) ->
//! `frame` (the scale) -> `ranks` -> `board`. `elo` stands beside it: it reads votes in order, not counts.
//!
//! What is not here: votes and models by their ids (the caller maps ids to indices), slices (a slice is another
//! [`Counts`]), storage, rounding and wording.

pub mod board;
mod bradley_terry;
mod coding;
mod connectivity;
mod counts;
mod elo;
mod fit;
mod frame;
mod ranks;
mod sandwich;
#[cfg(test)]
mod tests;
mod ties;

pub use board::{Board, Row, Settings, compute};
pub use coding::{BothBadRule, Coding, TieRule};
pub use connectivity::{Status, components};
pub use counts::{Counts, Outcome, Record, Tally, Vote};
pub use elo::{Elo, order_averaged_elo};
pub use fit::{Fit, Method, fit};
pub use frame::{Estimate, Frame};
pub use ranks::{Ranks, critical_value};
pub use sandwich::{Covariance, SmallSample};

/// Elo points per unit of log-strength: 400 / ln 10, so that +400 means odds of 10 to 1.
pub const ELO_PER_NAT: f64 = 400.0 / std::f64::consts::LN_10;

/// The rating of the average model, unless a [`Frame`] says otherwise.
pub const MEAN_RATING: f64 = 1000.0;

/// Says why a ranking, or a part of it, was not computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RankingError {
    /// Both sides of a vote are the same model.
    #[error("model {model} cannot be compared with itself")]
    SelfBattle {
        /// Index of the model.
        model: usize,
    },
    /// An index lies outside the table.
    #[error("there is no model {model} among {models}")]
    UnknownModel {
        /// The index asked for.
        model: usize,
        /// How many models the table holds.
        models: usize,
    },
    /// One cell of the table would exceed 2^32 - 1 votes of one kind.
    #[error("the count of left model {left} against right model {right} is full")]
    CellFull {
        /// Index of the model shown on the left.
        left: usize,
        /// Index of the model shown on the right.
        right: usize,
    },
    /// The models asked for cannot all be compared with each other, so that no finite estimate exists.
    #[error(
        "{models} models form {components} groups that cannot be compared; rate one group at a time"
    )]
    Disconnected {
        /// How many models were to be rated.
        models: usize,
        /// Into how many strongly connected groups they fall.
        components: usize,
    },
    /// A method with a tie parameter met votes that do not determine it, for example votes without any tie.
    #[error("these votes give {method} no finite tie parameter; use bradley_terry")]
    TiesUndetermined {
        /// The method asked for.
        method: Method,
    },
    /// The iteration stopped before it met its accuracy, so there is no estimate.
    #[error("fitting {method} did not converge in {iterations} steps")]
    NotConverged {
        /// The method asked for.
        method: Method,
        /// Newton steps taken.
        iterations: usize,
    },
    /// A covariance could not be computed from the information at the estimate.
    #[error("the {matrix} matrix is not positive definite")]
    Singular {
        /// Which matrix.
        matrix: &'static str,
    },
    /// The model that should fix the scale has no published rating.
    #[error("anchor model {model} has no rating; anchor another model or use the mean")]
    AnchorNotRated {
        /// Index of the anchor.
        model: usize,
    },
    /// The rating that should fix the scale, or one to continue from, is not a finite number.
    #[error("{value} is not a rating")]
    NotARating {
        /// The value given.
        value: f64,
    },
    /// Too few random draws or permutations were asked for.
    #[error("{given} random draws are too few, at least {needed} are needed")]
    TooFewDraws {
        /// How many were asked for.
        given: usize,
        /// The least number that gives an answer.
        needed: usize,
    },
}
