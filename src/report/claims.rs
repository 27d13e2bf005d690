//! Claims and their specification curves: how a measurement becomes a verdict with its reason.

use super::cells::{column, count, grouped, measured, text};
use super::document::{Cell, Chart, Claim, Column, Figure, Measured, Table, Untested, Verdict};
use super::power::votes_needed;

/// What the parts of a report hand in.
#[derive(Default)]
pub(super) struct Part {
    pub(super) sections: Vec<super::document::Section>,
    pub(super) claims: Vec<Claim>,
    pub(super) untested: Vec<Untested>,
}

/// A measurement under one set of choices.
pub(super) struct Specification {
    /// One word a choice, in the order of the curve's choices.
    pub(super) choices: Vec<&'static str>,
    /// Further cells, in the order of the curve's further columns.
    pub(super) further: Vec<Cell>,
    pub(super) value: Measured,
    pub(super) votes: u64,
    /// Whether this is the claim's own measurement.
    pub(super) main: bool,
}

/// What is the same for all rows of a curve.
pub(super) struct CurveShape {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) unit: &'static str,
    pub(super) decimals: usize,
    pub(super) keys: &'static [&'static str],
    pub(super) choices: &'static [Column],
    pub(super) further: &'static [Column],
}

/// Draws a curve: one row a specification, the lowest value first.
pub(super) fn curve(shape: &CurveShape, mut rows: Vec<Specification>) -> Figure {
    rows.sort_by(|a, b| a.value.value.total_cmp(&b.value.value).then(a.choices.cmp(&b.choices)));
    let decimals = shape.decimals;
    let head = [
        column("value", shape.unit, decimals),
        column("low", "95 % from", decimals),
        column("high", "95 % to", decimals),
        column("votes", "Votes", 0),
        column("specification", "Specification", 0),
    ];
    let columns = [&head, shape.choices, shape.further].concat();
    let row = |one: Specification| {
        let mut cells = measured(one.value).to_vec();
        cells.push(count(one.votes));
        cells.push(text(if one.main { "main" } else { "other" }));
        cells.extend(one.choices.into_iter().map(text));
        cells.extend(one.further);
        cells
    };
    Figure {
        id: shape.id,
        title: shape.title.to_owned(),
        table: Table { columns, rows: rows.into_iter().map(row).collect() },
        chart: Some(Chart::Curve {
            value: "value",
            low: "low",
            high: "high",
            choices: shape.keys,
            marked: "specification",
        }),
    }
}

/// Says under how many choices which answer comes out, for claims that a value lies above zero.
pub(super) fn robustness(rows: &[Specification]) -> String {
    let with = |verdict| rows.iter().filter(|row| row.value.above_zero() == verdict).count();
    format!(
        "Of {} combinations of choices, {} have their whole interval above zero, {} below, and {} hold zero.",
        rows.len(),
        with(Verdict::Supported),
        with(Verdict::NotSupported),
        with(Verdict::NotEnoughVotes),
    )
}

/// What a claim is about; the rest follows from the measurement.
pub(super) struct Wording {
    pub(super) section: &'static str,
    pub(super) words: String,
    pub(super) statistic: String,
}

impl Wording {
    /// The claim that a value lies above zero.
    pub(super) fn above_zero(
        self,
        estimate: Measured,
        votes: u64,
        rows: Vec<Specification>,
        shape: &CurveShape,
    ) -> Claim {
        let verdict = estimate.above_zero();
        let needed = votes_needed(estimate, votes);
        let answer = match (verdict, needed) {
            (Verdict::Supported, _) => "The whole 95 % interval lies above zero.".to_owned(),
            (Verdict::NotSupported, _) => {
                "The whole 95 % interval lies below zero: the votes say the opposite.".to_owned()
            }
            (Verdict::NotEnoughVotes, Some(more)) => format!(
                "The 95 % interval holds zero, so these votes do not say which is higher. If the true difference \
                 were as large as the one measured, about {} more votes would show it with 80 % power.",
                grouped(more)
            ),
            (Verdict::NotEnoughVotes, None) => {
                "The 95 % interval holds zero, and the measured difference is too \
                 close to zero to say how many votes would tell it from zero."
                    .to_owned()
            }
        };
        let reason = format!("{answer} {}", robustness(&rows));
        let curve = Some(curve(shape, rows));
        let votes_needed = needed;
        self.claim(estimate, verdict, reason, votes, votes_needed, curve)
    }

    /// A claim whose verdict is decided by the caller.
    pub(super) fn claim(
        self,
        estimate: Measured,
        verdict: Verdict,
        reason: String,
        votes: u64,
        votes_needed: Option<u64>,
        curve: Option<Figure>,
    ) -> Claim {
        let Wording { section, words, statistic } = self;
        let id = String::new();
        Claim {
            id,
            section,
            words,
            statistic,
            estimate,
            verdict,
            reason,
            votes,
            votes_needed,
            curve,
        }
    }

    /// The claim when no number can be given.
    pub(super) fn untested(self, reason: String, votes: u64) -> Untested {
        let Wording { section, words, .. } = self;
        let verdict = Verdict::NotEnoughVotes;
        Untested { id: String::new(), section, words, verdict, reason, votes }
    }
}

/// Numbers the claims of all parts, those without a number last.
pub(super) fn numbered(parts: &mut [Part]) -> (Vec<Claim>, Vec<Untested>) {
    let mut claims: Vec<Claim> =
        parts.iter_mut().flat_map(|part| std::mem::take(&mut part.claims)).collect();
    let mut untested: Vec<Untested> =
        parts.iter_mut().flat_map(|part| std::mem::take(&mut part.untested)).collect();
    let ids = claims.iter_mut().map(|claim| &mut claim.id);
    let ids = ids.chain(untested.iter_mut().map(|claim| &mut claim.id));
    for (number, id) in (1..).zip(ids) {
        *id = format!("C{number}");
    }
    (claims, untested)
}
