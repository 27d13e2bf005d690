//! SQL of the operator's page.

use arena_core::ids::VoterId;
use sqlx::PgConnection;

/// Where a vote belongs, beside what ratings need of it.
pub(super) struct Place {
    pub(super) vote_index: i64,
    /// Leaf of the vote; none from before the journal.
    pub(super) leaf: Option<i64>,
    /// Hash of the opener's network, with a key of that day.
    pub(super) network: Option<Vec<u8>>,
    /// Question of an evaluation set, `set/version/key`.
    pub(super) question: Option<String>,
}

/// Places of the votes `first..=last`.
pub(super) async fn list_places(
    db: &mut PgConnection,
    first: i64,
    last: i64,
) -> sqlx::Result<Vec<Place>> {
    sqlx::query_as!(
        Place,
        r#"select vote_index, c.closed_index as "leaf?", network,
             (select set_id || '/' || set_version || '/' || question_key
              from questions q where q.question_id = b.question_id) as question
           from votes v join battles b using (battle_id) left join commitments c using (battle_id)
           where vote_index between $1 and $2 order by vote_index"#,
        first,
        last
    )
    .fetch_all(db)
    .await
}

/// The names that the journal has for voters, month by month.
pub(super) async fn list_pseudonyms(db: &mut PgConnection) -> sqlx::Result<Vec<(VoterId, String)>> {
    let rows = sqlx::query!(
        r#"select voter_id, encode(pseudonym, 'hex') as "pseudonym!" from pseudonyms
           order by voter_id, month"#
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (VoterId(row.voter_id), row.pseudonym)).collect())
}
