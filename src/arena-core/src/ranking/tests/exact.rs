//! Maxima that are hard to reach, chains and barely joined cliques, against closed forms and against 60 digits.

use serde_json::Value;

use super::{assert_close, fit_all, golden_file, numbers, ratings};
use crate::ranking::{Counts, ELO_PER_NAT, Fit, Method, Tally};

const METHODS: [Method; 3] = [Method::BradleyTerry, Method::Davidson, Method::RaoKupper];

/// The largest distance of ratings from strengths in natural units, both with their mean taken out, in Elo points.
fn error_elo(fit: &Fit, exact: &[f64]) -> f64 {
    let mean = exact.iter().sum::<f64>() / exact.len() as f64;
    let errors = fit.strengths().iter().zip(exact).map(|(b, exact)| (b - (exact - mean)).abs());
    ELO_PER_NAT * errors.fold(0.0, f64::max)
}

fn add(counts: &mut Counts, left: usize, right: usize, [wins, losses, ties]: [u32; 3]) {
    let tally = Tally { left_wins: wins, right_wins: losses, ties, both_bad: 0 };
    counts.add_tally(left, right, tally).unwrap();
}

/// Strengths of a chain from the differences of its links.
fn chain(links: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut strengths = vec![0.0];
    for link in links {
        strengths.push(strengths[strengths.len() - 1] - link);
    }
    strengths
}

#[test]
fn a_long_chain_has_the_odds_of_its_links_whatever_their_weight() {
    let links: Vec<[u32; 3]> = (0..99_u32)
        .map(|i| match i % 4 {
            0 => [1, 1 + i % 3, 1],
            1 => [900_000 - i, 700_000, 30_000],
            2 => [3, 200 + i, 0],
            _ => [1_000_000, 1, 0],
        })
        .collect();
    let mut counts = Counts::new(100);
    for (i, link) in links.iter().enumerate() {
        add(&mut counts, i, i + 1, *link);
    }

    let fit = fit_all(&counts, Method::BradleyTerry);

    let odds = |[wins, losses, ties]: [u32; 3]| {
        let half = f64::from(ties) / 2.0;
        ((f64::from(wins) + half) / (f64::from(losses) + half)).ln()
    };
    let error = error_elo(&fit, &chain(links.into_iter().map(odds)));
    println!("error {error:e} Elo in {} steps", fit.steps());
    assert!(error < 1e-6, "{error}");
}

#[test]
fn chains_that_fit_a_tie_model_exactly_have_its_strengths() {
    // Davidson with nu = 2: wins : losses : ties = a^2 : b^2 : 2ab. Rao-Kupper with theta = 2 and odds r:
    // r (1 + 2r) : r + 2 : 3r.
    let (mut davidson, mut rao_kupper) = (Counts::new(40), Counts::new(40));
    let ratio = |i: usize| [1, 2, 5, 30, 1][i % 5];
    for i in 0..39 {
        let (r, much) = (ratio(i), if i % 7 == 0 { 1 } else { 40 });
        let by = |counts: [u32; 3]| counts.map(|n| n * much);
        let (winner, loser) = if i % 3 == 0 { (i + 1, i) } else { (i, i + 1) };
        add(&mut davidson, winner, loser, by([r * r, 1, 2 * r]));
        add(&mut rao_kupper, winner, loser, by([r * (1 + 2 * r), r + 2, 3 * r]));
    }
    let sign = |i: usize| if i.is_multiple_of(3) { -1.0 } else { 1.0 };
    let links = |power: f64| (0..39).map(move |i| sign(i) * power * f64::from(ratio(i)).ln());

    let (one, two) = (fit_all(&davidson, METHODS[1]), fit_all(&rao_kupper, METHODS[2]));

    let errors = [error_elo(&one, &chain(links(2.0))), error_elo(&two, &chain(links(1.0)))];
    println!("errors {errors:?} Elo");
    assert!(errors[0] < 1e-6 && errors[1] < 1e-6, "{errors:?}");
    assert_close(&[one.tie_parameter().unwrap(), two.tie_parameter().unwrap()], &[2.0; 2], 1e-9);
}

#[test]
fn cliques_joined_by_two_votes_keep_the_strengths_that_all_their_counts_agree_with() {
    // Within a clique i beats j exactly in proportion to integer strengths, and the bridge has one vote each way.
    let strengths: Vec<u32> = vec![1, 2, 3, 5, 7, 11, 13, 17, 1, 40, 3, 90, 7, 2, 300, 3];
    let mut counts = Counts::new(16);
    for j in 0..16 {
        for i in (0..j).filter(|i| i / 8 == j / 8) {
            let much = if j < 8 { 20_000 } else { 1 + (i * j) as u32 % 5 };
            add(&mut counts, i, j, [much * strengths[i], much * strengths[j], 0]);
        }
    }
    add(&mut counts, 2, 13, [1, 1, 0]);

    let fit = fit_all(&counts, Method::BradleyTerry);

    let bridge = (f64::from(strengths[2]) / f64::from(strengths[13])).ln();
    let exact: Vec<f64> =
        (0..16).map(|i| f64::from(strengths[i]).ln() + if i < 8 { 0.0 } else { bridge }).collect();
    let error = error_elo(&fit, &exact);
    println!("error {error:e} Elo in {} steps", fit.steps());
    assert!(error < 1e-6, "{error}");
}

#[test]
fn barely_joined_models_agree_with_sixty_digits() {
    let cases: Value = serde_json::from_str(&golden_file("exact.json")).unwrap();
    let mut worst = 0.0_f64;
    for (name, case) in cases.as_object().unwrap() {
        let mut counts = Counts::new(case["models"].as_u64().unwrap() as usize);
        for pair in case["pairs"].as_array().unwrap() {
            let pair: Vec<u32> = numbers(pair).iter().map(|&n| n as u32).collect();
            add(&mut counts, pair[0] as usize, pair[1] as usize, [pair[2], pair[3], pair[4]]);
        }
        for method in METHODS {
            let fit = fit_all(&counts, method);

            let number = |text: &Value| text.as_str().unwrap().parse::<f64>().unwrap();
            let expected = &case[method.as_str()];
            let exact: Vec<f64> =
                expected["ratings"].as_array().unwrap().iter().map(number).collect();
            let found = ratings(&fit);
            let error = found.iter().zip(&exact).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(error < 1e-6, "{name}, {method}: {error}");
            worst = worst.max(error);
            if let Some(tie) = fit.tie_parameter() {
                assert_close(&[tie], &[number(&expected["tie_parameter"])], 1e-9);
            }
        }
    }
    println!("worst of 15 fits: {worst:e} Elo");
}
