//! Snapshots: boards computed from the leaves of the journal alone, published for good under their digests, and
//! named by leaves, so that anybody can compute the same bytes from an export.

pub mod handlers;
pub mod job;
mod pages;
pub mod queries;

use std::sync::Arc;
use std::time::{Duration, Instant};

use arena_core::journal::board::{BoardError, Document, Exclusions, Ledger, Settings};
use arena_core::journal::leaf::{self, Leaf};
use arena_core::journal::merkle::{Frontier, leaf_hash};
use arena_core::journal::policy::Rules;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use tokio::sync::Mutex;

use crate::journal::{self, Journal, JournalError};
use crate::ranking;

/// Leaves that are read at once.
const PAGE: i64 = 10_000;

/// The program that computes boards, with its version.
pub const CODE: &str = concat!("doubleblind ", env!("CARGO_PKG_VERSION"));

/// Why no snapshot was taken.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The board cannot be computed.
    #[error("the board could not be computed")]
    Board(#[from] BoardError),
    /// The journal could not be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The thread that computed was ended.
    #[error("the computation was ended")]
    Ended,
    /// The database failed.
    #[error("the snapshot could not be stored")]
    Store(#[from] sqlx::Error),
}

/// What boards are computed from: the journal as far as it was read, shared by all who ask.
#[derive(Clone, Default)]
pub struct Reader(Arc<Mutex<Read>>, Arc<Mutex<Option<Lately>>>);

/// Boards, and when they were computed.
type Lately = (Instant, Arc<Boards>);

/// Boards for a page are not computed more often.
const LATELY: Duration = Duration::from_secs(60);

#[derive(Clone, Default)]
struct Read {
    ledger: Ledger,
    tree: Frontier,
}

/// A board with and without what was excluded.
#[derive(Clone, Debug)]
pub struct Boards {
    /// Excluded votes are left out: the board in force.
    pub honoured: Document,
    /// Excluded votes are on it like all others.
    pub ignored: Document,
}

/// Settings of the boards that the site publishes.
pub fn settings(exclusions: Exclusions) -> Settings {
    Settings { exclusions, ..Settings::of(&Rules::default(), ranking::SEED, CODE) }
}

impl Reader {
    /// Boards of all leaves that are committed now.
    ///
    /// **Cost** reading the leaves that have come since, and two fits.
    pub async fn boards(&self, db: &PgPool) -> Result<Boards, SnapshotError> {
        let mut read = self.0.lock().await;
        let mut connection = db.acquire().await?;
        loop {
            let from = i64::try_from(read.ledger.size()).unwrap_or(i64::MAX);
            let to = from.saturating_add(PAGE);
            let bodies = journal::queries::list_bodies(&mut connection, from, to).await?;
            if bodies.is_empty() {
                break;
            }
            for body in &bodies {
                read.ledger.take(body)?;
                read.tree.push(leaf_hash(body), 0);
            }
        }
        drop(connection);
        let now = read.clone();
        drop(read);
        let work = move || {
            let (n, root) = (now.tree.size(), now.tree.root());
            let of = |exclusions| now.ledger.publish(n, &root, &settings(exclusions));
            Ok(Boards { honoured: of(Exclusions::Honoured)?, ignored: of(Exclusions::Ignored)? })
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| SnapshotError::Ended)?
    }
}

impl Reader {
    /// Boards that are at most a minute old: whoever asks often costs no more than one who asks once.
    pub async fn boards_lately(&self, db: &PgPool) -> Result<Arc<Boards>, SnapshotError> {
        let mut last = self.1.lock().await;
        if let Some((_, boards)) = last.as_ref().filter(|(made, _)| made.elapsed() < LATELY) {
            return Ok(Arc::clone(boards));
        }
        let boards = Arc::new(self.boards(db).await?);
        *last = Some((Instant::now(), Arc::clone(&boards)));
        Ok(boards)
    }
}

/// Publishes the board as it is now, and beside it the one without exclusions where there are any. Says under
/// which digests.
pub async fn take(
    db: &PgPool,
    journal: &Journal,
    reader: &Reader,
) -> Result<Vec<String>, SnapshotError> {
    let boards = reader.boards(db).await?;
    let mut documents = vec![&boards.honoured];
    if boards.honoured.counts.excluded > 0 {
        documents.push(&boards.ignored);
    }
    let mut tx = db.begin().await?;
    let mut writer = journal.lock(&mut tx).await?;
    let mut digests = Vec::new();
    for document in documents {
        let (settings, body) = (document.settings.to_text(), document.to_text());
        let sha256 = hex::encode(Sha256::digest(&body));
        let leaf = leaf::Snapshot {
            n: document.n,
            cfg: hex::encode(Settings::sha256(&settings)),
            res: sha256.clone(),
            t: 0,
        };
        let entry = writer.add(Leaf::Snapshot(leaf))?;
        let place = |number: u64| i64::try_from(number).map_err(|_| JournalError::Damaged(number));
        let key = (sha256.as_str(), place(entry.index)?, place(document.n)?);
        if queries::insert(&mut tx, key, &settings, &body).await? {
            digests.push(sha256);
        }
    }
    writer.write(&mut tx).await?;
    tx.commit().await?;
    journal.sign_soon();
    Ok(digests)
}
