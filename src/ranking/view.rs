//! A board as pages and files show it: the whole, or a slice.

use arena_core::ranking::{Board, Fragility, Row};
use time::OffsetDateTime;

use super::slices::{Anchor, Slice};
use super::standing::Basis;
use super::{Published, SliceBoard};
use crate::pool::Model;

/// Everything that a table of ratings prints.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The models, in the order of the rows.
    pub models: &'a [Model],
    /// Ratings, intervals, ranks and statuses.
    pub board: &'a Board,
    /// Voters, weights and clusters behind it.
    pub basis: &'a Basis,
    /// Which part of the votes, and on which scale; none for the whole.
    pub slice: Option<(&'a Slice, &'a Anchor)>,
    /// When it was computed.
    pub computed_at: OffsetDateTime,
    /// Why there are no ratings, or older ones.
    pub problem: Option<&'a str>,
    whole: Option<&'a Published>,
}

impl Published {
    /// The board of all votes.
    pub fn view(&self) -> View<'_> {
        View {
            models: &self.models,
            board: &self.board,
            basis: &self.basis,
            slice: None,
            computed_at: self.computed_at,
            problem: self.problem.as_deref(),
            whole: Some(self),
        }
    }
}

impl SliceBoard {
    /// The board of the slice.
    pub fn view(&self) -> View<'_> {
        View {
            models: &self.models,
            board: &self.standing.board,
            basis: &self.standing.basis,
            slice: Some((&self.slice, &self.anchor)),
            computed_at: self.computed_at,
            problem: None,
            whole: None,
        }
    }
}

impl<'a> View<'a> {
    /// Models with their rows: rated ones first, by rating, then the others by name.
    pub fn in_order(&self) -> Vec<(&'a Model, &'a Row)> {
        super::line::in_order(self.models, self.board, |model| &model.name)
    }

    /// The Elo ticker of a model, which only the whole has.
    pub fn elo(&self, model: &Model) -> Option<f64> {
        self.whole.map(|whole| whole.elo(model.id))
    }

    /// Votes without which a model would no longer be ahead of the next one; only the whole has it.
    pub fn fragility(&self, row: &Row) -> Option<&'a Fragility> {
        self.whole.and_then(|whole| whole.fragility(row))
    }

    /// The group of models that the votes cannot order; only the whole has it.
    pub fn tie_group(&self, row: &Row) -> Option<usize> {
        *self.whole?.tie_groups.get(row.model)?
    }

    /// When the first and the last vote was cast; only the whole has it.
    pub fn period(&self) -> Option<(OffsetDateTime, OffsetDateTime)> {
        self.whole.and_then(|whole| whole.period)
    }
}
