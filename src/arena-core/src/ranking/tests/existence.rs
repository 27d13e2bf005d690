//! Boards that cannot be rated in full: the cases of RATINGS section 8, and newcomers.

use super::{assert_close, board, counts, ratings, statuses};
use crate::ranking::{
    BothBadRule, Coding, Counts, Frame, Method, Outcome, RankingError, Settings, TieRule, Vote,
    components, compute, fit,
};

/// Three models that can be compared, with 240 votes.
const CORE: [(usize, usize, u32, u32, u32); 3] =
    [(0, 1, 50, 30, 0), (1, 2, 40, 40, 0), (2, 0, 30, 50, 0)];

fn core_and(models: usize, more: &[(usize, usize, u32, u32, u32)]) -> Counts {
    counts(models, &[&CORE, more].concat())
}

/// Asserts that the first three rows have the same numbers, bit for bit, as without the others.
fn assert_core_unmoved(counts_with: &Counts) {
    let alone = board(&core_and(3, &[]));
    let with = board(counts_with);
    for (before, after) in alone.rows.iter().zip(&with.rows) {
        let bits = |row: &crate::ranking::Row| {
            let estimate = row.rating.unwrap();
            [estimate.rating, estimate.low, estimate.high].map(f64::to_bits)
        };
        assert_eq!(bits(before), bits(after));
        assert_eq!((before.rank, before.status), (after.rank, after.status));
        assert_eq!(before.used_votes, after.used_votes);
    }
    assert_eq!(alone.critical_value.map(f64::to_bits), with.critical_value.map(f64::to_bits));
}

#[test]
fn two_islands_are_not_ranked_against_each_other() {
    let table = counts(4, &[(0, 1, 30, 20, 0), (2, 3, 30, 19, 0)]);

    let board = board(&table);

    assert_eq!(statuses(&board), ["provisional", "provisional", "island", "island"]);
    let rated = board.rows.iter().filter(|row| row.rating.is_some()).count();
    assert_eq!(rated, 2);
}

#[test]
fn an_undefeated_model_has_a_status_and_no_number() {
    let table = core_and(4, &[(3, 0, 10, 0, 0)]);

    let board = board(&table);

    assert_eq!(statuses(&board), ["ok", "ok", "ok", "undefeated"]);
    assert_eq!((board.rows[3].rating, board.rows[3].rank), (None, None));
    assert_eq!((board.rows[3].votes, board.rows[3].used_votes), (10, 0));
}

#[test]
fn an_undefeated_newcomer_moves_no_other_number_by_a_bit() {
    assert_core_unmoved(&core_and(4, &[(3, 0, 10, 0, 0)]));
    assert_core_unmoved(&core_and(4, &[(3, 0, 500, 0, 0), (1, 3, 0, 300, 0)]));
}

#[test]
fn a_winless_newcomer_moves_no_other_number_by_a_bit() {
    let table = core_and(4, &[(3, 0, 0, 25, 0), (1, 3, 9, 0, 0)]);

    assert_core_unmoved(&table);
    assert_eq!(statuses(&board(&table))[3], "winless");
}

#[test]
fn an_island_moves_no_other_number_by_a_bit() {
    let table = core_and(5, &[(3, 4, 200, 300, 10)]);

    assert_core_unmoved(&table);
    assert_eq!(statuses(&board(&table))[3..], ["island", "island"]);
}

#[test]
fn a_group_that_only_won_against_the_rest_is_undefeated_as_a_whole() {
    let table = core_and(5, &[(3, 4, 20, 20, 5), (3, 0, 40, 0, 0)]);

    assert_core_unmoved(&table);
    assert_eq!(statuses(&board(&table))[3..], ["undefeated", "undefeated"]);
}

#[test]
fn a_model_that_only_met_an_undefeated_one_is_named_by_its_own_record() {
    let table = core_and(6, &[(3, 0, 9, 0, 0), (3, 4, 5, 0, 0), (4, 5, 5, 0, 0)]);

    assert_core_unmoved(&table);
    assert_eq!(statuses(&board(&table))[3..], ["undefeated", "island", "winless"]);
}

#[test]
fn a_single_tie_joins_a_newcomer_to_the_rest() {
    let table = core_and(4, &[(3, 0, 10, 0, 1)]);

    let board = board(&table);

    assert_eq!(statuses(&board)[3], "too_few_votes");
    assert_eq!(board.rows[3].used_votes, 11);
    assert_eq!(board.rows[3].rating, None);
}

#[test]
fn a_model_below_twenty_votes_does_not_move_the_mean() {
    let board = board(&core_and(4, &[(3, 0, 1, 18, 0)]));

    let mean = board.rows[..3].iter().map(|row| row.rating.unwrap().rating).sum::<f64>() / 3.0;
    assert_close(&[mean], &[1000.0], 1e-9);
}

#[test]
fn a_model_of_twenty_votes_is_provisional_and_one_of_a_hundred_is_ok() {
    let at_twenty = board(&core_and(4, &[(3, 0, 10, 10, 0)]));
    let at_ninety_nine = board(&core_and(4, &[(3, 0, 50, 49, 0)]));
    let at_hundred = board(&core_and(4, &[(3, 0, 50, 50, 0)]));

    assert_eq!(statuses(&at_twenty)[3], "provisional");
    assert_eq!(statuses(&at_ninety_nine)[3], "provisional");
    assert_eq!(statuses(&at_hundred)[3], "ok");
}

#[test]
fn only_rated_models_have_rating_and_rank() {
    let board = board(&core_and(6, &[(3, 0, 9, 0, 0), (4, 0, 2, 5, 1)]));

    for row in &board.rows {
        let rated = ["ok", "provisional"].contains(&row.status.as_str());
        assert_eq!((row.rating.is_some(), row.rank.is_some()), (rated, rated), "{row:?}");
    }
    assert_eq!(statuses(&board)[5], "no_votes");
}

#[test]
fn a_joining_model_shifts_all_others_by_the_same_amount() {
    let without = board(&core_and(4, &[(3, 0, 9, 10, 0)]));
    let with = board(&core_and(4, &[(3, 0, 10, 10, 0)]));

    let shift =
        |i: usize| with.rows[i].rating.unwrap().rating - without.rows[i].rating.unwrap().rating;
    // One more vote also moves model 0 a little against 1 and 2.
    assert!((shift(1) - shift(2)).abs() < 1e-9);
    assert!((shift(0) - shift(1)).abs() < 1.0);
}

#[test]
fn a_board_without_votes_is_empty_and_not_an_error() {
    let board = board(&Counts::new(3));

    assert_eq!(statuses(&board), ["no_votes"; 3]);
    assert_eq!((board.votes, board.critical_value), (0, None));
    assert!(super::board(&Counts::new(0)).rows.is_empty());
}

#[test]
fn a_board_on_which_nobody_can_be_compared_names_top_middle_and_bottom() {
    let board = board(&counts(3, &[(0, 1, 10, 0, 0), (1, 2, 10, 0, 0)]));

    assert_eq!(statuses(&board), ["undefeated", "island", "winless"]);
}

#[test]
fn a_lone_model_with_enough_votes_is_not_rated_against_itself() {
    let board = board(&counts(4, &[(0, 1, 5, 5, 0), (0, 2, 5, 5, 0), (0, 3, 5, 5, 0)]));

    assert_eq!(statuses(&board), ["too_few_votes"; 4]);
}

#[test]
fn dropped_votes_do_not_connect() {
    let vote = |outcome| Vote { left: 0, right: 1, outcome };
    let table = Counts::from_votes(2, [vote(Outcome::BothBad), vote(Outcome::Tie)]).unwrap();
    let half = Coding::default();
    let decisive = Coding { ties: TieRule::Drop, both_bad: BothBadRule::Drop };

    assert_eq!(components(&table, half), vec![vec![0, 1]]);
    assert_eq!(components(&table, decisive), vec![vec![0], vec![1]]);
    let settings = Settings { coding: decisive, ..Settings::new(1) };
    assert_eq!(statuses(&compute(&table, &settings).unwrap()), ["no_votes"; 2]);
}

#[test]
fn a_cycle_of_wins_is_one_group_and_a_long_chain_is_many() {
    let models = 3000;
    let mut chain = Counts::new(models);
    for left in 1..models {
        chain.add(Vote { left: left - 1, right: left, outcome: Outcome::Left }).unwrap();
    }
    assert_eq!(components(&chain, Coding::default()).len(), models);

    chain.add(Vote { left: models - 1, right: 0, outcome: Outcome::Left }).unwrap();

    assert_eq!(components(&chain, Coding::default()).len(), 1);
}

#[test]
fn fitting_models_that_cannot_be_compared_is_an_error_not_a_number() {
    let table = core_and(4, &[(3, 0, 10, 0, 0)]);

    let error = fit(&table, &[0, 1, 2, 3], Method::BradleyTerry, Coding::default()).unwrap_err();

    assert_eq!(error, RankingError::Disconnected { models: 4, components: 2 });
    assert!(fit(&table, &[0, 1, 2], Method::BradleyTerry, Coding::default()).is_ok());
}

#[test]
fn an_anchor_without_rating_is_an_error_once_others_have_one() {
    let frame = Frame::Anchor { model: 3, rating: 1000.0 };
    let settings = Settings { frame, ..Settings::new(1) };

    let rated = compute(&core_and(4, &[(3, 0, 10, 0, 0)]), &settings);
    let empty = compute(&Counts::new(4), &settings);

    assert_eq!(rated, Err(RankingError::AnchorNotRated { model: 3 }));
    assert!(empty.is_ok());
}

#[test]
fn a_tie_parameter_without_ties_is_an_error() {
    let settings = Settings { method: Method::Davidson, ..Settings::new(1) };

    let result = compute(&core_and(3, &[]), &settings);

    assert_eq!(result, Err(RankingError::TiesUndetermined { method: Method::Davidson }));
}

#[test]
fn a_tie_parameter_that_grows_without_bound_is_an_error() {
    let table = counts(2, &[(0, 1, 30, 0, 30)]);

    for method in [Method::Davidson, Method::RaoKupper] {
        let result = fit(&table, &[0, 1], method, Coding::default());
        assert_eq!(result.unwrap_err(), RankingError::TiesUndetermined { method });
    }
}

#[test]
fn a_closed_walk_with_more_wins_than_ties_bounds_the_tie_parameter() {
    let cycle = counts(3, &[(0, 1, 5, 0, 0), (1, 2, 5, 0, 0), (2, 0, 0, 0, 5)]);
    let longer = counts(4, &[(0, 1, 5, 0, 0), (1, 2, 5, 0, 5), (2, 3, 0, 0, 5), (3, 0, 0, 0, 5)]);
    let all_ties = counts(2, &[(0, 1, 0, 0, 5)]);

    for method in [Method::Davidson, Method::RaoKupper] {
        let undetermined = Err(RankingError::TiesUndetermined { method });
        let found = |table: &Counts| {
            let members: Vec<usize> = (0..table.models()).collect();
            fit(table, &members, method, Coding::default()).map(|fit| fit.steps() < 20)
        };
        assert_eq!(found(&cycle), Ok(true), "{method}");
        assert_eq!(found(&longer), undetermined);
        assert_eq!(found(&all_ties), undetermined);
    }
}

#[test]
fn a_nearly_undefeated_chain_is_fitted_exactly() {
    let table = counts(3, &[(0, 1, 1_000_000, 1, 0), (1, 2, 1_000_000, 1, 0)]);

    let fit = super::fit_all(&table, Method::BradleyTerry);

    let step = 400.0 * 1e6_f64.log10();
    assert_close(&ratings(&fit), &[1000.0 + step, 1000.0, 1000.0 - step], 1e-6);
}
