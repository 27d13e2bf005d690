//! Known answers of the specifications and exhaustive small trees; `recorded` has leaves, commitments and draws.

mod recorded;

use std::collections::HashMap;

use super::checkpoint::{Head, Promise};
use super::merkle::{self, Frontier, Hash, Levels};
use super::note::{NoteError, Signer, Verifier};
use super::proof::{Proof, ProofError};

/// The eight leaves of the test tree of RFC 6962 implementations.
const RFC_LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

fn numbered(count: u64) -> Vec<Hash> {
    (0..count).map(|i| merkle::leaf_hash(&i.to_be_bytes())).collect()
}

fn signer() -> Signer {
    Signer::from_seed("arena.example/test/log/1", &[7; 32]).unwrap()
}

#[test]
fn the_test_tree_of_rfc_6962_has_its_root() {
    let leaves: Vec<Hash> =
        RFC_LEAVES.iter().map(|text| merkle::leaf_hash(&hex::decode(text).unwrap())).collect();

    assert_eq!(
        hex::encode(merkle::root(&leaves)),
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    );
    assert_eq!(
        hex::encode(merkle::empty_root()),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
}

#[test]
fn every_leaf_of_every_small_tree_is_proved_and_no_other_place_is() {
    for size in 1..=70 {
        let leaves = numbered(size);
        let levels = Levels::of(leaves.clone());
        let root = merkle::root(&leaves);
        assert_eq!(merkle::root_at(size, &mut |node| levels.get(node)), Some(root));
        for index in 0..size {
            let path = merkle::inclusion(index, size, &mut |node| levels.get(node)).unwrap();
            for claimed in 0..size {
                let holds =
                    merkle::verify_inclusion(&leaves[index as usize], claimed, size, &path, &root);
                assert_eq!(holds, claimed == index, "{index} as {claimed} of {size}");
            }
            let mut longer = path.clone();
            longer.push(root);
            assert!(!merkle::verify_inclusion(
                &leaves[index as usize],
                index,
                size,
                &longer,
                &root
            ));
        }
    }
}

#[test]
fn every_small_tree_is_the_beginning_of_every_larger_one_and_of_no_other() {
    let all = numbered(70);
    for size in 0..=70u64 {
        let levels = Levels::of(all[..size as usize].to_vec());
        let root = merkle::root(&all[..size as usize]);
        for old in 0..=size {
            let old_root = merkle::root(&all[..old as usize]);
            let path = merkle::consistency(old, size, &mut |node| levels.get(node)).unwrap();
            assert!(merkle::verify_consistency((old, &old_root), (size, &root), &path));
            let wrong = merkle::leaf_hash(b"wrong");
            assert!(!merkle::verify_consistency((old, &wrong), (size, &root), &path));
            if old < size && old > 0 {
                assert!(!merkle::verify_consistency((old, &old_root), (size, &wrong), &path));
                let shorter = &path[..path.len() - 1];
                assert!(!merkle::verify_consistency((old, &old_root), (size, &root), shorter));
            }
        }
    }
}

#[test]
fn a_frontier_knows_root_and_completed_subtrees_at_every_size() {
    let leaves = numbered(600);
    let mut frontier = Frontier::default();
    let mut completed = Vec::new();

    for (i, leaf) in leaves.iter().enumerate() {
        let (index, subtree) = frontier.push(*leaf, 8);
        completed.extend(subtree);
        assert_eq!(index, i as u64);
        assert_eq!(frontier.root(), merkle::root(&leaves[..=i]));
        let stored = Frontier::from_parts(frontier.size(), &frontier.to_bytes());
        assert_eq!(stored.as_ref(), Some(&frontier));
    }

    assert_eq!(completed, [merkle::root(&leaves[..256]), merkle::root(&leaves[256..512])]);
    assert_eq!(Frontier::from_parts(3, &[0; 32]), None);
}

#[test]
fn a_first_call_names_all_subtrees_that_a_proof_needs() {
    let levels = Levels::of(numbered(1000));
    let mut needed = Vec::new();

    let nothing = merkle::inclusion(700, 1000, &mut |node| {
        needed.push(node);
        None
    });
    let known: HashMap<_, _> =
        needed.iter().map(|node| (*node, levels.get(*node).unwrap())).collect();
    let path = merkle::inclusion(700, 1000, &mut |node| known.get(&node).copied());

    assert_eq!(nothing, None);
    assert_eq!(path, merkle::inclusion(700, 1000, &mut |node| levels.get(node)));
}

#[test]
fn the_note_of_the_specification_is_opened_by_its_key() {
    // C2SP signed-note, the example of a verifier key and its note.
    let vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    let note = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq\
                6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    let key = Verifier::parse(vkey).unwrap();

    assert_eq!(key.to_string(), vkey);
    assert_eq!(key.open(note), Ok("This is an example message.\n"));
    assert!(matches!(key.open(&note.replace("This", "That")), Err(NoteError::Invalid(_))));
}

#[test]
fn keys_are_read_back_as_they_were_written() {
    let signer = signer();

    let again = Signer::parse(&signer.to_secret()).unwrap();
    let public = Verifier::parse(&signer.verifier().to_string()).unwrap();

    assert_eq!(again.verifier(), signer.verifier());
    assert_eq!(&public, signer.verifier());
    assert!(Signer::from_seed("two words", &[1; 32]).is_err());
    assert!(Verifier::parse("a+00000000+AVrk").is_err());
}

#[test]
fn a_checkpoint_is_opened_by_its_key_only_and_unchanged_only() {
    let signer = signer();
    let head = Head { size: 5, root: merkle::root(&numbered(5)) };

    let note = head.sign(&signer).unwrap();

    assert_eq!(Head::open(&note, signer.verifier()), Ok(head));
    let other = Signer::from_seed("arena.example/test/log/1", &[8; 32]).unwrap();
    assert!(matches!(Head::open(&note, other.verifier()), Err(NoteError::Unsigned(_))));
    let changed = note.replacen("\n5\n", "\n6\n", 1);
    assert!(matches!(Head::open(&changed, signer.verifier()), Err(NoteError::Invalid(_))));
    assert!(Head::open(note.trim_end(), signer.verifier()).is_err());
    let more = format!("{note}\u{2014} witness.example AAAAAAAA\n");
    assert_eq!(Head::open(&more, signer.verifier()), Ok(head));
}

#[test]
fn a_promise_cannot_pass_for_a_checkpoint() {
    let signer = signer();
    let promise = Promise { index: 3, leaf: merkle::leaf_hash(b"x") };

    let note = promise.sign(&signer).unwrap();

    assert_eq!(Promise::open(&note, signer.verifier()), Ok(promise));
    assert!(Head::open(&note, signer.verifier()).is_err());
}

#[test]
fn a_proof_is_read_back_and_holds_for_its_leaf_only() {
    let (signer, leaves) = (signer(), numbered(11));
    let levels = Levels::of(leaves.clone());
    let checkpoint = Head { size: 11, root: merkle::root(&leaves) }.sign(&signer).unwrap();
    let path = merkle::inclusion(4, 11, &mut |node| levels.get(node)).unwrap();
    let proof = Proof { index: 4, path, checkpoint };

    let again = Proof::parse(&proof.to_string()).unwrap();

    assert_eq!(again, proof);
    assert_eq!(again.verify(&leaves[4], signer.verifier()).unwrap().size, 11);
    assert_eq!(
        again.verify(&leaves[5], signer.verifier()),
        Err(ProofError::NotIncluded { index: 4, size: 11 })
    );
}
