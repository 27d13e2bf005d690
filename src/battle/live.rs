//! Battles in progress: two answers, one clock, any number of watchers who may come back.
//!
//! Text is kept as frames, each with what both sides gain at one tick. A watcher who reconnects says
//! which frame came last. While nobody watches, both models are paused: no core is spent on a closed
//! tab, and nothing is lost for a tab that comes back within [`UNWATCHED_LIMIT`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arena_core::ids::{BattleId, ModelId, Sides, VoterId};
use arena_core::pace::Frame;
use tokio::sync::watch;
use tokio::time::Instant;

use super::leaks::Names;
use super::queue::{Place, Queue, Refusal, Ticket};
use super::stored::Script;
use super::{Limits, Ring, recording, round};

/// How long a page without a live connection counts as somebody watching.
const PAGE_LEASE: Duration = Duration::from_secs(5);
/// How long a battle can be gone on with after its tab was closed.
pub const UNWATCHED_LIMIT: Duration = Duration::from_secs(60);

/// All battles in progress of this process.
#[derive(Clone, Default)]
pub struct Hub {
    live: Arc<Mutex<HashMap<BattleId, Arc<Live>>>>,
    queue: Queue,
    names: Names,
}

/// What a watcher needs to know before reading on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// Frames so far.
    pub(super) frames: usize,
    /// Whether there will be no more.
    pub(super) ended: bool,
    /// Where it is in line, while it waits.
    pub(super) place: Option<Place>,
}

/// One turn of one battle in progress.
pub(super) struct Live {
    /// Turn and attempt.
    pub(super) round: (i16, i16),
    frames: Mutex<Vec<Frame>>,
    progress: watch::Sender<Progress>,
    audience: Mutex<Audience>,
    pub(super) stop: watch::Sender<bool>,
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
    pub(super) fn new(round: (i16, i16)) -> Self {
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
        self.shown()
    }

    /// As [`Live::so_far`], but nobody looks.
    pub(super) fn shown(&self) -> (Sides<String>, usize) {
        let frames = lock(&self.frames);
        let mut texts = Sides::<String>::default();
        for frame in frames.iter() {
            texts.left.push_str(&frame.left);
            texts.right.push_str(&frame.right);
        }
        (texts, frames.len())
    }

    /// Where it is in line now, while it waits.
    pub(super) fn place(&self) -> Option<Place> {
        self.progress.borrow().place
    }

    /// Tells watchers where it is in line.
    pub(super) fn is_at(&self, place: Option<Place>) {
        self.progress
            .send_if_modified(|progress| std::mem::replace(&mut progress.place, place) != place);
    }

    /// Tells watchers that there will be no more.
    pub(super) fn end(&self) {
        self.progress.send_modify(|progress| progress.ended = true);
    }

    pub(super) fn push(&self, frame: Frame) {
        let mut frames = lock(&self.frames);
        frames.push(frame);
        let count = frames.len();
        drop(frames);
        self.progress.send_modify(|progress| progress.frames = count);
    }

    /// Waits for the next whole step since the start, or for the voter to pass on.
    pub(super) async fn wait_for_step(&self, started: tokio::time::Instant, step: Duration) {
        let steps = started.elapsed().as_millis() / step.as_millis().max(1) + 1;
        let until = started + step * u32::try_from(steps).unwrap_or(u32::MAX);
        let mut stop = self.stop.subscribe();
        let _ = tokio::time::timeout_at(until, stop.wait_for(|stop| *stop)).await;
    }

    /// For how long nobody has watched.
    pub(super) fn absent_for(&self) -> Option<Duration> {
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

    /// A place to write in, now or later.
    pub(super) fn join(&self, voter: VoterId, limits: Limits) -> Result<Ticket, Refusal> {
        self.queue.join(voter, limits)
    }

    /// Whether a battle is being written that somebody watches.
    pub(super) fn busy(&self) -> watch::Receiver<bool> {
        self.queue.busy()
    }

    /// Has both models answer one turn as soon as there is a place; what is stored is played at once.
    pub(super) fn start(
        &self,
        ring: &Ring,
        (id, round): (BattleId, (i16, i16)),
        models: Sides<ModelId>,
        scripts: Sides<Script>,
        ticket: Ticket,
    ) {
        let live = Arc::new(Live::new(round));
        lock(&self.live).insert(id, Arc::clone(&live));
        let (ring, hub) = (ring.clone(), self.clone());
        tokio::spawn(async move {
            let outcome = round::play(&ring, models, scripts, &live, ticket).await;
            recording::store(&ring.db, &hub.names, id, live.round, outcome).await;
            let mut battles = lock(&hub.live);
            if battles.get(&id).is_some_and(|other| Arc::ptr_eq(other, &live)) {
                battles.remove(&id);
            }
            drop(battles);
            live.end();
        });
    }

    /// Ends a battle in progress; its answers are dropped.
    pub(crate) fn stop(&self, id: BattleId) {
        if let Some(live) = self.find(id) {
            live.stop.send_replace(true);
        }
    }
}
