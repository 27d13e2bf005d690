//! Attacks without the key that signs: whoever serves, copies or stores the files.
#![cfg(test)]

use arena_core::journal::checkpoint::{Head, Promise};
use arena_core::journal::leaf::{Choice, Leaf};
use arena_core::journal::merkle::{leaf_hash, root};
use arena_core::journal::note::Signer;
use arena_core::journal::sample::Export;
use rand::RngExt as _;

use super::case::{Case, Random, other_digit, parsed, pick, places};

/// An attack: changes an export, and says whether there was something to change.
pub(crate) type Attack = fn(&Export, &mut Case, &mut Random) -> bool;

pub(crate) const ATTACKS: [(&str, Attack); 22] = [
    ("a leaf is dropped", drop_leaf),
    ("a leaf comes twice", duplicate_leaf),
    ("two leaves change places", swap_leaves),
    ("a vote says the opposite", flip_outcome),
    ("a leaf has another time", change_time),
    ("a reveal has another digit", change_reveal),
    ("a model has another name", rename_model),
    ("a digest has another digit", change_digest),
    ("bytes of the log are changed", change_bytes),
    ("the log is cut", cut_log),
    ("the log ends without a line feed", cut_line_feed),
    ("log and checkpoint are those of yesterday", roll_back),
    ("bytes of the checkpoint are changed", change_checkpoint),
    ("all is signed with another key", sign_with_another_key),
    ("a policy file is changed", change_policy),
    ("a board is changed", change_board),
    ("a file is missing", lose_file),
    ("a text is changed", change_text),
    ("a salt is changed", change_salt),
    ("an erased text is published", publish_erased),
    ("a text is of another battle", move_text),
    ("a receipt is of a leaf that is not there", promise_nothing),
];

fn leaf_at(export: &Export, rng: &mut Random) -> usize {
    rng.random_range(0..export.leaves.len())
}

fn drop_leaf(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let mut leaves = export.leaves.clone();
    leaves.remove(leaf_at(export, rng));
    case.set_leaves(&leaves);
    true
}

fn duplicate_leaf(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let mut leaves = export.leaves.clone();
    let leaf = leaves[leaf_at(export, rng)].clone();
    leaves.insert(rng.random_range(0..=leaves.len()), leaf);
    case.set_leaves(&leaves);
    true
}

fn swap_leaves(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let mut leaves = export.leaves.clone();
    let (one, other) = (leaf_at(export, rng), leaf_at(export, rng));
    leaves.swap(one, other);
    case.set_leaves(&leaves);
    one != other
}

/// Puts another leaf in the place of one.
fn replace(export: &Export, case: &mut Case, at: usize, leaf: Vec<u8>) -> bool {
    let mut leaves = export.leaves.clone();
    let is_other = leaves[at] != leaf;
    leaves[at] = leaf;
    case.set_leaves(&leaves);
    is_other
}

fn flip_outcome(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let mut leaves = parsed(export);
    let at = *pick(&places(&leaves, |leaf| matches!(leaf, Leaf::Vote(_))), rng);
    let Leaf::Vote(vote) = &mut leaves[at] else { return false };
    vote.o = if vote.o == Choice::L { Choice::R } else { Choice::L };
    replace(export, case, at, leaves[at].to_bytes().unwrap())
}

fn change_time(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let at = leaf_at(export, rng);
    let text = String::from_utf8(export.leaves[at].clone()).unwrap();
    let (start, _) = text.rsplit_once("\"t\":").unwrap();
    let time = Leaf::parse(text.as_bytes()).unwrap().time() + 60 * rng.random_range(1..100);
    replace(export, case, at, format!("{start}\"t\":{time}}}").into_bytes())
}

fn change_reveal(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let mut leaves = parsed(export);
    let at = *pick(&places(&leaves, |leaf| matches!(leaf, Leaf::Vote(_) | Leaf::Void(_))), rng);
    let (Leaf::Vote(_) | Leaf::Void(_)) = &leaves[at] else { return false };
    let change = |text: &str, rng: &mut Random| {
        let place = text.find("\"pc\":\"").unwrap() + 6;
        format!("{}{}\"}}", &text[..place], other_digit(&text[place..place + 64], rng))
    };
    match &mut leaves[at] {
        Leaf::Vote(vote) => vote.rev = change(&vote.rev, rng),
        Leaf::Void(void) => void.rev = change(&void.rev, rng),
        _ => return false,
    }
    replace(export, case, at, leaves[at].to_bytes().unwrap())
}

fn rename_model(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let mut leaves = parsed(export);
    let at = *pick(&places(&leaves, |leaf| matches!(leaf, Leaf::Model(_))), rng);
    let Leaf::Model(model) = &mut leaves[at] else { return false };
    model.name = "the favourite".to_owned();
    replace(export, case, at, leaves[at].to_bytes().unwrap())
}

fn change_digest(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let at = leaf_at(export, rng);
    let text = String::from_utf8(export.leaves[at].clone()).unwrap();
    let digests = text.split('"').filter(|part| part.len() == 64);
    let digests: Vec<&str> =
        digests.filter(|part| part.bytes().all(|b| b.is_ascii_hexdigit())).collect();
    if digests.is_empty() {
        return false;
    }
    let digest = *pick(&digests, rng);
    replace(export, case, at, text.replacen(digest, &other_digit(digest, rng), 1).into_bytes())
}

fn change_bytes(_: &Export, case: &mut Case, rng: &mut Random) -> bool {
    for _ in 0..rng.random_range(1..4) {
        let at = rng.random_range(0..case.log.len());
        match rng.random_range(0..3) {
            0 => case.log[at] ^= rng.random_range(1..=255_u8),
            1 => drop(case.log.remove(at)),
            _ => case.log.insert(at, rng.random()),
        }
    }
    true
}

fn cut_log(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let kept = leaf_at(export, rng);
    case.set_leaves(&export.leaves[..kept]);
    true
}

fn cut_line_feed(_: &Export, case: &mut Case, _: &mut Random) -> bool {
    case.log.pop();
    true
}

/// An older export, honest in itself; the reader has a newer checkpoint.
fn roll_back(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    if export.earlier.is_empty() {
        return false;
    }
    let earlier = pick(&export.earlier, rng);
    let size: usize = earlier.lines().nth(1).unwrap().parse().unwrap();
    case.set_leaves(&export.leaves[..size]);
    case.checkpoint = earlier.clone().into_bytes();
    case.texts.clear();
    case.old = Some(export.checkpoint.clone());
    size < export.leaves.len()
}

fn change_checkpoint(_: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let at = rng.random_range(0..case.checkpoint.len());
    case.checkpoint[at] ^= 1 << rng.random_range(0..8);
    true
}

fn sign_with_another_key(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let signer = Signer::from_seed(export.signer.verifier().name(), &rng.random()).unwrap();
    case.vkey = signer.verifier().to_string();
    let mut leaves = export.leaves.clone();
    if rng.random_bool(0.5) {
        let Leaf::Genesis(mut genesis) = Leaf::parse(&leaves[0]).unwrap() else { return false };
        genesis.vkey.clone_from(&case.vkey);
        leaves[0] = Leaf::Genesis(genesis).to_bytes().unwrap();
    } else if rng.random_bool(0.5) {
        // Nobody knows the true key: what is left is that the log itself names it.
        case.trusted = None;
    }
    case.set_leaves(&leaves);
    let hashes: Vec<_> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
    let head = Head { size: hashes.len() as u64, root: root(&hashes) };
    case.checkpoint = head.sign(&signer).unwrap().into_bytes();
    true
}

fn change_file(case: &mut Case, folder: &str, rng: &mut Random) -> bool {
    let names: Vec<String> =
        case.files.keys().filter(|name| name.starts_with(folder)).cloned().collect();
    if names.is_empty() {
        return false;
    }
    let bytes = case.files.get_mut(pick(&names, rng)).unwrap();
    let digits: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at].is_ascii_digit()).collect();
    let at = *pick(&digits, rng);
    bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
    true
}

fn change_policy(_: &Export, case: &mut Case, rng: &mut Random) -> bool {
    change_file(case, "policies/", rng)
}

fn change_board(_: &Export, case: &mut Case, rng: &mut Random) -> bool {
    change_file(case, "snapshots/", rng)
}

fn lose_file(_: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let names: Vec<String> = case.files.keys().cloned().collect();
    case.files.remove(pick(&names, rng)).is_some()
}

fn change_text(_: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let count = case.texts.len();
    case.texts[rng.random_range(0..count)].text.push('!');
    true
}

fn change_salt(_: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let count = case.texts.len();
    case.texts[rng.random_range(0..count)].salt[7] ^= 1;
    true
}

fn publish_erased(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    if export.erased.is_empty() {
        return false;
    }
    case.texts.push(pick(&export.erased, rng).clone());
    true
}

fn move_text(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let count = case.texts.len();
    let text = &mut case.texts[rng.random_range(0..count)];
    let before = text.assign;
    text.assign = rng.random_range(0..export.leaves.len() as u64 + 3);
    text.assign != before
}

/// The operator has signed for a leaf that it then did not store; or somebody made a receipt up.
fn promise_nothing(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let stranger = Signer::from_seed(export.signer.verifier().name(), &rng.random()).unwrap();
    let signer = if rng.random_bool(0.7) { &export.signer } else { &stranger };
    let (index, leaf) =
        (rng.random_range(0..export.leaves.len() as u64 + 20), leaf_hash(&rng.random::<[u8; 8]>()));
    let (_, reply) = pick(&export.replies, rng);
    let promise = Promise { index, leaf }.sign(signer).unwrap();
    let text: serde_json::Value = serde_json::from_str(reply).unwrap();
    case.receipts.push(match rng.random_range(0..3) {
        0 => promise,
        1 => serde_json::json!({ "receipt": promise }).to_string(),
        _ => serde_json::json!({ "receipt": promise, "leaf": text["leaf"] }).to_string(),
    });
    true
}
