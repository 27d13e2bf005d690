//! R16: the operator bends the record, with the key that signs in hand: a vote dropped, edited or moved to another model, a
//! model's file swapped, an exclusion hidden, an old backup put back. Then everything is built anew and signed.
//!
//! The honest log is one that `arena_core::journal::sample` plays; who reads it is `doubleblind verify`, its code to the letter.
//! `operator` does the same to a served arena and its files.

use arena_core::journal::checkpoint::Head;
use arena_core::journal::commitment::{Domain, Reveal, commit};
use arena_core::journal::leaf::{Choice, Leaf, Void, Vote, Why};
use arena_core::journal::merkle::{leaf_hash, root};
use arena_core::journal::parse_hex;
use arena_core::journal::sample::{self, Export};
use arena_core::journal::verify::{Given, Verification, Wanted};
use rand::RngExt as _;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::boards::rng;
use super::{Row, Size};

const PLAYED: sample::Size =
    sample::Size { battles: 60, models: 5, days: 4, voters: 12, texts: false, snapshots: 2 };

/// Changes leaves; gives the vote whose voter has a receipt, or none if there was nothing to change.
type Tampering = fn(&mut Vec<Leaf>, &mut Xoshiro256PlusPlus) -> Option<Subject>;

/// What was tampered with, and whether the key is used afterwards.
struct Subject {
    /// Place of the vote in the honest log; none where no single vote is meant.
    vote: Option<u64>,
}

const KINDS: [(&str, bool, Tampering); 8] = [
    ("edits a vote in the table, and signs nothing anew", false, edit),
    ("drops the leaf of a vote", true, drop_leaf),
    ("drops a vote: the battle looks skipped", true, take_out),
    ("edits a vote", true, edit),
    ("re-labels a battle: another model, committed to anew", true, relabel),
    ("names another model file", true, swap_file),
    ("hides an exclusion", true, hide_ruling),
    ("puts an old backup back and signs it", true, roll_back),
];

pub(super) fn insider(size: Size) -> Vec<Row> {
    let logs = size.pick(4, 50);
    let exports: Vec<Export> = (0..logs).map(|seed| sample::play(16_000 + seed, PLAYED)).collect();
    KINDS.iter().map(|kind| row(kind, &exports)).collect()
}

/// How many of the tamperings were seen, and by what.
#[derive(Default)]
struct Seen {
    made: usize,
    /// By the export alone.
    alone: usize,
    /// By whoever kept the last checkpoint before it.
    by_checkpoint: usize,
    /// By the voter with the receipt of that vote.
    by_receipt: usize,
    /// By any of the three.
    at_all: usize,
    /// Tamperings with a vote whose voter has a receipt.
    receipts: usize,
}

fn row((kind, signs, tamper): &(&str, bool, Tampering), exports: &[Export]) -> Row {
    let mut seen = Seen::default();
    for (number, export) in exports.iter().enumerate() {
        let mut rng = rng(16_500 + number as u64);
        let mut leaves: Vec<Leaf> =
            export.leaves.iter().map(|leaf| Leaf::parse(leaf).unwrap()).collect();
        if let Some(subject) = tamper(&mut leaves, &mut rng) {
            judge(export, &leaves, (&subject, *signs), &mut seen);
        }
    }
    let Seen { made, alone, by_checkpoint, by_receipt, at_all, receipts } = seen;
    let mut result = format!(
        "{at_all} of {made} seen: {alone} by the export alone, {by_checkpoint} with a checkpoint kept from before"
    );
    if receipts > 0 {
        result += &format!(", {by_receipt} with the voter's receipt");
    }
    let budget = format!("once in each of {made} logs");
    let passed = at_all == made && made > 0;
    let mark = "verify catches all";
    Row::new("R16", format!("an insider {kind}"), budget, (result, passed), mark)
}

fn judge(export: &Export, leaves: &[Leaf], (subject, signs): (&Subject, bool), seen: &mut Seen) {
    let bent: Vec<Vec<u8>> = leaves.iter().map(|leaf| leaf.to_bytes().unwrap()).collect();
    assert_ne!(bent, export.leaves, "nothing was changed");
    let hashes: Vec<_> = bent.iter().map(|leaf| leaf_hash(leaf)).collect();
    let head = Head { size: hashes.len() as u64, root: root(&hashes) };
    let checkpoint =
        if signs { head.sign(&export.signer).unwrap() } else { export.checkpoint.clone() };
    let is_seen = |old: Option<&str>, receipt: Option<&str>| {
        !passes(export, (&bent, &checkpoint), old, receipt)
    };
    let reply = export.replies.iter().find(|(index, _)| Some(*index) == subject.vote);
    let alone = is_seen(None, None);
    let by_checkpoint = is_seen(Some(&export.checkpoint), None);
    let by_receipt = reply.is_some_and(|(_, reply)| is_seen(None, Some(reply)));
    seen.made += 1;
    seen.receipts += usize::from(reply.is_some());
    seen.alone += usize::from(alone);
    seen.by_checkpoint += usize::from(by_checkpoint);
    seen.by_receipt += usize::from(by_receipt);
    seen.at_all += usize::from(alone || by_checkpoint || by_receipt);
}

/// Whether `doubleblind verify` finds nothing wrong.
fn passes(
    export: &Export,
    (leaves, checkpoint): (&[Vec<u8>], &str),
    old: Option<&str>,
    receipt: Option<&str>,
) -> bool {
    let given = Given {
        checkpoint: checkpoint.as_bytes(),
        vkey: export.vkey.as_bytes(),
        trusted: Some(&export.vkey),
        old: old.map(str::as_bytes),
    };
    let find = |wanted: Wanted| export.files.get(&wanted.path()).cloned();
    let mut verification = Verification::new(given, find).unwrap();
    if let Some(receipt) = receipt {
        verification.receipt("receipt", receipt.as_bytes());
    }
    for leaf in leaves {
        verification.line(&[leaf.as_slice(), b"\n"].concat());
    }
    verification.finish().ok
}

fn places(leaves: &[Leaf], is: impl Fn(&Leaf) -> bool) -> Vec<usize> {
    (0..leaves.len()).filter(|at| is(&leaves[*at])).collect()
}

fn pick(list: &[usize], rng: &mut Xoshiro256PlusPlus) -> Option<usize> {
    (!list.is_empty()).then(|| list[rng.random_range(0..list.len())])
}

/// A vote by chance, with its place.
fn any_vote(leaves: &[Leaf], rng: &mut Xoshiro256PlusPlus) -> Option<(usize, Vote)> {
    let at = pick(&places(leaves, |leaf| matches!(leaf, Leaf::Vote(_))), rng)?;
    match &leaves[at] {
        Leaf::Vote(vote) => Some((at, (**vote).clone())),
        _ => None,
    }
}

fn of_vote(at: usize) -> Option<Subject> {
    Some(Subject { vote: Some(at as u64) })
}

fn drop_leaf(leaves: &mut Vec<Leaf>, rng: &mut Xoshiro256PlusPlus) -> Option<Subject> {
    let (at, _) = any_vote(leaves, rng)?;
    leaves.remove(at);
    of_vote(at)
}

/// Decisions on the vote go with it, and nothing refers to the wrong leaf afterwards.
fn take_out(leaves: &mut Vec<Leaf>, rng: &mut Xoshiro256PlusPlus) -> Option<Subject> {
    let (at, Vote { b, a, n, rev, t, .. }) = any_vote(leaves, rng)?;
    leaves[at] = Leaf::Void(Void { b, a, why: Why::Skipped, n, rev, t });
    let gone = places(leaves, |leaf| match leaf {
        Leaf::Exclude(ruling) | Leaf::Include(ruling) => ruling.i == at as u64,
        Leaf::Redact(redact) => redact.i == a,
        _ => false,
    });
    without(leaves, &gone);
    of_vote(at)
}

/// Takes leaves out and lets the references of the others follow.
fn without(leaves: &mut Vec<Leaf>, gone: &[usize]) {
    let moved = |index: u64| index - gone.iter().filter(|at| (**at as u64) < index).count() as u64;
    let mut at = 0;
    leaves.retain(|_| {
        at += 1;
        !gone.contains(&(at - 1))
    });
    for leaf in leaves {
        match leaf {
            Leaf::Vote(vote) => vote.a = moved(vote.a),
            Leaf::Void(void) => void.a = moved(void.a),
            Leaf::Exclude(ruling) | Leaf::Include(ruling) => ruling.i = moved(ruling.i),
            Leaf::Redact(redact) => redact.i = moved(redact.i),
            Leaf::Snapshot(snapshot) => snapshot.n = moved(snapshot.n),
            _ => {}
        }
    }
}

#[expect(clippy::ptr_arg, reason = "one of several, some of which add or drop leaves")]
fn edit(leaves: &mut Vec<Leaf>, rng: &mut Xoshiro256PlusPlus) -> Option<Subject> {
    let (at, mut vote) = any_vote(leaves, rng)?;
    vote.o = if vote.o == Choice::L { Choice::R } else { Choice::L };
    leaves[at] = Leaf::Vote(Box::new(vote));
    of_vote(at)
}

/// The left answer gets another name; reveal and commitment fit again.
#[expect(clippy::ptr_arg, reason = "one of several, some of which add or drop leaves")]
fn relabel(leaves: &mut Vec<Leaf>, rng: &mut Xoshiro256PlusPlus) -> Option<Subject> {
    let (at, mut vote) = any_vote(leaves, rng)?;
    let mut reveal = Reveal::parse(&vote.rev)?;
    let others = places(leaves, |leaf| match leaf {
        Leaf::Model(model) => model.id != reveal.l && model.id != reveal.r,
        _ => false,
    });
    let Leaf::Model(other) = &leaves[pick(&others, rng)?] else { return None };
    (reveal.l, reveal.lg) = (other.id, other.gguf.clone());
    vote.rev = reveal.to_text();
    let opening = parse_hex(&vote.n)?;
    let anew = hex::encode(commit(Domain::Assign, &opening, vote.rev.as_bytes()));
    if let Leaf::Assign(assign) = &mut leaves[vote.a as usize] {
        assign.c = anew;
    }
    leaves[at] = Leaf::Vote(Box::new(vote));
    of_vote(at)
}

#[expect(clippy::ptr_arg, reason = "one of several, some of which add or drop leaves")]
fn swap_file(leaves: &mut Vec<Leaf>, rng: &mut Xoshiro256PlusPlus) -> Option<Subject> {
    let files = |leaf: &Leaf| matches!(leaf, Leaf::Model(model) if !model.gguf.is_empty());
    let at = pick(&places(leaves, files), rng)?;
    let Leaf::Model(model) = &mut leaves[at] else { return None };
    model.gguf = hex::encode(rng.random::<[u8; 32]>());
    Some(Subject { vote: None })
}

fn hide_ruling(leaves: &mut Vec<Leaf>, rng: &mut Xoshiro256PlusPlus) -> Option<Subject> {
    let at = pick(&places(leaves, |leaf| matches!(leaf, Leaf::Exclude(_))), rng)?;
    let Leaf::Exclude(ruling) = &leaves[at] else { return None };
    let of_it = |leaf: &Leaf| match leaf {
        Leaf::Exclude(other) | Leaf::Include(other) => other.i == ruling.i,
        _ => false,
    };
    let gone = places(leaves, of_it);
    without(leaves, &gone);
    Some(Subject { vote: None })
}

/// Up to a vote, which is lost, as is all that came later.
fn roll_back(leaves: &mut Vec<Leaf>, rng: &mut Xoshiro256PlusPlus) -> Option<Subject> {
    let (at, _) = any_vote(leaves, rng)?;
    leaves.truncate(at);
    of_vote(at)
}
