//! The figures that were promised for public votes.

use arena_core::ranking::{ELO_PER_NAT, flag};

use super::{claim, figure, rows, shipped, value, words};
use crate::report::agreement::{Agreement, Judge, Judgements, Setup};
use crate::report::contrasts::{CHINA_US, FRANCE_REST, ahead_since, first_clear_lead};
use crate::report::crowd::{Crowd, left_advantage};
use crate::report::crowd_workers::{SIDE_ALPHA, side_evidence};
use crate::report::document::Verdict;
use crate::report::rated::Rule;
use crate::report::record::{Fidelity, Record};
use crate::report::sources::{ARENA_BOARD, Sources};
use crate::report::standings::{Choice, Side, Snapshot};
use crate::report::{comparia, history};

fn lmarena() -> Vec<Snapshot> {
    history::snapshots(&Sources::shipped()).unwrap()
}

fn on<'a>(snapshots: &'a [Snapshot], date: &str) -> &'a Snapshot {
    snapshots.iter().find(|snapshot| snapshot.date == date).unwrap()
}

fn china_minus_us(snapshots: &[Snapshot], date: &str) -> crate::report::document::Measured {
    let found = on(snapshots, date).contrast(CHINA_US.left, CHINA_US.right, Choice::MAIN);
    found.unwrap().difference
}

#[test]
fn the_public_record_gives_the_expected_ratings() {
    let sources = Sources::shipped();
    let record = Record::read(&sources).unwrap();
    let bytes = sources.files().find(|(name, _)| *name == ARENA_BOARD).unwrap().1;
    let lines = std::str::from_utf8(bytes).unwrap().lines().skip(1);
    let expected: Vec<f64> =
        lines.map(|line| line.split(',').nth(6).unwrap().parse().unwrap()).collect();

    let rated = record.rate(Rule::MAIN).unwrap();

    assert_eq!(record.counts.votes(), 1_670_250);
    assert_eq!(expected.len(), 129);
    for (row, expected) in rated.board.rows.iter().zip(expected) {
        assert!((row.rating.unwrap().rating - expected).abs() < 0.01, "{}", row.model);
    }
}

#[test]
fn the_published_board_follows_from_the_public_votes() {
    let record = Record::read(&Sources::shipped()).unwrap();

    let fidelity = Fidelity::of(&record, &record.rate(Rule::MAIN).unwrap());

    assert_eq!((fidelity.inside, fidelity.models), (128, 128));
    assert!(fidelity.rmse.value < 0.6, "{}", fidelity.rmse.value);
    assert_eq!(claim(shipped(), &["published on 2024-08-14"]).verdict, Verdict::Supported);
}

#[test]
fn leaving_out_both_bad_votes_moves_the_public_board() {
    let curve = figure(shipped(), "curve-record");

    let row = rows(
        curve,
        &[("method", "Bradley-Terry"), ("ties", "half a win each"), ("both_bad", "left out")],
    );

    let moved = value(curve, row[0], "value");
    assert!((20.0..30.0).contains(&moved), "{moved}");
}

#[test]
fn on_the_public_votes_china_is_behind() {
    let found = claim(shipped(), &["on the public votes to 2024-08-14"]);

    println!("{:?}: {}", found.estimate, found.reason);
    assert!((found.estimate.value + 45.0).abs() < 1.0, "{:?}", found.estimate);
    assert_eq!(found.verdict, Verdict::NotSupported);
}

#[test]
fn the_best_open_models_are_those_of_an_independent_derivation() {
    let snapshots = lmarena();
    let lines: Vec<&str> = include_str!("best_open_by_country.csv").lines().skip(1).collect();

    assert_eq!(snapshots.len(), lines.len());
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |at: usize| fields[at].parse::<f64>().unwrap();
        let snapshot = on(&snapshots, fields[0]);
        for (code, at) in [("US", 3), ("CN", 7)] {
            let best = snapshot.pick(Side::Country(code), Choice::MAIN).unwrap();
            assert_eq!(best.rating.value, number(at), "{line}");
        }
        assert_eq!(china_minus_us(&snapshots, fields[0]).value, number(10), "{line}");
    }
}

#[test]
fn the_first_ten_places_are_those_of_an_independent_derivation_but_for_equal_ratings() {
    let shares = figure(shipped(), "lmarena-top-10");
    let snapshots = lmarena();
    let (mut differing, mut tied) = (Vec::new(), 0);

    for line in include_str!("best_open_by_country.csv").lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let held = |code: &str| {
            let row = rows(shares, &[("date", fields[0]), ("country", code)]);
            value(shares, row[0], "places")
        };
        let own = [held("US"), held("CN"), held("FR") + held("other")];
        assert_eq!(own.iter().sum::<f64>(), 10.0, "{line}");
        let theirs = [12, 13, 14].map(|at: usize| fields[at].parse::<f64>().unwrap());
        let ranked = on(&snapshots, fields[0]).ranked(Choice::MAIN);
        if own != theirs && ranked[9].rating.value != ranked[10].rating.value {
            differing.push(format!("{} {own:?} {theirs:?}", fields[0]));
        }
        tied += usize::from(own != theirs);
    }

    assert!(differing.is_empty(), "{differing:#?}");
    assert!(tied < 10, "{tied} tables have equal ratings at place 10 and 11");
}

#[test]
fn china_leads_clearly_first_on_the_last_day_of_2024() {
    let snapshots = lmarena();

    let lead = first_clear_lead(&snapshots, CHINA_US, Choice::MAIN).unwrap();

    assert_eq!(lead.date, "2024-12-31");
    let before = china_minus_us(&snapshots, "2024-12-23");
    assert!(before.value == 1.0 && before.low < 0.0, "{before:?}");
    let found = claim(shipped(), &["first stood clearly above", "2024-12-31"]);
    assert_eq!((found.verdict, found.estimate.value), (Verdict::Supported, 38.0));
}

#[test]
fn on_lmarena_the_press_is_right_at_the_last_table() {
    let found = claim(shipped(), &["on LMArena, 2025-08-04", "rated higher"]);

    assert_eq!((found.estimate.value, found.verdict), (77.0, Verdict::Supported));
    let places = claim(shipped(), &["more of the ten best"]);
    println!("{:?}", places.estimate);
    assert_eq!((places.estimate.value, places.verdict), (1.0, Verdict::Supported));
}

#[test]
fn models_listed_and_models_new_add_up() {
    let stock = figure(shipped(), "lmarena-releases-stock");
    let flow = figure(shipped(), "lmarena-releases-flow");
    let sum =
        |rows: Vec<&Vec<_>>, of| -> f64 { rows.iter().map(|row| value(of, row, "models")).sum() };

    let first = sum(rows(stock, &[("date", "2024-06-19")]), stock);
    let last = sum(rows(stock, &[("date", "2025-08-04")]), stock);
    let new: f64 = flow.table.rows.iter().map(|row| value(flow, row, "models")).sum();

    println!("{first} at first, {new} new, {last} at last");
    assert!(first > 50.0 && new > 30.0 && last <= first + new);
}

#[test]
fn on_comparia_it_is_a_tie() {
    let found = claim(shipped(), &["on compar:IA, 2025-10-14", "Chinese"]);

    println!("{:?}: {}", found.estimate, found.reason);
    assert!((found.estimate.value + 3.8).abs() < 0.1, "{:?}", found.estimate);
    assert_eq!(found.verdict, Verdict::NotEnoughVotes);
    assert!(found.votes_needed.unwrap() > 1000);
}

#[test]
fn france_is_ahead_on_comparia_since_december() {
    let (snapshots, unknown) = comparia::snapshots(&Sources::shipped()).unwrap();

    let since = ahead_since(&snapshots, FRANCE_REST).unwrap();
    let clear = first_clear_lead(&snapshots, FRANCE_REST, Choice::MAIN).unwrap();

    println!("ahead since {}, clearly {}, unknown {unknown:?}", since.date, clear.date);
    assert_eq!(since.date, "2025-12-10");
    let at_first = claim(shipped(), &["French", "2025-12-10"]);
    let at_last = claim(shipped(), &["French", "2026-02-11"]);
    println!("{:?} {:?}", at_first.estimate, at_last.estimate);
    assert_eq!(at_first.verdict, Verdict::NotEnoughVotes);
    assert_eq!(at_last.verdict, Verdict::Supported);
}

#[test]
fn eight_cells_of_the_agreement_table_have_the_published_counts() {
    let judgements = Judgements::read(&Sources::shipped()).unwrap();
    let cell = |judge, turn, ties| {
        Agreement::count(&judgements, judge, Setup { turn: Some(turn), ties }).totals()
    };

    assert_eq!(cell(Judge::Gpt4, 1, true), (886, 1343));
    assert_eq!(cell(Judge::Gpt4, 1, false), (727, 859));
    assert_eq!(cell(Judge::Gpt4, 2, true), (871, 1325));
    assert_eq!(cell(Judge::Gpt4, 2, false), (731, 864));
    assert_eq!(cell(Judge::Expert, 1, true), (454, 721));
    assert_eq!(cell(Judge::Expert, 1, false), (388, 479));
    assert_eq!(cell(Judge::Expert, 2, true), (471, 707));
    assert_eq!(cell(Judge::Expert, 2, false), (388, 474));
}

#[test]
fn the_agreement_table_rounds_to_the_published_percentages() {
    let table = figure(shipped(), "mt-bench-agreement");

    assert_eq!(table.table.rows.len(), 8);
    for row in &table.table.rows {
        let percent = (100.0 * value(table, row, "agreement")).round();
        assert_eq!(percent, value(table, row, "published_percent"), "{row:?}");
        assert_eq!(value(table, row, "votes"), value(table, row, "published_comparisons"));
    }
    println!("{:?}", claim(shipped(), &["GPT-4 agrees"]));
}

#[test]
fn the_llmfao_ranking_is_that_of_another_program() {
    let crowd = Crowd::read(&Sources::shipped()).unwrap();
    let board = figure(shipped(), "llmfao-board");

    assert_eq!((crowd.votes.len(), crowd.names.len()), (8931, 59));
    assert_eq!(board.table.rows.len(), 59);
    let furthest = board
        .table
        .rows
        .iter()
        .map(|row| (value(board, row, "rating") - value(board, row, "evalica")).abs());
    let furthest = furthest.fold(0.0, f64::max);
    println!("furthest {furthest} of {ELO_PER_NAT} a nat");
    assert!(furthest < 0.01, "{furthest}");
}

#[test]
fn three_workers_vote_by_side() {
    let crowd = Crowd::read(&Sources::shipped()).unwrap();

    let flagged = flag(&side_evidence(&crowd.votes), SIDE_ALPHA).unwrap();

    assert_eq!(flagged, [20, 32, 37]);
    let table = figure(shipped(), "llmfao-workers");
    let shown = rows(table, &[("votes_by_side", "yes")]);
    let mut names: Vec<String> = shown.iter().map(|row| words(table, row, "worker")).collect();
    names.sort();
    assert_eq!(names, ["20", "32", "37"]);
    for row in &table.table.rows {
        println!("{row:?}");
    }
}

#[test]
fn the_left_side_is_favoured_and_clustering_widens_its_interval() {
    let crowd = Crowd::read(&Sources::shipped()).unwrap();
    let found = claim(shipped(), &["left"]);

    let alone = left_advantage(&crowd, None, Default::default(), &[]).unwrap();

    println!("{:?} clustered, {alone:?} not", found.estimate);
    println!("{}", found.reason);
    assert!((alone.value - found.estimate.value).abs() < 1e-6);
    assert!(found.estimate.high - found.estimate.low > 1.2 * (alone.high - alone.low));
}
