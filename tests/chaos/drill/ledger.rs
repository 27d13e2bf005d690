//! What all voters together remember: what was opened, tried and acknowledged, and every checkpoint they saw.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use arena_core::ids::BattleId;
use arena_core::journal::note::Verifier;
use arena_core::verdict::Verdict;

use super::replies::{Kept, Reply};

/// Most things of one kind that are told in full.
const TOLD: usize = 8;

/// How many of what, for the table.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Battles whose opening was acknowledged.
    pub(crate) battles: usize,
    /// Votes that were acknowledged, each once.
    pub(crate) votes: usize,
    /// Replies to votes that refused them.
    pub(crate) refused: usize,
    /// Votes that were sent and got no reply.
    pub(crate) silent: usize,
    /// Openings that were refused or got no reply.
    pub(crate) unopened: usize,
}

impl std::ops::Sub for Counts {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            battles: self.battles - before.battles,
            votes: self.votes - before.votes,
            refused: self.refused - before.refused,
            silent: self.silent - before.silent,
            unopened: self.unopened - before.unopened,
        }
    }
}

/// One acknowledged vote.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledged {
    /// What the voter sent.
    pub(crate) verdict: Verdict,
    pub(crate) kept: Kept,
}

/// Everything that is remembered.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) counts: Counts,
    pub(crate) opened: HashSet<BattleId>,
    pub(crate) tried: HashMap<BattleId, BTreeSet<&'static str>>,
    pub(crate) acknowledged: HashMap<BattleId, Acknowledged>,
    pub(crate) skipped: HashSet<BattleId>,
    pub(crate) checkpoints: BTreeSet<String>,
    pub(crate) verifier: Option<Verifier>,
    /// What voters themselves saw to be wrong, by the number of the invariant.
    pub(crate) wrongs: BTreeMap<usize, Vec<String>>,
    /// Why votes and battles were refused, and how often.
    pub(crate) reasons: BTreeMap<String, usize>,
}

/// The book, shared.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<Book>);

impl Ledger {
    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what must not be.
    pub(crate) fn wrong(&self, invariant: usize, what: String) {
        let mut book = self.book();
        let told = book.wrongs.entry(invariant).or_default();
        if told.len() < TOLD {
            told.push(what);
        }
    }

    /// A battle was opened, says the reply.
    pub(crate) fn opens(&self, battle: BattleId) {
        let mut book = self.book();
        book.counts.battles += 1;
        let twice = !book.opened.insert(battle);
        drop(book);
        if twice {
            self.wrong(6, format!("battle {battle} was opened twice"));
        }
    }

    /// A battle was not opened, or nobody knows.
    pub(crate) fn does_not_open(&self, why: Option<String>) {
        let mut book = self.book();
        book.counts.unopened += 1;
        if let Some(why) = why {
            *book.reasons.entry(format!("battle {why}")).or_default() += 1;
        }
    }

    /// A vote is about to be sent.
    pub(crate) fn tries(&self, battle: BattleId, verdict: Verdict) {
        self.book().tried.entry(battle).or_default().insert(verdict.as_str());
    }

    /// What came back.
    pub(crate) fn hears(&self, battle: BattleId, verdict: Verdict, reply: &Reply) {
        let mut book = self.book();
        let wrong = match reply {
            Reply::Acknowledged(kept) => book.keep(battle, verdict, kept),
            Reply::Bare(body) => {
                let start: String = body.chars().take(80).collect();
                Some((1, format!("a vote on {battle} was acknowledged without receipt: {start}")))
            }
            Reply::Conflict(why) | Reply::Refused(why) => {
                book.counts.refused += 1;
                *book.reasons.entry(format!("vote {why}")).or_default() += 1;
                None
            }
            Reply::Silence => {
                book.counts.silent += 1;
                None
            }
        };
        drop(book);
        if let Some((invariant, what)) = wrong {
            self.wrong(invariant, what);
        }
    }

    /// A battle was passed over, says the reply.
    pub(crate) fn skips(&self, battle: BattleId) {
        self.book().skipped.insert(battle);
    }
}

impl Book {
    /// Keeps a receipt; says what is wrong if there is another one of the same battle already.
    fn keep(&mut self, battle: BattleId, verdict: Verdict, kept: &Kept) -> Option<(usize, String)> {
        let Some(first) = self.acknowledged.get_mut(&battle) else {
            self.counts.votes += 1;
            self.acknowledged.insert(battle, Acknowledged { verdict, kept: kept.clone() });
            return None;
        };
        let leaves = (&first.kept.leaf, &kept.leaf);
        let same_leaf = !matches!(leaves, (Some(one), Some(other)) if one != other);
        if first.verdict != verdict || first.kept.index != kept.index || !same_leaf {
            let told =
                format!("battle {battle} has two receipts: {first:?} and {verdict:?} {kept:?}");
            return Some((6, told));
        }
        if first.kept.leaf.is_none() {
            first.kept.leaf.clone_from(&kept.leaf);
        }
        None
    }
}
