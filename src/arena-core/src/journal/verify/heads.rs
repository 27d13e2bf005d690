//! Checks 10 to 12: the signed head, the root, and heads that were signed before.

use super::super::checkpoint::Head;
use super::super::leaf::Genesis;
use super::super::merkle::{Hash, empty_root};
use super::super::note::{NoteError, Verifier};
use super::Given;
use super::report::{Check, Problems};
use super::tree::Tree;

/// A head that a beginning of the log must have.
struct Earlier {
    size: u64,
    root: Hash,
    check: Check,
    whose: String,
}

#[derive(Default)]
pub(super) struct Heads {
    pub(super) verifier: Option<Verifier>,
    /// Whether the key came from elsewhere.
    pub(super) is_trusted: bool,
    pub(super) head: Option<Head>,
    pub(super) old: Option<u64>,
    earlier: Vec<Earlier>,
}

impl Heads {
    pub(super) fn new(given: Given<'_>, problems: &mut Problems) -> Result<Self, NoteError> {
        let mut heads = Self { is_trusted: given.trusted.is_some(), ..Self::default() };
        heads.verifier = match given.trusted {
            Some(trusted) => Some(Verifier::parse(trusted)?),
            None => heads.own_key(given.vkey, problems),
        };
        let note = str::from_utf8(given.checkpoint).unwrap_or_default();
        match heads.open(note) {
            Ok(head) => heads.head = Some(head),
            Err(error) => {
                problems.add(Check::Checkpoint, None, || error.to_string());
                heads.head = unsigned(note);
            }
        }
        if let Some(old) = given.old {
            heads.compare_old(str::from_utf8(old).unwrap_or_default(), problems);
        }
        Ok(heads)
    }

    fn own_key(&self, vkey: &[u8], problems: &mut Problems) -> Option<Verifier> {
        let parsed = Verifier::parse(str::from_utf8(vkey).unwrap_or_default());
        parsed.map_err(|error| problems.add(Check::Checkpoint, None, || error.to_string())).ok()
    }

    pub(super) fn open(&self, note: &str) -> Result<Head, NoteError> {
        let missing = NoteError::Key("there is no key to check with");
        Head::open(note, self.verifier.as_ref().ok_or(missing)?)
    }

    fn compare_old(&mut self, note: &str, problems: &mut Problems) {
        self.old = Some(0);
        match self.open(note) {
            Ok(head) => {
                self.old = Some(head.size);
                self.expect(head, Check::Consistency, "the older checkpoint", problems);
            }
            Err(error) => problems.add(Check::Consistency, None, || error.to_string()),
        }
    }

    /// Notes a head that a beginning of the log must have.
    pub(super) fn expect(
        &mut self,
        head: Head,
        check: Check,
        whose: &str,
        problems: &mut Problems,
    ) {
        if head.size == 0 && head.root != empty_root() {
            problems.add(check, None, || format!("{whose} is of no leaves and has another root"));
        } else if head.size > 0 {
            let Head { size, root } = head;
            self.earlier.push(Earlier { size, root, check, whose: whose.to_owned() });
            self.earlier.sort_by_key(|earlier| std::cmp::Reverse(earlier.size));
        }
    }

    /// Notes the head of a proof. One of a longer log than this cannot be compared: its proof is, with the leaf.
    pub(super) fn expect_beginning(&mut self, head: Head, whose: &str, problems: &mut Problems) {
        if self.head.is_some_and(|own| head.size <= own.size) {
            self.expect(head, Check::Receipts, &format!("the checkpoint of {whose}"), problems);
        }
    }

    /// Compares what was expected of the log at this size.
    pub(super) fn grown(&mut self, tree: &Tree, problems: &mut Problems) {
        while self.earlier.last().is_some_and(|earlier| earlier.size == tree.size()) {
            let Some(Earlier { size, root, check, whose }) = self.earlier.pop() else { return };
            if root != tree.root() {
                problems.add(check, None, || {
                    format!("the first {size} leaves have another root than {whose} says")
                });
            }
        }
    }

    /// Compares the first leaf with origin and key.
    pub(super) fn genesis(&self, genesis: &Genesis, problems: &mut Problems) {
        let Some(verifier) = &self.verifier else { return };
        if genesis.origin != verifier.name() || genesis.vkey != verifier.to_string() {
            problems.add(Check::Checkpoint, Some(0), || {
                format!("it names {}, and {verifier} is trusted", genesis.vkey)
            });
        }
    }

    pub(super) fn finish(&self, tree: &Tree, problems: &mut Problems) {
        match self.head {
            Some(head) if head.size != tree.size() => problems.add(Check::Root, None, || {
                format!("there are {} leaves, and the checkpoint is of {}", tree.size(), head.size)
            }),
            Some(head) if head.root != tree.root() => problems.add(Check::Root, None, || {
                format!("the leaves have the root {}, not that signed", hex::encode(tree.root()))
            }),
            Some(_) => {}
            None => problems.add(Check::Root, None, || "there is no head to compare".to_owned()),
        }
        for Earlier { size, check, whose, .. } in &self.earlier {
            problems.add(*check, None, || {
                format!("{whose} is of {size} leaves, and there are only {}", tree.size())
            });
        }
    }
}

/// The head of a note that nobody is known to have signed, so that further checks have something to go by.
fn unsigned(note: &str) -> Option<Head> {
    let mut lines = note.lines().skip(1);
    let size = super::super::checkpoint::parse_number(lines.next()?)?;
    let root = super::super::checkpoint::parse_hash(lines.next()?)?;
    Some(Head { size, root })
}
