//! SQL that reads what is stored of a voter. Nothing is written here.

use arena_core::ids::{BattleId, VoterId};
use serde::Serialize;
use sqlx::PgConnection;
use time::OffsetDateTime;
use time::serde::rfc3339;
use uuid::Uuid;

/// One battle of one's own.
#[derive(Debug, Serialize)]
pub struct Battle {
    /// Address of its page.
    #[serde(serialize_with = "as_in_addresses")]
    pub battle_id: BattleId,
    /// When it was opened.
    #[serde(with = "rfc3339")]
    pub opened_at: OffsetDateTime,
    /// When it was voted on, skipped or ended otherwise.
    #[serde(with = "rfc3339::option")]
    pub closed_at: Option<OffsetDateTime>,
    /// Where it stands.
    pub state: String,
    /// Language of the first question, as far as it was recognised.
    pub language: Option<String>,
    /// The evaluation set the question is from; none for one's own.
    pub set: Option<String>,
    /// Keyed hash of the network for that day; its key exists no more.
    pub network: Option<String>,
    /// Why it was skipped.
    pub skip_reason: Option<String>,
    /// The vote.
    pub vote: Option<Vote>,
    /// Models A and B; none before the vote.
    pub models: Option<[String; 2]>,
    /// The first question; not repeated in files.
    #[serde(skip)]
    pub first_question: Option<String>,
}

/// One's vote on a battle.
#[derive(Debug, Serialize)]
pub struct Vote {
    /// Place in the order of all votes, as in votes.csv.
    pub vote_index: i64,
    /// Place of its entry in the log.
    pub entry: Option<i64>,
    /// The choice.
    pub verdict: String,
    /// How well one was known then.
    pub tier: String,
    /// When it was cast.
    #[serde(with = "rfc3339")]
    pub cast_at: OffsetDateTime,
}

fn as_in_addresses<S: serde::Serializer>(id: &BattleId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

fn ids(voters: &[VoterId]) -> Vec<Uuid> {
    voters.iter().map(|voter| voter.0).collect()
}

/// The battles of some voters, the latest first, at most `limit`.
pub async fn list_battles(
    db: &mut PgConnection,
    voters: &[VoterId],
    limit: i64,
) -> sqlx::Result<Vec<Battle>> {
    let rows = sqlx::query!(
        r#"select battle_id, opened_at, closed_at, state, language, network,
                  questions.set_id as "set_id?", skips.reason as "reason?",
                  vote_index as "vote_index?", verdict as "verdict?", cast_at as "cast_at?",
                  votes.tier as "tier?", closed_index as "entry?", a.name as left_model, b.name as right_model,
                  (select prompt from turns
                   where turns.battle_id = battles.battle_id and turn = 0) as prompt
           from battles join models a on a.model_id = left_model_id
               join models b on b.model_id = right_model_id
               left join questions using (question_id) left join skips using (battle_id)
               left join votes using (battle_id) left join commitments using (battle_id)
           where battles.voter_id = any($1) order by opened_at desc, battle_id limit $2"#,
        &ids(voters),
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let vote = match (row.vote_index, row.verdict, row.tier, row.cast_at) {
                (Some(vote_index), Some(verdict), Some(tier), Some(cast_at)) => {
                    Some(Vote { vote_index, entry: row.entry, verdict, tier, cast_at })
                }
                _ => None,
            };
            Battle {
                battle_id: BattleId(row.battle_id),
                opened_at: row.opened_at,
                closed_at: row.closed_at,
                state: row.state,
                language: row.language,
                set: row.set_id,
                network: row.network.map(hex::encode),
                skip_reason: row.reason,
                models: vote.is_some().then_some([row.left_model, row.right_model]),
                vote,
                first_question: row.prompt,
            }
        })
        .collect())
}

/// How many battles and votes some voters have.
pub async fn count(db: &mut PgConnection, voters: &[VoterId]) -> sqlx::Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"select (select count(*) from battles where voter_id = any($1)) as "battles!",
                  (select count(*) from votes join battles using (battle_id)
                   where battles.voter_id = any($1)) as "votes!""#,
        &ids(voters)
    )
    .fetch_one(db)
    .await?;
    Ok((row.battles, row.votes))
}

/// Battles of some voters that are not over.
pub(super) async fn list_open(
    db: &mut PgConnection,
    voters: &[VoterId],
) -> sqlx::Result<Vec<BattleId>> {
    let open = sqlx::query_scalar!(
        "select battle_id from battles
         where voter_id = any($1) and state in ('running', 'complete', 'failed')",
        &ids(voters)
    )
    .fetch_all(db)
    .await?;
    Ok(open.into_iter().map(BattleId).collect())
}

pub(super) struct Question {
    pub(super) battle: BattleId,
    pub(super) turn: i16,
    pub(super) text: String,
    pub(super) asked_at: OffsetDateTime,
}

pub(super) async fn list_questions(
    db: &mut PgConnection,
    voters: &[VoterId],
) -> sqlx::Result<Vec<Question>> {
    let rows = sqlx::query!(
        "select battle_id, turn, prompt, asked_at from turns join battles using (battle_id)
         where voter_id = any($1) order by battle_id, turn",
        &ids(voters)
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Question {
            battle: BattleId(row.battle_id),
            turn: row.turn,
            text: row.prompt,
            asked_at: row.asked_at,
        })
        .collect())
}

pub(super) struct Answer {
    pub(super) battle: BattleId,
    pub(super) turn: i16,
    pub(super) is_right: bool,
    pub(super) body: Option<String>,
    pub(super) thoughts: Option<String>,
}

/// The latest attempts at the answers of battles in which nothing is being written.
pub(super) async fn list_answers(
    db: &mut PgConnection,
    voters: &[VoterId],
) -> sqlx::Result<Vec<Answer>> {
    let rows = sqlx::query!(
        r#"select distinct on (battle_id, turn, side) battle_id, turn, side = 'right' as "is_right!",
                  body, case when state = 'voted' then reasoning end as thoughts
           from answers join battles using (battle_id)
           where voter_id = any($1) and state in ('complete', 'voted', 'skipped', 'void')
           order by battle_id, turn, side, attempt desc"#,
        &ids(voters)
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Answer {
            battle: BattleId(row.battle_id),
            turn: row.turn,
            is_right: row.is_right,
            body: row.body,
            thoughts: row.thoughts,
        })
        .collect())
}

pub(super) struct Salt {
    pub(super) battle: BattleId,
    pub(super) assign_index: i64,
    pub(super) part: String,
    pub(super) salt: Vec<u8>,
}

/// The salts of texts of battles that have their vote, battle by battle.
pub(super) async fn list_salts(
    db: &mut PgConnection,
    voters: &[VoterId],
) -> sqlx::Result<Vec<Salt>> {
    let rows = sqlx::query!(
        "select battle_id, assign_index, part, salt
         from salts join battles using (battle_id) join commitments using (battle_id)
         where voter_id = any($1) and state = 'voted' order by assign_index, part",
        &ids(voters)
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Salt {
            battle: BattleId(row.battle_id),
            assign_index: row.assign_index,
            part: row.part,
            salt: row.salt,
        })
        .collect())
}

/// A name under which the journal has one's votes of a month.
#[derive(Debug, Serialize)]
pub struct Pseudonym {
    /// The month, in UTC.
    pub month: String,
    /// `w` in the leaves of the votes.
    pub pseudonym: String,
}

/// The names under which the journal has the votes of some voters.
pub(super) async fn list_pseudonyms(
    db: &mut PgConnection,
    voters: &[VoterId],
) -> sqlx::Result<Vec<Pseudonym>> {
    let rows = sqlx::query!(
        "select month, pseudonym from pseudonyms where voter_id = any($1) order by month, pseudonym",
        &ids(voters)
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Pseudonym { month: row.month, pseudonym: hex::encode(row.pseudonym) })
        .collect())
}
