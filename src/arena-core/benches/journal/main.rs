//! How fast a whole export is verified, beside what no verifier can be faster than: hashing the same leaves.
//!
//! `make bench` starts it. Arguments: `--leaves N` (about 400,000 otherwise). All on one core, except the boards,
//! whose draws are on all. Figures are the least of several runs, with the steps compared run in turns.

#[path = "../ranking/measure.rs"]
#[expect(dead_code, reason = "the other bench asks other programs too")]
mod measure;

use std::hint::black_box;

use arena_core::journal::leaf::Leaf;
use arena_core::journal::merkle::{Frontier, leaf_hash};
use arena_core::journal::sample::{self, Export, Size};
use arena_core::journal::verify::{Given, Verification, Wanted};
use measure::{in_turns, peak_mb, seconds};

/// What is wanted of one core.
const WANTED: f64 = 300_000.0;
const TURNS: usize = 3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut leaves = 400_000_usize;
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--leaves" => leaves = words.next().ok_or("--leaves needs a value")?.parse()?,
            "--bench" => {} // cargo adds it
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    for (models, snapshots) in [(12, 0), (100, 0), (100, 3)] {
        measure(leaves, models, snapshots);
    }
    Ok(())
}

fn size(leaves: usize, models: usize, snapshots: usize) -> Size {
    Size { battles: leaves / 2, models, days: 30, voters: 5000, texts: false, snapshots }
}

#[expect(clippy::print_stdout, reason = "what a bench is for")]
fn measure(leaves: usize, models: usize, snapshots: usize) {
    let export = sample::play(1, size(leaves, models, snapshots));
    let (count, log) = (export.leaves.len() as f64, export.log());
    let [hashed, parsed, verified] = in_turns(
        TURNS,
        [&mut || seconds(|| hash(&log)), &mut || seconds(|| parse(&log)), &mut || {
            seconds(|| assert!(verify(&export, &log), "an honest log does not pass"))
        }],
    );
    let rate = |seconds: f64| count / seconds;
    println!(
        "\n{count:.0} leaves, {:.0} bytes each; {models} models, {snapshots} boards; memory at most {:.0} MB, input included",
        log.len() as f64 / count,
        peak_mb().unwrap_or_default(),
    );
    println!("  {:<44} {:>12}  {:>9}  {:>6}", "", "leaves/s", "ns a leaf", "floor");
    for (name, seconds) in [
        ("floor: hashing leaves and tree", hashed),
        ("reading each leaf with the strict reader", parsed),
        ("all ten checks, on one core", verified),
    ] {
        let (nanoseconds, times) = (seconds / count * 1e9, seconds / hashed);
        println!("  {name:<44} {:>12.0}  {nanoseconds:>9.0}  x {times:>4.2}", rate(seconds));
    }
    let goal = if rate(verified) >= WANTED { "met" } else { "MISSED" };
    println!("  wanted: {WANTED:.0} leaves/s on one core: {goal}");
}

fn lines(log: &[u8]) -> impl Iterator<Item = &[u8]> {
    log.split_inclusive(|byte| *byte == b'\n')
}

fn hash(log: &[u8]) -> [u8; 32] {
    let mut tree = Frontier::default();
    for line in lines(log) {
        tree.push(leaf_hash(&line[..line.len() - 1]), 0);
    }
    tree.root()
}

fn parse(log: &[u8]) {
    for line in lines(log) {
        let _ = black_box(Leaf::parse(&line[..line.len() - 1]));
    }
}

fn verify(export: &Export, log: &[u8]) -> bool {
    let given = Given {
        checkpoint: export.checkpoint.as_bytes(),
        trusted: Some(&export.vkey),
        ..Given::default()
    };
    let find = |wanted: Wanted| export.files.get(&wanted.path()).cloned();
    let Ok(mut verification) = Verification::new(given, find) else { return false };
    for line in lines(log) {
        verification.line(line);
    }
    verification.finish().ok
}
