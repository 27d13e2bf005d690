//! The tree of the leaves so far: its root, and roots of its recent beginnings.

use std::collections::VecDeque;

use super::super::merkle::{self, Frontier, Hash, Node};

/// Leaves of the subtrees that are kept, as a power of two.
const LEVEL: u8 = 8;
/// So many leaves back a root can be told: 2 MiB of hashes.
pub(super) const RECENT: u64 = 65_536;

#[derive(Default)]
pub(super) struct Tree {
    frontier: Frontier,
    subtrees: Vec<Hash>,
    /// Hashes of the last leaves.
    recent: VecDeque<Hash>,
}

impl Tree {
    pub(super) fn size(&self) -> u64 {
        self.frontier.size()
    }

    pub(super) fn root(&self) -> Hash {
        self.frontier.root()
    }

    pub(super) fn push(&mut self, leaf: Hash) {
        let (_, subtree) = self.frontier.push(leaf, LEVEL);
        self.subtrees.extend(subtree);
        self.recent.push_back(leaf);
        // A board of n leaves may need the whole subtree that leaf n is in.
        if self.recent.len() as u64 > RECENT + (1 << LEVEL) + 1 {
            self.recent.pop_front();
        }
    }

    /// The root of the first `size` leaves, if it can still be told.
    pub(super) fn root_at(&self, size: u64) -> Option<Hash> {
        merkle::root_at(size, &mut |node| self.subtree(node))
    }

    fn subtree(&self, node: Node) -> Option<Hash> {
        let leaves = |level: u8, hashes: &[Hash]| {
            let from = usize::try_from(node.index << level).ok()?;
            hashes.get(from..from + (1_usize << level)).map(merkle::root)
        };
        if let Some(above) = node.level.checked_sub(LEVEL) {
            return leaves(above, &self.subtrees);
        }
        let first = self.size() - self.recent.len() as u64;
        let from = usize::try_from((node.index << node.level).checked_sub(first)?).ok()?;
        let end = from + (1_usize << node.level);
        if end > self.recent.len() {
            return None;
        }
        let hashes: Vec<Hash> = self.recent.range(from..end).copied().collect();
        Some(merkle::root(&hashes))
    }
}
