//! All votes in memory, in order, with what slices, weights and checks need to know of them.
//!
//! About 150 bytes a vote. What is computed from it is a function of the votes and the names of the
//! models: models are numbered in the order of their names, whenever they joined.

use std::collections::HashMap;

use arena_core::ids::{ModelId, Sides, VoterId};
use arena_core::ranking::{AttributedVote, Elo, StyleCounts, Vote};
use time::OffsetDateTime;

use super::BoardError;
use crate::pool::Model;
use crate::vote::queries;

/// Where a question of an evaluation set belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Topic {
    pub(super) set: String,
    pub(super) category: String,
}

/// What slices and style control need to know of a vote.
#[derive(Clone, Debug)]
pub(super) struct Trait {
    pub(super) language: Option<u16>,
    pub(super) question: Option<i64>,
    pub(super) cast_at: OffsetDateTime,
    pub(super) p_draw: f64,
    pub(super) style: Option<Sides<StyleCounts>>,
}

/// The votes of the site.
#[derive(Default)]
pub(super) struct Ledger {
    /// In the order of their names; the index of a model everywhere here.
    pub(super) models: Vec<Model>,
    index: HashMap<ModelId, usize>,
    voters: HashMap<VoterId, usize>,
    prompts: HashMap<i64, usize>,
    languages: Vec<String>,
    /// Sets and categories by question.
    pub(super) topics: HashMap<i64, Topic>,
    /// In the order in which they were cast, weight 1.
    pub(super) votes: Vec<AttributedVote>,
    /// One a vote.
    pub(super) traits: Vec<Trait>,
    elo: Vec<f64>,
    /// Index of the first vote not taken in.
    pub(super) next_vote: i64,
}

impl Ledger {
    /// Takes over the pool as it is now; votes keep their models. Says whether indices have moved.
    pub(super) fn arrange(&mut self, mut models: Vec<Model>) -> bool {
        models.sort_by(|one, other| one.name.cmp(&other.name));
        let index: HashMap<ModelId, usize> =
            models.iter().enumerate().map(|(at, model)| (model.id, at)).collect();
        let has_moved = index != self.index;
        if has_moved {
            let moved: Vec<usize> = self
                .models
                .iter()
                .map(|model| index.get(&model.id).copied().unwrap_or(usize::MAX))
                .collect();
            for vote in &mut self.votes {
                vote.vote.left = moved[vote.vote.left];
                vote.vote.right = moved[vote.vote.right];
            }
            let mut elo = vec![arena_core::ranking::MEAN_RATING; models.len()];
            for (from, &to) in moved.iter().enumerate() {
                elo[to] = self.elo[from];
            }
            self.elo = elo;
            self.index = index;
        }
        self.models = models;
        has_moved
    }

    /// Whether both models of a vote are known here; if not, [`Ledger::arrange`] must come first.
    pub(super) fn knows(&self, vote: &queries::Vote) -> bool {
        self.index.contains_key(&vote.models.left) && self.index.contains_key(&vote.models.right)
    }

    /// Takes in the next vote and returns it as the statistics see it.
    pub(super) fn take(&mut self, vote: &queries::Vote) -> Result<Vote, BoardError> {
        let place = |model| self.index.get(&model).copied().ok_or(BoardError::UnknownModel(model));
        let (left, right) = (place(vote.models.left)?, place(vote.models.right)?);
        let taken = Vote { left, right, outcome: vote.verdict.outcome() };
        let mut elo = Elo::resume(std::mem::take(&mut self.elo))?;
        let updated = elo.update(left, right, taken.outcome);
        self.elo = elo.ratings().to_vec();
        updated?;
        let (voters, prompts) = (self.voters.len(), self.prompts.len());
        let voter = *self.voters.entry(vote.voter).or_insert(voters);
        let prompt = vote.question.map(|id| *self.prompts.entry(id).or_insert(prompts));
        let language = vote.language.as_deref().map(|code| self.language_index(code));
        self.votes.push(AttributedVote { vote: taken, voter: Some(voter), prompt, weight: 1.0 });
        self.traits.push(Trait {
            language,
            question: vote.question,
            cast_at: vote.cast_at,
            p_draw: vote.p_draw,
            style: vote.style,
        });
        self.next_vote = vote.index + 1;
        Ok(taken)
    }

    fn language_index(&mut self, code: &str) -> u16 {
        let at = self.languages.iter().position(|known| known == code).unwrap_or_else(|| {
            self.languages.push(code.to_owned());
            self.languages.len() - 1
        });
        u16::try_from(at).unwrap_or(u16::MAX)
    }

    /// The code of a vote's language.
    pub(super) fn language(&self, of: &Trait) -> Option<&str> {
        self.languages.get(usize::from(of.language?)).map(String::as_str)
    }

    /// Where a vote's question belongs; none for a voter's own.
    pub(super) fn topic(&self, of: &Trait) -> Option<&Topic> {
        self.topics.get(&of.question?)
    }

    /// Online Elo of all votes so far, by model.
    pub(super) fn elo(&self) -> HashMap<ModelId, f64> {
        self.models.iter().zip(&self.elo).map(|(model, rating)| (model.id, *rating)).collect()
    }

    /// When the first and the last vote was cast.
    pub(super) fn period(&self) -> Option<(OffsetDateTime, OffsetDateTime)> {
        Some((self.traits.first()?.cast_at, self.traits.last()?.cast_at))
    }
}
