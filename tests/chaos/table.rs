//! The table that a run ends with.

use std::io::{Result, Write};

use super::drill::invariants::{INVARIANTS, Mark, SENTENCES};
use super::drill::{Options, Outcome};

/// Prints a line a drill, then everything that is broken or was not run.
pub(crate) fn print(out: &mut impl Write, outcomes: &[Outcome]) -> Result<()> {
    writeln!(out)?;
    write!(
        out,
        "{:25} {:>7} {:>7} {:>7} {:>7} {:>8}",
        "phase", "battles", "votes", "refused", "silent", "unopened"
    )?;
    for number in 1..=INVARIANTS {
        write!(out, " {:>4}", format!("I{number}"))?;
    }
    writeln!(out, " {:>6}  faults", "s")?;
    for outcome in outcomes {
        line(out, outcome)?;
    }
    writeln!(out)?;
    for (number, sentence) in (1..).zip(SENTENCES) {
        writeln!(out, "I{number}: {sentence}")?;
    }
    for outcome in outcomes {
        for (number, mark) in (1..).zip(&outcome.findings.marks) {
            match mark {
                Mark::Holds => {}
                Mark::NotRun(why) => writeln!(out, "{}: I{number} not run: {why}", outcome.phase)?,
                Mark::Broken(told) => {
                    for what in told {
                        writeln!(out, "{}: I{number} BROKEN: {what}", outcome.phase)?;
                    }
                }
            }
        }
    }
    Ok(())
}

fn line(out: &mut impl Write, outcome: &Outcome) -> Result<()> {
    let counts = outcome.counts;
    write!(
        out,
        "{:25} {:>7} {:>7} {:>7} {:>7} {:>8}",
        outcome.phase, counts.battles, counts.votes, counts.refused, counts.silent, counts.unopened
    )?;
    for mark in &outcome.findings.marks {
        let word = match mark {
            Mark::Holds => "ok",
            Mark::Broken(_) => "FAIL",
            Mark::NotRun(_) => "-",
        };
        write!(out, " {word:>4}")?;
    }
    writeln!(out, " {:>6.0}  {}", outcome.took.as_secs_f64(), outcome.faults)
}

/// The sums, in one line.
pub(crate) fn sum(out: &mut impl Write, options: Options, outcomes: &[Outcome]) -> Result<()> {
    let votes: usize = outcomes.iter().map(|outcome| outcome.counts.votes).sum();
    let broken: usize = outcomes.iter().map(|outcome| outcome.findings.broken().len()).sum();
    let seconds: f64 = outcomes.iter().map(|outcome| outcome.took.as_secs_f64()).sum();
    writeln!(
        out,
        "\nseed {}: {} lines, {votes} acknowledged votes, {broken} violations, {seconds:.0} s",
        options.seed,
        outcomes.len()
    )
}
