//! Housekeeping of battles: what nobody decides on is voided, what a restart cut off may be retried.

use std::time::Duration;

use sqlx::PgPool;

use super::queries;
use crate::kit::session;

/// How often abandoned battles are looked for.
const EVERY: Duration = Duration::from_secs(300);

/// Lets the voters of answers that a restart cut off retry them; run once, before serving.
pub async fn settle_interrupted(db: &PgPool) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    let count = queries::fail_interrupted(&mut tx).await?;
    tx.commit().await?;
    if count > 0 {
        tracing::info!(battles = count, "battles that the last stop cut off can be retried");
    }
    Ok(())
}

/// Voids battles that nobody decided on within 24 hours; safe to run at any time, any number of times.
pub async fn void_abandoned(db: &PgPool) -> sqlx::Result<u64> {
    queries::void_abandoned(&mut *db.acquire().await?).await
}

/// Runs [`void_abandoned`] until the task is dropped.
pub async fn sweep(db: PgPool) {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        match void_abandoned(&db).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(battles = count, "voided battles without a vote"),
            Err(error) => tracing::warn!("abandoned battles could not be voided: {error}"),
        }
        if let Err(error) = session::forget_expired(&db).await {
            tracing::warn!("expired sessions could not be forgotten: {error}");
        }
    }
}
