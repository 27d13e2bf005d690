//! What the rankings promise, and how this is shown: against closed forms, 60 digits and other programs (`golden`,
//! `peers`, `exact`), for boards that cannot be rated in full (`existence`), under changes that must not matter
//! (`properties`, `invariance`), by simulation (`coverage`, `simulated`, `crowd`, `picked`), and for the small parts (`parts`).

mod boards;
mod bootstrap;
mod clustered;
mod contrast;
mod controlled;
mod coverage;
mod crowd;
mod exact;
mod existence;
mod fragility;
mod golden;
mod invariance;
mod live;
mod parts;
mod peers;
mod picked;
mod properties;
mod published;
mod screening;
mod simulated;
mod slices;
mod speed;
mod statistics;
mod style;
mod weights;

use std::path::PathBuf;

use serde_json::Value;

use crate::ranking::{
    AttributedVote, Board, Coding, Counts, Covariance, ELO_PER_NAT, Fit, MEAN_RATING, Method,
    Outcome, Settings, SmallSample, Tally, Vote, compute, fit,
};

/// Reads a file of `tests/golden`.
pub(crate) fn golden_file(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Votes of a golden file, and its models in alphabetical order.
pub(crate) struct Battles {
    pub(crate) models: Vec<String>,
    pub(crate) votes: Vec<Vote>,
}

impl Battles {
    pub(crate) fn read(name: &str) -> Battles {
        let text = golden_file(name);
        let rows: Vec<Vec<&str>> =
            text.lines().skip(1).map(|line| line.split(',').collect()).collect();
        let mut models: Vec<String> =
            rows.iter().flat_map(|row| [row[0].to_owned(), row[1].to_owned()]).collect();
        models.sort();
        models.dedup();
        let index = |name: &str| models.binary_search_by(|model| model.as_str().cmp(name)).unwrap();
        let vote = |row: &Vec<&str>| Vote {
            left: index(row[0]),
            right: index(row[1]),
            outcome: outcome(row[2]),
        };
        let votes = rows.iter().map(vote).collect();
        Battles { models, votes }
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts::from_votes(self.models.len(), self.votes.iter().copied()).unwrap()
    }
}

fn outcome(winner: &str) -> Outcome {
    match winner {
        "model_a" => Outcome::Left,
        "model_b" => Outcome::Right,
        "tie" => Outcome::Tie,
        "both_bad" => Outcome::BothBad,
        other => panic!("unknown winner {other}"),
    }
}

/// The 8,931 votes of llmfao with worker and prompt (59 models in the order of their numbers), and the references.
pub(crate) fn llmfao() -> (Vec<AttributedVote>, Value) {
    let expected: Value = serde_json::from_str(&golden_file("llmfao/expected.json")).unwrap();
    let models: Vec<usize> = numbers(&expected["models"]).iter().map(|&id| id as usize).collect();
    let line = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |i: usize| fields[i].parse::<usize>().unwrap();
        let model = |i: usize| models.binary_search(&number(i)).unwrap();
        let outcome = match fields[2] {
            "left" => Outcome::Left,
            "right" => Outcome::Right,
            "tie" => Outcome::Tie,
            other => panic!("unknown winner {other}"),
        };
        let vote = Vote { left: model(0), right: model(1), outcome };
        AttributedVote { vote, voter: Some(number(3)), prompt: Some(number(4)), weight: 1.0 }
    };
    (golden_file("llmfao/votes.csv").lines().skip(1).map(line).collect(), expected)
}

/// A list of numbers in a reference.
pub(crate) fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

/// Counts given as (left, right, left wins, right wins, ties).
pub(crate) fn counts(models: usize, pairs: &[(usize, usize, u32, u32, u32)]) -> Counts {
    let mut counts = Counts::new(models);
    for &(left, right, left_wins, right_wins, ties) in pairs {
        let tally = Tally { left_wins, right_wins, ties, both_bad: 0 };
        counts.add_tally(left, right, tally).unwrap();
    }
    counts
}

/// Fits all models of a connected table with half-win ties.
pub(crate) fn fit_all(counts: &Counts, method: Method) -> Fit {
    let members: Vec<usize> = (0..counts.models()).collect();
    fit(counts, &members, method, Coding::default()).unwrap()
}

/// Ratings of a fit with mean 1000.
pub(crate) fn ratings(fit: &Fit) -> Vec<f64> {
    fit.strengths().iter().map(|strength| MEAN_RATING + ELO_PER_NAT * strength).collect()
}

/// The covariance as other programs have it.
pub(crate) fn uncorrected(fit: &Fit) -> Covariance {
    fit.covariance(SmallSample::Uncorrected).unwrap()
}

/// Half-widths of 95 % intervals in the mean frame.
pub(crate) fn half_widths(covariance: &Covariance) -> Vec<f64> {
    let models = covariance.models();
    let weights = vec![1.0 / models as f64; models];
    let width = |variance: f64| ELO_PER_NAT * 1.959_963_984_540_054 * variance.sqrt();
    covariance.against_mean(&weights).into_iter().map(width).collect()
}

/// The board with default settings.
pub(crate) fn board(counts: &Counts) -> Board {
    compute(counts, &Settings::new(1)).unwrap()
}

/// The statuses of a board as words.
pub(crate) fn statuses(board: &Board) -> Vec<&'static str> {
    board.rows.iter().map(|row| row.status.as_str()).collect()
}

/// Fails with the worst entry if two lists differ by more than `tolerance` anywhere.
pub(crate) fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance, "entry {i}: found {a}, expected {b} +- {tolerance}");
    }
}
