//! How answers were computed: written down at their ends, read for a repetition.

use arena_core::ids::{BattleId, ModelId, Side};
use arena_core::protocol::Record;
use arena_core::sampling::Sampling;
use sqlx::PgConnection;

use super::{AnswerId, Recorded};
use crate::battle::queries::Place;
use crate::inference::Work;

/// Adds to an answer how it was computed.
pub(in crate::battle) async fn note(
    db: &mut PgConnection,
    place: Place,
    record: &Record,
    usage: Work,
) -> sqlx::Result<()> {
    let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    sqlx::query!(
        "update answers set features = $5, context_tokens = $6, batch_tokens = $7, sequences = $8,
             template_sha256 = $9, prompt_sha256 = $10, steps = $11, repeatable = $12,
             reused_tokens = $13
         where battle_id = $1 and turn = $2 and side = $3 and attempt = $4",
        place.battle.0,
        place.turn,
        place.side.as_str(),
        place.attempt,
        record.features,
        count(record.context_tokens),
        count(record.batch_tokens),
        count(record.sequences),
        record.template_sha256,
        record.prompt_sha256,
        record.steps.to_string(),
        record.repeatable,
        usage.reused_tokens.map(count),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A complete answer with all that is known of how it was made; of several attempts the latest.
pub(super) async fn find(db: &mut PgConnection, id: AnswerId) -> sqlx::Result<Option<Recorded>> {
    let row = sqlx::query!(
        r#"select a.model_id, a.body as "body!", a.finish as "finish!", a.seed, a.sampling,
             a.system_prompt, a.engine, a.features, a.context_tokens, a.batch_tokens, a.sequences,
             a.template_sha256, a.prompt_sha256, a.steps, a.repeatable, a.answer_tokens, t.prompt
         from answers a join turns t using (battle_id, turn)
         where a.battle_id = $1 and a.turn = $2 and a.side = $3 and a.outcome = 'complete'
             and ($4::smallint is null or a.attempt = $4)
         order by a.attempt desc limit 1"#,
        id.battle.0,
        id.turn,
        id.side.as_str(),
        id.attempt,
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let sampling: Sampling = serde_json::from_value(row.sampling)
        .map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    let count = |count: Option<i32>| count.and_then(|count| u32::try_from(count).ok());
    let steps = row.steps.as_deref().map(str::parse).transpose();
    Ok(Some(Recorded {
        model: ModelId(row.model_id),
        body: row.body,
        finish: row.finish,
        seed: u32::try_from(row.seed).unwrap_or(0),
        sampling,
        system_prompt: row.system_prompt,
        engine: row.engine,
        features: row.features,
        context_tokens: count(row.context_tokens),
        batch_tokens: count(row.batch_tokens),
        sequences: count(row.sequences),
        template_sha256: row.template_sha256,
        prompt_sha256: row.prompt_sha256,
        steps: steps.map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        repeatable: row.repeatable.unwrap_or(false),
        answer_tokens: count(row.answer_tokens),
        prompt: row.prompt,
        before: list_before(db, id.battle, id.turn, id.side).await?,
    }))
}

/// Questions and answers of one side in earlier turns.
async fn list_before(
    db: &mut PgConnection,
    battle: BattleId,
    turn: i16,
    side: Side,
) -> sqlx::Result<Vec<(String, String)>> {
    let rows = sqlx::query!(
        r#"select distinct on (t.turn) t.prompt, coalesce(a.body, '') as "body!"
         from turns t join answers a using (battle_id, turn)
         where t.battle_id = $1 and t.turn < $2 and a.side = $3
         order by t.turn, a.attempt desc"#,
        battle.0,
        turn,
        side.as_str(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.prompt, row.body)).collect())
}
