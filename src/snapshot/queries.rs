//! SQL of snapshots.

use sqlx::PgConnection;
use time::OffsetDateTime;

/// A published board as it is stored.
#[derive(Clone, Debug)]
pub struct Stored {
    /// SHA-256 of the body.
    pub sha256: String,
    /// The leaf that names it.
    pub leaf_index: i64,
    /// Leaves it is computed from.
    pub size: i64,
    /// How it is computed.
    pub settings: String,
    /// The published file.
    pub body: String,
    /// When it was taken.
    pub taken_at: OffsetDateTime,
}

/// All snapshots, the latest first.
pub async fn list(db: &mut PgConnection) -> sqlx::Result<Vec<Stored>> {
    sqlx::query_as!(
        Stored,
        "select sha256, leaf_index, size, settings, body, taken_at from snapshots
         order by leaf_index desc"
    )
    .fetch_all(db)
    .await
}

/// Digests of all snapshots.
pub async fn list_digests(db: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!("select sha256 from snapshots order by leaf_index").fetch_all(db).await
}

/// One snapshot by its digest.
pub async fn find(db: &mut PgConnection, sha256: &str) -> sqlx::Result<Option<Stored>> {
    sqlx::query_as!(
        Stored,
        "select sha256, leaf_index, size, settings, body, taken_at from snapshots
         where sha256 = $1",
        sha256
    )
    .fetch_optional(db)
    .await
}

/// The snapshot before a leaf with the same settings, whichever version of the program computed it.
pub(super) async fn find_before(
    db: &mut PgConnection,
    settings: &str,
    leaf: i64,
) -> sqlx::Result<Option<Stored>> {
    sqlx::query_as!(
        Stored,
        "select sha256, leaf_index, size, settings, body, taken_at from snapshots
         where settings::jsonb - 'code' = $1::text::jsonb - 'code' and leaf_index < $2 order by leaf_index desc limit 1",
        settings,
        leaf
    )
    .fetch_optional(db)
    .await
}

/// When the last one was taken, and of how many leaves.
pub(super) async fn find_last(
    db: &mut PgConnection,
) -> sqlx::Result<Option<(OffsetDateTime, i64)>> {
    let row = sqlx::query!("select taken_at, size from snapshots order by leaf_index desc limit 1")
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| (row.taken_at, row.size)))
}

/// Notes a snapshot; false if the very same one is there already.
pub(super) async fn insert(
    db: &mut PgConnection,
    (sha256, leaf, size): (&str, i64, i64),
    settings: &str,
    body: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into snapshots (sha256, leaf_index, size, settings, body)
         values ($1, $2, $3, $4, $5) on conflict (sha256) do nothing",
        sha256,
        leaf,
        size,
        settings,
        body
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
