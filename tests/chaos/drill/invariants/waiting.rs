//! I10: whatever is being written comes to an end.

use std::time::{Duration, Instant};

use anyhow::Result;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use super::Wrongs;

/// Battles whose voters have gone end after 65 seconds; those of processes that are gone, and those that nobody
/// writes, when the sweeper comes, every 30 seconds.
const PATIENCE: Duration = Duration::from_secs(110);
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A few connections of our own.
pub(super) fn pool(url: &str) -> Result<PgPool> {
    Ok(PgPoolOptions::new()
        .max_connections(2)
        .acquire_timeout(Duration::from_secs(20))
        .connect_lazy(url)?)
}

/// Waits until no battle is being written; those that still are then are stuck.
pub(super) async fn until_none_is_stuck(url: &str, wrongs: &mut Wrongs) -> Result<()> {
    let (db, since) = (pool(url)?, Instant::now());
    loop {
        let running: Vec<(String, f64)> = sqlx::query_as(
            "select battle_id::text, extract(epoch from now() - opened_at)::float8 from battles
             where state = 'running'",
        )
        .fetch_all(&db)
        .await?;
        if running.is_empty() {
            break;
        }
        if since.elapsed() > PATIENCE {
            for (battle, seconds) in running {
                wrongs.add(10, format!("battle {battle} is running, opened {seconds:.0} s ago"));
            }
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    db.close().await;
    Ok(())
}
