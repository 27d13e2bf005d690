//! Battles in progress: two answers, one clock, any number of watchers who may come back.
//!
//! Text is kept as frames, each with what both sides gain at one tick. A watcher who reconnects says
//! which frame came last. While nobody watches, both models are paused: no core is spent on a closed
//! tab, and nothing is lost for a tab that comes back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arena_core::ids::{BattleId, ModelId, Side, Sides};
use arena_core::pace::{Clock, Frame, TICK_MS};
use arena_core::protocol::{Failure, Record};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::queries::Ending;
use super::{Ring, recording};
use crate::inference::{Engine, Generation, Job, Order, Output};

/// How long a page without a live connection counts as somebody watching.
const PAGE_LEASE: Duration = Duration::from_secs(5);
/// How long an unwatched battle keeps its place in the workers.
const UNWATCHED_LIMIT: Duration = Duration::from_secs(600);
/// Most text of one answer, in bytes; a worker that sends more does not keep to what was asked.
const MAX_ANSWER_BYTES: usize = 128 << 10;

/// All battles in progress of this process.
#[derive(Clone, Default)]
pub struct Hub {
    live: Arc<Mutex<HashMap<BattleId, Arc<Live>>>>,
}

/// What a watcher needs to know before reading on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// Frames so far.
    pub(super) frames: usize,
    /// Whether there will be no more.
    pub(super) ended: bool,
}

/// One turn of one battle in progress.
pub(super) struct Live {
    /// Turn and attempt.
    pub(super) round: (i16, i16),
    frames: Mutex<Vec<Frame>>,
    progress: watch::Sender<Progress>,
    audience: Mutex<Audience>,
    stop: watch::Sender<bool>,
}

struct Audience {
    watchers: usize,
    lease_until: Instant,
    absent_since: Option<Instant>,
}

/// Counts as one watcher until it is dropped.
pub(super) struct Watcher {
    pub(super) live: Arc<Live>,
    pub(super) progress: watch::Receiver<Progress>,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        lock(&self.live.audience).watchers -= 1;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Live {
    fn new(round: (i16, i16)) -> Self {
        let now = Instant::now();
        Self {
            round,
            frames: Mutex::default(),
            progress: watch::Sender::default(),
            audience: Mutex::new(Audience {
                watchers: 0,
                lease_until: now + PAGE_LEASE,
                absent_since: None,
            }),
            stop: watch::Sender::new(false),
        }
    }

    /// Joins as a watcher; a page's lease ends, since there is a live connection now.
    pub(super) fn watch(self: &Arc<Self>) -> Watcher {
        let mut audience = lock(&self.audience);
        audience.watchers += 1;
        audience.lease_until = Instant::now();
        drop(audience);
        Watcher { live: Arc::clone(self), progress: self.progress.subscribe() }
    }

    /// The frame with this number, if it is there.
    pub(super) fn frame(&self, index: usize) -> Option<Frame> {
        lock(&self.frames).get(index).cloned()
    }

    /// What both sides have shown so far, and in how many frames; the page counts as watching.
    pub(super) fn so_far(&self) -> (Sides<String>, usize) {
        let mut audience = lock(&self.audience);
        if audience.watchers == 0 {
            audience.lease_until = Instant::now() + PAGE_LEASE;
        }
        drop(audience);
        let frames = lock(&self.frames);
        let mut texts = Sides::<String>::default();
        for frame in frames.iter() {
            texts.left.push_str(&frame.left);
            texts.right.push_str(&frame.right);
        }
        (texts, frames.len())
    }

    fn push(&self, frame: Frame) {
        let mut frames = lock(&self.frames);
        frames.push(frame);
        let count = frames.len();
        drop(frames);
        self.progress.send_modify(|progress| progress.frames = count);
    }

    /// For how long nobody has watched.
    fn absent_for(&self) -> Option<Duration> {
        let mut audience = lock(&self.audience);
        if audience.watchers > 0 || Instant::now() < audience.lease_until {
            audience.absent_since = None;
            return None;
        }
        Some(audience.absent_since.get_or_insert_with(Instant::now).elapsed())
    }
}

/// A battle in progress, or none, as it was at one moment.
///
/// It must be taken before the battle is read from the database: an ending battle is stored first
/// and leaves the hub afterwards, so that in this order it cannot fall between the two.
#[derive(Clone)]
pub struct Peek(pub(super) Option<Arc<Live>>);

impl Hub {
    /// Looks whether a battle is in progress here.
    pub fn peek(&self, id: BattleId) -> Peek {
        Peek(self.find(id))
    }

    /// The battle in progress at this address.
    pub(super) fn find(&self, id: BattleId) -> Option<Arc<Live>> {
        lock(&self.live).get(&id).cloned()
    }

    /// How many battles are in progress.
    pub fn count(&self) -> usize {
        lock(&self.live).len()
    }

    /// Starts both answers of one turn.
    pub(super) fn start(
        &self,
        ring: &Ring,
        id: BattleId,
        round: (i16, i16),
        models: Sides<ModelId>,
        jobs: Sides<Job>,
    ) {
        let live = Arc::new(Live::new(round));
        lock(&self.live).insert(id, Arc::clone(&live));
        let (ring, hub) = (ring.clone(), self.clone());
        tokio::spawn(async move {
            let mut round = Round::start(&ring, models, jobs);
            let complete = round.run(&live, ring.answering.deadline).await;
            recording::store(&ring.db, id, live.round, round.endings, complete).await;
            let mut battles = lock(&hub.live);
            if battles.get(&id).is_some_and(|other| Arc::ptr_eq(other, &live)) {
                battles.remove(&id);
            }
            drop(battles);
            live.progress.send_modify(|progress| progress.ended = true);
        });
    }

    /// Ends a battle in progress; its answers are dropped.
    pub(super) fn stop(&self, id: BattleId) {
        if let Some(live) = self.find(id) {
            live.stop.send_replace(true);
        }
    }
}

/// The two answers of one turn while they are being written.
struct Round {
    clock: Clock,
    generations: Sides<Option<Generation>>,
    texts: Sides<String>,
    endings: Sides<Option<Ending>>,
    versions: Sides<Option<String>>,
    records: Sides<Option<Box<Record>>>,
    /// Held, so that a model that is retired meanwhile still writes its answer to the end.
    engines_in_use: Vec<Arc<dyn Engine>>,
    paused: bool,
}

impl Round {
    fn start(ring: &Ring, models: Sides<ModelId>, jobs: Sides<Job>) -> Self {
        let mut round = Self {
            clock: Clock::default(),
            generations: Sides { left: None, right: None },
            texts: Sides::default(),
            endings: Sides { left: None, right: None },
            versions: Sides::default(),
            records: Sides::default(),
            engines_in_use: Vec::new(),
            paused: false,
        };
        for (side, job) in [(Side::Left, jobs.left), (Side::Right, jobs.right)] {
            match ring.engines.get(*models.get(side)) {
                Some(engine) => {
                    *round.versions.get_mut(side) = engine.readiness().map(|ready| ready.engine);
                    *round.generations.get_mut(side) = Some(engine.generate(job));
                    round.engines_in_use.push(engine);
                }
                None => round.fail(side, Failure::Unavailable, "no engine for this model"),
            }
        }
        round
    }

    /// Runs until both answers were shown to their ends; false when the pair cannot be completed.
    async fn run(&mut self, live: &Live, deadline: Duration) -> bool {
        let mut ticks = tokio::time::interval(Duration::from_millis(TICK_MS));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stop = live.stop.subscribe();
        let mut watched = Duration::ZERO;
        loop {
            if self.any_failed() {
                return false;
            }
            tokio::select! {
                output = next(&mut self.generations.left) => self.take(Side::Left, output),
                output = next(&mut self.generations.right) => self.take(Side::Right, output),
                _ = stop.wait_for(|stop| *stop) => return false,
                _ = ticks.tick() => match live.absent_for() {
                    // Answers that are written are kept, though nobody has seen their ends.
                    Some(absence) if absence > UNWATCHED_LIMIT => return self.both_written(),
                    Some(_) => self.pause(true),
                    None => {
                        self.pause(false);
                        watched += Duration::from_millis(TICK_MS);
                        let frame = self.clock.tick();
                        if !frame.is_empty() {
                            live.push(frame);
                        }
                        if self.clock.ended() {
                            return true;
                        }
                        if watched > deadline {
                            self.time_out();
                        }
                    }
                },
            }
        }
    }

    fn both_written(&self) -> bool {
        let written = |side| matches!(self.endings.get(side), Some(Ending::Complete { .. }));
        Side::BOTH.into_iter().all(written)
    }

    fn any_failed(&self) -> bool {
        let failed = |side| matches!(self.endings.get(side), Some(Ending::Failed(_)));
        failed(Side::Left) || failed(Side::Right)
    }

    fn pause(&mut self, pause: bool) {
        if self.paused == pause {
            return;
        }
        self.paused = pause;
        let order = if pause { Order::Pause } else { Order::Resume };
        for side in Side::BOTH {
            if let Some(generation) = self.generations.get(side) {
                generation.order(order);
            }
        }
    }

    /// An answer that is still being written at the deadline is its model's failure.
    fn time_out(&mut self) {
        for side in Side::BOTH {
            if self.endings.get(side).is_none() {
                self.fail(side, Failure::Timeout, "the deadline passed");
            }
        }
    }

    fn fail(&mut self, side: Side, failure: Failure, detail: &str) {
        tracing::warn!(failure = failure.as_str(), "an answer failed: {detail}");
        *self.endings.get_mut(side) = Some(Ending::Failed(failure));
        *self.generations.get_mut(side) = None;
    }

    fn take(&mut self, side: Side, output: Option<Output>) {
        match output {
            Some(Output::Text(text)) => {
                if self.texts.get(side).len() + text.len() > MAX_ANSWER_BYTES {
                    return self.fail(side, Failure::Decode, "more text than was asked for");
                }
                // Postgres keeps no NUL in a text.
                let text = text.replace('\0', "\u{FFFD}");
                self.clock.push(side, &text);
                self.texts.get_mut(side).push_str(&text);
            }
            Some(Output::Record(record)) => *self.records.get_mut(side) = Some(record),
            Some(Output::Done { finish, usage }) => {
                let body = std::mem::take(self.texts.get_mut(side));
                if body.trim().is_empty() {
                    return self.fail(side, Failure::Empty, "no visible text");
                }
                self.clock.finish(side);
                let engine = self.versions.get_mut(side).take();
                let record = self.records.get_mut(side).take();
                *self.endings.get_mut(side) =
                    Some(Ending::Complete { body, finish, usage, engine, record });
                *self.generations.get_mut(side) = None;
            }
            Some(Output::Failed { failure, detail }) => self.fail(side, failure, &detail),
            None => self.fail(side, Failure::WorkerDied, "the worker ended"),
        }
    }
}

/// The next piece of one side; waits for ever when the side is done.
async fn next(generation: &mut Option<Generation>) -> Option<Output> {
    match generation {
        Some(generation) => generation.outputs.recv().await,
        None => std::future::pending().await,
    }
}
