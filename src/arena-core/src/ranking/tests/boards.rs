//! Whole boards beyond the plain one: weighted, resampled, in the frame of a reference set.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::{Battles, assert_close, counts, fit_all, half_widths, llmfao, statuses, uncorrected};
use crate::pairing::{Contest, draw};
use crate::ranking::{
    AttributedVote, Board, Clusters, Coding, Counts, ELO_PER_NAT, Estimate, Fit, Frame, Method,
    Outcome, RankingError, Resample, Row, Settings, SmallSample, Status, Vote, balance_pairs,
    compute, compute_resampled, compute_with, contrast, fit_balanced, fit_votes,
    inverse_probability,
};

/// A board with weights by inverse pair frequency.
fn balanced(table: &Counts, settings: &Settings) -> Board {
    let board = compute_with(table, settings, |members| {
        let fit = fit_balanced(table, members, settings.method, settings.coding)?;
        let covariance = fit.covariance(SmallSample::default())?;
        Ok((fit, covariance))
    });
    board.unwrap()
}

fn estimates(board: &Board) -> Vec<Estimate> {
    board.rows.iter().filter_map(|row| row.rating).collect()
}

fn flat(estimates: &[Estimate]) -> Vec<f64> {
    estimates.iter().flat_map(|one| [one.rating, one.low, one.high]).collect()
}

fn bits(row: &Row) -> (Option<[u64; 3]>, u64) {
    let of = |one: Estimate| [one.rating, one.low, one.high].map(f64::to_bits);
    (row.rating.map(of), row.used_votes)
}

#[test]
fn a_balanced_board_from_counts_is_the_one_from_weighted_votes() {
    let battles = Battles::read("synthetic_ties.csv");
    let table = battles.counts();
    for method in [Method::BradleyTerry, Method::Davidson, Method::RaoKupper] {
        let settings = Settings { method, draws: 500, ..Settings::new(1) };
        let mut votes: Vec<AttributedVote> =
            battles.votes.iter().copied().map(AttributedVote::from).collect();
        balance_pairs(&mut votes);
        let weighted = compute_with(&table, &settings, |members| {
            let fit = fit_votes(&votes, members, method, settings.coding)?;
            let covariance = fit.covariance(SmallSample::default())?;
            Ok((fit, covariance))
        });

        let found = balanced(&table, &settings);

        let (found, weighted) = (found, weighted.unwrap());
        assert_close(&flat(&estimates(&found)), &flat(&estimates(&weighted)), 1e-7);
        let plain = compute(&table, &settings).unwrap();
        let width = |board: &Board| estimates(board).iter().map(|e| e.high - e.low).sum::<f64>();
        assert!(width(&found) > width(&plain), "{method}: no wider than without weights");
        assert!(found.used_votes < plain.used_votes, "{method}: {}", found.used_votes);
    }
}

#[test]
fn an_undefeated_newcomer_moves_nobody_on_a_balanced_or_resampled_board_by_a_bit() {
    let core = [(0, 1, 500, 300, 20), (1, 2, 40, 40, 9), (2, 0, 30, 50, 1)];
    let newcomer = [(3, 0, 700, 0, 0), (1, 3, 0, 90, 0)];
    let tables = [counts(3, &core), counts(4, &[&core[..], &newcomer].concat())];
    for method in [Method::BradleyTerry, Method::Davidson, Method::RaoKupper] {
        let settings = Settings { method, draws: 200, ..Settings::new(1) };
        let resampled = |table: &Counts| {
            let board = compute_resampled(table, &settings, |members| {
                let fit = crate::ranking::fit(table, members, method, settings.coding)?;
                let (covariance, bootstrap) = (
                    fit.covariance(SmallSample::default())?,
                    fit.bootstrap(&[], Resample::Vote, 100, 3)?,
                );
                Ok((fit, covariance, bootstrap))
            });
            board.unwrap()
        };
        let plain = |table: &Counts| compute(table, &settings).unwrap();

        for compute in [&plain as &dyn Fn(&Counts) -> Board, &resampled] {
            let [without, with] = [compute(&tables[0]), compute(&tables[1])];
            assert_eq!(with.rows[3].status, Status::Undefeated);
            for (before, after) in without.rows.iter().zip(&with.rows) {
                assert_eq!((bits(before), before.rank), (bits(after), after.rank), "{method}");
            }
        }
        let [without, with] = [balanced(&tables[0], &settings), balanced(&tables[1], &settings)];
        for (before, after) in without.rows.iter().zip(&with.rows) {
            assert_eq!((bits(before), before.rank), (bits(after), after.rank), "{method}");
        }
    }
}

#[test]
fn a_few_votes_of_great_weight_are_still_too_few() {
    let table = counts(
        4,
        &[(0, 1, 900, 800, 0), (1, 2, 900, 800, 0), (2, 0, 900, 800, 0), (3, 0, 6, 7, 0)],
    );
    let fit = fit_balanced(&table, &[0, 1, 2, 3], Method::BradleyTerry, Coding::default()).unwrap();

    let board = balanced(&table, &Settings::new(1));

    assert!(fit.votes()[3] > 100.0, "13 votes weigh {}", fit.votes()[3]);
    assert_eq!(board.rows[3].used_votes, 13);
    assert_eq!(statuses(&board), ["ok", "ok", "ok", "too_few_votes"]);
    assert_eq!(board.rows[3].rating, None);
}

#[test]
fn a_resampled_board_has_percentile_intervals_and_the_places_of_its_covariance() {
    let (votes, _) = llmfao();
    let table = Counts::from_votes(59, votes.iter().map(|vote| vote.vote)).unwrap();
    let settings = Settings {
        frame: Frame::Anchor { model: 5, rating: 1200.0 },
        draws: 300,
        ..Settings::new(1)
    };
    let fitted = |members: &[usize]| -> Result<_, RankingError> {
        let fit = fit_votes(&votes, members, settings.method, settings.coding)?;
        let by = SmallSample::default();
        let covariance = fit.clustered_covariance(&votes, Clusters::Voter, by)?;
        Ok((fit, covariance))
    };

    let found = compute_resampled(&table, &settings, |members| {
        let (fit, covariance) = fitted(members)?;
        let bootstrap = fit.bootstrap(&votes, Resample::Voter, 300, 8)?;
        Ok((fit, covariance, bootstrap))
    })
    .unwrap();
    let sandwich = compute_with(&table, &settings, fitted).unwrap();

    let all: Vec<usize> = (0..59).collect();
    let bootstrap = fitted(&all).unwrap().0.bootstrap(&votes, Resample::Voter, 300, 8).unwrap();
    assert_eq!(estimates(&found), bootstrap.estimates(settings.frame.clone(), &all).unwrap());
    assert_eq!(found.rows[5].rating, Some(Estimate { rating: 1200.0, low: 1200.0, high: 1200.0 }));
    for (row, other) in found.rows.iter().zip(&sandwich.rows) {
        let (rank, other) = (row.rank.unwrap(), other.rank.unwrap());
        assert_eq!((rank.best, rank.worst, rank.rank), (other.best, other.worst, other.rank));
    }
    let marginal = bootstrap.estimates(Frame::default(), &all).unwrap();
    let above = |i: usize| marginal.iter().filter(|one| one.low > marginal[i].high).count();
    assert!(all.iter().all(|&i| found.rows[i].rank.unwrap().ub == 1 + above(i)));
}

#[test]
fn a_board_without_comparable_models_needs_no_resamples() {
    let table = counts(2, &[(0, 1, 30, 0, 0)]);

    let board = compute_resampled(&table, &Settings::new(1), |_| panic!("nothing to fit"));

    assert_eq!(statuses(&board.unwrap()), ["undefeated", "winless"]);
}

const CORE: [(usize, usize, u32, u32, u32); 4] =
    [(0, 1, 60, 40, 9), (1, 2, 50, 50, 0), (2, 0, 30, 70, 0), (3, 1, 44, 41, 3)];

fn framed(table: &Counts, frame: Frame) -> Result<Board, RankingError> {
    compute(table, &Settings { frame, draws: 200, ..Settings::new(1) })
}

fn set(models: &[usize]) -> Frame {
    Frame::Reference { models: models.to_vec(), rating: 1100.0 }
}

#[test]
fn a_reference_set_has_its_mean_and_intervals_of_the_difference_to_it() {
    let table = counts(4, &CORE);
    let fit = fit_all(&table, Method::BradleyTerry);
    let covariance = fit.covariance(SmallSample::default()).unwrap();

    let found = estimates(&framed(&table, set(&[3, 0])).unwrap());

    assert_close(&[(found[0].rating + found[3].rating) / 2.0], &[1100.0], 1e-9);
    // Var(b_1 - (b_0 + b_3) / 2), and for a member Var(b_0 - b_3) / 4.
    let v = |i, j| covariance.get(i, j).unwrap();
    let outside = v(1, 1) + (v(0, 0) + v(3, 3) + 2.0 * v(0, 3)) / 4.0 - v(1, 0) - v(1, 3);
    let widths = [outside, covariance.of_difference(0, 3) / 4.0]
        .map(|variance| ELO_PER_NAT * 1.959_963_984_540_054 * variance.sqrt());
    let half = |one: Estimate| (one.high - one.low) / 2.0;
    assert_close(&[half(found[1]), half(found[0])], &widths, 1e-9);
    let against = contrast(
        &fit,
        &covariance,
        (&[1], crate::ranking::Pick::All),
        (&[0, 3], crate::ranking::Pick::All),
        100,
        1,
    );
    let against = against.unwrap();
    assert_close(
        &[against.low, against.high],
        &[found[1].low - 1100.0, found[1].high - 1100.0],
        1e-9,
    );
}

#[test]
fn a_set_of_one_is_an_anchor_and_a_set_of_all_is_the_mean() {
    let table = counts(4, &CORE);

    let one = framed(&table, set(&[2])).unwrap();
    let all = framed(&table, set(&[0, 1, 2, 3])).unwrap();

    let anchor = framed(&table, Frame::Anchor { model: 2, rating: 1100.0 }).unwrap();
    let mean = framed(&table, Frame::Mean(1100.0)).unwrap();
    assert_close(&flat(&estimates(&one)), &flat(&estimates(&anchor)), 1e-9);
    assert_close(&flat(&estimates(&all)), &flat(&estimates(&mean)), 1e-9);
}

#[test]
fn a_rated_newcomer_outside_the_reference_set_moves_nobody_but_moves_the_mean() {
    // Its only rival is model 0, so that its votes say nothing about the others.
    let newcomer = (4, 0, 200, 20, 0);
    let tables = [counts(5, &CORE), counts(5, &[&CORE[..], &[newcomer]].concat())];
    let moved = |frame: Frame| {
        let [before, after] =
            [0, 1].map(|at| estimates(&framed(&tables[at], frame.clone()).unwrap()));
        assert_eq!((before.len(), after.len()), (4, 5));
        (0..4).map(|i| (after[i].rating - before[i].rating).abs()).fold(0.0, f64::max)
    };

    assert!(moved(set(&[0, 1, 2])) < 1e-9);
    assert!(moved(Frame::Mean(1000.0)) > 50.0);
}

#[test]
fn a_reference_set_that_is_empty_or_twice_or_not_rated_is_refused() {
    let table = counts(5, &CORE);

    let refused = |frame| framed(&table, frame).unwrap_err();

    assert_eq!(refused(set(&[])), RankingError::EmptySet);
    assert_eq!(refused(set(&[1, 0, 1])), RankingError::SelfBattle { model: 1 });
    assert_eq!(refused(set(&[0, 4])), RankingError::ReferenceNotRated { model: 4 });
    assert_eq!(refused(set(&[9])), RankingError::ReferenceNotRated { model: 9 });
    let text = serde_json::to_string(&set(&[0, 3])).unwrap();
    assert_eq!(text, r#"{"reference":{"models":[0,3],"rating":1100.0}}"#);
    assert_eq!(serde_json::from_str::<Frame>(&text).unwrap(), set(&[0, 3]));
}

#[test]
fn leaving_out_a_voter_agrees_with_a_fit_to_the_rest() {
    let (votes, _) = llmfao();
    let members: Vec<usize> = (0..59).collect();
    let fitted = |votes: &[AttributedVote]| -> Fit {
        fit_votes(votes, &members, Method::BradleyTerry, Coding::default()).unwrap()
    };
    let fit = fitted(&votes);
    let mut influence = fit.voter_influence(&votes).unwrap();
    influence.sort_by(|a, b| b.shift_elo.abs().total_cmp(&a.shift_elo.abs()));
    let voters: Vec<usize> = influence.iter().take(3).map(|one| one.voter).collect();

    let found = fit.without_voters(&votes, &[voters.as_slice(), &[999_999]].concat()).unwrap();

    for ((voter, found), predicted) in voters.iter().zip(&found).zip(&influence) {
        let rest: Vec<AttributedVote> =
            votes.iter().filter(|vote| vote.voter != Some(*voter)).copied().collect();
        let both = fitted(&rest);
        let moved: Vec<f64> = both
            .strengths()
            .iter()
            .zip(fit.strengths())
            .map(|(without, with)| ELO_PER_NAT * (without - with))
            .collect();
        assert_close(found.as_ref().unwrap(), &moved, 1e-6);
        let shift = moved[predicted.model];
        println!("voter {voter}: {shift} Elo, by one step {}", predicted.shift_elo);
        assert!((shift / predicted.shift_elo - 1.0).abs() < 0.2, "{shift} {predicted:?}");
    }
    assert_eq!(found[3], Some(vec![0.0; 59]));
}

#[test]
fn a_board_that_hangs_on_one_voter_has_no_shift_without_that_voter() {
    let by = |voter, left, right, outcome| AttributedVote {
        voter: Some(voter),
        weight: 0.3,
        ..Vote { left, right, outcome }.into()
    };
    let votes = [
        by(1, 0, 1, Outcome::Left),
        by(2, 0, 1, Outcome::Right),
        by(2, 0, 1, Outcome::Tie),
        by(3, 0, 1, Outcome::Left),
    ];
    let fit = fit_votes(&votes, &[0, 1], Method::BradleyTerry, Coding::default()).unwrap();

    let found = fit.without_voters(&votes, &[2, 1]).unwrap();

    assert_eq!(found[0], None);
    let gap = |odds: f64| ELO_PER_NAT * odds.ln() / 2.0;
    let moved = gap(1.0) - gap(2.5 / 1.5);
    assert_close(found[1].as_ref().unwrap(), &[moved, -moved], 1e-6);
}

/// Battles of a cycle, which no strengths fit, drawn by uneven weights; the probability is kept with each.
fn drawn_unevenly(votes: usize, rng: &mut impl Rng) -> (Vec<AttributedVote>, Vec<f64>) {
    let pair = |one, other, weight| Contest { one, other, weight };
    let pairs = [pair(0, 1, 70), pair(0, 2, 10), pair(1, 2, 20)];
    let p_low_wins = |left: usize, right: usize| match (left.min(right), left.max(right)) {
        (0, 1) => 0.7,
        (0, 2) => 0.5,
        _ => 0.6,
    };
    let draw = |_| {
        let drawn = draw(&pairs, rng).unwrap();
        let unit = (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        let low_wins = unit < p_low_wins(drawn.left, drawn.right);
        let outcome =
            if low_wins == (drawn.left < drawn.right) { Outcome::Left } else { Outcome::Right };
        let vote = Vote { left: drawn.left, right: drawn.right, outcome };
        (AttributedVote::from(vote), drawn.p_draw)
    };
    (0..votes).map(draw).unzip()
}

#[test]
fn a_board_weighed_by_drawing_probability_finds_what_uniform_drawing_would() {
    let even = counts(3, &[(0, 1, 700, 300, 0), (0, 2, 500, 500, 0), (1, 2, 600, 400, 0)]);
    let target = fit_all(&even, Method::BradleyTerry);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(12);
    let (mut votes, p_draw) = drawn_unevenly(60_000, &mut rng);
    let table = Counts::from_votes(3, votes.iter().map(|vote| vote.vote)).unwrap();
    inverse_probability(&mut votes, &p_draw).unwrap();
    let settings = Settings { draws: 200, ..Settings::new(1) };

    let plain = compute(&table, &settings).unwrap();
    let weighed = compute_with(&table, &settings, |members| {
        let fit = fit_votes(&votes, members, settings.method, settings.coding)?;
        let covariance = fit.covariance(SmallSample::default())?;
        Ok((fit, covariance))
    });

    let gap = |board: &Board, model: usize| {
        let one = board.rows[model].rating.unwrap();
        let error = (one.high - one.low) / 2.0 / 1.959_964;
        (one.rating - 1000.0 - ELO_PER_NAT * target.strengths()[model]) / error
    };
    let weighed = weighed.unwrap();
    println!("errors in standard errors: plain {:?}", [0, 1, 2].map(|model| gap(&plain, model)));
    println!("weighed {:?}, seed 12", [0, 1, 2].map(|model| gap(&weighed, model)));
    assert!((0..3).all(|model| gap(&weighed, model).abs() < 3.0), "seed 12");
    assert!((0..3).any(|model| gap(&plain, model).abs() > 6.0), "seed 12");
    let widths = |board: &Board| flat(&estimates(board))[2] - flat(&estimates(board))[1];
    assert!(widths(&weighed) > widths(&plain), "rare pairs have to cost width");
}

#[test]
fn widths_in_the_mean_frame_are_those_of_the_covariance() {
    let table = counts(4, &CORE);
    let board = framed(&table, Frame::default()).unwrap();

    let fit = fit_all(&table, Method::BradleyTerry);
    let corrected = half_widths(&fit.covariance(SmallSample::default()).unwrap());

    let found: Vec<f64> = estimates(&board).iter().map(|one| (one.high - one.low) / 2.0).collect();
    assert_close(&found, &corrected, 1e-9);
    let plain = half_widths(&uncorrected(&fit));
    assert!(found.iter().zip(plain).all(|(with, without)| *with > without));
}
