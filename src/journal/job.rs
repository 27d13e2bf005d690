//! Signing the log as it grows, and showing the keys of days that are over.

use std::time::Duration;

use arena_core::journal::leaf::{EpochReveal, Leaf};
use sqlx::PgPool;
use time::OffsetDateTime;

use super::{Journal, JournalError, index, queries, time_of_log};

/// Shortest time between two checkpoints; a vote is under one after at most this and a moment.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);
/// How often days that are over are looked for.
const REVEAL_EVERY: Duration = Duration::from_secs(30);
/// A day's key is shown so long after the day: battles end after 24 hours, one more is for the sweeper.
const REVEAL_AFTER: time::Duration = time::Duration::hours(25);

/// Signs until the task is dropped: at once where asked for, else every ten seconds if the log has grown.
pub async fn keep_signing(journal: Journal, db: PgPool) {
    let mut told = false;
    loop {
        match journal.sign(&db).await {
            Ok(_) => told = false,
            Err(JournalError::RolledBack(_)) => {}
            Err(error) => {
                if !std::mem::replace(&mut told, true) {
                    tracing::warn!("the log could not be signed: {error}");
                }
            }
        }
        let _ = tokio::time::timeout(CHECKPOINT_EVERY, journal.0.due.notified()).await;
    }
}

/// Shows the keys of days that are over, until the task is dropped.
pub async fn keep_revealing(journal: Journal, db: PgPool) {
    let mut ticks = tokio::time::interval(REVEAL_EVERY);
    loop {
        ticks.tick().await;
        if let Err(error) = reveal_epochs(&journal, &db, OffsetDateTime::now_utc()).await {
            tracing::warn!("the key of a day could not be shown: {error}");
        }
    }
}

/// Shows the keys of days that ended 25 hours before `now`, or before the time of the log if that is later, once all
/// their battles are closed; says how many.
pub async fn reveal_epochs(
    journal: &Journal,
    db: &PgPool,
    now: OffsetDateTime,
) -> Result<usize, JournalError> {
    let mut tx = db.begin().await?;
    let now = now.max(time_of_log(&mut tx).await?);
    // The day that contains this moment is the first that must not be shown.
    let before = (now - REVEAL_AFTER).date().to_string();
    if queries::list_due_epochs(&mut tx, &before).await?.is_empty() {
        return Ok(0);
    }
    let mut writer = journal.lock(&mut tx).await?;
    // Again, under the lock: another process may have been faster.
    let due = queries::list_due_epochs(&mut tx, &before).await?;
    for (epoch, key) in &due {
        let reveal = EpochReveal { e: epoch.clone(), key: hex::encode(key), t: 0 };
        let entry = writer.add(Leaf::EpochReveal(reveal))?;
        queries::reveal_epoch(&mut tx, epoch, index(entry.index)?).await?;
    }
    writer.write(&mut tx).await?;
    tx.commit().await?;
    Ok(due.len())
}
