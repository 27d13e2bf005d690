//! Scrubbing without being asked: what was erased is gone from the disk within a day.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection, PgPool};

use super::queries;
use super::scrub::{self, Scrubbed};

/// How often it is looked whether something was erased.
const EVERY: Duration = Duration::from_secs(600);
/// Before it is tried again after a failure, which a full disk may be: each attempt needs room.
const AFTER_FAILURE: Duration = Duration::from_secs(4 * 3600);

/// Scrubs now, if it is due: an hour after the first erasure when no answer is being written, a day after it in any case.
/// Says what came of it; none if nothing was due.
///
/// **Input** the serving pool, and how the owner of the tables connects. One process at a time does it.
pub async fn scrub_if_due(db: &PgPool, owner: &PgConnectOptions) -> sqlx::Result<Option<Scrubbed>> {
    if !queries::is_due(&mut *db.acquire().await?).await? {
        return Ok(None);
    }
    let mut owner = PgConnection::connect_with(owner).await?;
    let done = scrub::scrub(&mut owner).await?;
    owner.close().await?;
    Ok(Some(done))
}

/// Runs [`scrub_if_due`] until the task is dropped.
pub async fn keep_scrubbed(db: PgPool, owner: PgConnectOptions) {
    loop {
        tokio::time::sleep(EVERY).await;
        match scrub_if_due(&db, &owner).await {
            Ok(None | Some(Scrubbed::Busy)) => {}
            Ok(Some(Scrubbed::Gone)) => {
                tracing::info!("erased texts are in no file of the database any more");
            }
            Ok(Some(Scrubbed::GoneFromTables)) => tracing::warn!(
                "erased texts are in no table any more; the write-ahead log of this Postgres is its operator's to end"
            ),
            Err(error) => {
                tracing::error!("erased texts still lie in files of the database: {error}");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
}
