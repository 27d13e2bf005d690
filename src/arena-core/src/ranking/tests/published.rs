//! The 1,670,250 public votes of Chatbot Arena up to 2024-08-14 (`tests/golden/chatbot-arena-2024-08-14/SOURCE.md`).

use std::time::Instant;

use super::{assert_close, golden_file};
use crate::ranking::{Board, Counts, Frame, Row, Settings, SmallSample, Tally, compute, fit};

const ANCHOR: &str = "mixtral-8x7b-instruct-v0.1";

/// One line of the expected ratings, in the order of the file.
pub(super) struct Expected {
    model: String,
    record: Vec<u64>,
    rating: f64,
    half_width_mean: f64,
    half_width_anchor: f64,
}

pub(super) fn expected() -> Vec<Expected> {
    let text = golden_file("chatbot-arena-2024-08-14/expected_bt_20240814.csv");
    let line = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |i: usize| fields[i].parse::<f64>().unwrap();
        Expected {
            model: fields[0].to_owned(),
            record: fields[1..6].iter().map(|field| field.parse().unwrap()).collect(),
            rating: number(6),
            half_width_mean: number(8),
            half_width_anchor: number(9),
        }
    };
    text.lines().skip(1).map(line).collect()
}

/// The counts, with models in the order of the expected ratings.
pub(super) fn counts(expected: &[Expected]) -> Counts {
    let text = golden_file("chatbot-arena-2024-08-14/pairs_20240814.csv");
    let index = |name: &str| expected.iter().position(|line| line.model == name).unwrap();
    let mut counts = Counts::new(expected.len());
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |i: usize| fields[i].parse::<u32>().unwrap();
        let tally = Tally {
            left_wins: number(2),
            right_wins: number(3),
            ties: number(4),
            both_bad: number(5),
        };
        counts.add_tally(index(fields[0]), index(fields[1]), tally).unwrap();
    }
    counts
}

fn anchored(expected: &[Expected]) -> Settings {
    let model = expected.iter().position(|line| line.model == ANCHOR).unwrap();
    Settings { frame: Frame::Anchor { model, rating: 1114.0 }, ..Settings::new(1) }
}

fn rating(row: &Row) -> f64 {
    row.rating.unwrap().rating
}

fn half_width(row: &Row) -> f64 {
    let estimate = row.rating.unwrap();
    (estimate.high - estimate.low) / 2.0
}

fn published_board() -> (Vec<Expected>, Board) {
    let expected = expected();
    let board = compute(&counts(&expected), &anchored(&expected)).unwrap();
    (expected, board)
}

#[test]
fn a_million_real_votes_give_the_independent_fit() {
    let (expected, board) = published_board();

    let found: Vec<f64> = board.rows.iter().map(rating).collect();

    assert_eq!(board.votes, 1_670_250);
    assert_eq!(board.used_votes, 1_670_250);
    assert_close(&found, &expected.iter().map(|line| line.rating).collect::<Vec<_>>(), 1e-5);
}

#[test]
fn real_records_agree_with_the_independent_counts() {
    let (expected, board) = published_board();

    for (line, row) in expected.iter().zip(&board.rows) {
        let found = vec![row.wins, row.losses, row.ties, row.both_bad, row.votes];
        assert_eq!(found, line.record, "{}", line.model);
    }
}

#[test]
fn anchored_intervals_of_real_votes_agree_up_to_the_small_sample_factor() {
    let (expected, board) = published_board();

    for (line, row) in expected.iter().zip(&board.rows) {
        let ratio = half_width(row) / line.half_width_anchor;
        let largest = 1.0 + 1.0 / row.used_votes as f64 + 2e-4;
        let in_range = line.half_width_anchor == 0.0 || (1.0 - 2e-4..largest).contains(&ratio);
        assert!(in_range, "{}: {} against {}", line.model, half_width(row), line.half_width_anchor);
    }
}

#[test]
fn intervals_of_real_votes_in_the_mean_frame_agree_with_the_independent_sandwich() {
    let expected = expected();
    let counts = counts(&expected);
    let all: Vec<usize> = (0..counts.models()).collect();

    let settings = Settings::new(1);
    let fit = fit(&counts, &all, settings.method, settings.coding).unwrap();
    let covariance = fit.covariance(SmallSample::Uncorrected).unwrap();

    let theirs: Vec<f64> = expected.iter().map(|line| line.half_width_mean).collect();
    assert_close(&super::half_widths(&covariance), &theirs, 1e-4);
    assert!(fit.steps() <= 7, "{} steps", fit.steps());
}

#[test]
fn real_ranks_are_wider_than_those_of_marginal_intervals() {
    let (expected, board) = published_board();

    let rank = |name: &str| {
        board.rows[expected.iter().position(|line| line.model == name).unwrap()].rank.unwrap()
    };
    let mini = rank("gpt-4o-mini-2024-07-18");
    let opus = rank("claude-3-opus-20240229");

    let q = board.critical_value.unwrap();
    assert!((q - 4.32).abs() < 0.05, "critical value {q}, seed 1");
    assert_eq!((mini.ub, mini.best, mini.worst), (4, 4, 8));
    assert_eq!((opus.best, opus.worst), (12, 17));
}

#[test]
fn an_anchor_changes_ratings_but_no_rank() {
    let expected = expected();
    let counts = counts(&expected);

    let mean = compute(&counts, &Settings::new(1)).unwrap();
    let anchored = compute(&counts, &anchored(&expected)).unwrap();

    let shift = rating(&anchored.rows[0]) - rating(&mean.rows[0]);
    for (a, b) in anchored.rows.iter().zip(&mean.rows) {
        assert_eq!(a.rank, b.rank);
        assert!((rating(a) - rating(b) - shift).abs() < 1e-9);
    }
}

#[test]
fn a_board_of_129_models_takes_less_than_ten_seconds_even_unoptimised() {
    let expected = expected();
    let counts = counts(&expected);

    let start = Instant::now();
    compute(&counts, &Settings::new(1)).unwrap();

    let elapsed_ms = start.elapsed().as_millis();
    println!("board of 129 models: {elapsed_ms} ms");
    assert!(elapsed_ms < 10_000, "{elapsed_ms} ms");
}
