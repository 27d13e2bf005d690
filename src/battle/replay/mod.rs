//! Writing an answer again, to see whether the same model under the same conditions says the same.

pub(in crate::battle) mod queries;

use std::fmt;
use std::str::FromStr;

use arena_core::ids::{BattleId, ModelId, Side};
use arena_core::protocol::{Failure, Finish, Record};
use arena_core::sampling::Sampling;
use arena_core::steps::Steps;
use sqlx::PgConnection;

use super::conversation;
use super::draft::Draft;
use crate::inference::{Engine, Job, Output, Work};

/// Names an answer: `BATTLE/TURN/SIDE` or `BATTLE/TURN/SIDE/ATTEMPT`, counted from 0 as in the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerId {
    battle: BattleId,
    turn: i16,
    side: Side,
    attempt: Option<i16>,
}

/// A text that names no answer.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` names no answer; write BATTLE/TURN/SIDE, such as 6f1c…/0/left, and /ATTEMPT where there \
     were several"
)]
pub struct BadAnswerId(String);

impl FromStr for AnswerId {
    type Err = BadAnswerId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| BadAnswerId(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<AnswerId> {
    let mut parts = text.split('/');
    let count = |part: &str| part.parse().ok().filter(|&count: &i16| count >= 0);
    let battle = parts.next()?.parse().ok()?;
    let turn = count(parts.next()?)?;
    let side = match parts.next()?.to_ascii_lowercase().as_str() {
        "left" | "a" => Side::Left,
        "right" | "b" => Side::Right,
        _ => return None,
    };
    let attempt = match parts.next() {
        Some(part) => Some(count(part)?),
        None => None,
    };
    parts.next().is_none().then_some(AnswerId { battle, turn, side, attempt })
}

impl fmt::Display for AnswerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.battle, self.turn, self.side.as_str())?;
        self.attempt.map_or(Ok(()), |attempt| write!(f, "/{attempt}"))
    }
}

/// A complete answer as it is in the database.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Who answered.
    pub model: ModelId,
    /// Tokens that one conversation could have.
    pub context_tokens: Option<u32>,
    /// Places in the worker's context.
    pub sequences: Option<u32>,
    body: String,
    finish: String,
    seed: u32,
    sampling: Sampling,
    system_prompt: String,
    engine: Option<String>,
    features: Option<String>,
    batch_tokens: Option<u32>,
    template_sha256: Option<String>,
    prompt_sha256: Option<String>,
    steps: Option<Steps>,
    repeatable: bool,
    answer_tokens: Option<u32>,
    prompt: String,
    before: Vec<(String, String)>,
}

/// Why an answer was not written again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// There is no such answer, or it was never completed.
    #[error("answer {0} is unknown or was not completed")]
    Unknown(AnswerId),
    /// The engine failed.
    #[error("the answer could not be written again ({}): {detail}", failure.as_str())]
    Failed {
        /// The class.
        failure: Failure,
        /// What the engine says.
        detail: String,
    },
    /// The database failed.
    #[error("the answer could not be read")]
    Store(#[from] sqlx::Error),
}

/// How a repetition compares with the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Number of the first character that differs, from 0, with what was and what is there.
    pub differs_at: Option<(usize, String, String)>,
    /// Characters of the recorded answer.
    pub chars: usize,
    /// What is different in how the answers were made: name, then, now.
    pub differences: Vec<(&'static str, String, String)>,
    /// Why equality is not to be expected, if it is not.
    pub reservation: Option<&'static str>,
}

/// Reads what is known of an answer.
pub async fn find(db: &mut PgConnection, id: AnswerId) -> Result<Recorded, ReplayError> {
    queries::find(db, id).await?.ok_or(ReplayError::Unknown(id))
}

/// Writes an answer again and compares; the engine must serve nobody else meanwhile.
pub async fn repeat(engine: &dyn Engine, recorded: &Recorded) -> Result<Comparison, ReplayError> {
    let before = recorded.before.iter().map(|(prompt, body)| (prompt.as_str(), body.as_str()));
    let mut generation = engine.generate(Job {
        messages: conversation::messages(&recorded.system_prompt, before, &recorded.prompt),
        sampling: recorded.sampling,
        seed: recorded.seed,
        conversation: None,
        steps: recorded.steps.clone(),
    });
    let (mut draft, mut record) = (Draft::default(), None);
    while let Some(output) = generation.outputs.recv().await {
        match output {
            Output::Text(piece) => {
                // More than was kept then differs in any case.
                let _ = draft.push(&piece);
            }
            Output::Record(made) => record = Some(*made),
            Output::Done { finish, usage } => {
                let engine = engine.readiness().map(|readiness| readiness.engine);
                draft.finish();
                // As the voter read it: without thoughts and without what nobody sees.
                let text = draft.take().visible;
                return Ok(compare(recorded, &text, engine, record, (finish, usage)));
            }
            Output::Failed { failure, detail } => {
                return Err(ReplayError::Failed { failure, detail });
            }
        }
    }
    let detail = "the worker ended".to_owned();
    Err(ReplayError::Failed { failure: Failure::WorkerDied, detail })
}

fn compare(
    recorded: &Recorded,
    text: &str,
    engine: Option<String>,
    record: Option<Record>,
    (finish, usage): (Finish, Work),
) -> Comparison {
    let record = record.unwrap_or_default();
    let mut differences = Vec::new();
    let mut note = |name, then: Option<String>, now: Option<String>| {
        if then != now {
            let word = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
            differences.push((name, word(then), word(now)));
        }
    };
    let number = |count: Option<u32>| count.map(|count| count.to_string());
    note("engine", recorded.engine.clone(), engine);
    note("build features", recorded.features.clone(), Some(record.features));
    note("context", number(recorded.context_tokens), number(Some(record.context_tokens)));
    note("batch", number(recorded.batch_tokens), number(Some(record.batch_tokens)));
    note("sequences", number(recorded.sequences), number(Some(record.sequences)));
    note("template", recorded.template_sha256.clone(), record.template_sha256);
    note("prompt", recorded.prompt_sha256.clone(), Some(record.prompt_sha256));
    let steps = recorded.steps.as_ref();
    note("steps", steps.map(Steps::to_string), Some(record.steps.to_string()));
    note("finish", Some(recorded.finish.clone()), Some(finish.as_str().to_owned()));
    note("answer tokens", number(recorded.answer_tokens), number(usage.answer_tokens));
    Comparison {
        differs_at: first_difference(&recorded.body, text),
        chars: recorded.body.chars().count(),
        differences,
        reservation: reservation(recorded),
    }
}

fn reservation(recorded: &Recorded) -> Option<&'static str> {
    match &recorded.steps {
        None => Some("the steps of this answer were not recorded"),
        Some(steps) if steps.is_shared() => Some(
            "the answer shared steps with other answers, whose tokens may have changed its sums",
        ),
        Some(_) if !recorded.repeatable => {
            Some("the answer was interrupted, and part of it evaluated twice")
        }
        Some(_) => None,
    }
}

/// Where two texts part, with up to 40 characters of both from there on.
fn first_difference(then: &str, now: &str) -> Option<(usize, String, String)> {
    if then == now {
        return None;
    }
    let same = then.chars().zip(now.chars()).take_while(|(a, b)| a == b).count();
    let from = |text: &str| text.chars().skip(same).take(40).collect();
    Some((same, from(then), from(now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_named_by_battle_turn_and_side_and_perhaps_an_attempt() {
        let battle = "00000000000000000000000000000007";
        for (text, written) in
            [("/0/left", "/0/left"), ("/2/B", "/2/right"), ("/1/right/3", "/1/right/3")]
        {
            let id: AnswerId = format!("{battle}{text}").parse().unwrap();
            assert_eq!(id.to_string(), format!("{battle}{written}"));
        }
        for text in ["", "/0", "/0/up", "/-1/left", "/0/left/x", "/0/left/1/2"] {
            assert!(format!("{battle}{text}").parse::<AnswerId>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_first_difference_counts_characters_and_shows_both_sides() {
        assert_eq!(first_difference("äöü", "äöü"), None);
        assert_eq!(first_difference("äöü", "äöx"), Some((2, "ü".into(), "x".into())));
        assert_eq!(first_difference("ab", "abc"), Some((2, String::new(), "c".into())));
    }
}
