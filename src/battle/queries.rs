//! SQL of battles, turns and answers.

use arena_core::ids::{BattleId, ModelId, Side, Sides, VoterId};
use arena_core::pairing::Draw;
use arena_core::protocol::{Failure, Finish, Record};
use arena_core::ranking::StyleCounts;
use sqlx::PgConnection;

use super::{Answer, Battle, SkipReason, State, Turn};
use crate::account::gate::Network;
use crate::config::Answering;
use crate::inference::Work;

/// Which answer: battle, turn, attempt and side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) battle: BattleId,
    pub(crate) turn: i16,
    pub(crate) attempt: i16,
    pub(crate) side: Side,
}

/// How an answer ended.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    Complete {
        body: String,
        reasoning: Option<String>,
        finish: Finish,
        usage: Work,
        engine: Option<String>,
        record: Option<Box<Record>>,
    },
    Failed(Failure),
    Dropped,
}

/// A battle that is being opened.
pub(super) struct Opened<'a> {
    pub(super) id: BattleId,
    pub(super) voter: VoterId,
    pub(super) question: Option<i64>,
    pub(super) language: Option<&'a str>,
}

pub(super) async fn insert(
    db: &mut PgConnection,
    opened: &Opened<'_>,
    draw: &Draw<ModelId>,
    host: i64,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into battles (battle_id, voter_id, left_model_id, right_model_id, p_draw,
             question_id, language, host, state)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 'running')",
        opened.id.0,
        opened.voter.0,
        draw.left.0,
        draw.right.0,
        draw.p_draw,
        opened.question,
        opened.language,
        host,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes down which network of today a battle was opened from, for that network's allowance.
pub(super) async fn note_network(
    db: &mut PgConnection,
    id: BattleId,
    network: Network,
) -> sqlx::Result<()> {
    let network = network.as_bytes();
    sqlx::query!("update battles set network = $2 where battle_id = $1", id.0, network)
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn insert_turn(
    db: &mut PgConnection,
    id: BattleId,
    turn: i16,
    prompt: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into turns (battle_id, turn, prompt) values ($1, $2, $3)",
        id.0,
        turn,
        prompt
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn insert_answer(
    db: &mut PgConnection,
    place: Place,
    model: ModelId,
    seed: u32,
    stored: Option<i64>,
    answering: &Answering,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into answers (battle_id, turn, side, attempt, model_id, outcome, seed, sampling,
             system_prompt, stored_answer_id)
         values ($1, $2, $3, $4, $5, 'running', $6, $7, $8, $9)",
        place.battle.0,
        place.turn,
        place.side.as_str(),
        place.attempt,
        model.0,
        i64::from(seed),
        serde_json::json!(answering.sampling),
        answering.system_prompt,
        stored,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes which process writes the answers.
pub(super) async fn take_over(db: &mut PgConnection, id: BattleId, host: i64) -> sqlx::Result<()> {
    sqlx::query!("update battles set host = $2 where battle_id = $1", id.0, host)
        .execute(db)
        .await?;
    Ok(())
}

/// How many battles of a voter are in progress.
pub(super) async fn count_running(db: &mut PgConnection, voter: VoterId) -> sqlx::Result<i64> {
    let count = sqlx::query_scalar!(
        "select count(*) from battles where voter_id = $1 and state = 'running'",
        voter.0
    )
    .fetch_one(db)
    .await?;
    Ok(count.unwrap_or(0))
}

/// Writes down how an answer ended; an ended answer is not changed again.
pub(super) async fn end_answer(
    db: &mut PgConnection,
    place: Place,
    ending: &Ending,
) -> sqlx::Result<()> {
    let (outcome, failure) = match ending {
        Ending::Complete { .. } => ("complete", None),
        Ending::Failed(failure) => ("failed", Some(failure.as_str())),
        Ending::Dropped => ("dropped", None),
    };
    let (body, reasoning, finish, usage, engine) = match ending {
        Ending::Complete { body, reasoning, finish, usage, engine, .. } => {
            (Some(body), reasoning.as_ref(), Some(finish.as_str()), Some(usage), engine.as_ref())
        }
        Ending::Failed(_) | Ending::Dropped => (None, None, None, None, None),
    };
    let tokens = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    let milliseconds = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    sqlx::query!(
        "update answers set outcome = $5, failure = $6, body = $7, finish = $8, engine = $9,
             prompt_tokens = $10, answer_tokens = $11, first_token_ms = $12, total_ms = $13,
             reasoning = $14, ended_at = now()
         where battle_id = $1 and turn = $2 and side = $3 and attempt = $4 and outcome = 'running'",
        place.battle.0,
        place.turn,
        place.side.as_str(),
        place.attempt,
        outcome,
        failure,
        body,
        finish,
        engine,
        usage.and_then(|usage| usage.prompt_tokens).map(tokens),
        usage.and_then(|usage| usage.answer_tokens).map(tokens),
        usage.map(|usage| milliseconds(usage.first_token_ms)),
        usage.map(|usage| milliseconds(usage.total_ms)),
        reasoning,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What the models thought in the latest attempts, by turn and side; for the page after the vote.
pub async fn list_reasoning(
    db: &mut PgConnection,
    id: BattleId,
) -> sqlx::Result<Vec<(i16, Side, String)>> {
    let rows = sqlx::query!(
        r#"select distinct on (turn, side) turn, side, coalesce(reasoning, '') as "reasoning!"
           from answers where battle_id = $1 order by turn, side, attempt desc"#,
        id.0
    )
    .fetch_all(db)
    .await?;
    let side = |word: &str| if word == "left" { Side::Left } else { Side::Right };
    Ok(rows.into_iter().map(|row| (row.turn, side(&row.side), row.reasoning)).collect())
}

/// Ends the writing of a pair that could not be completed, unless the battle was skipped or another round has it.
pub(super) async fn settle_failed(
    db: &mut PgConnection,
    id: BattleId,
    round: (i16, i16),
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update battles set state = 'failed' where battle_id = $1 and state = 'running'
             and not exists (select from answers a where a.battle_id = $1 and (turn, attempt) > ($2, $3))",
        id.0,
        round.0,
        round.1
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends the writing of a complete pair, as [`settle_failed`], and adds the form of its answers to that before.
pub(super) async fn settle_complete(
    db: &mut PgConnection,
    id: BattleId,
    round: (i16, i16),
    style: Sides<StyleCounts>,
) -> sqlx::Result<bool> {
    let [chars, headers, lists, bold] = style.left.as_array().map(i64::from);
    let right = style.right.as_array().map(i64::from);
    let done = sqlx::query!(
        "update battles set state = 'complete',
             left_chars = coalesce(left_chars, 0) + $2,
             left_headers = coalesce(left_headers, 0) + $3,
             left_lists = coalesce(left_lists, 0) + $4,
             left_bold = coalesce(left_bold, 0) + $5,
             right_chars = coalesce(right_chars, 0) + $6,
             right_headers = coalesce(right_headers, 0) + $7,
             right_lists = coalesce(right_lists, 0) + $8,
             right_bold = coalesce(right_bold, 0) + $9
         where battle_id = $1 and state = 'running'
             and not exists (select from answers a where a.battle_id = $1 and (turn, attempt) > ($10, $11))",
        id.0,
        chars,
        headers,
        lists,
        bold,
        right[0],
        right[1],
        right[2],
        right[3],
        round.0,
        round.1,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Sets a complete or failed battle running again; false when it is in another state.
pub(super) async fn restart(
    db: &mut PgConnection,
    id: BattleId,
    from: State,
) -> sqlx::Result<bool> {
    let from = if from == State::Failed { "failed" } else { "complete" };
    let done = sqlx::query!(
        "update battles set state = 'running' where battle_id = $1 and state = $2",
        id.0,
        from
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn skip(
    db: &mut PgConnection,
    id: BattleId,
    reason: SkipReason,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "with closed as (
             update battles set state = 'skipped', closed_at = now()
             where battle_id = $1 and state in ('running', 'complete', 'failed')
             returning battle_id
         )
         insert into skips (battle_id, reason) select battle_id, $2 from closed",
        id.0,
        reason.as_str()
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// One battle with its turns and the latest attempts at their answers.
pub async fn find(db: &mut PgConnection, id: BattleId) -> sqlx::Result<Option<Battle>> {
    let row = sqlx::query!(
        // Of a browser that has signed in since, the battle is the account's.
        r#"select coalesce(accounts.voter_id, battles.voter_id) as "voter_id!", left_model_id,
               right_model_id, p_draw, question_id, state, opened_at, leaked
           from battles join voters on voters.voter_id = battles.voter_id
               left join accounts using (account_id)
           where battle_id = $1"#,
        id.0
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let Some(state) = State::parse(&row.state) else { return Ok(None) };
    Ok(Some(Battle {
        id,
        voter: VoterId(row.voter_id),
        models: Sides { left: ModelId(row.left_model_id), right: ModelId(row.right_model_id) },
        p_draw: row.p_draw,
        question: row.question_id,
        state,
        opened_at: row.opened_at,
        leaked: row.leaked,
        turns: list_turns(db, id).await?,
    }))
}

async fn list_turns(db: &mut PgConnection, id: BattleId) -> sqlx::Result<Vec<Turn>> {
    let rows =
        sqlx::query!("select turn, prompt from turns where battle_id = $1 order by turn", id.0)
            .fetch_all(&mut *db)
            .await?;
    let mut turns: Vec<Turn> = rows
        .into_iter()
        .map(|row| Turn {
            turn: row.turn,
            prompt: row.prompt,
            attempt: 0,
            answers: Sides::default(),
        })
        .collect();
    for (turn, attempt, side, answer) in list_latest_answers(db, id).await? {
        if let Some(entry) = turns.iter_mut().find(|entry| entry.turn == turn) {
            entry.attempt = entry.attempt.max(attempt);
            *entry.answers.get_mut(side) = Some(answer);
        }
    }
    Ok(turns)
}

async fn list_latest_answers(
    db: &mut PgConnection,
    id: BattleId,
) -> sqlx::Result<Vec<(i16, i16, Side, Answer)>> {
    let rows = sqlx::query!(
        "select distinct on (turn, side) turn, side, attempt, body, finish, seed, sampling, engine,
             prompt_tokens, answer_tokens, first_token_ms, total_ms
         from answers where battle_id = $1 order by turn, side, attempt desc",
        id.0
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let side = if row.side == "left" { Side::Left } else { Side::Right };
            let answer = Answer {
                body: row.body,
                finish: row.finish,
                seed: u32::try_from(row.seed).unwrap_or(0),
                sampling: serde_json::from_value(row.sampling).unwrap_or_default(),
                engine: row.engine,
                prompt_tokens: row.prompt_tokens,
                answer_tokens: row.answer_tokens,
                first_token_ms: row.first_token_ms,
                total_ms: row.total_ms,
            };
            (row.turn, row.attempt, side, answer)
        })
        .collect())
}

/// How many battles were opened.
pub async fn count_opened(db: &mut PgConnection) -> sqlx::Result<i64> {
    let count = sqlx::query_scalar!("select count(*) from battles").fetch_one(db).await?;
    Ok(count.unwrap_or(0))
}
