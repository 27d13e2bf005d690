//! The attack suite with small budgets, so that it cannot rot: what it needs is there, and nothing that passes in the full
//! size fails here. `make simulate` runs it in full.

#[expect(dead_code, reason = "`make simulate` runs the full size")]
#[path = "../simulate/suite/mod.rs"]
mod suite;

use suite::{Attack, PURE, Row, SERVED, Size, Verdict};

/// Rows that fail in the full size as well; `tests/simulate/README.md` says why.
const KNOWN: [&str; 1] = ["R15"];

fn rows(attacks: &[(&'static str, Attack)]) -> Vec<Row> {
    let rows: Vec<Row> = attacks.iter().flat_map(|(_, attack)| attack(Size::Short)).collect();
    eprintln!("{}", suite::print(&rows));
    rows
}

fn failed(rows: &[Row]) -> Vec<&Row> {
    let is_failure = |row: &&Row| row.verdict == Verdict::Fail && !KNOWN.contains(&row.id);
    rows.iter().filter(is_failure).collect()
}

#[test]
fn attacks_on_ratings_texts_and_times_pass_with_small_budgets() {
    let rows = rows(&PURE);

    assert!(failed(&rows).is_empty(), "{:?}", failed(&rows));
    let ids: Vec<&str> = PURE.iter().map(|(id, _)| *id).collect();
    assert!(ids.iter().all(|id| rows.iter().any(|row| row.id == *id)));
}

#[test]
fn attacks_on_a_served_arena_pass_with_small_budgets() {
    let rows = rows(&SERVED);

    assert!(failed(&rows).is_empty(), "{:?}", failed(&rows));
}
