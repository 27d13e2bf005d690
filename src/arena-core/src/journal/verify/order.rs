//! Check 13, references: what a leaf points to is there, before it, and of the right kind.

use super::super::leaf::{Leaf, Model, Part, Redact, Ruling};
use super::super::scan::Assign;
use super::Verification;
use super::report::Check;
use super::state::{Battle, NONE, Slot, Version};
use crate::journal::parse_hex;

impl Verification<'_> {
    fn bad_reference(&mut self, index: u64, what: &str) {
        self.problems.add(Check::Grammar, Some(index), || what.to_owned());
    }

    pub(super) fn assign(&mut self, index: u64, assign: &Assign<'_>) {
        if !self.state.is_new(assign.battle) {
            self.bad_reference(index, "its battle has an assign leaf already");
        }
        let day = match self.epochs.day(assign.epoch) {
            Some((day, false)) => day,
            Some((_, true)) => {
                self.bad_reference(index, "the key of its day is known already");
                NONE
            }
            None => {
                self.bad_reference(index, "its day has no epoch leaf before it");
                NONE
            }
        };
        let policy = self.epochs.policy_in_force();
        if policy == NONE {
            self.bad_reference(index, "no policy is in force");
        }
        let place = self.state.begin(Battle {
            leaf: index,
            id: assign.battle,
            number: assign.number,
            policy,
            commitment: assign.commitment,
            time: assign.time,
            opened: None,
        });
        match place {
            Some(place) => {
                self.epochs.assigned(day, place, index, assign.number, &mut self.problems)
            }
            None => self.bad_reference(index, "this program cannot hold so many battles"),
        }
    }

    pub(super) fn other(&mut self, index: u64, leaf: &Leaf) {
        match leaf {
            Leaf::Genesis(genesis) if index == 0 => self.heads.genesis(genesis, &mut self.problems),
            Leaf::Genesis(_) | Leaf::Assign(_) | Leaf::Vote(_) | Leaf::Void(_) => {}
            Leaf::Policy(policy) => self.policy(index, policy),
            Leaf::Model(model) => self.model(index, model),
            Leaf::Epoch(epoch) => self.epoch(index, epoch),
            Leaf::Exclude(ruling) => self.exclude(index, ruling),
            Leaf::Include(ruling) => {
                if !self.state.excluded.remove(&ruling.i) {
                    self.bad_reference(index, "what it includes is not excluded");
                }
            }
            Leaf::Redact(redact) => self.redact(index, redact),
            Leaf::EpochReveal(reveal) => self.epoch_reveal(index, reveal),
            Leaf::Snapshot(snapshot) => self.snapshot(index, snapshot),
        }
    }

    fn exclude(&mut self, index: u64, ruling: &Ruling) {
        if self.state.slot(ruling.i) != Some(Slot::Vote) || ruling.i >= index {
            self.bad_reference(index, "what it excludes is no vote before it");
        } else if !self.state.excluded.insert(ruling.i) {
            self.bad_reference(index, "what it excludes is excluded already");
        }
    }

    fn redact(&mut self, index: u64, redact: &Redact) {
        if !matches!(self.state.slot(redact.i), Some(Slot::Assign(_))) {
            self.bad_reference(index, "what it points to is no assign leaf before it");
        }
        for part in &redact.what {
            let parts: &[char] = match part {
                Part::P => &['q', 'p'],
                Part::L => &['l'],
                Part::R => &['r'],
            };
            self.texts.erased(index, redact.i, parts, &mut self.problems);
        }
    }

    fn model(&mut self, index: u64, model: &Model) {
        let number = self.ledger.model(*model.id.0.as_bytes()) as usize;
        // The leaf was read, so that these are digests; an endpoint has no file.
        let Some(sampling) = parse_hex(&model.samp) else { return };
        let version =
            Version { leaf: index, file: parse_hex(&model.gguf), sampling, state: model.state };
        if self.state.versions.len() <= number {
            self.state.versions.resize(number + 1, Vec::new());
        }
        let versions = &mut self.state.versions[number];
        let other = versions.first().is_some_and(|first| first.file != version.file);
        versions.push(version);
        if other {
            self.bad_reference(index, "its model had another file before");
        }
    }
}
