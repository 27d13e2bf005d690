//! The signed head of the log (C2SP tlog-checkpoint): origin, size, root; and promises to include a leaf.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::merkle::Hash;
use super::note::{NoteError, Signer, Verifier};

/// How many leaves a log has, and their root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of leaves.
    pub size: u64,
    /// Root of their tree.
    pub root: Hash,
}

/// A whole number in its shortest decimal form.
pub(super) fn parse_number(text: &str) -> Option<u64> {
    let number = text.parse::<u64>().ok()?;
    (number.to_string() == text).then_some(number)
}

/// A digest in base64.
pub(super) fn parse_hash(text: &str) -> Option<Hash> {
    BASE64.decode(text).ok()?.try_into().ok()
}

impl Head {
    /// Signs the head: a note whose text is origin, size and root, a line each.
    pub fn sign(&self, signer: &Signer) -> Result<String, NoteError> {
        let origin = signer.verifier().name();
        signer.sign(&format!("{origin}\n{}\n{}\n", self.size, BASE64.encode(self.root)))
    }

    /// The head of a note that a log's key has signed.
    ///
    /// **Errors** as [`Verifier::open`]; a text that is not three lines, the first being the key's name.
    pub fn open(note: &str, verifier: &Verifier) -> Result<Self, NoteError> {
        let text = verifier.open(note)?;
        let malformed = NoteError::Malformed("a checkpoint is origin, size and root, a line each");
        let lines: Vec<&str> = text.lines().collect();
        let [origin, size, root] = lines.as_slice() else { return Err(malformed) };
        match (parse_number(size), parse_hash(root)) {
            (Some(size), Some(root)) if *origin == verifier.name() => Ok(Self { size, root }),
            _ => Err(malformed),
        }
    }
}

/// What a log says at once of a leaf that it has stored: it is at this place, and every later checkpoint has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promise {
    /// Place of the leaf.
    pub index: u64,
    /// Hash of its bytes.
    pub leaf: Hash,
}

impl Promise {
    /// Signs the promise: a note of three lines, `origin/receipt`, index and leaf hash.
    pub fn sign(&self, signer: &Signer) -> Result<String, NoteError> {
        let origin = signer.verifier().name();
        signer.sign(&format!("{origin}/receipt\n{}\n{}\n", self.index, BASE64.encode(self.leaf)))
    }

    /// The promise in a note that a log's key has signed. **Errors** as [`Head::open`].
    pub fn open(note: &str, verifier: &Verifier) -> Result<Self, NoteError> {
        let text = verifier.open(note)?;
        let malformed = NoteError::Malformed("a receipt is origin/receipt, index and leaf hash");
        let lines: Vec<&str> = text.lines().collect();
        let [origin, index, leaf] = lines.as_slice() else { return Err(malformed) };
        match (parse_number(index), parse_hash(leaf)) {
            (Some(index), Some(leaf)) if *origin == format!("{}/receipt", verifier.name()) => {
                Ok(Self { index, leaf })
            }
            _ => Err(malformed),
        }
    }
}
