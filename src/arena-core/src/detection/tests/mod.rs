//! False alarms under honest voters with tastes of their own, and what is found of those who are not honest.
//!
//! Boards as in THREATS section 4.1: S and M, 12 models 25 Elo points apart on the board, 30 % ties.

mod accounts;
mod cohorts;
mod crowd;
mod drifts;
mod screening;

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::TASTE_ELO;
use super::crowd::Crowd;
use crate::ranking::{AttributedVote, Outcome, Vote};

pub(super) const MODELS: usize = 12;
/// The model that somebody wants to see higher.
pub(super) const TARGET: usize = 6;
/// Davidson's nu for 30 % ties on these boards, and gaps of 25 points when a tie is half a win.
const TIES: f64 = 0.97;
const GAP_ELO: f64 = 36.0;

pub(super) fn rng(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

pub(super) fn crowd() -> Crowd {
    let middle = (MODELS - 1) as f64 / 2.0;
    let strengths: Vec<f64> = (0..MODELS).map(|at| GAP_ELO * (middle - at as f64)).collect();
    Crowd::new(&strengths, TIES, TASTE_ELO)
}

pub(super) fn members() -> Vec<usize> {
    (0..MODELS).collect()
}

/// Two different models, every ordered pair equally often.
pub(super) fn pair(rng: &mut impl Rng) -> (usize, usize) {
    let left = (rng.next_u64() % MODELS as u64) as usize;
    let right = (left + 1 + (rng.next_u64() % (MODELS as u64 - 1)) as usize) % MODELS;
    (left, right)
}

/// Votes of honest voters with `each` votes, one voter after the other.
pub(super) fn honest(
    voters: std::ops::Range<usize>,
    each: usize,
    rng: &mut impl Rng,
) -> Vec<AttributedVote> {
    cheating(voters, each, rng, |_, _, honest, _| honest)
}

/// As [`honest`], but every vote goes through `cheat`: left, right, the honest outcome, a random number.
pub(super) fn cheating(
    voters: std::ops::Range<usize>,
    each: usize,
    rng: &mut impl Rng,
    cheat: impl Fn(usize, usize, Outcome, u64) -> Outcome,
) -> Vec<AttributedVote> {
    let crowd = crowd();
    let mut votes = Vec::new();
    for voter in voters {
        let taste = crowd.voter(rng);
        for _ in 0..each {
            let (left, right) = pair(rng);
            let honest = crowd.decide(&taste, left, right, rng);
            let outcome = cheat(left, right, honest, rng.next_u64());
            let vote = Vote { left, right, outcome };
            votes.push(AttributedVote { voter: Some(voter), ..vote.into() });
        }
    }
    votes
}

/// The target always wins; honest otherwise.
pub(super) fn masquerade(left: usize, right: usize, honest: Outcome, _: u64) -> Outcome {
    match (left == TARGET, right == TARGET) {
        (true, _) => Outcome::Left,
        (_, true) => Outcome::Right,
        _ => honest,
    }
}

/// The target always wins, the one above it always loses, and no other vote is wasted on a tie.
pub(super) fn omnipresent(left: usize, right: usize, _: Outcome, random: u64) -> Outcome {
    match (left, right) {
        (TARGET, _) => Outcome::Left,
        (_, TARGET) => Outcome::Right,
        (left, _) if left == TARGET - 1 => Outcome::Right,
        (_, right) if right == TARGET - 1 => Outcome::Left,
        _ if random.is_multiple_of(2) => Outcome::Left,
        _ => Outcome::Right,
    }
}
