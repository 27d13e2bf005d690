//! Differences of sets of models: closed forms, refusals, and signs.

use super::golden::Golden;
use super::{assert_close, fit_all, uncorrected};
use crate::ranking::{
    Contrast, Covariance, ELO_PER_NAT, Fit, Method, Pick, RankingError, contrast, critical_value,
    further_votes,
};

const Z: f64 = 1.959_963_984_540_054;

fn synthetic() -> (Fit, Covariance) {
    let fit = fit_all(&Golden::read("synthetic_ties").battles.counts(), Method::BradleyTerry);
    let covariance = uncorrected(&fit);
    (fit, covariance)
}

fn compare(first: (&[usize], Pick), second: (&[usize], Pick)) -> Result<Contrast, RankingError> {
    let (fit, covariance) = synthetic();
    contrast(&fit, &covariance, first, second, 1000, 3)
}

#[test]
fn two_models_of_the_chain_have_the_closed_form() {
    let fit = fit_all(&Golden::read("small").battles.counts(), Method::BradleyTerry);
    let covariance = uncorrected(&fit);
    for pick in [Pick::All, Pick::Best(1)] {
        let found = contrast(&fit, &covariance, (&[0], pick), (&[1], pick), 100, 1).unwrap();

        let (gap, error) = (ELO_PER_NAT * 3.0_f64.ln(), ELO_PER_NAT * 2.0 / 3.0);
        assert_close(&[found.difference, found.error], &[gap, error], 1e-9);
        assert_close(&[found.low, found.high], &[gap - Z * error, gap + Z * error], 1e-6);
        assert_eq!([found.simultaneous_low, found.simultaneous_high], [found.low, found.high]);
        // z = 1.5 ln 3 = 1.64792; 2 (1 - Phi(z)) from tables of the normal distribution.
        assert_close(&[found.p_value], &[0.099_37], 1e-4);
        assert_eq!((found.first, found.second), (vec![0], vec![1]));
    }
}

#[test]
fn group_means_have_the_variance_of_their_weights_and_one_interval() {
    let (fit, covariance) = synthetic();
    let (first, second) = ([1, 4, 7], [0, 2, 9, 11]);

    let found = compare((&first, Pick::All), (&second, Pick::All)).unwrap();

    let weight = |model: usize| match (first.contains(&model), second.contains(&model)) {
        (true, _) => 1.0 / 3.0,
        (_, true) => -0.25,
        _ => 0.0,
    };
    let b = fit.strengths();
    let difference: f64 = (0..12).map(|i| weight(i) * b[i]).sum();
    let entry = |i, j| weight(i) * weight(j) * covariance.get(i, j).unwrap();
    let variance: f64 = (0..12).map(|i| (0..12).map(|j| entry(i, j)).sum::<f64>()).sum();
    let expected = [difference, variance.sqrt()].map(|value| ELO_PER_NAT * value);
    assert_close(&[found.difference, found.error], &expected, 1e-9);
    assert_eq!([found.simultaneous_low, found.simultaneous_high], [found.low, found.high]);
}

#[test]
fn the_best_are_picked_by_strength_and_their_bounds_are_those_of_all_candidates() {
    let (fit, covariance) = synthetic();
    let b = fit.strengths();
    let (first, second) = ([0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]);
    let top = |set: &[usize]| {
        let mut sorted = set.to_vec();
        sorted.sort_by(|&x, &y| b[y].total_cmp(&b[x]));
        sorted
    };

    let found = compare((&first, Pick::Best(1)), (&second, Pick::Best(1))).unwrap();
    let three = compare((&first, Pick::Best(3)), (&second, Pick::Best(2))).unwrap();

    let (s, t) = (top(&first), top(&second));
    assert_eq!((&found.first, &found.second), (&s[..1].to_vec(), &t[..1].to_vec()));
    assert_eq!((&three.first, &three.second), (&s[..3].to_vec(), &t[..2].to_vec()));
    let gap = |i: usize, j: usize| ELO_PER_NAT * (b[i] - b[j]);
    assert_close(&[found.difference], &[gap(s[0], t[0])], 1e-9);
    let mean = (b[s[0]] + b[s[1]] + b[s[2]]) / 3.0 - (b[t[0]] + b[t[1]]) / 2.0;
    assert_close(&[three.difference], &[ELO_PER_NAT * mean], 1e-9);
    // The quantile over 36 of 66 pairs lies between that of one pair and that of all.
    let sd = |i, j| ELO_PER_NAT * covariance.of_difference(i, j).sqrt();
    let ends = |q: f64| {
        let low = |&j: &usize| {
            first.iter().map(|&i| gap(i, j) - q * sd(i, j)).fold(f64::NEG_INFINITY, f64::max)
        };
        let high = |&i: &usize| {
            second.iter().map(|&j| gap(i, j) + q * sd(i, j)).fold(f64::INFINITY, f64::min)
        };
        let low = second.iter().map(low).fold(f64::INFINITY, f64::min);
        [low, first.iter().map(high).fold(f64::NEG_INFINITY, f64::max)]
    };
    let most = critical_value(&covariance, 4000, 1).unwrap();
    let (narrow, wide) = (ends(Z + 0.3), ends(most));
    assert!((wide[0]..narrow[0]).contains(&found.simultaneous_low), "{found:?}");
    assert!((narrow[1]..wide[1]).contains(&found.simultaneous_high), "{found:?}");
    assert!(three.simultaneous_low < three.low && three.high < three.simultaneous_high);
}

#[test]
fn swapped_sets_change_all_signs_and_nothing_else() {
    let (one, two) = ([0, 1, 2, 3, 4], [6, 7, 8, 9, 10, 11]);
    let picks = [Pick::All, Pick::Best(1), Pick::Best(2), Pick::Best(4)];
    for first in picks {
        for second in picks {
            let there = compare((&one, first), (&two, second)).unwrap();
            let back = compare((&two, second), (&one, first)).unwrap();

            let ends = |c: &Contrast| [c.difference, c.low, c.simultaneous_low, c.error, c.p_value];
            let turned =
                |c: &Contrast| [-c.difference, -c.high, -c.simultaneous_high, c.error, c.p_value];
            assert_eq!(ends(&there).map(f64::to_bits), turned(&back).map(f64::to_bits));
            assert_eq!(turned(&there).map(f64::to_bits), ends(&back).map(f64::to_bits));
            assert_eq!((there.first, there.second), (back.second, back.first));
        }
    }
}

#[test]
fn sets_that_cannot_be_compared_are_refused() {
    let refused = |first: &[usize], pick, second: &[usize]| {
        compare((first, pick), (second, Pick::All)).unwrap_err()
    };

    assert_eq!(refused(&[], Pick::All, &[1]), RankingError::EmptySet);
    assert_eq!(refused(&[2], Pick::Best(0), &[1]), RankingError::EmptySet);
    let few = RankingError::TooFewModels { wanted: 3, models: 2 };
    assert_eq!(refused(&[2, 3], Pick::Best(3), &[1]), few);
    assert_eq!(refused(&[2, 1], Pick::All, &[1]), RankingError::SelfBattle { model: 1 });
    assert_eq!(refused(&[2, 2], Pick::All, &[1]), RankingError::SelfBattle { model: 2 });
    assert_eq!(refused(&[12], Pick::All, &[1]), RankingError::NotAMember { model: 12 });
    let (fit, covariance) = synthetic();
    let best = Pick::Best(1);
    let draws = contrast(&fit, &covariance, (&[1, 2], best), (&[3], best), 99, 1).unwrap_err();
    assert_eq!(draws, RankingError::TooFewDraws { given: 99, needed: 100 });
}

#[test]
fn further_votes_follow_the_formula_of_the_normal_approximation() {
    // (1.959964 + 0.841621)^2 = 7.848879: an error of 1 needs 7.848879 times the votes to show a difference of 1.
    assert_eq!(further_votes(1.0, 1.0, 1_000_000), Ok(Some(6_848_880)));
    assert_eq!(further_votes(-1.0, 1.0, 1_000_000), Ok(Some(6_848_880)));
    assert_eq!(further_votes(2.0, 1.0, 1000), Ok(Some(963)));
    assert_eq!(further_votes(3.0, 1.0, 1000), Ok(Some(0)));
    assert_eq!(further_votes(0.0, 1.0, 1000), Ok(None));
    assert_eq!(further_votes(1e-9, 1.0, 1000), Ok(None));
    for (size, error) in [(f64::NAN, 1.0), (1.0, 0.0), (1.0, -1.0), (1.0, f64::INFINITY)] {
        let refused = further_votes(size, error, 10);
        assert!(matches!(refused, Err(RankingError::NotADifference { .. })), "{refused:?}");
    }
}
