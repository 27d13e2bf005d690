//! SQL of what the journal says of models, and of policies.

use arena_core::ids::ModelId;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// What the journal last said of a model.
pub(super) struct Recorded {
    pub(super) model: ModelId,
    pub(super) state: String,
    pub(super) sampling_sha256: String,
}

pub(super) async fn list_records(db: &mut PgConnection) -> sqlx::Result<Vec<Recorded>> {
    let rows = sqlx::query!("select model_id, state, sampling_sha256 from model_records")
        .fetch_all(db)
        .await?;
    let record = |model_id, state, sampling_sha256| Recorded {
        model: ModelId(model_id),
        state,
        sampling_sha256,
    };
    Ok(rows.into_iter().map(|row| record(row.model_id, row.state, row.sampling_sha256)).collect())
}

pub(super) async fn put_record(
    db: &mut PgConnection,
    model: ModelId,
    leaf: i64,
    state: &str,
    sampling_sha256: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into model_records (model_id, leaf_index, state, sampling_sha256)
         values ($1, $2, $3, $4)
         on conflict (model_id) do update set leaf_index = excluded.leaf_index,
             state = excluded.state, sampling_sha256 = excluded.sampling_sha256",
        model.0,
        leaf,
        state,
        sampling_sha256
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Digest of the policy in force, and since when it was last looked at.
pub(super) async fn find_policy_head(
    db: &mut PgConnection,
) -> sqlx::Result<Option<(String, OffsetDateTime)>> {
    let row = sqlx::query!("select sha256, made_at from policies order by leaf_index desc limit 1")
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| (row.sha256, row.made_at)))
}

/// The policy file with a digest.
pub async fn find_policy(db: &mut PgConnection, sha256: &str) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("select body from policies where sha256 = $1 limit 1", sha256)
        .fetch_optional(db)
        .await
}

/// Digests of all policy files.
pub async fn list_digests(db: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!("select distinct sha256 from policies order by sha256").fetch_all(db).await
}

/// All policy files, each once.
pub async fn list_policies(db: &mut PgConnection) -> sqlx::Result<Vec<(String, String)>> {
    let rows = sqlx::query!("select distinct on (sha256) sha256, body from policies")
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.sha256, row.body)).collect())
}

pub(super) async fn insert_policy(
    db: &mut PgConnection,
    leaf: i64,
    sha256: &str,
    body: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into policies (leaf_index, sha256, body) values ($1, $2, $3)",
        leaf,
        sha256,
        body
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The policy in force was looked at and is still right.
pub(super) async fn prolong_policy(db: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!(
        "update policies set made_at = now()
         where leaf_index = (select max(leaf_index) from policies)"
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Digest and file of the policy in force.
pub async fn find_in_force(db: &mut PgConnection) -> sqlx::Result<Option<(String, String)>> {
    let row = sqlx::query!("select sha256, body from policies order by leaf_index desc limit 1")
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| (row.sha256, row.body)))
}
