//! R10: a bot that knows a fast model from a slow one by the times and sizes of what it receives.
//!
//! Both models write as those of `src/battle/tests` do, and the readers are the ones there. What stands between is the clock
//! of the arena, in stopped time.

#[path = "../../../../src/battle/tests/classifier.rs"]
mod classifier;
#[path = "../../../../src/battle/tests/features.rs"]
mod features;

use std::time::Duration;

use arena_core::ids::{Side, Sides};
use arena_core::pace::{Clock, TICK_MS};
use rand::{Rng, RngExt};

use super::boards::rng;
use super::{Row, Size};

/// One event as a browser gets it; all have one size.
#[derive(Clone, Debug)]
struct Seen {
    at: Duration,
    chars: Sides<usize>,
}

/// One battle with what nobody may find out.
#[derive(Clone, Debug)]
struct Recording {
    events: Vec<Seen>,
    fast: Side,
}

/// How a model writes: see `src/battle/tests/models.rs`.
#[derive(Clone, Copy, Debug)]
struct Habits {
    first_ms: f64,
    piece_ms: f64,
    tokens: usize,
    /// Part of the usual time that a piece takes while the other model is silent.
    alone: f64,
}

const FAST: Habits = Habits { first_ms: 100.0, piece_ms: 20.0, tokens: 3, alone: 0.65 };
const SLOW: Habits = Habits { first_ms: 700.0, piece_ms: 50.0, tokens: 1, alone: 0.65 };

/// A model at work.
#[derive(Clone, Copy, Debug)]
struct Writer {
    habits: Habits,
    left: usize,
    next_ms: f64,
}

impl Writer {
    fn new(habits: Habits, rng: &mut impl Rng) -> Writer {
        let left = (150.0 * 10_f64.powf(rng.random::<f64>())) as usize;
        Writer { habits, left, next_ms: habits.first_ms * (1.0 + rng.random::<f64>()) }
    }

    /// What it has written by a moment, in characters.
    fn until(&mut self, moment_ms: f64, alone: bool, rng: &mut impl Rng) -> usize {
        let before = self.left;
        while self.left > 0 && self.next_ms <= moment_ms {
            let tokens = rng.random_range(1..=self.habits.tokens);
            let chars: usize = (0..tokens).map(|_| rng.random_range(2..=6)).sum();
            self.left -= chars.min(self.left);
            let share = if alone { self.habits.alone } else { 1.0 };
            self.next_ms += self.habits.piece_ms * share * (0.5 + rng.random::<f64>());
        }
        before - self.left
    }
}

/// Plays a battle through the clock, or past it.
fn record(habits: Sides<Habits>, paced: bool, rng: &mut impl Rng) -> Vec<Seen> {
    let mut writers =
        Sides { left: Writer::new(habits.left, rng), right: Writer::new(habits.right, rng) };
    let (mut clock, mut events, mut finished) =
        (Clock::default(), Vec::new(), Sides::<bool>::default());
    for tick in 1..100_000 {
        let moment = (tick * TICK_MS) as f64;
        let alone = writers.left.left == 0 || writers.right.left == 0;
        let mut written = Sides::<usize>::default();
        for side in Side::BOTH {
            let chars = writers.get_mut(side).until(moment, alone, rng);
            *written.get_mut(side) = chars;
            clock.push(side, &"x".repeat(chars));
            if writers.get(side).left == 0 && !*finished.get(side) {
                *finished.get_mut(side) = true;
                clock.finish(side);
            }
        }
        let frame = clock.tick();
        let chars = match paced {
            true => Sides { left: frame.left.len(), right: frame.right.len() },
            false => written,
        };
        let at = Duration::from_millis(tick * TICK_MS);
        let ended = if paced { clock.ended() } else { finished.left && finished.right };
        if chars.left + chars.right > 0 {
            events.push(Seen { at, chars });
        }
        if ended {
            events.push(Seen { at, chars: Sides::default() });
            break;
        }
    }
    events
}

/// How often the better of two readers finds the fast model, after as many battles to learn from.
fn found(battles: usize, paced: bool, seed: u64) -> f64 {
    let mut rng = rng(seed);
    let mut recordings = Vec::new();
    for _ in 0..2 * battles {
        let fast = if rng.random::<bool>() { Side::Left } else { Side::Right };
        let habits = match fast {
            Side::Left => Sides { left: FAST, right: SLOW },
            Side::Right => Sides { left: SLOW, right: FAST },
        };
        recordings.push(Recording { events: record(habits, paced, &mut rng), fast });
    }
    classifier::accuracy(&recordings)
}

pub(super) fn timing(size: Size) -> Vec<Row> {
    let battles = size.pick(60, 500);
    let (share, bare) = (found(battles, true, 10), found(battles, false, 11));
    let result = format!("{:.1} % found, {:.1} % without the clock", 100.0 * share, 100.0 * bare);
    // A few battles cannot tell 5 points from chance.
    let passed = share <= 0.5 + size.pick(0.2, 0.05) && bare > 0.7;
    let budget = format!("{battles} battles, and {battles} to learn from");
    let attack = "times and sizes tell a fast model from a slow one";
    vec![Row::new("R10", attack, budget, (result, passed), "<= 55 %, chance + 5 points")]
}
