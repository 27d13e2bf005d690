//! Resampled votes: random counts against their distributions, and intervals against the sandwich.

use proptest::prelude::*;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::clustered::random_votes;
use super::{Battles, assert_close, counts, fit_all, llmfao, ratings, uncorrected};
use crate::ranking::draws::{binomial, multinomial, with_replacement};
use crate::ranking::{
    AttributedVote, Board, Clusters, Coding, Counts, ELO_PER_NAT, Frame, Method, RankingError,
    Resample, Row, Settings, SmallSample, compute, compute_with, fit_votes,
};

/// Chi-square of observed against expected counts, over bins that expect at least 5.
fn misfit(observed: &[u64], expected: &[f64]) -> (f64, usize) {
    let bins: Vec<f64> = observed
        .iter()
        .zip(expected)
        .filter(|(_, expected)| **expected >= 5.0)
        .map(|(&observed, expected)| (observed as f64 - expected).powi(2) / expected)
        .collect();
    (bins.iter().sum(), bins.len())
}

/// P(k) of a binomial, by recurrence from its logarithm at 0.
fn chances(n: usize, p: f64) -> Vec<f64> {
    let mut log = n as f64 * (-p).ln_1p();
    let mut found = vec![log.exp()];
    for k in 1..=n {
        log += ((n - k + 1) as f64 / k as f64).ln() + (p / (1.0 - p)).ln();
        found.push(log.exp());
    }
    found
}

#[test]
fn binomial_numbers_have_the_binomial_distribution() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    for (n, p) in
        [(7, 0.3), (400, 0.02), (25, 0.5), (60, 0.9), (1000, 0.04), (90, 0.33), (5000, 0.4)]
    {
        let draws = 40_000;
        let mut observed = vec![0; n + 1];
        for _ in 0..draws {
            observed[binomial(n as u64, p, &mut rng) as usize] += 1;
        }

        let expected: Vec<f64> = chances(n, p).iter().map(|chance| chance * draws as f64).collect();
        let (misfit, bins) = misfit(&observed, &expected);

        let allowed = bins as f64 + 4.0 * (2.0 * bins as f64).sqrt();
        assert!(misfit < allowed, "n {n}, p {p}: {misfit} over {bins} bins, seed 3");
    }
}

#[test]
fn a_binomial_number_of_sure_or_impossible_trials_is_certain() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);

    assert_eq!(binomial(9, 0.0, &mut rng), 0);
    assert_eq!(binomial(9, 1.0, &mut rng), 9);
    assert_eq!(binomial(0, 0.5, &mut rng), 0);
}

#[test]
fn resampled_counts_keep_their_sum_and_mean() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
    let source = [0, 3, 900, 1, 0, 40, 0];
    let (mut drawn, mut sums) = ([0; 7], [0.0; 7]);
    for _ in 0..4000 {
        multinomial(&source, &mut drawn, &mut rng);
        assert_eq!(drawn.iter().sum::<u64>(), 944);
        assert_eq!((drawn[0], drawn[4], drawn[6]), (0, 0, 0));
        sums.iter_mut().zip(drawn).for_each(|(sum, n)| *sum += n as f64 / 4000.0);
    }

    for (sum, count) in sums.into_iter().zip(source) {
        let allowed = 5.0 * (count as f64 / 4000.0).sqrt();
        assert!((sum - count as f64).abs() <= allowed, "{sum} for {count}, seed 4");
    }
}

#[test]
fn clusters_are_drawn_as_often_as_there_are() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
    let mut times = [7; 11];

    with_replacement(&mut times, &mut rng);

    assert_eq!(times.iter().sum::<u32>(), 11);
}

#[test]
fn the_bootstrap_by_vote_agrees_with_the_sandwich() {
    let battles = Battles::read("synthetic_ties.csv");
    let fit = fit_all(&battles.counts(), Method::BradleyTerry);
    let members: Vec<usize> = (0..12).collect();

    let bootstrap = fit.bootstrap(&[], Resample::Vote, 2000, 11).unwrap();

    let theirs = super::half_widths(&uncorrected(&fit));
    let found = bootstrap.estimates(Frame::default(), &members).unwrap();
    let points: Vec<f64> = found.iter().map(|estimate| estimate.rating).collect();
    assert_close(&points, &ratings(&fit), 1e-9);
    for (estimate, width) in found.iter().zip(theirs) {
        let ratio = (estimate.high - estimate.low) / 2.0 / width;
        assert!((0.92..1.08).contains(&ratio), "{ratio}, seed 11");
        assert!(estimate.low < estimate.rating && estimate.rating < estimate.high);
    }
}

#[test]
fn the_bootstrap_by_voter_agrees_with_the_clustered_sandwich_of_real_votes() {
    let (votes, _) = llmfao();
    let members: Vec<usize> = (0..59).collect();
    let fit = fit_votes(&votes, &members, Method::BradleyTerry, Coding::default()).unwrap();
    let clusters = [(Resample::Voter, Clusters::Voter), (Resample::Prompt, Clusters::Prompt)];
    let total = |covariance: &crate::ranking::Covariance| covariance.matrix.trace();

    for (resample, clusters) in clusters {
        let found = fit.bootstrap(&votes, resample, 400, 12).unwrap().covariance().unwrap();
        let sandwich =
            fit.clustered_covariance(&votes, clusters, SmallSample::Uncorrected).unwrap();

        let ratio = (total(&found) / total(&sandwich)).sqrt();
        println!("{resample:?}: {ratio}");
        // 13 prompts are few, so the two differ by a tenth.
        assert!((0.9..1.15).contains(&ratio), "{resample:?} {ratio}, seed 12");
    }
}

#[test]
fn davidson_and_rao_kupper_can_be_resampled() {
    let battles = Battles::read("synthetic_ties.csv");
    for method in [Method::Davidson, Method::RaoKupper] {
        let fit = fit_all(&battles.counts(), method);

        let found = fit.bootstrap(&[], Resample::Vote, 500, 2).unwrap().covariance().unwrap();

        let ratio = found.matrix.trace() / uncorrected(&fit).matrix.trace();
        assert!((0.85..1.15).contains(&ratio), "{method}: {ratio}, seed 2");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_order_of_votes_does_not_change_a_byte((models, votes) in random_votes()) {
        let members: Vec<usize> = (0..models).collect();
        let reversed: Vec<AttributedVote> = votes.iter().rev().copied().collect();
        let run = |votes: &[AttributedVote], resample| {
            let fit = fit_votes(votes, &members, Method::BradleyTerry, Coding::default()).unwrap();
            fit.bootstrap(votes, resample, 100, 9).unwrap()
        };

        for resample in [Resample::Vote, Resample::Voter, Resample::Prompt] {
            prop_assert_eq!(run(&votes, resample), run(&reversed, resample));
        }
    }
}

#[test]
fn resamples_that_fall_apart_widen_the_interval_and_too_many_are_an_error() {
    let fit = |wins| fit_all(&counts(2, &[(0, 1, 30, wins, 0)]), Method::BradleyTerry);

    let some = fit(5).bootstrap(&[], Resample::Vote, 1000, 1).unwrap();
    let many = fit(1).bootstrap(&[], Resample::Vote, 1000, 1).unwrap();

    assert!((1..25).contains(&some.apart()), "{}", some.apart());
    let estimate = some.estimates(Frame::default(), &[0, 1]).unwrap()[0];
    let share_inside = some.resamples().iter().filter(|values| {
        let rating = 1000.0 + ELO_PER_NAT * values[0];
        estimate.low <= rating && rating <= estimate.high
    });
    assert!(share_inside.count() >= 950);
    let refused = many.estimates(Frame::default(), &[0, 1]).unwrap_err();
    assert_eq!(refused, RankingError::ResamplesApart { apart: many.apart(), draws: 1000 });
    assert!(many.apart() > 250 && many.covariance().is_err());
}

#[test]
fn an_anchor_has_no_width_in_any_resample() {
    let fit = fit_all(
        &counts(3, &[(0, 1, 60, 40, 9), (1, 2, 50, 50, 0), (2, 0, 30, 70, 0)]),
        Method::BradleyTerry,
    );
    let bootstrap = fit.bootstrap(&[], Resample::Vote, 200, 1).unwrap();

    let frame = Frame::Anchor { model: 1, rating: 1114.0 };
    let anchor = bootstrap.estimates(frame, &[0, 1, 2]).unwrap()[1];

    assert_eq!([anchor.rating, anchor.low, anchor.high], [1114.0; 3]);
    assert!(bootstrap.share_better(0, 2).unwrap() > 0.95);
    assert_eq!(bootstrap.share_better(0, 7), Err(RankingError::NotAMember { model: 7 }));
}

#[test]
fn too_few_resamples_and_weights_without_votes_are_refused() {
    let (mut votes, _) = llmfao();
    votes[0].weight = 0.5;
    let members: Vec<usize> = (0..59).collect();
    let fit = fit_votes(&votes, &members, Method::BradleyTerry, Coding::default()).unwrap();

    let few = fit.bootstrap(&votes, Resample::Voter, 99, 1);
    let weighted = fit.bootstrap(&votes, Resample::Vote, 100, 1);

    assert_eq!(few, Err(RankingError::TooFewDraws { given: 99, needed: 100 }));
    assert_eq!(weighted, Err(RankingError::WeightedCounts));
    assert!(fit.bootstrap(&votes, Resample::Voter, 100, 1).is_ok());
}

#[test]
fn a_board_takes_the_covariance_it_is_given() {
    let (votes, _) = llmfao();
    let counts = Counts::from_votes(59, votes.iter().map(|vote| vote.vote)).unwrap();
    let settings = Settings { draws: 500, ..Settings::new(1) };
    let by = |resample: Option<Resample>| {
        compute_with(&counts, &settings, |members| {
            let fit = fit_votes(&votes, members, settings.method, settings.coding)?;
            let covariance = match resample {
                Some(resample) => fit.bootstrap(&votes, resample, 200, 3)?.covariance()?,
                None => fit.clustered_covariance(&votes, Clusters::Both, SmallSample::default())?,
            };
            Ok((fit, covariance))
        })
    };
    let width = |board: &Board| -> f64 {
        board.rows.iter().filter_map(|row| row.rating).map(|rating| rating.high - rating.low).sum()
    };

    let plain = compute(&counts, &settings).unwrap();
    let boards = [Some(Resample::Voter), Some(Resample::Prompt), None].map(by);

    for board in &boards.map(Result::unwrap) {
        let rating = |row: &Row| row.rating.unwrap().rating;
        let moved = board.rows.iter().zip(&plain.rows).map(|(a, b)| rating(a) - rating(b));
        assert_close(&moved.collect::<Vec<_>>(), &[0.0; 59], 1e-9);
        assert!(width(board) > width(&plain), "{} {}", width(board), width(&plain));
    }
}

#[test]
fn a_warm_start_stopped_early_is_within_a_millionth_of_the_maximum() {
    let counts = Battles::read("synthetic_ties.csv").counts();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(6);
    for method in [Method::BradleyTerry, Method::Davidson, Method::RaoKupper] {
        let fit = fit_all(&counts, method);
        for _ in 0..20 {
            let mut cells = fit.cells.clone();
            for cell in &mut cells {
                let source = [cell.wins as u64, cell.losses as u64, cell.ties as u64];
                let mut drawn = [0; 3];
                multinomial(&source, &mut drawn, &mut rng);
                [cell.wins, cell.losses, cell.ties] = drawn.map(|n| n as f64);
            }

            let early = fit.again(cells.clone(), 1e-4).unwrap();

            let late = fit.again(cells, 1e-11).unwrap();
            assert_close(&ratings(&early), &ratings(&late), 1e-6);
            assert!(early.steps() <= 3, "{method} took {} steps, seed 6", early.steps());
        }
    }
}
