//! The site's own votes: none, few, many, and with the countries exchanged.

use arena_core::ranking::{Counts, Tally};

use super::whole::check;
use super::{claim, figure, near, rows, turned, value};
use crate::report::document::{Cell, Verdict};
use crate::report::own::{OwnModel, OwnVotes};
use crate::report::sources::Sources;
use crate::report::{build, build_own};

const COUNTRIES: [&str; 6] = ["CN", "US", "FR", "CN", "US", "CH"];
const LICENCES: [&str; 6] = ["Apache 2.0", "llama-3.2", "MIT", "apache-2.0", "Gemma", "my own"];

fn site(models: usize, tally: impl Fn(usize, usize) -> Tally) -> OwnVotes {
    let model = |at: usize| OwnModel {
        name: format!("model {at}"),
        maker: format!("maker {at}"),
        country: COUNTRIES[at % COUNTRIES.len()].to_owned(),
        licence: LICENCES[at % LICENCES.len()].to_owned(),
        parameter_count: (at != 5).then_some(10_u64.pow(8 + at as u32 % 4)),
        operator: None,
    };
    let mut counts = Counts::new(models);
    for left in 0..models {
        for right in (0..models).filter(|right| *right != left) {
            counts.add_tally(left, right, tally(left, right)).unwrap();
        }
    }
    let period = (counts.votes() > 0).then(|| ("2026-11-01".to_owned(), "2026-11-22".to_owned()));
    OwnVotes { models: (0..models).map(model).collect(), counts, estimated: None, period }
}

/// Votes in which lower numbers win more often.
fn voted(models: usize, votes: u32) -> OwnVotes {
    site(models, |left, right| {
        let better = 3 + u32::from(left < right) * 2;
        Tally {
            left_wins: votes * better,
            right_wins: votes * (8 - better),
            ties: votes * 2,
            both_bad: votes,
        }
    })
}

#[test]
fn a_site_without_votes_has_a_report_without_numbers() {
    for models in [0, 1, 6] {
        let report = build_own(&site(models, |_, _| Tally::default())).unwrap();

        check(&report);
        assert!(report.claims.is_empty());
        assert_eq!(report.untested.len(), 1);
        assert_eq!(report.untested[0].id, "C1");
        assert_eq!(report.untested[0].verdict, Verdict::NotEnoughVotes);
        let table = figure(&report, "own-models");
        assert_eq!(rows(table, &[("status", "no_votes")]).len(), models);
    }
}

#[test]
fn undefeated_models_get_a_status_and_no_rating() {
    let all_left = |left: usize, right: usize| Tally {
        left_wins: u32::from(left < right) * 30,
        ..Tally::default()
    };

    let report = build_own(&site(6, all_left)).unwrap();

    check(&report);
    assert_eq!(report.untested.len(), 1);
    let table = figure(&report, "own-models");
    for row in &table.table.rows {
        assert_eq!(row[super::place(table, "rating")], Cell::Missing);
    }
}

#[test]
fn few_votes_are_not_enough_and_the_report_says_how_many_are() {
    let close = |left: usize, right: usize| Tally {
        left_wins: 4 + u32::from(left < right),
        right_wins: 4,
        ties: 1,
        both_bad: 0,
    };

    let report = build_own(&site(6, close)).unwrap();

    check(&report);
    let found = claim(&report, &["on this site"]);
    println!("{:?}: {}", found.estimate, found.reason);
    assert_eq!(found.verdict, Verdict::NotEnoughVotes);
    assert!(found.votes_needed.unwrap() > 0 && found.reason.contains("more votes"));
}

#[test]
fn many_votes_answer_the_claim_under_every_rule() {
    let report = build_own(&voted(12, 80)).unwrap();

    check(&report);
    let found = claim(&report, &["on this site"]);
    println!("{:?}: {}", found.estimate, found.reason);
    assert_eq!(found.verdict, Verdict::Supported);
    let curve = found.curve.as_ref().unwrap();
    for method in ["Bradley-Terry", "Davidson", "Rao-Kupper"] {
        assert!(!rows(curve, &[("method", method)]).is_empty(), "{method}");
    }
    for id in ["own-countries", "own-licences", "own-sizes"] {
        let table = figure(&report, id);
        let models: f64 = table.table.rows.iter().map(|row| value(table, row, "models")).sum();
        assert_eq!(models, 12.0, "{id}");
    }
    let places = figure(&report, "own-country-places");
    let first: Vec<_> = rows(places, &[("places", "first 5")]);
    let held: f64 = first.iter().map(|row| value(places, row, "held")).sum();
    assert_eq!(held, 5.0);
    assert!(!figure(&report, "own-wins").table.rows.is_empty());
}

#[test]
fn licences_are_known_in_any_spelling_and_an_unknown_one_is_shown_as_such() {
    let report = build_own(&voted(6, 5)).unwrap();

    let table = figure(&report, "own-licences");
    let models = |licence: &str| value(table, rows(table, &[("licence", licence)])[0], "models");
    assert_eq!(models("open source licence"), 3.0);
    assert_eq!(models("community licence"), 2.0);
    assert_eq!(models("licence not known"), 1.0);
}

#[test]
fn exchanging_the_countries_of_the_site_turns_its_claim() {
    for votes in [1, 3, 30] {
        let straight = voted(12, votes);
        let mut swapped = straight.clone();
        for model in &mut swapped.models {
            model.country = match model.country.as_str() {
                "CN" => "US".to_owned(),
                "US" => "CN".to_owned(),
                other => other.to_owned(),
            };
        }

        let [a, b] = [straight, swapped].map(|own| build_own(&own).unwrap());

        let [a, b] = [&a, &b].map(|report| claim(report, &["on this site"]).clone());
        assert!(near(turned(a.estimate), b.estimate), "{:?} {:?}", a.estimate, b.estimate);
        let [ours, theirs] = [&a, &b].map(|claim| {
            let curve = claim.curve.as_ref().unwrap();
            curve.table.rows.iter().map(|row| value(curve, row, "value")).collect::<Vec<_>>()
        });
        for (ours, theirs) in ours.iter().zip(theirs.iter().rev()) {
            assert!((ours + theirs).abs() < 1e-9, "{ours} {theirs}");
        }
    }
}

#[test]
fn the_whole_report_ends_with_the_site() {
    let report = build(&Sources::shipped(), Some(&voted(6, 5))).unwrap();

    check(&report);
    assert_eq!(report.sections.len(), 6);
    assert_eq!(report.sections.last().unwrap().id, "own-votes");
    assert!(report.claims.last().unwrap().words.contains("on this site"));
}

#[test]
fn counts_of_other_models_are_refused() {
    let mut own = voted(6, 1);
    own.models.pop();

    assert!(build_own(&own).is_err());
}
