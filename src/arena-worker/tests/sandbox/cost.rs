//! What the sandbox costs: the same work inside and outside, turn by turn, for every demo model.
//!
//! It measures, so it needs a machine that does little else, and all three demo models:
//! `cargo test --release -p arena-worker --test sandbox cost -- --ignored --nocapture`

use std::path::PathBuf;

use arena_core::protocol::{AnswerKey, Event, Message, Request, Role, Usage};
use arena_core::sampling::Sampling;

use super::worker::{Worker, model};

const ROUNDS: u64 = 15;
const TOKENS: u32 = 16;
/// Least share of the speed outside that is left inside.
const GOAL: f64 = 0.97;

fn models() -> Vec<PathBuf> {
    let folder = model().parent().unwrap().to_owned();
    let files = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    let mut files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|end| end == "gguf")).collect();
    files.sort();
    files
}

/// Milliseconds for the prompt, and for each token of the answer after the first.
fn once(worker: &mut Worker, round: u64) -> (f64, f64) {
    let content = format!("Round {round}. {}", "Tell me about the sea and its ships. ".repeat(8));
    worker.send(&Request::Generate {
        key: AnswerKey(round),
        messages: vec![Message { role: Role::User, content }],
        sampling: Sampling { max_tokens: TOKENS, ..Sampling::default() },
        seed: 1,
        conversation: None,
        steps: None,
    });
    loop {
        if let Event::Done {
            usage: Usage { answer_tokens, first_token_ms, total_ms, .. }, ..
        } = worker.next()
        {
            let later = f64::from(answer_tokens.max(2) - 1);
            return (first_token_ms as f64, (total_ms - first_token_ms) as f64 / later);
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
#[ignore = "a measurement for a quiet machine; its own file says the command"]
fn the_sandbox_costs_at_most_three_hundredths_of_the_speed() {
    let (mut ratios, mut work) = (Vec::new(), Vec::new());
    for path in models() {
        for threads in ["1", "2"] {
            let common = ["--context", "1024", "--sequences", "1", "--threads", threads];
            let start = |level| {
                let rest = ["--memory", "8589934592", "--sandbox", level];
                let mut worker = Worker::start(&path, &[&common[..], &rest[..]].concat());
                assert!(matches!(worker.next(), Event::Ready { .. }));
                once(&mut worker, ROUNDS);
                worker
            };
            let (mut inside, mut outside) = (start("full"), start("off"));
            let (before_in, before_out) = (inside.cpu_ticks(), outside.cpu_ticks());
            let (mut prompt, mut text) = (Vec::new(), Vec::new());
            for round in 0..ROUNDS {
                // Who goes first changes from round to round.
                let (a, b) = if round % 2 == 0 {
                    let a = once(&mut inside, round);
                    (a, once(&mut outside, round))
                } else {
                    let b = once(&mut outside, round);
                    (once(&mut inside, round), b)
                };
                prompt.push(b.0 / a.0);
                text.push(b.1 / a.1);
            }
            let (prompt, text) = (median(prompt), median(text));
            let cpu = (outside.cpu_ticks() - before_out) / (inside.cpu_ticks() - before_in);
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            eprintln!(
                "{name}, {threads} threads: speed inside over outside {prompt:.3} prompt, {text:.3} text; \
                 processor time outside over inside {cpu:.3}"
            );
            ratios.extend([prompt, text]);
            work.push(cpu);
        }
    }
    let all = median(ratios.clone());
    let work = median(work);
    eprintln!("medians: {all:.3} of {} speeds, {work:.3} of processor time", ratios.len());
    assert!(all >= GOAL && work >= GOAL, "{ratios:?}");
}
