//! Votes from files of other arenas, read by content: nothing is guessed, a row that fits no rule is refused with its
//! line.
//!
//! Formats: CSV (comma, semicolon or tab; quotes; with or without a byte order mark), a JSON list, JSON lines, Parquet.
//! Layouts, known by the names of their columns:
//! * `model_a,model_b,winner`: ours, LMSYS 33k (`tie (bothbad)`) and 140k (`both_bad`), MT-bench, FastChat;
//! * `left,right,winner`: llmfao;
//! * `model_a,model_b,winner_model_a,winner_model_b,winner_tie`: LMSYS 55k;
//! * `model_a,model_b,a_wins,b_wins[,ties,both_bad]`: counts of pairs;
//! * `model_a_name,model_b_name,chosen_model_name,both_equal`: votes of compar:IA. The chosen model wins; none chosen
//!   and both equal is a tie; all else contradicts itself and is refused;
//! * reactions of compar:IA, see `reactions`.
//!
//! Beside the vote: who (`voter voter_id judge user_id worker annotator visitor_id evaluation_session_id`, the first that
//! is there; an empty `visitor_id` is replaced by `session_hash`), on what (`prompt_id`, `prompt`, `question_id` with
//! `turn`, `conversation_id`, `conversation_pair_id`), when (`timestamp tstamp cast_at created_at time`), and the form of
//! both answers, see `style`. Other columns are not looked at, but for `anony`: a vote on models whose names were shown
//! is refused.

mod batch;
mod bulk;
mod csv_rows;
mod error;
mod instant;
mod json_rows;
mod layout;
mod names;
mod parquet_rows;
mod quick_csv;
mod reactions;
mod style;
#[cfg(test)]
mod tests;
mod verdict;

use std::path::Path;

use arena_core::ranking::{AttributedVote, Counts, Outcome, StyleCounts, StyledVote, Vote};
use bytes::Bytes;

pub use error::{FileError, Place};

/// The number of a vote whose voter, or prompt, is not known.
const NOBODY: u32 = u32::MAX;
/// The time of a vote whose time is not known.
const UNKNOWN_TIME: i64 = i64::MIN;

/// What to keep of each vote besides the models and who won.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// Who voted, where the file has it.
    pub voters: bool,
    /// On which prompt, where the file has it.
    pub prompts: bool,
    /// When, where the file has it.
    pub times: bool,
    /// The form of both answers; a file without it is refused.
    pub style: bool,
}

/// How to read a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Lists a row that cannot be read in [`FileVotes::skipped`] instead of refusing the file.
    pub skip_bad_rows: bool,
    /// What to keep.
    pub keep: Keep,
    /// How many threads; 0 for as many as there are processors. The result is the same.
    pub threads: usize,
}

impl Options {
    fn threads(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        }
    }
}

/// What a file holds.
#[derive(Debug)]
pub struct FileVotes {
    /// Names in alphabetical order; the index of a model everywhere below.
    pub models: Vec<String>,
    /// Counts per ordered pair.
    pub counts: Counts,
    /// The votes in the order of the file; none where the file holds counts.
    pub votes: Option<Votes>,
    /// Rows that were left out because the caller asked for that, with their reasons, in the order of the file.
    pub skipped: Vec<FileError>,
}

/// Single votes, as lists of equal length.
#[derive(Clone, Debug, PartialEq)]
pub struct Votes {
    /// The left and the right model.
    pub pairs: Vec<[u16; 2]>,
    /// Who won.
    pub outcomes: Vec<Outcome>,
    /// Who voted; none where the file does not say, or was not asked.
    pub voters: Option<Attribution>,
    /// On which prompt; none where the file does not say, or was not asked.
    pub prompts: Option<Attribution>,
    /// When, in microseconds since 1970, UTC; see [`Votes::time`].
    times: Option<Vec<i64>>,
    /// The form of the left and the right answer.
    pub style: Option<Vec<[StyleCounts; 2]>>,
}

/// To whom, or to what, each vote belongs.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// Names in the order in which they first occur.
    pub names: Vec<Box<str>>,
    of: Vec<u32>,
}

impl Attribution {
    /// The index of a vote's name; `None` where the file does not say.
    pub fn of(&self, vote: usize) -> Option<usize> {
        self.of.get(vote).filter(|&&number| number != NOBODY).map(|&number| number as usize)
    }

    /// The name a vote belongs to.
    pub fn name(&self, vote: usize) -> Option<&str> {
        self.of(vote).and_then(|number| self.names.get(number)).map(|name| &**name)
    }
}

impl Votes {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// When a vote was cast, in microseconds since 1970, UTC; `None` where the file does not say.
    pub fn time(&self, vote: usize) -> Option<i64> {
        self.times.as_ref()?.get(vote).copied().filter(|&time| time != UNKNOWN_TIME)
    }

    /// The votes alone, in the order of the file.
    pub fn plain(&self) -> impl Iterator<Item = Vote> {
        self.pairs.iter().zip(&self.outcomes).map(|(pair, &outcome)| {
            let [left, right] = pair.map(usize::from);
            Vote { left, right, outcome }
        })
    }

    /// The votes with voter and prompt, each of weight 1.
    pub fn attributed(&self) -> impl Iterator<Item = AttributedVote> {
        self.plain().enumerate().map(|(at, vote)| AttributedVote {
            vote,
            voter: self.voters.as_ref().and_then(|voters| voters.of(at)),
            prompt: self.prompts.as_ref().and_then(|prompts| prompts.of(at)),
            weight: 1.0,
        })
    }

    /// The votes with the form of both answers; none where that was not kept.
    pub fn styled(&self) -> impl Iterator<Item = StyledVote> {
        let style = self.style.iter().flatten();
        self.attributed().zip(style).map(|(vote, &[left, right])| StyledVote { vote, left, right })
    }
}

/// Opens and reads a whole file.
///
/// Input: a path; what to keep. Output: every vote, in the order of the file. The format is known by content, not by the
/// file's name.
/// Accuracy: exact; whatever cannot be read without a guess is refused.
/// Errors: [`FileError`], with the line (in Parquet the row) where it is known. With `skip_bad_rows` single rows are
/// listed instead; format and columns must be right in any case.
/// Cost: CSV without quotes about 0.1 µs a vote and thread, on all threads; everything else on one thread: CSV with quotes
/// 0.3 µs a vote, Parquet 0.5 µs, JSON 0.9 µs. A column of voters or prompts adds 0.25 µs a vote.
pub fn open(path: &Path, options: &Options) -> Result<FileVotes, FileError> {
    read(bulk::read(path, options.threads())?, options)
}

/// Reads a file that is in memory; otherwise as [`open`].
pub fn read(bytes: impl Into<Bytes>, options: &Options) -> Result<FileVotes, FileError> {
    const PACKED: [&[u8]; 3] = [b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd"];
    let bytes: Bytes = bytes.into();
    if bytes.starts_with(b"PAR1") {
        return parquet_rows::read(bytes, options);
    }
    if PACKED.iter().any(|start| bytes.starts_with(start)) {
        return Err(FileError::Format("the file is compressed; unpack it first"));
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(FileError::Format("the file is UTF-16 text; save it as UTF-8"));
    }
    let text = bytes.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(&bytes);
    match text.trim_ascii_start().first() {
        None => Err(FileError::Format("the file is empty")),
        Some(b'[') => json_rows::read_list(text, options),
        Some(b'{') => json_rows::read_lines(text, options),
        Some(_) => csv_rows::read(text, options),
    }
}
