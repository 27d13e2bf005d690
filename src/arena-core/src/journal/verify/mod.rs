//! Checks a whole export of the journal, offline, with nothing but its files and a key that is trusted.
//!
//! # The folder
//! | file | what |
//! |---|---|
//! | `log.jsonl` | every leaf, from 0 on: its bytes and a line feed |
//! | `checkpoint` | signed note (C2SP tlog-checkpoint) with size and root of exactly these leaves |
//! | `vkey` | the log's key (C2SP signed-note), one line; whoever wants proof gets it from elsewhere |
//! | `policies/<sha256>.json` | every policy that a leaf names |
//! | `snapshots/<sha256>.json` | every board that a leaf names by `res` |
//! | `snapshots/<sha256>.cfg.json` | its settings, with the same name; their own digest is `cfg` of the leaf |
//! | `texts.jsonl` | may be missing: texts that may be published, a line `{"a":assign index,"part":"q","text":"...","salt":"64 hex digits"}` each; part q is the first question, p all questions, l and r all answers of A and B |
//! | `README.txt` | how to check all this |
//!
//! # The ten checks
//! Codes are exit codes; that of the lowest failed check is the program's. "Last time" is the time of the last leaf.
//! * 10 **checkpoint**: its text is origin, size and root; the trusted key has signed it; leaf 0 names this origin
//!   and this key.
//! * 11 **root**: the leaves are as many as the checkpoint says, and their root is its root.
//! * 12 **consistency**: an older checkpoint (`--old`), signed by the same key, is of a beginning of this log.
//!   Further signature lines, of witnesses, are passed over.
//! * 13 **grammar**: each line is a leaf in its one form and ends with a line feed. Leaf 0, and no other, is genesis. Times never go
//!   back. No day has two epoch leaves; a day is revealed once, after its epoch leaf. An assign leaf comes after a policy
//!   and after the epoch leaf of its day, before the day is revealed, with an id of its own. A vote or void points back to
//!   the assign leaf of its battle, which has neither yet. An exclude points back to a vote that is not excluded, an include to one
//!   that is. A redact points back to an assign leaf. A snapshot is of leaves before it: of at least one, and of all but
//!   the last 65,536 at least. A model keeps the file (`gguf`) of its first leaf.
//! * 14 **openings**: each vote or void opens the commitment of its assign leaf; the reveal has its battle's id; both models
//!   were public by the last model leaf of each before the assign leaf, and file and sampling digests are those of that leaf; neither is
//!   among `out`. A battle without vote or void is younger than 25 hours at the last time. One pseudonym is in use
//!   for at most 32 days.
//! * 15 **epochs**: numbers of a day's assign leaves are 0, 1, 2, ... in order. Policy files are there, in their one form, with their digest. A
//!   revealed key opens its epoch's commitment, at the reveal no battle of the day is open, and from the key follow
//!   battle id, pair, sides, and the seed of each answer that was not stored. A day is revealed within 49 hours of its
//!   end, measured at the last time, unless a battle of it is open. An epoch leaf names a real day that begins at most 24 hours later.
//! * 16 **sums**: assigned = counted + excluded + void + open, each counted by itself from leaves of its kind.
//! * 17 **boards**: files of each snapshot leaf are there and have its digests; the board recomputed from the leaves
//!   before `n` has the same bytes, or differs by a hundredth of a point at most ([`super::board`]).
//! * 18 **texts**: each text and its salt give the commitment of its battle (q: the reveal's `pc`; p, l, r: the vote's `c`), and no text is of a part that a redact
//!   leaf erased (`p` erases q and p).
//! * 19 **receipts**: the leaf of each receipt stands in this log at its index; a proof holds, and its checkpoint is of
//!   a beginning of this log.
//!
//! Without what it needs a check is skipped and says so. All are made, whatever has failed before. What is stated and is no
//! failure: how often models and pairs were drawn against their weights, how often a model was `out`, how many pseudonyms appear with
//! two tiers (a voter may open an account within a month).
//!
//! What it does not show: that voters are human or distinct; that the named file wrote the answer; that everybody is
//! shown the same log, unless checkpoints are compared; anything about votes that were refused before they were written.
//!
//! Leaves go through one by one; what stays is about 200 bytes a battle. No input, however hostile, makes it panic.

mod boards;
mod epochs;
mod given;
mod heads;
mod opening;
mod order;
mod receipts;
mod report;
mod shares;
mod state;
#[cfg(test)]
mod tests;
mod texts;
mod tree;

pub use given::{Given, Wanted};
pub use report::{Check, Draws, ModelDraws, Outcome, Problem, Report, Status, Sums, Totals};
pub use texts::Text;

use super::board::Ledger;
use super::merkle::leaf_hash;
use super::note::NoteError;
use super::scan::{self, Found};
use report::Problems;
use state::State;

/// A verification under way: give it texts and receipts first, then all lines of the log, then ask for the report.
pub struct Verification<'a> {
    problems: Problems,
    /// Looks for files.
    find: Box<dyn FnMut(Wanted) -> Option<Vec<u8>> + 'a>,
    heads: heads::Heads,
    tree: tree::Tree,
    ledger: Ledger,
    state: State,
    epochs: epochs::Epochs,
    boards: boards::Boards,
    texts: texts::Texts,
    receipts: receipts::Receipts,
    room: Vec<u8>,
}

impl<'a> Verification<'a> {
    /// Begins with checkpoint and keys, and a function that looks for the other files.
    ///
    /// **Errors** if a key that is to be trusted is none; whatever else is wrong is reported at the end.
    pub fn new(
        given: Given<'_>,
        find: impl FnMut(Wanted) -> Option<Vec<u8>> + 'a,
    ) -> Result<Self, NoteError> {
        let mut problems = Problems::default();
        let heads = heads::Heads::new(given, &mut problems)?;
        Ok(Self {
            problems,
            find: Box::new(find),
            heads,
            tree: tree::Tree::default(),
            ledger: Ledger::default(),
            state: State::default(),
            epochs: epochs::Epochs::default(),
            boards: boards::Boards::default(),
            texts: texts::Texts::default(),
            receipts: receipts::Receipts::default(),
            room: Vec::new(),
        })
    }

    /// Takes a line of `texts.jsonl`; the line feed may be there.
    pub fn text(&mut self, line: &[u8]) {
        self.texts.take(line, &mut self.problems);
    }

    /// Takes a receipt: a signed promise, a tlog-proof, the JSON reply of a vote, or lines of such replies.
    pub fn receipt(&mut self, name: &str, bytes: &[u8]) {
        self.receipts.take(name, bytes, &mut self.heads, &mut self.problems);
    }

    /// Takes the next line of `log.jsonl`, line feed included.
    pub fn line(&mut self, line: &[u8]) {
        let index = self.tree.size();
        let bytes = line.strip_suffix(b"\n").unwrap_or_else(|| {
            self.problems.add(Check::Grammar, Some(index), || "it has no line feed".to_owned());
            line
        });
        let hash = leaf_hash(bytes);
        self.tree.push(hash);
        self.receipts.leaf(index, &hash, &self.heads, &mut self.problems);
        self.heads.grown(&self.tree, &mut self.problems);
        let mut room = std::mem::take(&mut self.room);
        match scan::scan(bytes, &mut room) {
            Ok(found) => self.leaf(index, &found),
            Err(error) => {
                self.problems.add(Check::Grammar, Some(index), || error.to_string());
                self.state.pass();
                self.ledger.pass();
            }
        }
        self.room = room;
    }

    fn leaf(&mut self, index: u64, found: &Found<'_>) {
        self.state.tick(index, found, &mut self.problems);
        self.ledger.take_found(found);
        match found {
            Found::Assign(assign) => self.assign(index, assign),
            Found::Vote(vote) => self.vote(index, vote),
            Found::Void(void) => self.void(index, void),
            Found::Other(leaf) => self.other(index, leaf),
        }
    }

    /// What came out.
    pub fn finish(mut self) -> Report {
        self.heads.finish(&self.tree, &mut self.problems);
        if self.tree.size() == 0 {
            self.problems.add(Check::Grammar, None, || "there is no leaf".to_owned());
        }
        self.finish_openings();
        self.finish_epochs();
        self.texts.finish(&mut self.problems);
        self.receipts.finish(self.tree.size(), &mut self.problems);
        self.report()
    }
}
