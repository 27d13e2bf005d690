//! Between full fits: one more vote at a time, and which pair to draw next.

use super::{Battles, assert_close, counts, fit_all, published, ratings, uncorrected};
use crate::ranking::{
    Counts, ELO_PER_NAT, Fit, Method, Outcome, PairWeight, RankingError, Settings, SmallSample,
    Tally, Vote, compute, critical_value, pairing_weights,
};

fn widths(covariance: &crate::ranking::Covariance) -> Vec<f64> {
    super::half_widths(covariance)
}

#[test]
fn two_hundred_votes_one_by_one_agree_with_a_full_fit() {
    let battles = Battles::read("synthetic_ties.csv");
    let (first, later) = battles.votes.split_at(5800);
    let start =
        fit_all(&Counts::from_votes(12, first.iter().copied()).unwrap(), Method::BradleyTerry);
    let full = fit_all(&battles.counts(), Method::BradleyTerry);

    let mut running = start.running(&uncorrected(&start)).unwrap();
    for vote in later {
        running.add(*vote).unwrap();
    }

    let found: Vec<f64> = running.strengths().iter().map(|b| 1000.0 + ELO_PER_NAT * b).collect();
    assert_close(&found, &ratings(&full), 0.05);
    let moved = ratings(&full)[0] - ratings(&start)[0];
    assert!(moved.abs() > 0.5, "the votes moved model 0 by only {moved}");
    for (a, b) in widths(&running.covariance()).iter().zip(widths(&uncorrected(&full))) {
        assert!((a / b - 1.0).abs() < 0.01, "{a} against {b}");
    }
}

#[test]
fn one_more_vote_on_a_million_agrees_with_a_full_fit() {
    let expected = published::expected();
    let mut table = published::counts(&expected);
    let start = fit_all(&table, Method::BradleyTerry);
    let vote = Vote { left: 1, right: 128, outcome: Outcome::Right };

    let mut running = start.running(&uncorrected(&start)).unwrap();
    running.add(vote).unwrap();
    table.add(vote).unwrap();

    let full = fit_all(&table, Method::BradleyTerry);
    let found: Vec<f64> = running.strengths().iter().map(|b| 1000.0 + ELO_PER_NAT * b).collect();
    assert_close(&found, &ratings(&full), 1e-3);
}

#[test]
fn a_vote_that_is_none_changes_nothing() {
    let fit = fit_all(&counts(2, &[(0, 1, 6, 4, 0)]), Method::BradleyTerry);
    let mut running = fit.running(&uncorrected(&fit)).unwrap();
    let vote = |left, right| Vote { left, right, outcome: Outcome::Tie };

    assert_eq!(running.add(vote(1, 1)), Err(RankingError::SelfBattle { model: 1 }));
    assert_eq!(running.add(vote(1, 5)), Err(RankingError::NotAMember { model: 5 }));
    assert_eq!(running.strengths(), fit.strengths());
    assert_eq!(running.members(), [0, 1]);
}

#[test]
fn only_plain_bradley_terry_fits_can_run() {
    let battles = Battles::read("synthetic_ties.csv");
    let fit = fit_all(&battles.counts(), Method::Davidson);

    let result = fit.running(&uncorrected(&fit)).map(|_| ());

    assert_eq!(result, Err(RankingError::OnlyBradleyTerry { method: Method::Davidson }));
}

fn weigh(fit: &Fit, q: f64, pool: &[usize], floor: f64) -> Vec<PairWeight> {
    pairing_weights(fit, &uncorrected(fit), q, pool, floor).unwrap()
}

fn weight(weights: &[PairWeight], model: usize, rival: usize) -> u32 {
    weights.iter().find(|pair| (pair.model, pair.rival) == (model, rival)).unwrap().weight
}

/// Var(b_i - b_j) by the information alone.
fn variance(fit: &Fit, i: usize, j: usize) -> f64 {
    let inverse = fit.inverse_information().unwrap();
    inverse[(i, i)] + inverse[(j, j)] - 2.0 * inverse[(i, j)]
}

#[test]
fn gains_are_the_fall_of_variance_by_one_more_vote() {
    // All gaps are unseparated at this critical value; the pool's neighbours by strength are 0-1 and 1-2.
    let table = counts(3, &[(0, 1, 60, 40, 0), (1, 2, 30, 20, 0), (0, 2, 70, 30, 0)]);
    let fit = fit_all(&table, Method::BradleyTerry);
    let scale = 1000;
    let many = counts(
        3,
        &[
            (0, 1, 60 * scale, 40 * scale, 0),
            (1, 2, 30 * scale, 20 * scale, 0),
            (0, 2, 70 * scale, 30 * scale, 0),
        ],
    );
    let gain = |a: usize, b: usize| {
        let p = 1.0 / (1.0 + (fit.strengths()[b] - fit.strengths()[a]).exp());
        let wins = (f64::from(scale) * p).round() as u32;
        let mut more = many.clone();
        more.add_tally(
            a,
            b,
            Tally { left_wins: wins, right_wins: scale - wins, ..Tally::default() },
        )
        .unwrap();
        let (before, after) =
            (fit_all(&many, Method::BradleyTerry), fit_all(&more, Method::BradleyTerry));
        [(0, 1), (1, 2)]
            .iter()
            .map(|&(i, j)| variance(&before, i, j) - variance(&after, i, j))
            .sum::<f64>()
    };

    let weights = weigh(&fit, 1e6, &[0, 1, 2], 1e-9);

    let expected = [gain(0, 1), gain(0, 2), gain(1, 2)];
    let sum: f64 = expected.iter().sum();
    let found = [weight(&weights, 0, 1), weight(&weights, 0, 2), weight(&weights, 1, 2)];
    for (found, expected) in found.into_iter().zip(expected) {
        assert_close(&[f64::from(found) / 1e9], &[expected / sum], 1e-3);
    }
}

#[test]
fn unsettled_neighbours_meet_more_often_than_settled_models() {
    let pairs = [(0, 1, 900, 100, 0), (1, 2, 505, 495, 0), (2, 3, 900, 100, 0), (0, 3, 30, 2, 0)];
    let fit = fit_all(&counts(4, &pairs), Method::BradleyTerry);
    let q = critical_value(&uncorrected(&fit), 1000, 1).unwrap();

    let weights = weigh(&fit, q, &[0, 1, 2, 3], 0.2);

    let best = weight(&weights, 1, 2);
    assert!(weights.iter().all(|pair| pair.weight <= best));
    assert!(weights.iter().all(|pair| f64::from(pair.weight) >= 0.2e9 / 6.0 - 1.0));
    let sum: u64 = weights.iter().map(|pair| u64::from(pair.weight)).sum();
    assert!(sum.abs_diff(1_000_000_000) <= 6, "{sum}");
}

#[test]
fn a_settled_order_is_drawn_uniformly_and_newcomers_as_often_as_the_best_pair() {
    let pairs = [(0, 1, 900, 100, 0), (1, 2, 900, 100, 0), (0, 2, 95, 5, 0)];
    let fit = fit_all(&counts(3, &pairs), Method::BradleyTerry);

    let settled = weigh(&fit, 3.0, &[2, 0, 1], 0.2);
    let open = weigh(&fit, 1e6, &[0, 1, 2, 7], 0.2);

    assert!(settled.iter().all(|pair| pair.weight == 333_333_333));
    let best = open.iter().map(|pair| pair.weight).max().unwrap();
    assert_eq!([0, 1, 2].map(|model| weight(&open, model, 7)), [best; 3]);
}

#[test]
fn a_floor_of_nothing_and_a_model_twice_are_refused() {
    let fit = fit_all(&counts(2, &[(0, 1, 6, 4, 0)]), Method::BradleyTerry);
    let weigh = |pool: &[usize], floor| pairing_weights(&fit, &uncorrected(&fit), 2.0, pool, floor);

    assert_eq!(weigh(&[0, 1], 0.0), Err(RankingError::NotAProbability { value: 0.0 }));
    assert_eq!(weigh(&[0, 1, 0], 0.1), Err(RankingError::SelfBattle { model: 0 }));
}

#[test]
fn a_board_that_follows_votes_agrees_with_one_computed_anew() {
    let battles = Battles::read("synthetic_ties.csv");
    let (first, later) = battles.votes.split_at(5950);
    let mut table = Counts::from_votes(12, first.iter().copied()).unwrap();
    let start = fit_all(&table, Method::BradleyTerry);
    let settings = Settings::new(7);
    let board = compute(&table, &settings).unwrap();
    let mut running = start.running(&start.covariance(SmallSample::default()).unwrap()).unwrap();

    for vote in later {
        running.add(*vote).unwrap();
        table.add(*vote).unwrap();
    }
    let followed = board.follow(&running, &table).unwrap();

    let anew = compute(&battles.counts(), &settings).unwrap();
    assert_eq!(followed.votes, 6000);
    for (one, other) in followed.rows.iter().zip(&anew.rows) {
        assert_eq!((one.votes, one.wins, one.ties), (other.votes, other.wins, other.ties));
        let (one, other) = (one.rating.unwrap(), other.rating.unwrap());
        assert!((one.rating - other.rating).abs() < 0.02, "{one:?} {other:?}");
        let widths = (one.high - one.low) / (other.high - other.low);
        assert!((widths - 1.0).abs() < 0.01, "{one:?} {other:?}");
    }
}

#[test]
fn a_vote_of_half_the_weight_moves_half_as_far() {
    let fit = fit_all(&counts(2, &[(0, 1, 600, 400, 0)]), Method::BradleyTerry);
    let vote = Vote { left: 0, right: 1, outcome: Outcome::Left };
    let moved = |weight: f64| {
        let mut running = fit.running(&uncorrected(&fit)).unwrap();
        running.add_weighted(vote, weight).unwrap();
        running.strengths()[0] - fit.strengths()[0]
    };

    assert!((moved(0.5) / moved(1.0) - 0.5).abs() < 1e-3, "{} {}", moved(0.5), moved(1.0));
    let mut running = fit.running(&uncorrected(&fit)).unwrap();
    let refused = running.add_weighted(vote, -1.0);
    assert_eq!(refused, Err(RankingError::NotAWeight { value: -1.0 }));
}
