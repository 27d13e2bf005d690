//! The operator's page.

use std::collections::{BTreeMap, HashSet};

use actix_web::HttpResponse;
use askama::Template;

use super::{Examination, Finding, Section};
use crate::config::Site;
use crate::kit::http::{HttpError, form_again};
use crate::kit::wording;
use crate::vote::exclusion::queries::Excluded;

/// Leaves that are linked to; the others are counted.
const LINKED: usize = 12;
/// Longest suggestion of a rule, in bytes; the rule itself may have 200.
const SUGGESTED_BYTES: usize = 180;

struct Card<'a> {
    finding: &'a Finding,
    /// Evidence on a model, in words.
    model: Option<String>,
    leaves: &'a [u64],
    more: usize,
    /// Votes that a decision would exclude now.
    left: usize,
    /// Votes from before the journal, on which nobody can decide.
    unrecorded: usize,
    suggestion: String,
}

struct Part<'a> {
    section: &'a Section,
    flagged: Vec<Card<'a>>,
    others: Vec<Card<'a>>,
}

/// Votes that were excluded by one rule.
struct Ruling<'a> {
    rule: &'a str,
    votes: usize,
    latest: String,
    leaves: Vec<i64>,
    more: usize,
}

#[derive(Template)]
#[template(path = "operator/desk.html")]
pub(super) struct DeskPage<'a> {
    site: &'a Site,
    made: String,
    votes: String,
    voters: String,
    flagged: usize,
    parts: Vec<Part<'a>>,
    rulings: Vec<Ruling<'a>>,
    said: Option<String>,
    problem: Option<String>,
}

/// What was done, as a sentence.
pub(super) fn done(word: &str, votes: usize) -> String {
    let verb = if votes == 1 { "is" } else { "are" };
    let counted = wording::counted(number(votes), "vote");
    format!(
        "{counted} {verb} {word}; each has a public entry in the log. The findings below are from before."
    )
}

/// What was published, as a sentence.
pub(super) fn published(boards: usize) -> String {
    match boards {
        0 => "The board is the one that was published last.".to_owned(),
        _ => format!("{} published for good.", wording::counted(number(boards), "board")),
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The page with what was done, or with what was wrong.
pub(super) fn show<'a>(
    site: &'a Site,
    examination: &'a Examination,
    excluded: &'a [Excluded],
    said: Option<String>,
    problem: Option<String>,
) -> DeskPage<'a> {
    let out: HashSet<u64> = excluded.iter().map(super::leaf_of).collect();
    let part = |section: &'a Section| {
        let card = |finding| card(examination, finding, &out);
        let (flagged, others): (Vec<_>, Vec<_>) =
            section.findings.iter().map(card).partition(|card| card.finding.flagged);
        Part { section, flagged, others }
    };
    let parts: Vec<Part<'_>> = examination.sections.iter().map(part).collect();
    DeskPage {
        site,
        made: wording::minute(examination.made_at),
        votes: wording::counted(number(examination.votes), "vote"),
        voters: wording::counted(number(examination.voters), "voter"),
        flagged: parts.iter().map(|part| part.flagged.len()).sum(),
        parts,
        rulings: rulings(excluded),
        said,
        problem,
    }
}

/// The page again, after a form that could not be followed.
pub(super) fn again(
    site: &Site,
    examination: &Examination,
    excluded: &[Excluded],
    problem: &str,
) -> Result<HttpResponse, HttpError> {
    let problem = Some(wording::sentence(problem));
    form_again(&show(site, examination, excluded, None, problem))
}

fn card<'a>(examination: &'a Examination, finding: &'a Finding, out: &HashSet<u64>) -> Card<'a> {
    let leaves = examination.leaves_of(&finding.group).unwrap_or_default();
    let model = finding.model.as_ref().map(|on| {
        let votes = wording::counted(number(on.votes), "vote");
        format!("{}: {votes}, expected {:.1}, got {:.1}", on.name, on.expected, on.observed)
    });
    let on = finding.model.as_ref().map(|on| format!(" on {}", on.name)).unwrap_or_default();
    // Which network it is is nobody's business, however short the hash.
    let who = match finding.group.starts_with("network/") {
        true => "one network",
        false => finding.subject.as_str(),
    };
    let mut suggestion = format!("{who}: {}{on}", finding.statistic);
    while suggestion.len() > SUGGESTED_BYTES {
        suggestion.pop();
    }
    Card {
        finding,
        model,
        leaves: &leaves[..leaves.len().min(LINKED)],
        more: leaves.len().saturating_sub(LINKED),
        left: leaves.iter().filter(|leaf| !out.contains(leaf)).count(),
        unrecorded: finding.votes.saturating_sub(leaves.len()),
        suggestion,
    }
}

fn rulings(excluded: &[Excluded]) -> Vec<Ruling<'_>> {
    let mut by_rule: BTreeMap<&str, Vec<&Excluded>> = BTreeMap::new();
    for one in excluded {
        by_rule.entry(&one.rule).or_default().push(one);
    }
    let mut rulings = Vec::new();
    for (rule, list) in by_rule {
        rulings.push(Ruling {
            rule,
            votes: list.len(),
            latest: list.first().map(|one| wording::minute(one.excluded_at)).unwrap_or_default(),
            leaves: list.iter().take(LINKED).map(|one| one.leaf_index).collect(),
            more: list.len().saturating_sub(LINKED),
        });
    }
    rulings
}
