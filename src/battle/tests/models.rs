//! A fast and a slow model whose answers have nothing in common but their lengths.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arena_core::protocol::{Finish, TemplateSource, Usage};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::mpsc;

use crate::inference::{Control, Engine, Generation, Job, Output, Readiness};

/// How a model writes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habits {
    /// Until its first text, in milliseconds; up to twice as much.
    first_ms: u64,
    /// Between two pieces, in milliseconds; half to one and a half times as much.
    piece_ms: u64,
    /// Most tokens of one piece.
    tokens: usize,
    /// Part of its usual time that a piece takes while the other model is silent and its cores are free.
    alone: f64,
    /// What it thinks before it answers, in characters; half to one and a half times as much.
    reasoning_chars: usize,
}

impl Habits {
    /// The same, but it thinks so many characters before it answers.
    pub(super) fn thinking(self, reasoning_chars: usize) -> Self {
        Self { reasoning_chars, ..self }
    }
}

/// About 100 tokens a second in pieces of up to three.
pub(super) const FAST: Habits =
    Habits { first_ms: 100, piece_ms: 20, tokens: 3, alone: 0.65, reasoning_chars: 0 };
/// About 20 tokens a second, one by one.
pub(super) const SLOW: Habits =
    Habits { first_ms: 700, piece_ms: 50, tokens: 1, alone: 0.65, reasoning_chars: 0 };
/// About 10 tokens a second: less than the clock would show.
pub(super) const SLUGGISH: Habits =
    Habits { first_ms: 700, piece_ms: 100, tokens: 1, alone: 1.0, reasoning_chars: 0 };
/// The same, but faster as soon as the other model is done.
pub(super) const SLUGGISH_FREED: Habits = Habits { alone: 0.65, ..SLUGGISH };

/// An engine with habits.
pub(super) struct Writer {
    habits: Habits,
    /// How many models are writing.
    busy: Arc<AtomicUsize>,
    seed: u64,
}

impl Writer {
    pub(super) fn new(habits: Habits, busy: &Arc<AtomicUsize>, seed: u64) -> Self {
        Self { habits, busy: Arc::clone(busy), seed }
    }
}

impl Engine for Writer {
    fn generate(&self, _: Job) -> Generation {
        let (send, outputs) = mpsc::unbounded_channel();
        let (habits, busy) = (self.habits, Arc::clone(&self.busy));
        let rng = StdRng::seed_from_u64(self.seed);
        tokio::spawn(write(habits, busy, rng, send));
        Generation::new(outputs, Control::new(|_| {}))
    }

    fn readiness(&self) -> Option<Readiness> {
        Some(Readiness {
            engine: "writer".to_owned(),
            load_ms: 0,
            context_tokens: 8192,
            template: TemplateSource::File,
            process_id: None,
        })
    }
}

/// Lengths of both models are drawn alike: from 150 to 1,500 characters, short ones more often.
fn length(rng: &mut StdRng) -> usize {
    (150.0 * 10_f64.powf(rng.random::<f64>())) as usize
}

fn about(rng: &mut StdRng, value: usize) -> usize {
    (value as f64 * (0.5 + rng.random::<f64>())) as usize
}

async fn write(
    habits: Habits,
    busy: Arc<AtomicUsize>,
    mut rng: StdRng,
    send: mpsc::UnboundedSender<Output>,
) {
    busy.fetch_add(1, Ordering::Relaxed);
    let mut text = "x".repeat(length(&mut rng));
    if habits.reasoning_chars > 0 {
        let thoughts = "y".repeat(about(&mut rng, habits.reasoning_chars));
        text = format!("<think>\n{thoughts}\n</think>\n\n{text}");
    }
    let first = Duration::from_millis(habits.first_ms).mul_f64(1.0 + rng.random::<f64>());
    tokio::time::sleep(first).await;
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let tokens = rng.random_range(1..=habits.tokens);
        let chars: usize = (0..tokens).map(|_| rng.random_range(2..=6)).sum();
        let (piece, after) = rest.split_at(chars.min(rest.len()));
        rest = after;
        if send.send(Output::Text(piece.to_owned())).is_err() {
            break;
        }
        let share = if busy.load(Ordering::Relaxed) > 1 { 1.0 } else { habits.alone };
        let pause = habits.piece_ms as f64 * share * (0.5 + rng.random::<f64>());
        tokio::time::sleep(Duration::from_secs_f64(pause / 1000.0)).await;
    }
    busy.fetch_sub(1, Ordering::Relaxed);
    let usage = Usage { prompt_tokens: 1, answer_tokens: 1, ..Usage::default() };
    let _ = send.send(Output::Done { finish: Finish::Stop, usage: usage.into() });
}
