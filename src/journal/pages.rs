//! Pages about the log: what it is, its latest leaves, and the check of a receipt.

use actix_web::HttpResponse;
use arena_core::journal::checkpoint::Head;
use arena_core::journal::leaf::Leaf;
use askama::Template;
use time::OffsetDateTime;

use super::Journal;
use super::receipt::Checked;
use crate::config::Site;
use crate::kit::http::{HttpError, page};
use crate::kit::wording;

/// One leaf as the page lists it.
struct Line {
    index: u64,
    kind: &'static str,
    when: String,
    what: String,
}

#[derive(Template)]
#[template(path = "journal/log.html")]
struct LogPage<'a> {
    site: &'a Site,
    origin: &'a str,
    vkey: String,
    size: u64,
    checkpoint: String,
    refusal: Option<String>,
    lines: Vec<Line>,
}

/// Renders the page of the log.
pub(super) fn log(
    site: &Site,
    journal: &Journal,
    head: &Head,
    checkpoint: Option<(i64, String, OffsetDateTime)>,
    bodies: &[Vec<u8>],
) -> Result<HttpResponse, HttpError> {
    let first = head.size.saturating_sub(bodies.len() as u64);
    let line = |(at, body): (usize, &Vec<u8>)| {
        let leaf = Leaf::parse(body).ok()?;
        let (kind, what) = in_words(&leaf);
        Some(Line { index: first + at as u64, kind, when: when(leaf.time()), what })
    };
    let mut lines: Vec<Line> = bodies.iter().enumerate().filter_map(line).collect();
    lines.reverse();
    page(&LogPage {
        site,
        origin: journal.origin(),
        vkey: journal.verifier().to_string(),
        size: head.size,
        checkpoint: checkpoint.map_or_else(String::new, |(_, note, _)| note),
        refusal: journal.refusal(),
        lines,
    })
}

fn when(seconds: u64) -> String {
    let moment = i64::try_from(seconds).ok();
    let moment = moment.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    moment.map_or_else(String::new, wording::minute)
}

fn beginning(prev: Option<&str>) -> String {
    let mut before = prev.into_iter().flat_map(str::lines);
    match (before.next(), before.next()) {
        (Some(name), Some(size)) => {
            format!("The log begins. It follows {name}, which was signed over {size} entries.")
        }
        _ => "The log begins.".to_owned(),
    }
}

/// Kind and content of a leaf for a reader.
fn in_words(leaf: &Leaf) -> (&'static str, String) {
    match leaf {
        Leaf::Genesis(genesis) => ("beginning", beginning(genesis.prev.as_deref())),
        Leaf::Policy(policy) => {
            ("policy", format!("Rules and weights {} are in force.", &policy.sha256[..12]))
        }
        Leaf::Model(model) => {
            ("model", format!("{} by {} is {}.", model.name, model.lab, state(model.state)))
        }
        Leaf::Epoch(epoch) => ("day", format!("The secret key of {} is committed to.", epoch.e)),
        Leaf::Assign(assign) => (
            "battle",
            format!("A pair is drawn, draw {} of {}; hidden until the end.", assign.i, assign.e),
        ),
        Leaf::Vote(vote) => ("vote", format!("On battle {}, drawn at {}.", vote.b, vote.a)),
        Leaf::Void(void) => ("no vote", format!("Battle {} ended without a vote.", void.b)),
        Leaf::Exclude(ruling) => {
            ("exclusion", format!("Vote {} no longer counts: {}", ruling.i, ruling.rule))
        }
        Leaf::Include(ruling) => {
            ("inclusion", format!("Vote {} counts again: {}", ruling.i, ruling.rule))
        }
        Leaf::Redact(redact) => ("erasure", format!("Texts of battle {} were erased.", redact.i)),
        Leaf::EpochReveal(reveal) => {
            ("key", format!("The key of {} is shown: its draws can be repeated.", reveal.e))
        }
        Leaf::Snapshot(snapshot) => {
            ("snapshot", format!("A leaderboard of the first {} leaves.", snapshot.n))
        }
    }
}

fn state(state: arena_core::journal::leaf::ModelState) -> &'static str {
    use arena_core::journal::leaf::ModelState;
    match state {
        ModelState::Private => "not for battles",
        ModelState::Public => "in the pool",
        ModelState::Retired => "retired",
        ModelState::Quarantined => "in quarantine",
    }
}

#[derive(Template)]
#[template(path = "journal/receipt.html")]
struct ReceiptPage<'a> {
    site: &'a Site,
    origin: &'a str,
    pasted: &'a str,
    good: Option<(u64, &'a str, bool)>,
    broken: Option<u64>,
    unread: Option<&'a str>,
}

/// Renders the form for a receipt, with what came out of the one that was pasted.
pub(super) fn receipt(
    site: &Site,
    journal: &Journal,
    pasted: &str,
    checked: Option<&Checked>,
) -> Result<HttpResponse, HttpError> {
    let (mut good, mut broken, mut unread) = (None, None, None);
    match checked {
        Some(Checked::Kept { index, leaf, covered }) => {
            good = Some((*index, leaf.as_str(), *covered));
        }
        Some(Checked::Broken { index }) => broken = Some(*index),
        Some(Checked::NotOurs(why)) => unread = Some(why.as_str()),
        None => {}
    }
    page(&ReceiptPage { site, origin: journal.origin(), pasted, good, broken, unread })
}
