//! SQL of questions that were asked before.

use arena_core::ids::BattleId;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// The key of the month of the log's time, which is `now` or later; made when it is first asked for.
pub(super) async fn find_or_make_key(
    db: &mut PgConnection,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<u8>> {
    // Two at once make one key: the second insert waits, does nothing, and the row is read again.
    loop {
        let row = sqlx::query!(
            r#"select key as "key?", log.month as "month!"
               from (select to_char(greatest($1, to_timestamp(last_time)) at time zone 'UTC', 'YYYY-MM') as month
                     from log_state) as log
               left join question_keys using (month)"#,
            now
        )
        .fetch_one(&mut *db)
        .await?;
        if let Some(key) = row.key {
            return Ok(key);
        }
        let key: [u8; 64] = rand::random();
        sqlx::query!(
            "insert into question_keys (month, key) values ($1, $2) on conflict (month) do nothing",
            row.month,
            &key
        )
        .execute(&mut *db)
        .await?;
    }
}

/// Adds the hash of a question to those of its battle.
pub(super) async fn add_hash(
    db: &mut PgConnection,
    battle: BattleId,
    hash: &[u8],
) -> sqlx::Result<()> {
    sqlx::query!(
        "update battles set question_hashes = array_append(coalesce(question_hashes, '{}'), $2::bytea)
         where battle_id = $1",
        battle.0,
        hash
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Marks a complete battle as voted on and says whether an answer named an author; none in another state. For `vote`.
/// Votes on one question wait here for each other, so that each can count those before it.
///
/// **Input** also how many turns the voter's choice is about: one more, and the battle is not closed.
pub(crate) async fn close_voted(
    db: &mut PgConnection,
    id: BattleId,
    turns: i64,
) -> sqlx::Result<Option<bool>> {
    let row = sqlx::query!(
        "update battles set state = 'voted', closed_at = now()
         where battle_id = $1 and state = 'complete'
           and (select count(*) from turns where turns.battle_id = $1) = $2
         returning leaked,
             (select count(pg_advisory_xact_lock(place)) from
                 (select distinct ('x' || encode(hash, 'hex'))::bit(64)::bigint as place
                  from unnest(question_hashes) as hash order by place) as places) as waited",
        id.0,
        turns
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| row.leaked))
}

/// Drops the keys of months that are over, and what was counted with them; says whether there were any.
pub async fn drop_old_keys(db: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query!(
        "delete from question_counts where month < to_char(now() at time zone 'UTC', 'YYYY-MM')"
    )
    .execute(&mut *db)
    .await?;
    let dropped = sqlx::query!(
        "delete from question_keys where month < to_char(now() at time zone 'UTC', 'YYYY-MM')"
    )
    .execute(db)
    .await?;
    Ok(dropped.rows_affected() > 0)
}

/// How many votes are counted apart because their question had been asked before.
pub async fn count_repeated(db: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from votes join battles using (battle_id)
           where repeated and not leaked"#
    )
    .fetch_one(db)
    .await
}
