//! Adding leaves under the lock of the log.

use arena_core::journal::commitment::{Domain, commit};
use arena_core::journal::draw::EpochKey;
use arena_core::journal::leaf::{Epoch, Leaf};
use arena_core::journal::merkle::{Frontier, Hash, leaf_hash};
use rand::TryRng as _;
use rand::rngs::SysRng;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{GROUP, GROUP_LEVEL, JournalError, frontier, index, queries};

/// Where a leaf stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Place in the log.
    pub index: u64,
    /// Hash of its bytes.
    pub hash: Hash,
}

impl Entry {
    /// The place as a column of the database has it.
    pub fn row(&self) -> Result<i64, JournalError> {
        index(self.index)
    }
}

/// What one draw is made with.
#[derive(Clone, Debug)]
pub struct DrawTicket {
    /// The day.
    pub epoch: String,
    /// Its key.
    pub key: EpochKey,
    /// Number of the draw with this key.
    pub number: u64,
}

/// The locked log within one transaction. Dropped without [`Writer::write`], it changes nothing.
pub struct Writer {
    frontier: Frontier,
    last_time: u64,
    now: u64,
    first: u64,
    bodies: Vec<Vec<u8>>,
    hashes: Vec<Vec<u8>>,
    subtrees: Vec<i64>,
    roots: Vec<Vec<u8>>,
}

/// A leaf with the time of now, for a statement that calls `append_leaf` with it.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Its bytes.
    pub body: Vec<u8>,
    /// Its time, in Unix seconds.
    pub time: i64,
}

impl Prepared {
    /// Gives a leaf the time of now. The function appends nothing when the clock is behind the log; [`super::Journal::lock`]
    /// does.
    pub fn of(mut leaf: Leaf) -> Result<Self, JournalError> {
        leaf.stamp(u64::try_from(OffsetDateTime::now_utc().unix_timestamp()).unwrap_or(0), 0);
        Ok(Self { body: leaf.to_bytes()?, time: index(leaf.time())? })
    }
}

/// Appends one leaf within a transaction, for changes that have no [`super::Journal`] at hand.
pub async fn append(db: &mut PgConnection, leaf: Leaf) -> Result<Entry, JournalError> {
    let mut writer = Writer::lock(db).await?;
    let entry = writer.add(leaf)?;
    writer.write(db).await?;
    Ok(entry)
}

impl Writer {
    /// Takes the lock.
    pub(super) async fn lock(db: &mut PgConnection) -> Result<Self, JournalError> {
        let state = queries::lock_state(db).await?;
        let frontier = frontier(&state)?;
        Ok(Self {
            first: frontier.size(),
            frontier,
            last_time: u64::try_from(state.last_time).unwrap_or(0),
            now: u64::try_from(OffsetDateTime::now_utc().unix_timestamp()).unwrap_or(0),
            bodies: Vec::new(),
            hashes: Vec::new(),
            subtrees: Vec::new(),
            roots: Vec::new(),
        })
    }

    /// How many leaves there are, with those that were added.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Adds a leaf, with the time of now.
    ///
    /// **Errors** if it is none, or would stand before the first one.
    pub fn add(&mut self, mut leaf: Leaf) -> Result<Entry, JournalError> {
        if self.size() == 0 && !matches!(leaf, Leaf::Genesis(_)) {
            return Err(JournalError::Unfounded);
        }
        leaf.stamp(self.now, self.last_time);
        let body = leaf.to_bytes()?;
        let hash = leaf_hash(&body);
        let (place, completed) = self.frontier.push(hash, GROUP_LEVEL);
        if let Some(root) = completed {
            self.subtrees.push(index(place / GROUP)?);
            self.roots.push(root.to_vec());
        }
        self.last_time = leaf.time();
        self.bodies.push(body);
        self.hashes.push(hash.to_vec());
        Ok(Entry { index: place, hash })
    }

    /// The bytes of the leaf that was added last.
    pub fn last_body(&self) -> Vec<u8> {
        self.bodies.last().cloned().unwrap_or_default()
    }

    /// The key and number of the next draw; a day without a key gets one, and a leaf that commits to it.
    ///
    /// Clocks may go back: the day is that of the log's time, and one whose key is shown is never used again.
    pub async fn next_draw(&mut self, db: &mut PgConnection) -> Result<DrawTicket, JournalError> {
        let today = instant(self.now.max(self.last_time)).date();
        let last = queries::find_last_epoch(db).await?;
        let epoch = match &last {
            Some((epoch, _)) if *epoch > today.to_string() => epoch.clone(),
            _ => today.to_string(),
        };
        if let Some((key, number)) = queries::take_draw(db, &epoch).await? {
            let number = u64::try_from(number).unwrap_or(0);
            let key = key.try_into().map_err(|_| JournalError::Damaged(number))?;
            return Ok(DrawTicket { epoch, key, number });
        }
        // The last day's key is shown already, so its clock was ahead: the day after it follows.
        let epoch = match last {
            Some((last, true)) if last == epoch => next_day(&epoch).unwrap_or(epoch),
            _ => epoch,
        };
        let mut key = [0; 32];
        SysRng.try_fill_bytes(&mut key).map_err(|_| JournalError::Randomness)?;
        let c = hex::encode(commit(Domain::Epoch, &key, epoch.as_bytes()));
        let entry = self.add(Leaf::Epoch(Epoch { e: epoch.clone(), c, t: 0 }))?;
        queries::insert_epoch(db, &epoch, &key, index(entry.index)?).await?;
        Ok(DrawTicket { epoch, key, number: 0 })
    }

    /// Writes what was added; to be followed by the commit.
    pub async fn write(self, db: &mut PgConnection) -> Result<(), JournalError> {
        if self.bodies.is_empty() {
            return Ok(());
        }
        let addition = queries::Addition {
            first: index(self.first)?,
            bodies: &self.bodies,
            hashes: &self.hashes,
            subtrees: &self.subtrees,
            roots: &self.roots,
            state: queries::State {
                size: index(self.frontier.size())?,
                frontier: self.frontier.to_bytes(),
                last_time: index(self.last_time)?,
            },
        };
        Ok(queries::append(db, &addition).await?)
    }
}

fn instant(seconds: u64) -> OffsetDateTime {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// The time that the log goes by: now, or the time of its last leaf while the clock is behind that. What is decided by
/// the age of a leaf is decided by it, so that everybody who reads the log comes to the same.
pub(super) async fn time_of_log(db: &mut PgConnection) -> Result<OffsetDateTime, JournalError> {
    let last = u64::try_from(queries::find_state(db).await?.last_time).unwrap_or(0);
    Ok(instant(last).max(OffsetDateTime::now_utc()))
}

fn next_day(day: &str) -> Option<String> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    Some(time::Date::parse(day, format).ok()?.next_day()?.to_string())
}
