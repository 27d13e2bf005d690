//! What a verification starts from, and what it asks for.

use super::super::merkle::Hash;

/// What is given at the start, as bytes of files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given<'a> {
    /// The checkpoint of the export.
    pub checkpoint: &'a [u8],
    /// The key in the export.
    pub vkey: &'a [u8],
    /// A key from elsewhere that is trusted instead.
    pub trusted: Option<&'a str>,
    /// An older checkpoint of the same log.
    pub old: Option<&'a [u8]>,
}

/// A file of the export, by the digest in its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// A policy.
    Policy(Hash),
    /// A published board.
    Board(Hash),
    /// The settings of the board with this digest.
    Settings(Hash),
}

impl Wanted {
    /// Where it lies in the folder.
    pub fn path(&self) -> String {
        match self {
            Self::Policy(digest) => format!("policies/{}.json", hex::encode(digest)),
            Self::Board(digest) => format!("snapshots/{}.json", hex::encode(digest)),
            Self::Settings(digest) => format!("snapshots/{}.cfg.json", hex::encode(digest)),
        }
    }
}
