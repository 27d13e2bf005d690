//! Checkpoints, proofs and tiles against `signed_note` and `tlog_tiles`, written by others from the same specifications.
#![cfg(test)]

use arena_core::journal::checkpoint::{Head, Promise};
use arena_core::journal::merkle::{self, Hash, Levels, Node};
use arena_core::journal::note::{Signer, Verifier};
use signed_note::{Note, StandardSigner, StandardVerifier, VerifierList};
use tlog_tiles::{
    Checkpoint, Error, Hash as TheirHash, HashReader, Tile, TileHashReader, TileReader,
    check_record, check_tree, prove_record, prove_tree, split_stored_hash_index, tree_hash,
};

use super::case::base;

/// Leaves of a tile, as a power of two.
const HEIGHT: u8 = 8;

fn known(vkey: &str) -> VerifierList {
    VerifierList::new(vec![Box::new(StandardVerifier::new(vkey).unwrap())])
}

fn theirs(hash: &Hash) -> TheirHash {
    TheirHash(*hash)
}

fn all_theirs(path: &[Hash]) -> Vec<TheirHash> {
    path.iter().map(theirs).collect()
}

#[test]
fn checkpoints_and_receipts_are_accepted_by_signed_note_and_tlog_tiles() {
    let export = base(1);
    let size = export.leaves.len() as u64;
    let hashes: Vec<Hash> = export.leaves.iter().map(|leaf| merkle::leaf_hash(leaf)).collect();

    let note = Note::from_bytes(export.checkpoint.as_bytes()).unwrap();
    let (verified, unverified) = note.verify(&known(&export.vkey)).unwrap();
    let checkpoint = Checkpoint::from_bytes(note.text()).unwrap();

    assert_eq!((verified.len(), unverified.len()), (1, 0));
    assert_eq!(checkpoint.origin(), export.signer.verifier().name());
    assert_eq!((checkpoint.size(), checkpoint.extension()), (size, ""));
    assert_eq!(checkpoint.hash().0, merkle::root(&hashes));
    let promise = Promise { index: 3, leaf: hashes[3] }.sign(&export.signer).unwrap();
    let promise = Note::from_bytes(promise.as_bytes()).unwrap();
    assert_eq!(promise.verify(&known(&export.vkey)).unwrap().0.len(), 1);
    let changed = export.checkpoint.replacen(&size.to_string(), "1", 1);
    let changed = Note::from_bytes(changed.as_bytes()).unwrap();
    assert!(changed.verify(&known(&export.vkey)).is_err());
}

#[test]
fn keys_and_signatures_go_both_ways_and_a_witness_may_sign_too() {
    let ours = Signer::from_seed("arena.example/x/log/1", &[9; 32]).unwrap();
    let witness = Signer::from_seed("witness.example/w", &[8; 32]).unwrap();
    let head = Head { size: 4, root: [7; 32] };
    let note = head.sign(&ours).unwrap();

    let mut twice = Note::from_bytes(note.as_bytes()).unwrap();
    twice.add_sigs(&[&StandardSigner::new(witness.to_secret().trim()).unwrap()]).unwrap();
    let mut again = Note::new(twice.text(), &[]).unwrap();
    again.add_sigs(&[&StandardSigner::new(ours.to_secret().trim()).unwrap()]).unwrap();

    let both = String::from_utf8(twice.to_bytes()).unwrap();
    assert_eq!(String::from_utf8(again.to_bytes()).unwrap(), note);
    assert_eq!(Head::open(&both, ours.verifier()), Ok(head));
    let elsewhere = Verifier::parse(&witness.verifier().to_string()).unwrap();
    assert!(elsewhere.open(&both).is_ok());
    let (verified, unverified) = twice.verify(&known(&ours.verifier().to_string())).unwrap();
    assert_eq!((verified.len(), unverified.len()), (1, 1));
}

/// Complete subtrees, as the other crate numbers them.
struct Stored<'a>(&'a Levels);

impl HashReader for Stored<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<TheirHash>, Error> {
        let node = |index: &u64| {
            let (level, index) = split_stored_hash_index(*index);
            theirs(&self.0.get(Node { level, index }).unwrap())
        };
        Ok(indexes.iter().map(node).collect())
    }
}

fn numbered(count: u64) -> Vec<Hash> {
    (0..count).map(|number| merkle::leaf_hash(&number.to_be_bytes())).collect()
}

#[test]
fn proofs_of_both_are_the_same_and_accepted_by_the_other() {
    let all = numbered(66);
    for size in 1..=66_u64 {
        let levels = Levels::of(all[..size as usize].to_vec());
        let root = merkle::root(&all[..size as usize]);
        let (stored, their_root) = (Stored(&levels), theirs(&root));
        assert_eq!(tree_hash(size, &stored).unwrap().0, root);
        for index in 0..size {
            let leaf = all[index as usize];
            let path = merkle::inclusion(index, size, &mut |node| levels.get(node)).unwrap();
            let their_path = prove_record(size, index, &stored).unwrap();
            assert!(their_path == all_theirs(&path), "{index} of {size}");
            check_record(&all_theirs(&path), size, their_root, index, theirs(&leaf)).unwrap();
        }
        for old in 1..=size {
            let old_root = merkle::root(&all[..old as usize]);
            let path = merkle::consistency(old, size, &mut |node| levels.get(node)).unwrap();
            let their_path = prove_tree(size, old, &stored).unwrap();
            assert!(their_path == all_theirs(&path), "{old} of {size}");
            check_tree(&all_theirs(&path), size, their_root, old, theirs(&old_root)).unwrap();
        }
    }
}

/// Tiles as files of 256 hashes of one level, as the routes of a log serve them.
struct Tiles<'a>(&'a Levels);

impl TileReader for Tiles<'_> {
    fn height(&self) -> u8 {
        HEIGHT
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        let tile = |tile: &Tile| {
            let level = tile.level() * HEIGHT;
            let from = tile.level_index() << HEIGHT;
            let hashes = (from..from + u64::from(tile.width()))
                .map(|index| self.0.get(Node { level, index }).unwrap());
            hashes.flatten().collect()
        };
        Ok(tiles.iter().map(tile).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

#[test]
fn tiles_of_a_log_of_three_levels_are_accepted_by_tlog_tiles() {
    let size = 65_536 + 256 * 3 + 77;
    let all = numbered(size);
    let (levels, root) = (Levels::of(all.clone()), merkle::root(&all));
    let (tiles, root) = (Tiles(&levels), theirs(&root));

    let reader = TileHashReader::new(size, root, &tiles);

    for index in [0, 255, 256, 65_535, 65_536, size - 78, size - 1] {
        let path = prove_record(size, index, &reader).unwrap();
        check_record(&path, size, root, index, theirs(&all[index as usize])).unwrap();
    }
    for old in [1, 256, 65_536, size - 100] {
        let path = prove_tree(size, old, &reader).unwrap();
        let old_root = merkle::root(&all[..old as usize]);
        check_tree(&path, size, root, old, theirs(&old_root)).unwrap();
    }
    let other = TileHashReader::new(size, TheirHash([0; 32]), &tiles);
    assert!(prove_record(size, 5, &other).is_err());
}
