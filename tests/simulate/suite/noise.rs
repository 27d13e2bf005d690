//! R5 and R6: votes that say nothing, by chance or always for the same side. Sides are drawn by a coin.

use std::collections::HashSet;

use arena_core::ranking::{AttributedVote, Coding, Method, Outcome, fit_votes, flag, screen};
use rand::Rng;

use super::boards::{Board, M, by, elo_of, kendall, largest, mean, places, rng};
use super::{Row, Size};

/// Expected part of innocent voters among those flagged, as in the arena's own checks.
const ALPHA: f64 = doubleblind::ranking::checks::FALSE_DISCOVERIES;
/// Accounts that share the votes where it is not one.
const ACCOUNTS: usize = 40;

/// What was seen over all repetitions.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// Largest change of any model, Elo points.
    moved: Vec<f64>,
    tau: Vec<f64>,
    /// Models whose place without the noise is outside of the range that the board states.
    outside: usize,
    covered: usize,
    intervals: usize,
    /// Part of the noisy accounts that is flagged, and honest accounts that are.
    found: Vec<f64>,
    innocent: usize,
}

/// Noise as one vote after the other.
type Habit = fn(&mut dyn FnMut() -> u64) -> Outcome;

pub(super) fn random(size: Size) -> Vec<Row> {
    let habit: Habit = |next| match next() % 3 {
        0 => Outcome::Left,
        1 => Outcome::Right,
        _ => Outcome::Tie,
    };
    let row = |accounts: usize, excluded: bool| {
        let seen = watch(size, accounts, habit, excluded);
        let coverage = seen.covered as f64 / seen.intervals as f64;
        let tau = seen.tau.iter().copied().fold(1.0, f64::min);
        let result = format!(
            "tau >= {tau:.3} (mean {:.3}), {} places outside their ranges, coverage {:.1} %{}",
            mean(&seen.tau),
            seen.outside,
            100.0 * coverage,
            found(&seen, accounts)
        );
        let passed = mean(&seen.tau) >= 0.97 && seen.outside == 0 && coverage >= 0.93;
        let mark = "places within their ranges, tau >= 0.97, coverage >= 93 %";
        Row::new("R5", name("votes by chance", accounts), budget(accounts), (result, passed), mark)
    };
    match size {
        Size::Short => vec![row(1, false)],
        // Nothing tells accounts that vote by chance from a board on which all models are a little closer.
        Size::Full => vec![row(1, false), row(ACCOUNTS, true).noted()],
    }
}

pub(super) fn one_sided(size: Size) -> Vec<Row> {
    let row = |accounts: usize, excluded: bool| {
        let seen = watch(size, accounts, |_| Outcome::Left, excluded);
        let moved = largest(&seen.moved);
        let result = format!(
            "{:.2} Elo on any model on average, {moved:.2} at most{}",
            mean(&seen.moved),
            found(&seen, accounts)
        );
        let (attack, mark) = (name("always the left answer", accounts), "<= 1 Elo on any model");
        Row::new("R6", attack, budget(accounts), (result, moved <= 1.0), mark)
    };
    vec![row(1, false), row(ACCOUNTS, true)]
}

fn name(habit: &str, accounts: usize) -> String {
    match accounts {
        1 => format!("{habit}, one account (M)"),
        _ => format!("{habit}, {accounts} accounts, flagged ones excluded (M)"),
    }
}

fn budget(accounts: usize) -> String {
    format!("10 % of votes, {accounts} account{}", if accounts == 1 { "" } else { "s" })
}

fn found(seen: &Seen, accounts: usize) -> String {
    match accounts {
        1 => String::new(),
        _ => format!(
            "; {:.0} % of accounts flagged, {} honest ones",
            100.0 * mean(&seen.found),
            seen.innocent
        ),
    }
}

fn watch(size: Size, accounts: usize, habit: Habit, excluded: bool) -> Seen {
    let board = Board::new(M);
    let votes_each = board.setup.votes / 10 / accounts;
    let mut seen = Seen::default();
    for repetition in 0..size.pick(2, 60) {
        let mut rng = rng(5_000 + repetition);
        let mut votes = board.honest(&mut rng);
        let before = elo_of(&board.stand(&votes));
        let first = board.voters();
        for account in first..first + accounts {
            for _ in 0..votes_each {
                let (left, right) = board.pair(&mut rng);
                let outcome = habit(&mut || rng.next_u64() >> 8);
                votes.push(by(account, left, right, outcome));
            }
        }
        if excluded {
            exclude(&board, &mut votes, accounts, &mut seen);
        }
        take(&board, &votes, &before, &mut seen);
    }
    seen
}

/// Drops the votes of accounts that the e-process flags.
fn exclude(board: &Board, votes: &mut Vec<AttributedVote>, accounts: usize, seen: &mut Seen) {
    let fit = fit_votes(votes, &board.members(), Method::Davidson, Coding::default()).unwrap();
    let flagged = flag(&screen(&fit, votes).unwrap(), ALPHA).unwrap();
    let innocent = flagged.iter().filter(|voter| **voter < board.voters()).count();
    seen.innocent += innocent;
    seen.found.push((flagged.len() - innocent) as f64 / accounts as f64);
    let flagged: HashSet<usize> = flagged.into_iter().collect();
    votes.retain(|vote| vote.voter.is_none_or(|voter| !flagged.contains(&voter)));
}

fn take(board: &Board, votes: &[AttributedVote], before: &[f64], seen: &mut Seen) {
    let standing = board.stand_in_full(votes);
    let (after, honest) = (elo_of(&standing), places(before));
    let moved: Vec<f64> = before.iter().zip(&after).map(|(a, b)| (a - b).abs()).collect();
    seen.moved.push(largest(&moved));
    seen.tau.push(kendall(&board.truth, &after));
    for (model, row) in standing.board.rows.iter().enumerate() {
        let (rating, rank) = (row.rating.unwrap(), row.rank.unwrap());
        let truth = board.truth[model] + arena_core::ranking::MEAN_RATING;
        seen.covered += usize::from((rating.low..=rating.high).contains(&truth));
        seen.intervals += 1;
        seen.outside += usize::from(!(rank.best..=rank.worst).contains(&honest[model]));
    }
}
