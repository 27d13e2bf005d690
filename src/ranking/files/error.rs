//! Why a file of votes, or a row of it, was refused.

use std::fmt;

use arena_core::ranking::RankingError;

/// Why a file of votes was refused.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file cannot be opened or read.
    #[error("the file could not be read")]
    Read(#[from] std::io::Error),
    /// The format is not one of those read here.
    #[error("{0}")]
    Format(&'static str),
    /// The pieces of a Parquet file do not fit together.
    #[error("the Parquet file is damaged or cut off: {0}")]
    Damaged(String),
    /// The columns fit no known layout.
    #[error("no known layout has these columns: {0}; needed are model_a,model_b,winner")]
    Columns(String),
    /// Two columns have one name, so that a row could be read in two ways.
    #[error("the column `{0}` occurs twice; rename or remove one")]
    DuplicateColumn(String),
    /// The columns say in two ways who won.
    #[error("the columns say in two ways who won: {0} and {1}; remove one")]
    TwoVerdicts(&'static str, &'static str),
    /// Something that was asked for is not in the file.
    #[error("{0}")]
    Lacking(&'static str),
    /// A row cannot be read.
    #[error("{place}: {reason}")]
    Row {
        /// Where it stands.
        place: Place,
        /// What is wrong with it.
        reason: String,
    },
    /// More names than a table of pairs can hold.
    #[error("more than {0} different models; is the column of models a column of texts?")]
    TooManyModels(usize),
    /// The counts do not fit.
    #[error("the votes could not be counted")]
    Counting(#[from] RankingError),
}

/// Where a row stands, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A line of a text file, its header included.
    Line(u64),
    /// A row of a Parquet file, which has no lines.
    Row(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Line(line) => write!(f, "line {line}"),
            Place::Row(row) => write!(f, "row {row}"),
        }
    }
}
