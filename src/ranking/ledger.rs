//! All votes in memory, in order, with what slices, weights and checks need to know of them.
//!
//! The ledger grows at its end only and lies in segments that are shared, not copied: a [`Snapshot`]
//! of a million votes costs a hundred pointers, and whoever computes from one holds up nobody. About
//! 120 bytes a vote.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arena_core::ids::{ModelId, Sides, VoterId};
use arena_core::ranking::{AttributedVote, Elo, Outcome, RankingError, StyleCounts, Vote};
use arena_core::tier::Tier;
use time::OffsetDateTime;

use super::BoardError;
use crate::pool::Model;
use crate::vote::queries;

/// Votes of one segment.
const SEGMENT: usize = 8192;

/// Where a question of an evaluation set belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Topic {
    pub(super) set: String,
    pub(super) category: String,
}

/// Sets and categories by question.
pub(super) type Topics = HashMap<i64, Topic>;

/// One vote; models, voter, prompt and language by the order of their first appearance.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    models: Sides<usize>,
    outcome: Outcome,
    voter: usize,
    prompt: Option<usize>,
    language: Option<usize>,
    pub(super) question: Option<i64>,
    pub(super) cast_at: OffsetDateTime,
    pub(super) p_draw: f64,
    pub(super) style: Option<Sides<StyleCounts>>,
    pub(super) tier: Tier,
}

/// One vote as those who follow the votes need it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    pub(super) models: Sides<ModelId>,
    pub(super) outcome: Outcome,
    pub(super) voter: usize,
}

/// The votes of the site.
pub(super) struct Ledger {
    pool: Arc<Vec<Model>>,
    models: HashMap<ModelId, usize>,
    voters: HashMap<VoterId, usize>,
    cast: Vec<u64>,
    prompts: HashMap<i64, usize>,
    languages: Arc<Vec<String>>,
    pub(super) topics: Arc<Topics>,
    segments: Vec<Arc<Vec<Entry>>>,
    elo: Elo,
    /// Index of the first vote not taken in.
    pub(super) next_vote: i64,
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self {
            pool: Arc::default(),
            models: HashMap::new(),
            voters: HashMap::new(),
            cast: Vec::new(),
            prompts: HashMap::new(),
            languages: Arc::default(),
            topics: Arc::default(),
            segments: Vec::new(),
            elo: Elo::new(0),
            next_vote: 0,
        }
    }

    /// Takes over the pool as it is now; says whether it has changed.
    pub(super) fn replace_pool(&mut self, mut pool: Vec<Model>) -> bool {
        pool.sort_by(|one, other| one.name.cmp(&other.name));
        if *self.pool == pool {
            return false;
        }
        self.pool = Arc::new(pool);
        true
    }

    /// Takes in the next vote.
    pub(super) fn take(&mut self, vote: &queries::Vote) -> Result<Taken, RankingError> {
        let place = |elo: &mut Elo, known: &mut HashMap<ModelId, usize>, model| {
            *known.entry(model).or_insert_with(|| elo.add_model())
        };
        let left = place(&mut self.elo, &mut self.models, vote.models.left);
        let right = place(&mut self.elo, &mut self.models, vote.models.right);
        let outcome = vote.verdict.outcome();
        self.elo.update(left, right, outcome)?;
        let (voters, prompts) = (self.voters.len(), self.prompts.len());
        let voter = *self.voters.entry(vote.voter).or_insert(voters);
        self.cast.resize(self.voters.len(), 0);
        self.cast[voter] += 1;
        let prompt = vote.question.map(|id| *self.prompts.entry(id).or_insert(prompts));
        let language = vote.language.as_deref().map(|code| self.language(code));
        self.push(Entry {
            models: Sides { left, right },
            outcome,
            voter,
            prompt,
            language,
            question: vote.question,
            cast_at: vote.cast_at,
            p_draw: vote.p_draw,
            style: vote.style,
            tier: vote.tier,
        });
        self.next_vote = vote.index + 1;
        Ok(Taken { models: vote.models, outcome, voter })
    }

    fn push(&mut self, entry: Entry) {
        match self.segments.last_mut() {
            // Copied only if a snapshot shares it, so at most once for each snapshot.
            Some(last) if last.len() < SEGMENT => Arc::make_mut(last).push(entry),
            _ => {
                let mut segment = Vec::with_capacity(SEGMENT);
                segment.push(entry);
                self.segments.push(Arc::new(segment));
            }
        }
    }

    fn language(&mut self, code: &str) -> usize {
        if let Some(at) = self.languages.iter().position(|known| known == code) {
            return at;
        }
        Arc::make_mut(&mut self.languages).push(code.to_owned());
        self.languages.len() - 1
    }

    /// How many votes a voter has cast.
    pub(super) fn cast(&self, voter: usize) -> u64 {
        self.cast.get(voter).copied().unwrap_or(0)
    }

    /// Online Elo of all votes so far, by model; models without votes are left out.
    pub(super) fn elo(&self) -> HashMap<ModelId, f64> {
        let rating =
            |(model, &at): (&ModelId, &usize)| Some((*model, *self.elo.ratings().get(at)?));
        self.models.iter().filter_map(rating).collect()
    }

    /// The votes as they are now, with models in the order of their names: a restart gives the same.
    pub(super) fn snapshot(&self) -> Result<Snapshot, BoardError> {
        let index: HashMap<ModelId, usize> =
            self.pool.iter().enumerate().map(|(at, model)| (model.id, at)).collect();
        let mut places = vec![0; self.models.len()];
        for (model, &at) in &self.models {
            places[at] = *index.get(model).ok_or(BoardError::UnknownModel(*model))?;
        }
        Ok(Snapshot {
            models: Arc::clone(&self.pool),
            index: Arc::new(index),
            places: Arc::new(places),
            languages: Arc::clone(&self.languages),
            topics: Arc::clone(&self.topics),
            segments: self.segments.clone(),
        })
    }
}

/// The votes up to some moment, and the models they are on.
#[derive(Clone, Default)]
pub(super) struct Snapshot {
    /// In the order of their names; the index of a model in all that is computed from it.
    pub(super) models: Arc<Vec<Model>>,
    index: Arc<HashMap<ModelId, usize>>,
    places: Arc<Vec<usize>>,
    languages: Arc<Vec<String>>,
    topics: Arc<Topics>,
    segments: Vec<Arc<Vec<Entry>>>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot({} votes)", self.len())
    }
}

impl Snapshot {
    /// No votes on the same models.
    pub(super) fn without_votes(&self) -> Self {
        Self { segments: Vec::new(), ..self.clone() }
    }

    /// How many votes there are.
    pub(super) fn len(&self) -> usize {
        self.segments.iter().map(|segment| segment.len()).sum()
    }

    /// All votes in the order in which they were cast.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.segments.iter().flat_map(|segment| segment.iter())
    }

    /// The vote of an entry, weight 1.
    pub(super) fn vote(&self, entry: &Entry) -> AttributedVote {
        let Sides { left, right } = entry.models;
        let (left, right) = (self.places[left], self.places[right]);
        AttributedVote {
            vote: Vote { left, right, outcome: entry.outcome },
            voter: Some(entry.voter),
            prompt: entry.prompt,
            weight: 1.0,
        }
    }

    /// All votes, weight 1.
    pub(super) fn votes(&self) -> Vec<AttributedVote> {
        self.entries().map(|entry| self.vote(entry)).collect()
    }

    /// The models of an entry.
    pub(super) fn sides(&self, entry: &Entry) -> Sides<&Model> {
        let model = |at: usize| &self.models[self.places[at]];
        Sides { left: model(entry.models.left), right: model(entry.models.right) }
    }

    /// The index of a model; none if it joined later.
    pub(super) fn index(&self, model: ModelId) -> Option<usize> {
        self.index.get(&model).copied()
    }

    /// The code of a vote's language.
    pub(super) fn language(&self, of: &Entry) -> Option<&str> {
        self.languages.get(of.language?).map(String::as_str)
    }

    /// Where a vote's question belongs; none for a voter's own.
    pub(super) fn topic(&self, of: &Entry) -> Option<&Topic> {
        self.topics.get(&of.question?)
    }

    /// When the first and the last vote was cast.
    pub(super) fn period(&self) -> Option<(OffsetDateTime, OffsetDateTime)> {
        let first = self.segments.first()?.first()?;
        let last = self.segments.last()?.last()?;
        Some((first.cast_at, last.cast_at))
    }

    /// Whether the models are those of another snapshot, in the same order.
    pub(super) fn is_on_models_of(&self, other: &Snapshot) -> bool {
        Arc::ptr_eq(&self.models, &other.models) || self.models == other.models
    }
}
