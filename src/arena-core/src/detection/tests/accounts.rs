//! One account at a time: false alarms of honest voters, and power against two ways to cheat.

use std::collections::HashSet;

use super::*;
use crate::detection::{Account, AccountTest, accounts, flag_accounts};
use crate::ranking::{Coding, RankingError};

const HONEST: usize = 400;
const LEVEL: f64 = 0.01;

fn tested(votes: &[AttributedVote], established: Option<&HashSet<usize>>) -> Vec<Account> {
    let test = AccountTest { draws: 1_999, ..AccountTest::new(5) };
    accounts(votes, &members(), Coding::default(), established, &test).unwrap()
}

fn below(accounts: &[Account]) -> usize {
    accounts.iter().filter(|account| account.p_account <= LEVEL).count()
}

#[test]
fn honest_voters_with_tastes_are_flagged_no_more_often_than_the_level_says() {
    for (seed, each) in [(11, 10), (12, 20), (13, 60)] {
        let votes = honest(0..HONEST, each, &mut rng(seed));

        let found = tested(&votes, None);

        let (alarms, expected) = (below(&found), LEVEL * HONEST as f64);
        let small = found.iter().filter(|account| account.p_account <= 0.2).count();
        println!(
            "{each} votes: {alarms} of {HONEST} below {LEVEL}, {small} below 0.2, seed {seed}"
        );
        assert_eq!(found.len(), HONEST);
        // Two standard deviations more than the level.
        assert!(alarms as f64 <= expected + 2.0 * expected.sqrt(), "{alarms}, seed {seed}");
        assert!(small as f64 <= 0.2 * HONEST as f64 * 1.2, "{small}, seed {seed}");
        assert_eq!(flag_accounts(&found, 0.05), Ok(vec![]), "seed {seed}");
    }
}

/// The part of cheating accounts of so many votes that a level of 1 % finds.
fn power(
    each: usize,
    seed: u64,
    cheat: impl Fn(usize, usize, Outcome, u64) -> Outcome,
) -> (f64, Vec<Account>) {
    const CHEATS: usize = 50;
    let mut rng = rng(seed);
    let mut votes = honest(0..HONEST, 50, &mut rng);
    votes.extend(cheating(HONEST..HONEST + CHEATS, each, &mut rng, cheat));
    let established: HashSet<usize> = (0..HONEST).collect();

    let mut found = tested(&votes, Some(&established));

    found.retain(|account| account.voter >= HONEST);
    (below(&found) as f64 / CHEATS as f64, found)
}

#[test]
fn accounts_that_always_serve_one_model_are_found_by_their_votes() {
    let target: Vec<f64> =
        [20, 50, 100, 200].map(|each| power(each, each as u64, masquerade).0).to_vec();
    let all: Vec<f64> = [10, 20].map(|each| power(each, each as u64, omnipresent).0).to_vec();

    // THREATS 4.3: target 6, 44, 96, 100 %; omnipresent 40, 100 %.
    println!("target {target:?}, omnipresent {all:?}");
    assert!(target[2] >= 0.85 && target[3] >= 0.98, "{target:?}");
    assert!(all[1] >= 0.9, "{all:?}");
}

#[test]
fn the_evidence_names_the_model_and_what_was_expected() {
    let (_, found) = power(200, 21, masquerade);

    for account in &found {
        assert_eq!(account.model, TARGET);
        assert_eq!(account.observed, account.model_votes as f64);
        let chance = account.expected / account.model_votes as f64;
        assert!((0.3..0.6).contains(&chance), "{account:?}");
        assert!(account.z > 4.0 && account.votes == 200, "{account:?}");
    }
    let flagged = flag_accounts(&found, 0.05).unwrap();
    assert_eq!(flagged.len(), found.len());
}

#[test]
fn the_same_seed_gives_the_same_evidence_and_an_account_does_not_depend_on_others() {
    let mut rng = rng(31);
    let mut votes = honest(0..60, 40, &mut rng);
    let established: HashSet<usize> = (0..60).collect();
    votes.extend(cheating(60..61, 30, &mut rng, masquerade));

    let first = tested(&votes, Some(&established));
    let again = tested(&votes, Some(&established));
    votes.extend(cheating(61..70, 30, &mut rng, omnipresent));
    let among_others = tested(&votes, Some(&established));

    assert_eq!(first, again);
    assert_eq!(first[..], among_others[..61]);
}

#[test]
fn accounts_with_few_votes_are_not_tested() {
    let mut votes = honest(0..60, 40, &mut rng(41));
    votes.extend(honest(60..61, 9, &mut rng(42)));

    let found = tested(&votes, None);

    assert_eq!(found.len(), 60);
}

#[test]
fn the_smallest_p_values_are_flagged_up_to_the_line_of_benjamini_and_hochberg() {
    let one = |voter, p_account| Account {
        voter,
        votes: 1,
        model: 0,
        model_votes: 1,
        expected: 0.5,
        observed: 1.0,
        z: 1.0,
        surprise: 0.0,
        ties: 0,
        ties_expected: 0.0,
        p: [1.0; 3],
        p_account,
    };
    let of = |p: [f64; 4]| flag_accounts(&[0, 1, 2, 3].map(|at| one(at, p[at])), 0.1);

    assert_eq!(of([0.9, 0.026, 0.8, 1.0]), Ok(vec![]));
    assert_eq!(of([0.9, 0.025, 0.8, 1.0]), Ok(vec![1]));
    assert_eq!(of([0.07, 0.06, 0.075, 1.0]), Ok(vec![0, 1, 2]));
    assert_eq!(flag_accounts(&[], 0.1), Ok(vec![]));
    assert_eq!(flag_accounts(&[], 0.0), Err(RankingError::NotAProbability { value: 0.0 }));
}
