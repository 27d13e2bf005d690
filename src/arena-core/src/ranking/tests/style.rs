//! Position and style as parameters: against statsmodels and arenakit, and what swapping sides must do.

use proptest::prelude::*;
use serde_json::Value;

use super::clustered::random_votes;
use super::{Battles, assert_close, golden_file, llmfao, numbers};
use crate::ranking::{
    Adjusted, AttributedVote, Clusters, Coding, Controlled, Counts, Denominator, ELO_PER_NAT,
    Effect, MEAN_RATING, Outcome, RankingError, SmallSample, StyleCounts, StyleFeature,
    StyleSettings, StyleVotes, StyledVote, Vote, clustered_position, control, position,
};

fn styled_votes() -> (Vec<StyledVote>, Value) {
    let expected = serde_json::from_str(&golden_file("style/expected.json")).unwrap();
    let line = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |i: usize| fields[i].parse::<u32>().unwrap();
        let counts = |i: usize| StyleCounts {
            tokens: number(i),
            headers: number(i + 1),
            lists: number(i + 2),
            bold: number(i + 3),
        };
        let outcome = super::outcome(fields[2]);
        let vote = Vote { left: number(0) as usize, right: number(1) as usize, outcome };
        let voter = Some(number(3) as usize);
        let vote = AttributedVote { voter, ..vote.into() };
        StyledVote { vote, left: counts(4), right: counts(8) }
    };
    (golden_file("style/votes.csv").lines().skip(1).map(line).collect(), expected)
}

fn ratings(strengths: &[f64]) -> Vec<f64> {
    strengths.iter().map(|strength| MEAN_RATING + ELO_PER_NAT * strength).collect()
}

fn values(effects: &[Effect]) -> Vec<f64> {
    effects.iter().map(|effect| effect.value).collect()
}

fn errors(effects: &[Effect]) -> Vec<f64> {
    effects.iter().map(|effect| effect.error).collect()
}

/// Compares everything with a block of a reference; `elo` is the tolerance of ratings.
fn assert_agrees(found: &Adjusted, block: &Value, elo: f64) {
    let tolerance = elo / ELO_PER_NAT;
    assert_close(&ratings(found.strengths()), &numbers(&block["ratings"]), elo);
    assert_close(&values(found.effects()), &numbers(&block["coefficients"]), tolerance);
    assert_close(&errors(found.effects()), &numbers(&block["coefficient_errors"]), tolerance);
    let variances: Vec<f64> =
        (0..found.members().len()).map(|i| found.covariance().get(i, i).unwrap()).collect();
    assert_close(&variances, &numbers(&block["variances_natural"]), tolerance);
}

fn members(models: usize) -> Vec<usize> {
    (0..models).collect()
}

fn llmfao_counts(votes: &[AttributedVote]) -> Counts {
    Counts::from_votes(59, votes.iter().map(|vote| vote.vote)).unwrap()
}

#[test]
fn position_bias_of_real_votes_agrees_with_statsmodels() {
    let (votes, expected) = llmfao();
    let small_sample = SmallSample::Uncorrected;
    let coding = Coding::default();

    let plain = position(&llmfao_counts(&votes), &members(59), coding, small_sample).unwrap();
    let by = |clusters| {
        clustered_position(&votes, &members(59), coding, clusters, small_sample).unwrap().adjusted
    };

    assert_agrees(&plain.adjusted, &expected["position_hc0"], 1e-6);
    assert_agrees(&by(Clusters::Voter), &expected["position_worker"], 1e-6);
    assert_agrees(&by(Clusters::Prompt), &expected["position_prompt"], 1e-6);
    assert_close(&[plain.left.value, plain.left.error], &[0.090_880, 0.017_006], 1e-6);
    assert_close(&[plain.left_score()], &[0.522_704], 1e-6);
}

#[test]
fn two_way_errors_of_the_position_bias_of_real_votes_agree_with_statsmodels() {
    let (votes, expected) = llmfao();
    let (both, coding) = (Clusters::Both, Coding::default());

    let found =
        clustered_position(&votes, &members(59), coding, both, SmallSample::Uncorrected).unwrap();

    let theirs = numbers(&expected["position_both"]["coefficient_errors"]);
    assert_close(&[found.left.error], &theirs, 1e-9);
}

#[test]
fn position_bias_agrees_with_arenakit() {
    for set in ["small", "synthetic_ties"] {
        let battles = Battles::read(&format!("{set}.csv"));
        let expected: Value = serde_json::from_str(&golden_file(&format!("{set}.json"))).unwrap();
        let models = members(battles.models.len());

        let counts = battles.counts();
        let found = position(&counts, &models, Coding::default(), SmallSample::default()).unwrap();

        let block = &expected["arenakit_bt_position"];
        assert_close(&ratings(found.adjusted.strengths()), &numbers(&block["ratings"]), 1e-4);
        assert_close(&[found.left.value], &[block["order_log"].as_f64().unwrap()], 1e-6);
    }
}

#[test]
fn two_models_have_the_closed_form_position_bias() {
    let counts = super::counts(2, &[(0, 1, 60, 20, 0), (1, 0, 30, 30, 0)]);

    let found = position(&counts, &[0, 1], Coding::default(), SmallSample::Uncorrected).unwrap();

    // b + c = ln 3 and -b + c = 0, with variances 1 / (n p q) of 4/60 and 4/60.
    assert_close(&[found.left.value], &[3.0_f64.ln() / 2.0], 1e-12);
    assert_close(&[found.left.error.powi(2)], &[(80.0 / 1200.0 + 60.0 / 900.0) / 4.0], 1e-12);
}

#[test]
fn sides_that_cannot_be_told_from_models_are_refused() {
    let counts = super::counts(2, &[(0, 1, 60, 20, 0)]);

    let result = position(&counts, &[0, 1], Coding::default(), SmallSample::default());

    assert_eq!(result.unwrap_err(), RankingError::Singular { matrix: "covariate information" });
}

fn swapped(vote: &AttributedVote) -> AttributedVote {
    let outcome = match vote.vote.outcome {
        Outcome::Left => Outcome::Right,
        Outcome::Right => Outcome::Left,
        even => even,
    };
    let vote_swapped = Vote { left: vote.vote.right, right: vote.vote.left, outcome };
    AttributedVote { vote: vote_swapped, ..*vote }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn swapping_sides_turns_the_position_bias_around((models, votes) in random_votes()) {
        let other: Vec<AttributedVote> = votes.iter().map(swapped).collect();
        let members = members(models);
        let run = |votes: &[AttributedVote]| {
            let small_sample = SmallSample::default();
            clustered_position(votes, &members, Coding::default(), Clusters::Voter, small_sample)
        };

        match (run(&votes), run(&other)) {
            (Ok(a), Ok(b)) => {
                assert_close(&[a.left.value, a.left.error], &[-b.left.value, b.left.error], 1e-7);
                assert_close(a.adjusted.strengths(), b.adjusted.strengths(), 1e-7);
            }
            (a, b) => prop_assert!(a.is_err() && b.is_err()),
        }
    }

    #[test]
    fn counts_and_single_votes_give_the_same_position_bias((models, votes) in random_votes()) {
        let single: Vec<AttributedVote> =
            votes.iter().map(|vote| AttributedVote::from(vote.vote)).collect();
        let counts = Counts::from_votes(models, votes.iter().map(|vote| vote.vote)).unwrap();
        let (members, coding) = (members(models), Coding::default());
        let small_sample = SmallSample::PerModel;

        let counted = position(&counts, &members, coding, small_sample);
        let clustered = clustered_position(&single, &members, coding, Clusters::Voter, small_sample);

        if let (Ok(a), Ok(b)) = (counted, clustered) {
            assert_close(&[a.left.value, a.left.error], &[b.left.value, b.left.error], 1e-7);
        }
    }
}

fn settings(denominator: Denominator, position: bool, clusters: Option<Clusters>) -> StyleSettings {
    let small_sample = SmallSample::Uncorrected;
    StyleSettings { denominator, position, clusters, small_sample, ..StyleSettings::default() }
}

fn controlled(votes: &[StyledVote], settings: &StyleSettings) -> Controlled {
    control(votes, &members(8), settings).unwrap()
}

#[test]
fn style_control_agrees_with_statsmodels() {
    let (votes, expected) = styled_votes();
    let denominators = [("fastchat", Denominator::PlusOne), ("arena_rank", Denominator::ZeroToOne)];
    for (name, denominator) in denominators {
        for (place, position) in [("style", false), ("style_position", true)] {
            for (cluster, clusters) in [("hc0", None), ("voter", Some(Clusters::Voter))] {
                let found = controlled(&votes, &settings(denominator, position, clusters));

                let block = &expected[format!("{name}_{place}_{cluster}")];
                assert_agrees(&found.adjusted, block, 1e-4);
                assert!(found.adjusted.steps() <= 5, "{} steps", found.adjusted.steps());
            }
        }
    }
}

fn compact(votes: &[StyledVote], denominator: Denominator) -> StyleVotes {
    let mut compact = StyleVotes::with_capacity(denominator, votes.len());
    for StyledVote { vote, left, right } in votes {
        compact.push(vote.vote, *left, *right).unwrap();
    }
    compact
}

#[test]
fn features_are_scaled_as_in_the_reference() {
    let (votes, expected) = styled_votes();
    for (name, denominator) in
        [("fastchat", Denominator::PlusOne), ("arena_rank", Denominator::ZeroToOne)]
    {
        let settings = settings(denominator, false, None);
        let compact = compact(&votes, denominator);

        let overview = compact.survey(&members(8), settings.coding, 1);
        let scales = overview.scales(overview.counts.votes() as f64).unwrap();
        let found = (0..votes.len()).map(|at| compact.scaled(at, &scales));

        let rows = expected[format!("{name}_first_features")].as_array().unwrap();
        for (found, row) in found.zip(rows) {
            assert_close(&found.map(f64::from), &numbers(row), 1e-6);
        }
    }
}

#[test]
fn the_raw_board_stands_beside_the_controlled_one() {
    let (votes, expected) = styled_votes();

    let found = controlled(&votes, &settings(Denominator::PlusOne, true, None));

    assert_close(&ratings(found.raw.strengths()), &numbers(&expected["raw"]["ratings"]), 1e-6);
    let moved: Vec<f64> =
        found.raw.strengths().iter().zip(found.shifts()).map(|(raw, shift)| raw + shift).collect();
    assert_close(&moved, found.adjusted.strengths(), 1e-12);
    assert_eq!(found.position(), Some(found.adjusted.effects()[4]));
    assert_eq!(found.effect(StyleFeature::Lists), found.adjusted.effects()[2]);
}

#[test]
fn the_longer_answers_of_a_model_lower_its_controlled_rating() {
    let (votes, _) = styled_votes();

    let found = controlled(&votes, &settings(Denominator::PlusOne, false, None));

    assert!(
        found.effect(StyleFeature::Tokens).value > 5.0 * found.effect(StyleFeature::Tokens).error
    );
    let shifts = found.shifts();
    assert!(shifts[7] < -0.05 && shifts[0] > 0.05, "{shifts:?}");
    let estimates = found.adjusted.estimates(crate::ranking::Frame::default()).unwrap();
    assert!(estimates.iter().all(|estimate| estimate.low < estimate.high));
}

#[test]
fn a_feature_that_never_differs_and_one_that_repeats_another_are_refused() {
    let (votes, _) = styled_votes();
    let with = |change: fn(StyleCounts) -> StyleCounts| -> Vec<StyledVote> {
        let change = |vote: &StyledVote| StyledVote {
            left: change(vote.left),
            right: change(vote.right),
            ..*vote
        };
        votes.iter().map(change).collect()
    };
    let settings = StyleSettings::default();

    let none = with(|counts| StyleCounts { bold: 0, ..counts });
    let twice = with(|counts| StyleCounts { bold: counts.lists, ..counts });

    let constant = control(&none, &members(8), &settings).unwrap_err();
    assert_eq!(constant, RankingError::ConstantFeature { feature: "bold" });
    assert!(control(&twice, &members(8), &settings).is_err());
}

#[test]
fn weighted_votes_are_refused_for_style() {
    let (mut votes, _) = styled_votes();
    votes[3].vote.weight = 0.25;

    let result = control(&votes, &members(8), &StyleSettings::default());

    assert_eq!(result.unwrap_err(), RankingError::WeightedVote { value: 0.25 });
}

fn form(answer: &str) -> (u32, u32, u32) {
    let counts = StyleCounts::of(answer, 0);
    (counts.headers, counts.lists, counts.bold)
}

#[test]
fn headers_lists_and_bold_are_counted() {
    let answer = "# Title\n\nText **bold** and __also__.\n\n## Part\n1. one\n2. two\n   - in\n* star\n+ plus\n";

    assert_eq!(form(answer), (2, 5, 2));
    assert_eq!(StyleCounts::of(answer, 17).as_array(), [17, 2, 5, 2]);
}

#[test]
fn odd_texts_are_counted_as_python_counts_them() {
    let cases: Vec<(String, u32, u32, u32)> =
        serde_json::from_str(&golden_file("style/cases.json")).unwrap();
    assert_eq!(cases.len(), 220);

    for (answer, headers, lists, bold) in cases {
        assert_eq!(form(&answer), (headers, lists, bold), "{answer:?}");
    }
}

#[test]
fn long_runs_of_marks_and_blank_lines_are_counted_in_linear_time() {
    for piece in ["\n", "*", "`", "_", "**a", "```", "1", " "] {
        let counts = StyleCounts::of(&piece.repeat(200_000), 0);
        assert!(counts.headers == 0 && counts.lists == 0, "{piece:?}");
    }
}
