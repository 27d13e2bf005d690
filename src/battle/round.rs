//! One turn of one battle: it waits for its place, both models answer, one clock shows both.

use std::sync::Arc;
use std::time::Duration;

use arena_core::ids::{ModelId, Side, Sides};
use arena_core::pace::{Clock, Frame, TICK_MS};
use arena_core::protocol::{Failure, Record};
use tokio::time::MissedTickBehavior;

use super::Ring;
use super::draft::Draft;
use super::live::{Live, UNWATCHED_LIMIT};
use super::queries::Ending;
use super::queue::{Standing, Ticket};
use super::stored::Script;
use crate::inference::{Engine, Engines, Generation, Order, Output};

/// How a turn ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    /// Whether both answers are complete.
    pub(super) complete: bool,
    /// How each answer ended.
    pub(super) endings: Sides<Option<Ending>>,
    /// What voters may have read of answers that were dropped.
    pub(super) shown: Sides<String>,
}

/// Waits for a place, then has both models answer.
pub(super) async fn play(
    ring: &Ring,
    models: Sides<ModelId>,
    scripts: Sides<Script>,
    live: &Live,
    mut ticket: Ticket,
) -> Outcome {
    let asks_models = [&scripts.left, &scripts.right].into_iter().any(Script::asks_model);
    if asks_models && !has_place(live, &mut ticket).await {
        return Outcome::default();
    }
    let started = tokio::time::Instant::now();
    let mut round = Round::start(&ring.engines, models, scripts, Pace::default());
    let complete = round.run(live, ticket, ring.answering.deadline).await;
    if round.any_failed() {
        // The other side is freed at once; how soon a model fails must not tell which one it is.
        round.generations = Sides { left: None, right: None };
        live.wait_for_step(started, ring.answering.failure_step).await;
    }
    Outcome { complete, endings: round.endings, shown: live.shown().0 }
}

/// Waits in line; false when the battle leaves it without a place.
async fn has_place(live: &Live, ticket: &mut Ticket) -> bool {
    let mut ticks = tokio::time::interval(Duration::from_millis(TICK_MS));
    let mut stop = live.stop.subscribe();
    loop {
        match ticket.standing() {
            Standing::Waits(place) => live.is_at(Some(place)),
            Standing::Writes => {
                live.is_at(None);
                ticket.asks();
                return true;
            }
            Standing::GivesWay => return false,
        }
        tokio::select! {
            () = ticket.changed() => {}
            _ = stop.wait_for(|stop| *stop) => return false,
            _ = ticks.tick() => {
                let absence = live.absent_for();
                if absence.is_some_and(|absence| absence > UNWATCHED_LIMIT) {
                    return false;
                }
                ticket.is_absent(absence);
            }
        }
    }
}

/// What decides how much of both texts is shown at a tick.
#[derive(Debug)]
pub(super) enum Pace {
    /// Both sides advance together.
    Joint(Clock),
    /// Each side as its model writes; tests show what would be seen then.
    #[cfg(test)]
    Off(super::tests::Unpaced),
}

impl Default for Pace {
    fn default() -> Self {
        Self::Joint(Clock::default())
    }
}

impl Pace {
    fn push(&mut self, side: Side, text: &str) {
        match self {
            Self::Joint(clock) => clock.push(side, text),
            #[cfg(test)]
            Self::Off(unpaced) => unpaced.push(side, text),
        }
    }

    fn finish(&mut self, side: Side) {
        match self {
            Self::Joint(clock) => clock.finish(side),
            #[cfg(test)]
            Self::Off(unpaced) => unpaced.finish(side),
        }
    }

    fn tick(&mut self) -> Frame {
        match self {
            Self::Joint(clock) => clock.tick(),
            #[cfg(test)]
            Self::Off(unpaced) => unpaced.tick(),
        }
    }

    fn ended(&self) -> bool {
        match self {
            Self::Joint(clock) => clock.ended(),
            #[cfg(test)]
            Self::Off(unpaced) => unpaced.ended(),
        }
    }
}

/// The two answers of one turn while they are being written.
pub(super) struct Round {
    pace: Pace,
    generations: Sides<Option<Generation>>,
    drafts: Sides<Draft>,
    pub(super) endings: Sides<Option<Ending>>,
    /// Of answers that are played.
    versions: Sides<Option<String>>,
    records: Sides<Option<Box<Record>>>,
    /// Held, so that a model that is retired meanwhile still writes its answer to the end.
    engines: Sides<Option<Arc<dyn Engine>>>,
    paused: bool,
}

impl Round {
    pub(super) fn start(
        engines: &Engines,
        models: Sides<ModelId>,
        scripts: Sides<Script>,
        pace: Pace,
    ) -> Self {
        let mut round = Self {
            pace,
            generations: Sides { left: None, right: None },
            drafts: Sides::default(),
            endings: Sides { left: None, right: None },
            versions: Sides::default(),
            records: Sides::default(),
            engines: Sides { left: None, right: None },
            paused: false,
        };
        for (side, script) in [(Side::Left, scripts.left), (Side::Right, scripts.right)] {
            let job = match script {
                Script::Write(job) => job,
                Script::Play(stored) => {
                    *round.generations.get_mut(side) = Some(stored.play());
                    *round.versions.get_mut(side) = stored.engine;
                    continue;
                }
            };
            match engines.get(*models.get(side)) {
                Some(engine) => {
                    *round.generations.get_mut(side) = Some(engine.generate(job));
                    *round.engines.get_mut(side) = Some(engine);
                }
                None => round.fail(side, Failure::Unavailable, "no engine for this model"),
            }
        }
        round
    }

    /// Runs until both answers were shown to their ends; false when the pair cannot be completed.
    pub(super) async fn run(&mut self, live: &Live, ticket: Ticket, deadline: Duration) -> bool {
        let mut ticket = Some(ticket);
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
                _ = ticks.tick() => {
                    let absence = live.absent_for();
                    if self.both_written() {
                        // What is left is to show it: the place is for those who write.
                        ticket = None;
                    }
                    if absence.is_some_and(|absence| absence > UNWATCHED_LIMIT)
                        || gives_way(ticket.as_ref(), absence)
                    {
                        // Answers that are written are kept, though nobody has seen their ends.
                        return self.both_written();
                    }
                    self.pause(absence.is_some());
                    if absence.is_some() {
                        continue;
                    }
                    watched += Duration::from_millis(TICK_MS);
                    let frame = self.pace.tick();
                    if !frame.is_empty() {
                        live.push(frame);
                    }
                    if self.pace.ended() {
                        return true;
                    }
                    if watched > deadline {
                        self.time_out();
                    }
                }
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
        let draft = self.drafts.get_mut(side);
        match output {
            Some(Output::Text(text)) => match draft.push(&text) {
                Ok(visible) => self.pace.push(side, &visible),
                Err(_) => self.fail(side, Failure::Decode, "more text than was asked for"),
            },
            Some(Output::Record(record)) => *self.records.get_mut(side) = Some(record),
            Some(Output::Done { finish, usage }) => {
                let rest = draft.finish();
                if draft.is_blank() {
                    return self.fail(side, Failure::Empty, "no visible text");
                }
                let parts = draft.take();
                self.pace.push(side, &rest);
                self.pace.finish(side);
                // Said now: a model that had to be loaded first was not there at the start.
                let engine = match self.engines.get(side) {
                    Some(engine) => engine.readiness().map(|ready| ready.engine),
                    None => self.versions.get_mut(side).take(),
                };
                let record = self.records.get_mut(side).take();
                let body = parts.visible;
                let reasoning = Some(parts.reasoning).filter(|text| !text.trim().is_empty());
                *self.endings.get_mut(side) =
                    Some(Ending::Complete { body, reasoning, finish, usage, engine, record });
                *self.generations.get_mut(side) = None;
            }
            Some(Output::Failed { failure, detail }) => self.fail(side, failure, &detail),
            None => self.fail(side, Failure::WorkerDied, "the worker ended"),
        }
    }
}

/// Tells the line whether somebody watches; whether the battle has to go then.
fn gives_way(ticket: Option<&Ticket>, absence: Option<Duration>) -> bool {
    ticket.is_some_and(|ticket| {
        ticket.is_absent(absence);
        ticket.standing() == Standing::GivesWay
    })
}

/// The next piece of one side; waits for ever when the side is done.
async fn next(generation: &mut Option<Generation>) -> Option<Output> {
    match generation {
        Some(generation) => generation.outputs.recv().await,
        None => std::future::pending().await,
    }
}
