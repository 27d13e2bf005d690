//! Housekeeping of battles: what nobody decides on is voided, what a process left behind may be retried.

mod queries;

use std::time::Duration;

use arena_core::journal::leaf::Why;
use rand::TryRng as _;
use rand::rngs::SysRng;
use sqlx::{Connection as _, PgConnection, PgPool};

use super::{BattleError, Ring, commitments};
use crate::journal::Journal;
use crate::kit::session;

/// How often abandoned battles, and those of processes that are gone, are looked for.
const EVERY: Duration = Duration::from_secs(30);
/// A battle is in the hub so soon after its commit.
const IN_HUB_WITHIN: Duration = Duration::from_secs(2);
/// How often the connection that stands for this process is looked after.
const ALIVE_EVERY: Duration = Duration::from_secs(2);

/// A number for this process.
pub fn new_host() -> Result<i64, BattleError> {
    let number = SysRng.try_next_u64().map_err(|_| BattleError::Randomness)?;
    // Half of all numbers suffice, and none is negative.
    Ok((number >> 1).cast_signed())
}

/// Holds the advisory lock of this process on a connection of its own; a lost connection is made again.
///
/// The first connection is there when this returns; the task that keeps it is to be awaited.
pub async fn hold_host(
    db: &PgPool,
    host: i64,
) -> sqlx::Result<impl Future<Output = ()> + Send + use<>> {
    let options = db.connect_options();
    let connect = move || {
        let options = options.clone();
        async move {
            let mut connection = PgConnection::connect_with(&options).await?;
            queries::hold_host(&mut connection, host).await?;
            Ok::<_, sqlx::Error>(connection)
        }
    };
    let mut connection = Some(connect().await?);
    Ok(async move {
        loop {
            tokio::time::sleep(ALIVE_EVERY).await;
            connection = match connection.take() {
                Some(mut open) => queries::is_alive(&mut open).await.is_ok().then_some(open),
                None => connect().await.ok(),
            };
        }
    })
}

/// Lets the voters of answers that another process left behind retry them; run before serving, and from time to
/// time. `own` is the number of this process.
pub async fn settle_interrupted(db: &PgPool, own: i64) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    let count = queries::fail_interrupted(&mut tx, own).await?;
    tx.commit().await?;
    if count > 0 {
        tracing::info!(answers = count, "battles that were cut off can be retried");
    }
    Ok(())
}

/// Lets the voters of answers retry that this process is said to write and does not: when the connection breaks
/// during a commit, what was committed is in the database, and nobody has begun to write. Says how many.
pub async fn settle_lost(ring: &Ring) -> sqlx::Result<u64> {
    let running = queries::list_running(&mut *ring.db.acquire().await?, ring.host).await?;
    let missing = |battles: Vec<_>| -> Vec<_> {
        battles.into_iter().filter(|battle| ring.hub.find(*battle).is_none()).collect()
    };
    let lost = missing(running);
    if lost.is_empty() {
        return Ok(0);
    }
    // One that was committed right now is about to be begun.
    tokio::time::sleep(IN_HUB_WITHIN).await;
    let lost = missing(lost);
    let mut tx = ring.db.begin().await?;
    let count = queries::fail_lost(&mut tx, ring.host, &lost).await?;
    tx.commit().await?;
    if count > 0 {
        tracing::info!(answers = count, "battles that were opened and not begun can be retried");
    }
    Ok(count)
}

/// Voids battles that nobody decided on within 24 hours, each with a leaf in the journal; safe to run at any
/// time, any number of times.
pub async fn void_abandoned(db: &PgPool, journal: &Journal) -> Result<usize, BattleError> {
    let mut tx = db.begin().await?;
    let (left, failed) = queries::void_abandoned(&mut tx).await?;
    commitments::void(&mut tx, journal, &left, Why::Abandoned).await?;
    commitments::void(&mut tx, journal, &failed, Why::Error).await?;
    tx.commit().await?;
    Ok(left.len() + failed.len())
}

async fn forget_questions(db: &PgPool) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    if super::repeats::queries::drop_old_keys(&mut tx).await? {
        super::erasure::queries::note_pending(&mut tx).await?;
    }
    tx.commit().await
}

/// Runs [`void_abandoned`], [`settle_interrupted`] and [`settle_lost`] until the task is dropped.
pub async fn sweep(ring: Ring) {
    let Ring { db, journal, host, .. } = &ring;
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        match void_abandoned(db, journal).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(battles = count, "voided battles without a vote"),
            Err(error) => tracing::warn!("abandoned battles could not be voided: {error}"),
        }
        if let Err(error) = settle_interrupted(db, *host).await {
            tracing::warn!("battles that were cut off could not be settled: {error}");
        }
        if let Err(error) = settle_lost(&ring).await {
            tracing::warn!("battles that were not begun could not be settled: {error}");
        }
        if let Err(error) = forget_questions(db).await {
            tracing::warn!("old keys of questions could not be dropped: {error}");
        }
        if let Err(error) = session::forget_expired(db).await {
            tracing::warn!("expired sessions could not be forgotten: {error}");
        }
    }
}
