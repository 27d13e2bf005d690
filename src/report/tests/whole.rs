//! What holds of any report, whatever the data say.

use std::collections::BTreeSet;

use super::{figures, near, rows, shipped, turned};
use crate::report::build;
use crate::report::document::{Cell, Chart, Figure, Measured, Report};
use crate::report::sources::Sources;

/// Checks that a report can be drawn and written: unique ids, whole tables, known columns, finite numbers.
pub(super) fn check(report: &Report) {
    let mut ids = BTreeSet::new();
    for figure in figures(report) {
        assert!(ids.insert(figure.id), "{} twice", figure.id);
        let keys: BTreeSet<&str> = figure.table.columns.iter().map(|column| column.key).collect();
        assert_eq!(keys.len(), figure.table.columns.len(), "{}", figure.id);
        for row in &figure.table.rows {
            assert_eq!(row.len(), keys.len(), "{}: {row:?}", figure.id);
            let bad = |cell: &&Cell| matches!(cell, Cell::Number(number) if !number.is_finite());
            assert_eq!(row.iter().find(bad), None, "{}", figure.id);
        }
        for key in named(figure) {
            assert!(keys.contains(key), "{}: {key}", figure.id);
        }
        check_intervals(figure);
    }
    let sections: BTreeSet<&str> = report.sections.iter().map(|section| section.id).collect();
    assert_eq!(sections.len(), report.sections.len());
    for (number, claim) in (1..).zip(&report.claims) {
        assert_eq!(claim.id, format!("C{number}"));
        assert!(sections.contains(claim.section), "{}", claim.section);
        assert!(claim.estimate.is_finite(), "{}", claim.words);
        assert!(claim.estimate.low <= claim.estimate.value, "{}", claim.words);
        assert!(claim.estimate.value <= claim.estimate.high, "{}", claim.words);
        let main = rows(claim.curve.as_ref().unwrap(), &[("specification", "main")]);
        assert_eq!(main.len(), 1, "{}", claim.words);
    }
}

/// Every interval holds its value.
fn check_intervals(figure: &Figure) {
    let place = |key: &str| figure.table.columns.iter().position(|column| column.key == key);
    let (Some(low), Some(high)) = (place("low"), place("high")) else { return };
    // The value stands before its interval.
    for row in &figure.table.rows {
        let numbers = [low - 1, low, high].map(|at| match &row[at] {
            Cell::Number(number) => Some(*number),
            _ => None,
        });
        if let [Some(value), Some(low), Some(high)] = numbers {
            assert!(low <= value && value <= high, "{}: {row:?}", figure.id);
        }
    }
}

/// The keys that a chart names.
fn named(figure: &Figure) -> Vec<&'static str> {
    let Some(chart) = figure.chart else { return Vec::new() };
    match chart {
        Chart::Forest { label, value, low, high, group } => {
            [vec![label, value, low, high], group.into_iter().collect()].concat()
        }
        Chart::Lines { date, value, interval, group, detail, .. } => {
            let interval = interval.map_or(vec![], |(low, high)| vec![low, high]);
            let others = group.into_iter().chain(detail).collect();
            [vec![date, value], interval, others].concat()
        }
        Chart::Shares { date, value, group } => vec![date, value, group],
        Chart::Bars { category, value, group } => {
            [vec![category, value], group.into_iter().collect()].concat()
        }
        Chart::Matrix { row, column, value, .. } => vec![row, column, value],
        Chart::Curve { value, low, high, choices, marked } => {
            [vec![value, low, high, marked], choices.to_vec()].concat()
        }
    }
}

#[test]
fn the_shipped_report_can_be_drawn() {
    check(shipped());
    assert_eq!(shipped().sections.len(), 5);
    for claim in &shipped().claims {
        let Measured { value, low, high } = claim.estimate;
        println!(
            "{} {:?} {value:.3} [{low:.3}, {high:.3}] {}",
            claim.id, claim.verdict, claim.words
        );
    }
}

#[test]
fn the_same_data_give_the_same_report() {
    let again = build(&Sources::shipped(), None).unwrap();

    assert_eq!(serde_json::to_string(&again).unwrap(), serde_json::to_string(shipped()).unwrap());
}

#[test]
fn a_folder_with_the_shipped_files_gives_the_shipped_report() {
    let folder = std::env::temp_dir().join(format!("doubleblind-report-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (name, bytes) in Sources::shipped().files() {
        std::fs::write(folder.join(name), bytes).unwrap();
    }

    let read = Sources::from_folder(&folder);
    std::fs::remove_file(folder.join("licences.csv")).unwrap();
    let incomplete = Sources::from_folder(&folder);
    std::fs::remove_dir_all(&folder).unwrap();

    let read = read.unwrap();
    let shipped = Sources::shipped();
    assert!(read.files().eq(shipped.files()));
    assert!(incomplete.unwrap_err().to_string().contains("licences.csv"));
}

#[test]
fn an_organisation_without_a_country_is_refused() {
    let mut sources = Sources::shipped();
    let table = b"organization,country,certain,note\nGoogle,US,yes,\n".to_vec();
    assert!(sources.replace("organizations.csv", table));
    assert!(!sources.replace("nothing.csv", Vec::new()));

    let error = build(&sources, None).unwrap_err();

    assert!(error.to_string().contains("organizations.csv"), "{error}");
}

/// The shipped files with China and the United States exchanged.
fn swapped_countries() -> Sources {
    let mut sources = Sources::shipped();
    for file in ["organizations.csv", "model_exceptions.csv", "comparia_models.csv"] {
        let bytes = sources.files().find(|(name, _)| *name == file).unwrap().1;
        let text = std::str::from_utf8(bytes).unwrap();
        let text = text.replace(",CN,", ",??,").replace(",US,", ",CN,").replace(",??,", ",US,");
        assert!(sources.replace(file, text.into_bytes()));
    }
    sources
}

fn of_row(figure: &Figure, row: &[Cell], keys: [&str; 3]) -> Measured {
    let [value, low, high] = keys.map(|key| super::value(figure, row, key));
    Measured { value, low, high }
}

/// Whether a claim is about China against the United States.
fn is_contrast(words: &str) -> bool {
    words.contains("Chinese")
}

#[test]
fn exchanging_the_countries_turns_every_sign() {
    let (straight, swapped) = (shipped(), build(&swapped_countries(), None).unwrap());

    assert_eq!(straight.claims.len(), swapped.claims.len());
    let mut turned_claims = 0;
    for (a, b) in straight.claims.iter().zip(&swapped.claims) {
        let turn = |one: Measured| if is_contrast(&a.words) { turned(one) } else { one };
        turned_claims += usize::from(is_contrast(&a.words));
        assert!(
            near(turn(a.estimate), b.estimate),
            "{}: {:?} {:?}",
            a.words,
            a.estimate,
            b.estimate
        );
        let curves = [a, b].map(|claim| claim.curve.as_ref().unwrap());
        let keys = ["value", "low", "high"];
        let [mut ours, mut theirs] = curves.map(|curve| -> Vec<Measured> {
            curve.table.rows.iter().map(|row| of_row(curve, row, keys)).collect()
        });
        ours.iter_mut().for_each(|one| *one = turn(*one));
        let order = |one: &Measured| (one.value, one.low, one.high);
        for list in [&mut ours, &mut theirs] {
            list.sort_by(|a, b| order(a).partial_cmp(&order(b)).unwrap());
        }
        assert_eq!(ours.len(), theirs.len());
        let same = ours.iter().zip(&theirs).all(|(a, b)| near(*a, *b));
        assert!(same, "{}: {ours:?} {theirs:?}", a.words);
    }
    assert_eq!(turned_claims, 6);
    for id in ["lmarena-difference", "comparia-difference"] {
        let [a, b] = [straight, &swapped].map(|report| super::figure(report, id));
        let keys = ["difference", "low", "high"];
        let pairs = [a, b].map(|figure| rows(figure, &[("pair", "CN - US")]));
        assert!(pairs[0].len() > 10 && pairs[0].len() == pairs[1].len());
        for (ours, theirs) in pairs[0].iter().zip(&pairs[1]) {
            assert!(near(turned(of_row(a, ours, keys)), of_row(b, theirs, keys)), "{id}: {ours:?}");
        }
    }
}
