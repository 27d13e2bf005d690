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

/// Leaves that are appended together, with the subtrees that they complete and the state after them.
pub(super) struct Addition<'a> {
    pub(super) first: i64,
    pub(super) bodies: &'a [Vec<u8>],
    pub(super) hashes: &'a [Vec<u8>],
    pub(super) subtrees: &'a [i64],
    pub(super) roots: &'a [Vec<u8>],
    pub(super) state: State,
}

/// Appends leaves in one statement.
pub(super) async fn append(db: &mut PgConnection, addition: &Addition<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "with leaves as (
             insert into log_leaves (leaf_index, body, leaf_hash)
             select $1 + place - 1, body, hash
             from unnest($2::bytea[], $3::bytea[]) with ordinality as leaf (body, hash, place)
         ), subtrees as (
             insert into log_subtrees (subtree_index, root)
             select * from unnest($4::bigint[], $5::bytea[])
         )
         update log_state set size = $6, frontier = $7, last_time = $8",
        addition.first,
        addition.bodies,
        addition.hashes,
        addition.subtrees,
        addition.roots,
        addition.state.size,
        addition.state.frontier,
        addition.state.last_time,
    )
    .execute(db)
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

/// Bytes of the leaves below `size`, a line feed behind each.
///
/// **Cost** a pass over the leaves.
pub async fn count_bytes(db: &mut PgConnection, size: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select coalesce(sum(length(body) + 1), 0)::bigint as "bytes!" from log_leaves where leaf_index < $1"#,
        size
    )
    .fetch_one(db)
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
