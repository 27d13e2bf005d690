//! What boards depend on, taken from the leaves in order and kept small: about 50 bytes a vote.

use std::collections::HashMap;
use std::hash::Hash as Key;

use super::super::leaf::{Choice, Flag, Leaf, ModelState, Policy, Ruling, Why};
use super::super::scan::{self, Found, Id, Vote};
use super::BoardError;
use crate::ids::ModelId;
use crate::tier::Tier;

/// No question of a set.
const NONE: u32 = u32::MAX;

/// Numbers for keys, in the order in which they were first seen.
#[derive(Clone, Debug)]
pub(super) struct Numbers<K>(HashMap<K, u32>);

impl<K: Key + Eq> Numbers<K> {
    fn new() -> Self {
        Self(HashMap::new())
    }

    fn of(&mut self, key: K) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(key).or_insert(next)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// One vote.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ballot {
    /// Index of its leaf.
    pub(super) at: u64,
    /// Numbers of the models, left and right.
    pub(super) models: [u32; 2],
    pub(super) voter: u32,
    question: u32,
    pub(super) choice: Choice,
    pub(super) tier: Tier,
    /// Place of its flags among those seen.
    flags: u8,
}

impl Ballot {
    pub(super) fn question(&self) -> Option<usize> {
        (self.question != NONE).then_some(self.question as usize)
    }
}

/// A decision on a vote.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decision {
    pub(super) at: u64,
    /// Place of the vote.
    pub(super) vote: usize,
    /// Number of the rule it is excluded by; none if it counts again.
    pub(super) rule: Option<u32>,
}

/// What a leaf says of a model.
#[derive(Clone, Debug)]
pub(super) struct Listing {
    pub(super) at: u64,
    pub(super) model: u32,
    pub(super) name: String,
    pub(super) lab: String,
    pub(super) state: ModelState,
}

/// Everything in the leaves so far that boards depend on.
#[derive(Clone, Debug)]
pub struct Ledger {
    size: u64,
    pub(super) origin: String,
    models: Numbers<Id>,
    pub(super) ids: Vec<ModelId>,
    pub(super) listings: Vec<Listing>,
    pub(super) ballots: Vec<Ballot>,
    pub(super) assigned: Vec<u64>,
    pub(super) voids: Vec<(u64, Why)>,
    pub(super) decisions: Vec<Decision>,
    rules: Numbers<String>,
    pub(super) policies: Vec<(u64, String)>,
    pub(super) voters: Numbers<Id>,
    questions: Numbers<String>,
    flags: Vec<Vec<Flag>>,
    room: Vec<u8>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            size: 0,
            origin: String::new(),
            models: Numbers::new(),
            ids: Vec::new(),
            listings: Vec::new(),
            ballots: Vec::new(),
            assigned: Vec::new(),
            voids: Vec::new(),
            decisions: Vec::new(),
            rules: Numbers::new(),
            policies: Vec::new(),
            voters: Numbers::new(),
            questions: Numbers::new(),
            flags: vec![Vec::new()],
            room: Vec::new(),
        }
    }
}

impl Ledger {
    /// Takes in the next leaf. **Errors** if the bytes are no leaf; the ledger is then unchanged.
    ///
    /// That references fit is not checked here; see `verify`.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), BoardError> {
        let mut room = std::mem::take(&mut self.room);
        let outcome = scan::scan(bytes, &mut room).map(|found| self.take_found(&found));
        self.room = room;
        outcome.map_err(|error| BoardError::Leaf(self.size, error))
    }

    /// Number of leaves taken in.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes in the next leaf, already read.
    pub(in super::super) fn take_found(&mut self, found: &Found<'_>) {
        let at = self.size;
        match found {
            Found::Assign(_) => self.assigned.push(at),
            Found::Vote(vote) => self.take_vote(vote),
            Found::Void(void) => self.voids.push((at, void.why)),
            Found::Other(leaf) => self.take_other(leaf),
        }
        self.size += 1;
    }

    /// Passes over a leaf that says nothing.
    pub(in super::super) fn pass(&mut self) {
        self.size += 1;
    }

    fn take_vote(&mut self, vote: &Vote<'_>) {
        let models = vote.opening.reveal.models.map(|id| self.model(id));
        let question = vote.question.map(|question| self.questions.of(question.to_owned()));
        let (voter, flags) = (self.voters.of(vote.voter), self.flag_set(&vote.flags));
        let question = question.unwrap_or(NONE);
        let Vote { choice, tier, .. } = *vote;
        self.ballots.push(Ballot { at: self.size, models, voter, question, choice, tier, flags });
    }

    fn take_other(&mut self, leaf: &Leaf) {
        let at = self.size;
        match leaf {
            Leaf::Genesis(genesis) if at == 0 => self.origin.clone_from(&genesis.origin),
            Leaf::Policy(Policy { sha256, .. }) => self.policies.push((at, sha256.clone())),
            Leaf::Model(model) => {
                let number = self.model(*model.id.0.as_bytes());
                let (name, lab) = (model.name.clone(), model.lab.clone());
                self.listings.push(Listing { at, model: number, name, lab, state: model.state });
            }
            Leaf::Exclude(ruling) => self.decide(ruling, true),
            Leaf::Include(ruling) => self.decide(ruling, false),
            _ => {}
        }
    }

    fn decide(&mut self, ruling: &Ruling, excluded: bool) {
        let Ok(vote) = self.ballots.binary_search_by_key(&ruling.i, |ballot| ballot.at) else {
            return;
        };
        let rule = excluded.then(|| self.rules.of(ruling.rule.clone()));
        self.decisions.push(Decision { at: self.size, vote, rule });
    }

    /// The number of a model.
    pub(in super::super) fn model(&mut self, id: Id) -> u32 {
        let number = self.models.of(id);
        if number as usize == self.ids.len() {
            self.ids.push(ModelId(uuid::Uuid::from_bytes(id)));
        }
        number
    }

    /// Votes that are not excluded and have a flag that leaves them out of boards by the usual rules.
    pub(in super::super) fn apart(&self) -> u64 {
        let mut excluded = HashMap::new();
        for decision in &self.decisions {
            excluded.insert(decision.vote, decision.rule.is_some());
        }
        let apart = self.ballots.iter().enumerate().filter(|(place, ballot)| {
            let apart = |flag| self.flags(ballot).contains(flag);
            let apart = [Flag::Leak, Flag::Repeat].iter().any(apart);
            apart && !excluded.get(place).unwrap_or(&false)
        });
        apart.count() as u64
    }

    /// The numbers of the models and of the voter of the last vote.
    pub(in super::super) fn last_vote(&self) -> Option<([u32; 2], u32)> {
        self.ballots.last().map(|ballot| (ballot.models, ballot.voter))
    }

    /// A set of flags, of which there are few.
    fn flag_set(&mut self, flags: &[Flag]) -> u8 {
        let known = self.flags.iter().position(|known| known == flags);
        let place = known.unwrap_or_else(|| {
            self.flags.push(flags.to_vec());
            self.flags.len() - 1
        });
        u8::try_from(place).unwrap_or(u8::MAX)
    }

    pub(super) fn flags(&self, ballot: &Ballot) -> &[Flag] {
        self.flags.get(usize::from(ballot.flags)).map_or(&[], Vec::as_slice)
    }

    /// The rules by number.
    pub(super) fn rules(&self) -> Vec<&str> {
        let mut rules = vec![""; self.rules.len()];
        for (rule, number) in &self.rules.0 {
            rules[*number as usize] = rule;
        }
        rules
    }
}
