//! Removing erased texts from the files of the database.
//!
//! An update leaves the old row in its table's file until the table is rewritten, and in the write-ahead log until
//! its segments are removed. Pages no longer show an erased text at once; scrubbing makes that true of the disk.

use sqlx::PgConnection;

use super::queries;

/// What a scrub came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scrubbed {
    /// What had been erased is in no file of the database.
    Gone,
    /// It is gone from the tables. The write-ahead log is not for the owner of the tables to end: its operator has to.
    GoneFromTables,
    /// Somebody reads a table for long, a backup for example, or another process scrubs: to be tried again.
    Busy,
}

/// Rewrites the tables with texts and ends the segments of the write-ahead log.
///
/// **Input** a connection of the tables' owner, which is closed afterwards. Tables are locked one after another, for about a
/// second a gigabyte; each needs as much room again meanwhile.
pub async fn scrub(owner: &mut PgConnection) -> sqlx::Result<Scrubbed> {
    if !queries::try_scrubbing(owner).await? {
        return Ok(Scrubbed::Busy);
    }
    let begun = queries::begin_scrubbing(owner).await?;
    match queries::rewrite_tables(owner).await {
        Ok(()) => {}
        Err(error) if has_code(&error, LOCK_NOT_AVAILABLE) => return Ok(Scrubbed::Busy),
        Err(error) => return Err(error),
    }
    if queries::has_older_readers(owner, begun).await? {
        return Ok(Scrubbed::Busy);
    }
    let ended = match queries::end_segments(owner).await {
        Ok(()) => Scrubbed::Gone,
        Err(error) if has_code(&error, INSUFFICIENT_PRIVILEGE) => Scrubbed::GoneFromTables,
        Err(error) => return Err(error),
    };
    queries::note_scrubbed(owner, begun).await?;
    Ok(ended)
}

const LOCK_NOT_AVAILABLE: &str = "55P03";
const INSUFFICIENT_PRIVILEGE: &str = "42501";

fn has_code(error: &sqlx::Error, code: &str) -> bool {
    matches!(error, sqlx::Error::Database(refusal) if refusal.code().as_deref() == Some(code))
}
