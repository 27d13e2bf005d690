//! SQL of evaluation sets.

use arena_core::ids::VoterId;
use sqlx::PgConnection;

use super::Set;

/// A set as pages list it: its latest version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Folder name.
    pub id: String,
    /// Latest version.
    pub version: i32,
    /// Name on pages.
    pub title: String,
    /// BCP 47 code.
    pub language: String,
    /// SPDX licence.
    pub licence: String,
    /// Where the questions come from.
    pub source: String,
    /// One sentence.
    pub description: String,
    /// How many questions.
    pub questions: i64,
    /// How many votes they have.
    pub votes: i64,
}

/// One question as pages list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedQuestion {
    /// Internal id.
    pub id: i64,
    /// Category inside the set.
    pub category: String,
    /// What the user says, turn by turn.
    pub turns: Vec<String>,
}

pub(super) async fn find_content(
    db: &mut PgConnection,
    id: &str,
    version: i32,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "select content_sha256 from eval_sets where set_id = $1 and version = $2",
        id,
        version
    )
    .fetch_optional(db)
    .await
}

pub(super) async fn insert(db: &mut PgConnection, set: &Set) -> sqlx::Result<()> {
    let header = &set.header;
    sqlx::query!(
        "insert into eval_sets (set_id, version, title, language, licence, source, description,
             content_sha256)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        header.id,
        header.version,
        header.title,
        header.language,
        header.licence,
        header.source,
        header.description,
        set.content_sha256
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn insert_questions(db: &mut PgConnection, set: &Set) -> sqlx::Result<()> {
    for (position, question) in set.questions.iter().enumerate() {
        sqlx::query!(
            "insert into questions (set_id, set_version, question_key, position, category, turns)
             values ($1, $2, $3, $4, $5, $6)",
            set.header.id,
            set.header.version,
            question.id,
            i32::try_from(position).unwrap_or(i32::MAX),
            question.category,
            &question.turns
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

/// The latest version of every set.
pub async fn list(db: &mut PgConnection) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as!(
        Listed,
        r#"with latest as (
               select distinct on (set_id) * from eval_sets order by set_id, version desc
           )
           select set_id as id, version, title, language, licence, source, description,
               (select count(*) from questions q
                where q.set_id = latest.set_id and q.set_version = latest.version) as "questions!",
               (select count(*) from questions q join battles using (question_id)
                    join votes using (battle_id)
                where q.set_id = latest.set_id and q.set_version = latest.version) as "votes!"
           from latest order by title"#
    )
    .fetch_all(db)
    .await
}

/// The questions of one version of a set, in their order.
pub async fn list_questions(
    db: &mut PgConnection,
    id: &str,
    version: i32,
) -> sqlx::Result<Vec<ListedQuestion>> {
    sqlx::query_as!(
        ListedQuestion,
        "select question_id as id, category, turns from questions
         where set_id = $1 and set_version = $2 order by position",
        id,
        version
    )
    .fetch_all(db)
    .await
}

/// A question of the latest version that this voter has seen least often, by lot among equals.
pub(super) async fn find_fresh_question(
    db: &mut PgConnection,
    voter: VoterId,
    set: &str,
    room_bytes: i32,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "select q.question_id from questions q
         where q.set_id = $1
           and q.set_version = (select max(version) from eval_sets where set_id = $1)
           and octet_length(q.turns[1]) <= $3
         order by (select count(*) from battles b
                   where b.question_id = q.question_id and b.voter_id = $2), random()
         limit 1",
        set,
        voter.0,
        room_bytes
    )
    .fetch_optional(db)
    .await
}

/// Where a question belongs.
#[derive(Clone, Debug)]
pub struct Topic {
    /// Internal id of the question.
    pub question_id: i64,
    /// Its set.
    pub set_id: String,
    /// Its category.
    pub category: String,
}

/// Set and category of every question of every version.
pub async fn list_topics(db: &mut PgConnection) -> sqlx::Result<Vec<Topic>> {
    sqlx::query_as!(Topic, "select question_id, set_id, category from questions")
        .fetch_all(db)
        .await
}

/// Which set and which category a question belongs to, and all its turns.
pub async fn find_question(
    db: &mut PgConnection,
    question: i64,
) -> sqlx::Result<Option<(String, ListedQuestion)>> {
    let row = sqlx::query!(
        "select set_id, question_id, category, turns from questions where question_id = $1",
        question
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let question =
            ListedQuestion { id: row.question_id, category: row.category, turns: row.turns };
        (row.set_id, question)
    }))
}

/// Turns of a question of an evaluation set; empty when there is none.
pub(in crate::battle) async fn find_question_turns(
    db: &mut PgConnection,
    question: i64,
) -> sqlx::Result<Vec<String>> {
    let turns = sqlx::query_scalar!("select turns from questions where question_id = $1", question)
        .fetch_optional(db)
        .await?;
    Ok(turns.unwrap_or_default())
}

/// Language of a question's set, without script and region.
pub(in crate::battle) async fn find_question_language(
    db: &mut PgConnection,
    question: i64,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "select substring(lower(s.language) from '^([a-z]{2,3})(-|$)') from questions q
         join eval_sets s on s.set_id = q.set_id and s.version = q.set_version
         where question_id = $1",
        question
    )
    .fetch_optional(db)
    .await
    .map(Option::flatten)
}
