//! Why the journal was not read or written.

use std::path::PathBuf;

use arena_core::journal::leaf::LeafError;
use arena_core::journal::note::NoteError;

/// Why the journal was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The database is older than what was signed.
    #[error("{0}")]
    RolledBack(String),
    /// The log belongs to another key.
    #[error(
        "the log {0} in the database is signed with another key; put that arena's log.key into the data folder"
    )]
    OtherKey(String),
    /// A log was to begin where there is one already.
    #[error("{0} has a log already; name an empty folder with --data")]
    NotEmpty(PathBuf),
    /// A log was to follow one that is not there.
    #[error(
        "{0} has no log.key, or an anchor.log without a checkpoint: no log is there that could be followed"
    )]
    NothingBefore(PathBuf),
    /// The state does not fit the leaves.
    #[error("the log in the database is damaged at leaf {0}")]
    Damaged(u64),
    /// A leaf was to be added before the first one.
    #[error("the log has no first leaf yet; start the arena once")]
    Unfounded,
    /// What was to be recorded is no leaf.
    #[error("this cannot be recorded")]
    Leaf(#[from] LeafError),
    /// A signature or key is not good.
    #[error("the log's key or a checkpoint cannot be used")]
    Note(#[from] NoteError),
    /// A file beside the database fails.
    #[error("{path} cannot be read or written")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The operating system gives no random bytes.
    #[error("no random bytes from the operating system")]
    Randomness,
    /// The database failed.
    #[error("the log could not be read or written")]
    Store(#[from] sqlx::Error),
}
