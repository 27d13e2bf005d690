//! R2, R3 and the second half of R7: accounts that act together. Each stays within its cap; together they are a cohort.

use arena_core::detection::{CohortTest, cohorts};
use arena_core::ranking::{AttributedVote, Coding, voter_cap};

use super::attackers::{Aim, Campaign, Strategy};
use super::boards::{Board, L, M, S, Setup, elo_of, largest, mean, places, rng};
use super::{Row, Size};

const TARGET: usize = 6;
/// The day on which the accounts of an attack were made, among those of honest voters.
const DAYS: usize = 30;
const THEIR_DAY: usize = 7;
/// Networks of honest voters; the accounts of an attack have one of their own.
pub(super) const NETWORKS: usize = 100;

/// What a number of accounts does, over all repetitions.
#[derive(Clone, Debug, Default)]
struct Effect {
    gains: Vec<f64>,
    shifts: Vec<f64>,
    flagged: usize,
    /// Elo points that are left once the flagged cohorts are excluded.
    left: Vec<f64>,
    /// Honest cohorts that were flagged.
    alarms: usize,
    runs: usize,
}

impl Effect {
    fn flagged_share(&self) -> f64 {
        self.flagged as f64 / self.runs as f64
    }
}

pub(super) fn boost(size: Size) -> Vec<Row> {
    let setups: &[Setup] = size.pick(&[S][..], &[S, M, L][..]);
    let mut rows: Vec<Row> = setups.iter().map(|setup| row("R2", *setup, Aim::Up, size)).collect();
    rows.push(patient(size));
    rows
}

pub(super) fn smear(size: Size) -> Vec<Row> {
    vec![row("R7", size.pick(S, M), Aim::Down, size)]
}

/// R2: every account plays as many battles as count in full.
fn row(id: &'static str, setup: Setup, aim: Aim, size: Size) -> Row {
    let board = Board::new(setup);
    let cap = voter_cap(setup.votes as u64);
    let (mut parts, mut passed) = (Vec::new(), true);
    for accounts in size.pick(vec![10], vec![5, 10, 30, 100]) {
        let campaign = Campaign::new(TARGET, aim, Strategy::TargetOnly);
        let effect = effect(&board, &campaign, (accounts, cap as usize), size.pick(3, 20));
        let allowed = accounts as f64 * cap * 330.0 / (setup.votes as f64 * setup.gap_elo) + 1.0;
        let flagged = effect.flagged_share();
        let shift = mean(&effect.shifts) + 0.0;
        passed &= shift <= allowed && (accounts < 10 || flagged == 1.0);
        parts.push(format!(
            "K={accounts}: {:+.1} Elo, {shift:.1} of {allowed:.1} places (at most {:.0}), {:.0} % flagged",
            mean(&effect.gains),
            largest(&effect.shifts).max(0.0),
            100.0 * flagged
        ));
    }
    let verb = if aim == Aim::Up { "for" } else { "against" };
    Row::new(
        id,
        format!("accounts together, {verb} one model, target only ({})", setup.name),
        format!("K = 5..100 accounts x {cap:.0} battles"),
        (parts.join("; "), passed),
        "places on average <= K cap 330 / (V gap) + 1; K >= 10 flagged",
    )
}

/// The worst that accounts within their caps can do: they pass over battles until all their votes are on the target.
fn patient(size: Size) -> Row {
    let board = Board::new(size.pick(S, M));
    let cap = voter_cap(board.setup.votes as u64) as usize;
    let campaign = Campaign::new(TARGET, Aim::Up, Strategy::TargetOnly);
    let battles = cap * board.setup.models / 2;
    let effect = effect(&board, &campaign, (10, battles), size.pick(3, 20));
    let left = largest(&effect.left.iter().map(|left| left.abs()).collect::<Vec<_>>());
    let result = format!(
        "{:+.1} Elo, {:.0} places; {:.0} % flagged; {left:.2} Elo left after exclusion",
        mean(&effect.gains),
        largest(&effect.shifts),
        100.0 * effect.flagged_share()
    );
    let passed = effect.flagged_share() == 1.0 && left <= 1.0;
    Row::new(
        "R2",
        format!("the same, passing over battles until the cap is full ({})", board.setup.name),
        format!("10 accounts x {battles} battles, {cap} votes each"),
        (result, passed),
        "flagged; <= 1 Elo after exclusion",
    )
}

/// R3: 20 battles each, honest except on the target.
pub(super) fn masquerade(size: Size) -> Vec<Row> {
    let setup = size.pick(S, M);
    let board = Board::new(setup);
    let of = |accounts: usize| {
        let campaign = Campaign::new(TARGET, Aim::Up, Strategy::Masquerade);
        let effect = effect(&board, &campaign, (accounts, 20), size.pick(5, 100));
        let left = largest(&effect.left.iter().map(|left| left.abs()).collect::<Vec<_>>());
        let result = format!(
            "{:+.1} Elo; {:.1} % flagged; {left:.2} Elo left after exclusion; {} false alarms in {} runs",
            mean(&effect.gains),
            100.0 * effect.flagged_share(),
            effect.alarms,
            effect.runs
        );
        let passed = effect.flagged_share() >= 0.99 && left <= 1.0;
        Row::new(
            "R3",
            format!("accounts together, honest except on the target ({})", setup.name),
            format!("K = {accounts} x 20 battles"),
            (result, passed),
            ">= 99 % flagged, z > 4; <= 1 Elo after exclusion",
        )
    };
    [10, 50].map(of).into()
}

fn effect(
    board: &Board,
    campaign: &Campaign,
    (accounts, battles): (usize, usize),
    runs: usize,
) -> Effect {
    let mut effect = Effect { runs, ..Effect::default() };
    let first = board.voters();
    for run in 0..runs {
        let mut rng = rng(2_000 + run as u64);
        let honest = board.honest(&mut rng);
        let before = elo_of(&board.stand(&honest));
        let own = campaign.votes(board, first..first + accounts, battles, &mut rng);
        let votes = [honest.as_slice(), &own].concat();
        let after = elo_of(&board.stand(&votes));
        effect.gains.push(campaign.aim.sign() * (after[TARGET] - before[TARGET]));
        let shift = places(&before)[TARGET] as f64 - places(&after)[TARGET] as f64;
        effect.shifts.push(campaign.aim.sign() * shift);
        let groupings = groupings(&votes, first);
        let members = board.members();
        let test = CohortTest::default();
        let found = cohorts(&votes, &members, Coding::default(), &groupings, &test).unwrap();
        let is_theirs = |label: (usize, usize)| label == (0, THEIR_DAY) || label == (1, NETWORKS);
        let labels =
            found.cohorts.iter().filter(|one| one.flagged).map(|one| (one.grouping, one.cohort));
        effect.flagged += usize::from(labels.clone().any(is_theirs));
        effect.alarms += labels.filter(|label| !is_theirs(*label)).count();
        let rest = without_flagged(board, votes, first);
        effect.left.push(elo_of(&board.stand(&rest))[TARGET] - before[TARGET]);
    }
    effect
}

/// The cohorts that the operator knows: days on which accounts were made, and networks.
pub(super) fn groupings(votes: &[AttributedVote], first: usize) -> Vec<Vec<Option<usize>>> {
    let day = |voter: usize| if voter < first { voter % DAYS } else { THEIR_DAY };
    let network = |voter: usize| if voter < first { voter % NETWORKS } else { NETWORKS };
    let label = |of: &dyn Fn(usize) -> usize| {
        votes.iter().map(|vote| vote.voter.map(of)).collect::<Vec<_>>()
    };
    vec![label(&day), label(&network)]
}

/// What is left after a careful operator, who takes the strongest evidence first, excludes that cohort, and has everything
/// tested again: a large group spoils the reference of all others. A network is preferred to a day, which is shared.
fn without_flagged(
    board: &Board,
    mut votes: Vec<AttributedVote>,
    first: usize,
) -> Vec<AttributedVote> {
    loop {
        let groupings = groupings(&votes, first);
        let test = CohortTest::default();
        let found =
            cohorts(&votes, &board.members(), Coding::default(), &groupings, &test).unwrap();
        let flagged = || found.cohorts.iter().filter(|cohort| cohort.flagged);
        let Some(worst) = flagged().find(|one| one.grouping == 1).or_else(|| flagged().next())
        else {
            return votes;
        };
        let labels = &groupings[worst.grouping];
        let mut at = 0;
        votes.retain(|_| {
            at += 1;
            labels[at - 1] != Some(worst.cohort)
        });
    }
}
