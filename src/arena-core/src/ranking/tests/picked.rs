//! Do the intervals of a picked best hold, and do as many votes suffice as the power formula says?

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::simulated::Coverage;
use super::{counts, fit_all};
use crate::ranking::draws::binomial;
use crate::ranking::{Contrast, Counts, Fit, Method, Pick, SmallSample, contrast, further_votes};

const ELEVEN: [usize; 11] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const ONE: [usize; 1] = [11];

/// 12 equally strong models, 20 votes for each pair.
fn equals(rng: &mut Xoshiro256PlusPlus) -> Counts {
    let mut pairs = Vec::new();
    for j in 0..12 {
        for i in 0..j {
            let wins = binomial(20, 0.5, rng) as u32;
            pairs.push((i, j, wins, 20 - wins, 0));
        }
    }
    counts(12, &pairs)
}

fn compared(fit: &Fit, pick: Pick) -> Contrast {
    let covariance = fit.covariance(SmallSample::default()).unwrap();
    contrast(fit, &covariance, (&ELEVEN, pick), (&ONE, Pick::All), 200, 1).unwrap()
}

/// How often 0, the true difference, lies in the interval for the picked models, and in the one that allows for
/// picking; and the mean difference.
fn picked(pick: Pick, boards: usize) -> (Coverage, Coverage, f64) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(21);
    let (mut naive, mut simultaneous, mut sum) = (Vec::new(), Vec::new(), 0.0);
    for _ in 0..boards {
        let found = compared(&fit_all(&equals(&mut rng), Method::BradleyTerry), pick);
        let covers = |low: f64, high: f64| f64::from(u8::from(low <= 0.0 && 0.0 <= high));
        naive.push(covers(found.low, found.high));
        simultaneous.push(covers(found.simultaneous_low, found.simultaneous_high));
        sum += found.difference;
    }
    (Coverage::of(&naive), Coverage::of(&simultaneous), sum / boards as f64)
}

#[test]
fn the_best_of_eleven_equals_looks_better_than_another_and_only_one_interval_knows() {
    for pick in [Pick::Best(1), Pick::Best(2)] {
        let (naive, simultaneous, mean) = picked(pick, 1000);

        println!("{pick:?}: {naive:?}, {simultaneous:?}, mean {mean} Elo, seed 21");
        assert!(mean > 10.0, "{mean}");
        assert!(naive.share < 0.9, "{naive:?}, seed 21");
        assert!(simultaneous.share > 0.95 - 2.0 * 0.007, "{simultaneous:?}, seed 21");
    }
}

#[test]
fn the_interval_of_group_means_covers() {
    let (naive, simultaneous, mean) = picked(Pick::All, 1200);

    naive.assert_nominal("the mean of eleven against one, seed 21");
    assert_eq!(naive.share, simultaneous.share);
    assert!(mean.abs() < 1.5, "{mean}");
}

#[test]
fn as_many_votes_as_the_formula_says_show_a_difference_four_times_in_five() {
    let p = 1.0 / (1.0 + (-0.25_f64).exp());
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(22);
    let compare = |votes: u64, wins: u64| {
        let fit = fit_all(
            &counts(2, &[(0, 1, wins as u32, (votes - wins) as u32, 0)]),
            Method::BradleyTerry,
        );
        let covariance = fit.covariance(SmallSample::default()).unwrap();
        contrast(&fit, &covariance, (&[0], Pick::All), (&[1], Pick::All), 100, 1).unwrap()
    };
    let pilot = compare(200, (200.0 * p).round() as u64);
    let size = crate::ranking::ELO_PER_NAT * 0.25;
    let votes = 200 + further_votes(size, pilot.error, 200).unwrap().unwrap();

    let boards = 4000;
    let seen = (0..boards).filter(|_| compare(votes, binomial(votes, p, &mut rng)).p_value < 0.05);
    let share = seen.count() as f64 / f64::from(boards);

    println!("{votes} votes in all: seen in {share} of boards, seed 22");
    assert!((0.78..0.82).contains(&share), "{share}, seed 22");
}
