//! SQL that erases texts.

use arena_core::ids::VoterId;
use sqlx::PgConnection;

pub(super) async fn drop_running(db: &mut PgConnection, voter: VoterId) -> sqlx::Result<()> {
    sqlx::query!(
        "update answers set outcome = 'dropped', ended_at = now()
         from battles where battles.battle_id = answers.battle_id and voter_id = $1
             and outcome = 'running'",
        voter.0
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn close_open(db: &mut PgConnection, voter: VoterId) -> sqlx::Result<()> {
    sqlx::query!(
        "update battles set state = 'void', void_reason = 'abandoned', closed_at = now()
         where voter_id = $1 and state in ('running', 'complete', 'failed')",
        voter.0
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("update battles set network = null where voter_id = $1", voter.0)
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn erase_answers(db: &mut PgConnection, voter: VoterId) -> sqlx::Result<()> {
    sqlx::query!(
        "update answers set body = case when body is null then null else '(erased)' end,
             reasoning = null, prompt_sha256 = null
         from battles where battles.battle_id = answers.battle_id and voter_id = $1",
        voter.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Says how many there were.
pub(super) async fn erase_questions(db: &mut PgConnection, voter: VoterId) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "update turns set prompt = '(erased)'
         from battles where battles.battle_id = turns.battle_id and voter_id = $1",
        voter.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
