//! The fast reader against the strict one: both accept the same bytes, and say the same of them.

use rand::{RngExt as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::super::commitment;
use super::super::leaf::{self, Leaf};
use super::super::parse_hex;
use super::super::sample::{self, Size};
use super::{Found, scan};

const SIZE: Size = Size { battles: 200, models: 6, days: 3, voters: 9, texts: false, snapshots: 1 };
/// What a changed byte is replaced with: what leaves are made of, and what they are not.
const BYTES: &[u8] = b"0123456789abcdefABF\"\\{}[],:-_ nurt/\x00\x1f\x7f\xc3\xff";

fn id(id: uuid::Uuid) -> [u8; 16] {
    *id.as_bytes()
}

/// Whether what was found is what the strict reader says.
fn agree(found: &Found<'_>, leaf: &Leaf) -> bool {
    match (found, leaf) {
        (Found::Assign(found), Leaf::Assign(leaf)) => {
            found.battle == id(leaf.b.0)
                && found.epoch == leaf.e
                && (found.number, found.time) == (leaf.i, leaf.t)
                && Some(found.commitment) == parse_hex(&leaf.c)
        }
        (Found::Vote(found), Leaf::Vote(leaf)) => {
            agree_on_opening(&found.opening, (leaf.b.0, leaf.a, &leaf.n, &leaf.rev))
                && (found.choice, found.tier, found.time) == (leaf.o, leaf.g, leaf.t)
                && Some(found.left) == parse_hex(&leaf.c.l)
                && Some(found.right) == parse_hex(&leaf.c.r)
                && found.questions == leaf.c.p.as_deref().and_then(parse_hex)
                && found.flags == leaf.f
                && Some(found.voter) == parse_hex(&leaf.w)
                && found.question.map(unescaped) == leaf.q
        }
        (Found::Void(found), Leaf::Void(leaf)) => {
            agree_on_opening(&found.opening, (leaf.b.0, leaf.a, &leaf.n, &leaf.rev))
                && (found.why, found.time) == (leaf.why, leaf.t)
        }
        (Found::Other(found), leaf) => found == leaf,
        _ => false,
    }
}

fn unescaped(text: &str) -> String {
    serde_json::from_str(&format!("\"{text}\"")).unwrap()
}

fn agree_on_opening(
    found: &super::Opening<'_>,
    (battle, assign, key, text): (uuid::Uuid, u64, &str, &str),
) -> bool {
    let (reveal, told) = (&found.reveal, commitment::Reveal::parse(text).unwrap());
    found.battle == id(battle)
        && found.assign == assign
        && Some(found.key) == parse_hex(key)
        && reveal.text == text.as_bytes()
        && reveal.battle == id(told.b.0)
        && reveal.models == [id(told.l.0), id(told.r.0)]
        && reveal.files == [&told.lg, &told.rg].map(|file| parse_hex(file))
        && Some(reveal.sampling) == parse_hex(&told.samp)
        && (reveal.seeds, reveal.stored) == (told.seed, told.st.map(|flag| flag == 1))
        && reveal.out() == told.out.iter().map(|model| id(model.0)).collect::<Vec<_>>()
        && reveal.nonce == parse_hex(&told.cn)
        && Some(reveal.question) == parse_hex(&told.pc)
}

fn compare(bytes: &[u8]) -> bool {
    let mut room = Vec::new();
    let (found, leaf) = (scan(bytes, &mut room), Leaf::parse(bytes));
    let text = String::from_utf8_lossy(bytes);
    match (&found, &leaf) {
        (Ok(found), Ok(leaf)) => {
            assert!(agree(found, leaf), "{text}\n{found:?}\n{leaf:?}");
            assert_eq!(found.time(), leaf.time());
        }
        (Err(_), Err(_)) => {}
        _ => panic!("{text}\nfast: {found:?}\nstrict: {leaf:?}"),
    }
    leaf.is_ok()
}

#[test]
fn both_readers_read_every_leaf_of_an_arena() {
    for leaf in sample::play(1, SIZE).leaves {
        assert!(compare(&leaf), "{}", String::from_utf8_lossy(&leaf));
    }
}

#[test]
fn both_readers_refuse_and_accept_the_same_changed_leaves() {
    let (leaves, seed) = (sample::play(2, SIZE).leaves, 20_261_130);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut accepted = 0;

    for _ in 0..60_000 {
        let mut bytes = leaves[rng.random_range(0..leaves.len())].clone();
        for _ in 0..rng.random_range(1..3) {
            let at = rng.random_range(0..bytes.len());
            match rng.random_range(0..4) {
                0 => drop(bytes.remove(at)),
                1 => bytes.insert(at, BYTES[rng.random_range(0..BYTES.len())]),
                2 => bytes.swap(at, at / 2),
                _ => bytes[at] = BYTES[rng.random_range(0..BYTES.len())],
            }
        }
        accepted += usize::from(compare(&bytes));
    }

    // Many bytes are digits of something random, and may be others.
    assert!(accepted > 5000, "{accepted}");
}

#[test]
fn both_readers_agree_on_words_numbers_and_strings_at_their_edges() {
    let leaves = sample::play(3, SIZE).leaves;
    let texts = leaves.iter().map(|leaf| String::from_utf8(leaf.clone()).unwrap());
    let vote = texts.clone().find(|text| text.contains("\"q\":\"set")).unwrap();
    let assign = texts.clone().find(|text| text.contains("\"k\":\"assign\"")).unwrap();
    let end = vote.rfind(",\"t\":").unwrap();
    let question = vote.find(",\"q\":\"").unwrap();
    let with = |value: &str| format!("{},\"q\":{value}{}", &vote[..question], &vote[end..]);
    let numbered = |value: &str| {
        let at = assign.find(",\"i\":").unwrap();
        let rest = assign[at + 5..].find(',').unwrap() + at + 5;
        format!("{},\"i\":{value}{}", &assign[..at], &assign[rest..])
    };

    let questions =
        ["\"a/b/c\"", "\"a/b\"", "\"//\"", "\"\\u0000//\"", "\"\\u001f//\"", "\"\\u0020//\""];
    let more = [
        "\"\\n//\"",
        "\"\\u000a//\"",
        "\"\\u000A//\"",
        "\"\\/\\/\"",
        "\"\\b\\f\\r\\t\\\\\\\"//\"",
        "\"\u{e4}\u{1f600}//\"",
        "\"\\ud83d\\ude00//\"",
        "null",
    ];
    let numbers = [
        "0",
        "00",
        "01",
        "-0",
        "-1",
        "1.0",
        "1e1",
        "9007199254740991",
        "9007199254740992",
        "99999999999999999999",
        "\"1\"",
        "",
    ];
    let accepted = questions.iter().chain(&more).filter(|value| compare(with(value).as_bytes()));
    assert_eq!(accepted.count(), 7);
    let accepted = numbers.iter().filter(|value| compare(numbered(value).as_bytes()));
    assert_eq!(accepted.count(), 2);
}

#[test]
fn a_leaf_longer_than_an_entry_of_a_tile_is_refused_by_both() {
    let texts = sample::play(3, SIZE).leaves;
    let texts = texts.iter().map(|leaf| String::from_utf8(leaf.clone()).unwrap());
    let vote = texts.into_iter().find(|text| text.contains("\"q\":\"set")).unwrap();
    let padded = |length: usize| {
        let pad = length - vote.len();
        vote.replacen("\"q\":\"set", &format!("\"q\":\"{}set", "x".repeat(pad)), 1)
    };

    assert!(compare(padded(leaf::MAX_BYTES).as_bytes()));
    assert!(!compare(padded(leaf::MAX_BYTES + 1).as_bytes()));
}
