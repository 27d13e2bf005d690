//! Attacks by whoever holds the key that signs: after the change references, root and checkpoint fit again.
#![cfg(test)]

use arena_core::journal::board::Document;
use arena_core::journal::checkpoint::Head;
use arena_core::journal::commitment::{Domain, Reveal, commit};
use arena_core::journal::leaf::{Choice, Flag, Leaf, ModelState, Ruling, Why};
use arena_core::journal::merkle::{leaf_hash, root};
use arena_core::journal::policy::Policy;
use arena_core::journal::sample::Export;
use rand::{RngExt as _, SeedableRng as _};
use sha2::{Digest, Sha256};

use super::case::{Case, Random, other_digit, parsed, pick, places};
use super::outsider::Attack;

pub(crate) const ATTACKS: [(&str, Attack); 20] = [
    ("insider: a leaf is dropped", drop_leaf),
    ("insider: a battle is taken out, numbers and all", take_out_battle),
    ("insider: a vote is taken out", take_out_vote),
    ("insider: a vote says the opposite", flip_outcome),
    ("insider: a vote gets or loses a flag", flip_flag),
    ("insider: a battle has another model", relabel),
    ("insider: sides are swapped with the vote", swap_sides),
    ("insider: a seed is chosen", choose_seed),
    ("insider: a model is put out", put_out),
    ("insider: another opening", reopen),
    ("insider: a day has another key", change_key),
    ("insider: a key is not shown", hide_key),
    ("insider: a policy has other weights", change_policy),
    ("insider: a model was not public", hide_model),
    ("insider: a model has another file", change_file),
    ("insider: a battle has a second vote", vote_twice),
    ("insider: a ruling on nothing", rule_on_nothing),
    ("insider: a ruling is taken out", take_out_ruling),
    ("insider: a board has other counts", change_board),
    ("insider: a time goes back", turn_back),
];

/// Writes the leaves and signs them.
fn sign(export: &Export, case: &mut Case, leaves: &[Leaf]) -> bool {
    let bytes: Vec<Vec<u8>> = leaves.iter().map(|leaf| leaf.to_bytes().unwrap()).collect();
    let is_other = bytes != export.leaves;
    let hashes: Vec<_> = bytes.iter().map(|leaf| leaf_hash(leaf)).collect();
    let head = Head { size: hashes.len() as u64, root: root(&hashes) };
    case.checkpoint = head.sign(&export.signer).unwrap().into_bytes();
    case.set_leaves(&bytes);
    is_other
}

/// Takes leaves out and lets all references to later ones follow.
fn take_out(leaves: &mut Vec<Leaf>, case: &mut Case, gone: &[usize]) {
    let moved = |index: u64| index - gone.iter().filter(|at| (**at as u64) < index).count() as u64;
    let kept = leaves.iter().enumerate().filter(|(at, _)| !gone.contains(at));
    let mut kept: Vec<Leaf> = kept.map(|(_, leaf)| leaf.clone()).collect();
    for leaf in &mut kept {
        match leaf {
            Leaf::Vote(vote) => vote.a = moved(vote.a),
            Leaf::Void(void) => void.a = moved(void.a),
            Leaf::Exclude(ruling) | Leaf::Include(ruling) => ruling.i = moved(ruling.i),
            Leaf::Redact(redact) => redact.i = moved(redact.i),
            Leaf::Snapshot(snapshot) => snapshot.n = moved(snapshot.n),
            _ => {}
        }
    }
    case.texts.retain(|text| !gone.contains(&(text.assign as usize)));
    case.texts.iter_mut().for_each(|text| text.assign = moved(text.assign));
    *leaves = kept;
}

fn votes(leaves: &[Leaf]) -> Vec<usize> {
    places(leaves, |leaf| matches!(leaf, Leaf::Vote(_)))
}

fn drop_leaf(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let mut leaves = parsed(export);
    leaves.remove(rng.random_range(0..export.leaves.len()));
    sign(export, case, &leaves)
}

fn take_out_battle(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let mut leaves = parsed(export);
    let vote = *pick(&votes(&leaves), rng);
    let Leaf::Vote(entry) = &leaves[vote] else { return false };
    let mut gone = vec![entry.a as usize, vote];
    let of_it = |leaf: &Leaf| match leaf {
        Leaf::Exclude(ruling) | Leaf::Include(ruling) => ruling.i == vote as u64,
        Leaf::Redact(redact) => redact.i == entry.a,
        _ => false,
    };
    gone.extend(places(&leaves, of_it));
    take_out(&mut leaves, case, &gone);
    sign(export, case, &leaves)
}

/// The battle is made to look abandoned.
fn take_out_vote(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let mut leaves = parsed(export);
    let at = *pick(&votes(&leaves), rng);
    let Leaf::Vote(vote) = leaves[at].clone() else { return false };
    let (n, rev) = (vote.n.clone(), vote.rev.clone());
    let void = arena_core::journal::leaf::Void {
        b: vote.b,
        a: vote.a,
        why: Why::Skipped,
        n,
        rev,
        t: vote.t,
    };
    leaves[at] = Leaf::Void(void);
    case.texts.retain(|text| text.assign != vote.a);
    sign(export, case, &leaves)
}

fn flip_outcome(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let at = *pick(&votes(&parsed(export)), rng);
    forge(export, case, at)
}

/// Changes one vote.
pub(crate) fn forge(export: &Export, case: &mut Case, at: usize) -> bool {
    let mut leaves = parsed(export);
    let Leaf::Vote(vote) = &mut leaves[at] else { return false };
    vote.o = if vote.o == Choice::L { Choice::R } else { Choice::L };
    sign(export, case, &leaves)
}

fn flip_flag(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let mut leaves = parsed(export);
    let at = *pick(&votes(&leaves), rng);
    let Leaf::Vote(vote) = &mut leaves[at] else { return false };
    vote.f = if vote.f.contains(&Flag::Leak) { Vec::new() } else { vec![Flag::Leak] };
    sign(export, case, &leaves)
}

/// Changes what a battle was committed to, commitment included.
fn recommit(
    export: &Export,
    case: &mut Case,
    rng: &mut Random,
    change: impl Fn(&mut Reveal, &[Leaf], &mut Random) -> bool,
) -> bool {
    let mut leaves = parsed(export);
    let at = *pick(&places(&leaves, |leaf| matches!(leaf, Leaf::Vote(_) | Leaf::Void(_))), rng);
    let (a, n, rev) = match &leaves[at] {
        Leaf::Vote(vote) => (vote.a, vote.n.clone(), vote.rev.clone()),
        Leaf::Void(void) => (void.a, void.n.clone(), void.rev.clone()),
        _ => return false,
    };
    let mut reveal = Reveal::parse(&rev).unwrap();
    if !change(&mut reveal, &leaves, rng) {
        return false;
    }
    let rev = reveal.to_text();
    let opening = arena_core::journal::parse_hex(&n).unwrap();
    let c = hex::encode(commit(Domain::Assign, &opening, rev.as_bytes()));
    if let Leaf::Assign(assign) = &mut leaves[a as usize] {
        assign.c = c;
    }
    match &mut leaves[at] {
        Leaf::Vote(vote) => vote.rev = rev,
        Leaf::Void(void) => void.rev = rev,
        _ => return false,
    }
    sign(export, case, &leaves)
}

fn relabel(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    recommit(export, case, rng, |reveal, leaves, rng| {
        let models = leaves.iter().filter_map(|leaf| match leaf {
            Leaf::Model(model) if model.id != reveal.l && model.id != reveal.r => Some(model),
            _ => None,
        });
        let models: Vec<_> = models.collect();
        let model = *pick(&models, rng);
        (reveal.l, reveal.lg) = (model.id, model.gguf.clone());
        true
    })
}

fn swap_sides(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    recommit(export, case, rng, |reveal, _, _| {
        std::mem::swap(&mut reveal.l, &mut reveal.r);
        std::mem::swap(&mut reveal.lg, &mut reveal.rg);
        true
    })
}

fn choose_seed(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    recommit(export, case, rng, |reveal, _, rng| {
        let side = rng.random_range(0..2);
        reveal.seed[side] ^= 1;
        reveal.st[side] == 0
    })
}

fn put_out(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    recommit(export, case, rng, |reveal, _, _| {
        reveal.out = vec![reveal.l];
        true
    })
}

fn reopen(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let mut leaves = parsed(export);
    let at = *pick(&votes(&leaves), rng);
    let Leaf::Vote(vote) = &mut leaves[at] else { return false };
    vote.n = other_digit(&vote.n, rng);
    sign(export, case, &leaves)
}

fn change_key(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let mut leaves = parsed(export);
    let reveals = places(&leaves, |leaf| matches!(leaf, Leaf::EpochReveal(_)));
    if reveals.is_empty() {
        return false;
    }
    let at = *pick(&reveals, rng);
    let Leaf::EpochReveal(reveal) = &mut leaves[at] else { return false };
    reveal.key = other_digit(&reveal.key, rng);
    let (day, key) = (reveal.e.clone(), arena_core::journal::parse_hex(&reveal.key).unwrap());
    for leaf in &mut leaves {
        match leaf {
            Leaf::Epoch(epoch) if epoch.e == day => {
                epoch.c = hex::encode(commit(Domain::Epoch, &key, day.as_bytes()));
            }
            _ => {}
        }
    }
    sign(export, case, &leaves)
}

fn hide_key(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let mut leaves = parsed(export);
    let reveals = places(&leaves, |leaf| matches!(leaf, Leaf::EpochReveal(_)));
    if reveals.is_empty() {
        return false;
    }
    take_out(&mut leaves, case, &[*pick(&reveals, rng)]);
    sign(export, case, &leaves)
}

fn change_policy(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let mut leaves = parsed(export);
    let at = *pick(&places(&leaves, |leaf| matches!(leaf, Leaf::Policy(_))), rng);
    let Leaf::Policy(entry) = &mut leaves[at] else { return false };
    let text = case.files[&format!("policies/{}.json", entry.sha256)].clone();
    let mut policy = Policy::parse(&String::from_utf8(text).unwrap()).unwrap();
    let pair = rng.random_range(0..policy.pairs.len());
    policy.pairs[pair].2 += 100_000;
    let text = policy.to_text();
    entry.sha256 = hex::encode(Policy::sha256(&text));
    case.files.insert(format!("policies/{}.json", entry.sha256), text.into_bytes());
    sign(export, case, &leaves)
}

fn hide_model(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let mut leaves = parsed(export);
    let public =
        |leaf: &Leaf| matches!(leaf, Leaf::Model(model) if model.state == ModelState::Public);
    let at = *pick(&places(&leaves, public), rng);
    let Leaf::Model(model) = &mut leaves[at] else { return false };
    model.state = ModelState::Private;
    sign(export, case, &leaves)
}

fn change_file(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let mut leaves = parsed(export);
    let file = |leaf: &Leaf| matches!(leaf, Leaf::Model(model) if !model.gguf.is_empty());
    let at = *pick(&places(&leaves, file), rng);
    let Leaf::Model(model) = &mut leaves[at] else { return false };
    model.gguf = other_digit(&model.gguf, rng);
    sign(export, case, &leaves)
}

fn vote_twice(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let mut leaves = parsed(export);
    let Leaf::Vote(mut vote) = leaves[*pick(&votes(&leaves), rng)].clone() else { return false };
    vote.t = leaves.last().unwrap().time();
    leaves.push(Leaf::Vote(vote));
    sign(export, case, &leaves)
}

fn rule_on_nothing(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let mut leaves = parsed(export);
    let excluded = places(&leaves, |leaf| matches!(leaf, Leaf::Exclude(_)));
    let t = leaves.last().unwrap().time();
    let next = leaves.len() as u64;
    let ruling = |i: u64| Ruling { i, rule: "because".to_owned(), t };
    let assigns = places(&leaves, |leaf| matches!(leaf, Leaf::Assign(_)));
    let leaf = match rng.random_range(0..4) {
        0 => Leaf::Exclude(ruling(*pick(&assigns, rng) as u64)),
        1 => Leaf::Exclude(ruling(next + rng.random_range(0..5))),
        2 => Leaf::Include(ruling(*pick(&assigns, rng) as u64)),
        _ if excluded.is_empty() => return false,
        _ => {
            let Leaf::Exclude(first) = &leaves[*pick(&excluded, rng)] else { return false };
            let i = first.i;
            let included = |leaf: &Leaf| matches!(leaf, Leaf::Include(ruling) if ruling.i == i);
            match leaves.iter().any(included) {
                true => return false,
                false => Leaf::Exclude(ruling(i)),
            }
        }
    };
    leaves.push(leaf);
    sign(export, case, &leaves)
}

/// A vote that was excluded counts, or one that was included again does not, and no leaf says so.
fn take_out_ruling(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let mut leaves = parsed(export);
    let rulings = places(&leaves, |leaf| matches!(leaf, Leaf::Exclude(_) | Leaf::Include(_)));
    if rulings.is_empty() {
        return false;
    }
    take_out(&mut leaves, case, &[*pick(&rulings, rng)]);
    sign(export, case, &leaves)
}

fn change_board(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    republish(export, case, rng, |board, rng| {
        let row = rng.random_range(0..board.models.len());
        match rng.random_range(0..6) {
            // An exclusion that no leaf tells of.
            0 => {
                board.counts.counted -= 1;
                board.counts.excluded += 1;
            }
            1 => board.counts.open += 1,
            2 => board.models[row].wins += 1,
            3 => board.models[row].losses += 1,
            4 => board.votes += 1,
            _ => board.models[row].name.push('+'),
        }
    })
}

/// Moves the Elo of a model by some hundredths; the first base has no fitted ratings on its boards.
pub(crate) fn move_rating(export: &Export, case: &mut Case, by: i64) -> bool {
    let mut rng = Random::seed_from_u64(1);
    republish(export, case, &mut rng, |board, _| board.models[0].elo += by)
}

/// Changes a published board, and the leaf that names it.
fn republish(
    export: &Export,
    case: &mut Case,
    rng: &mut Random,
    change: impl Fn(&mut Document, &mut Random),
) -> bool {
    let mut leaves = parsed(export);
    let snapshots = places(&leaves, |leaf| matches!(leaf, Leaf::Snapshot(_)));
    let Leaf::Snapshot(entry) = &mut leaves[*pick(&snapshots, rng)] else { return false };
    let path = |res: &str, end: &str| format!("snapshots/{res}{end}");
    let text = String::from_utf8(case.files[&path(&entry.res, ".json")].clone()).unwrap();
    let mut board = Document::parse(&text).unwrap();
    change(&mut board, rng);
    let text = board.to_text();
    let settings = case.files[&path(&entry.res, ".cfg.json")].clone();
    entry.res = hex::encode(Sha256::digest(&text));
    case.files.insert(path(&entry.res, ".json"), text.into_bytes());
    case.files.insert(path(&entry.res, ".cfg.json"), settings);
    sign(export, case, &leaves)
}

fn turn_back(export: &Export, case: &mut Case, rng: &mut Random) -> bool {
    let mut leaves = parsed(export);
    let at = rng.random_range(1..leaves.len());
    let earlier = leaves[at - 1].time();
    leaves[at].stamp(earlier - 60, 0);
    sign(export, case, &leaves)
}
