//! Leaves and the strictness of their reader, commitments, policies and draws.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use uuid::Uuid;

use super::super::commitment::{Domain, Reveal, commit};
use super::super::draw::{Ticket, later_seed};
use super::super::leaf::{self, Assign, Contents, Epoch, Flag, Leaf, LeafError, Ruling, Vote};
use super::super::policy::{Policy, Rules};
use crate::ids::{BattleId, ModelId};
use crate::pairing::Contest;
use crate::tier::Tier;

fn model(number: u128) -> ModelId {
    ModelId(Uuid::from_u128(number))
}

fn reveal() -> Reveal {
    Reveal {
        v: 1,
        b: BattleId(Uuid::from_u128(1)),
        l: model(2),
        r: model(3),
        lg: "ab".repeat(32),
        rg: String::new(),
        samp: "cd".repeat(32),
        seed: [1, u32::MAX],
        st: [0, 1],
        out: vec![model(4)],
        cn: "00ff".repeat(8),
        pc: "ef".repeat(32),
    }
}

fn vote() -> Leaf {
    Leaf::Vote(Box::new(Vote {
        b: BattleId(Uuid::from_u128(1)),
        a: 7,
        o: leaf::Choice::Good,
        n: "12".repeat(32),
        rev: reveal().to_text(),
        c: Contents { l: "34".repeat(32), p: None, r: "56".repeat(32) },
        f: vec![Flag::Leak, Flag::Dwell],
        g: Tier::Invited,
        w: "78".repeat(16),
        q: Some("mt-bench/1/81".to_owned()),
        t: 1_790_000_040,
    }))
}

#[test]
fn a_leaf_has_exactly_the_bytes_that_are_written_down() {
    let leaf = Leaf::Assign(Assign {
        b: BattleId(Uuid::from_u128(0xb)),
        e: "2026-11-30".to_owned(),
        i: 4,
        c: "00".repeat(32),
        t: 1_790_000_040,
    });

    let text = String::from_utf8(leaf.to_bytes().unwrap()).unwrap();

    let expected = format!(
        "{{\"k\":\"assign\",\"b\":\"0000000000000000000000000000000b\",\"e\":\"2026-11-30\",\"i\":4,\
         \"c\":\"{}\",\"t\":1790000040}}",
        "00".repeat(32)
    );
    assert_eq!(text, expected);
    assert_eq!(Leaf::parse(text.as_bytes()), Ok(leaf));
}

#[test]
fn only_the_canonical_form_of_a_leaf_is_read() {
    let text = String::from_utf8(vote().to_bytes().unwrap()).unwrap();
    assert_eq!(Leaf::parse(text.as_bytes()), Ok(vote()));

    let spoilt = [
        text.replacen(':', ": ", 1),
        text.replacen("\"a\":7", "\"a\":7.0", 1),
        text.replacen("\"a\":7", "\"a\":07", 1),
        text.replacen("\"a\":7", "\"a\":7,\"a\":7", 1),
        text.replacen("\"a\":7", "\"a\":7,\"z\":7", 1),
        text.replacen("\"k\":\"vote\"", "\"k\":\"ballot\"", 1),
        text.replacen("\"k\":\"vote\",", "", 1).replacen('}', ",\"k\":\"vote\"}", 1),
        text.replacen("\"leak\",\"dwell\"", "\"dwell\",\"leak\"", 1),
        text.replacen("mt-bench", "\\u006dt-bench", 1),
        text.replacen("7878", "787G", 1),
        text.replacen("1790000040", "1790000041", 1),
        format!("{text} "),
        format!("{text}\n"),
    ];
    for (at, bad) in spoilt.iter().enumerate() {
        assert!(Leaf::parse(bad.as_bytes()).is_err(), "{at}: {bad}");
    }
}

#[test]
fn times_are_floored_and_never_go_back() {
    let mut leaf = Leaf::Exclude(Ruling { i: 1, rule: "by hand".to_owned(), t: 0 });

    leaf.stamp(1_790_000_099, 0);
    assert_eq!(leaf.time(), 1_790_000_040);
    leaf.stamp(1_000, 1_790_000_040);

    assert_eq!(leaf.time(), 1_790_000_040);
}

#[test]
fn a_field_out_of_bounds_is_named() {
    let leaf = Leaf::Epoch(Epoch { e: "tomorrow".to_owned(), c: "00".repeat(32), t: 60 });

    assert_eq!(leaf.to_bytes(), Err(LeafError::Field("e")));
}

#[test]
fn a_commitment_is_opened_by_its_own_opening_payload_and_domain_only() {
    let (opening, payload) = ([9; 32], reveal().to_text());

    let committed = commit(Domain::Assign, &opening, payload.as_bytes());

    // HMAC-SHA256 by Python's hmac module of key 09 * 32 and message "arena/assign/v1\nx".
    assert_eq!(
        hex::encode(commit(Domain::Assign, &opening, b"x")),
        "bc0e9323932ee2a20a750a2beb649c3062493f7f1b4413e2c840ebf5f9d4a625"
    );
    assert_ne!(committed, commit(Domain::Assign, &[8; 32], payload.as_bytes()));
    assert_ne!(committed, commit(Domain::Epoch, &opening, payload.as_bytes()));
    assert_eq!(Reveal::parse(&payload), Some(reveal()));
    assert_eq!(Reveal::parse(&payload.replace("\"v\":1", "\"v\":2")), None);
}

fn policy() -> Policy {
    let contest = |one, other, weight| Contest { one: model(one), other: model(other), weight };
    let contests = [contest(3, 1, 5), contest(2, 1, 1), contest(2, 3, 0), contest(4, 2, 10)];
    Policy::of(Rules::default(), &[model(4), model(2), model(3), model(1)], &contests)
}

#[test]
fn a_policy_is_read_back_in_its_one_form() {
    let policy = policy();

    let text = policy.to_text();

    assert_eq!(policy.pairs, [(0, 1, 1), (0, 2, 5), (1, 3, 10)]);
    assert_eq!(Policy::parse(&text), Some(policy));
    assert_eq!(Policy::parse(&text.replace("[0,1,1]", "[1,0,1]")), None);
}

#[test]
fn weights_of_any_size_are_scaled_and_none_vanishes() {
    let contest = |one, other, weight| Contest { one: model(one), other: model(other), weight };

    let policy = Policy::of(
        Rules::default(),
        &[model(1), model(2), model(3)],
        &[contest(1, 2, u64::MAX), contest(1, 3, 1)],
    );

    assert_eq!(policy.pairs, [(0, 1, u64::from(u32::MAX)), (0, 2, 1)]);
}

#[test]
fn the_draw_follows_the_weights_and_both_sides_are_as_likely() {
    let (policy, mut seen) = (policy(), HashMap::new());
    let draws = 40_000;

    for number in 0..draws {
        let ticket = Ticket { key: &[1; 32], number, nonce: b"0123456789abcdef" };
        let drawn = ticket.draw(&policy, &HashSet::new()).unwrap();
        let pair = (drawn.draw.left, drawn.draw.right);
        seen.entry(pair).or_insert((drawn.draw.p_draw, 0_u32)).1 += 1;
    }

    assert_eq!(seen.len(), 6);
    for (pair, (p, count)) in seen {
        let (expected, sd) = (p * draws as f64, (p * (1.0 - p) * draws as f64).sqrt());
        assert!((f64::from(count) - expected).abs() < 5.0 * sd, "{pair:?}: {count}, {expected}");
    }
}

#[test]
fn a_model_that_cannot_answer_is_not_drawn_and_a_nonce_changes_everything() {
    let policy = policy();
    let ticket = |nonce| Ticket { key: &[1; 32], number: 0, nonce };

    for number in 0..500 {
        let ticket = Ticket { key: &[1; 32], number, nonce: &[] };
        let drawn = ticket.draw(&policy, &HashSet::from([model(4), model(3)])).unwrap();
        assert!([drawn.draw.left, drawn.draw.right].iter().all(|id| *id < model(3)));
    }
    assert_ne!(ticket(b"").battle(), ticket(b"0123456789abcdef").battle());
    assert!(ticket(b"").draw(&policy, &HashSet::from([model(1), model(2)])).is_err());
    assert_ne!(later_seed(&[1; 32], (1, 0), true), later_seed(&[1; 32], (1, 0), false));
}

proptest! {
    #[test]
    fn what_is_read_as_a_leaf_is_written_as_the_same_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(leaf) = Leaf::parse(&bytes) {
            prop_assert_eq!(leaf.to_bytes().unwrap(), bytes);
        }
    }

    #[test]
    fn a_vote_with_one_changed_byte_is_refused_or_is_another_leaf(seed in any::<u64>()) {
        use rand::RngExt as _;
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut bytes = vote().to_bytes().unwrap();
        let at = rng.random_range(0..bytes.len());
        bytes[at] ^= 1 << rng.random_range(0..8);
        if let Ok(leaf) = Leaf::parse(&bytes) {
            prop_assert_ne!(leaf, vote());
        }
    }
}
