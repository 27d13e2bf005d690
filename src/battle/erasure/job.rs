//! Scrubbing without being asked: what was erased is gone from the disk within a day.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection, PgPool};

use super::{queries, scrub};

/// How often it is looked whether something was erased.
const EVERY: Duration = Duration::from_secs(600);

/// Scrubs now, if it is due: an hour after the first erasure when no answer is being written, a day after it in any case.
/// Says whether it did.
///
/// **Input** the serving pool, and how the owner of the tables connects. One process at a time does it.
pub async fn scrub_if_due(db: &PgPool, owner: &PgConnectOptions) -> sqlx::Result<bool> {
    if !queries::is_due(&mut *db.acquire().await?).await? {
        return Ok(false);
    }
    let mut owner = PgConnection::connect_with(owner).await?;
    if !queries::try_scrubbing(&mut owner).await? {
        return Ok(false);
    }
    if !scrub::scrub(&mut owner).await? {
        tracing::warn!(
            "erased texts are gone from the tables; the write-ahead log of this Postgres is its operator's to end"
        );
    }
    owner.close().await?;
    Ok(true)
}

/// Runs [`scrub_if_due`] until the task is dropped.
pub async fn keep_scrubbed(db: PgPool, owner: PgConnectOptions) {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        match scrub_if_due(&db, &owner).await {
            Ok(true) => tracing::info!("erased texts are in no file of the database any more"),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!("erased texts still lie in files of the database: {error}")
            }
        }
    }
}
