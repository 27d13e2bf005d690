//! Style control, in a process of its own so that its memory can be told.

use std::hint::black_box;
use std::io::{BufRead, stdin};

use arena_core::ranking::{Denominator, Outcome, StyleSettings, StyleVotes, control_compact};

use super::measure::{Other, in_turns, peak_mb, seconds};
use super::synthetic::{Full, Size, Votes};
use super::table::{Goal, Row};
use super::{Arguments, Failure, PEER_RUNS, all, peers};

const LARGE: Size = Size { votes: 4_000_000, models: 100 };
const TURNS: usize = 5;
const MOST_MB: f64 = 200.0;

/// Answers each line with the seconds of one run and the most memory so far, input included.
#[expect(clippy::print_stdout, reason = "the answers are what the process is for")]
pub(crate) fn answer(votes: usize, models: usize) -> Result<(), Failure> {
    let size = Size { votes, models };
    let mut compact = StyleVotes::with_capacity(Denominator::default(), votes);
    for Full { vote, styles: [left, right], .. } in Votes::new(size) {
        compact.push(vote, left, right)?;
    }
    let (members, settings) = (all(models), StyleSettings::default());
    let run = || control_compact(&compact, &members, &settings);
    for line in stdin().lock().lines() {
        line?;
        let mut outcome = Ok(());
        let taken = seconds(|| outcome = run().map(|_| ()));
        outcome?;
        println!("{taken} {}", peak_mb().ok_or("no peak memory on this system")?);
    }
    Ok(())
}

/// Votes as the floor reads them, 20 bytes each.
struct Bare(Vec<(u16, u16, Outcome)>, Vec<[f32; 4]>);

/// Reads all votes once, counts them and adds up their features.
fn read_once(Bare(votes, features): &Bare, models: usize) -> (Vec<[u32; 4]>, [f32; 4]) {
    let (mut table, mut sums) = (vec![[0_u32; 4]; models * models], [0.0; 4]);
    for ((left, right, outcome), features) in votes.iter().zip(features) {
        table[usize::from(*left) * models + usize::from(*right)][*outcome as usize] += 1;
        sums.iter_mut().zip(features).for_each(|(sum, feature)| *sum += feature);
    }
    (table, sums)
}

fn row(size: Size) -> Result<(Row, f64), Failure> {
    let program = std::env::current_exe()?.to_string_lossy().into_owned();
    let arguments = ["--style", &size.votes.to_string(), &size.models.to_string()];
    let mut ours = Other::start(&program, &arguments).ok_or("this program does not start again")?;
    let (mut votes, mut features) = (Vec::new(), Vec::new());
    for Full { vote, styles, .. } in Votes::new(size) {
        votes.push((vote.left as u16, vote.right as u16, vote.outcome));
        let [left, right] = styles.map(|style| style.as_array());
        features.push(std::array::from_fn(|at| left[at] as f32 - right[at] as f32));
    }
    let (bare, mut most_mb) = (Bare(votes, features), f64::NAN);
    let mut once = || {
        let answer = ours.ask("again").unwrap_or_default();
        let mut numbers = answer.split(' ').map(|word| word.parse().unwrap_or(f64::NAN));
        let taken = numbers.next().unwrap_or(f64::NAN);
        most_mb = numbers.next().unwrap_or(f64::NAN);
        taken
    };
    let mut read = || seconds(|| black_box(read_once(&bare, size.models)));
    let [floor, taken] = in_turns(TURNS, [&mut read, &mut once]);
    if !taken.is_finite() || most_mb.is_nan() {
        return Err("style control gave no answer".into());
    }
    let task = format!("style control, {} votes x {} models", size.votes, size.models);
    Ok((Row::new(task, taken, Some(floor)), most_mb))
}

/// Style control beside its peers and at its full size, with the memory of the latter on a line before the table.
#[expect(clippy::print_stdout, reason = "the memory has no place in the table")]
pub(crate) fn rows(arguments: &Arguments, usual: Size) -> Result<Vec<Row>, Failure> {
    let (small, _) = row(usual)?;
    let (large, most_mb) = row(LARGE)?;
    let met = if most_mb <= MOST_MB { "yes" } else { "no" };
    println!(
        "memory of {} with its input: {most_mb:.0} MB, goal <= {MOST_MB} MB, met: {met}",
        large.task
    );
    let theirs = peers(arguments, usual)?.least("arena_rank_style", PEER_RUNS);
    Ok(vec![small.against("arena-rank", theirs), large.goal(Goal::Seconds(0.2))])
}
