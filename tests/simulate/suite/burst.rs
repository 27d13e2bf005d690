//! R4: five hundred votes in ten minutes. The doors are the arena's own, with the allowances of an installation, over HTTP;
//! their clock is put forward, so that ten minutes pass in seconds.

use std::time::Duration;

use arena_core::detection::{Cohort, CohortTest, cohorts};
use arena_core::ranking::Coding;
use doubleblind::config::Allowances;

use super::attackers::{Aim, Campaign, Strategy, influence, rival};
use super::boards::{Board, M, S, rng};
use super::served::served;
use super::together::groupings;
use super::{Row, Size};
use crate::arena::{TestArena, Voter};

const VOTES: usize = 500;
const MINUTES: u32 = 10;
const TARGET: usize = 6;

/// Accounts, and whether each is in a network of its own.
const CASES: [(usize, bool); 5] = [(1, false), (10, false), (50, false), (10, true), (50, true)];

pub(super) fn burst(size: Size) -> Vec<Row> {
    let cases = size.pick(&CASES[..1], &CASES[..]);
    cases.iter().map(|case| row(*case, size)).collect()
}

fn row((accounts, apart): (usize, bool), size: Size) -> Row {
    let passed = served(votes(accounts, apart));
    let through: usize = passed.iter().sum();
    let refused = 1.0 - through as f64 / VOTES as f64;
    let flagged = flagged(&passed, size);
    let networks = match (accounts, apart) {
        (1, _) => "",
        (_, true) => ", each in a network of its own",
        (_, false) => " in one network",
    };
    let plural = if accounts == 1 { "" } else { "s" };
    let result = format!(
        "{:.0} % refused; the {through} others are {}",
        100.0 * refused,
        if flagged { "flagged" } else { "not flagged" }
    );
    Row::new(
        "R4",
        format!(
            "burst of {VOTES} votes in {MINUTES} minutes, {accounts} browser{plural}{networks}"
        ),
        format!("{VOTES} attempts"),
        (result, refused >= 0.9 && flagged),
        "rate limit refuses >= 90 %; the rest flagged",
    )
}

/// Votes that are let through, by account; the attempts are spread evenly.
async fn votes(accounts: usize, apart: bool) -> Vec<usize> {
    let arena = TestArena::with_allowances(Allowances::default()).await;
    let voters: Vec<Voter> = (0..accounts).map(|_| arena.voter()).collect();
    let mut through = vec![0; accounts];
    for attempt in 0..VOTES {
        let account = attempt % accounts;
        let network = format!("203.0.{}.9", if apart { account } else { 0 });
        let from = ("X-Forwarded-For", network.as_str());
        let voter = &voters[account];
        let question = format!("What is a comet? {attempt}");
        let opened = voter.posts_with(from, "/battles", &[("prompt", &question)]).await;
        if opened.status == 303 {
            let id = opened.location().strip_prefix("/battles/").unwrap().to_owned();
            arena.when(&id, "complete").await;
            let path = format!("/battles/{id}/vote");
            let voted = voter.posts_with(from, &path, &[("verdict", "left")]).await;
            through[account] += usize::from(voted.status == 303);
        } else {
            assert_eq!(opened.status, 429, "{}", opened.body);
        }
        arena.gate().put_forward(Duration::from_secs(60) * MINUTES / VOTES as u32);
    }
    let recorded = arena.number("select count(*) from votes").await;
    assert_eq!(recorded, through.iter().sum::<usize>() as i64);
    through
}

/// Whether what was let through is found, as a cohort or, every one of them, as single accounts: all want one model, and
/// know every model by sight.
fn flagged(through: &[usize], size: Size) -> bool {
    let board = Board::new(size.pick(S, M));
    let mut rng = rng(4_000);
    let honest = board.honest(&mut rng);
    let before = board.stand(&honest);
    let influence = influence(&before, TARGET, rival(&before, TARGET, Aim::Up));
    let campaign = Campaign::new(TARGET, Aim::Up, Strategy::Omnipresent(influence));
    let first = board.voters();
    let mut votes = honest;
    for (account, count) in through.iter().enumerate() {
        let voter = first + account;
        votes.extend(campaign.votes(&board, voter..voter + 1, *count, &mut rng));
    }
    let groupings = groupings(&votes, first);
    let (members, test) = (board.members(), CohortTest::default());
    let found = cohorts(&votes, &members, Coding::default(), &groupings, &test).unwrap();
    let together =
        |one: &Cohort| one.flagged && one.grouping == 1 && one.cohort == super::together::NETWORKS;
    if found.cohorts.iter().any(together) {
        return true;
    }
    let seen = super::adaptive::flagged(&board, &votes);
    (first..first + through.len()).all(|account| seen.contains(&account))
}
