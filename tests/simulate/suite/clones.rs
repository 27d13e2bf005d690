//! R14: one model is handed in ten times. The very same file is refused; here its bytes were changed, so that ten models of
//! one strength are in the pool, and the arena's own weights decide who meets whom.

use arena_core::pairing::Contest;
use arena_core::ranking::{AttributedVote, pairing_weights};
use rand::Rng;

use super::boards::{Board, M, S, by, elo_of, mean, places, rng};
use super::{Row, Size};

const TARGET: usize = 6;
const CLONES: usize = 9;
/// The part of all battles that the arena draws uniformly (`ranking::compute`).
const UNIFORM_PART: f64 = 0.5;
/// Votes between two computations of the weights.
const STEP: usize = 1_000;

pub(super) fn clones(size: Size) -> Vec<Row> {
    let board = Board::new(size.pick(S, M));
    let more = board.setup.votes / 2;
    let (mut shifts, mut shares) = (Vec::new(), Vec::new());
    for repetition in 0..size.pick(1, 12) {
        let mut rng = rng(14_000 + repetition);
        let honest = board.honest(&mut rng);
        let (without, _) = goes_on(board.clone(), honest.clone(), more, &mut rng);
        let flooded = board.joined_by(CLONES, TARGET);
        let (with, share) = goes_on(flooded, honest, more, &mut rng);
        shifts.push(largest_shift(&without, &with[..board.setup.models]));
        shares.push(share);
    }
    let worst = shifts.iter().copied().max().unwrap_or(0);
    let result = format!(
        "the order of the others shifts by {worst} at most; the clones take {:.0} % of all places in battles",
        100.0 * mean(&shares)
    );
    let attack = format!("one model ten times, its bytes changed ({})", board.setup.name);
    let budget = format!("{CLONES} clones, {more} votes");
    // They hold ten rows, so that it is no pass; the order of the others is what there is to say.
    vec![Row::new("R14", attack, budget, (result, worst <= 1), "-").noted()]
}

/// The board goes on by the arena's weights. Ratings at the end, and the part of all answers that clones gave.
fn goes_on(
    mut board: Board,
    mut votes: Vec<AttributedVote>,
    more: usize,
    rng: &mut impl Rng,
) -> (Vec<f64>, f64) {
    let (before, voters) = (votes.len(), board.voters());
    while votes.len() < before + more {
        reweigh(&mut board, &votes);
        for _ in 0..STEP / 20 {
            let voter = voters + votes.len() / 20;
            let taste = board.crowd.voter(rng);
            for _ in 0..20 {
                let (left, right) = board.pair(rng);
                let outcome = board.crowd.decide(&taste, left, right, rng);
                votes.push(by(voter, left, right, outcome));
            }
        }
    }
    let of_clone = |model: usize| usize::from(model >= M.models);
    let answers = votes[before..].iter().map(|it| of_clone(it.vote.left) + of_clone(it.vote.right));
    let share = answers.sum::<usize>() as f64 / (2 * (votes.len() - before)) as f64;
    (elo_of(&board.stand(&votes)), share)
}

/// Puts the weights in force that the ratings ask for.
fn reweigh(board: &mut Board, votes: &[AttributedVote]) {
    let standing = board.stand(votes);
    let rated = standing.rated.unwrap();
    let critical = standing.board.critical_value.unwrap();
    let pool = board.members();
    let weights =
        pairing_weights(&rated.fit, &rated.covariance, critical, &pool, UNIFORM_PART).unwrap();
    let contest = |pair: arena_core::ranking::PairWeight| Contest {
        one: pair.model,
        other: pair.rival,
        weight: pair.weight.into(),
    };
    board.draw_by(weights.into_iter().map(contest).collect());
}

/// By how many places a model other than the target moves among these others.
fn largest_shift(without: &[f64], with: &[f64]) -> usize {
    let others = |elo: &[f64]| {
        let mut elo = elo.to_vec();
        elo.remove(TARGET);
        places(&elo)
    };
    let both = others(without).into_iter().zip(others(with));
    both.map(|(one, other)| one.abs_diff(other)).max().unwrap_or(0)
}
