//! How firm an order is: votes to flip, win matrix, probability of being better, tie groups.

use std::time::Instant;

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::{Battles, assert_close, counts, fit_all, published, uncorrected};
use crate::ranking::{
    Coding, Counts, Fit, Method, RankingError, Tally, critical_value, probability_better,
    tie_groups, win_matrix,
};

fn all(fit: &Fit) -> Vec<usize> {
    fit.members().to_vec()
}

#[test]
fn votes_to_flip_on_a_million_real_votes_agree_with_the_independent_measurement() {
    let expected = published::expected();
    let fit = fit_all(&published::counts(&expected), Method::BradleyTerry);

    let start = Instant::now();
    let found = fit.fragility(&all(&fit)).unwrap();

    let (first, seventh) = (found[0], found[6]);
    println!("{first:?}\n{seventh:?}\n{} ms", start.elapsed().as_millis());
    assert_eq!(first.predicted_votes, Some(489));
    assert_eq!(seventh.predicted_votes, Some(37));
    assert_close(&[first.gap_elo, seventh.gap_elo], &[16.7, 1.95], 0.06);
    for one in &found[..20] {
        assert!(one.gap_after_elo.unwrap().abs() < 0.75, "{one:?}");
        let (predicted, votes) = (one.predicted_votes.unwrap(), one.votes.unwrap());
        assert!(votes.abs_diff(predicted) <= 2 + predicted / 10, "{one:?}");
    }
}

#[test]
fn two_models_flip_after_as_many_lost_wins_as_they_are_apart() {
    let fit = fit_all(&counts(2, &[(0, 1, 60, 40, 5)]), Method::BradleyTerry);

    let found = fit.fragility(&[0, 1]).unwrap()[0];

    assert_eq!((found.better, found.worse), (0, 1));
    assert_eq!(found.votes, Some(20));
}

/// The least number of votes whose loss closes a gap, by trying all sets of at most `most` votes.
fn least(table: &Counts, better: usize, worse: usize, most: u64) -> Option<u64> {
    let gap = |table: &Counts| {
        let fit = crate::ranking::fit(table, &[0, 1, 2], Method::BradleyTerry, Coding::default());
        fit.map(|fit| fit.strengths()[better] - fit.strengths()[worse])
    };
    let mut level = vec![table.clone()];
    for dropped in 1..=most {
        let mut next: Vec<Counts> = level.iter().flat_map(one_less).collect();
        next.dedup();
        if next.iter().any(|table| gap(table).is_ok_and(|gap| gap <= 1e-12)) {
            return Some(dropped);
        }
        level = next;
    }
    None
}

/// All tables with one vote less.
fn one_less(table: &Counts) -> Vec<Counts> {
    let mut found = Vec::new();
    for (left, right) in [(0, 1), (0, 2), (1, 2)] {
        let tally = table.tally(left, right).unwrap();
        let smaller = [
            Tally { left_wins: tally.left_wins.wrapping_sub(1), ..tally },
            Tally { right_wins: tally.right_wins.wrapping_sub(1), ..tally },
            Tally { ties: tally.ties.wrapping_sub(1), ..tally },
        ];
        for smaller in smaller {
            if smaller.votes() < tally.votes() {
                found.push(with(table, left, right, smaller));
            }
        }
    }
    found
}

fn with(table: &Counts, left: usize, right: usize, tally: Tally) -> Counts {
    let mut copy = Counts::new(3);
    for pair in [(0, 1), (0, 2), (1, 2)] {
        let tally =
            if pair == (left, right) { tally } else { table.tally(pair.0, pair.1).unwrap() };
        copy.add_tally(pair.0, pair.1, tally).unwrap();
    }
    copy
}

#[test]
fn the_number_found_is_at_most_one_above_the_least_in_small_tables() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(8);
    let mut draw = |most: u64| 1 + (rng.next_u64() % most) as u32;
    for _ in 0..12 {
        let (a, b, c) = (draw(4), draw(4), draw(4));
        let table = counts(3, &[(0, 1, 3 + a, 3, b), (1, 2, 3, 3 + c, 1), (0, 2, 4, 2 + b, 2)]);
        let fit = fit_all(&table, Method::BradleyTerry);
        for one in fit.fragility(&[0, 1, 2]).unwrap() {
            let Some(votes) = one.votes.filter(|&votes| votes <= 4) else {
                continue;
            };

            let least = least(&table, one.better, one.worse, votes).unwrap();

            assert!(votes <= least + 1, "found {votes}, least {least}: {table:?}, seed 8");
        }
    }
}

#[test]
fn davidson_and_rao_kupper_have_votes_to_flip_too() {
    let battles = Battles::read("synthetic_ties.csv");
    for method in [Method::Davidson, Method::RaoKupper] {
        let fit = fit_all(&battles.counts(), method);

        let found = fit.fragility(&all(&fit)).unwrap();

        assert_eq!(found.len(), 11);
        for one in found {
            let (predicted, votes) = (one.predicted_votes.unwrap(), one.votes.unwrap());
            assert!((predicted / 2..=predicted + 2 + predicted / 5).contains(&votes), "{one:?}");
        }
    }
}

#[test]
fn a_model_that_was_not_fitted_has_no_neighbours() {
    let fit = fit_all(&counts(2, &[(0, 1, 60, 40, 5)]), Method::BradleyTerry);

    assert_eq!(fit.fragility(&[0, 4]), Err(RankingError::NotAMember { model: 4 }));
}

#[test]
fn the_win_matrix_has_closed_form_entries() {
    let mut table = counts(3, &[(0, 1, 6, 2, 4), (2, 1, 3, 3, 0)]);
    table.add_tally(1, 0, Tally { both_bad: 4, ..Tally::default() }).unwrap();
    let fit = fit_all(&table, Method::BradleyTerry);

    let matrix = win_matrix(&table, &fit);

    let first = matrix.matchups[0];
    assert_eq!((first.model, first.rival, first.counted, first.record.both_bad), (0, 1, 16, 4));
    assert_close(
        &[first.observed.unwrap(), first.observed_decisive.unwrap()],
        &[0.625, 0.75],
        1e-12,
    );
    assert_close(&[first.predicted], &[0.625], 1e-9);
    let unmet = matrix.matchups[1];
    assert_eq!((unmet.model, unmet.rival, unmet.observed, unmet.surprise), (0, 2, None, None));
    assert_close(&[unmet.predicted], &[0.625], 1e-9);
    assert_eq!(matrix.freedom, 0);
    assert!(matrix.lack_of_fit < 1e-12);
}

#[test]
fn a_cycle_does_not_fit() {
    let table = counts(3, &[(0, 1, 70, 30, 0), (1, 2, 70, 30, 0), (2, 0, 70, 30, 0)]);
    let fit = fit_all(&table, Method::BradleyTerry);

    let matrix = win_matrix(&table, &fit);

    // Each pair: (70 - 50)^2 / (100 / 4).
    assert_close(&[matrix.lack_of_fit], &[48.0], 1e-6);
    assert_eq!(matrix.freedom, 1);
}

#[test]
fn the_lack_of_fit_of_votes_that_fit_is_about_its_freedom() {
    let battles = Battles::read("synthetic_ties.csv");
    let counts = battles.counts();

    for method in [Method::BradleyTerry, Method::Davidson, Method::RaoKupper] {
        let matrix = win_matrix(&counts, &fit_all(&counts, method));

        let z = (matrix.lack_of_fit - matrix.freedom as f64) / (2.0 * matrix.freedom as f64).sqrt();
        println!("{method}: {} over {}", matrix.lack_of_fit, matrix.freedom);
        assert!(z.abs() < 3.0, "{method}: {z}");
    }
}

#[test]
fn one_of_two_is_better_with_the_normal_probability() {
    let fit = fit_all(&counts(3, &[(0, 1, 60, 40, 0), (1, 2, 50, 50, 0)]), Method::BradleyTerry);
    let covariance = uncorrected(&fit);
    let better = |a, b| probability_better(&fit, &covariance, a, b).unwrap();

    // The difference is ln 1.5 with variance 1 / 24.
    assert_close(&[better(0, 1)], &[0.976_513], 1e-5);
    assert_close(&[better(0, 1) + better(1, 0), better(1, 2)], &[1.0, 0.5], 1e-9);
    let refused = probability_better(&fit, &covariance, 0, 9);
    assert_eq!(refused, Err(RankingError::NotAMember { model: 9 }));
    assert!(probability_better(&fit, &covariance, 1, 1).is_err());
}

#[test]
fn models_of_different_groups_are_separated() {
    let pairs = [(0, 1, 800, 200, 0), (1, 2, 505, 495, 0), (2, 3, 800, 200, 0), (0, 3, 30, 2, 0)];
    let fit = fit_all(&counts(4, &pairs), Method::BradleyTerry);
    let covariance = uncorrected(&fit);
    let q = critical_value(&covariance, 2000, 1).unwrap();

    let groups = |q| tie_groups(fit.strengths(), &covariance, q).unwrap();

    assert_eq!(groups(q), [1, 2, 2, 3]);
    assert_eq!(groups(0.0), [1, 2, 3, 4]);
    assert_eq!(groups(1e6), [1, 1, 1, 1]);
}
