//! Everything that the invariants are about, as the database has it at one moment.

use std::collections::HashMap;

use anyhow::Result;
use sqlx::PgConnection;
use uuid::Uuid;

use super::waiting::pool;

/// A row of `log_leaves`: index, body, hash.
pub(super) type LeafRow = (i64, Vec<u8>, Vec<u8>);

#[derive(sqlx::FromRow)]
pub(super) struct Battle {
    pub(super) left_model_id: Uuid,
    pub(super) right_model_id: Uuid,
    pub(super) state: String,
}

#[derive(sqlx::FromRow)]
pub(super) struct Vote {
    pub(super) vote_index: i64,
    pub(super) battle_id: Uuid,
    pub(super) verdict: String,
}

#[derive(sqlx::FromRow)]
pub(super) struct Commitment {
    pub(super) battle_id: Uuid,
    pub(super) assign_index: i64,
    pub(super) epoch: String,
    pub(super) opening: Vec<u8>,
    pub(super) commitment: Vec<u8>,
    pub(super) reveal: String,
    pub(super) closed_index: Option<i64>,
}

/// The tables.
pub(super) struct Rows {
    pub(super) leaves: Vec<LeafRow>,
    /// Size, frontier and last time.
    pub(super) state: (i64, Vec<u8>, i64),
    /// Index and root of groups of 256.
    pub(super) subtrees: Vec<(i64, Vec<u8>)>,
    /// Size and note.
    pub(super) checkpoints: Vec<(i64, String)>,
    pub(super) battles: HashMap<Uuid, Battle>,
    /// In the order of their indices.
    pub(super) votes: Vec<Vote>,
    pub(super) commitments: Vec<Commitment>,
    /// Day, key, draws.
    pub(super) epochs: Vec<(String, Vec<u8>, i64)>,
    /// Leaf index and file.
    pub(super) policies: Vec<(i64, String)>,
    /// All votes, those counted apart.
    pub(super) total: (i64, i64),
    /// Sum of the table of counts.
    pub(super) counted: i64,
}

impl Rows {
    /// Reads all tables in one transaction, so that they fit.
    pub(super) async fn read(url: &str) -> Result<Self> {
        let pool = pool(url)?;
        let mut tx = pool.begin().await?;
        sqlx::query("set transaction isolation level repeatable read, read only")
            .execute(&mut *tx)
            .await?;
        let rows = Self::of(&mut tx).await?;
        tx.commit().await?;
        pool.close().await;
        Ok(rows)
    }

    async fn of(db: &mut PgConnection) -> Result<Self> {
        let battles: Vec<(Uuid, Uuid, Uuid, String)> =
            sqlx::query_as("select battle_id, left_model_id, right_model_id, state from battles")
                .fetch_all(&mut *db)
                .await?;
        let battle = |(id, left_model_id, right_model_id, state)| {
            (id, Battle { left_model_id, right_model_id, state })
        };
        Ok(Self {
            leaves: sqlx::query_as(
                "select leaf_index, body, leaf_hash from log_leaves order by leaf_index",
            )
            .fetch_all(&mut *db)
            .await?,
            state: sqlx::query_as("select size, frontier, last_time from log_state")
                .fetch_one(&mut *db)
                .await?,
            subtrees: sqlx::query_as("select subtree_index, root from log_subtrees order by 1")
                .fetch_all(&mut *db)
                .await?,
            checkpoints: sqlx::query_as("select size, note from log_checkpoints order by size")
                .fetch_all(&mut *db)
                .await?,
            battles: battles.into_iter().map(battle).collect(),
            votes: sqlx::query_as(
                "select vote_index, battle_id, verdict from votes order by vote_index",
            )
            .fetch_all(&mut *db)
            .await?,
            commitments: sqlx::query_as(
                "select battle_id, assign_index, epoch, opening, commitment, reveal, closed_index
                 from commitments order by assign_index",
            )
            .fetch_all(&mut *db)
            .await?,
            epochs: sqlx::query_as("select epoch, key, draws from epochs order by epoch")
                .fetch_all(&mut *db)
                .await?,
            policies: sqlx::query_as("select leaf_index, body from policies order by leaf_index")
                .fetch_all(&mut *db)
                .await?,
            total: sqlx::query_as("select votes, apart from vote_total")
                .fetch_one(&mut *db)
                .await?,
            counted: sqlx::query_scalar("select coalesce(sum(votes), 0)::bigint from vote_counts")
                .fetch_one(&mut *db)
                .await?,
        })
    }
}
