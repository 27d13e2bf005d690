//! Votes from files of other arenas, read by content: nothing is guessed, a row that fits no rule is
//! refused with its line.
//!
//! Read: CSV, JSON and JSON lines with `model_a,model_b,winner` (LMSYS 33k and 140k, FastChat), with
//! `left,right,winner` (llmfao), with `winner_model_a,winner_model_b,winner_tie` (LMSYS 55k), and
//! counts per pair with `model_a,model_b,a_wins,b_wins,ties,both_bad`. Not read yet: Parquet.

mod row;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use arena_core::ranking::{Counts, RankingError, Tally, Vote};

use row::{Row, row_of};

/// Fields of one row by name; numbers and truth values are kept as their text.
type Fields = BTreeMap<String, String>;

/// Why a file of votes was refused.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The format is not one of those read here.
    #[error("{0}")]
    Format(&'static str),
    /// The columns fit no known layout.
    #[error("no known layout has these columns: {0}; needed are model_a,model_b,winner")]
    Columns(String),
    /// A row cannot be read.
    #[error("line {line}: {reason}")]
    Row {
        /// From 1, the header of a CSV file included.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The counts do not fit.
    #[error("the votes could not be counted")]
    Counting(#[from] RankingError),
}

/// What a file holds.
#[derive(Debug)]
pub struct FileVotes {
    /// Names in alphabetical order; the index of a model everywhere below.
    pub models: Vec<String>,
    /// Counts per ordered pair.
    pub counts: Counts,
    /// The votes in the order of the file; none where the file holds counts.
    pub votes: Option<Vec<Vote>>,
    /// Rows that were left out because the caller asked for that, with their reasons.
    pub skipped: Vec<FileError>,
}

/// Reads a whole file.
///
/// With `skip_bad_rows` a row that cannot be read is listed in [`FileVotes::skipped`] instead of
/// ending the reading; the file's format and columns must be right in any case.
pub fn read(bytes: &[u8], skip_bad_rows: bool) -> Result<FileVotes, FileError> {
    let mut skipped = Vec::new();
    let mut rows = Vec::new();
    for outcome in parse(bytes)? {
        match outcome {
            Ok(row) => rows.push(row),
            Err(problem) if skip_bad_rows => skipped.push(problem),
            Err(problem) => return Err(problem),
        }
    }
    count(&rows, skipped)
}

fn parse(bytes: &[u8]) -> Result<Vec<Result<Row, FileError>>, FileError> {
    if bytes.starts_with(b"PAR1") {
        return Err(FileError::Format("Parquet files are not read yet; export the votes as CSV"));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|_| FileError::Format("the file is no UTF-8 text; save it as UTF-8 CSV"))?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    match text.trim_start().chars().next() {
        None => Err(FileError::Format("the file is empty")),
        Some('[') => json_array(text),
        Some('{') => Ok(json_lines(text)),
        Some(_) => csv_rows(text),
    }
}

fn csv_rows(text: &str) -> Result<Vec<Result<Row, FileError>>, FileError> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let refuse = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        FileError::Row { line, reason: error.to_string() }
    };
    let header = reader.headers().map_err(refuse)?.clone();
    if !row::is_known_layout(header.iter()) {
        return Err(FileError::Columns(header.iter().collect::<Vec<_>>().join(",")));
    }
    let read = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.map_err(refuse)?;
        let line = record.position().map_or(0, csv::Position::line);
        let named = header.iter().map(str::to_owned).zip(record.iter().map(str::to_owned));
        row_of(&named.collect()).map_err(|reason| FileError::Row { line, reason })
    };
    Ok(reader.records().map(read).collect())
}

fn json_lines(text: &str) -> Vec<Result<Row, FileError>> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(line, text)| {
            let value = serde_json::from_str(text).map_err(|error| error.to_string());
            value
                .and_then(|value| row_of(&fields(&value)?))
                .map_err(|reason| FileError::Row { line, reason })
        })
        .collect()
}

fn json_array(text: &str) -> Result<Vec<Result<Row, FileError>>, FileError> {
    let values: Vec<serde_json::Value> = serde_json::from_str(text)
        .map_err(|error| FileError::Row { line: error.line() as u64, reason: error.to_string() })?;
    let read = |(number, value): (u64, serde_json::Value)| {
        fields(&value)
            .and_then(|fields| row_of(&fields))
            .map_err(|reason| FileError::Row { line: number, reason: format!("element: {reason}") })
    };
    Ok((1..).zip(values).map(read).collect())
}

fn fields(value: &serde_json::Value) -> Result<Fields, String> {
    let object = value.as_object().ok_or("this is no object with named fields")?;
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Ok(object.iter().map(|(name, value)| (name.clone(), text(value))).collect())
}

fn count(rows: &[Row], skipped: Vec<FileError>) -> Result<FileVotes, FileError> {
    let names = |row: &Row| [row.left.clone(), row.right.clone()];
    let models: Vec<String> =
        rows.iter().flat_map(names).collect::<BTreeSet<_>>().into_iter().collect();
    let index = |name: &String| models.binary_search(name).unwrap_or(usize::MAX);
    let mut counts = Counts::new(models.len());
    let mut votes = Some(Vec::with_capacity(rows.len()));
    for row in rows {
        let (left, right) = (index(&row.left), index(&row.right));
        counts.add_tally(left, right, row.tally)?;
        votes = match (votes, row.outcome) {
            (Some(mut votes), Some(outcome)) => {
                votes.push(Vote { left, right, outcome });
                Some(votes)
            }
            _ => None,
        };
    }
    Ok(FileVotes { models, counts, votes, skipped })
}

/// The sum of all cells of one ordered pair, for tests and tables.
pub fn tally_of(file: &FileVotes, left: &str, right: &str) -> Option<Tally> {
    let index = |name: &str| file.models.binary_search_by(|model| model.as_str().cmp(name)).ok();
    file.counts.tally(index(left)?, index(right)?)
}
