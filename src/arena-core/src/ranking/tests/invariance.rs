//! What must not matter, for every method and every interval: names of models, sides, doubled votes, order of rows, and
//! the zero of the scale.
//!
//! What does not hold: with other names a bootstrap by vote and averaged Elo meet other random numbers, as do the draws
//! behind a critical value; online Elo depends on the order; weights by pair frequency have a floor of 50 votes.

use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::clustered::random_votes;
use super::statistics::{BT, Summary, all, fitted, plain, statistics};
use crate::ranking::frame::{Frame, estimates};
use crate::ranking::{
    AttributedVote, Clusters, Elo, Outcome, RankingError, Ranks, Resample, SmallSample,
    StyleCounts, StyledVote, Vote, order_averaged_elo,
};

/// Random votes whose answers have a random form.
fn styled_votes() -> impl Strategy<Value = (usize, Vec<StyledVote>)> {
    let form = (1_u32..60, 0_u32..4, 0_u32..6, 0_u32..5)
        .prop_map(|(tokens, headers, lists, bold)| StyleCounts { tokens, headers, lists, bold });
    let forms = prop::collection::vec((form.clone(), form), 120);
    (random_votes(), forms).prop_map(|((models, votes), forms)| {
        let styled = |(vote, (left, right))| StyledVote { vote, left, right };
        (models, votes.into_iter().zip(forms).map(styled).collect())
    })
}

fn swapped(styled: &StyledVote) -> StyledVote {
    let Vote { left, right, outcome } = styled.vote.vote;
    let outcome = match outcome {
        Outcome::Left => Outcome::Right,
        Outcome::Right => Outcome::Left,
        even => even,
    };
    let vote = Vote { left: right, right: left, outcome };
    let vote = AttributedVote { vote, ..styled.vote };
    StyledVote { vote, left: styled.right, right: styled.left }
}

fn renamed(styled: &StyledVote, place: impl Fn(usize) -> usize) -> StyledVote {
    let Vote { left, right, outcome } = styled.vote.vote;
    let vote = Vote { left: place(left), right: place(right), outcome };
    StyledVote { vote: AttributedVote { vote, ..styled.vote }, ..*styled }
}

/// Fails unless each number is the same up to rounding, which grows with the variances of nearly separated votes.
fn assert_same(name: &str, found: &[f64], expected: &[f64], loss: f64) {
    assert_eq!(found.len(), expected.len(), "{name}");
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= 1e-7 * loss * (1.0 + b.abs()), "{name}: {a} against {b}");
    }
}

/// What a change of the votes should do to a summary.
struct Change {
    /// The place of each model after it.
    place: Vec<usize>,
    /// The factor of variances.
    variance: f64,
    /// The factor of the effect of the left place.
    left: f64,
}

impl Change {
    fn none(models: usize) -> Change {
        Change { place: all(models), variance: 1.0, left: 1.0 }
    }

    /// Compares both runs; both may fail, but not one alone.
    fn check(
        &self,
        name: &str,
        before: Result<Summary, RankingError>,
        after: Result<Summary, RankingError>,
    ) {
        let (before, after) = match (before, after) {
            (Ok(before), Ok(after)) => (before, after),
            (Err(_), Err(_)) => return,
            (before, after) => panic!("{name}: {before:?} against {after:?}"),
        };
        let turned = |values: &[f64]| -> Vec<f64> {
            if values.is_empty() {
                vec![]
            } else {
                self.place.iter().map(|&at| values[at]).collect()
            }
        };
        let loss = 1.0 + before.variances.iter().copied().fold(0.0, f64::max);
        let scaled: Vec<f64> = before.variances.iter().map(|v| v * self.variance).collect();
        assert_same(name, &turned(&after.strengths), &before.strengths, loss);
        assert_same(name, &turned(&after.variances), &scaled, loss);
        let errors = |effects: &[f64], sign: f64| -> Vec<f64> {
            let factor = |at| if at % 2 == 0 { sign } else { self.variance.sqrt() };
            effects.iter().enumerate().map(|(at, value)| value * factor(at)).collect()
        };
        assert_same(name, &after.style, &errors(&before.style, 1.0), loss);
        assert_same(name, &after.position, &errors(&before.position, self.left), loss);
        assert_eq!(before.resamples.len(), after.resamples.len(), "{name}");
        for (before, after) in before.resamples.iter().zip(&after.resamples) {
            assert_same(name, &turned(after), before, 100.0 * loss);
        }
        if self.variance == 1.0 && !before.ranks.is_empty() {
            let ranks: Vec<Ranks> = self.place.iter().map(|&at| after.ranks[at]).collect();
            assert_eq!(ranks, before.ranks, "{name}: {:?}", before.strengths);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn names_of_models_do_not_matter((models, votes) in styled_votes(), turn in 1_usize..5) {
        let place: Vec<usize> = (0..models).map(|i| (2 * models - 1 - i + turn) % models).collect();
        let other: Vec<StyledVote> = votes.iter().map(|vote| renamed(vote, |i| place[i])).collect();
        let change = Change { place, ..Change::none(models) };

        for one in statistics().into_iter().filter(|one| one.renamed) {
            for by in [SmallSample::PerModel, SmallSample::Uncorrected] {
                change.check(one.name, (one.run)(&votes, models, by), (one.run)(&other, models, by));
            }
        }
    }

    #[test]
    fn swapped_sides_turn_the_effect_of_the_place_and_nothing_else((models, votes) in styled_votes()) {
        let other: Vec<StyledVote> = votes.iter().map(swapped).collect();
        let by = SmallSample::PerModel;

        for one in statistics() {
            // Scaled differences of style are centred over all votes, so that without a parameter for the place they
            // hold a part of it, which changes its sign.
            let change = Change { left: -1.0, ..Change::none(models) };
            if one.name == "style" {
                continue;
            }
            let before = (one.run)(&votes, models, by).map(centred_out);
            let after = (one.run)(&other, models, by).map(centred_out);
            change.check(one.name, before, after);
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter((models, votes) in styled_votes(), turn in 1_usize..50) {
        let mut other: Vec<StyledVote> = votes.iter().rev().copied().collect();
        let turn = turn % other.len();
        other.rotate_left(turn);

        for one in statistics() {
            for by in [SmallSample::PerModel, SmallSample::Uncorrected] {
                let runs = ((one.run)(&votes, models, by), (one.run)(&other, models, by));
                Change::none(models).check(one.name, runs.0, runs.1);
            }
        }
    }

    #[test]
    fn doubled_votes_halve_variances_and_leave_clustered_ones((models, votes) in styled_votes()) {
        let other: Vec<StyledVote> = votes.iter().flat_map(|vote| [*vote; 2]).collect();
        let by = SmallSample::Uncorrected;

        for one in statistics().into_iter().filter(|one| one.doubled) {
            let variance = if one.clustered { 1.0 } else { 0.5 };
            let before = (one.run)(&votes, models, by);
            // A pair of nothing but ties between equals is given the spread of one vote, however many there are.
            let filled = fitted(&votes, models, BT).is_ok_and(|fit| {
                fit.terms().enumerate().any(|(at, (_, terms))| fit.shows_no_spread(at, &terms))
            });
            if !filled {
                let change = Change { variance, ..Change::none(models) };
                change.check(one.name, before, (one.run)(&other, models, by));
            }
        }
    }

    #[test]
    fn online_elo_keeps_names_sides_and_its_sum_and_follows_its_start(
        (models, votes) in styled_votes(),
        start in -700.0_f64..700.0,
    ) {
        let run = |votes: &[StyledVote], start: f64| {
            let mut elo = Elo::resume(vec![start; models]).unwrap();
            for Vote { left, right, outcome } in votes.iter().map(|styled| styled.vote.vote) {
                elo.update(left, right, outcome).unwrap();
            }
            elo.ratings().to_vec()
        };
        let turned: Vec<StyledVote> = votes.iter().map(swapped).collect();
        let other: Vec<StyledVote> =
            votes.iter().map(|vote| renamed(vote, |i| models - 1 - i)).collect();

        let plain = run(&votes, 1000.0);

        let mut back = run(&other, 1000.0);
        back.reverse();
        prop_assert_eq!(&back, &plain);
        assert_same("sides", &run(&turned, 1000.0), &plain, 1e-4);
        let moved: Vec<f64> = plain.iter().map(|rating| rating + start).collect();
        assert_same("start", &run(&votes, 1000.0 + start), &moved, 1e-4);
        assert_same("sum", &[plain.iter().sum()], &[1000.0 * models as f64], 1e-4);
    }

    #[test]
    fn averaged_elo_has_the_same_bytes_for_any_order_of_rows((models, votes) in styled_votes()) {
        let votes: Vec<Vote> = votes.iter().map(|styled| styled.vote.vote).collect();
        let other: Vec<Vote> = votes.iter().rev().copied().collect();
        let run = |votes: &[Vote]| {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
            order_averaged_elo(models, votes, 5, &mut rng).unwrap()
        };

        prop_assert_eq!(run(&votes), run(&other));
    }

    #[test]
    fn another_zero_shifts_every_kind_of_interval_and_nothing_else(
        (models, votes) in styled_votes(),
        zero in -500.0_f64..500.0,
    ) {
        let frames = |value: f64| [
            Frame::Mean(value),
            Frame::Anchor { model: 1, rating: value },
            Frame::Reference { models: vec![0, 1], rating: value },
        ];
        let fit = fitted(&votes, models, BT).unwrap();
        let (own, members) = (plain(&votes), all(models));
        let by = SmallSample::PerModel;
        let both = fit.clustered_covariance(&own, Clusters::Both, by);
        prop_assume!(both.is_ok());
        let bootstrap = fit.bootstrap(&own, Resample::Voter, 100, 2).unwrap();

        for (low, high) in frames(0.0).into_iter().zip(frames(zero)) {
            let by_sandwich = |frame| estimates(frame, &members, fit.strengths(), both.as_ref().unwrap());
            let mut pairs = vec![(by_sandwich(low.clone()).unwrap(), by_sandwich(high.clone()).unwrap())];
            let by_resample = |frame| bootstrap.estimates(frame, &members);
            match (by_resample(low), by_resample(high)) {
                (Ok(low), Ok(high)) => pairs.push((low, high)),
                (low, high) => prop_assert!(low.is_err() && high.is_err()),
            }
            for (one, other) in pairs.iter().flat_map(|(low, high)| low.iter().zip(high)) {
                let moved = [one.rating + zero, one.low + zero, one.high + zero];
                assert_same("zero", &[other.rating, other.low, other.high], &moved, 1e-3);
            }
        }
    }
}

/// Leaves out the effect of the place where style is centred beside it: it takes up the sign of the centring.
fn centred_out(found: Summary) -> Summary {
    if found.style.is_empty() { found } else { Summary { position: vec![], ..found } }
}

#[test]
fn every_statistic_has_an_answer_on_ordinary_votes() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
    let mut draw = |n: u64| (rng.next_u64() % n) as usize;
    let outcomes = [Outcome::Left, Outcome::Right, Outcome::Tie, Outcome::BothBad];
    let votes: Vec<StyledVote> = (0..300)
        .map(|_| {
            let (left, outcome) = (draw(4), outcomes[draw(4)]);
            let vote = Vote { left, right: (left + 1 + draw(3)) % 4, outcome };
            let (voter, prompt) = (Some(draw(20)), Some(draw(15)));
            let mut form = || {
                let [tokens, headers, lists, bold] = [60, 4, 6, 5].map(|most| draw(most) as u32);
                StyleCounts { tokens, headers, lists, bold }
            };
            let (left, right) = (form(), form());
            StyledVote { vote: AttributedVote { voter, prompt, ..vote.into() }, left, right }
        })
        .collect();

    for one in statistics() {
        let found = (one.run)(&votes, 4, SmallSample::PerModel);

        let found = found.unwrap_or_else(|error| panic!("{}: {error}", one.name));
        assert_eq!(found.strengths.len(), 4, "{}", one.name);
        assert!(found.variances.len() + found.resamples.len() >= 4, "{}", one.name);
    }
}

#[test]
fn models_with_the_same_record_share_a_place_whatever_their_names() {
    // Models 1 and 3 have the same votes; nothing but rounding can tell them apart.
    let pairs = |a: usize, b: usize, c: usize, d: usize| {
        [(a, b, 7, 3, 1), (a, d, 7, 3, 1), (b, c, 11, 2, 0), (d, c, 11, 2, 0), (c, a, 1, 9, 2)]
    };
    for names in [[0, 1, 2, 3], [3, 0, 2, 1], [2, 3, 1, 0], [1, 2, 0, 3]] {
        let [a, b, c, d] = names;
        let table = super::counts(4, &pairs(a, b, c, d));

        let rows = super::board(&table).rows;

        let place = |model: usize| rows[model].rank.unwrap().rank;
        assert_eq!([a, b, c, d].map(place), [1, 2, 4, 2]);
    }
}
