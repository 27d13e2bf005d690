//! Honest logs pass, hostile input is survived, and each rule that an attack in `tests/journal` does not reach is tried here.

use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::super::leaf::{self, Leaf, Ruling};
use super::super::sample::{self, Export, Size};
use super::{Check, Given, Report, Status, Verification, Wanted};

const SMALL: Size = Size { battles: 60, models: 5, days: 4, voters: 12, texts: true, snapshots: 2 };

#[test]
fn honest_logs_pass_all_ten_checks() {
    for seed in 0..20 {
        let export = sample::play(seed, SMALL);
        let replies: Vec<String> = export.replies.iter().map(|(_, text)| text.clone()).collect();
        let old = export.earlier.first().map(String::as_str);

        let report = export.verify(Some(&export.vkey.clone()), old, &replies);

        assert!(report.ok, "{seed}\n{}", report.to_text());
        let skipped = report.checks.iter().filter(|check| check.status == Status::Skipped).count();
        assert_eq!(skipped, usize::from(old.is_none()), "{}", report.to_text());
    }
}

#[test]
fn long_logs_with_boards_of_fitted_ratings_pass_too() {
    let size = Size { battles: 3000, models: 8, days: 20, voters: 60, texts: false, snapshots: 4 };

    let report = sample::play(9, size).verify(None, None, &[]);

    assert!(report.ok, "{}", report.to_text());
    let draws = &report.totals.draws;
    assert!(draws.p_value.unwrap() > 0.001 && draws.repeated > 2000, "{draws:?}");
    assert!(report.checks[7].detail.starts_with("4 of the same bytes"), "{}", report.to_text());
    assert!(!report.trusted_key && report.to_text().contains("--vkey"));
    assert!(serde_json::from_str::<serde_json::Value>(&report.to_json()).is_ok());
}

/// The report on an export whose leaves were changed by whoever holds its key.
fn rewritten(mut export: Export, change: impl FnOnce(&mut Vec<Leaf>)) -> Report {
    let mut leaves: Vec<Leaf> =
        export.leaves.iter().map(|leaf| Leaf::parse(leaf).unwrap()).collect();
    change(&mut leaves);
    export.leaves = leaves.iter().map(|leaf| leaf.to_bytes().unwrap()).collect();
    export.checkpoint = export.sign();
    export.verify(None, None, &[])
}

fn plain(seed: u64) -> Export {
    sample::play(seed, Size { texts: false, snapshots: 0, ..SMALL })
}

fn lowest(report: &Report) -> Option<&str> {
    let failed = report.checks.iter().find(|check| check.status == Status::Failed)?;
    Some(failed.problems.first().map_or("", |problem| problem.what.as_str()))
}

#[test]
fn a_pseudonym_that_lasts_longer_than_a_month_is_seen() {
    let size = Size { battles: 400, days: 40, texts: false, snapshots: 0, ..SMALL };

    let report = sample::play(4, size).verify(None, None, &[]);

    assert_eq!(report.exit, Check::Openings.code(), "{}", report.to_text());
    assert_eq!(lowest(&report), Some("its pseudonym is in use for more than a month"));
}

#[test]
fn a_battle_that_stays_open_and_a_key_that_stays_hidden_are_seen_when_their_time_is_over() {
    for (hours, expected) in [(0, None), (26, Some(Check::Openings)), (200, Some(Check::Epochs))] {
        let report = rewritten(plain(4), |leaves| {
            if hours == 200 {
                leaves.retain(|leaf| !matches!(leaf, Leaf::EpochReveal(_)));
            }
            let last = leaves.last().unwrap().time() + hours * 3600;
            leaves.push(Leaf::Policy(leaf::Policy { sha256: policy(leaves), t: last }));
        });

        match expected {
            Some(check) => assert!(report.failed(check), "{hours}\n{}", report.to_text()),
            None => assert!(report.ok, "{}", report.to_text()),
        }
    }
}

/// The digest of a policy that is in the export.
fn policy(leaves: &[Leaf]) -> String {
    let found = leaves.iter().find_map(|leaf| match leaf {
        Leaf::Policy(policy) => Some(policy.sha256.clone()),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn a_day_far_ahead_is_seen_because_its_key_would_never_be_due() {
    let report = rewritten(plain(5), |leaves| {
        let t = leaves.last().unwrap().time();
        let epoch = |e: &str| leaf::Epoch { e: e.to_owned(), c: "ab".repeat(32), t };
        leaves.push(Leaf::Epoch(epoch("2031-01-01")));
    });

    assert_eq!(report.exit, Check::Epochs.code(), "{}", report.to_text());
}

#[test]
fn a_vote_is_excluded_once_and_included_once() {
    let report = rewritten(plain(6), |leaves| {
        let vote = leaves.iter().position(|leaf| matches!(leaf, Leaf::Vote(_))).unwrap() as u64;
        let t = leaves.last().unwrap().time();
        let ruling = || Ruling { i: vote, rule: "x".to_owned(), t };
        let is_out =
            |leaf: &Leaf| matches!(leaf, Leaf::Exclude(r) | Leaf::Include(r) if r.i == vote);
        assert!(!leaves.iter().any(is_out));
        let rulings = [Leaf::Exclude, Leaf::Include, Leaf::Exclude, Leaf::Exclude];
        leaves.extend(rulings.map(|ruled| ruled(ruling())));
    });

    assert_eq!(lowest(&report), Some("what it excludes is excluded already"));
    assert_eq!(report.checks[3].failures, 1);
}

#[test]
fn a_log_without_leaves_is_no_log() {
    let mut export = plain(7);
    export.leaves.clear();
    export.checkpoint = export.sign();

    let report = export.verify(None, None, &[]);

    assert_eq!(report.exit, Check::Grammar.code(), "{}", report.to_text());
}

/// Bytes that are random, or those given with some of them changed.
fn spoilt(bytes: &[u8], rng: &mut Xoshiro256PlusPlus) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if bytes.is_empty() || rng.random_bool(0.1) {
        bytes = vec![0; rng.random_range(0..200)];
        rng.fill_bytes(&mut bytes);
        return bytes;
    }
    for _ in 0..rng.random_range(0..4) {
        let at = rng.random_range(0..bytes.len());
        match rng.random_range(0..3) {
            0 => bytes[at] ^= 1 << rng.random_range(0..8),
            1 => bytes.truncate(at.max(1)),
            _ => {
                // A number of another size, where one stands.
                let digits =
                    [&b"0"[..], b"9007199254740991", b"18446744073709551615", b"4294967296"];
                let digits = digits[rng.random_range(0..digits.len())];
                if bytes[at].is_ascii_digit() {
                    bytes.splice(at..=at, digits.iter().copied());
                }
            }
        }
    }
    bytes
}

#[test]
fn no_input_however_broken_ends_the_program() {
    let seed = 20_261_130;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    for round in 0..300 {
        let export = sample::play(round % 7, SMALL);
        let part = [0.0, 0.02, 0.3, 1.0][(round % 4) as usize];
        let (checkpoint, old) = (
            spoilt(export.checkpoint.as_bytes(), &mut rng),
            spoilt(export.checkpoint.as_bytes(), &mut rng),
        );
        let given = Given {
            checkpoint: &checkpoint,
            vkey: export.vkey.as_bytes(),
            trusted: None,
            old: Some(&old),
        };
        let mut others = Xoshiro256PlusPlus::seed_from_u64(round);
        let find = |wanted: Wanted| {
            let bytes = export.files.get(&wanted.path())?;
            Some(if others.random_bool(part / 2.0) {
                spoilt(bytes, &mut others)
            } else {
                bytes.clone()
            })
        };
        let mut verification = Verification::new(given, find).unwrap();
        for text in &export.texts {
            verification.text(&spoilt(text.to_line().as_bytes(), &mut rng));
        }
        for (_, reply) in &export.replies {
            verification.receipt("a receipt", &spoilt(reply.as_bytes(), &mut rng));
        }
        for leaf in &export.leaves {
            let line = if rng.random_bool(part) { spoilt(leaf, &mut rng) } else { leaf.clone() };
            verification.line(&[&line[..], b"\n"].concat());
        }

        let report = verification.finish();

        assert!(!report.ok && report.to_text().lines().count() >= 11, "{round}");
    }
}
