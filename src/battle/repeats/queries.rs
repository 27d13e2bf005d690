//! SQL of questions that were asked before.

use arena_core::ids::BattleId;
use sqlx::PgConnection;

/// The key of a month; made when it is first asked for.
pub(super) async fn find_or_make_key(db: &mut PgConnection, month: &str) -> sqlx::Result<Vec<u8>> {
    // Two at once make one key: the second insert waits, does nothing, and the row is read again.
    loop {
        let found = sqlx::query_scalar!("select key from question_keys where month = $1", month)
            .fetch_optional(&mut *db)
            .await?;
        if let Some(key) = found {
            return Ok(key);
        }
        let key: [u8; 64] = rand::random();
        sqlx::query!(
            "insert into question_keys (month, key) values ($1, $2) on conflict (month) do nothing",
            month,
            &key
        )
        .execute(&mut *db)
        .await?;
    }
}

/// Waits until no other transaction notes this question.
pub(super) async fn wait_for(db: &mut PgConnection, question: i64) -> sqlx::Result<()> {
    sqlx::query!("select pg_advisory_xact_lock($1)", question).execute(db).await?;
    Ok(())
}

/// Notes the question of a battle; gives the votes on it that count, or would if they were not excluded.
pub(super) async fn set_hash(
    db: &mut PgConnection,
    battle: BattleId,
    hash: &[u8],
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"with noted as (update battles set question_hash = $2 where battle_id = $1)
           select count(*) as "count!" from battles b join votes using (battle_id)
           where b.question_hash = $2 and not repeated and not leaked"#,
        battle.0,
        hash
    )
    .fetch_one(db)
    .await
}

/// Drops the keys of months that are over.
pub async fn drop_old_keys(db: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from question_keys where month < to_char(now() at time zone 'UTC', 'YYYY-MM')"
    )
    .execute(db)
    .await?;
    Ok(())
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
