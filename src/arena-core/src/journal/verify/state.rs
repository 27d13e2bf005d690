//! What is known of the log so far: where leaves of which kind stand, battles that are open or not yet redrawn.

use std::collections::HashSet;

use super::super::leaf::{Leaf, ModelState};
use super::super::merkle::Hash;
use super::super::scan::{Found, Id, Opening};
use super::report::{Check, Problems};

/// No day, no policy.
pub(super) const NONE: u32 = u32::MAX;
/// Kinds of leaves, in the order of their counters.
pub(super) const KINDS: [&str; 12] = [
    "genesis",
    "policy",
    "model",
    "epoch",
    "assign",
    "vote",
    "void",
    "exclude",
    "include",
    "redact",
    "epoch_reveal",
    "snapshot",
];

fn kind(found: &Found<'_>) -> usize {
    match found {
        Found::Assign(_) | Found::Other(Leaf::Assign(_)) => 4,
        Found::Vote(_) | Found::Other(Leaf::Vote(_)) => 5,
        Found::Void(_) | Found::Other(Leaf::Void(_)) => 6,
        Found::Other(Leaf::Genesis(_)) => 0,
        Found::Other(Leaf::Policy(_)) => 1,
        Found::Other(Leaf::Model(_)) => 2,
        Found::Other(Leaf::Epoch(_)) => 3,
        Found::Other(Leaf::Exclude(_)) => 7,
        Found::Other(Leaf::Include(_)) => 8,
        Found::Other(Leaf::Redact(_)) => 9,
        Found::Other(Leaf::EpochReveal(_)) => 10,
        Found::Other(Leaf::Snapshot(_)) => 11,
    }
}

/// What stands at an index, as far as others may point to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Other,
    Vote,
    /// Place of the battle; it may have been given to another since.
    Assign(u32),
}

/// What was opened, kept until the day's key is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opened {
    pub(super) models: [Id; 2],
    pub(super) seeds: [u32; 2],
    pub(super) stored: [bool; 2],
    pub(super) nonce: Option<Id>,
    /// Number of the list of models that could not be drawn.
    pub(super) out: u32,
}

/// A battle that is open, or whose day is not revealed.
#[derive(Clone, Debug)]
pub(super) struct Battle {
    /// Index of its assign leaf.
    pub(super) leaf: u64,
    pub(super) id: Id,
    /// Number of the draw.
    pub(super) number: u64,
    /// Place of the policy in force.
    pub(super) policy: u32,
    pub(super) commitment: Hash,
    pub(super) time: u64,
    pub(super) opened: Option<Opened>,
}

/// What a leaf says of a model, in force from there on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Version {
    pub(super) leaf: u64,
    pub(super) file: Option<Hash>,
    pub(super) sampling: Hash,
    pub(super) state: ModelState,
}

/// A voter for a month.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pseudonym {
    pub(super) first: u64,
    pub(super) tier: crate::tier::Tier,
    pub(super) is_mixed: bool,
}

#[derive(Default)]
pub(super) struct State {
    slots: Vec<Slot>,
    battles: Vec<Option<Battle>>,
    free: Vec<u32>,
    ids: HashSet<Id>,
    pub(super) last_time: u64,
    pub(super) counts: [u64; KINDS.len()],
    /// Indices of votes that are excluded.
    pub(super) excluded: HashSet<u64>,
    /// What was said of models, by their numbers.
    pub(super) versions: Vec<Vec<Version>>,
    pub(super) pseudonyms: Vec<Pseudonym>,
}

impl State {
    /// Passes over a leaf that cannot be read.
    pub(super) fn pass(&mut self) {
        self.slots.push(Slot::Other);
    }

    /// Takes note of kind and time of a leaf.
    pub(super) fn tick(&mut self, index: u64, found: &Found<'_>, problems: &mut Problems) {
        let kind = kind(found);
        self.counts[kind] += 1;
        self.slots.push(if kind == 5 { Slot::Vote } else { Slot::Other });
        if (kind == 0) != (index == 0) {
            problems.add(Check::Grammar, Some(index), || {
                "leaf 0 is genesis, and no other is".to_owned()
            });
        }
        let time = found.time();
        if time < self.last_time {
            problems.add(Check::Grammar, Some(index), || {
                format!("its time {time} is before {}", self.last_time)
            });
        }
        self.last_time = self.last_time.max(time);
    }

    /// What stands at an index.
    pub(super) fn slot(&self, index: u64) -> Option<Slot> {
        self.slots.get(usize::try_from(index).ok()?).copied()
    }

    /// Notes a new battle. **Output** its place; none if there is no room for more.
    pub(super) fn begin(&mut self, battle: Battle) -> Option<u32> {
        let place = match self.free.pop() {
            Some(place) => place,
            None => {
                self.battles.push(None);
                u32::try_from(self.battles.len() - 1).ok()?
            }
        };
        let slot = self.slots.get_mut(usize::try_from(battle.leaf).ok()?)?;
        *slot = Slot::Assign(place);
        self.battles[place as usize] = Some(battle);
        Some(place)
    }

    /// Whether no battle had this id before.
    pub(super) fn is_new(&mut self, id: Id) -> bool {
        self.ids.insert(id)
    }

    pub(super) fn battle_mut(&mut self, place: u32) -> Option<&mut Battle> {
        self.battles.get_mut(place as usize)?.as_mut()
    }

    pub(super) fn battle(&self, place: u32) -> Option<&Battle> {
        self.battles.get(place as usize)?.as_ref()
    }

    /// Forgets a battle of a day that is revealed.
    pub(super) fn forget(&mut self, place: u32) -> Option<Battle> {
        let battle = self.battles.get_mut(place as usize)?.take()?;
        self.free.push(place);
        Some(battle)
    }

    /// Battles that have neither vote nor end.
    pub(super) fn open(&self) -> impl Iterator<Item = &Battle> {
        self.battles.iter().flatten().filter(|battle| battle.opened.is_none())
    }

    /// The open battle that a vote or void points to.
    pub(super) fn pointed_to(&self, opening: &Opening<'_>) -> Result<u32, String> {
        let Some(Slot::Assign(place)) = self.slot(opening.assign) else {
            return Err(format!("leaf {} before it is no assign leaf", opening.assign));
        };
        let battle = self.battle(place).filter(|battle| battle.leaf == opening.assign);
        match battle {
            Some(battle) if battle.opened.is_none() => {
                let same = battle.id == opening.battle;
                let other = || format!("leaf {} is of another battle", opening.assign);
                same.then_some(place).ok_or_else(other)
            }
            _ => Err(format!("the battle of leaf {} has ended before", opening.assign)),
        }
    }

    /// What was in force for a model at an index.
    pub(super) fn version(&self, model: u32, index: u64) -> Option<&Version> {
        let versions = self.versions.get(model as usize)?;
        versions[..versions.partition_point(|version| version.leaf < index)].last()
    }
}
