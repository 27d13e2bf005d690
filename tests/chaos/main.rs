//! `make chaos`: drills in which everything that can fail does, and ten invariants that have to hold afterwards.
//!
//! `CHAOS_SEED` repeats the random choices of a run, `CHAOS_KILLS` sets how many kills there are (200), `CHAOS_PHASES`
//! names the drills to run, separated by commas; `CHAOS_KEEP` leaves data and logs where they are.
//! The exit code is 1 when an invariant is broken or a drill could not be finished.

mod drill;
mod table;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use drill::{Options, Outcome, phases};

/// Kills of the whole run.
const KILLS: usize = 200;
/// All drills, in this order.
const PHASES: [&str; 6] = ["kills", "pair", "disk", "restarts", "clock", "disorder"];

fn number<T: std::str::FromStr>(name: &str) -> Result<Option<T>> {
    let Some(text) = std::env::var_os(name) else { return Ok(None) };
    let text = text.to_string_lossy().into_owned();
    text.parse().ok().map(Some).with_context(|| format!("{name}={text} is no number"))
}

fn main() -> Result<ExitCode> {
    let options = Options {
        seed: number("CHAOS_SEED")?.unwrap_or_else(rand::random),
        kills: number("CHAOS_KILLS")?.unwrap_or(KILLS),
    };
    let asked = std::env::var("CHAOS_PHASES").unwrap_or_else(|_| PHASES.join(","));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "seed {} (CHAOS_SEED), {} kills, drills: {asked}", options.seed, options.kills)?;
    let (mut outcomes, mut whole) = (Vec::new(), true);
    for phase in asked.split(',') {
        match runtime.block_on(run(phase, options)) {
            Ok(done) => {
                for outcome in &done {
                    tell(&mut out, outcome)?;
                }
                outcomes.extend(done);
            }
            Err(error) => {
                whole = false;
                writeln!(out, "{phase}: NOT FINISHED: {error:#}")?;
            }
        }
    }
    table::print(&mut out, &outcomes)?;
    table::sum(&mut out, options, &outcomes)?;
    let idle: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.is_idle()).collect();
    for outcome in &idle {
        writeln!(out, "{}: IDLE: {} votes are no load", outcome.phase, outcome.counts.votes)?;
    }
    let holds = whole && idle.is_empty() && outcomes.iter().all(|outcome| outcome.findings.hold());
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run(phase: &str, options: Options) -> Result<Vec<Outcome>> {
    match phase {
        "kills" => phases::kills::run(options).await,
        "pair" => phases::pair::run(options).await,
        "disk" => phases::disk::run(options).await,
        "restarts" => phases::restarts::run(options).await,
        "clock" => phases::clock::run(options).await,
        "disorder" => phases::disorder::run(options).await,
        other => anyhow::bail!("there is no drill {other}; there are {}", PHASES.join(", ")),
    }
}

/// What a drill has to say at once.
fn tell(out: &mut impl std::io::Write, outcome: &Outcome) -> std::io::Result<()> {
    let Outcome { phase, faults, counts, findings, took, notes } = outcome;
    let word = match (outcome.was_run(), findings.hold()) {
        (false, _) => "not run",
        (true, true) => "holds",
        (true, false) => "BROKEN",
    };
    writeln!(
        out,
        "== {phase}: {word} after {faults}; {} battles, {} votes acknowledged; {} in {:.0} s",
        counts.battles,
        counts.votes,
        findings.extent,
        took.as_secs_f64()
    )?;
    for note in notes.iter().chain(&findings.broken()) {
        writeln!(out, "   {note}")?;
    }
    out.flush()
}
