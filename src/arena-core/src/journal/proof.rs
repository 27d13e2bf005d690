//! A proof of inclusion as one text (C2SP tlog-proof), to be kept and checked without the log.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::checkpoint::{Head, parse_hash, parse_number};
use super::merkle::{Hash, verify_inclusion};
use super::note::{NoteError, Verifier};

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// A path in a tree of 2^64 leaves has no more.
const MAX_PATH: usize = 64;

/// That a leaf stands at an index of a log with this head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Place of the leaf.
    pub index: u64,
    /// From the leaf upwards.
    pub path: Vec<Hash>,
    /// The signed head.
    pub checkpoint: String,
}

/// Why a proof does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Not a proof.
    #[error("this is no proof of inclusion: {0}")]
    Malformed(&'static str),
    /// Its checkpoint is not the log's.
    #[error("the checkpoint in the proof is not good")]
    Checkpoint(#[from] NoteError),
    /// The path does not lead to the root.
    #[error("leaf {index} is not in the log of {size} leaves that the checkpoint is of")]
    NotIncluded {
        /// Place of the leaf.
        index: u64,
        /// Size of the log.
        size: u64,
    },
}

impl Proof {
    /// Whether the proof holds for these bytes; gives the head that it leads to.
    pub fn verify(&self, leaf: &Hash, verifier: &Verifier) -> Result<Head, ProofError> {
        let head = Head::open(&self.checkpoint, verifier)?;
        if verify_inclusion(leaf, self.index, head.size, &self.path, &head.root) {
            return Ok(head);
        }
        Err(ProofError::NotIncluded { index: self.index, size: head.size })
    }

    /// Reads the text form; an `extra` line is passed over.
    pub fn parse(text: &str) -> Result<Self, ProofError> {
        let (top, checkpoint) = text
            .split_once("\n\n")
            .ok_or(ProofError::Malformed("no empty line stands before a checkpoint"))?;
        let mut lines = top.split('\n').peekable();
        if lines.next() != Some(FIRST_LINE) {
            return Err(ProofError::Malformed("its first line is not that of version 1"));
        }
        let _ = lines.next_if(|line| line.starts_with("extra "));
        let index = lines.next().and_then(|line| parse_number(line.strip_prefix("index ")?));
        let index = index.ok_or(ProofError::Malformed("it has no index"))?;
        let path: Option<Vec<Hash>> = lines.map(parse_hash).collect();
        match path {
            Some(path) if path.len() <= MAX_PATH => {
                Ok(Self { index, path, checkpoint: checkpoint.to_owned() })
            }
            _ => Err(ProofError::Malformed("its path is not of digests in base64")),
        }
    }
}

impl std::fmt::Display for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{FIRST_LINE}\nindex {}", self.index)?;
        for hash in &self.path {
            writeln!(f, "{}", BASE64.encode(hash))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}
