//! Answers to questions of evaluation sets that are made while nobody waits, and played in battles.
//!
//! A played answer takes the same way as one that is being written: clock, normaliser and leak filter
//! see no difference, and neither does the voter, who only waits less.

pub mod job;
pub mod queries;

use std::collections::HashSet;

use arena_core::ids::{ModelId, Sides};
use arena_core::protocol::{Finish, Record};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use tokio::sync::mpsc;

use crate::config::Answering;
use crate::inference::{Control, Generation, Job, Output, Work};

/// An answer that is there already.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stored {
    /// Its row.
    pub(super) id: i64,
    /// As the model wrote it.
    pub(super) body: String,
    /// Why it ended.
    pub(super) finish: Finish,
    /// Counts and times of its making.
    pub(super) usage: Work,
    /// Versions of what made it.
    pub(super) engine: Option<String>,
    /// Seed of the sampler.
    pub(super) seed: u32,
    /// How it was computed.
    pub(super) record: Option<Box<Record>>,
}

/// Where the answer of one side comes from.
#[derive(Clone, Debug)]
pub(super) enum Script {
    /// The model writes it now.
    Write(Job),
    /// It is played.
    Play(Box<Stored>),
}

/// SHA-256, in hex, of what every answer of the site is made under. The model and its template belong
/// to the model's row.
pub fn conditions(answering: &Answering) -> String {
    let settings = serde_json::json!([answering.system_prompt, answering.sampling]);
    hex::encode(Sha256::digest(settings.to_string()))
}

/// The stored answers of both models to a question; none unless every model that could have been
/// drawn has one. Else a battle that does not begin at once would tell that one of those without is in it.
pub(super) async fn find(
    db: &mut PgConnection,
    question: Option<i64>,
    models: Sides<ModelId>,
    able: &HashSet<ModelId>,
    answering: &Answering,
) -> sqlx::Result<Sides<Option<Stored>>> {
    let none = Sides { left: None, right: None };
    let Some(question) = question else { return Ok(none) };
    let conditions = conditions(answering);
    let able: Vec<_> = able.iter().map(|model| model.0).collect();
    if queries::any_missing(db, question, &able, &conditions).await? {
        return Ok(none);
    }
    Ok(Sides {
        left: queries::find(db, question, models.left, &conditions).await?,
        right: queries::find(db, question, models.right, &conditions).await?,
    })
}

impl Script {
    /// Whether a model has to work for it.
    pub(super) fn asks_model(&self) -> bool {
        matches!(self, Self::Write(_))
    }

    /// What each side does: a stored answer is played, others are written.
    pub(super) fn of(jobs: Sides<Job>, stored: Sides<Option<Stored>>) -> Sides<Script> {
        let script = |job, stored: Option<Stored>| match stored {
            Some(stored) => Script::Play(Box::new(stored)),
            None => Script::Write(job),
        };
        Sides { left: script(jobs.left, stored.left), right: script(jobs.right, stored.right) }
    }
}

impl Stored {
    /// The answer as if it were being written, all at once.
    pub(super) fn play(&self) -> Generation {
        let (sender, outputs) = mpsc::unbounded_channel();
        // The receiver is here: nothing can be lost.
        let _ = sender.send(Output::Text(self.body.clone()));
        if let Some(record) = &self.record {
            let _ = sender.send(Output::Record(record.clone()));
        }
        let _ = sender.send(Output::Done { finish: self.finish, usage: self.usage });
        Generation::new(outputs, Control::new(|_| {}))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use arena_core::protocol::Usage;
    use arena_core::sampling::Sampling;

    use super::*;

    fn answering(system_prompt: &str, temperature: f32) -> Answering {
        Answering {
            system_prompt: system_prompt.to_owned(),
            sampling: Sampling { temperature, ..Sampling::default() },
            deadline: Duration::from_secs(1),
            failure_step: Duration::from_secs(1),
        }
    }

    #[test]
    fn other_instructions_and_other_sampling_are_other_conditions() {
        let one = conditions(&answering("Be brief.", 0.7));

        assert_eq!(one, conditions(&answering("Be brief.", 0.7)));
        assert_ne!(one, conditions(&answering("Be long.", 0.7)));
        assert_ne!(one, conditions(&answering("Be brief.", 0.8)));
    }

    #[tokio::test]
    async fn a_stored_answer_is_played_to_its_end() {
        let usage = Work::from(Usage::default());
        let stored = Stored {
            id: 1,
            body: "All of it.".to_owned(),
            finish: Finish::Stop,
            usage,
            engine: None,
            seed: 1,
            record: None,
        };

        let mut playing = stored.play();

        assert_eq!(playing.outputs.recv().await, Some(Output::Text("All of it.".to_owned())));
        let end = Output::Done { finish: Finish::Stop, usage };
        assert_eq!(playing.outputs.recv().await, Some(end));
        assert_eq!(playing.outputs.recv().await, None);
    }
}
