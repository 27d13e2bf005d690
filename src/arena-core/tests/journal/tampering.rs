//! Two verifiers and ten thousand attacks: both see every one, and end with the same code.
#![cfg(test)]

use std::collections::BTreeMap;

use arena_core::journal::checkpoint::Head;
use arena_core::journal::merkle::{Levels, inclusion, leaf_hash};
use arena_core::journal::proof::Proof;
use arena_core::journal::sample::Export;
use rand::SeedableRng as _;

use super::case::{Case, Random, base};
use super::outsider::Attack;
use super::python::Python;
use super::{insider, outsider};

const ATTACKS: usize = 10_000;
/// Logs that are attacked in turn.
const BASES: u64 = 8;
const SEED: u64 = 20_261_130;

fn attacks() -> Vec<(&'static str, Attack)> {
    [&outsider::ATTACKS[..], &insider::ATTACKS].concat()
}

#[test]
fn both_verifiers_pass_honest_exports() {
    let mut python = Python::start();
    for seed in 0..12 {
        let export = base(seed);
        let plain = Case::honest(&export);
        let mut cases = vec![plain.remembered(&export), plain];
        for earlier in &export.earlier {
            let case = cases[1].clone();
            cases.push(Case { old: Some(earlier.clone()), trusted: None, ..case });
        }
        cases.push(Case { receipts: proofs(&export), ..cases[1].clone() });

        for case in cases {
            let report = case.report();
            assert!(report.ok, "{seed}\n{}", report.to_text());
            assert_eq!(python.failed(&case), [0_u8; 0], "{seed}");
        }
    }
}

/// Proofs of some leaves, and one in the reply to a vote.
fn proofs(export: &Export) -> Vec<String> {
    let hashes: Vec<_> = export.leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
    let mut texts = Vec::new();
    for size in [hashes.len(), hashes.len() / 2] {
        let levels = Levels::of(hashes[..size].to_vec());
        let root = arena_core::journal::merkle::root(&hashes[..size]);
        let checkpoint = Head { size: size as u64, root }.sign(&export.signer).unwrap();
        for index in [0, size as u64 / 3, size as u64 - 1] {
            let path = inclusion(index, size as u64, &mut |node| levels.get(node)).unwrap();
            texts.push(Proof { index, path, checkpoint: checkpoint.clone() }.to_string());
        }
    }
    texts.push(serde_json::json!({ "receipt": texts[0] }).to_string());
    texts
}

/// What came of one kind of attack.
#[derive(Default)]
struct Tally {
    attacks: usize,
    /// Seen only by whoever kept a checkpoint and receipts.
    by_memory: usize,
    /// Lowest code with how often it was the exit code.
    codes: BTreeMap<u8, usize>,
}

impl Tally {
    fn note(&mut self, case: &Case, export: &Export, python: &mut Python, kind: &str) {
        python.ask(case);
        let (mut ours, mut theirs) = (case.failed(), python.answer());
        assert_eq!(
            ours.is_empty(),
            theirs.is_empty(),
            "{kind}: {ours:?} {theirs:?}\n{}",
            case.report().to_text()
        );
        self.attacks += 1;
        if ours.is_empty() {
            // A log that is sound in itself and another than the one that was shown before.
            let case = case.remembered(export);
            python.ask(&case);
            (ours, theirs) = (case.failed(), python.answer());
            self.by_memory += 1;
        }
        assert!(!ours.is_empty() && !theirs.is_empty(), "{kind}: {ours:?} {theirs:?}");
        assert_eq!(ours[0], theirs[0], "{kind}: {ours:?} {theirs:?}");
        *self.codes.entry(ours[0]).or_default() += 1;
    }
}

fn attack(part: u64, count: usize) -> BTreeMap<&'static str, Tally> {
    let mut rng = Random::seed_from_u64(SEED + part);
    let (mut python, attacks) = (Python::start(), attacks());
    let bases: Vec<Export> = (0..BASES).map(|seed| base(100 * part + seed)).collect();
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut made = 0;
    for number in 0.. {
        if made == count {
            break;
        }
        let (kind, attack) = attacks[number % attacks.len()];
        let export = &bases[number % bases.len()];
        let mut case = Case::honest(export);
        if attack(export, &mut case, &mut rng) {
            tallies.entry(kind).or_default().note(&case, export, &mut python, kind);
            made += 1;
        }
    }
    tallies
}

#[test]
fn both_verifiers_see_ten_thousand_attacks_of_forty_kinds() {
    let half = ATTACKS / 2;
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(|| attack(1, half));
        (attack(2, half), other.join().unwrap())
    });

    let mut total = 0;
    println!("{:<50} {:>7} {:>9}  exit codes", "attack", "made", "by memory");
    for (kind, tally) in &one {
        let more = &other[kind];
        let mut codes = tally.codes.clone();
        more.codes.iter().for_each(|(code, count)| *codes.entry(*code).or_default() += count);
        let sum = |of: fn(&Tally) -> usize| of(tally) + of(more);
        let (made, memory) = (sum(|t| t.attacks), sum(|t| t.by_memory));
        total += made;
        println!("{kind:<50} {made:>7} {memory:>9}  {codes:?}");
        assert!(memory == 0 || kind.starts_with("insider"), "{kind}");
    }
    assert_eq!(total, ATTACKS);
    assert_eq!(one.len(), attacks().len());
}

#[test]
fn both_verifiers_refuse_what_is_no_log() {
    let (export, mut python) = (base(2), Python::start());
    let signed = |leaves: &[Vec<u8>]| {
        let hashes: Vec<_> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
        let head =
            Head { size: hashes.len() as u64, root: arena_core::journal::merkle::root(&hashes) };
        let mut case = Case { texts: Vec::new(), ..Case::honest(&export) };
        case.checkpoint = head.sign(&export.signer).unwrap().into_bytes();
        case.set_leaves(leaves);
        case
    };
    let lines: [&[u8]; 6] = [b"", b"x", b"{}", b"[1,2]", &[b'['; 60_000], b"\xff\xfe"];
    let mut logs: Vec<Vec<Vec<u8>>> = lines.iter().map(|line| vec![line.to_vec()]).collect();
    logs.extend(lines.iter().map(|line| [&export.leaves[..], &[line.to_vec()]].concat()));
    logs.push(Vec::new());

    for leaves in logs {
        let case = signed(&leaves);
        assert_eq!((case.failed(), python.failed(&case)), (vec![13], vec![13]), "{leaves:?}");
    }
}

/// What only a verifier that fits ratings sees.
#[test]
fn a_rating_that_is_moved_by_more_than_a_hundredth_is_seen() {
    let export = base(3);
    for (by, is_seen) in [(1, false), (2, true), (500, true)] {
        let mut case = Case::honest(&export);

        assert!(insider::move_rating(&export, &mut case, by));

        assert_eq!(case.failed(), if is_seen { vec![17] } else { Vec::new() }, "{by}");
    }
}
