//! What the journal records: kinds of leaves, and their one form as bytes.
//!
//! A leaf is a JSON object on one line. Its bytes are made once, stored, served and hashed; nobody makes them
//! again. Every leaf has one canonical form: fields in the order given here, no spaces, integers up to 2^53 - 1,
//! binary in lower-case hexadecimal. Readers refuse any other, so that two readers cannot disagree on what a
//! leaf says.

mod check;
pub(crate) mod id;
pub(super) mod ids;
mod kinds;

use serde::{Deserialize, Serialize};

pub use kinds::{
    Assign, Choice, Contents, Epoch, EpochReveal, Flag, Genesis, Model, ModelState, Part, Policy,
    Redact, Ruling, Snapshot, Void, Vote, Why,
};

/// Longest leaf, in bytes, as entry bundles of tiles have it.
pub const MAX_BYTES: usize = 65_535;
/// Largest integer that every JSON reader keeps.
pub const MAX_INTEGER: u64 = (1 << 53) - 1;
/// Times are floored to this many seconds, so that a vote cannot be matched with a visit.
pub const TIME_STEP: u64 = 60;

/// One entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "k", rename_all = "snake_case")]
pub enum Leaf {
    /// The first leaf, index 0.
    Genesis(Genesis),
    /// Rules that are in force from here on.
    Policy(Policy),
    /// A model and where it stands, from here on.
    Model(Model),
    /// The committed key of a day's draws.
    Epoch(Epoch),
    /// A battle has its pair.
    Assign(Assign),
    /// A battle has its vote.
    Vote(Box<Vote>),
    /// A battle ended without a vote.
    Void(Void),
    /// A vote no longer counts.
    Exclude(Ruling),
    /// An excluded vote counts again.
    Include(Ruling),
    /// Texts of a vote were erased.
    Redact(Redact),
    /// The key of a day's draws.
    EpochReveal(EpochReveal),
    /// A leaderboard was published.
    Snapshot(Snapshot),
}

/// Why bytes are no leaf.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// Longer than an entry of a tile may be.
    #[error("it has {0} bytes, and 65,535 is the most")]
    TooLong(usize),
    /// Not an object of a known kind.
    #[error("{0}")]
    Malformed(String),
    /// It says something in another form than the one that is allowed.
    #[error("it is not in the canonical form")]
    NotCanonical,
    /// A field holds what it may not.
    #[error("its field {0} is out of bounds")]
    Field(&'static str),
}

impl Leaf {
    /// Seconds since 1970.
    pub fn time(&self) -> u64 {
        match self {
            Self::Genesis(Genesis { t, .. })
            | Self::Policy(Policy { t, .. })
            | Self::Model(Model { t, .. })
            | Self::Epoch(Epoch { t, .. })
            | Self::Assign(Assign { t, .. })
            | Self::Void(Void { t, .. })
            | Self::Exclude(Ruling { t, .. })
            | Self::Include(Ruling { t, .. })
            | Self::Redact(Redact { t, .. })
            | Self::EpochReveal(EpochReveal { t, .. })
            | Self::Snapshot(Snapshot { t, .. }) => *t,
            Self::Vote(vote) => vote.t,
        }
    }

    /// Sets the time, floored, and not before that of the leaf in front.
    pub fn stamp(&mut self, now: u64, last: u64) {
        let floored = (now / TIME_STEP * TIME_STEP).max(last);
        match self {
            Self::Genesis(Genesis { t, .. })
            | Self::Policy(Policy { t, .. })
            | Self::Model(Model { t, .. })
            | Self::Epoch(Epoch { t, .. })
            | Self::Assign(Assign { t, .. })
            | Self::Void(Void { t, .. })
            | Self::Exclude(Ruling { t, .. })
            | Self::Include(Ruling { t, .. })
            | Self::Redact(Redact { t, .. })
            | Self::EpochReveal(EpochReveal { t, .. })
            | Self::Snapshot(Snapshot { t, .. }) => *t = floored,
            Self::Vote(vote) => vote.t = floored,
        }
    }

    /// The bytes of the leaf. **Errors** if a field is out of bounds or the whole is too long.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LeafError> {
        self.check()?;
        let bytes =
            serde_json::to_vec(self).map_err(|error| LeafError::Malformed(error.to_string()))?;
        if bytes.len() > MAX_BYTES {
            return Err(LeafError::TooLong(bytes.len()));
        }
        Ok(bytes)
    }

    /// Reads the bytes of a leaf, strictly.
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
        if bytes.len() > MAX_BYTES {
            return Err(LeafError::TooLong(bytes.len()));
        }
        let leaf: Self = serde_json::from_slice(bytes)
            .map_err(|error| LeafError::Malformed(error.to_string()))?;
        if leaf.to_bytes()? != bytes {
            return Err(LeafError::NotCanonical);
        }
        Ok(leaf)
    }
}
