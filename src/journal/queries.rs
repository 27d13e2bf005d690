//! SQL of the journal.

use sqlx::PgConnection;
use time::OffsetDateTime;

/// The state of the log.
pub(super) struct State {
    pub(super) size: i64,
    pub(super) frontier: Vec<u8>,
    pub(super) last_time: i64,
}

/// Takes the lock that puts leaves in order and reads the state.
pub(super) async fn lock_state(db: &mut PgConnection) -> sqlx::Result<State> {
    sqlx::query_as!(State, "select size, frontier, last_time from log_state for update")
        .fetch_one(db)
        .await
}

/// Reads the state without waiting for those who write.
pub(super) async fn find_state(db: &mut PgConnection) -> sqlx::Result<State> {
    sqlx::query_as!(State, "select size, frontier, last_time from log_state").fetch_one(db).await
}

/// Leaves that are appended together, with the subtrees that they complete and the state after them: what the
/// function `append_leaves` takes. Indices and sizes in leaves, the time in Unix seconds.
#[derive(Debug)]
pub struct Addition {
    /// Index of the first leaf.
    pub first: i64,
    /// Bytes of the leaves.
    pub bodies: Vec<Vec<u8>>,
    /// Their hashes.
    pub hashes: Vec<Vec<u8>>,
    /// Indices of complete groups of leaves.
    pub subtrees: Vec<i64>,
    /// Their roots.
    pub roots: Vec<Vec<u8>>,
    /// Leaves of the log after this.
    pub size: i64,
    /// Its frontier.
    pub frontier: Vec<u8>,
    /// Time of its last leaf.
    pub last_time: i64,
}

/// Appends leaves in one statement.
pub(super) async fn append(db: &mut PgConnection, addition: &Addition) -> sqlx::Result<()> {
    sqlx::query!(
        "select append_leaves($1, $2, $3, $4, $5, $6, $7, $8)::text as done",
        addition.first,
        &addition.bodies,
        &addition.hashes,
        &addition.subtrees,
        &addition.roots,
        addition.size,
        addition.frontier,
        addition.last_time,
    )
    .fetch_one(db)
    .await?;
    Ok(())
}

/// Bodies of the leaves `from..to`, in order.
pub async fn list_bodies(db: &mut PgConnection, from: i64, to: i64) -> sqlx::Result<Vec<Vec<u8>>> {
    sqlx::query_scalar!(
        "select body from log_leaves where leaf_index >= $1 and leaf_index < $2 order by leaf_index",
        from,
        to
    )
    .fetch_all(db)
    .await
}

/// Hashes of the leaves `from..to`, in order.
pub(super) async fn list_hashes(
    db: &mut PgConnection,
    from: i64,
    to: i64,
) -> sqlx::Result<Vec<Vec<u8>>> {
    sqlx::query_scalar!(
        "select leaf_hash from log_leaves where leaf_index >= $1 and leaf_index < $2
         order by leaf_index",
        from,
        to
    )
    .fetch_all(db)
    .await
}

/// Roots of the groups `from..to` of 256 leaves, in order.
pub(super) async fn list_roots(
    db: &mut PgConnection,
    from: i64,
    to: i64,
) -> sqlx::Result<Vec<Vec<u8>>> {
    sqlx::query_scalar!(
        "select root from log_subtrees where subtree_index >= $1 and subtree_index < $2
         order by subtree_index",
        from,
        to
    )
    .fetch_all(db)
    .await
}

/// The last signed head: size, note and time.
pub async fn find_checkpoint(
    db: &mut PgConnection,
) -> sqlx::Result<Option<(i64, String, OffsetDateTime)>> {
    let row = sqlx::query!(
        "select size, note, signed_at from log_checkpoints order by size desc limit 1"
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.size, row.note, row.signed_at)))
}

pub(super) async fn insert_checkpoint(
    db: &mut PgConnection,
    size: i64,
    note: &str,
) -> sqlx::Result<()> {
    sqlx::query!("insert into log_checkpoints (size, note) values ($1, $2)", size, note)
        .execute(db)
        .await?;
    Ok(())
}

/// Whether this transaction is the one that signs now.
pub(super) async fn try_signing(db: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock(7214309945261) as "mine!""#)
        .fetch_one(db)
        .await
}

/// The key of a day and the number of its next draw, which is taken by this.
pub(super) async fn take_draw(
    db: &mut PgConnection,
    epoch: &str,
) -> sqlx::Result<Option<(Vec<u8>, i64)>> {
    let row = sqlx::query!(
        r#"update epochs set draws = draws + 1 where epoch = $1 and reveal_index is null
           returning key, draws - 1 as "number!""#,
        epoch
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.key, row.number)))
}

/// The last day that has a key, and whether it is shown.
pub(super) async fn find_last_epoch(db: &mut PgConnection) -> sqlx::Result<Option<(String, bool)>> {
    let row = sqlx::query!(
        r#"select epoch, reveal_index is not null as "revealed!"
           from epochs order by epoch desc limit 1"#
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.epoch, row.revealed)))
}

pub(super) async fn insert_epoch(
    db: &mut PgConnection,
    epoch: &str,
    key: &[u8],
    leaf: i64,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into epochs (epoch, key, draws, leaf_index) values ($1, $2, 1, $3)",
        epoch,
        key,
        leaf
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Days before `before` whose keys are not shown yet, with their keys; a day with an open battle is left out.
pub(super) async fn list_due_epochs(
    db: &mut PgConnection,
    before: &str,
) -> sqlx::Result<Vec<(String, Vec<u8>)>> {
    let rows = sqlx::query!(
        "select epoch, key from epochs where reveal_index is null and epoch < $1
           and not exists (select from commitments
             where commitments.epoch = epochs.epoch and closed_index is null)
         order by epoch",
        before
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.epoch, row.key)).collect())
}

pub(super) async fn reveal_epoch(
    db: &mut PgConnection,
    epoch: &str,
    leaf: i64,
) -> sqlx::Result<()> {
    sqlx::query!("update epochs set reveal_index = $2 where epoch = $1", epoch, leaf)
        .execute(db)
        .await?;
    Ok(())
}

/// A day with its draws, and the leaf that shows its key.
#[derive(Clone, Debug)]
pub struct Day {
    /// The day.
    pub epoch: String,
    /// How many draws were made with its key.
    pub draws: i64,
    /// The leaf that shows the key.
    pub reveal_index: Option<i64>,
}

/// The last days that had draws, the latest first.
pub async fn list_days(db: &mut PgConnection) -> sqlx::Result<Vec<Day>> {
    sqlx::query_as!(
        Day,
        "select epoch, draws, reveal_index from epochs order by epoch desc limit 14"
    )
    .fetch_all(db)
    .await
}
