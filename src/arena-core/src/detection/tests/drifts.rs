//! Cumulated residuals over time: false alarms, and a burst of accounts that nothing else has in common.

use super::*;
use crate::detection::{DriftTest, Drifts, drifts};
use crate::ranking::{Coding, RankingError};

fn tested(votes: &[AttributedVote], seed: u64) -> Drifts {
    let test = DriftTest { draws: 99, ..DriftTest::new(seed) };
    drifts(votes, &members(), Coding::default(), &test).unwrap()
}

/// Votes of honest voters, shuffled as people come and go.
fn mixed(voters: usize, each: usize, rng: &mut impl Rng) -> Vec<AttributedVote> {
    let mut votes = honest(0..voters, each, rng);
    for at in (1..votes.len()).rev() {
        votes.swap(at, (rng.next_u64() % (at as u64 + 1)) as usize);
    }
    votes
}

#[test]
fn honest_records_have_a_drift_as_often_as_stated() {
    let records = 30;

    let alarms = (0..records).filter(|&seed| {
        let mut rng = rng(200 + seed);
        // One half mixed, the other voter by voter: tastes come in runs.
        let mut votes = mixed(75, 20, &mut rng);
        votes.extend(honest(75..150, 20, &mut rng));
        tested(&votes, seed).drifts.iter().any(|drift| drift.flagged)
    });

    let alarms = alarms.count();
    println!("{alarms} of {records} records with an alarm at 5 %");
    assert!(alarms <= 4, "{alarms}");
}

#[test]
fn a_burst_of_votes_for_one_model_is_found_with_its_time() {
    let mut rng = rng(300);
    let mut votes = mixed(400, 20, &mut rng);
    let burst = cheating(400..420, 20, &mut rng, masquerade);
    // 400 votes among as many honest ones.
    for (at, vote) in burst.into_iter().enumerate() {
        votes.insert(4_000 + 2 * at, vote);
    }

    let found = tested(&votes, 1);

    let first = found.drifts[0];
    println!("{first:?}, threshold {}", found.threshold);
    assert!(
        first.flagged && first.upwards && first.model == TARGET && first.peak > found.threshold
    );
    assert!(first.first >= 3_700 && first.last <= 5_100, "{first:?}");
    assert!(first.observed > first.expected + 20.0);
    assert_eq!(found, tested(&votes, 1));
}

#[test]
fn a_lasting_preference_is_a_strength_and_no_drift() {
    let mut rng = rng(400);
    let mut votes = mixed(200, 20, &mut rng);
    let steady = cheating(200..220, 20, &mut rng, masquerade);
    for (at, vote) in steady.into_iter().enumerate() {
        votes.insert(11 * at, vote);
    }

    let found = tested(&votes, 2);

    assert!(found.drifts.iter().all(|drift| !drift.flagged), "{:?}", found.drifts[0]);
}

#[test]
fn too_few_draws_or_blocks_are_refused() {
    let votes = honest(0..30, 20, &mut rng(500));
    let with = |test: DriftTest| drifts(&votes, &members(), Coding::default(), &test);

    let few = with(DriftTest { draws: 18, ..DriftTest::new(1) });
    let one = with(DriftTest { blocks: 1, ..DriftTest::new(1) });

    assert_eq!(few, Err(RankingError::TooFewDraws { given: 18, needed: 19 }));
    assert_eq!(one, Err(RankingError::TooFewDraws { given: 1, needed: 2 }));
}
