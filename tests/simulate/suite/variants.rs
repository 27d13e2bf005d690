//! R13: a lab has many variants of one model rated, and publishes the best.
//!
//! The policy: an entry's votes count from its publication on. What came before is recorded, is published as what it is, and
//! has the weight 0 on the board, so that luck that decided which variant is published is no part of its rating. (This arena
//! has no private entries: what is in the pool is on the board.)

use arena_core::ranking::{AttributedVote, Coding, Method, fit_votes};
use rand::Rng;

use super::boards::{Board, S, by, elo, mean, rng};
use super::{Row, Size};

/// Votes of each variant before the choice, and of the chosen one after it.
const VOTES: usize = 1_000;
/// As strong as the model in this place.
const LIKE: usize = 6;

pub(super) fn variants(size: Size) -> Vec<Row> {
    let row = |variants: usize| {
        let (raw, policy) = biases(variants, size.pick(20, 600));
        let error = 9.0 / (raw.len() as f64).sqrt();
        let result = format!(
            "raw {:+.1} Elo, with the policy {:+.2} +- {error:.2}",
            mean(&raw),
            mean(&policy)
        );
        // The short form cannot tell one point from chance.
        let passed = mean(&policy).abs() < 1.0 + size.pick(3.0 * error, 0.0);
        Row::new(
            "R13",
            "the best of many variants is published",
            format!("N = {variants}, {VOTES} votes each"),
            (result, passed),
            "bias < 1 Elo",
        )
    };
    size.pick(vec![3], vec![3, 10, 27]).into_iter().map(row).collect()
}

/// Published rating minus truth, if trial votes count and if they do not.
fn biases(variants: usize, repetitions: u64) -> (Vec<f64>, Vec<f64>) {
    let board = Board::new(S);
    let models = board.setup.models;
    let members: Vec<usize> = (0..models + variants).collect();
    let (mut raw, mut policy) = (Vec::new(), Vec::new());
    let fitted = |votes: &[AttributedVote], members: &[usize]| {
        let fit = fit_votes(votes, members, Method::BradleyTerry, Coding::default()).unwrap();
        let elo = elo(&fit);
        // On the scale of the models that were there before.
        let zero = mean(&elo[..models]);
        elo.into_iter().map(|rating| rating - zero).collect::<Vec<f64>>()
    };
    let known: Vec<AttributedVote> = {
        let mut rng = rng(13);
        (0..10).flat_map(|_| board.honest(&mut rng)).collect()
    };
    let truth = truth(&board, &known, &members[..=models]);
    for repetition in 0..repetitions {
        let mut rng = rng(13_000 + 100 * repetition + variants as u64);
        let mut votes = known.clone();
        for variant in models..models + variants {
            votes.extend(trial(&board, variant, &mut rng));
        }
        let trials = fitted(&votes, &members);
        let best =
            (models..members.len()).max_by(|&a, &b| trials[a].total_cmp(&trials[b])).unwrap();
        raw.push(trials[best] - truth);
        for vote in votes.iter_mut().filter(|vote| vote.vote.left.max(vote.vote.right) >= models) {
            vote.weight = 0.0;
        }
        votes.extend(trial(&board, best, &mut rng));
        let public: Vec<usize> = (0..models).chain([best]).collect();
        policy.push(fitted(&votes, &public)[models] - truth);
    }
    (raw, policy)
}

/// Votes on a variant, against the models that are there, by voters who vote once.
fn trial(board: &Board, variant: usize, rng: &mut impl Rng) -> Vec<AttributedVote> {
    let mut votes = Vec::new();
    for _ in 0..VOTES {
        let rival = loop {
            let (left, right) = board.pair(rng);
            let other = if left == LIKE { right } else { left };
            if other != LIKE {
                break other;
            }
        };
        let outcome = board.crowd.decide(&board.crowd.voter(rng), LIKE, rival, rng);
        votes.push(by(rng.next_u64() as usize >> 1, variant, rival, outcome));
    }
    votes
}

/// What the rating of such a variant tends to with endless votes, on this board.
fn truth(board: &Board, known: &[AttributedVote], members: &[usize]) -> f64 {
    let mut rng = rng(131);
    let variant = board.setup.models;
    let mut votes = known.to_vec();
    for _ in 0..400 {
        // Light ones, so that the models that were there stay where they are.
        let light = |vote: AttributedVote| AttributedVote { weight: 0.01, ..vote };
        votes.extend(trial(board, variant, &mut rng).into_iter().map(light));
    }
    let fit = fit_votes(&votes, members, Method::BradleyTerry, Coding::default()).unwrap();
    let elo = elo(&fit);
    elo[variant] - mean(&elo[..variant])
}
