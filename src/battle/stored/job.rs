//! Makes the answers that are missing, one at a time, whenever no battle is being written.

use std::collections::HashMap;
use std::time::Duration;

use arena_core::ids::ModelId;
use arena_core::protocol::Failure;
use rand::TryRng;
use rand::rngs::SysRng;
use tokio::sync::watch;
use tokio::time::Instant;

use super::queries::{self, Made, Missing};
use crate::battle::draft::Draft;
use crate::battle::{BattleError, Ring, conversation, limits};
use crate::config::Answering;
use crate::inference::{Generation, Job, Order, Output};

/// How long nothing is looked for after nothing was missing.
const REST: Duration = Duration::from_secs(30);
/// How long a model is left alone whose engine has just failed.
const RECOVERY: Duration = Duration::from_secs(60);

/// Models that have just failed for reasons of their own, with the time from which they are asked again.
type Resting = HashMap<ModelId, Instant>;

/// Makes missing answers until the task is dropped. What is stored stays: a restart goes on from there.
pub async fn fill(ring: Ring) {
    let mut resting = Resting::new();
    loop {
        match make_next(&ring, &mut resting).await {
            Ok(true) => {}
            Ok(false) => tokio::time::sleep(REST).await,
            Err(error) => {
                tracing::warn!("no answer was stored: {error}");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

/// Makes one answer; false if none is missing that could be made now.
async fn make_next(ring: &Ring, resting: &mut Resting) -> Result<bool, BattleError> {
    let mut busy = ring.hub.busy();
    is_idle(&mut busy).await;
    resting.retain(|_, until| Instant::now() < *until);
    let able = ring.engines.ready().into_iter().filter(|model| !resting.contains_key(model));
    let able: Vec<_> = able.map(|model| model.0).collect();
    let conditions = super::conditions(&ring.answering);
    let room = limits::first_turn_room(ring);
    let missing =
        queries::find_missing(&mut *ring.db.acquire().await?, &able, &conditions, room).await?;
    let Some(missing) = missing else { return Ok(false) };
    let Some(engine) = ring.engines.get(missing.model) else { return Ok(true) };
    let seed = SysRng.try_next_u32().map_err(|_| BattleError::Randomness)?;
    let generation = engine.generate_aside(job(ring, &missing, seed));
    let Some(made) = write(generation, &mut busy, ring.answering.deadline).await else {
        // That says nothing about the question: it is asked again, after the others.
        resting.insert(missing.model, Instant::now() + RECOVERY);
        return Ok(true);
    };
    let version = engine.readiness().map(|ready| ready.engine);
    let mut db = ring.db.acquire().await?;
    queries::insert(&mut db, &missing, &ring.answering, seed, version.as_deref(), &made).await?;
    Ok(true)
}

fn job(ring: &Ring, missing: &Missing, seed: u32) -> Job {
    let Answering { system_prompt, sampling, .. } = &ring.answering;
    let messages = conversation::messages(system_prompt, std::iter::empty(), &missing.prompt);
    Job { messages, sampling: *sampling, seed, conversation: None, steps: None }
}

async fn is_idle(busy: &mut watch::Receiver<bool>) {
    // The hub lives as long as the ring.
    let _ = busy.wait_for(|busy| !busy).await;
}

async fn is_busy(busy: &mut watch::Receiver<bool>) {
    let _ = busy.wait_for(|busy| *busy).await;
}

/// Collects an answer; while a battle is being written it is paused, and that time does not count.
/// None if the engine failed and not the model: it died, or never came to a first word.
async fn write(
    mut generation: Generation,
    busy: &mut watch::Receiver<bool>,
    deadline: Duration,
) -> Option<Made> {
    let (mut body, mut recorded, mut draft) = (String::new(), None, Draft::default());
    let mut left = deadline;
    loop {
        let since = Instant::now();
        tokio::select! {
            output = generation.outputs.recv() => match output? {
                Output::Text(text) => {
                    // Postgres keeps no NUL in a text, and voters see none.
                    let text = text.replace('\0', "");
                    if draft.push(&text).is_err() {
                        return Some(Made::Failed(Failure::Decode));
                    }
                    body.push_str(&text);
                }
                Output::Record(record) => recorded = Some(record),
                Output::Done { finish, usage } => {
                    draft.finish();
                    // Thoughts alone are no answer.
                    return Some(match draft.is_blank() {
                        true => Made::Failed(Failure::Empty),
                        false => Made::Complete { body, finish, usage, record: recorded },
                    });
                }
                Output::Failed { failure: Failure::WorkerDied | Failure::Unavailable, .. } => {
                    return None;
                }
                Output::Failed { failure, .. } => return Some(Made::Failed(failure)),
            },
            () = is_busy(busy) => {}
            () = tokio::time::sleep(left) => {
                return (!body.is_empty()).then_some(Made::Failed(Failure::Timeout));
            }
        }
        left = left.saturating_sub(since.elapsed());
        if *busy.borrow() {
            generation.order(Order::Pause);
            is_idle(busy).await;
            generation.order(Order::Resume);
        }
    }
}
