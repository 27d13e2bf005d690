//! What must not matter: names, sides, doubled votes, the zero of the scale.

use proptest::prelude::*;

use super::{assert_close, fit_all, ratings, uncorrected};
use crate::ranking::{Counts, Frame, Method, Settings, Tally, compute};

/// Four counts for every ordered pair of two to six models; neighbours beat each other, so all are comparable.
fn tables() -> impl Strategy<Value = Vec<Vec<Tally>>> {
    let tally = (0_u32..9, 0_u32..9, 0_u32..5, 0_u32..5).prop_map(
        |(left_wins, right_wins, ties, both_bad)| Tally { left_wins, right_wins, ties, both_bad },
    );
    (2_usize..7).prop_flat_map(move |models| {
        let row = prop::collection::vec(tally.clone(), models);
        prop::collection::vec(row, models).prop_map(|mut table| {
            for i in 1..table.len() {
                table[i][i - 1].left_wins += 1;
                table[i][i - 1].right_wins += 1;
                table[i][i - 1].ties += 1;
            }
            table
        })
    })
}

fn build(table: &[Vec<Tally>], place: impl Fn(usize) -> usize, swap: bool, times: u32) -> Counts {
    let mut counts = Counts::new(table.len());
    for (left, row) in table.iter().enumerate() {
        for (right, tally) in row.iter().enumerate().filter(|(right, _)| *right != left) {
            for _ in 0..times {
                add(&mut counts, place(left), place(right), *tally, swap);
            }
        }
    }
    counts
}

fn add(counts: &mut Counts, left: usize, right: usize, tally: Tally, swap: bool) {
    let swapped = Tally { left_wins: tally.right_wins, right_wins: tally.left_wins, ..tally };
    let added = match swap {
        true => counts.add_tally(right, left, swapped),
        false => counts.add_tally(left, right, tally),
    };
    added.unwrap();
}

const METHODS: [Method; 3] = [Method::BradleyTerry, Method::Davidson, Method::RaoKupper];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn other_names_give_the_same_ratings(table in tables(), turn in 1_usize..5) {
        let models = table.len();
        let place = |i: usize| (i + turn) % models;
        let plain = build(&table, |i| i, false, 1);
        let renamed = build(&table, place, false, 1);

        for method in METHODS {
            let (a, b) = (fit_all(&plain, method), fit_all(&renamed, method));

            let moved: Vec<f64> = (0..models).map(|i| ratings(&b)[place(i)]).collect();
            assert_close(&ratings(&a), &moved, 1e-7);
            let (u, v) = (uncorrected(&a), uncorrected(&b));
            let difference = u.of_difference(0, 1) - v.of_difference(place(0), place(1));
            prop_assert!(difference.abs() < 1e-9 * u.of_difference(0, 1).max(1.0));
        }
    }

    #[test]
    fn swapped_sides_give_the_same_board_bit_for_bit(table in tables()) {
        let plain = compute(&build(&table, |i| i, false, 1), &Settings::new(3));
        let swapped = compute(&build(&table, |i| i, true, 1), &Settings::new(3));

        prop_assert_eq!(plain, swapped);
    }

    #[test]
    fn doubled_votes_keep_ratings_and_halve_variances(table in tables()) {
        for method in METHODS {
            let once = fit_all(&build(&table, |i| i, false, 1), method);
            let twice = fit_all(&build(&table, |i| i, false, 2), method);

            assert_close(&ratings(&once), &ratings(&twice), 1e-7);
            let (v, half) = (uncorrected(&once).of_difference(0, 1), uncorrected(&twice).of_difference(0, 1));
            prop_assert!((v - 2.0 * half).abs() < 1e-9 * v.max(1.0), "{} {}", v, half);
        }
    }

    #[test]
    fn another_zero_shifts_ratings_and_nothing_else(table in tables(), zero in -500.0_f64..500.0) {
        let counts = build(&table, |i| i, false, 3);
        let at = |mean: f64| {
            let settings = Settings { frame: Frame::Mean(mean), ..Settings::new(3) };
            compute(&counts, &settings).unwrap()
        };

        let (low, high) = (at(0.0), at(zero));

        for (a, b) in low.rows.iter().zip(&high.rows) {
            prop_assert_eq!(a.rank, b.rank);
            prop_assert_eq!(a.rating.is_some(), b.rating.is_some());
            if let (Some(a), Some(b)) = (a.rating, b.rating) {
                let moved = [a.rating + zero, a.low + zero, a.high + zero];
                assert_close(&[b.rating, b.low, b.high], &moved, 1e-9);
            }
        }
    }

    #[test]
    fn strengths_balance_wins_given_and_expected(table in tables()) {
        let counts = build(&table, |i| i, false, 1);

        let fit = fit_all(&counts, Method::BradleyTerry);

        for model in 0..counts.models() {
            let record = counts.record(model).unwrap();
            let won = record.wins as f64 + (record.ties + record.both_bad) as f64 / 2.0;
            let expected: f64 = (0..counts.models()).map(|rival| {
                let gap = fit.strengths()[model] - fit.strengths()[rival];
                counts.against(model, rival).votes() as f64 / (1.0 + (-gap).exp())
            }).sum();
            prop_assert!((won - expected).abs() < 1e-7, "{} {}", won, expected);
        }
    }
}
