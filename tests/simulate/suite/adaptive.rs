//! R15: a campaign that knows every test and every threshold, and stays below them.
//!
//! A hundred new accounts, spread over days and networks as honest ones are, each with as many votes as honest ones or with
//! too few to be tested, serve the target in a part of the battles in which it is shown. The part is raised until more than
//! one account in a hundred is seen, or a cohort, or a drift. Half of the honest voters are established: theirs are the
//! votes that accounts are held against, and newcomers are a cohort as well.

use std::collections::HashSet;

use arena_core::detection::{AccountTest, CohortTest, DriftTest, accounts, cohorts, drifts};
use arena_core::ranking::{AttributedVote, Coding, Method, fit_votes, flag, screen};
use rand::{Rng, RngExt};

use super::attackers::{Aim, Campaign, Strategy};
use super::boards::{Board, M, S, by, elo_of, mean, rng};
use super::{Row, Size};

const TARGET: usize = 6;
const ACCOUNTS: usize = 100;
const ALPHA: f64 = doubleblind::ranking::checks::FALSE_DISCOVERIES;
/// The level at which somebody looks at an account.
const LEVEL: f64 = 0.01;
/// Days of three months; a campaign is spread over them.
const DAYS: usize = 90;
const NETWORKS: usize = 100;

/// What came of one way to go about it.
#[derive(Clone, Copy, Debug)]
struct Try {
    battles: usize,
    part: f64,
    gain: f64,
    /// Part of the accounts that no test flags.
    unseen: f64,
    /// Part of the runs without an alarm about a cohort or a drift that concerns the target.
    quiet: f64,
}

impl Try {
    fn evades(&self) -> bool {
        self.unseen >= 0.99 && self.quiet >= 0.99
    }
}

pub(super) fn adaptive(size: Size) -> Vec<Row> {
    let board = Board::new(size.pick(S, M));
    let mut tries = Vec::new();
    for battles in size.pick(vec![20], vec![9, 20, 50]) {
        for part in size.pick(vec![0.5], vec![0.125, 0.25, 0.5, 0.75, 1.0]) {
            tries.push(attempt(&board, battles, part, size));
        }
    }
    let best = tries.iter().filter(|it| it.evades()).max_by(|a, b| a.gain.total_cmp(&b.gain));
    let chance = spread(&board, size);
    let (result, passed) = match best {
        Some(it) => (
            format!(
                "{:+.1} Elo, {} battles each, the target served in {:.0} % of them; {:.1} % unseen; \
                 honest boards differ by {chance:.1} (one standard deviation)",
                it.gain,
                it.battles,
                100.0 * it.part,
                100.0 * it.unseen
            ),
            it.gain <= 3.0 || size == Size::Short,
        ),
        None => ("every attempt is seen".to_owned(), true),
    };
    let attack = format!("accounts that know all thresholds ({})", board.setup.name);
    let budget = format!("{ACCOUNTS} accounts, 3 months");
    vec![Row::new("R15", attack, budget, (result, passed), "published; <= 3 Elo at 99 % unseen")]
}

/// How far the target's rating lies from its mean on one board of honest votes or another.
fn spread(board: &Board, size: Size) -> f64 {
    let ratings: Vec<f64> = (0..size.pick(3, 60))
        .map(|board_of| elo_of(&board.stand(&board.honest(&mut rng(16_000 + board_of))))[TARGET])
        .collect();
    let centre = mean(&ratings);
    let squares: f64 = ratings.iter().map(|rating| (rating - centre).powi(2)).sum();
    (squares / (ratings.len() - 1) as f64).sqrt()
}

fn attempt(board: &Board, battles: usize, part: f64, size: Size) -> Try {
    let first = board.voters();
    let (mut gains, mut unseen, mut quiet) = (Vec::new(), Vec::new(), Vec::new());
    for repetition in 0..size.pick(1, 10) {
        let mut rng = rng(15_000 + repetition);
        let honest = board.honest(&mut rng);
        let before = elo_of(&board.stand(&honest));
        let mut votes = [honest, campaign(board, battles, part, &mut rng)].concat();
        let after = elo_of(&board.stand(&votes));
        gains.push(after[TARGET] - before[TARGET]);
        shuffle(&mut votes, &mut rng);
        let seen = flagged(board, &votes).iter().filter(|voter| **voter >= first).count();
        unseen.push(1.0 - seen as f64 / ACCOUNTS as f64);
        quiet.push(if is_noticed(board, &votes) { 0.0 } else { 1.0 });
    }
    let (gain, unseen, quiet) = (mean(&gains), mean(&unseen), mean(&quiet));
    Try { battles, part, gain, unseen, quiet }
}

fn campaign(board: &Board, battles: usize, part: f64, rng: &mut impl Rng) -> Vec<AttributedVote> {
    let campaign = Campaign::new(TARGET, Aim::Up, Strategy::Masquerade);
    let mut votes = Vec::new();
    for account in board.voters()..board.voters() + ACCOUNTS {
        let taste = board.crowd.voter(rng);
        for _ in 0..battles {
            let (left, right) = board.pair(rng);
            let honest = board.crowd.decide(&taste, left, right, rng);
            let served =
                campaign.decide(left, right, honest).filter(|_| rng.random::<f64>() < part);
            votes.push(by(account, left, right, served.unwrap_or(honest)));
        }
    }
    votes
}

/// Votes come as people come: in no order of accounts.
fn shuffle(votes: &mut [AttributedVote], rng: &mut impl Rng) {
    for at in (1..votes.len()).rev() {
        votes.swap(at, rng.random_range(0..=at));
    }
}

fn is_established(board: &Board, voter: usize) -> bool {
    voter < board.voters() && voter.is_multiple_of(2)
}

/// The accounts that one of both tests of single accounts would have somebody look at.
pub(super) fn flagged(board: &Board, votes: &[AttributedVote]) -> HashSet<usize> {
    let (members, coding) = (board.members(), Coding::default());
    let test = AccountTest { draws: 4_999, ..AccountTest::new(15) };
    let established: HashSet<usize> =
        (0..board.voters()).filter(|voter| is_established(board, *voter)).collect();
    let tested = accounts(votes, &members, coding, Some(&established), &test).unwrap();
    let below = tested.iter().filter(|it| it.p_account <= LEVEL).map(|it| it.voter).collect();
    let fit = fit_votes(votes, &members, Method::Davidson, coding).unwrap();
    let suspicions = screen(&fit, votes).unwrap();
    let both: [Vec<usize>; 2] = [below, flag(&suspicions, ALPHA).unwrap()];
    both.into_iter().flatten().collect()
}

/// Whether a cohort or a drift is flagged that favours the target.
fn is_noticed(board: &Board, votes: &[AttributedVote]) -> bool {
    let (members, coding) = (board.members(), Coding::default());
    let label =
        |parts: usize| votes.iter().map(|vote| vote.voter.map(|voter| voter % parts)).collect();
    let new = |vote: &AttributedVote| vote.voter.map(|it| usize::from(!is_established(board, it)));
    let newcomers: Vec<Option<usize>> = votes.iter().map(new).collect();
    let groupings: [Vec<Option<usize>>; 3] = [label(DAYS), label(NETWORKS), newcomers];
    let groups = cohorts(votes, &members, coding, &groupings, &CohortTest::default()).unwrap();
    let over_time = drifts(votes, &members, coding, &DriftTest { draws: 59, ..DriftTest::new(15) });
    groups.cohorts.iter().any(|it| it.flagged && it.model == TARGET && it.z > 0.0)
        || over_time.unwrap().drifts.iter().any(|it| it.flagged && it.model == TARGET && it.upwards)
}
