//! SQL of the housekeeping of battles.

use arena_core::ids::BattleId;
use sqlx::PgConnection;

/// Voids what nobody decided on for a day, by the clock or by the time of the log; says which, those apart whose pair could
/// not be completed.
///
/// The two differ after a clock was ahead for a while: the log's time does not go back, and whoever checks the log
/// has no other.
pub(super) async fn void_abandoned(
    db: &mut PgConnection,
) -> sqlx::Result<(Vec<BattleId>, Vec<BattleId>)> {
    let rows = sqlx::query!(
        r#"with due as (
             select battle_id, state = 'failed' as failed from battles
             where state in ('running', 'complete', 'failed')
               and (opened_at < now() - interval '24 hours' or battle_id in (
                 select battle_id from commitments join log_leaves on leaf_index = assign_index
                 where closed_index is null
                   and (convert_from(body, 'UTF8')::jsonb ->> 't')::bigint
                       < (select last_time from log_state) - 86400))
             for update
           )
           update battles set state = 'void', void_reason = 'abandoned', closed_at = now()
           from due where battles.battle_id = due.battle_id
           returning battles.battle_id, failed as "failed!""#
    )
    .fetch_all(db)
    .await?;
    let (mut left, mut failed) = (Vec::new(), Vec::new());
    for row in rows {
        if row.failed { &mut failed } else { &mut left }.push(BattleId(row.battle_id));
    }
    Ok((left, failed))
}

/// Nobody writes the answers of a process that is gone: their voters may retry.
///
/// A process holds the advisory lock of its number while it lives; whoever gets it knows that it is gone. Our own
/// is free for a moment after Postgres has been restarted, and we are not gone.
pub(super) async fn fail_interrupted(db: &mut PgConnection, own: i64) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "with running as materialized (
             select distinct host from battles
             where state = 'running' and host is distinct from $1
         ), gone as materialized (
             select host from running where host is null or pg_try_advisory_xact_lock(host)
         ), failed as (
             update battles set state = 'failed' from gone
             where state = 'running' and battles.host is not distinct from gone.host
             returning battle_id
         )
         update answers set outcome = 'dropped', ended_at = now() from failed
         where answers.battle_id = failed.battle_id and outcome = 'running'",
        own
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Battles whose answers a process is said to write.
pub(super) async fn list_running(db: &mut PgConnection, host: i64) -> sqlx::Result<Vec<BattleId>> {
    let rows = sqlx::query_scalar!(
        "select battle_id from battles where state = 'running' and host = $1",
        host
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(BattleId).collect())
}

/// Ends battles that a process is said to write and does not: their voters may retry.
pub(super) async fn fail_lost(
    db: &mut PgConnection,
    host: i64,
    battles: &[BattleId],
) -> sqlx::Result<u64> {
    let battles: Vec<uuid::Uuid> = battles.iter().map(|battle| battle.0).collect();
    let done = sqlx::query!(
        "with failed as (
             update battles set state = 'failed'
             where battle_id = any($2) and state = 'running' and host = $1
             returning battle_id
         )
         update answers set outcome = 'dropped', ended_at = now() from failed
         where answers.battle_id = failed.battle_id and outcome = 'running'",
        host,
        &battles
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Takes the advisory lock of a process, for as long as the connection lasts.
pub(super) async fn hold_host(db: &mut PgConnection, host: i64) -> sqlx::Result<()> {
    sqlx::query!("select pg_advisory_lock($1)", host).execute(db).await?;
    Ok(())
}

/// A question to a connection that only has to live.
pub(super) async fn is_alive(db: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query_scalar!("select 1 as one").fetch_one(db).await?;
    Ok(())
}
