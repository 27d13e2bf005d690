//! The page of checks: what a careful reader asks of the board.

use actix_web::HttpResponse;
use askama::Template;

use super::{source_line, whole_number};
use crate::config::Site;
use crate::kit::http::{HttpError, page};
use crate::ranking::Published;
use crate::ranking::checks::{Checks, ELO_ORDERS, FALSE_DISCOVERIES};

/// An answer as sentences, or why there is none.
type Said<T> = Result<T, String>;

/// One model with and without style.
struct StyleLine {
    name: String,
    raw: String,
    raw_interval: String,
    controlled: String,
    controlled_interval: String,
    shift: String,
}

struct StyleView {
    votes: String,
    effects: Vec<(&'static str, String, String)>,
    lines: Vec<StyleLine>,
}

struct EloLine {
    name: String,
    rating: String,
    ticker: String,
    averaged: String,
}

struct ChoiceLine {
    rule: &'static str,
    outcome: String,
}

#[derive(Template)]
#[template(path = "leaderboard/checks.html")]
struct ChecksPage<'a> {
    site: &'a Site,
    source: String,
    position: Said<String>,
    style: Said<StyleView>,
    influence: Said<Vec<(String, String, String)>>,
    screening: Said<String>,
    uniform_pairs: Said<String>,
    choices: Said<Vec<ChoiceLine>>,
    elo: Said<Vec<EloLine>>,
    orders: usize,
}

/// Renders all checks.
pub(crate) fn show(site: &Site, checks: &Checks) -> Result<HttpResponse, HttpError> {
    let published = &checks.published;
    page(&ChecksPage {
        site,
        source: source_line(&published.view()),
        position: position(checks),
        style: style(published, checks),
        influence: influence(published, checks),
        screening: screening(checks),
        uniform_pairs: uniform_pairs(published, checks),
        choices: choices(checks),
        elo: elo(published, checks),
        orders: ELO_ORDERS,
    })
}

fn name(published: &Published, model: usize) -> String {
    published.models.get(model).map_or_else(String::new, |model| model.name.clone())
}

fn position(checks: &Checks) -> Said<String> {
    let bias = checks.position.as_ref().map_err(Clone::clone)?;
    let percent = |score: f64| format!("{:.1} %", 100.0 * score);
    let verdict = match (bias.low > 0.5, bias.high < 0.5) {
        (true, _) => "Answer A has an advantage.",
        (_, true) => "Answer B has an advantage.",
        _ => "No advantage of a side can be told from chance.",
    };
    Ok(format!(
        "Between equal models answer A scores {} (95 % interval {} to {}, {}). {verdict} Sides are \
         drawn by a coin, so an advantage makes ratings less precise, not unfair.",
        percent(bias.left_score),
        percent(bias.low),
        percent(bias.high),
        if bias.by_voter { "clustered by voter" } else { "votes taken as independent" },
    ))
}

fn style(published: &Published, checks: &Checks) -> Said<StyleView> {
    let found = checks.style.as_ref().map_err(Clone::clone)?;
    let interval = |estimate: &arena_core::ranking::Estimate| {
        format!("{:.0} to {:.0}", estimate.low, estimate.high)
    };
    let line = |row: &crate::ranking::checks::StyledRow| StyleLine {
        name: name(published, row.model),
        raw: format!("{:.0}", row.raw.rating),
        raw_interval: interval(&row.raw),
        controlled: format!("{:.0}", row.controlled.rating),
        controlled_interval: interval(&row.controlled),
        shift: format!("{:+.0}", row.controlled.rating - row.raw.rating),
    };
    let effect = |(feature, effect): &(&'static str, arena_core::ranking::Effect)| {
        (*feature, format!("{:+.3}", effect.value), format!("{:.3}", effect.error))
    };
    Ok(StyleView {
        votes: whole_number(found.votes as u64),
        effects: found.effects.iter().map(effect).collect(),
        lines: found.rows.iter().map(line).collect(),
    })
}

fn influence(published: &Published, checks: &Checks) -> Said<Vec<(String, String, String)>> {
    let found = checks.influence.as_ref().map_err(Clone::clone)?;
    let line = |one: &arena_core::ranking::Influence| {
        let votes = format!("{:.0}", one.votes);
        (votes, name(published, one.model), format!("{:+.1}", one.shift_elo))
    };
    Ok(found.iter().map(line).collect())
}

fn screening(checks: &Checks) -> Said<String> {
    let found = checks.screening.as_ref().map_err(Clone::clone)?;
    let flagged = match found.flagged {
        0 => "None of them stands out.".to_owned(),
        flagged => format!(
            "{flagged} of them stand out, with {} votes; {}. Their votes are counted: a flag is a \
             reason to look, not a verdict.",
            whole_number(found.flagged_votes as u64),
            match found.largest_shift_elo {
                Some(shift) =>
                    format!("without them no rating moves by more than {:.1} points", shift.abs()),
                None => "without them not all models could be compared any more".to_owned(),
            }
        ),
    };
    Ok(format!(
        "{} voters were compared with simple rules (always A, always a tie, a coin, against the \
         majority, for or against one model). {flagged} At most {:.0} % of those flagged are expected \
         to have voted as they thought.",
        whole_number(found.voters as u64),
        100.0 * FALSE_DISCOVERIES
    ))
}

fn uniform_pairs(published: &Published, checks: &Checks) -> Said<String> {
    let (model, shift) = *checks.uniform_pairs.as_ref().map_err(Clone::clone)?;
    Ok(format!(
        "Weighing each vote by one over the probability of its pair, as if all pairs had been drawn \
         evenly, moves {} most: by {shift:+.1} points.",
        name(published, model)
    ))
}

fn choices(checks: &Checks) -> Said<Vec<ChoiceLine>> {
    let found = checks.choices.as_ref().map_err(Clone::clone)?;
    let line = |choice: &crate::ranking::choices::Choice| ChoiceLine {
        rule: choice.rule,
        outcome: match &choice.outcome {
            Ok(outcome) => format!(
                "{} of {} pairs that are told apart stand the other way round; {} of {} ranks differ",
                outcome.reversed, outcome.separated, outcome.moved, outcome.ranked
            ),
            Err(reason) => format!("not computed: {reason}"),
        },
    };
    Ok(found.iter().map(line).collect())
}

fn elo(published: &Published, checks: &Checks) -> Said<Vec<EloLine>> {
    let averaged = checks.averaged_elo.as_ref().map_err(Clone::clone)?;
    let line = |(model, row): (&crate::pool::Model, &arena_core::ranking::Row)| {
        let averaged = averaged.get(row.model)?;
        Some(EloLine {
            name: model.name.clone(),
            rating: format!("{:.0}", row.rating?.rating),
            ticker: format!("{:.0}", published.elo(model.id)),
            averaged: format!("{averaged:.0}"),
        })
    };
    Ok(published.in_order().into_iter().filter_map(line).collect())
}
