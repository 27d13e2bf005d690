//! Removing erased texts from the files of the database.
//!
//! An update leaves the old row in its table's file until the table is rewritten, and in the write-ahead log until
//! its segments are removed. Pages no longer show an erased text at once; scrubbing makes that true of the disk.

use sqlx::PgConnection;

use super::queries;

/// Rewrites the tables with texts and ends the segments of the write-ahead log. Says whether the log was ended: the
/// owner of the tables may not always do that, and its operator has to.
///
/// **Input** a connection of the tables' owner. Tables are locked one after another, for about a second a gigabyte.
pub async fn scrub(owner: &mut PgConnection) -> sqlx::Result<bool> {
    queries::rewrite_tables(owner).await?;
    let ended = match queries::end_segments(owner).await {
        Ok(()) => true,
        Err(sqlx::Error::Database(refusal)) if refusal.code().as_deref() == Some("42501") => false,
        Err(error) => return Err(error),
    };
    queries::note_scrubbed(owner).await?;
    Ok(ended)
}
