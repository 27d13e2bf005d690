//! The blocks of the reference files that `golden` leaves, and the table that says which test reads which block.

use std::collections::BTreeSet;
use std::path::PathBuf;

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::Value;
use statrs::distribution::{ChiSquared, ContinuousCDF, Normal};

use super::golden::{Golden, SETS, list};
use super::{assert_close, golden_file, half_widths, ratings, uncorrected};
use crate::ranking::coding::{Cell, cells};
use crate::ranking::fit::fit_cells;
use crate::ranking::frame::{Frame, estimates};
use crate::ranking::{
    Bootstrap, Coding, ELO_PER_NAT, Estimate, Method, Resample, SmallSample, fit_balanced,
    order_averaged_elo, position, win_matrix,
};

/// Fails if two lists differ anywhere by more than the tolerance of a block; prints the largest difference.
fn agree(set: &str, block: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    let gaps = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    println!("{set} {block}: {:.2e} of {tolerance:e}", gaps.fold(0.0, f64::max));
    assert_close(found, expected, tolerance);
}

/// Half-widths over those of a block.
fn ratios(golden: &Golden, block: &str, found: &[f64]) -> Vec<f64> {
    let ends = ["rating_lower", "rating_upper"].map(|key| golden.numbers(block, key));
    let theirs = ends[0].iter().zip(&ends[1]).map(|(low, high)| (high - low) / 2.0);
    found.iter().zip(theirs).map(|(width, theirs)| width / theirs).collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    list(value).iter().map(super::numbers).collect()
}

#[test]
fn arena_rank_without_early_stop_agrees_closely_on_ratings_and_up_to_its_ridge_on_widths() {
    for set in SETS {
        let golden = Golden::read(set);
        let fit = golden.fit(Method::BradleyTerry);
        let block = "arena_rank_bt_tight";

        let found = half_widths(&uncorrected(&fit));

        agree(set, block, &ratings(&fit), &golden.numbers(block, "ratings"), 1e-4);
        let ratios = ratios(&golden, block, &found);
        agree(set, "its half-widths, ratio", &ratios, &vec![1.0; ratios.len()], 0.005);
    }
}

#[test]
fn arena_rank_reweighted_agrees_on_both_sets_from_counts_alone() {
    for set in SETS {
        let golden = Golden::read(set);
        let members: Vec<usize> = (0..golden.battles.models.len()).collect();
        let (counts, block) = (golden.battles.counts(), "arena_rank_bt_reweighted");

        let fit = fit_balanced(&counts, &members, Method::BradleyTerry, Coding::default()).unwrap();

        agree(set, block, &ratings(&fit), &golden.numbers(block, "ratings"), 0.05);
        let found = half_widths(&fit.covariance(SmallSample::Uncorrected).unwrap());
        let ratios = ratios(&golden, block, &found);
        agree(set, "its half-widths, ratio", &ratios, &vec![1.0; ratios.len()], 0.005);
    }
}

#[test]
fn evalica_agrees_in_scores_ratings_and_win_rates() {
    for set in SETS {
        let golden = Golden::read(set);
        let fit = golden.fit(Method::BradleyTerry);
        let models = golden.battles.models.len();

        for block in ["evalica_bt", "evalica_bt_tight"] {
            let theirs = golden.numbers(block, "elo_scale_mean1000");
            let tolerance = if block == "evalica_bt" { 1e-3 } else { 1e-6 };
            agree(set, block, &ratings(&fit), &theirs, tolerance);
            // Their scores are strengths on another scale, with a free factor.
            let logs: Vec<f64> = golden.numbers(block, "scores").iter().map(|s| s.ln()).collect();
            let mean = logs.iter().sum::<f64>() / models as f64;
            let logs: Vec<f64> =
                logs.iter().map(|log| 1000.0 + ELO_PER_NAT * (log - mean)).collect();
            agree(set, "its scores", &ratings(&fit), &logs, tolerance);
        }
        let matrix = win_matrix(&golden.battles.counts(), &fit);
        let rate = |model: usize| {
            let of = |matchup: &crate::ranking::Matchup| match (matchup.model, matchup.rival) {
                (a, _) if a == model => matchup.observed,
                (_, b) if b == model => matchup.observed.map(|score| 1.0 - score),
                _ => None,
            };
            let scores: Vec<f64> = matrix.matchups.iter().filter_map(of).collect();
            scores.iter().sum::<f64>() / scores.len() as f64
        };
        let found: Vec<f64> = (0..models).map(rate).collect();
        let theirs = super::numbers(&golden.expected["evalica_average_win_rate"]);
        agree(set, "evalica_average_win_rate", &found, &theirs, 1e-12);
    }
}

#[test]
fn evalicas_newman_is_davidson_with_half_the_tie_parameter() {
    for set in SETS {
        let golden = Golden::read(set);
        let block = "evalica_newman_davidson";

        let fit = golden.fit(Method::Davidson);

        agree(set, block, &ratings(&fit), &golden.numbers(block, "elo_scale_mean1000"), 1e-6);
        let v = fit.tie_parameter().unwrap() / 2.0;
        agree(set, "its v", &[v], &[golden.number(block, "v")], 1e-9);
    }
}

#[test]
fn exact_intervals_and_conservative_ones_follow_from_the_covariance() {
    for set in SETS {
        let golden = Golden::read(set);
        let fit = golden.fit(Method::BradleyTerry);
        let covariance = uncorrected(&fit);
        let models: Vec<usize> = (0..covariance.models()).collect();

        let found = estimates(Frame::default(), &models, fit.strengths(), &covariance).unwrap();

        let ends = |end: fn(&Estimate) -> f64| -> Vec<f64> { found.iter().map(end).collect() };
        let of = |key| golden.numbers("exact_newton", key);
        agree(set, "exact_newton.rating_lower", &ends(|e| e.low), &of("rating_lower"), 1e-6);
        agree(set, "exact_newton.rating_upper", &ends(|e| e.high), &of("rating_upper"), 1e-6);
        let chi2 = ChiSquared::new((models.len() - 1) as f64).unwrap().inverse_cdf(0.95).sqrt();
        let scale = chi2 / Normal::standard().inverse_cdf(0.975);
        let wide: Vec<f64> = half_widths(&covariance).iter().map(|width| width * scale).collect();
        agree(set, "exact_newton.chi2_halfwidth_elo", &wide, &of("chi2_halfwidth_elo"), 1e-6);
        let inverse = fit.inverse_information().unwrap();
        let fisher: Vec<f64> =
            models.iter().map(|&i| ELO_PER_NAT * inverse[(i, i)].sqrt()).collect();
        agree(set, "exact_newton.fisher_se_elo", &fisher, &of("fisher_se_elo"), 1e-6);
        let worst =
            |one: &Estimate| found.len() - found.iter().filter(|e| e.high < one.low).count();
        let worst: Vec<usize> = found.iter().map(worst).collect();
        assert_eq!(worst, golden.places("rank_lb_nonoverlap"), "{set}");
    }
}

#[test]
fn counted_votes_agree_with_the_reference() {
    for set in SETS {
        let golden = Golden::read(set);
        let counts = golden.battles.counts();
        let block = &golden.expected["exact_newton"];
        let (wins, ties) = (rows(&block["win_matrix"]), rows(&block["tie_matrix"]));

        assert_eq!(block["n_votes"].as_u64().unwrap(), counts.votes());
        assert!(golden.fit(Method::BradleyTerry).steps() <= 6, "they took 5 and 6");
        for i in 0..counts.models() {
            for j in (0..counts.models()).filter(|&j| j != i) {
                let record = counts.against(i, j);
                assert_eq!(record.wins as f64, wins[i][j], "{set} {i} {j}");
                assert_eq!((record.ties + record.both_bad) as f64, ties[i][j], "{set} {i} {j}");
            }
        }
    }
}

#[test]
fn a_phantom_opponent_of_average_strength_agrees_with_arenakits_prior() {
    for set in SETS {
        let golden = Golden::read(set);
        let models = golden.battles.models.len();
        let members: Vec<usize> = (0..=models).collect();
        let mut cells = cells(&golden.battles.counts(), &members[..models], Coding::default());
        let phantom = |i| Cell { i, j: models, wins: 0.25, losses: 0.25, ties: 0.0 };
        cells.extend((0..models).map(phantom));

        let fit = fit_cells(cells, None, &members, Method::BradleyTerry, Coding::default());

        let fit = fit.unwrap();
        let mean = fit.strengths()[..models].iter().sum::<f64>() / models as f64;
        let rating = |b: &f64| 1000.0 + ELO_PER_NAT * (b - mean);
        let found: Vec<f64> = fit.strengths()[..models].iter().map(rating).collect();
        let block = "arenakit_bt_prior0.5";
        agree(set, block, &found, &golden.numbers(block, "ratings"), 0.01);
    }
}

#[test]
fn logarithmic_scores_of_arenakits_rao_kupper_agree() {
    for set in SETS {
        let golden = Golden::read(set);

        let fit = golden.fit(Method::RaoKupper);

        let logs = golden.numbers("arenakit_rao_kupper_mle", "scores_log");
        agree(set, "arenakit_rao_kupper_mle.scores_log", fit.strengths(), &logs, 1e-8);
    }
}

#[test]
fn likelihoods_of_both_tie_models_agree() {
    for set in SETS {
        let golden = Golden::read(set);
        for (method, block) in
            [(Method::Davidson, "exact_davidson"), (Method::RaoKupper, "exact_rao_kupper")]
        {
            let fit = golden.fit(method);

            let nll: f64 = fit.terms().map(|(_, terms)| terms.loss).sum();

            agree(set, block, &[nll], &[golden.number(block, "nll")], 1e-6);
        }
    }
}

/// Places of all models in each resample, sorted by place.
fn resampled_places(bootstrap: &Bootstrap, model: usize) -> Vec<usize> {
    let place =
        |values: &Vec<f64>| 1 + values.iter().filter(|&&other| other > values[model]).count();
    let mut places: Vec<usize> = bootstrap.resamples().iter().map(place).collect();
    places.sort_unstable();
    places
}

/// Their resamples are fitted with the prior of 0.5 and drawn by another generator, so a bound may differ by a place.
#[test]
fn bootstrapped_places_agree_with_arenakit_up_to_one_place() {
    for set in SETS {
        let golden = Golden::read(set);
        let fit = golden.fit(Method::BradleyTerry);
        let block = "arenakit_rank_ci_1000";
        let (low, high) = (golden.numbers(block, "rank_lo"), golden.numbers(block, "rank_hi"));

        let bootstrap = fit.bootstrap(&[], Resample::Vote, 2000, 1).unwrap();

        let mut moved = 0;
        for (model, (low, high)) in low.iter().zip(high).enumerate() {
            let places = resampled_places(&bootstrap, model);
            let at =
                |share: f64| places[(share * (places.len() - 1) as f64).round() as usize] as f64;
            let ends = [at(0.025), at(0.975)];
            assert_close(&ends, &[*low, high], 1.0);
            moved += usize::from(ends != [*low, high]);
        }
        println!("{set}: {moved} of {} models differ by a place, seed 1", fit.strengths().len());
        assert!(moved <= fit.strengths().len() / 3, "{set}: {moved}");
    }
}

#[test]
fn the_true_strengths_lie_where_the_covariance_says() {
    let golden = Golden::read("synthetic_ties");
    let truth = golden.numbers("truth", "beta");
    let fit = golden.fit(Method::Davidson);
    let covariance = fit.covariance(SmallSample::default()).unwrap();

    let mut filled = covariance.matrix.clone();
    filled.add_scalar_mut(1.0);
    let mean = truth.iter().sum::<f64>() / truth.len() as f64;
    let gap = nalgebra::DVector::from_iterator(
        truth.len(),
        truth.iter().zip(fit.strengths()).map(|(truth, b)| b - (truth - mean)),
    );
    let distance = gap.dot(&filled.cholesky().unwrap().solve(&gap));

    let p = ChiSquared::new(truth.len() as f64 - 1.0).unwrap().sf(distance);
    println!("squared distance {distance} with 11 degrees of freedom, p {p}");
    assert!((0.005..0.995).contains(&p), "{p}");
    assert_close(&[fit.tie_parameter().unwrap()], &[golden.number("truth", "nu")], 0.1);
}

#[test]
fn the_share_of_both_bad_votes_is_that_of_the_simulation() {
    let golden = Golden::read("synthetic_ties");
    let share = golden.number("truth", "both_bad_share_of_ties");
    let records = (0..12).map(|model| golden.battles.counts().record(model).unwrap());

    let (both_bad, ties) =
        records.fold((0, 0), |sums, record| (sums.0 + record.both_bad, sums.1 + record.ties));

    let even = (both_bad + ties) as f64 / 2.0;
    let z = (both_bad as f64 / 2.0 - share * even) / (even * share * (1.0 - share)).sqrt();
    println!("{} of {even}, {z} standard errors", both_bad / 2);
    assert!(z.abs() < 4.0, "{z}");
    assert_eq!(golden.number("truth", "N"), golden.battles.votes.len() as f64);
    assert_eq!(golden.number("truth", "M"), golden.battles.models.len() as f64);
}

#[test]
fn the_position_bias_found_is_none() {
    let golden = Golden::read("synthetic_ties");
    let members: Vec<usize> = (0..12).collect();
    let small_sample = SmallSample::default();

    let left =
        position(&golden.battles.counts(), &members, Coding::default(), small_sample).unwrap().left;

    let z = (left.value - golden.number("truth", "position_logit")) / left.error;
    println!("{z} standard errors");
    assert!(z.abs() < 3.0, "{left:?}");
}

#[test]
fn the_median_over_orders_lies_where_the_mean_does() {
    for set in SETS {
        let golden = Golden::read(set);
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
        let models = golden.battles.models.len();
        let orders: Vec<Vec<f64>> = (0..1001)
            .map(|_| order_averaged_elo(models, &golden.battles.votes, 1, &mut rng).unwrap())
            .collect();

        let medians = golden.numbers("elo_order_averaged", "median");
        let spread = golden.numbers("elo_order_averaged", "sd");
        let mut worst = 0.0_f64;
        for model in 0..models {
            let mut ratings: Vec<f64> = orders.iter().map(|ratings| ratings[model]).collect();
            ratings.sort_unstable_by(f64::total_cmp);
            let error = spread[model] / 1000.0_f64.sqrt();
            worst = worst.max((ratings[500] - medians[model]).abs() / error);
        }

        // Each median has a standard error of 1.25 sd / sqrt(1000), so that their difference has one of 1.77.
        println!("{set}: {worst} sd / sqrt(1000), seed 2");
        assert!(worst < 5.0, "{set}: {worst}");
    }
}

#[test]
fn every_block_of_the_reference_files_is_in_the_table_and_every_test_in_it_exists() {
    let readme = golden_file("README.md");
    let line = |line: &str| -> Vec<String> {
        line.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
    };
    let table: Vec<Vec<String>> =
        readme.lines().filter(|text| text.starts_with("| `")).map(line).collect();
    let listed: BTreeSet<&str> = table.iter().map(|row| row[1].as_str()).collect();
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/ranking/tests");
    let source: String = std::fs::read_dir(tests)
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();

    for set in SETS {
        for (block, value) in Golden::read(set).expected.as_object().unwrap() {
            assert!(listed.contains(block.as_str()), "{set}.json: {block} is not in the table");
            let fields = value.as_object().into_iter().flatten();
            for (field, _) in fields.filter(|_| block == "exact_newton" || block == "truth") {
                let name = format!("{block}.{field}");
                assert!(listed.contains(name.as_str()), "{set}.json: {name} is not in the table");
            }
        }
    }
    for row in &table {
        let named = row[2].split(", ").filter(|test| !test.is_empty() && *test != "-");
        for test in named {
            let test = test.trim_matches('`');
            assert!(source.contains(&format!("fn {test}(")), "{test} does not exist");
        }
        assert!(
            row[2] != "-" || row[5].len() > 20,
            "{} is not tested and nothing says why",
            row[1]
        );
    }
}
