//! Check 14: what votes and voids open.

use super::super::commitment::{Domain, commit};
use super::super::leaf::ModelState;
use super::super::scan::{Opening, Reveal, Void, Vote};
use super::Verification;
use super::report::Check;
use super::state::{Opened, Pseudonym};

/// A battle is closed within this time.
const OPEN_SECONDS: u64 = 25 * 3600;
/// A pseudonym is for a month.
const PSEUDONYM_SECONDS: u64 = 32 * 86_400;

impl Verification<'_> {
    pub(super) fn vote(&mut self, index: u64, vote: &Vote<'_>) {
        let Some((models, voter)) = self.ledger.last_vote() else { return };
        self.opening(index, &vote.opening, models);
        self.pseudonym(index, voter, vote);
        self.texts.first_question(&vote.opening, &mut self.problems);
        self.texts.vote(vote, &mut self.problems);
    }

    pub(super) fn void(&mut self, index: u64, void: &Void<'_>) {
        let models = void.opening.reveal.models.map(|id| self.ledger.model(id));
        self.opening(index, &void.opening, models);
        self.texts.first_question(&void.opening, &mut self.problems);
    }

    fn opening(&mut self, index: u64, opening: &Opening<'_>, models: [u32; 2]) {
        let place = match self.state.pointed_to(opening) {
            Ok(place) => place,
            Err(what) => return self.problems.add(Check::Grammar, Some(index), || what),
        };
        let reveal = &opening.reveal;
        let opened = Opened {
            models: reveal.models,
            seeds: reveal.seeds,
            stored: reveal.stored,
            nonce: reveal.nonce,
            out: self.epochs.out(reveal.out),
        };
        let Some(battle) = self.state.battle_mut(place) else { return };
        battle.opened = Some(opened);
        if commit(Domain::Assign, &opening.key, reveal.text) != battle.commitment {
            self.problems.add(Check::Openings, Some(index), || {
                "it does not open the commitment of its battle".to_owned()
            });
        }
        if reveal.battle != opening.battle {
            self.problems.add(Check::Openings, Some(index), || {
                "what it opens is of another battle".to_owned()
            });
        }
        if !reveal.out.is_empty() && reveal.out().iter().any(|out| reveal.models.contains(out)) {
            self.problems.add(Check::Openings, Some(index), || {
                "one of its models could not be drawn".to_owned()
            });
        }
        self.listed(index, opening.assign, reveal, models);
    }

    /// Compares both models with what was in force at the assign leaf.
    fn listed(&mut self, index: u64, assign: u64, reveal: &Reveal<'_>, models: [u32; 2]) {
        for (model, file) in models.into_iter().zip(reveal.files) {
            let what = match self.state.version(model, assign) {
                None => "has no leaf before the battle",
                Some(version) if version.state != ModelState::Public => {
                    "was not public at the battle"
                }
                Some(version) if version.file != file => "had another file at the battle",
                Some(version) if version.sampling != reveal.sampling => {
                    "had other sampling settings at the battle"
                }
                Some(_) => continue,
            };
            self.problems.add(Check::Openings, Some(index), || format!("one of its models {what}"));
        }
    }

    fn pseudonym(&mut self, index: u64, voter: u32, vote: &Vote<'_>) {
        let Some(pseudonym) = self.state.pseudonyms.get_mut(voter as usize) else {
            let (first, tier) = (vote.time, vote.tier);
            self.state.pseudonyms.push(Pseudonym { first, tier, is_mixed: false });
            return;
        };
        pseudonym.is_mixed |= pseudonym.tier != vote.tier;
        let first = pseudonym.first.min(vote.time);
        pseudonym.first = first;
        if vote.time - first > PSEUDONYM_SECONDS {
            self.problems.add(Check::Openings, Some(index), || {
                "its pseudonym is in use for more than a month".to_owned()
            });
        }
    }

    pub(super) fn finish_openings(&mut self) {
        let last = self.state.last_time;
        for battle in self.state.open() {
            if last.saturating_sub(battle.time) >= OPEN_SECONDS {
                self.problems.add(Check::Openings, Some(battle.leaf), || {
                    "its battle has had neither vote nor end for 25 hours".to_owned()
                });
            }
        }
    }
}
