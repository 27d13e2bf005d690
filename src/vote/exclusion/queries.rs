//! SQL of exclusions.

use arena_core::ids::{BattleId, ModelId, Sides};
use arena_core::verdict::Verdict;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::Subject;
use crate::vote::queries::verdict_of;

/// The vote whose leaf is at an index.
pub(super) async fn find_subject(
    db: &mut PgConnection,
    leaf: i64,
) -> sqlx::Result<Option<Subject>> {
    let row = sqlx::query!(
        r#"select v.battle_id, left_model_id, right_model_id, verdict,
             leaked or repeated as "apart!",
             e.battle_id is not null as "excluded!"
           from commitments c join votes v using (battle_id) join battles b using (battle_id)
           left join exclusions e using (battle_id)
           where c.closed_index = $1 for update of b"#,
        leaf
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Subject {
        leaf,
        battle: BattleId(row.battle_id),
        models: Sides { left: ModelId(row.left_model_id), right: ModelId(row.right_model_id) },
        verdict: verdict_of(&row.verdict)?,
        apart: row.apart,
        excluded: row.excluded,
    }))
}

pub(super) async fn count_up(
    db: &mut PgConnection,
    models: Sides<ModelId>,
    verdict: Verdict,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into vote_counts (left_model_id, right_model_id, verdict, votes)
         values ($1, $2, $3, 1)
         on conflict (left_model_id, right_model_id, verdict)
         do update set votes = vote_counts.votes + 1",
        models.left.0,
        models.right.0,
        verdict.as_str()
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn count_down(
    db: &mut PgConnection,
    models: Sides<ModelId>,
    verdict: Verdict,
) -> sqlx::Result<()> {
    // The last vote of a cell takes the cell with it: a cell without votes is no cell.
    let parts = (models.left.0, models.right.0, verdict.as_str());
    let done = sqlx::query!(
        "delete from vote_counts
         where left_model_id = $1 and right_model_id = $2 and verdict = $3 and votes = 1",
        parts.0,
        parts.1,
        parts.2
    )
    .execute(&mut *db)
    .await?;
    if done.rows_affected() == 0 {
        sqlx::query!(
            "update vote_counts set votes = votes - 1
             where left_model_id = $1 and right_model_id = $2 and verdict = $3",
            parts.0,
            parts.1,
            parts.2
        )
        .execute(db)
        .await?;
    }
    Ok(())
}

pub(super) async fn insert(
    db: &mut PgConnection,
    subject: &Subject,
    leaf: i64,
    rule: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into exclusions (battle_id, vote_leaf, leaf_index, rule) values ($1, $2, $3, $4)",
        subject.battle.0,
        subject.leaf,
        leaf,
        rule
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes an exclusion back; false if somebody else has done that meanwhile.
pub(super) async fn delete(db: &mut PgConnection, battle: BattleId) -> sqlx::Result<bool> {
    let done = sqlx::query!("delete from exclusions where battle_id = $1", battle.0);
    Ok(done.execute(db).await?.rows_affected() == 1)
}

pub(super) async fn insert_inclusion(
    db: &mut PgConnection,
    vote: i64,
    leaf: i64,
    rule: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into inclusions (vote_leaf, leaf_index, rule) values ($1, $2, $3)",
        vote,
        leaf,
        rule
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Exclusions that were taken back, counted by the rule that was given for it.
pub async fn count_inclusions(db: &mut PgConnection) -> sqlx::Result<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        r#"select rule, count(*) as "count!" from inclusions group by rule order by min(leaf_index)"#
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.rule, row.count)).collect())
}

/// How many votes are excluded.
pub async fn count_excluded(db: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!("select excluded from vote_total").fetch_one(db).await
}

/// Lets the votes that count on the questions of a battle be more or fewer: one that is excluded keeps no other apart.
pub(super) async fn count_questions(
    db: &mut PgConnection,
    battle: BattleId,
    more: i32,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update question_counts set counted = greatest(counted + $2, 0) from battles
         where battle_id = $1 and question_hash = any(question_hashes)",
        battle.0,
        more
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that boards from before are stale, and announces it.
pub(super) async fn note_decisions(db: &mut PgConnection, excluded: i64) -> sqlx::Result<()> {
    sqlx::query!(
        "with total as (
             update vote_total set decisions = decisions + 1, excluded = excluded + $1
             returning decisions
         )
         select pg_notify('votes', '') from total",
        excluded
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How many decisions there were; a board from before the last one is stale.
pub async fn count_decisions(db: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!("select decisions from vote_total").fetch_one(db).await
}

/// A vote that is excluded now.
#[derive(Clone, Debug)]
pub struct Excluded {
    /// Leaf of the vote.
    pub vote_leaf: i64,
    /// Leaf of the decision.
    pub leaf_index: i64,
    /// By which rule.
    pub rule: String,
    /// When.
    pub excluded_at: OffsetDateTime,
}

/// Votes that are excluded now, the latest decision first.
pub async fn list(db: &mut PgConnection) -> sqlx::Result<Vec<Excluded>> {
    sqlx::query_as!(
        Excluded,
        "select vote_leaf, leaf_index, rule, excluded_at from exclusions order by leaf_index desc"
    )
    .fetch_all(db)
    .await
}

/// Leaves of the votes that a pseudonym has in the journal and that count.
pub async fn list_of_pseudonym(db: &mut PgConnection, pseudonym: &str) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!(
        r#"select c.closed_index as "leaf!" from commitments c
           join votes v using (battle_id)
           join log_leaves l on l.leaf_index = c.closed_index
           where convert_from(l.body, 'UTF8')::json ->> 'w' = $1
             and not exists (select from exclusions e where e.battle_id = c.battle_id)
           order by c.closed_index"#,
        pseudonym
    )
    .fetch_all(db)
    .await
}

/// What became of all battles of the journal: drawn, counted, apart, excluded, void, open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sums {
    /// Battles that got a pair.
    pub assigned: i64,
    /// Votes that are not excluded.
    pub counted: i64,
    /// Those of them that are on no board because an answer named an author or the question was asked too often.
    pub apart: i64,
    /// Votes that are excluded.
    pub excluded: i64,
    /// Battles that ended without a vote.
    pub void: i64,
    /// Battles with neither.
    pub open: i64,
}

/// The sums over all battles of the journal.
pub async fn find_sums(db: &mut PgConnection) -> sqlx::Result<Sums> {
    sqlx::query_as!(
        Sums,
        r#"select count(*) as "assigned!",
             count(*) filter (where v.battle_id is not null and e.battle_id is null) as "counted!",
             count(*) filter (where v.battle_id is not null and e.battle_id is null
                 and (leaked or repeated))
                 as "apart!",
             count(*) filter (where e.battle_id is not null) as "excluded!",
             count(*) filter (where v.battle_id is null and closed_index is not null) as "void!",
             count(*) filter (where closed_index is null) as "open!"
           from commitments join battles b using (battle_id)
           left join votes v using (battle_id) left join exclusions e using (battle_id)"#
    )
    .fetch_one(db)
    .await
}

/// Whether a vote or a decision on one has a leaf from an index on.
pub async fn any_since(db: &mut PgConnection, leaf: i64) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from commitments join votes using (battle_id)
                          where closed_index >= $1)
             or exists (select from exclusions where leaf_index >= $1) as "any!""#,
        leaf
    )
    .fetch_one(db)
    .await
}
