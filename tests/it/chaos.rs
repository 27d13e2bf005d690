//! The short form of `make chaos`: a few kills of everything under load, and all invariants after them.
#![cfg(test)]

#[expect(dead_code, reason = "the short form runs one drill of six")]
#[path = "../chaos/drill/mod.rs"]
mod drill;

use drill::{Options, phases};

/// Repeats the choices of one run, not their moments.
const SEED: u64 = 20_261_130;
/// Few, as each may cost a recovery of the database.
const KILLS: usize = 6;

#[tokio::test]
async fn no_acknowledged_vote_is_lost_and_the_record_is_whole_after_kills_at_random() {
    let outcomes = phases::kills::run(Options { seed: SEED, kills: KILLS }).await.unwrap();

    for outcome in outcomes {
        eprintln!("seed {SEED}: {} in {:?}: {:?}", outcome.faults, outcome.took, outcome.counts);
        assert!(outcome.counts.votes > 0, "nothing was at stake");
        assert_eq!(outcome.findings.broken(), Vec::<String>::new());
    }
}
