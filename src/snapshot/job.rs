//! Taking a snapshot a day, if there was a vote or a decision since the last one.

use std::time::Duration;

use sqlx::PgPool;
use time::OffsetDateTime;

use super::{Reader, SnapshotError, queries, take};
use crate::journal::Journal;
use crate::vote;

/// How often it is looked whether one is due.
const EVERY: Duration = Duration::from_secs(600);
/// Shortest time between two snapshots that nobody asked for.
const AGE: time::Duration = time::Duration::hours(24);

/// Takes a snapshot a day until the task is dropped.
pub async fn keep_taking(db: PgPool, journal: Journal, reader: Reader) {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        match take_if_due(&db, &journal, &reader, OffsetDateTime::now_utc()).await {
            Ok(digests) if digests.is_empty() => {}
            Ok(digests) => tracing::info!("snapshots were taken: {}", digests.join(" ")),
            Err(error) => tracing::warn!("no snapshot was taken: {error}"),
        }
    }
}

/// Takes one if the last is older than a day and something that moves a board has come since.
pub async fn take_if_due(
    db: &PgPool,
    journal: &Journal,
    reader: &Reader,
    now: OffsetDateTime,
) -> Result<Vec<String>, SnapshotError> {
    let mut connection = db.acquire().await?;
    let (last, size) = match queries::find_last(&mut connection).await? {
        Some((taken_at, size)) => (Some(taken_at), size),
        None => (None, 0),
    };
    // One of the future was taken while the clock was ahead.
    if last.is_some_and(|last| (now - last).abs() < AGE)
        || !vote::exclusion::queries::any_since(&mut connection, size).await?
    {
        return Ok(Vec::new());
    }
    drop(connection);
    take(db, journal, reader).await
}
