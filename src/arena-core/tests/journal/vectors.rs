//! Recorded vectors, made by a script that shares nothing with this crate.
#![cfg(test)]

use std::collections::HashSet;

use arena_core::ids::ModelId;
use arena_core::journal::commitment::{Domain, commit};
use arena_core::journal::draw::Ticket;
use arena_core::journal::leaf::Leaf;
use arena_core::journal::merkle::{self, Hash, Levels};
use arena_core::journal::parse_hex;
use arena_core::journal::policy::Policy;
use serde_json::Value;

use super::python;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/journal");

fn vectors() -> Value {
    let text = std::fs::read_to_string(format!("{FOLDER}/vectors.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap()
}

fn number(value: &Value, field: &str) -> u64 {
    value[field].as_u64().unwrap()
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().unwrap()
}

fn hashes(value: &Value, field: &str) -> Vec<Hash> {
    list(value, field).iter().map(|hash| parse_hex(hash.as_str().unwrap()).unwrap()).collect()
}

#[test]
fn the_script_still_writes_these_vectors() {
    let script = format!("{FOLDER}/make_vectors.py");

    let status = python::command().args([&script, "--check"]).status().unwrap();

    assert!(status.success());
}

#[test]
fn recorded_leaves_are_read_and_written_as_the_same_bytes() {
    let vectors = vectors();
    let leaves = list(&vectors, "leaves");
    for leaf in leaves {
        let leaf = leaf.as_str().unwrap().as_bytes();

        assert_eq!(Leaf::parse(leaf).unwrap().to_bytes().unwrap(), leaf);
    }
    let kinds: HashSet<&str> =
        leaves.iter().map(|leaf| leaf.as_str().unwrap().split('"').nth(3).unwrap()).collect();
    assert_eq!(kinds.len(), 12);
}

#[test]
fn recorded_commitments_are_those_of_this_crate() {
    for entry in list(&vectors(), "commitments") {
        let domain = match text(entry, "domain") {
            "arena/assign/v1" => Domain::Assign,
            "arena/epoch/v1" => Domain::Epoch,
            "arena/content/v1/q" => Domain::Question,
            "arena/content/v1/p" => Domain::Questions,
            "arena/content/v1/l" => Domain::Left,
            "arena/content/v1/r" => Domain::Right,
            other => panic!("{other}"),
        };
        let opening = parse_hex(text(entry, "opening")).unwrap();

        let found = commit(domain, &opening, text(entry, "payload").as_bytes());

        assert_eq!(hex::encode(found), text(entry, "commitment"));
    }
}

#[test]
fn recorded_draws_are_those_of_this_crate() {
    for entry in list(&vectors(), "draws") {
        let key = parse_hex(text(entry, "key")).unwrap();
        let nonce = hex::decode(text(entry, "nonce")).unwrap();
        let policy = Policy::parse(text(entry, "policy")).unwrap();
        let model = |text: &str| text.parse::<ModelId>().unwrap();
        let out = list(entry, "out").iter().map(|id| model(id.as_str().unwrap())).collect();
        let ticket = Ticket { key: &key, number: number(entry, "number"), nonce: &nonce };

        let drawn = ticket.draw(&policy, &out).unwrap();

        assert_eq!(drawn.battle.to_string(), text(entry, "battle"));
        assert_eq!(drawn.draw.left, model(text(entry, "left")));
        assert_eq!(drawn.draw.right, model(text(entry, "right")));
        let seeds = list(entry, "seeds");
        assert_eq!(Some(u64::from(drawn.seeds.left)), seeds[0].as_u64());
        assert_eq!(Some(u64::from(drawn.seeds.right)), seeds[1].as_u64());
    }
}

#[test]
fn recorded_trees_and_paths_are_those_of_this_crate() {
    let vectors = vectors();
    let (tree, leaves) = (&vectors["tree"], list(&vectors, "leaves"));
    let found: Vec<Hash> =
        leaves.iter().map(|leaf| merkle::leaf_hash(leaf.as_str().unwrap().as_bytes())).collect();
    let roots = hashes(tree, "roots");

    assert_eq!(found, hashes(tree, "leaf_hashes"));
    for (size, root) in roots.iter().enumerate() {
        assert_eq!(merkle::root(&found[..size]), *root);
    }
    for entry in list(tree, "inclusion") {
        let (index, size) = (number(entry, "index"), number(entry, "size"));
        let levels = Levels::of(found[..size as usize].to_vec());
        let path = merkle::inclusion(index, size, &mut |node| levels.get(node)).unwrap();
        assert_eq!(path, hashes(entry, "path"));
        let (leaf, root) = (&found[index as usize], &roots[size as usize]);
        assert!(merkle::verify_inclusion(leaf, index, size, &path, root));
    }
    for entry in list(tree, "consistency") {
        let (old, size) = (number(entry, "old"), number(entry, "size"));
        let levels = Levels::of(found[..size as usize].to_vec());
        let path = merkle::consistency(old, size, &mut |node| levels.get(node)).unwrap();
        assert_eq!(path, hashes(entry, "path"));
    }
}
