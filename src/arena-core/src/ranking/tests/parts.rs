//! The small parts: counts, derivatives, the small-sample factor, the ticker, the words.

use super::{assert_close, board, counts, fit_all, uncorrected};
use crate::ranking::coding::Cell;
use crate::ranking::{
    Board, BothBadRule, Coding, Counts, Elo, Method, Outcome, RankingError, Record, Settings,
    SmallSample, Tally, TieRule, Vote, compute, critical_value, fit, order_averaged_elo,
};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

#[test]
fn a_model_is_not_counted_against_itself() {
    let vote = Vote { left: 1, right: 1, outcome: Outcome::Tie };

    assert_eq!(Counts::new(2).add(vote), Err(RankingError::SelfBattle { model: 1 }));
}

#[test]
fn an_unknown_model_is_refused_on_either_side() {
    let unknown = Err(RankingError::UnknownModel { model: 2, models: 2 });

    assert_eq!(Counts::new(2).add_tally(2, 0, Tally::default()), unknown);
    assert_eq!(Counts::new(2).add_tally(0, 2, Tally::default()), unknown);
    assert_eq!(Counts::new(2).tally(0, 2), None);
    assert_eq!(Counts::new(2).record(2), None);
}

#[test]
fn a_full_cell_is_refused_and_unchanged() {
    let mut table = counts(2, &[(0, 1, u32::MAX, 7, 0)]);
    let before = table.clone();

    let error = table.add(Vote { left: 0, right: 1, outcome: Outcome::Left }).unwrap_err();

    assert_eq!(error, RankingError::CellFull { left: 0, right: 1 });
    assert_eq!(table, before);
}

#[test]
fn a_record_adds_up_both_sides() {
    let mut table = counts(3, &[(0, 1, 5, 3, 2), (2, 0, 4, 1, 1)]);
    table.add(Vote { left: 1, right: 0, outcome: Outcome::BothBad }).unwrap();

    let record = table.record(0).unwrap();

    assert_eq!(record, Record { wins: 6, losses: 7, ties: 3, both_bad: 1 });
    assert_eq!((record.votes(), table.votes()), (17, 17));
    assert_eq!(table.tally(2, 0).unwrap().votes(), 6);
}

#[test]
fn derivatives_agree_with_finite_differences() {
    let cell = Cell { i: 0, j: 1, wins: 7.0, losses: 3.0, ties: 4.0 };
    let h = 1e-5;
    for method in [Method::BradleyTerry, Method::Davidson, Method::RaoKupper] {
        let (d, tau) = (0.7, 0.4);
        let at = |x: f64, y: f64| method.terms(&cell, d + x, tau + y);

        let here = at(0.0, 0.0);

        let slope = |f: &dyn Fn(f64) -> f64| (f(h) - f(-h)) / (2.0 * h);
        let found = [
            slope(&|x| at(x, 0.0).loss),
            slope(&|y| at(0.0, y).loss),
            slope(&|x| at(x, 0.0).gradient[0]),
            slope(&|y| at(0.0, y).gradient[0]),
            slope(&|y| at(0.0, y).gradient[1]),
        ];
        let information = here.information;
        let exact = [information.dd, information.dt, information.tt];
        assert_close(&found, &[&here.gradient[..], &exact].concat(), 1e-7);
    }
}

#[test]
fn expected_scores_vanish_and_expected_squares_are_the_information() {
    for method in [Method::Davidson, Method::RaoKupper] {
        let one = |wins, losses, ties| {
            let cell = Cell { i: 0, j: 1, wins, losses, ties };
            method.terms(&cell, 0.7, 0.4)
        };
        let outcomes = [one(1.0, 0.0, 0.0), one(0.0, 1.0, 0.0), one(0.0, 0.0, 1.0)];
        let p = outcomes.map(|terms| (-terms.loss).exp());

        let mean = |part: fn(&crate::ranking::fit::Terms) -> f64| -> f64 {
            outcomes.iter().zip(p).map(|(terms, p)| p * part(terms)).sum()
        };

        assert_close(&[p.iter().sum()], &[1.0], 1e-12);
        assert_close(&[mean(|t| t.gradient[0]), mean(|t| t.gradient[1])], &[0.0, 0.0], 1e-12);
        let squares = [mean(|t| t.scores.dd), mean(|t| t.scores.dt), mean(|t| t.scores.tt)];
        let information =
            [mean(|t| t.information.dd), mean(|t| t.information.dt), mean(|t| t.information.tt)];
        assert_close(&squares, &information, 1e-12);
    }
}

#[test]
fn a_board_of_equal_vote_counts_has_the_plain_small_sample_factor() {
    let table = counts(3, &[(0, 1, 6, 4, 0), (1, 2, 5, 5, 0), (2, 0, 3, 7, 0)]);
    let fit = fit_all(&table, Method::BradleyTerry);

    let corrected = fit.covariance(SmallSample::PerModel).unwrap();

    let ratio = corrected.of_difference(0, 2) / uncorrected(&fit).of_difference(0, 2);
    assert_close(&[ratio], &[20.0 / 19.0], 1e-12);
}

#[test]
fn a_newcomer_among_well_known_models_has_the_factor_of_its_own_votes() {
    let table = counts(3, &[(0, 1, 500_000, 500_000, 0), (2, 0, 6, 4, 0), (2, 1, 5, 5, 0)]);
    let fit = fit_all(&table, Method::BradleyTerry);

    let corrected = fit.covariance(SmallSample::PerModel).unwrap();

    let ratio = |i, j| corrected.of_difference(i, j) / uncorrected(&fit).of_difference(i, j);
    assert_close(&[ratio(0, 2), ratio(0, 1)], &[20.0 / 19.0, 1.0], 1e-4);
}

#[test]
fn votes_that_are_all_ties_do_not_give_an_interval_without_width() {
    let board = board(&counts(2, &[(0, 1, 0, 0, 25)]));

    let estimate = board.rows[0].rating.unwrap();

    assert_close(&[estimate.rating], &[1000.0], 1e-9);
    assert!(estimate.high - estimate.low > 10.0, "{estimate:?}");
    assert_eq!(board.rows[0].rank.unwrap().worst, 2);
}

#[test]
fn dropping_both_bad_votes_rates_the_others_alone() {
    let mut table = counts(2, &[(0, 1, 30, 10, 0)]);
    let both_bad = Tally { both_bad: 60, ..Tally::default() };
    table.add_tally(1, 0, both_bad).unwrap();
    let gap = |both_bad| {
        let coding = Coding { ties: TieRule::Half, both_bad };
        let fit = fit(&table, &[0, 1], Method::BradleyTerry, coding).unwrap();
        fit.strengths()[0] - fit.strengths()[1]
    };

    assert_close(&[gap(BothBadRule::Drop)], &[3.0_f64.ln()], 1e-12);
    assert_close(&[gap(BothBadRule::Half)], &[1.5_f64.ln()], 1e-12);
}

#[test]
fn two_models_have_the_normal_quantile_as_critical_value() {
    let covariance = uncorrected(&fit_all(&counts(2, &[(0, 1, 60, 40, 0)]), Method::BradleyTerry));

    let q = critical_value(&covariance, 40_000, 5).unwrap();

    assert_close(&[q], &[1.959_964], 0.03);
}

#[test]
fn too_few_draws_and_numbers_that_are_no_ratings_are_refused() {
    let table = counts(2, &[(0, 1, 60, 40, 0)]);
    let with = |settings: Settings| compute(&table, &settings).unwrap_err();

    let draws = with(Settings { draws: 0, ..Settings::new(1) });
    let frame = crate::ranking::Frame::Mean(f64::INFINITY);
    let zero = with(Settings { frame, ..Settings::new(1) });

    assert_eq!(draws, RankingError::TooFewDraws { given: 0, needed: 100 });
    assert_eq!(zero, RankingError::NotARating { value: f64::INFINITY });
}

#[test]
fn an_anchor_has_its_value_and_no_width_and_others_the_width_of_the_difference() {
    let table = counts(3, &[(0, 1, 60, 40, 9), (1, 2, 50, 50, 0), (2, 0, 30, 70, 0)]);
    let frame = crate::ranking::Frame::Anchor { model: 1, rating: 1114.0 };

    let board = compute(&table, &Settings { frame, ..Settings::new(1) }).unwrap();

    let anchor = board.rows[1].rating.unwrap();
    assert_eq!([anchor.rating, anchor.low, anchor.high], [1114.0; 3]);
    let fit = fit_all(&table, Method::BradleyTerry);
    let variance = fit.covariance(SmallSample::PerModel).unwrap().of_difference(0, 1);
    let half_width = crate::ranking::ELO_PER_NAT * 1.959_963_984_540_054 * variance.sqrt();
    let other = board.rows[0].rating.unwrap();
    assert_close(&[other.high - other.rating], &[half_width], 1e-9);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let table = counts(3, &[(0, 1, 60, 40, 9), (1, 2, 50, 50, 0), (2, 0, 30, 70, 0)]);

    let (first, second) = (board(&table), board(&table));

    let text = serde_json::to_string(&first).unwrap();
    assert_eq!(text, serde_json::to_string(&second).unwrap());
    assert_eq!(serde_json::from_str::<Board>(&text).unwrap().rows[0].rank, first.rows[0].rank);
    assert!(text.contains(r#""method":"bradley_terry""#) && text.contains(r#""status":"ok""#));
}

#[test]
fn another_seed_moves_only_the_critical_value() {
    let table = counts(3, &[(0, 1, 60, 40, 9), (1, 2, 50, 50, 0), (2, 0, 30, 70, 0)]);

    let (one, two) = (board(&table), compute(&table, &Settings::new(2)).unwrap());

    assert_ne!(one.critical_value, two.critical_value);
    assert_eq!(one.rows, two.rows);
}

#[test]
fn a_ticker_goes_on_where_it_stopped_and_takes_new_models() {
    let mut whole = Elo::new(3);
    let mut first = Elo::new(2);
    whole.update(0, 1, Outcome::Left).unwrap();
    first.update(0, 1, Outcome::Left).unwrap();

    let mut second = Elo::resume(first.ratings().to_vec()).unwrap();
    assert_eq!(second.add_model(), 2);
    whole.update(2, 0, Outcome::BothBad).unwrap();
    second.update(2, 0, Outcome::BothBad).unwrap();

    assert_eq!(whole, second);
    assert_close(&[second.ratings().iter().sum()], &[3000.0], 1e-9);
}

#[test]
fn a_ticker_refuses_what_is_no_vote_and_what_is_no_rating() {
    let mut elo = Elo::new(2);

    assert_eq!(elo.update(0, 0, Outcome::Tie), Err(RankingError::SelfBattle { model: 0 }));
    let unknown = RankingError::UnknownModel { model: 9, models: 2 };
    assert_eq!(elo.update(0, 9, Outcome::Tie), Err(unknown));
    assert_eq!(elo, Elo::new(2));
    assert!(matches!(Elo::resume(vec![f64::NAN]), Err(RankingError::NotARating { .. })));
}

#[test]
fn an_average_over_no_order_is_an_error() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);

    let result = order_averaged_elo(2, &[], 0, &mut rng);

    assert_eq!(result, Err(RankingError::TooFewDraws { given: 0, needed: 1 }));
}

#[test]
fn naming_a_member_twice_is_an_error() {
    let table = counts(2, &[(0, 1, 6, 4, 0)]);

    let result = fit(&table, &[0, 1, 0], Method::BradleyTerry, Coding::default());

    assert_eq!(result.unwrap_err(), RankingError::SelfBattle { model: 0 });
}
