//! `make simulate`: the attack suite R1 to R18 on the code of the arena, with fixed seeds, and one table of what came of it.
//!
//! `cargo bench --bench simulate -- R5 R6` runs these attacks only, `--short` with small budgets. The exit code is 1 if an
//! attack does not pass its mark.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

#[expect(dead_code, unused_imports, reason = "tests use more of it than attacks do")]
#[path = "../it/arena/mod.rs"]
mod arena;
#[expect(dead_code, reason = "tests use more of it than attacks do")]
#[path = "../it/database.rs"]
mod database;
mod suite;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use suite::{Attack, PURE, Row, SERVED, Size, Verdict};

fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let size = if arguments.iter().any(|it| it == "--short") { Size::Short } else { Size::Full };
    let wanted: Vec<&String> = arguments.iter().filter(|it| it.starts_with('R')).collect();
    let is_wanted = |id: &str| wanted.is_empty() || wanted.iter().any(|it| *it == id);
    let attacks: Vec<(&str, Attack)> =
        SERVED.into_iter().chain(PURE).filter(|(id, _)| is_wanted(id)).collect();
    let started = Instant::now();
    let rows = run(&attacks, size);
    println!("{}", suite::print(&rows));
    let count = |verdict| rows.iter().filter(|row| row.verdict == verdict).count();
    let (passed, failed) = (count(Verdict::Pass), count(Verdict::Fail));
    let (noted, seconds) = (count(Verdict::Noted), started.elapsed().as_secs());
    println!("{passed} passed, {failed} failed, {noted} without a mark, {seconds} s");
    if failed == 0 { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}

/// Runs attacks on all cores, the next one wherever one has ended.
fn run(attacks: &[(&'static str, Attack)], size: Size) -> Vec<Row> {
    let (next, rows) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((id, attack)) = attacks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let started = Instant::now();
                    let made = attack(size);
                    eprintln!("{id}: {:.1} s", started.elapsed().as_secs_f64());
                    rows.lock().unwrap_or_else(|broken| broken.into_inner()).extend(made);
                }
            });
        }
    });
    rows.into_inner().unwrap_or_else(|broken| broken.into_inner())
}
