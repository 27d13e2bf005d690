//! R4, R16 and R18: attacks on rate limits, journal and exclusions, which this version of the arena does not have yet.

use super::{Row, Size};

pub(super) fn burst(_: Size) -> Vec<Row> {
    let mark = "rate limit refuses >= 90 %; the rest flagged";
    vec![Row::missing("R4", "burst of 500 votes in 10 minutes", "1 to 50 accounts", mark)]
}

pub(super) fn insider(_: Size) -> Vec<Row> {
    let attack = "an insider drops or edits votes, re-labels, swaps a file, restores a backup";
    vec![Row::missing("R16", attack, "each once", "verify or the start-up check catches all")]
}

pub(super) fn exclusions(_: Size) -> Vec<Row> {
    let mark = "board with and without; every exclusion has rule and leaf";
    vec![Row::missing("R18", "mass exclusion by the operator", "-", mark)]
}
