//! Models in memory: loaded when they are asked for; where there is no room, the one used longest ago
//! gives way. A model that is answering stays.
//!
//! Starting a worker blocks nobody: it loads in a process of its own, and what it is asked meanwhile
//! waits at its door.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, mpsc};

use crate::inference::engine::{Control, Engine, Generation, Job, Order, Output, Readiness};

/// Beside the file: caches of conversations and buffers, until they have been measured.
const CACHES_BYTES: u64 = 768 << 20;

/// The memory that models may take together.
pub struct Shelf {
    room_bytes: u64,
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Default)]
struct State {
    next: u64,
    uses: u64,
    loaded: HashMap<u64, Loaded>,
}

struct Loaded {
    engine: Arc<dyn Engine>,
    bytes: u64,
    expected_bytes: u64,
    last_use: u64,
    answers: usize,
}

impl Shelf {
    /// Models may take so many bytes; one alone may take more.
    pub fn new(room_bytes: u64) -> Arc<Self> {
        Arc::new(Self { room_bytes, state: Mutex::default(), freed: Notify::new() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many models are loaded.
    pub fn loaded(&self) -> usize {
        self.lock().loaded.len()
    }
}

impl State {
    /// Makes room, if those that answer leave any.
    fn make_room(&mut self, room_bytes: u64, bytes: u64) -> bool {
        self.measure();
        loop {
            let taken: u64 = self.loaded.values().map(|loaded| loaded.bytes).sum();
            if self.loaded.is_empty() || taken.saturating_add(bytes) <= room_bytes {
                return true;
            }
            // One that cannot answer is left to start again: unloaded it would count as able.
            let idle =
                self.loaded.iter().filter(|(_, loaded)| loaded.answers == 0 && loaded.bytes > 0);
            let Some(oldest) = idle.min_by_key(|(_, loaded)| loaded.last_use).map(|(key, _)| *key)
            else {
                return false;
            };
            // Its process ends with it.
            self.loaded.remove(&oldest);
        }
    }

    /// What each model takes: its process, but no less than was expected while it is loading, and
    /// nothing while its worker is down.
    fn measure(&mut self) {
        for loaded in self.loaded.values_mut() {
            loaded.bytes = match loaded.engine.readiness() {
                Some(ready) => {
                    let resident = ready.process_id.and_then(resident_bytes);
                    resident.unwrap_or(loaded.expected_bytes)
                }
                None if loaded.engine.is_starting() => loaded.expected_bytes,
                None => 0,
            };
        }
    }
}

/// Memory of a process, mapped files included.
fn resident_bytes(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes << 10)
}

/// A model that is loaded when it is asked for.
pub struct OnDemand {
    inner: Arc<Inner>,
}

struct Inner {
    shelf: Arc<Shelf>,
    key: u64,
    estimate_bytes: u64,
    start: Box<dyn Fn() -> Arc<dyn Engine> + Send + Sync>,
    /// What it said when it was last ready, or will say.
    known: Mutex<(bool, Readiness)>,
}

/// An answer's hold on a loaded model; one that nobody waits for holds nothing.
struct Loan {
    inner: Arc<Inner>,
    holds: bool,
}

impl Drop for Loan {
    fn drop(&mut self) {
        if !self.holds {
            return;
        }
        if let Some(loaded) = self.inner.shelf.lock().loaded.get_mut(&self.inner.key) {
            loaded.answers = loaded.answers.saturating_sub(1);
        }
        self.inner.shelf.freed.notify_waiters();
    }
}

impl OnDemand {
    /// A model of a file of this size, loaded at once where nobody has to give way.
    pub fn new(
        shelf: &Arc<Shelf>,
        file_bytes: u64,
        expected: Readiness,
        start: impl Fn() -> Arc<dyn Engine> + Send + Sync + 'static,
    ) -> Self {
        let mut state = shelf.lock();
        state.next += 1;
        let inner = Arc::new(Inner {
            shelf: Arc::clone(shelf),
            key: state.next,
            estimate_bytes: file_bytes.saturating_add(CACHES_BYTES),
            start: Box::new(start),
            known: Mutex::new((false, expected)),
        });
        state.measure();
        let taken: u64 = state.loaded.values().map(|loaded| loaded.bytes).sum();
        if taken.saturating_add(inner.estimate_bytes) <= shelf.room_bytes {
            inner.load(&mut state);
        }
        drop(state);
        Self { inner }
    }
}

impl Inner {
    fn load(&self, state: &mut State) {
        let loaded = Loaded {
            engine: (self.start)(),
            bytes: self.estimate_bytes,
            expected_bytes: self.estimate_bytes,
            last_use: state.uses,
            answers: 0,
        };
        state.loaded.insert(self.key, loaded);
    }

    /// The loaded model, held until the loan is dropped if so wished; none while others leave no room.
    fn lend(self: &Arc<Self>, holds: bool) -> Option<(Arc<dyn Engine>, Loan)> {
        let mut state = self.shelf.lock();
        if !state.loaded.contains_key(&self.key) {
            if !state.make_room(self.shelf.room_bytes, self.estimate_bytes) {
                return None;
            }
            self.load(&mut state);
        }
        state.uses += 1;
        let uses = state.uses;
        let loaded = state.loaded.get_mut(&self.key)?;
        loaded.last_use = uses;
        loaded.answers += usize::from(holds);
        Some((Arc::clone(&loaded.engine), Loan { inner: Arc::clone(self), holds }))
    }

    /// Waits for room.
    async fn borrow(self: &Arc<Self>, holds: bool) -> (Arc<dyn Engine>, Loan) {
        loop {
            let freed = self.shelf.freed.notified();
            tokio::pin!(freed);
            // Before looking: a place that becomes free in between is not missed.
            freed.as_mut().enable();
            if let Some(lent) = self.lend(holds) {
                return lent;
            }
            freed.await;
        }
    }
}

/// Waits for room, then passes everything on.
async fn answer_later(
    inner: Arc<Inner>,
    (job, holds): (Job, bool),
    outputs: mpsc::UnboundedSender<Output>,
    mut orders: mpsc::UnboundedReceiver<Order>,
) {
    let mut last = Order::Resume;
    let lent = loop {
        tokio::select! {
            lent = inner.borrow(holds) => break lent,
            order = orders.recv() => match order {
                Some(Order::Cancel) | None => return,
                Some(order) => last = order,
            },
        }
    };
    let (engine, _loan) = lent;
    let mut generation = engine.generate(job);
    // The shelf alone keeps the engine, so that it can end it.
    drop(engine);
    if last == Order::Pause {
        generation.order(Order::Pause);
    }
    loop {
        tokio::select! {
            output = generation.outputs.recv() => match output {
                Some(output) => drop(outputs.send(output)),
                None => return,
            },
            order = orders.recv() => match order {
                Some(Order::Cancel) | None => return,
                Some(order) => generation.order(order),
            },
        }
    }
}

impl OnDemand {
    fn start(&self, job: Job, holds: bool) -> Generation {
        if let Some((engine, loan)) = self.inner.lend(holds) {
            return engine.generate(job).holding(loan);
        }
        let (sender, outputs) = mpsc::unbounded_channel();
        let (steer, orders) = mpsc::unbounded_channel();
        tokio::spawn(answer_later(Arc::clone(&self.inner), (job, holds), sender, orders));
        Generation::new(
            outputs,
            Control::new(move |order| {
                let _ = steer.send(order);
            }),
        )
    }
}

impl Engine for OnDemand {
    fn generate(&self, job: Job) -> Generation {
        self.start(job, true)
    }

    fn generate_aside(&self, job: Job) -> Generation {
        self.start(job, false)
    }

    /// A model that is not loaded can answer too: it is loaded then.
    fn readiness(&self) -> Option<Readiness> {
        let engine = {
            let state = self.inner.shelf.lock();
            state.loaded.get(&self.inner.key).map(|loaded| Arc::clone(&loaded.engine))
        };
        let mut known = self.inner.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(engine) = engine else { return Some(known.1.clone()) };
        if let Some(ready) = engine.readiness() {
            *known = (true, ready.clone());
            return Some(ready);
        }
        // Loading again is no failure; what has never been ready may not be able to.
        (known.0 && engine.is_starting()).then(|| known.1.clone())
    }
}

impl Drop for OnDemand {
    fn drop(&mut self) {
        self.inner.shelf.lock().loaded.remove(&self.inner.key);
        self.inner.shelf.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
