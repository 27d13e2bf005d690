//! Makes the answers that are missing, one at a time, whenever no battle is being written.

use std::time::Duration;

use arena_core::protocol::{Failure, Message, Role};
use rand::TryRng;
use rand::rngs::SysRng;
use tokio::sync::watch;
use tokio::time::Instant;

use super::queries::{self, Made, Missing};
use crate::battle::{BattleError, Ring, limits};
use crate::inference::{Generation, Job, Order, Output};

/// How long nothing is looked for after nothing was missing.
const REST: Duration = Duration::from_secs(30);
/// How long to wait for a worker that has just failed.
const RECOVERY: Duration = Duration::from_secs(5);
/// Most text of one answer, in bytes.
const MAX_BYTES: usize = 128 << 10;

/// Makes missing answers until the task is dropped. What is stored stays: a restart goes on from there.
pub async fn fill(ring: Ring) {
    loop {
        match make_next(&ring).await {
            Ok(true) => {}
            Ok(false) => tokio::time::sleep(REST).await,
            Err(error) => {
                tracing::warn!("no answer was stored: {error}");
                tokio::time::sleep(RECOVERY).await;
            }
        }
    }
}

/// Makes one answer; false if none is missing that could be made now.
async fn make_next(ring: &Ring) -> Result<bool, BattleError> {
    let mut busy = ring.hub.busy();
    is_idle(&mut busy).await;
    let able: Vec<_> = ring.engines.ready().into_iter().map(|model| model.0).collect();
    let conditions = super::conditions(&ring.answering);
    let room = limits::first_turn_room(ring);
    let missing =
        queries::find_missing(&mut *ring.db.acquire().await?, &able, &conditions, room).await?;
    let Some(missing) = missing else { return Ok(false) };
    let Some(engine) = ring.engines.get(missing.model) else { return Ok(true) };
    let seed = SysRng.try_next_u32().map_err(|_| BattleError::Randomness)?;
    let generation = engine.generate(job(ring, &missing, seed));
    let made = write(generation, &mut busy, ring.answering.deadline).await;
    if let Made::Failed(Failure::WorkerDied | Failure::Unavailable) = made {
        // That says nothing about the question: it is asked again.
        tokio::time::sleep(RECOVERY).await;
        return Ok(true);
    }
    let version = engine.readiness().map(|ready| ready.engine);
    let mut db = ring.db.acquire().await?;
    queries::insert(&mut db, &missing, &ring.answering, seed, version.as_deref(), &made).await?;
    Ok(true)
}

fn job(ring: &Ring, missing: &Missing, seed: u32) -> Job {
    let message = |role, content: &str| Message { role, content: content.to_owned() };
    let messages = vec![
        message(Role::System, &ring.answering.system_prompt),
        message(Role::User, &missing.prompt),
    ];
    let sampling = ring.answering.sampling;
    Job { messages, sampling, seed, conversation: None, steps: None }
}

async fn is_idle(busy: &mut watch::Receiver<bool>) {
    // The hub lives as long as the ring.
    let _ = busy.wait_for(|busy| !busy).await;
}

async fn is_busy(busy: &mut watch::Receiver<bool>) {
    let _ = busy.wait_for(|busy| *busy).await;
}

/// Collects an answer; while a battle is being written it is paused, and that time does not count.
async fn write(
    mut generation: Generation,
    busy: &mut watch::Receiver<bool>,
    deadline: Duration,
) -> Made {
    let mut body = String::new();
    let mut recorded = None;
    let mut left = deadline;
    loop {
        let since = Instant::now();
        tokio::select! {
            output = generation.outputs.recv() => match output {
                Some(Output::Text(text)) if body.len() + text.len() > MAX_BYTES => {
                    return Made::Failed(Failure::Decode);
                }
                // Postgres keeps no NUL in a text.
                Some(Output::Text(text)) => body.push_str(&text.replace('\0', "\u{FFFD}")),
                Some(Output::Record(record)) => recorded = Some(record),
                Some(Output::Done { .. }) if body.trim().is_empty() => {
                    return Made::Failed(Failure::Empty);
                }
                Some(Output::Done { finish, usage }) => {
                    return Made::Complete { body, finish, usage, record: recorded };
                }
                Some(Output::Failed { failure, .. }) => return Made::Failed(failure),
                None => return Made::Failed(Failure::WorkerDied),
            },
            () = is_busy(busy) => generation.order(Order::Pause),
            () = tokio::time::sleep(left) => return Made::Failed(Failure::Timeout),
        }
        left = left.saturating_sub(since.elapsed());
        if *busy.borrow() {
            is_idle(busy).await;
            generation.order(Order::Resume);
        }
    }
}
