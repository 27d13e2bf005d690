//! Drills: a real arena under load, something that goes wrong at a random moment, and a look at what is left.
//!
//! `make chaos` runs all of them, `tests/it/chaos` a short one. Nothing here knows more of the arena than its
//! command line, its addresses, its tables and the pure core.

pub(crate) mod app;
pub(crate) mod arena;
pub(crate) mod invariants;
pub(crate) mod ledger;
pub(crate) mod phases;
pub(crate) mod place;
pub(crate) mod processes;
pub(crate) mod replies;
pub(crate) mod voter;

use std::time::Duration;

use invariants::Findings;
use ledger::Counts;

/// What a whole run is made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// All random choices follow from it; the moments at which they fall do not.
    pub(crate) seed: u64,
    /// Kills in the drill of kills.
    pub(crate) kills: usize,
}

/// One line of the table.
pub(crate) struct Outcome {
    pub(crate) phase: String,
    /// What went wrong, and how often.
    pub(crate) faults: String,
    pub(crate) counts: Counts,
    pub(crate) findings: Findings,
    pub(crate) took: Duration,
    /// What is worth knowing beside the figures.
    pub(crate) notes: Vec<String>,
}

/// Fewer acknowledged votes than these, and what went wrong did so beside nobody who votes.
const LEAST_VOTES: usize = 20;

impl Outcome {
    /// Whether this machine allowed the drill.
    pub(crate) fn was_run(&self) -> bool {
        !self.findings.marks.iter().all(|mark| matches!(mark, invariants::Mark::NotRun(_)))
    }

    /// Whether too few voted for the drill to show anything.
    pub(crate) fn is_idle(&self) -> bool {
        self.was_run() && self.counts.votes < LEAST_VOTES
    }

    /// A drill that this machine does not allow.
    pub(crate) fn not_run(phase: &str, why: &str) -> Self {
        Self {
            phase: phase.to_owned(),
            faults: "not run".to_owned(),
            counts: Counts::default(),
            findings: Findings::not_run(why),
            took: Duration::ZERO,
            notes: vec![format!("not run: {why}")],
        }
    }
}
