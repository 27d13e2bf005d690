//! Votes that depend on each other: the clustered covariance against statsmodels, and what it promises.

use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::{assert_close, llmfao, numbers, ratings, uncorrected};
use crate::ranking::{
    AttributedVote, Clusters, Coding, Covariance, Fit, Method, Outcome, RankingError, SmallSample,
    Vote, fit_votes,
};

const METHODS: [Method; 3] = [Method::BradleyTerry, Method::Davidson, Method::RaoKupper];

fn fitted(votes: &[AttributedVote], models: usize, method: Method) -> Fit {
    let members: Vec<usize> = (0..models).collect();
    fit_votes(votes, &members, method, Coding::default()).unwrap()
}

fn variances(covariance: &Covariance) -> Vec<f64> {
    (0..covariance.models()).map(|i| covariance.get(i, i).unwrap()).collect()
}

fn first_row(covariance: &Covariance) -> Vec<f64> {
    (0..covariance.models()).map(|j| covariance.get(0, j).unwrap()).collect()
}

#[test]
fn clustered_covariances_of_real_votes_agree_with_statsmodels() {
    let (votes, expected) = llmfao();
    let fit = fitted(&votes, 59, Method::BradleyTerry);
    let clusters = [("worker", Clusters::Voter), ("prompt", Clusters::Prompt)];
    assert_close(&ratings(&fit), &numbers(&expected["plain_hc0"]["ratings"]), 1e-6);

    let mut found = vec![("hc0", uncorrected(&fit))];
    for (name, clusters) in clusters {
        let covariance = fit.clustered_covariance(&votes, clusters, SmallSample::Uncorrected);
        found.push((name, covariance.unwrap()));
    }

    for (name, covariance) in found {
        let block = &expected[format!("plain_{name}")];
        assert_close(&variances(&covariance), &numbers(&block["variances_natural"]), 1e-10);
        assert_close(&first_row(&covariance), &numbers(&block["covariance_row_0"]), 1e-10);
    }
}

#[test]
fn the_two_way_covariance_of_real_votes_agrees_with_statsmodels_up_to_negative_eigenvalues() {
    let (votes, expected) = llmfao();
    let fit = fitted(&votes, 59, Method::BradleyTerry);

    let scores = fit.clustered_scores(&votes, Clusters::Both, SmallSample::Uncorrected).unwrap();
    let raw = fit.sandwich(&scores).unwrap();
    let kept = fit.clustered_covariance(&votes, Clusters::Both, SmallSample::Uncorrected).unwrap();

    let theirs = numbers(&expected["plain_both"]["variances_natural"]);
    assert_close(&variances(&raw), &theirs, 1e-10);
    for (i, (kept, raw)) in variances(&kept).iter().zip(theirs).enumerate() {
        assert!(*kept >= raw, "{i}: {kept} against {raw}");
    }
    assert!(kept.matrix.symmetric_eigen().eigenvalues.min() > -1e-12);
}

/// Random votes of a few models by a few voters on a few prompts, each pair of neighbours won both ways.
pub(super) fn random_votes() -> impl Strategy<Value = (usize, Vec<AttributedVote>)> {
    let vote = (0_usize..60, 0_usize..60, 0_usize..4, 0_usize..7, 0_usize..5);
    (2_usize..6, prop::collection::vec(vote, 20..90)).prop_map(|(models, drawn)| {
        let chain = (1..models)
            .flat_map(|i| [(i, i - 1, 0, i, i), (i, i - 1, 1, i, 0), (i, i - 1, 2, 0, i)]);
        let some = drawn.into_iter().map(|(a, b, o, v, p)| {
            (a % models, (a % models + 1 + b % (models - 1)) % models, o, v, p)
        });
        let vote = |(left, right, outcome, voter, prompt): (usize, usize, usize, usize, usize)| {
            let outcome = [Outcome::Left, Outcome::Right, Outcome::Tie, Outcome::BothBad][outcome];
            AttributedVote {
                voter: Some(voter),
                prompt: Some(prompt),
                ..Vote { left, right, outcome }.into()
            }
        };
        (models, chain.chain(some).map(vote).collect())
    })
}

fn without_ids(votes: &[AttributedVote]) -> Vec<AttributedVote> {
    votes.iter().map(|vote| AttributedVote { voter: None, prompt: None, ..*vote }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn votes_that_are_their_own_clusters_give_the_plain_covariance((models, votes) in random_votes()) {
        let votes = without_ids(&votes);
        for method in METHODS {
            let fit = fitted(&votes, models, method);
            for small_sample in [SmallSample::PerModel, SmallSample::Uncorrected] {
                let plain = first_row(&fit.covariance(small_sample).unwrap());
                for clusters in [Clusters::Voter, Clusters::Prompt, Clusters::Both] {
                    let found = fit.clustered_covariance(&votes, clusters, small_sample).unwrap();
                    assert_close(&first_row(&found), &plain, 1e-9 * plain[0].max(1.0));
                }
            }
        }
    }

    #[test]
    fn the_order_of_votes_and_the_names_of_voters_do_not_matter((models, votes) in random_votes()) {
        let renamed = |vote: &AttributedVote| AttributedVote { voter: vote.voter.map(|v| 90 - v), ..*vote };
        let other: Vec<AttributedVote> = votes.iter().rev().map(renamed).collect();
        let fit = fitted(&votes, models, Method::BradleyTerry);

        let found = |votes, clusters| {
            let covariance = fit.clustered_covariance(votes, clusters, SmallSample::PerModel);
            covariance.map(|covariance| first_row(&covariance))
        };

        prop_assert_eq!(found(&votes, Clusters::Prompt), found(&other, Clusters::Prompt));
        for clusters in [Clusters::Voter, Clusters::Both] {
            match (found(&votes, clusters), found(&other, clusters)) {
                (Ok(one), Ok(other)) => assert_close(&one, &other, 1e-9),
                (one, other) => prop_assert_eq!(one.is_err(), other.is_err()),
            }
        }
    }

    #[test]
    fn a_voter_who_votes_twice_the_same_is_worth_one_vote((models, votes) in random_votes()) {
        let single = without_ids(&votes);
        let double: Vec<AttributedVote> = single
            .iter()
            .enumerate()
            .flat_map(|(i, vote)| [AttributedVote { voter: Some(i), ..*vote }; 2])
            .collect();

        let once = fitted(&single, models, Method::BradleyTerry);
        let twice = fitted(&double, models, Method::BradleyTerry);
        let found = twice.clustered_covariance(&double, Clusters::Voter, SmallSample::PerModel);

        let plain = once.covariance(SmallSample::PerModel).unwrap();
        // A pair of ties between equals is filled in by the vote, not by the cluster, so it may differ by a factor of 2.
        let decisive = once.terms().enumerate().all(|(at, (_, terms))| !once.shows_no_spread(at, &terms));
        if decisive {
            assert_close(&first_row(&found.unwrap()), &first_row(&plain), 1e-8 * plain.get(0, 0).unwrap().max(1.0));
        }
    }
}

#[test]
fn other_votes_than_those_fitted_are_refused() {
    let (votes, _) = llmfao();
    let fit = fitted(&votes, 59, Method::BradleyTerry);

    let result = fit.clustered_covariance(&votes[1..], Clusters::Voter, SmallSample::PerModel);

    assert!(matches!(result, Err(RankingError::OtherVotes { .. })), "{result:?}");
}

#[test]
fn one_voter_alone_is_refused() {
    let vote =
        |outcome| AttributedVote { voter: Some(4), ..Vote { left: 0, right: 1, outcome }.into() };
    let votes = [vote(Outcome::Left), vote(Outcome::Right), vote(Outcome::Left)];
    let fit = fitted(&votes, 2, Method::BradleyTerry);

    let result = fit.clustered_covariance(&votes, Clusters::Voter, SmallSample::PerModel);

    assert_eq!(result.unwrap_err(), RankingError::TooFewClusters { found: 1, needed: 2 });
}

#[test]
fn weights_that_are_none_are_refused() {
    for value in [-1.0, f64::NAN, f64::INFINITY] {
        let vote = Vote { left: 0, right: 1, outcome: Outcome::Tie };
        let vote = AttributedVote { weight: value, ..vote.into() };

        let result = fit_votes(&[vote], &[0, 1], Method::BradleyTerry, Coding::default());

        assert!(matches!(result, Err(RankingError::NotAWeight { .. })), "{result:?}");
    }
}

/// 60 voters with a taste of their own (sd 0.8 for each pair of models) cast 30 votes each on one pair.
fn opinionated_votes(rng: &mut impl Rng) -> Vec<AttributedVote> {
    let mut unit = move || (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    let mut votes = Vec::new();
    for voter in 0..60 {
        let taste: f64 = (0..12).map(|_| unit()).sum::<f64>() - 6.0;
        for _ in 0..30 {
            let won = unit() < 1.0 / (1.0 + (-0.8 * taste).exp());
            let outcome = if won { Outcome::Left } else { Outcome::Right };
            let vote = Vote { left: 0, right: 1, outcome };
            votes.push(AttributedVote { voter: Some(voter), ..vote.into() });
        }
    }
    votes
}

#[test]
fn clustered_intervals_cover_where_plain_ones_do_not() {
    let seed = 5;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let (boards, mut plain, mut clustered) = (1000, 0, 0);
    for _ in 0..boards {
        let votes = opinionated_votes(&mut rng);
        let fit = fitted(&votes, 2, Method::BradleyTerry);
        let gap = (fit.strengths()[0] - fit.strengths()[1]).abs();
        let covers = |variance: f64| usize::from(gap <= 1.959_964 * variance.sqrt());
        let small_sample = SmallSample::PerModel;
        let by_voter = fit.clustered_covariance(&votes, Clusters::Voter, small_sample).unwrap();
        plain += covers(fit.covariance(small_sample).unwrap().of_difference(0, 1));
        clustered += covers(by_voter.of_difference(0, 1));
    }

    let share = |covered: i32| f64::from(covered) / f64::from(boards);
    let (plain, clustered) = (share(plain as i32), share(clustered as i32));
    println!("plain {plain}, clustered {clustered}, seed {seed}");
    assert!((0.93..0.97).contains(&clustered), "{clustered}, seed {seed}");
    assert!(plain < 0.7, "{plain}, seed {seed}");
}

/// 40 voters who compare models 0 and 1, so that these two have a clustered variance.
fn settled_votes() -> Vec<AttributedVote> {
    let vote = |voter: usize| {
        let outcome = if voter.is_multiple_of(3) { Outcome::Right } else { Outcome::Left };
        AttributedVote { voter: Some(voter), ..Vote { left: 0, right: 1, outcome }.into() }
    };
    (0..40).map(vote).collect()
}

#[test]
fn a_newcomer_whom_one_voter_cancelled_out_does_not_stop_the_others() {
    let mut votes = settled_votes();
    for outcome in [Outcome::Left, Outcome::Right] {
        let vote = Vote { left: 2, right: 1, outcome };
        votes.push(AttributedVote { voter: Some(7), ..vote.into() });
    }
    let fit = fitted(&votes, 3, Method::BradleyTerry);

    let found = fit.clustered_covariance(&votes, Clusters::Voter, SmallSample::PerModel).unwrap();

    let plain = fit.covariance(SmallSample::PerModel).unwrap();
    assert!((found.of_difference(1, 2) / plain.of_difference(1, 2) - 1.0).abs() < 1e-9);
}

#[test]
fn two_voters_who_each_cancel_themselves_out_count_as_independent_votes() {
    let mut votes = settled_votes();
    for (voter, outcome) in
        [(50, Outcome::Left), (50, Outcome::Right), (51, Outcome::Left), (51, Outcome::Right)]
    {
        let vote = Vote { left: 2, right: 1, outcome };
        votes.push(AttributedVote { voter: Some(voter), ..vote.into() });
    }
    let fit = fitted(&votes, 3, Method::BradleyTerry);

    let found = fit.clustered_covariance(&votes, Clusters::Voter, SmallSample::PerModel).unwrap();

    let plain = fit.covariance(SmallSample::PerModel).unwrap();
    assert!((found.of_difference(1, 2) / plain.of_difference(1, 2) - 1.0).abs() < 1e-9);
}
