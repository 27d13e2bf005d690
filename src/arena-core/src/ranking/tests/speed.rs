//! What was made fast must still be exact, and the same on any number of threads.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::{assert_close, counts, fit_all, uncorrected};
use crate::ranking::bradley_terry;
use crate::ranking::coding::cells;
use crate::ranking::ranks::reciprocal_errors;
use crate::ranking::widest::quantile_on;
use crate::ranking::{
    AttributedVote, Coding, Counts, Covariance, Denominator, ELO_PER_NAT, Fit, Method, Outcome,
    Resample, StyleCounts, StyleSettings, StyleVotes, StyledVote, Tally, Vote, control,
    control_compact,
};

/// Gradient of the log-likelihood with half-win ties, added up the plain way.
fn slopes(counts: &Counts, strengths: &[f64]) -> Vec<f64> {
    let mut slopes = vec![0.0; strengths.len()];
    for cell in cells(counts, &members(strengths.len()), Coding::default()) {
        let slope = bradley_terry::terms(&cell, strengths[cell.i] - strengths[cell.j]).gradient[0];
        slopes[cell.i] += slope;
        slopes[cell.j] -= slope;
    }
    slopes
}

fn members(models: usize) -> Vec<usize> {
    (0..models).collect()
}

#[test]
fn a_sparse_chain_is_fitted_to_a_millionth_of_a_point() {
    // Without circles each pair has its own maximum, so that gaps are ln(wins / losses) whatever the distance.
    let links: Vec<(u32, u32)> = (0..299).map(|at| (1 + 37 * at % 41, 1 + 11 * at % 17)).collect();
    let mut chain = Counts::new(300);
    for (at, &(left_wins, right_wins)) in links.iter().enumerate() {
        let tally = Tally { left_wins, right_wins, ..Tally::default() };
        chain.add_tally(at, at + 1, tally).unwrap();
    }

    let fit = fit_all(&chain, Method::BradleyTerry);

    let gaps = fit.strengths().windows(2).map(|pair| pair[0] - pair[1]);
    let exact = links.iter().map(|&(wins, losses)| f64::ln(f64::from(wins) / f64::from(losses)));
    let from_first = |gaps: Vec<f64>| -> Vec<f64> {
        gaps.iter().scan(0.0, |sum, gap| Some(std::mem::replace(sum, *sum + gap))).collect()
    };
    let tolerance = 1e-6 / ELO_PER_NAT;
    assert_close(&from_first(gaps.collect()), &from_first(exact.collect()), tolerance);
}

#[test]
fn barely_joined_cliques_are_fitted_to_a_millionth_of_a_point() {
    // Inside a clique all are equal; one vote each way in 40,001 joins the two.
    let mut pairs = Vec::new();
    for clique in [0, 20] {
        for i in clique..clique + 20 {
            pairs.extend((i + 1..clique + 20).map(|j| (i, j, 1000, 1000, 0)));
        }
    }
    pairs.push((0, 20, 40_000, 1, 0));
    let joined = counts(40, &pairs);

    let fit = fit_all(&joined, Method::BradleyTerry);

    let apart = f64::ln(40_000.0) / 2.0;
    let exact: Vec<f64> = (0..40).map(|at| if at < 20 { apart } else { -apart }).collect();
    assert_close(fit.strengths(), &exact, 1e-6 / ELO_PER_NAT);
    assert!(slopes(&joined, fit.strengths()).iter().all(|slope| slope.abs() < 1e-6));
}

fn random(rng: &mut Xoshiro256PlusPlus, below: u64) -> usize {
    (rng.next_u64() % below) as usize
}

/// Votes whose right answers win more often if they are shorter.
fn styled(votes: usize, models: usize) -> Vec<StyledVote> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(8);
    let mut one = || {
        let left = random(&mut rng, models as u64);
        let right = (left + 1 + random(&mut rng, models as u64 - 1)) % models;
        let mut count = |most| random(&mut rng, most) as u32;
        let mut style = || StyleCounts {
            tokens: 20 + count(500),
            headers: count(4),
            lists: count(9),
            bold: count(7),
        };
        let (left_style, right_style) = (style(), style());
        let longer = usize::from(left_style.tokens > right_style.tokens);
        let outcome = match random(&mut rng, 10) {
            0 => Outcome::Tie,
            1 => Outcome::BothBad,
            at if at < 5 + longer + usize::from(left < right) => Outcome::Left,
            _ => Outcome::Right,
        };
        let voter = Some(random(&mut rng, 500));
        let vote = AttributedVote { voter, ..Vote { left, right, outcome }.into() };
        StyledVote { vote, left: left_style, right: right_style }
    };
    (0..votes).map(|_| one()).collect()
}

fn compact(votes: &[StyledVote]) -> StyleVotes {
    let mut compact = StyleVotes::with_capacity(Denominator::default(), votes.len());
    for StyledVote { vote, left, right } in votes {
        compact.push(vote.vote, *left, *right).unwrap();
    }
    compact
}

#[test]
fn style_control_is_the_same_to_the_bit_on_any_number_of_threads() {
    // Two blocks, and enough votes a parameter for a first fit to a part of them.
    let votes = styled(1_100_000, 6);
    let compact = compact(&votes);
    let settings = StyleSettings { position: true, ..StyleSettings::default() };
    let bits = |found: &crate::ranking::Controlled| -> Vec<u64> {
        let effects = found.adjusted.effects().iter().flat_map(|it| [it.value, it.error]);
        let strengths = found.adjusted.strengths().iter().copied();
        let all =
            effects.chain(strengths).chain(found.adjusted.covariance().matrix.iter().copied());
        all.map(f64::to_bits).collect()
    };
    let on = |threads| compact.control(&members(6), &settings, threads, |_| Ok(None)).unwrap();

    let one = bits(&on(1));

    for threads in [2, 3, 16] {
        assert_eq!(bits(&on(threads)), one, "{threads} threads, seed 8");
    }
    assert_eq!(bits(&control(&votes, &members(6), &settings).unwrap()), one);
    assert_eq!(bits(&control_compact(&compact, &members(6), &settings).unwrap()), one);
}

#[test]
fn style_control_of_many_votes_is_at_the_maximum() {
    let votes = styled(100_000, 6);
    let settings = StyleSettings::default();
    let compact = compact(&votes);

    let found = control_compact(&compact, &members(6), &settings).unwrap();

    let overview = compact.survey(&members(6), Coding::default(), 1);
    let scales = overview.scales(votes.len() as f64).unwrap();
    let mut slopes = [0.0; 10];
    for (at, styled) in votes.iter().enumerate() {
        let Vote { left, right, outcome } = styled.vote.vote;
        let z = compact.scaled(at, &scales).map(f64::from);
        let effects = found.adjusted.effects().iter().zip(z).map(|(effect, z)| effect.value * z);
        let gap = found.adjusted.strengths()[left] - found.adjusted.strengths()[right];
        let p = bradley_terry::logistic(gap + effects.sum::<f64>());
        let residual = p - f64::from(Coding::default().half_wins(outcome).unwrap()) / 2.0;
        slopes[left] += residual;
        slopes[right] -= residual;
        slopes.iter_mut().skip(6).zip(z).for_each(|(slope, z)| *slope += residual * z);
    }
    // The information of a parameter is above 0.1 a vote on it, so that this is below 1e-6 Elo.
    let allowed = 1e-6 / ELO_PER_NAT * 0.1 * votes.len() as f64 / 6.0;
    assert!(slopes.iter().all(|slope| slope.abs() < allowed), "{slopes:?}, {allowed}");
}

#[test]
fn the_bootstrap_is_the_same_to_the_bit_on_any_number_of_threads() {
    let votes: Vec<AttributedVote> = styled(20_000, 8).iter().map(|styled| styled.vote).collect();
    let fit =
        crate::ranking::fit_votes(&votes, &members(8), Method::BradleyTerry, Coding::default());
    let fit: Fit = fit.unwrap();
    for resample in [Resample::Vote, Resample::Voter, Resample::Prompt] {
        let on = |threads| fit.bootstrap_on(threads, &votes, resample, (101, 5)).unwrap();

        let one = on(1);

        assert_eq!(one.draws(), 101);
        assert!([2, 5].into_iter().all(|threads| on(threads) == one), "{resample:?}, seed 5");
    }
}

/// The quantile without bounds: every pair of every draw is looked at, with other random numbers.
fn plain_quantile(covariance: &Covariance, draws: usize) -> f64 {
    use statrs::distribution::{ContinuousCDF, Normal};
    let root = covariance.root().unwrap();
    let scale = reciprocal_errors(covariance).unwrap();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut uniform = || ((rng.next_u64() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64;
    let mut widest: Vec<f64> = (0..draws)
        .map(|_| {
            let noise = (0..covariance.models()).map(|_| Normal::standard().inverse_cdf(uniform()));
            let noise = nalgebra::DVector::from_iterator(covariance.models(), noise);
            let z = &root * noise;
            let gaps = scale.iter().enumerate().flat_map(|(i, row)| {
                let z = &z;
                row.iter().enumerate().map(move |(j, scale)| (z[i] - z[j]).abs() * scale)
            });
            gaps.fold(0.0, f64::max)
        })
        .collect();
    widest.sort_unstable_by(f64::total_cmp);
    widest[(0.95 * draws as f64).ceil() as usize - 1]
}

#[test]
fn bounds_on_the_widest_gap_leave_its_quantile_as_it_is() {
    // Equal models, models of very different precision, and two cliques that hardly met.
    let equal: Vec<_> = (0..12).flat_map(|i| (i + 1..12).map(move |j| (i, j, 50, 50, 0))).collect();
    let uneven: Vec<_> =
        (0..12).flat_map(|i| (i + 1..12).map(move |j| (i, j, 1 << i, 1 << i, 3))).collect();
    let mut cliques: Vec<_> =
        equal.iter().copied().filter(|&(i, j, ..)| (i < 6) == (j < 6)).collect();
    cliques.push((0, 6, 3, 2, 0));
    for pairs in [equal, uneven, cliques] {
        let covariance = uncorrected(&fit_all(&counts(12, &pairs), Method::BradleyTerry));
        let scale = reciprocal_errors(&covariance).unwrap();

        let on = |threads| quantile_on(threads, &covariance, &scale, (20_000, 0.95, 2)).unwrap();

        let plain = plain_quantile(&covariance, 20_000);
        assert!((on(1) - plain).abs() < 0.05, "{} against {plain}, seeds 1 and 2", on(1));
        assert_eq!(on(1).to_bits(), on(3).to_bits());
    }
}

#[test]
fn counting_on_all_cores_finds_the_same_counts_and_the_same_faults() {
    let mut votes: Vec<Vote> = styled(300_000, 8).iter().map(|styled| styled.vote.vote).collect();

    assert_eq!(Counts::from_slice(8, &votes), Counts::from_votes(8, votes.iter().copied()));
    votes[200_000].left = 9;
    votes[299_999].left = 12;
    let refused = Counts::from_slice(8, &votes);
    assert_eq!(refused, Counts::from_votes(8, votes.iter().copied()));
    assert!(refused.is_err());
}
