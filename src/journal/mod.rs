//! The journal: what decides a ranking is recorded here, inside the transaction of what it records.
//!
//! A stage that changes something locks the log last ([`Journal::lock`]), adds leaves and writes them before
//! it commits. The tree, signatures and commitments themselves are in `arena_core::journal`.

mod anchor;
mod error;
pub mod handlers;
pub mod job;
mod key;
pub mod lines;
pub mod next;
pub mod pages;
pub mod queries;
pub mod receipt;
mod tree;
mod writer;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use arena_core::journal::checkpoint::{Head, Promise};
use arena_core::journal::leaf::{Genesis, Leaf};
use arena_core::journal::merkle::{Frontier, Hash};
use arena_core::journal::note::{Signer, Verifier};
use sqlx::{PgConnection, PgPool};

use anchor::Anchor;
pub use error::JournalError;
use writer::time_of_log;
pub use writer::{DrawTicket, Entry, Prepared, Writer, append};

/// Groups of leaves whose roots are kept: tiles have this width.
const GROUP: u64 = 256;
/// Two to this power is [`GROUP`].
const GROUP_LEVEL: u8 = 8;

/// The signing key, the anchor beside the database, and whether the log may be written.
#[derive(Clone)]
pub struct Journal(Arc<Inner>);

struct Inner {
    signer: Signer,
    anchor: Anchor,
    /// Why nothing may be written.
    refusal: RwLock<Option<String>>,
    /// Size of the log that this process has seen.
    seen: AtomicU64,
    /// Wakes the job that signs.
    due: tokio::sync::Notify,
}

impl Journal {
    /// Opens the log of a database: reads or makes the key, founds a log that is empty, and compares it with the
    /// anchor. A log behind its anchor is opened for reading, and says why it refuses to be written.
    ///
    /// **Errors** if the key cannot be read, is another log's, or the database fails.
    pub async fn open(
        db: &PgPool,
        data: &Path,
        origin: Option<&str>,
    ) -> Result<Self, JournalError> {
        let signer = key::read_or_make(data, origin)?;
        let anchor = Anchor::new(data);
        let inner = Inner {
            signer,
            anchor,
            refusal: RwLock::default(),
            seen: AtomicU64::new(0),
            due: tokio::sync::Notify::new(),
        };
        let journal = Self(Arc::new(inner));
        let mut tx = db.begin().await?;
        match journal.compare(&mut tx).await {
            Ok(()) => journal.found(&mut tx, next::previous(data)?).await?,
            Err(JournalError::RolledBack(why)) => journal.refuse(why),
            Err(error) => return Err(error),
        }
        tx.commit().await?;
        Ok(journal)
    }

    /// Puts the first leaf into an empty log; of another one, checks that it is signed with this key.
    async fn found(&self, db: &mut PgConnection, prev: Option<String>) -> Result<(), JournalError> {
        let mut writer = Writer::lock(db).await?;
        let vkey = self.verifier().to_string();
        if writer.size() == 0 {
            let genesis = Genesis { v: 1, origin: self.origin().to_owned(), vkey, t: 0, prev };
            writer.add(Leaf::Genesis(genesis))?;
            return writer.write(db).await;
        }
        let first = queries::list_bodies(db, 0, 1).await?;
        match first.first().map(|body| Leaf::parse(body)) {
            Some(Ok(Leaf::Genesis(genesis))) if genesis.vkey == vkey => Ok(()),
            Some(Ok(Leaf::Genesis(genesis))) => Err(JournalError::OtherKey(genesis.origin)),
            _ => Err(JournalError::Damaged(0)),
        }
    }

    /// Compares the log with the last line of the anchor.
    async fn compare(&self, db: &mut PgConnection) -> Result<(), JournalError> {
        let Some(anchored) = self.0.anchor.last()? else { return Ok(()) };
        let head = Head::open(&anchored, self.verifier())?;
        let size = self.head(db).await?.size;
        let why = if size < head.size {
            format!("it has {size} leaves")
        } else if tree::root_at(db, head.size).await? != Some(head.root) {
            format!("its first {} leaves are others", head.size)
        } else {
            return Ok(());
        };
        Err(JournalError::RolledBack(format!(
            "the log in the database is not the one that was signed: {why}, and a checkpoint over {} leaves was \
             published before. Votes are refused, so that none is lost. Restore the newer database; where it is \
             gone for good, begin the next log with `doubleblind log next` in an empty data folder, and keep this one",
            head.size
        )))
    }

    fn refuse(&self, why: String) {
        tracing::error!("{why}");
        *self.0.refusal.write().unwrap_or_else(PoisonError::into_inner) = Some(why);
    }

    /// Why nothing may be written, if that is so.
    pub fn refusal(&self) -> Option<String> {
        self.0.refusal.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the lock of the log within a transaction, to add leaves to it. It is to be the last lock of the
    /// transaction, and held for a short time.
    ///
    /// **Errors** if the log was rolled back, or the database fails.
    pub async fn lock(&self, db: &mut PgConnection) -> Result<Writer, JournalError> {
        self.admit()?;
        let writer = Writer::lock(db).await?;
        self.watch(db, writer.size()).await?;
        Ok(writer)
    }

    /// Whether the log may be written, for those who write it without [`Journal::lock`].
    pub fn admit(&self) -> Result<(), JournalError> {
        self.refusal().map_or(Ok(()), |why| Err(JournalError::RolledBack(why)))
    }

    /// Takes note of the size of the locked log before something is added; to be asked before the commit.
    ///
    /// **Errors** if it was larger before: somebody has put an older database in place while the arena runs.
    pub async fn watch(&self, db: &mut PgConnection, size: u64) -> Result<(), JournalError> {
        let seen = self.0.seen.fetch_max(size, Ordering::Relaxed);
        if size >= seen {
            return Ok(());
        }
        let why = self.compare(db).await.err().map(|error| error.to_string());
        let why = why.unwrap_or_else(|| {
            format!("the log had {seen} leaves and now has {size}; votes are refused")
        });
        self.refuse(why.clone());
        Err(JournalError::RolledBack(why))
    }

    /// The signed promise that a leaf which was committed is in the log.
    pub fn promise(&self, entry: Entry) -> Result<String, JournalError> {
        Ok(Promise { index: entry.index, leaf: entry.hash }.sign(&self.0.signer)?)
    }

    /// The key that checkpoints and promises are signed with.
    pub fn verifier(&self) -> &Verifier {
        self.0.signer.verifier()
    }

    /// Name of the log.
    pub fn origin(&self) -> &str {
        self.verifier().name()
    }

    /// Size and root of the log as it is now.
    pub async fn head(&self, db: &mut PgConnection) -> Result<Head, JournalError> {
        let state = queries::find_state(db).await?;
        let frontier = frontier(&state)?;
        Ok(Head { size: frontier.size(), root: frontier.root() })
    }

    /// Asks for a checkpoint as soon as possible.
    pub fn sign_soon(&self) {
        self.0.due.notify_one();
    }

    /// Signs the log as it is, if it has grown since the last checkpoint and no other process is signing. The
    /// anchor is on the disk before the checkpoint is in the database.
    ///
    /// **Output** the checkpoint, if one was made. **Errors** if the log is behind its anchor; then nothing is
    /// signed and nothing written any more.
    pub async fn sign(&self, db: &PgPool) -> Result<Option<String>, JournalError> {
        let mut tx = db.begin().await?;
        if !queries::try_signing(&mut tx).await? {
            return Ok(None);
        }
        if let Err(error) = self.compare(&mut tx).await {
            if let JournalError::RolledBack(why) = &error {
                self.refuse(why.clone());
            }
            return Err(error);
        }
        let head = self.head(&mut tx).await?;
        let last = queries::find_checkpoint(&mut tx).await?;
        let size = index(head.size)?;
        if head.size == 0 || last.is_some_and(|(signed, ..)| signed >= size) {
            return Ok(None);
        }
        let note = head.sign(&self.0.signer)?;
        self.0.anchor.append(&note)?;
        queries::insert_checkpoint(&mut tx, size, &note).await?;
        tx.commit().await?;
        Ok(Some(note))
    }
}

fn frontier(state: &queries::State) -> Result<Frontier, JournalError> {
    let size = u64::try_from(state.size).unwrap_or(0);
    Frontier::from_parts(size, &state.frontier).ok_or(JournalError::Damaged(size))
}

fn index(number: u64) -> Result<i64, JournalError> {
    i64::try_from(number).map_err(|_| JournalError::Damaged(number))
}

fn hash(bytes: &[u8]) -> Option<Hash> {
    bytes.try_into().ok()
}
