//! The Merkle tree of RFC 6962, section 2: hashes of leaves and nodes, roots, the frontier of a growing tree,
//! proofs of inclusion and of consistency, and their verification.
//!
//! Nothing here stores a tree. Proofs are made from the hashes of complete subtrees, which the caller looks up.

use sha2::{Digest, Sha256};

/// A SHA-256 digest: of a leaf, of a node, or of a whole tree.
pub type Hash = [u8; 32];

/// A complete subtree: `2^level` leaves, the first of which has the index `index * 2^level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// 0 is a leaf.
    pub level: u8,
    /// Place among the nodes of its level, from 0.
    pub index: u64,
}

/// Hash of the bytes of a leaf: SHA-256(0x00 || bytes).
pub fn leaf_hash(bytes: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(bytes).finalize().into()
}

/// Hash of an inner node: SHA-256(0x01 || left || right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// Root of the tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The roots of the complete subtrees that a tree consists of, largest first: all that is needed to go on
/// appending, one hash for each bit that is set in the size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

impl Frontier {
    /// The frontier that was stored: its size and the concatenated hashes. None if the two do not fit.
    pub fn from_parts(size: u64, bytes: &[u8]) -> Option<Self> {
        let (roots, rest) = bytes.as_chunks::<32>();
        let fits = rest.is_empty() && roots.len() == size.count_ones() as usize;
        fits.then(|| Self { size, roots: roots.to_vec() })
    }

    /// The concatenated hashes, to be stored beside the size.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.roots.concat()
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf. **Output** its index, and the hash of the subtree of `2^level` leaves that it completes,
    /// if it completes one of at least that size. **Cost** two hashes on average.
    pub fn push(&mut self, leaf: Hash, level: u8) -> (u64, Option<Hash>) {
        let index = self.size;
        let (mut hash, mut completed) = (leaf, (level == 0).then_some(leaf));
        for height in 1..=self.size.trailing_ones() as u8 {
            if let Some(left) = self.roots.pop() {
                hash = node_hash(&left, &hash);
            }
            if height == level {
                completed = Some(hash);
            }
        }
        self.roots.push(hash);
        self.size += 1;
        (index, completed)
    }

    /// Root of the whole tree.
    pub fn root(&self) -> Hash {
        let mut roots = self.roots.iter().rev();
        let Some(last) = roots.next() else { return empty_root() };
        roots.fold(*last, |right, left| node_hash(left, &right))
    }
}

/// Root of a list of leaf hashes.
pub fn root(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.push(*leaf, 0);
    }
    frontier.root()
}

/// All complete subtrees of a list of leaves, level by level: what proofs are made from in memory.
#[derive(Clone, Debug, Default)]
pub struct Levels(Vec<Vec<Hash>>);

impl Levels {
    /// Computes them. **Cost** one hash a leaf, twice the memory of the leaves.
    pub fn of(leaves: Vec<Hash>) -> Self {
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|below| below.len() > 1) {
            let pairs = below.as_chunks::<2>().0;
            levels.push(pairs.iter().map(|[left, right]| node_hash(left, right)).collect());
        }
        Self(levels)
    }

    /// The hash of one subtree.
    pub fn get(&self, node: Node) -> Option<Hash> {
        self.0.get(usize::from(node.level))?.get(usize::try_from(node.index).ok()?).copied()
    }
}

/// Root of the leaves `from..to`, where `from` is a multiple of the least power of two that is at least `to - from`,
/// as all parts of proofs are. None if a subtree is missing.
fn range_root(from: u64, to: u64, find: &mut impl FnMut(Node) -> Option<Hash>) -> Option<Hash> {
    let size = to - from;
    if size.is_power_of_two() {
        let level = size.trailing_zeros();
        return find(Node { level: level as u8, index: from >> level });
    }
    let split = from + size.next_power_of_two() / 2;
    let left = range_root(from, split, find);
    let right = range_root(split, to, find);
    Some(node_hash(&left?, &right?))
}

/// The root of the first `size` leaves, from complete subtrees.
pub fn root_at(size: u64, find: &mut impl FnMut(Node) -> Option<Hash>) -> Option<Hash> {
    if size == 0 { Some(empty_root()) } else { range_root(0, size, find) }
}

/// The path that proves that a leaf is in a tree, from the leaf upwards (RFC 6962, 2.1.1).
///
/// **Input** `index < size`; a function that knows complete subtrees. It is asked for all that are needed even
/// after it has answered None, so that a first call can collect what has to be looked up.
/// **Output** at most 64 hashes; None if the index is outside or a subtree is missing.
pub fn inclusion(
    index: u64,
    size: u64,
    find: &mut impl FnMut(Node) -> Option<Hash>,
) -> Option<Vec<Hash>> {
    let mut path = Vec::new();
    let (mut from, mut to) = (0, size);
    if index >= size {
        return None;
    }
    while to - from > 1 {
        let split = from + (to - from).next_power_of_two() / 2;
        if index < split {
            path.push(range_root(split, to, find));
            to = split;
        } else {
            path.push(range_root(from, split, find));
            from = split;
        }
    }
    path.into_iter().rev().collect()
}

/// The path that proves that a tree is the beginning of a larger one (RFC 6962, 2.1.2).
///
/// **Input** `old <= size`; a function as for [`inclusion`]. **Output** nothing to prove for equal sizes and for
/// the empty tree; None if the old tree is larger or a subtree is missing.
pub fn consistency(
    old: u64,
    size: u64,
    find: &mut impl FnMut(Node) -> Option<Hash>,
) -> Option<Vec<Hash>> {
    if old > size {
        return None;
    }
    if old == 0 || old == size {
        return Some(Vec::new());
    }
    let mut path = Vec::new();
    let (mut from, mut to, mut whole) = (0, size, true);
    while to != old {
        let split = from + (to - from).next_power_of_two() / 2;
        if old <= split {
            path.push(range_root(split, to, find));
            to = split;
        } else {
            path.push(range_root(from, split, find));
            (from, whole) = (split, false);
        }
    }
    if !whole {
        path.push(range_root(from, to, find));
    }
    path.into_iter().rev().collect()
}

/// Whether a path leads from a leaf to a root (RFC 9162, 2.1.3.2).
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for step in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(step, &hash);
            // A node that is last of an odd level moves up until it is a right child; it is not 0, as `last` is not.
            let skipped = node.trailing_zeros();
            (node, last) = (node >> skipped, last >> skipped);
        } else {
            hash = node_hash(&hash, step);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// Whether the tree of one root is the beginning of the tree of another (RFC 9162, 2.1.4.2).
pub fn verify_consistency(old: (u64, &Hash), new: (u64, &Hash), path: &[Hash]) -> bool {
    let ((old_size, old_root), (size, root)) = (old, new);
    if old_size == size {
        return path.is_empty() && old_root == root;
    }
    if old_size > size {
        return false;
    }
    if old_size == 0 {
        return path.is_empty() && *old_root == empty_root();
    }
    // The root of a complete old tree is not in the path: it is known.
    let mut steps = path.iter();
    let first = if old_size.is_power_of_two() { Some(old_root) } else { steps.next() };
    let Some(first) = first else { return false };
    let (mut node, mut last) = (old_size - 1, size - 1);
    let skipped = node.trailing_ones();
    (node, last) = (node >> skipped, last >> skipped);
    let (mut of_old, mut of_new) = (*first, *first);
    for step in steps {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            of_old = node_hash(step, &of_old);
            of_new = node_hash(step, &of_new);
            let skipped = node.trailing_zeros();
            (node, last) = (node >> skipped, last >> skipped);
        } else {
            of_new = node_hash(&of_new, step);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && of_old == *old_root && of_new == *root
}
