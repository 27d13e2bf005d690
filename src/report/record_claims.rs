//! The claims about the public record: the published board follows from its votes; the press's claim on those votes.

use super::ReportError;
use super::cells::{column, count, signed};
use super::claims::{CurveShape, Specification, Wording, curve};
use super::document::{Claim, Column, Measured, Verdict};
use super::origin::{CountryRule, Openness};
use super::rated::{RULE_COLUMNS, Rated, Rule};
use super::record::{DATE, Fidelity, Record, SECTION};
use super::standings::Top;

/// Root mean square difference, in points, above which the board does not count as reproduced. Rounding to whole
/// points alone makes 0.29.
const REPRODUCED_BELOW: f64 = 0.6;

const FIDELITY_FURTHER: [Column; 2] =
    [column("inside", "Inside the published interval", 0), column("models", "of models", 0)];

/// The published board comes out of the public votes.
pub(super) fn fidelity_claim(record: &Record, fidelity: &Fidelity) -> Result<Claim, ReportError> {
    let mut rows = Vec::new();
    for rule in Rule::all() {
        let found = Fidelity::of(record, &record.rate_without_ranks(rule)?);
        rows.push(Specification {
            choices: rule.words().to_vec(),
            further: vec![count(found.inside as u64), count(found.models as u64)],
            value: found.rmse,
            votes: record.counts.votes(),
            main: rule == Rule::MAIN,
        });
    }
    let all_inside = fidelity.inside == fidelity.models && fidelity.models > 0;
    let verdict = match all_inside && fidelity.rmse.value < REPRODUCED_BELOW {
        true => Verdict::Supported,
        false => Verdict::NotSupported,
    };
    let reason = format!(
        "{} of {} ratings lie inside their published interval, and the root mean square difference of {:.2} points is {} \
         {REPRODUCED_BELOW}, the limit set here.",
        fidelity.inside,
        fidelity.models,
        fidelity.rmse.value,
        if fidelity.rmse.value < REPRODUCED_BELOW { "below" } else { "not below" },
    );
    let wording = Wording {
        section: SECTION,
        words: format!("The board that Chatbot Arena published on {DATE} follows from its public votes."),
        statistic: "Root mean square difference between recomputed and published ratings, in points; interval over \
                    models."
            .to_owned(),
    };
    let shape = CurveShape {
        id: "curve-record",
        title: "Distance to the published board under other ways of counting",
        unit: "Root mean square difference, points",
        decimals: 2,
        keys: &["method", "ties", "both_bad"],
        choices: &RULE_COLUMNS,
        further: &FIDELITY_FURTHER,
    };
    let votes = record.counts.votes();
    let figure = curve(&shape, rows);
    Ok(wording.claim(fidelity.rmse, verdict, reason, votes, None, Some(figure)))
}

/// The press's claim on the votes themselves.
pub(super) fn press_claim(record: &Record) -> Result<Claim, ReportError> {
    let mut rows = Vec::new();
    let mut main = None;
    for rule in Rule::all() {
        let rated = record.rate_without_ranks(rule)?;
        for openness in Openness::ALL {
            for top in Top::ALL {
                let Some((value, sides)) = contrast(record, &rated, openness, top) else {
                    continue;
                };
                let is_main = (rule, openness, top) == (Rule::MAIN, Openness::Weights, Top::Best);
                let votes = rated.votes(&sides.concat());
                if is_main {
                    let names = sides.clone().map(|side| record.models[side[0]].name.clone());
                    main = Some((value, votes, names));
                }
                let words = [&rule.words()[..], &[openness.as_str(), top.as_str()]].concat();
                rows.push(Specification {
                    choices: words,
                    further: vec![],
                    value,
                    votes,
                    main: is_main,
                });
            }
        }
    }
    let absent = ReportError::Absent { what: "open-weights models of CN and US in the record" };
    let (value, votes, [china, us]) = main.ok_or(absent)?;
    let wording = Wording {
        section: SECTION,
        words: format!(
            "Chinese open models are rated higher in blind tests than American ones: on the public votes to {DATE}."
        ),
        statistic: format!(
            "Rating of {china} minus that of {us}, the best open-weights models of China and the US, in points ({}); \
             interval from the covariance of both.",
            signed(value, 1)
        ),
    };
    let shape = CurveShape {
        id: "curve-record-press",
        title: "China minus the US on the public votes under other ways of counting",
        unit: "China minus US, points",
        decimals: 1,
        keys: &["method", "ties", "both_bad", "open_weights", "stands_for"],
        choices: &PRESS_COLUMNS,
        further: &[],
    };
    Ok(wording.above_zero(value, votes, rows, &shape))
}

const PRESS_COLUMNS: [Column; 5] = [
    RULE_COLUMNS[0],
    RULE_COLUMNS[1],
    RULE_COLUMNS[2],
    column("open_weights", "Counts as open", 0),
    column("stands_for", "Stands for a country", 0),
];

/// The difference between China and the US, and the models that stand for each.
pub(super) fn contrast(
    record: &Record,
    rated: &Rated,
    openness: Openness,
    top: Top,
) -> Option<(Measured, [Vec<usize>; 2])> {
    let sides = ["CN", "US"].map(|code| {
        let own = rated.ranked(|model| record.is(model, code, openness, CountryRule::Maker));
        own.into_iter().take(top.models()).map(|row| row.model).collect::<Vec<usize>>()
    });
    if sides.iter().any(|side| side.len() < top.models()) {
        return None;
    }
    Some((rated.contrast(&sides[0], &sides[1])?, sides))
}
