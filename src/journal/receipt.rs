//! Receipts: what a voter keeps, and whether the log has kept its word.

use arena_core::journal::checkpoint::{Head, Promise};
use arena_core::journal::merkle::{Hash, leaf_hash};
use arena_core::journal::proof::Proof;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::{Entry, Journal, JournalError, index, queries, tree};

/// What a voter gets with the reply to a vote.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Receipt {
    /// Index of the vote's leaf.
    pub index: u64,
    /// The leaf, byte for byte.
    pub leaf: String,
    /// The log's signed promise that this leaf is at this index.
    pub receipt: String,
    /// Where the proof is, once the next checkpoint is signed.
    pub proof: String,
}

/// The receipt of a leaf that was committed.
pub async fn of(
    db: &mut PgConnection,
    journal: &Journal,
    place: i64,
) -> Result<Receipt, JournalError> {
    let bodies = queries::list_bodies(db, place, place.saturating_add(1)).await?;
    let number = u64::try_from(place).unwrap_or(0);
    let body = bodies.into_iter().next().ok_or(JournalError::Damaged(number))?;
    promise(journal, number, body)
}

/// The receipt of a leaf with these bytes, which must have been committed.
pub fn promise(journal: &Journal, index: u64, body: Vec<u8>) -> Result<Receipt, JournalError> {
    let receipt = journal.promise(Entry { index, hash: leaf_hash(&body) })?;
    Ok(Receipt {
        index,
        leaf: String::from_utf8(body).map_err(|_| JournalError::Damaged(index))?,
        receipt,
        proof: format!("/log/leaf/{index}.tlog-proof"),
    })
}

/// What came out of a pasted receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The log has the leaf where the receipt says.
    Kept {
        /// Its index.
        index: u64,
        /// The leaf.
        leaf: String,
        /// Whether a checkpoint covers it already.
        covered: bool,
    },
    /// The log has another leaf there, or none: it broke its promise.
    Broken {
        /// The index that was promised.
        index: u64,
    },
    /// Not a receipt of this log; why.
    NotOurs(String),
}

/// Reads a receipt in any of its forms (the reply to a vote, the signed promise, a proof) and compares it with
/// the log.
pub async fn check(
    db: &mut PgConnection,
    journal: &Journal,
    pasted: &str,
) -> Result<Checked, JournalError> {
    let (place, claim) = match read(journal, pasted) {
        Ok(claim) => claim,
        Err(why) => return Ok(Checked::NotOurs(why)),
    };
    let from = index(place)?;
    let body = queries::list_bodies(db, from, from.saturating_add(1)).await?.into_iter().next();
    let Some(body) = body else { return Ok(Checked::Broken { index: place }) };
    let holds = match claim {
        Claim::Promised(leaf) => leaf_hash(&body) == leaf,
        // The path has to lead from the leaf that is here to the head that was signed, and that head must be ours still.
        Claim::Proved(proof) => match proof.verify(&leaf_hash(&body), journal.verifier()) {
            Ok(head) => tree::root_at(db, head.size).await? == Some(head.root),
            Err(_) => false,
        },
    };
    if !holds {
        return Ok(Checked::Broken { index: place });
    }
    let checkpoint = queries::find_checkpoint(db).await?;
    let covered = checkpoint.is_some_and(|(size, ..)| from < size);
    let leaf = String::from_utf8(body).map_err(|_| JournalError::Damaged(place))?;
    Ok(Checked::Kept { index: place, leaf, covered })
}

/// What a receipt says of the leaf at its index, signed by this log.
enum Claim {
    /// Its hash.
    Promised(Hash),
    /// Its path to a head.
    Proved(Proof),
}

/// The index that a receipt is about, and what it says of it.
fn read(journal: &Journal, pasted: &str) -> Result<(u64, Claim), String> {
    let pasted = pasted.replace("\r\n", "\n");
    let pasted = pasted.trim_start();
    let verifier = journal.verifier();
    if pasted.starts_with('{') {
        let receipt: Receipt = serde_json::from_str(pasted)
            .map_err(|error| format!("this is not the reply to a vote: {error}"))?;
        let promise =
            Promise::open(&receipt.receipt, verifier).map_err(|error| error.to_string())?;
        if leaf_hash(receipt.leaf.as_bytes()) != promise.leaf || promise.index != receipt.index {
            return Err("the leaf in it is not the one that was signed".to_owned());
        }
        return Ok((promise.index, Claim::Promised(promise.leaf)));
    }
    let whole = format!("{}\n", pasted.trim_end());
    if whole.starts_with("c2sp.org/tlog-proof") {
        let proof = Proof::parse(&whole).map_err(|error| error.to_string())?;
        Head::open(&proof.checkpoint, verifier).map_err(|error| error.to_string())?;
        return Ok((proof.index, Claim::Proved(proof)));
    }
    let promise = Promise::open(&whole, verifier).map_err(|error| error.to_string())?;
    Ok((promise.index, Claim::Promised(promise.leaf)))
}
