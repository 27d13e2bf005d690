//! Plays an arena in memory: honest exports of any size, for tests, benches and whoever wants to see one.
//!
//! Everything follows from a seed. The key that signs is made from it too: such a log proves nothing to anybody.

mod arena;
mod battles;

use std::collections::BTreeMap;

use super::checkpoint::Head;
use super::merkle::{self, leaf_hash};
use super::note::Signer;
pub use super::verify::Text;
use super::verify::{Given, Report, Verification, Wanted};

/// How much is played.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Battles in all.
    pub battles: usize,
    /// Models, at least four.
    pub models: usize,
    /// Days over which the battles are spread.
    pub days: u64,
    /// Voters.
    pub voters: usize,
    /// Whether texts and receipts are kept.
    pub texts: bool,
    /// Boards that are published.
    pub snapshots: usize,
}

/// An export, and what its operator and its voters have beside it.
pub struct Export {
    /// The key of the log.
    pub signer: Signer,
    /// The leaves.
    pub leaves: Vec<Vec<u8>>,
    /// The signed head.
    pub checkpoint: String,
    /// The public key as the export has it.
    pub vkey: String,
    /// Policies and boards, by their place in the folder.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Texts that may be published.
    pub texts: Vec<Text>,
    /// Texts that were erased and are not in the export.
    pub erased: Vec<Text>,
    /// Replies to votes, as their voters have them: index of the leaf, and the JSON.
    pub replies: Vec<(u64, String)>,
    /// Heads that were signed on the way.
    pub earlier: Vec<String>,
}

/// Plays. **Panics** never; a size without sense gives a small log.
pub fn play(seed: u64, size: Size) -> Export {
    arena::Arena::new(seed, size).play()
}

impl Export {
    /// The head of the leaves as they are now, signed by the log's own key.
    pub fn sign(&self) -> String {
        let hashes: Vec<_> = self.leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
        let head = Head { size: hashes.len() as u64, root: merkle::root(&hashes) };
        head.sign(&self.signer).unwrap_or_default()
    }

    /// The bytes of the log's file.
    pub fn log(&self) -> Vec<u8> {
        let lines = self.leaves.iter().flat_map(|leaf| [leaf.as_slice(), b"\n"]);
        lines.collect::<Vec<_>>().concat()
    }

    /// The bytes of the file of texts.
    pub fn text_lines(&self) -> Vec<u8> {
        self.texts.iter().map(Text::to_line).collect::<String>().into_bytes()
    }

    /// Verifies it. **Input** an older head, and receipts, each as a file.
    pub fn verify(&self, trusted: Option<&str>, old: Option<&str>, receipts: &[String]) -> Report {
        let given = Given {
            checkpoint: self.checkpoint.as_bytes(),
            vkey: self.vkey.as_bytes(),
            trusted,
            old: old.map(str::as_bytes),
        };
        let find = |wanted: Wanted| self.files.get(&wanted.path()).cloned();
        #[expect(clippy::expect_used, reason = "for tests, whose keys are keys")]
        let mut verification = Verification::new(given, find).expect("a key to trust");
        for text in &self.texts {
            verification.text(text.to_line().as_bytes());
        }
        for (number, receipt) in receipts.iter().enumerate() {
            verification.receipt(&format!("receipt {number}"), receipt.as_bytes());
        }
        let mut line = Vec::new();
        for leaf in &self.leaves {
            line.clear();
            line.extend_from_slice(leaf);
            line.push(b'\n');
            verification.line(&line);
        }
        verification.finish()
    }
}
