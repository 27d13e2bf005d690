//! Subtrees of the log from the database: for proofs, old roots and tiles.

use std::collections::HashMap;

use arena_core::journal::merkle::{self, Hash, Node};
use sqlx::PgConnection;

use super::{GROUP, GROUP_LEVEL, JournalError, hash, index, queries};

/// Makes something from complete subtrees: asked once for which it needs, and again with them at hand.
async fn with_nodes<T>(
    db: &mut PgConnection,
    make: impl Fn(&mut dyn FnMut(Node) -> Option<Hash>) -> Option<T>,
) -> Result<Option<T>, JournalError> {
    let mut needed = Vec::new();
    let at_once = make(&mut |node| {
        needed.push(node);
        None
    });
    if at_once.is_some() {
        return Ok(at_once);
    }
    let mut known = HashMap::new();
    for node in needed {
        if let Some(hash) = find(db, node).await? {
            known.insert(node, hash);
        }
    }
    Ok(make(&mut |node| known.get(&node).copied()))
}

/// One subtree, from the hashes of its leaves or from the roots of its groups.
async fn find(db: &mut PgConnection, node: Node) -> Result<Option<Hash>, JournalError> {
    let level = node.level.saturating_sub(if node.level < GROUP_LEVEL { 0 } else { GROUP_LEVEL });
    let width = 1_u64.checked_shl(u32::from(level)).ok_or(JournalError::Damaged(node.index))?;
    let from = index(node.index.saturating_mul(width))?;
    let to = index(node.index.saturating_add(1).saturating_mul(width))?;
    let rows = if node.level < GROUP_LEVEL {
        queries::list_hashes(db, from, to).await?
    } else {
        queries::list_roots(db, from, to).await?
    };
    let hashes: Option<Vec<Hash>> = rows.iter().map(|bytes| hash(bytes)).collect();
    let whole = hashes.filter(|hashes| hashes.len() as u64 == width);
    Ok(whole.map(|hashes| merkle::root(&hashes)))
}

/// Root of the first `size` leaves; none if there are fewer.
pub(super) async fn root_at(
    db: &mut PgConnection,
    size: u64,
) -> Result<Option<Hash>, JournalError> {
    with_nodes(db, |mut find| merkle::root_at(size, &mut find)).await
}

/// The path that proves that a leaf is among the first `size`.
pub(super) async fn inclusion(
    db: &mut PgConnection,
    index: u64,
    size: u64,
) -> Result<Option<Vec<Hash>>, JournalError> {
    if index >= size {
        return Ok(None);
    }
    with_nodes(db, |mut find| merkle::inclusion(index, size, &mut find)).await
}

/// The hashes of a tile: `width` nodes of level 8 times `level`, from 256 times `number` on. None if they are not
/// all there.
pub(super) async fn tile(
    db: &mut PgConnection,
    level: u8,
    number: u64,
    width: u64,
) -> Result<Option<Vec<u8>>, JournalError> {
    let first = number.saturating_mul(GROUP);
    let level = level.saturating_mul(GROUP_LEVEL);
    if level <= GROUP_LEVEL {
        let (from, to) = (index(first)?, index(first + width)?);
        let rows = match level {
            0 => queries::list_hashes(db, from, to).await?,
            _ => queries::list_roots(db, from, to).await?,
        };
        return Ok((rows.len() as u64 == width).then(|| rows.concat()));
    }
    let mut hashes = Vec::new();
    for at in first..first + width {
        match find(db, Node { level, index: at }).await? {
            Some(hash) => hashes.extend_from_slice(&hash),
            None => return Ok(None),
        }
    }
    Ok(Some(hashes))
}
