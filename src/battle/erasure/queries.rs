//! SQL that erases texts.

use arena_core::ids::{BattleId, VoterId};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

fn ids(battles: &[BattleId]) -> Vec<Uuid> {
    battles.iter().map(|battle| battle.0).collect()
}

/// All battles of a voter.
pub async fn list_of_voter(db: &mut PgConnection, voter: VoterId) -> sqlx::Result<Vec<BattleId>> {
    let rows = sqlx::query_scalar!(
        "select battle_id from battles where voter_id = $1 order by battle_id",
        voter.0
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(BattleId).collect())
}

/// The battle that an assign leaf is of.
pub async fn find_by_leaf(db: &mut PgConnection, leaf: i64) -> sqlx::Result<Option<BattleId>> {
    let row =
        sqlx::query_scalar!("select battle_id from commitments where assign_index = $1", leaf)
            .fetch_optional(db)
            .await?;
    Ok(row.map(BattleId))
}

pub(super) async fn drop_running(db: &mut PgConnection, battles: &[BattleId]) -> sqlx::Result<()> {
    sqlx::query!(
        "update answers set outcome = 'dropped', ended_at = now()
         where battle_id = any($1) and outcome = 'running'",
        &ids(battles)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends open battles without a vote; says which.
pub(super) async fn close_open(
    db: &mut PgConnection,
    battles: &[BattleId],
) -> sqlx::Result<Vec<BattleId>> {
    let rows = sqlx::query_scalar!(
        "update battles set state = 'void', void_reason = 'abandoned', closed_at = now()
         where battle_id = any($1) and state in ('running', 'complete', 'failed')
         returning battle_id",
        &ids(battles)
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(BattleId).collect())
}

pub(super) async fn forget_networks(db: &mut PgConnection, voter: VoterId) -> sqlx::Result<()> {
    sqlx::query!("update battles set network = null where voter_id = $1", voter.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Assign leaves of the battles whose texts can still be confirmed, in order.
pub(super) async fn list_with_salts(
    db: &mut PgConnection,
    battles: &[BattleId],
) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!(
        "select assign_index from commitments
         where battle_id = any($1)
           and exists (select from salts where salts.battle_id = commitments.battle_id)
         order by assign_index",
        &ids(battles)
    )
    .fetch_all(db)
    .await
}

pub(super) async fn erase_answers(db: &mut PgConnection, battles: &[BattleId]) -> sqlx::Result<()> {
    sqlx::query!(
        "update answers set body = case when body is null then null else '(erased)' end,
             reasoning = null, prompt_sha256 = null
         where battle_id = any($1)",
        &ids(battles)
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn erase_questions(
    db: &mut PgConnection,
    battles: &[BattleId],
) -> sqlx::Result<()> {
    sqlx::query!("update turns set prompt = '(erased)' where battle_id = any($1)", &ids(battles))
        .execute(&mut *db)
        .await?;
    sqlx::query!(
        "update battles set question_hashes = null where battle_id = any($1)",
        &ids(battles)
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn delete_salts(db: &mut PgConnection, battles: &[BattleId]) -> sqlx::Result<()> {
    sqlx::query!("delete from salts where battle_id = any($1)", &ids(battles)).execute(db).await?;
    Ok(())
}

/// Nothing ties the votes to the voter any more.
pub(super) async fn delete_pseudonyms(db: &mut PgConnection, voter: VoterId) -> sqlx::Result<()> {
    sqlx::query!("delete from pseudonyms where voter_id = $1", voter.0).execute(db).await?;
    Ok(())
}

/// Notes that erased texts still lie in files of the database.
pub(in crate::battle) async fn note_pending(db: &mut PgConnection) -> sqlx::Result<()> {
    // The clock and not the start of the transaction: a scrub that began meanwhile has not seen what is erased here.
    sqlx::query!(
        "update scrubbing set pending_since = coalesce(pending_since, now()),
             erased_at = clock_timestamp()"
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether erased texts still lie in files of the database.
pub async fn is_pending(db: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select pending_since is not null as "pending!" from scrubbing"#)
        .fetch_one(db)
        .await
}

/// Whether they have lain there for a day, or for an hour and no answer is being written.
pub(super) async fn is_due(db: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select coalesce(pending_since < now() - interval '1 day'
               or pending_since < now() - interval '1 hour'
                  and not exists (select from battles where state = 'running'), false) as "due!"
           from scrubbing"#
    )
    .fetch_one(db)
    .await
}

/// Whether this connection, while it lasts, is the one that scrubs.
pub(super) async fn try_scrubbing(db: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select pg_try_advisory_lock(7214309945263) as "mine!""#)
        .fetch_one(db)
        .await
}

/// Notes that what was erased before a moment is in no file any more; what was erased since is for the next scrub.
pub(super) async fn note_scrubbed(
    db: &mut PgConnection,
    begun: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update scrubbing set scrubbed_at = now(),
             pending_since = case when erased_at >= $1 then erased_at end",
        begun
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The time by the database's clock; and from now on, a table that somebody reads for long is not waited for.
pub(super) async fn begin_scrubbing(db: &mut PgConnection) -> sqlx::Result<OffsetDateTime> {
    sqlx::query!("set lock_timeout = '3s'").execute(&mut *db).await?;
    sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(db).await
}

/// Whether a transaction is open that began before a moment: what was erased since may have to be kept for it.
pub(super) async fn has_older_readers(
    db: &mut PgConnection,
    moment: OffsetDateTime,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from pg_stat_activity
               where datname = current_database() and xact_start < $1 and pid <> pg_backend_pid()) as "any!""#,
        moment
    )
    .fetch_one(db)
    .await
}

/// Rewrites the tables that have texts; what was in them before is in no file any more.
pub(super) async fn rewrite_tables(db: &mut PgConnection) -> sqlx::Result<()> {
    // No statement of this kind may share a transaction with another one.
    sqlx::query!("vacuum (full) turns").execute(&mut *db).await?;
    sqlx::query!("vacuum (full) answers").execute(&mut *db).await?;
    sqlx::query!("vacuum (full) salts").execute(&mut *db).await?;
    sqlx::query!("vacuum (full) pseudonyms").execute(&mut *db).await?;
    // Hashes of questions, and the keys that they were made with.
    sqlx::query!("vacuum (full) battles").execute(&mut *db).await?;
    sqlx::query!("vacuum (full) question_keys").execute(&mut *db).await?;
    sqlx::query!("vacuum (full) question_counts").execute(&mut *db).await?;
    // Names and password hashes of accounts that were removed.
    sqlx::query!("vacuum (full) accounts").execute(&mut *db).await?;
    sqlx::query!("vacuum (full) sessions").execute(&mut *db).await?;
    sqlx::query!("vacuum (full) voters").execute(db).await?;
    Ok(())
}

/// Ends the write-ahead log's segments that have the texts; with wal_recycle off they are removed.
pub(super) async fn end_segments(db: &mut PgConnection) -> sqlx::Result<()> {
    for _ in 0..2 {
        sqlx::query!("select pg_switch_wal()::text as place").fetch_one(&mut *db).await?;
        sqlx::query!("checkpoint").execute(&mut *db).await?;
    }
    Ok(())
}
