//! An export under attack: everything a verifier is given.
#![cfg(test)]

use std::collections::BTreeMap;

use arena_core::journal::leaf::Leaf;
use arena_core::journal::sample::{self, Export, Size, Text};
use arena_core::journal::verify::{Given, Report, Status, Verification, Wanted};
use rand::RngExt as _;
use rand_xoshiro::Xoshiro256PlusPlus;

pub(crate) type Random = Xoshiro256PlusPlus;

/// What all cases begin with.
pub(crate) const SIZE: Size =
    Size { battles: 60, models: 5, days: 4, voters: 12, texts: true, snapshots: 2 };

pub(crate) fn base(seed: u64) -> Export {
    sample::play(seed, SIZE)
}

/// Files of an export, and what its reader has from elsewhere.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) log: Vec<u8>,
    pub(crate) checkpoint: Vec<u8>,
    pub(crate) vkey: String,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) texts: Vec<Text>,
    /// The key that the reader trusts.
    pub(crate) trusted: Option<String>,
    pub(crate) old: Option<String>,
    pub(crate) receipts: Vec<String>,
}

impl Case {
    /// The honest export, its own key known from elsewhere.
    pub(crate) fn honest(export: &Export) -> Self {
        Self {
            log: export.log(),
            checkpoint: export.checkpoint.clone().into_bytes(),
            vkey: export.vkey.clone(),
            files: export.files.clone(),
            texts: export.texts.clone(),
            trusted: Some(export.vkey.clone()),
            old: None,
            receipts: Vec::new(),
        }
    }

    /// What somebody has who kept a checkpoint and all receipts.
    pub(crate) fn remembered(&self, export: &Export) -> Self {
        Self {
            old: Some(export.checkpoint.clone()),
            receipts: export.replies.iter().map(|(_, reply)| reply.clone()).collect(),
            ..self.clone()
        }
    }

    pub(crate) fn set_leaves(&mut self, leaves: &[Vec<u8>]) {
        self.log =
            leaves.iter().flat_map(|leaf| [leaf.as_slice(), b"\n"]).collect::<Vec<_>>().concat();
    }

    fn text_lines(&self) -> Vec<u8> {
        self.texts.iter().map(Text::to_line).collect::<String>().into_bytes()
    }

    /// The report of this crate's own verifier.
    pub(crate) fn report(&self) -> Report {
        let given = Given {
            checkpoint: &self.checkpoint,
            vkey: self.vkey.as_bytes(),
            trusted: self.trusted.as_deref(),
            old: self.old.as_deref().map(str::as_bytes),
        };
        let find = |wanted: Wanted| self.files.get(&wanted.path()).cloned();
        let mut verification = Verification::new(given, find).unwrap();
        for line in self.text_lines().split_inclusive(|byte| *byte == b'\n') {
            verification.text(line);
        }
        for (number, receipt) in self.receipts.iter().enumerate() {
            verification.receipt(&format!("receipt {number}"), receipt.as_bytes());
        }
        for line in self.log.split_inclusive(|byte| *byte == b'\n') {
            verification.line(line);
        }
        verification.finish()
    }

    /// The codes of the checks that failed.
    pub(crate) fn failed(&self) -> Vec<u8> {
        let report = self.report();
        let failed = report.checks.iter().filter(|outcome| outcome.status == Status::Failed);
        failed.map(|outcome| outcome.code).collect()
    }

    /// What the verifier in Python is asked with.
    pub(crate) fn to_line(&self) -> String {
        let latin = |bytes: &[u8]| bytes.iter().map(|byte| char::from(*byte)).collect::<String>();
        let mut files: BTreeMap<&str, String> =
            self.files.iter().map(|(name, bytes)| (name.as_str(), latin(bytes))).collect();
        files.insert("log.jsonl", latin(&self.log));
        files.insert("checkpoint", latin(&self.checkpoint));
        files.insert("vkey", latin(self.vkey.as_bytes()));
        files.insert("texts.jsonl", latin(&self.text_lines()));
        let case = serde_json::json!({
            "files": files, "vkey": self.trusted, "old": self.old, "receipts": self.receipts,
        });
        format!("{case}\n")
    }
}

/// One of a list.
pub(crate) fn pick<'a, T>(list: &'a [T], rng: &mut Random) -> &'a T {
    &list[rng.random_range(0..list.len())]
}

/// Places of the leaves that a test is true of.
pub(crate) fn places(leaves: &[Leaf], is: impl Fn(&Leaf) -> bool) -> Vec<usize> {
    (0..leaves.len()).filter(|at| is(&leaves[*at])).collect()
}

pub(crate) fn parsed(export: &Export) -> Vec<Leaf> {
    export.leaves.iter().map(|leaf| Leaf::parse(leaf).unwrap()).collect()
}

/// Another hexadecimal digit somewhere in a text of them.
pub(crate) fn other_digit(text: &str, rng: &mut Random) -> String {
    let at = rng.random_range(0..text.len());
    let digit = if &text[at..=at] == "0" { "1" } else { "0" };
    format!("{}{digit}{}", &text[..at], &text[at + 1..])
}
