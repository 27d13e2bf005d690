//! Check 19: what voters were given, against what stands in the log.

use serde_json::Value;

use super::super::checkpoint::Promise;
use super::super::merkle::{Hash, leaf_hash};
use super::super::proof::Proof;
use super::heads::Heads;
use super::report::{Check, Problems};

/// One receipt.
struct Receipt {
    index: u64,
    /// Where it was read.
    name: String,
    kind: Kind,
}

enum Kind {
    /// The leaf was promised.
    Promised(Hash),
    /// The leaf was proved to be in a log with a signed head.
    Proved(Proof),
}

#[derive(Default)]
pub(super) struct Receipts {
    /// By index, the largest first.
    waiting: Vec<Receipt>,
    is_sorted: bool,
    count: usize,
}

impl Receipts {
    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn take(
        &mut self,
        name: &str,
        bytes: &[u8],
        heads: &mut Heads,
        problems: &mut Problems,
    ) {
        let text = str::from_utf8(bytes).unwrap_or_default();
        if !text.trim_start().starts_with('{') {
            return self.note(name, read(name, text, heads, problems), problems);
        }
        if let Ok(reply) = serde_json::from_str(text) {
            return self.note(name, reply_of(name, &reply, heads, problems), problems);
        }
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let name = format!("{name} line {}", number + 1);
            let reply = serde_json::from_str(line).map_err(|error| error.to_string());
            let receipt = reply.and_then(|reply| reply_of(&name, &reply, heads, problems));
            self.note(&name, receipt, problems);
        }
    }

    fn note(&mut self, name: &str, receipt: Result<Receipt, String>, problems: &mut Problems) {
        self.count += 1;
        match receipt {
            Ok(receipt) => self.waiting.push(receipt),
            Err(what) => problems.add(Check::Receipts, None, || format!("{name}: {what}")),
        }
    }

    /// Compares a leaf with what was said of it.
    pub(super) fn leaf(&mut self, index: u64, hash: &Hash, heads: &Heads, problems: &mut Problems) {
        if !self.is_sorted {
            self.waiting.sort_by_key(|receipt| std::cmp::Reverse(receipt.index));
            self.is_sorted = true;
        }
        while self.waiting.last().is_some_and(|receipt| receipt.index == index) {
            let Some(Receipt { name, kind, .. }) = self.waiting.pop() else { return };
            let holds = match (&kind, &heads.verifier) {
                (Kind::Promised(promised), _) => promised == hash,
                (Kind::Proved(proof), Some(verifier)) => proof.verify(hash, verifier).is_ok(),
                (Kind::Proved(_), None) => false,
            };
            if !holds {
                problems.add(Check::Receipts, Some(index), || {
                    format!("{name} is not of the leaf that stands here")
                });
            }
        }
    }

    pub(super) fn finish(&self, size: u64, problems: &mut Problems) {
        for Receipt { index, name, .. } in &self.waiting {
            problems.add(Check::Receipts, None, || {
                format!("{name} is of leaf {index}, and there are only {size} leaves")
            });
        }
    }
}

/// A promise or a proof.
fn read(
    name: &str,
    text: &str,
    heads: &mut Heads,
    problems: &mut Problems,
) -> Result<Receipt, String> {
    if text.starts_with("c2sp.org/tlog-proof") {
        let proof = Proof::parse(text).map_err(|error| error.to_string())?;
        let head = heads.open(&proof.checkpoint).map_err(|error| error.to_string())?;
        heads.expect_beginning(head, name, problems);
        let index = proof.index;
        return Ok(Receipt { index, name: name.to_owned(), kind: Kind::Proved(proof) });
    }
    let verifier = heads.verifier.as_ref().ok_or("there is no key to check with")?;
    let Promise { index, leaf } =
        Promise::open(text, verifier).map_err(|error| error.to_string())?;
    Ok(Receipt { index, name: name.to_owned(), kind: Kind::Promised(leaf) })
}

/// The reply to a vote: `receipt` is a promise or a proof, `leaf` the text of the leaf.
fn reply_of(
    name: &str,
    reply: &Value,
    heads: &mut Heads,
    problems: &mut Problems,
) -> Result<Receipt, String> {
    let field = |field: &str| reply.get(field).and_then(Value::as_str);
    let receipt = field("receipt").ok_or("it has no field receipt")?;
    let receipt = read(name, receipt, heads, problems)?;
    match (&receipt.kind, field("leaf")) {
        (Kind::Promised(promised), Some(leaf)) if leaf_hash(leaf.as_bytes()) != *promised => {
            Err("its leaf is not the one that its receipt is of".to_owned())
        }
        _ => Ok(receipt),
    }
}
