//! SQL of stored answers.

use arena_core::ids::ModelId;
use arena_core::protocol::{Failure, Finish, Record};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Stored;
use crate::config::Answering;
use crate::inference::Work;

/// One answer that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) model: ModelId,
    pub(super) question: i64,
    pub(super) prompt: String,
}

/// How much of a set a model has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Folder name of the set.
    pub set: String,
    /// Its latest version.
    pub version: i32,
    /// Name of the model.
    pub model: String,
    /// Questions of the set.
    pub questions: i64,
    /// Of these, answered.
    pub complete: i64,
    /// Of these, without an answer after a try.
    pub failed: i64,
}

/// The answer of a model to a question, made under these conditions.
pub(super) async fn find(
    db: &mut PgConnection,
    question: i64,
    model: ModelId,
    conditions: &str,
) -> sqlx::Result<Option<Stored>> {
    let row = sqlx::query!(
        r#"select stored_answer_id, body as "body!", finish as "finish!", seed, engine, prompt_tokens,
             answer_tokens, first_token_ms, total_ms, record
           from stored_answers
           where question_id = $1 and model_id = $2 and conditions_sha256 = $3
             and outcome = 'complete'"#,
        question,
        model.0,
        conditions
    )
    .fetch_optional(db)
    .await?;
    let tokens = |count: Option<i32>| u32::try_from(count?).ok();
    let milliseconds = |count: Option<i64>| u64::try_from(count.unwrap_or(0)).unwrap_or(0);
    Ok(row.map(|row| Stored {
        id: row.stored_answer_id,
        body: row.body,
        finish: if row.finish == "stop" { Finish::Stop } else { Finish::Length },
        usage: Work {
            prompt_tokens: tokens(row.prompt_tokens),
            answer_tokens: tokens(row.answer_tokens),
            reused_tokens: None,
            first_token_ms: milliseconds(row.first_token_ms),
            total_ms: milliseconds(row.total_ms),
        },
        engine: row.engine,
        // A record of a later version is none that could be repeated here.
        record: row.record.and_then(|record| serde_json::from_value(record).ok()).map(Box::new),
        seed: u32::try_from(row.seed).unwrap_or(0),
    }))
}

/// Whether a model that takes part and can answer has no answer to this question.
pub(super) async fn any_missing(
    db: &mut PgConnection,
    question: i64,
    able: &[Uuid],
    conditions: &str,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (
             select from models m
             where m.model_id = any($2) and m.retired_at is null and not exists (
                 select from stored_answers s
                 where s.question_id = $1 and s.model_id = m.model_id
                   and s.conditions_sha256 = $3 and s.outcome = 'complete')
           ) as "missing!""#,
        question,
        able,
        conditions
    )
    .fetch_one(db)
    .await
}

/// The next answer to make: the latest versions of all sets; some questions by all models before the
/// next ones, so that battles can be played early, and models that share memory change seldom.
///
/// Only models that can answer now, and questions that fit.
pub(super) async fn find_missing(
    db: &mut PgConnection,
    able: &[Uuid],
    conditions: &str,
    room_bytes: i32,
) -> sqlx::Result<Option<Missing>> {
    let row = sqlx::query!(
        r#"select m.model_id, q.question_id, q.turns[1] as "prompt!"
           from questions q
           join (select set_id, max(version) as version from eval_sets group by set_id) latest
             on latest.set_id = q.set_id and latest.version = q.set_version
           cross join models m
           where m.model_id = any($1) and m.retired_at is null and octet_length(q.turns[1]) <= $3
             and not exists (
                 select from stored_answers s
                 where s.question_id = q.question_id and s.model_id = m.model_id
                   and s.conditions_sha256 = $2)
           order by q.position / 10, m.name, q.position, q.set_id
           limit 1"#,
        able,
        conditions,
        room_bytes
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Missing {
        model: ModelId(row.model_id),
        question: row.question_id,
        prompt: row.prompt,
    }))
}

/// What became of one attempt to make an answer.
pub(super) enum Made {
    Complete { body: String, finish: Finish, usage: Work, record: Option<Box<Record>> },
    Failed(Failure),
}

/// Stores an answer, or that there is none; one that is there already stays.
pub(super) async fn insert(
    db: &mut PgConnection,
    missing: &Missing,
    answering: &Answering,
    seed: u32,
    engine: Option<&str>,
    made: &Made,
) -> sqlx::Result<()> {
    let (body, finish, usage, record) = match made {
        Made::Complete { body, finish, usage, record } => {
            (Some(body), Some(finish.as_str()), Some(usage), record.as_ref())
        }
        Made::Failed(_) => (None, None, None, None),
    };
    let failure = match made {
        Made::Complete { .. } => None,
        Made::Failed(failure) => Some(failure.as_str()),
    };
    let tokens = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    let milliseconds = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    sqlx::query!(
        "insert into stored_answers (model_id, question_id, conditions_sha256, outcome, failure, body,
             finish, seed, sampling, system_prompt, engine, prompt_tokens, answer_tokens,
             first_token_ms, total_ms, record)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         on conflict do nothing",
        missing.model.0,
        missing.question,
        super::conditions(answering),
        if failure.is_none() { "complete" } else { "failed" },
        failure,
        body,
        finish,
        i64::from(seed),
        serde_json::json!(answering.sampling),
        answering.system_prompt,
        engine,
        usage.and_then(|usage| usage.prompt_tokens).map(tokens),
        usage.and_then(|usage| usage.answer_tokens).map(tokens),
        usage.map(|usage| milliseconds(usage.first_token_ms)),
        usage.map(|usage| milliseconds(usage.total_ms)),
        record.map(|record| serde_json::json!(record)),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How much of the latest version of each set each active model has answered under these conditions.
pub async fn list_coverage(db: &mut PgConnection, conditions: &str) -> sqlx::Result<Vec<Coverage>> {
    sqlx::query_as!(
        Coverage,
        r#"select q.set_id as "set!", q.set_version as "version!", m.name as "model!",
             count(*) as "questions!",
             count(*) filter (where s.outcome = 'complete') as "complete!",
             count(*) filter (where s.outcome = 'failed') as "failed!"
           from questions q
           join (select set_id, max(version) as version from eval_sets group by set_id) latest
             on latest.set_id = q.set_id and latest.version = q.set_version
           cross join models m
           left join stored_answers s
             on s.question_id = q.question_id and s.model_id = m.model_id
               and s.conditions_sha256 = $1
           where m.retired_at is null
           group by q.set_id, q.set_version, m.name
           order by q.set_id, m.name"#,
        conditions
    )
    .fetch_all(db)
    .await
}
