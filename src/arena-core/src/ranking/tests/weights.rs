//! Weights of votes, and what one voter moves.

use serde_json::Value;

use super::{Battles, assert_close, board, golden_file, half_widths, llmfao, numbers, ratings};
use crate::ranking::{
    AttributedVote, Coding, Counts, ELO_PER_NAT, Fit, Method, Outcome, RankingError, Settings,
    SmallSample, Vote, balance_pairs, cap_voters, compute_with, fit_votes, inverse_probability,
    share_prompts, voter_cap,
};

fn synthetic() -> Vec<AttributedVote> {
    Battles::read("synthetic_ties.csv").votes.into_iter().map(AttributedVote::from).collect()
}

fn fitted(votes: &[AttributedVote], models: usize, method: Method) -> Fit {
    let members: Vec<usize> = (0..models).collect();
    fit_votes(votes, &members, method, Coding::default()).unwrap()
}

#[test]
fn balanced_pairs_agree_with_arena_rank() {
    let mut votes = synthetic();

    balance_pairs(&mut votes);
    let fit = fitted(&votes, 12, Method::BradleyTerry);

    let expected: Value = serde_json::from_str(&golden_file("synthetic_ties.json")).unwrap();
    let block = &expected["arena_rank_bt_reweighted"];
    assert_close(&ratings(&fit), &numbers(&block["ratings"]), 0.05);
    let found = half_widths(&fit.covariance(SmallSample::Uncorrected).unwrap());
    let (low, high) = (numbers(&block["rating_lower"]), numbers(&block["rating_upper"]));
    for (i, width) in found.iter().enumerate() {
        let theirs = (high[i] - low[i]) / 2.0;
        assert!((width / theirs - 1.0).abs() < 0.005, "{i}: {width} against {theirs}");
    }
    let mean = votes.iter().map(|vote| vote.weight).sum::<f64>() / votes.len() as f64;
    assert_close(&[mean], &[1.0], 1e-12);
}

#[test]
fn weights_that_are_all_one_give_the_plain_fit() {
    let votes = synthetic();
    let counts = Counts::from_votes(12, votes.iter().map(|vote| vote.vote)).unwrap();
    for method in [Method::BradleyTerry, Method::Davidson, Method::RaoKupper] {
        let plain = super::fit_all(&counts, method);

        let fit = fitted(&votes, 12, method);

        assert_eq!(fit.strengths(), plain.strengths());
        assert_eq!(fit.tie_parameter(), plain.tie_parameter());
    }
}

#[test]
fn a_common_weight_changes_neither_strengths_nor_covariance() {
    let votes = synthetic();
    let heavy: Vec<AttributedVote> =
        votes.iter().map(|vote| AttributedVote { weight: 3.5, ..*vote }).collect();

    let (one, other) = (fitted(&votes, 12, Method::Davidson), fitted(&heavy, 12, Method::Davidson));

    assert_close(&ratings(&one), &ratings(&other), 1e-7);
    let widths = |fit: &Fit| half_widths(&fit.covariance(SmallSample::PerModel).unwrap());
    assert_close(&widths(&one), &widths(&other), 1e-7);
}

#[test]
fn a_vote_of_weight_zero_is_not_there() {
    let mut votes = synthetic();
    let fewer: Vec<AttributedVote> = votes[100..].to_vec();

    votes[..100].iter_mut().for_each(|vote| vote.weight = 0.0);

    let all = fitted(&votes, 12, Method::BradleyTerry);
    assert_eq!(all.strengths(), fitted(&fewer, 12, Method::BradleyTerry).strengths());
    assert!(all.squares.is_none());
}

#[test]
fn the_cap_is_a_share_of_all_votes_but_not_below_twenty() {
    assert_eq!([voter_cap(0), voter_cap(8000), voter_cap(1_000_000)], [20.0, 20.0, 2500.0]);
}

#[test]
fn a_voter_with_many_votes_weighs_as_much_as_the_cap() {
    let vote = |voter| {
        let vote = Vote { left: 0, right: 1, outcome: Outcome::Left };
        AttributedVote { voter, ..vote.into() }
    };
    let mut votes =
        [vec![vote(Some(3)); 50], vec![vote(Some(1)); 4], vec![vote(None); 30]].concat();

    cap_voters(&mut votes, 20.0).unwrap();

    let sum = |part: &[AttributedVote]| part.iter().map(|vote| vote.weight).sum::<f64>();
    assert_close(
        &[sum(&votes[..50]), sum(&votes[50..54]), sum(&votes[54..])],
        &[20.0, 4.0, 30.0],
        1e-9,
    );
    let refused = cap_voters(&mut votes, f64::NAN);
    assert!(matches!(refused, Err(RankingError::NotAWeight { .. })));
}

#[test]
fn a_capped_flood_of_votes_moves_a_model_less() {
    let mut votes: Vec<AttributedVote> = synthetic();
    votes.iter_mut().enumerate().for_each(|(i, vote)| vote.voter = Some(i % 400));
    let before = ratings(&fitted(&votes, 12, Method::BradleyTerry))[3];
    let flood = Vote { left: 3, right: 1, outcome: Outcome::Left };
    votes.extend(vec![AttributedVote { voter: Some(9999), ..flood.into() }; 500]);

    let raw = ratings(&fitted(&votes, 12, Method::BradleyTerry))[3] - before;
    cap_voters(&mut votes, voter_cap(6500)).unwrap();
    let capped = ratings(&fitted(&votes, 12, Method::BradleyTerry))[3] - before;

    println!("raw {raw}, capped {capped}");
    assert!(raw > 20.0 && capped < raw / 10.0, "raw {raw}, capped {capped}");
}

#[test]
fn a_capped_board_has_wider_intervals_and_its_own_counts() {
    let (votes, _) = llmfao();
    let counts = Counts::from_votes(59, votes.iter().map(|vote| vote.vote)).unwrap();
    let mut capped = votes.clone();
    cap_voters(&mut capped, 20.0).unwrap();

    let found = compute_with(&counts, &Settings::new(1), |members| {
        let fit = fit_votes(&capped, members, Method::BradleyTerry, Coding::default())?;
        let covariance = fit.covariance(SmallSample::default())?;
        Ok((fit, covariance))
    });

    let (found, plain) = (found.unwrap(), board(&counts));
    assert_eq!(found.votes, plain.votes);
    assert!(found.used_votes < plain.used_votes / 2);
    let width = |row: &crate::ranking::Row| row.rating.map(|rating| rating.high - rating.low);
    let both = found.rows.iter().zip(&plain.rows).filter_map(|(a, b)| Some((width(a)?, width(b)?)));
    assert!(both.filter(|(a, b)| a > b).count() > 20);
}

#[test]
fn weights_by_drawing_probability_restore_what_uniform_pairing_finds() {
    // Model 0 beats 1 and 2 as often, which a cycle between them contradicts; pairs drawn unevenly tilt the fit.
    let votes = |ab: usize, ac: usize, bc: usize| -> Vec<AttributedVote> {
        let pair = |left, right, wins: usize, n: usize| {
            (0..n).map(move |i| {
                let outcome = if i % 10 < wins { Outcome::Left } else { Outcome::Right };
                AttributedVote::from(Vote { left, right, outcome })
            })
        };
        pair(0, 1, 7, ab).chain(pair(0, 2, 5, ac)).chain(pair(1, 2, 6, bc)).collect()
    };
    let (even, mut uneven) = (votes(300, 300, 300), votes(600, 100, 200));
    let p: Vec<f64> = uneven
        .iter()
        .map(|vote| match (vote.vote.left, vote.vote.right) {
            (0, 1) => 6.0 / 9.0,
            (0, 2) => 1.0 / 9.0,
            _ => 2.0 / 9.0,
        })
        .collect();

    inverse_probability(&mut uneven, &p).unwrap();

    let found = ratings(&fitted(&uneven, 3, Method::BradleyTerry));
    assert_close(&found, &ratings(&fitted(&even, 3, Method::BradleyTerry)), 1e-7);
    let refused = inverse_probability(&mut uneven, &vec![0.0; p.len()]);
    assert_eq!(refused, Err(RankingError::NotAProbability { value: 0.0 }));
}

#[test]
fn leaving_out_a_voter_moves_ratings_as_predicted() {
    let mut votes: Vec<AttributedVote> = synthetic();
    votes.iter_mut().enumerate().for_each(|(i, vote)| vote.voter = Some(i / 20));
    for method in [Method::BradleyTerry, Method::Davidson] {
        let fit = fitted(&votes, 12, method);

        let found = fit.voter_influence(&votes).unwrap();

        assert_eq!(found.len(), 300);
        for influence in found.iter().step_by(37) {
            let rest: Vec<AttributedVote> =
                votes.iter().filter(|vote| vote.voter != Some(influence.voter)).copied().collect();
            let without = fitted(&rest, 12, method);
            let at = influence.model;
            let moved = ELO_PER_NAT * (without.strengths()[at] - fit.strengths()[at]);
            assert!(
                (moved - influence.shift_elo).abs() < 0.03 * moved.abs() + 0.01,
                "{influence:?} moved {moved}"
            );
            assert_eq!(influence.votes, 20.0);
        }
    }
}

#[test]
fn a_fit_without_votes_is_the_fit_of_the_others() {
    let votes = synthetic();
    for method in [Method::BradleyTerry, Method::Davidson] {
        let fit = fitted(&votes, 12, method);

        let without = fit.without_votes(&votes[..700]).unwrap().unwrap();

        let other = fitted(&votes[700..], 12, method);
        assert_close(&ratings(&without), &ratings(&other), 1e-6);
        assert_eq!(fit.without_votes(&votes).unwrap().map(|fit| fit.steps()), None);
        let twice = [votes.as_slice(), votes.as_slice()].concat();
        assert!(matches!(fit.without_votes(&twice), Err(RankingError::OtherVotes { .. })));
    }
}

#[test]
fn chances_of_a_method_add_up_and_are_those_that_it_was_fitted_with() {
    let votes = synthetic();
    for method in [Method::Davidson, Method::RaoKupper] {
        let fit = fitted(&votes, 12, method);
        let parameter = fit.tie_parameter().unwrap();
        let chances = |d: f64| method.chances(d, parameter).unwrap();

        let mut ties = 0.0;
        for vote in &votes {
            let strength = fit.strengths();
            let [win, loss, tie] = chances(strength[vote.vote.left] - strength[vote.vote.right]);
            assert!((win + loss + tie - 1.0).abs() < 1e-12);
            ties += tie;
        }

        let even =
            |vote: &&AttributedVote| !matches!(vote.vote.outcome, Outcome::Left | Outcome::Right);
        let seen = votes.iter().filter(even).count();
        println!("{method}: {ties} ties expected, {seen} seen");
        if method == Method::Davidson {
            assert!((ties - seen as f64).abs() < 1e-3 * ties, "{ties} {seen}");
        }
        let [far, none, even] = chances(2_000.0);
        assert_eq!((far, none), (1.0, 0.0));
        assert!(even < 1e-9);
        assert_eq!(chances(-1.3), [chances(1.3)[1], chances(1.3)[0], chances(1.3)[2]]);
    }
    assert_eq!(Method::BradleyTerry.chances(0.0, 1.0), None);
}

#[test]
fn votes_on_one_question_of_a_voter_s_own_share_the_weight_of_one() {
    let vote = |prompt| AttributedVote {
        prompt,
        ..Vote { left: 0, right: 1, outcome: Outcome::Left }.into()
    };
    let mut votes = [vote(Some(7)), vote(Some(7)), vote(None), vote(Some(8)), vote(Some(7))];
    votes[4].weight = 0.0;

    share_prompts(&mut votes, &[Some(3), Some(3), None, Some(4), Some(3)]).unwrap();

    assert_eq!(votes.map(|vote| vote.weight), [0.5, 0.5, 1.0, 1.0, 0.0]);
    let short = share_prompts(&mut votes, &[None]);
    assert!(matches!(short, Err(RankingError::NotAWeight { .. })));
}
