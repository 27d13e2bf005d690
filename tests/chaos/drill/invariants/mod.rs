//! The invariants of the record, I1 to I10, checked in SQL and from outside after whatever went wrong.

mod leaves;
mod openings;
mod outside;
mod rows;
mod sums;
mod waiting;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};

use super::arena::Arena;
use leaves::Log;
use rows::Rows;

/// How many there are.
pub(crate) const INVARIANTS: usize = 10;
/// What they say, in the order of their numbers.
pub(crate) const SENTENCES: [&str; INVARIANTS] = [
    "no acknowledged vote is lost",
    "votes and vote leaves are one to one",
    "indices have no gap",
    "the stored tree is the recomputed one",
    "every checkpoint is the signed head of a prefix",
    "a battle has at most one vote",
    "every reveal opens its commitment and is what was drawn",
    "assigned = counted + excluded + void + open",
    "snapshots recompute",
    "no battle is stuck",
];
/// Most things of one kind that are told in full.
const TOLD: usize = 8;

/// How one invariant fared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Holds,
    Broken(Vec<String>),
    NotRun(String),
}

/// How all of them fared.
#[derive(Clone, Debug)]
pub(crate) struct Findings {
    pub(crate) marks: [Mark; INVARIANTS],
    /// What was looked at.
    pub(crate) extent: String,
}

impl Findings {
    pub(crate) fn not_run(why: &str) -> Self {
        let marks = std::array::from_fn(|_| Mark::NotRun(why.to_owned()));
        Self { marks, extent: String::new() }
    }

    /// Whether none is broken.
    pub(crate) fn hold(&self) -> bool {
        !self.marks.iter().any(|mark| matches!(mark, Mark::Broken(_)))
    }

    /// All that is broken, a line each.
    pub(crate) fn broken(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (number, mark) in (1..).zip(&self.marks) {
            if let Mark::Broken(told) = mark {
                lines.extend(told.iter().map(|what| format!("I{number} {what}")));
            }
        }
        lines
    }
}

/// What was found to be wrong, by invariant.
#[derive(Default)]
struct Wrongs(BTreeMap<usize, Vec<String>>);

impl Wrongs {
    fn add(&mut self, invariant: usize, what: impl Into<String>) {
        let told = self.0.entry(invariant).or_default();
        if told.len() < TOLD {
            told.push(what.into());
        }
    }

    /// Adds it unless it is so.
    fn unless(&mut self, so: bool, invariant: usize, what: impl FnOnce() -> String) {
        if !so {
            self.add(invariant, what());
        }
    }

    fn into_marks(mut self) -> [Mark; INVARIANTS] {
        std::array::from_fn(|at| self.0.remove(&(at + 1)).map_or(Mark::Holds, Mark::Broken))
    }
}

/// Checks all of them. The arena has to serve, and nobody plays any more.
pub(crate) async fn check(arena: &Arena) -> Result<Findings> {
    let mut wrongs = Wrongs::default();
    let url = arena.url().await?;
    waiting::until_none_is_stuck(&url, &mut wrongs).await?;
    let rows = Rows::read(&url).await?;
    let verifier = arena.ledger.book().verifier.clone().context("the key of the log")?;
    let log = Log::of(&rows, &mut wrongs);
    leaves::tree(&rows, &log, &mut wrongs);
    leaves::checkpoints(&rows, &log, (arena, &verifier), &mut wrongs)?;
    openings::check(&rows, &log, &mut wrongs);
    sums::votes(&rows, &log, &arena.ledger.book(), &mut wrongs);
    sums::sums(&rows, &log, &arena.ledger.book(), &mut wrongs);
    let receipts = outside::receipts(arena, (&rows, &log), &verifier, &mut wrongs).await?;
    let verified = outside::verify(arena).await?;
    for (invariant, told) in std::mem::take(&mut arena.ledger.book().wrongs) {
        told.into_iter().for_each(|what| wrongs.add(invariant, what));
    }
    for app in &arena.apps {
        app.panics().into_iter().for_each(|line| wrongs.add(10, line));
    }
    let extent = format!(
        "{} leaves, {} votes, {receipts} receipts, {} checkpoints",
        log.leaves.len(),
        rows.votes.len(),
        rows.checkpoints.len() + arena.ledger.book().checkpoints.len()
    );
    let mut marks = wrongs.into_marks();
    if marks[8] == Mark::Holds {
        marks[8] = verified;
    }
    Ok(Findings { marks, extent })
}
