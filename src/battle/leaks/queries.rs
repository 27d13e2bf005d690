//! SQL of leaks and their counts.

use arena_core::ids::{BattleId, ModelId, Sides};
use sqlx::PgConnection;

use super::Sign;
use crate::battle::queries::Place;

/// Who answers where.
pub(in crate::battle) async fn find_authors(
    db: &mut PgConnection,
    battle: BattleId,
) -> sqlx::Result<Sides<ModelId>> {
    let row = sqlx::query!(
        "select left_model_id, right_model_id from battles where battle_id = $1",
        battle.0
    )
    .fetch_one(db)
    .await?;
    Ok(Sides { left: ModelId(row.left_model_id), right: ModelId(row.right_model_id) })
}

/// Writes down in which ways an answer names an author, and marks its battle, unless that has its vote: whether a
/// vote counts is decided with it.
pub(in crate::battle) async fn insert(
    db: &mut PgConnection,
    place: Place,
    sign: Sign,
) -> sqlx::Result<()> {
    sqlx::query!(
        "with marked as (
             update battles set leaked = true
             where battle_id = $1 and not leaked and state <> 'voted'
         )
         insert into leaks (battle_id, turn, side, attempt, rule, kind, own)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
        place.battle.0,
        place.turn,
        place.side.as_str(),
        place.attempt,
        sign.rule,
        sign.kind,
        sign.own,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How often the answers of a model name an author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeakCount {
    /// The model.
    pub model: ModelId,
    /// Complete answers of battles that are over.
    pub answers: i64,
    /// Those that name an author.
    pub leaking: i64,
    /// Those that name this model, its maker or its family.
    pub own: i64,
}

/// How often answers name an author, model by model.
///
/// Only battles that are over are looked at: while one is open, a count that rises would tell its voter
/// who is in it. An answer that was stored and played counts once.
pub async fn list_counts(db: &mut PgConnection) -> sqlx::Result<Vec<LeakCount>> {
    let rows = sqlx::query!(
        r#"with judged as (
             select a.model_id,
                 coalesce('stored ' || a.stored_answer_id,
                     concat_ws(' ', a.battle_id, a.turn, a.side, a.attempt)) as answer,
                 count(l.rule) > 0 as leaking, coalesce(bool_or(l.own), false) as own
             from battles b join answers a using (battle_id)
             left join leaks l using (battle_id, turn, side, attempt)
             where b.state in ('voted', 'skipped', 'void') and a.outcome = 'complete'
             group by a.battle_id, a.turn, a.side, a.attempt
         )
         select model_id, count(distinct answer) as "answers!",
             count(distinct answer) filter (where leaking) as "leaking!",
             count(distinct answer) filter (where own) as "own!"
         from judged group by model_id"#
    )
    .fetch_all(db)
    .await?;
    let count = |model, answers, leaking, own| LeakCount { model, answers, leaking, own };
    Ok(rows
        .into_iter()
        .map(|row| count(ModelId(row.model_id), row.answers, row.leaking, row.own))
        .collect())
}

/// How many votes are counted apart.
pub async fn count_apart(db: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!("select apart from vote_total").fetch_one(db).await
}
