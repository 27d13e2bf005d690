//! Layouts that are read, rows that are refused, and real files.

mod formats;
mod layouts;
mod refusals;

use arena_core::ranking::{Outcome, Tally};

use super::*;

/// Keeps everything but style.
const ALL: Keep = Keep { voters: true, prompts: true, times: true, style: false };

pub(super) fn read_all(text: &str) -> FileVotes {
    read(text.to_owned(), &Options { keep: ALL, ..Options::default() }).unwrap()
}

pub(super) fn refusal(bytes: &[u8]) -> String {
    read(bytes.to_vec(), &Options { keep: ALL, ..Options::default() }).unwrap_err().to_string()
}

pub(super) fn tally_of(file: &FileVotes, left: &str, right: &str) -> Option<Tally> {
    let index = |name: &str| file.models.iter().position(|model| model == name);
    file.counts.tally(index(left)?, index(right)?)
}

/// Outcomes of all votes, in order.
pub(super) fn outcomes(file: &FileVotes) -> Vec<Outcome> {
    file.votes.as_ref().unwrap().outcomes.clone()
}
