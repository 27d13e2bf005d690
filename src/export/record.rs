//! The whole record of an arena as a folder: read from the database, written by [`super::log::Folder`].

use std::path::Path;

use sqlx::PgPool;

use super::log::Folder;
use crate::journal::{Journal, JournalError, queries};
use crate::pool::rules;
use crate::snapshot;

/// Leaves that are read at once.
const PAGE: i64 = 10_000;

/// Why the record was not written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Not signed, or not to be signed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The folder cannot be written.
    #[error("the folder cannot be written")]
    Folder(#[from] std::io::Error),
    /// The database failed.
    #[error("the record could not be read")]
    Store(#[from] sqlx::Error),
}

/// Writes all leaves up to a checkpoint of now, with policies and snapshots. Says how many leaves.
///
/// Texts are not among them: no voter was asked whether theirs may be published.
pub async fn write(db: &PgPool, journal: &Journal, folder: &Path) -> Result<u64, RecordError> {
    journal.sign(db).await?;
    let mut connection = db.acquire().await?;
    let checkpoint = queries::find_checkpoint(&mut connection).await?;
    let (size, note, _) = checkpoint.ok_or(JournalError::Unfounded)?;
    let mut out = Folder::create(folder)?;
    let mut from = 0;
    while from < size {
        let to = size.min(from + PAGE);
        for body in queries::list_bodies(&mut connection, from, to).await? {
            out.leaf(&body)?;
        }
        from = to;
    }
    for (_, body) in rules::queries::list_policies(&mut connection).await? {
        out.policy(body.as_bytes())?;
    }
    for stored in snapshot::queries::list(&mut connection).await? {
        out.board(stored.body.as_bytes(), stored.settings.as_bytes())?;
    }
    Ok(out.finish(&note, &journal.verifier().to_string())?)
}
