//! The log itself: I3 its indices, I4 its tree, I5 its signed heads.

use std::collections::HashMap;

use anyhow::Result;
use arena_core::journal::checkpoint::Head;
use arena_core::journal::leaf::Leaf;
use arena_core::journal::merkle::{Frontier, Hash, leaf_hash, root};
use arena_core::journal::note::Verifier;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::super::arena::Arena;
use super::Wrongs;
use super::rows::Rows;

/// Leaves of one group whose root is stored.
const GROUP: usize = 256;

/// The log, read and hashed anew.
pub(super) struct Log {
    pub(super) leaves: Vec<Leaf>,
    hashes: Vec<Hash>,
    /// Root of the first so many leaves, the empty log included.
    roots: Vec<Hash>,
    frontier: Frontier,
}

impl Log {
    /// Reads the leaves in order; what is none, or has a wrong hash or place, is told.
    pub(super) fn of(rows: &Rows, wrongs: &mut Wrongs) -> Self {
        let mut frontier = Frontier::default();
        let (mut leaves, mut hashes, mut roots) = (Vec::new(), Vec::new(), vec![frontier.root()]);
        for ((index, body, stored), place) in rows.leaves.iter().zip(0..) {
            wrongs.unless(*index == place, 3, || format!("leaf {index} stands at place {place}"));
            let hash = leaf_hash(body);
            wrongs.unless(hash.as_slice() == stored, 4, || format!("hash of leaf {index}"));
            match Leaf::parse(body) {
                Ok(leaf) => leaves.push(leaf),
                Err(error) => wrongs.add(3, format!("leaf {index}: {error}")),
            }
            frontier.push(hash, 0);
            hashes.push(hash);
            roots.push(frontier.root());
        }
        Self { leaves, hashes, roots, frontier }
    }

    /// The leaf at an index.
    pub(super) fn get(&self, index: i64) -> Option<&Leaf> {
        self.leaves.get(usize::try_from(index).ok()?)
    }

    pub(super) fn hash(&self, index: u64) -> Option<Hash> {
        self.hashes.get(usize::try_from(index).ok()?).copied()
    }

    fn root_at(&self, size: u64) -> Option<Hash> {
        self.roots.get(usize::try_from(size).ok()?).copied()
    }
}

/// I3: the size is the number of leaves, times do not go back, the draws of a day have all numbers. I4: frontier
/// and groups are what follows from the leaves.
pub(super) fn tree(rows: &Rows, log: &Log, wrongs: &mut Wrongs) {
    let (size, frontier, last_time) = &rows.state;
    let count = rows.leaves.len();
    wrongs.unless(usize::try_from(*size) == Ok(count), 3, || format!("{count} leaves of {size}"));
    let times: Vec<u64> = log.leaves.iter().map(Leaf::time).collect();
    wrongs.unless(times.is_sorted(), 3, || "times of leaves go back".to_owned());
    let last = times.last().copied().unwrap_or(0);
    wrongs.unless(i64::try_from(last) == Ok(*last_time), 3, || "the last time".to_owned());
    draws(rows, log, wrongs);
    wrongs.unless(log.frontier.to_bytes() == *frontier, 4, || "the frontier differs".to_owned());
    let groups: Vec<Hash> = log.hashes.as_chunks::<GROUP>().0.iter().map(|it| root(it)).collect();
    let fit = groups.len() == rows.subtrees.len()
        && groups
            .iter()
            .zip(&rows.subtrees)
            .zip(0..)
            .all(|((root, (index, stored)), at)| *index == at && root.as_slice() == stored);
    wrongs.unless(fit, 4, || {
        format!("{} groups of leaves do not fit {} stored roots", groups.len(), rows.subtrees.len())
    });
}

fn draws(rows: &Rows, log: &Log, wrongs: &mut Wrongs) {
    let mut next: HashMap<&str, u64> = HashMap::new();
    for leaf in &log.leaves {
        let Leaf::Assign(assign) = leaf else { continue };
        let expected = next.entry(&assign.e).or_default();
        let (number, day) = (assign.i, &assign.e);
        wrongs.unless(number == *expected, 3, || {
            format!("draw {number} of {day} where {expected} was due")
        });
        *expected = number + 1;
    }
    for (day, _, draws) in &rows.epochs {
        let made = next.get(day.as_str()).copied().unwrap_or(0);
        wrongs.unless(u64::try_from(*draws) == Ok(made), 3, || {
            format!("{day} has {made} draws in the log and {draws} in its row")
        });
    }
}

/// I5: what voters were served, what is stored, and what is anchored, are signed heads of prefixes of this log.
pub(super) fn checkpoints(
    rows: &Rows,
    log: &Log,
    (arena, verifier): (&Arena, &Verifier),
    wrongs: &mut Wrongs,
) -> Result<()> {
    let mut check = |note: &str, from: &str| match Head::open(note, verifier) {
        Ok(head) if log.root_at(head.size) == Some(head.root) => {}
        Ok(head) => wrongs.add(5, format!("the {from} checkpoint over {} leaves", head.size)),
        Err(error) => wrongs.add(5, format!("a {from} checkpoint: {error}")),
    };
    for note in &arena.ledger.book().checkpoints {
        check(note, "served");
    }
    for (size, note) in &rows.checkpoints {
        check(note, &format!("stored ({size})"));
    }
    let anchor = std::fs::read_to_string(arena.data().join("anchor.log"))?;
    let whole = anchor.rfind('\n').map_or("", |end| &anchor[..end]);
    for line in whole.split('\n').filter(|line| !line.is_empty()) {
        let note = BASE64.decode(line).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        // A line that was cut off was never published.
        if let Some(note) = note.filter(|note| Head::open(note, verifier).is_ok()) {
            check(&note, "anchored");
        }
    }
    Ok(())
}
