//! What the record proves and what it does not, with the numbers of this moment.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::HttpResponse;
use arena_core::ids::ModelId;
use arena_core::journal::board::{Document, Row};
use arena_core::journal::checkpoint::Head;
use arena_core::journal::policy::Policy as File;
use askama::Template;

use super::super::Boards;
use super::points;
use crate::config::Site;
use crate::journal::queries::Day;
use crate::kit::http::{HttpError, page};
use crate::kit::wording;
use crate::pool::Model;
use crate::vote::exclusion::queries::{Excluded, Sums};

/// What the page is made from.
pub(in super::super) struct Facts<'a> {
    pub(in super::super) origin: &'a str,
    pub(in super::super) head: Head,
    pub(in super::super) sums: Sums,
    pub(in super::super) exclusions: Vec<Excluded>,
    pub(in super::super) days: Vec<Day>,
    /// Digest and file of the policy in force.
    pub(in super::super) policy: Option<(String, String)>,
    pub(in super::super) models: Vec<Model>,
    /// Exclusions that were taken back, by rule.
    pub(in super::super) inclusions: Vec<(String, i64)>,
    /// With and without what is excluded; none where nothing is.
    pub(in super::super) boards: Option<Arc<Boards>>,
}

/// One model with and without what was excluded.
struct Compared {
    name: String,
    with_rank: String,
    with_rating: String,
    without_rank: String,
    without_rating: String,
}

#[derive(Template)]
#[template(path = "snapshot/transparency.html")]
struct TransparencyPage<'a> {
    site: &'a Site,
    origin: &'a str,
    size: u64,
    sums: Sums,
    sums_hold: bool,
    by_rule: Vec<(String, usize)>,
    inclusions: Vec<(String, i64)>,
    compared: Vec<Compared>,
    policy: String,
    shares: Vec<(String, String)>,
    days: Vec<Day>,
}

/// Renders the page.
pub(in super::super) fn transparency(
    site: &Site,
    facts: Facts<'_>,
) -> Result<HttpResponse, HttpError> {
    let sums = facts.sums;
    let mut by_rule: Vec<(String, usize)> = Vec::new();
    for excluded in &facts.exclusions {
        match by_rule.iter_mut().find(|(rule, _)| *rule == excluded.rule) {
            Some((_, count)) => *count += 1,
            None => by_rule.push((excluded.rule.clone(), 1)),
        }
    }
    let (policy, shares) = match &facts.policy {
        Some((sha256, body)) => (sha256.clone(), shares(body, &facts.models)),
        None => (String::new(), Vec::new()),
    };
    page(&TransparencyPage {
        site,
        origin: facts.origin,
        size: facts.head.size,
        sums,
        sums_hold: sums.assigned == sums.counted + sums.excluded + sums.void + sums.open,
        compared: facts.boards.as_deref().map(compare).unwrap_or_default(),
        by_rule,
        inclusions: facts.inclusions,
        policy,
        shares,
        days: facts.days,
    })
}

/// The part of all battles that each model takes part in, by the policy in force.
fn shares(body: &str, models: &[Model]) -> Vec<(String, String)> {
    let Some(file) = File::parse(body) else { return Vec::new() };
    let total: u64 = file.pairs.iter().map(|(_, _, weight)| weight).sum();
    let mut own: HashMap<ModelId, u64> = HashMap::new();
    for (one, other, weight) in &file.pairs {
        for place in [one, other] {
            if let Some(id) = file.models.get(*place as usize) {
                *own.entry(*id).or_default() += weight;
            }
        }
    }
    let name = |id: &ModelId| {
        let model = models.iter().find(|model| model.id == *id);
        model.map_or_else(|| id.to_string(), |model| model.name.clone())
    };
    let share = |id: &ModelId| {
        let own = own.get(id).copied().unwrap_or(0);
        format!("{:.1} %", own as f64 / total.max(1) as f64 * 100.0)
    };
    file.models.iter().map(|id| (name(id), share(id))).collect()
}

fn compare(boards: &Boards) -> Vec<Compared> {
    let place = |row: Option<&Row>| {
        row.and_then(|row| row.rank).map_or_else(|| "–".to_owned(), |rank| rank.to_string())
    };
    let of = |document: &Document, id| document.models.iter().find(|row| row.id == id).cloned();
    let line = |row: &Row| {
        let other = of(&boards.ignored, row.id);
        Compared {
            name: row.name.clone(),
            without_rank: place(Some(row)),
            without_rating: points(row.rating),
            with_rank: place(other.as_ref()),
            with_rating: points(other.and_then(|row| row.rating)),
        }
    };
    boards.honoured.models.iter().map(line).collect()
}

/// A day's key: shown, or not yet.
impl Day {
    /// The word of the table.
    pub(crate) fn standing(&self) -> &'static str {
        match self.reveal_index {
            Some(_) => "shown",
            None => "committed to, shown when the day has been over for 25 hours",
        }
    }

    /// How many draws, with the noun.
    pub(crate) fn draws_in_words(&self) -> String {
        wording::counted(self.draws, "draw")
    }
}
