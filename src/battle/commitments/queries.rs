//! SQL of committed pairings and of the salts of texts.

use arena_core::ids::BattleId;
use sqlx::PgConnection;

/// A committed pairing as it is stored.
#[derive(Clone, Debug)]
pub struct Commitment {
    /// Index of its leaf.
    pub assign_index: i64,
    /// What was published.
    pub commitment: Vec<u8>,
    /// Opens it; secret until the battle is closed.
    pub opening: Vec<u8>,
    /// What was committed to; secret until the battle is closed.
    pub reveal: String,
    /// Leaf of the vote or of the end without one.
    pub closed_index: Option<i64>,
}

/// The commitment of a battle; battles from before the journal have none.
pub async fn find(db: &mut PgConnection, battle: BattleId) -> sqlx::Result<Option<Commitment>> {
    sqlx::query_as!(
        Commitment,
        "select assign_index, commitment, opening, reveal, closed_index from commitments
         where battle_id = $1",
        battle.0
    )
    .fetch_optional(db)
    .await
}

pub(super) async fn insert(
    db: &mut PgConnection,
    battle: BattleId,
    epoch: &str,
    commitment: &Commitment,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into commitments (battle_id, assign_index, epoch, opening, commitment, reveal)
         values ($1, $2, $3, $4, $5, $6)",
        battle.0,
        commitment.assign_index,
        epoch,
        commitment.opening,
        commitment.commitment,
        commitment.reveal
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes the leaf that opened a commitment.
pub(super) async fn close(db: &mut PgConnection, battle: BattleId, leaf: i64) -> sqlx::Result<()> {
    sqlx::query!("update commitments set closed_index = $2 where battle_id = $1", battle.0, leaf)
        .execute(db)
        .await?;
    Ok(())
}

/// Keeps the salts of texts of a battle.
pub(super) async fn insert_salts(
    db: &mut PgConnection,
    battle: BattleId,
    parts: &[String],
    salts: &[Vec<u8>],
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into salts (battle_id, part, salt)
         select $1, part, salt from unnest($2::text[], $3::bytea[]) as pair (part, salt)",
        battle.0,
        parts,
        salts
    )
    .execute(db)
    .await?;
    Ok(())
}
