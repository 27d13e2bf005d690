//! Learns from half of the battles which side is the fast model, and guesses the other half; then the other way round.
//!
//! Two readers, of which the better one counts: a logistic regression on differences of both sides and of their squares,
//! and the vote of the nearest neighbours.

use arena_core::ids::Side;

use super::Recording;
use super::features::{FEATURES, of_battle};

const STEPS: usize = 400;
const RATE: f64 = 0.3;
/// Shrinks weights a little, since there are many features for so many battles.
const SHRINKING: f64 = 0.01;
const NEIGHBOURS: usize = 15;

type Row = ([f64; FEATURES], f64);

fn rows(recordings: &[Recording]) -> Vec<Row> {
    let label = |side| if side == Side::Left { 1.0 } else { -1.0 };
    recordings.iter().map(|one| (of_battle(&one.events), label(one.fast))).collect()
}

/// Divides every feature by its usual size; both halves by that of the first.
fn scale(learned: &mut [Row], guessed: &mut [Row]) {
    for at in 0..FEATURES {
        let square: f64 = learned.iter().map(|(row, _)| row[at].powi(2)).sum();
        let size = (square / learned.len() as f64).sqrt().max(1e-9);
        for (row, _) in learned.iter_mut().chain(guessed.iter_mut()) {
            row[at] = (row[at] / size).clamp(-5.0, 5.0);
        }
    }
}

fn dot(one: &[f64; FEATURES], other: &[f64; FEATURES]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

/// Weights by gradient descent; no constant, since changing places must change the guess.
fn regression(learned: &[Row]) -> [f64; FEATURES] {
    let mut weights = [0.0; FEATURES];
    for _ in 0..STEPS {
        let mut gradient = weights.map(|weight| SHRINKING * weight);
        for (row, label) in learned {
            let miss = label / (1.0 + (label * dot(&weights, row)).exp());
            for (slope, value) in gradient.iter_mut().zip(row) {
                *slope -= miss * value / learned.len() as f64;
            }
        }
        for (weight, slope) in weights.iter_mut().zip(gradient) {
            *weight -= RATE * slope;
        }
    }
    weights
}

/// What the battles most alike say; every battle is there twice, with its sides changed.
fn neighbours(learned: &[Row], row: &[f64; FEATURES]) -> f64 {
    let distance = |sign: f64, other: &[f64; FEATURES]| -> f64 {
        row.iter().zip(other).map(|(a, b)| (a - sign * b).powi(2)).sum()
    };
    let mut near: Vec<(f64, f64)> = learned
        .iter()
        .flat_map(|(other, label)| [1.0, -1.0].map(|sign| (distance(sign, other), sign * label)))
        .collect();
    near.sort_by(|one, other| one.0.total_cmp(&other.0));
    near.iter().take(NEIGHBOURS).map(|(_, label)| label).sum()
}

/// The shares of right guesses of both readers.
fn shares(learned: &[Recording], guessed: &[Recording]) -> [f64; 2] {
    let (mut learned, mut guessed) = (rows(learned), rows(guessed));
    scale(&mut learned, &mut guessed);
    let weights = regression(&learned);
    let right = |guess: &dyn Fn(&[f64; FEATURES]) -> f64| {
        let hits = guessed.iter().filter(|(row, label)| guess(row) * label > 0.0).count();
        hits as f64 / guessed.len() as f64
    };
    [right(&|row| dot(&weights, row)), right(&|row| neighbours(&learned, row))]
}

/// The share of right guesses by the better reader; either half is guessed after learning from the other one.
pub(super) fn accuracy(recordings: &[Recording]) -> f64 {
    let (one, other) = recordings.split_at(recordings.len() / 2);
    let (first, second) = (shares(one, other), shares(other, one));
    f64::midpoint(first[0], second[0]).max(f64::midpoint(first[1], second[1]))
}
