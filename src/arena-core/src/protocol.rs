//! The lines between the app and a worker: one JSON object a line, no port.
//!
//! The app writes [`Request`]s to the worker's stdin, the worker writes [`Event`]s to its stdout.

use serde::{Deserialize, Serialize};

use crate::confinement::Confinement;
use crate::sampling::Sampling;
use crate::steps::Steps;

/// Names one answer inside one worker process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AnswerKey(pub u64);

/// Who said a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The site's own instruction, the same for all models.
    System,
    /// The voter.
    User,
    /// The model itself, in an earlier turn.
    Assistant,
}

/// One message of the conversation so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who said it.
    pub role: Role,
    /// What was said.
    pub content: String,
}

/// What the app asks of a worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// The first line: how to format conversations. Nothing else is read before it.
    Configure {
        /// A chat template that replaces the file's own.
        chat_template: Option<String>,
    },
    /// Starts an answer, at once or when a sequence becomes free.
    Generate {
        /// The caller's name for the answer, unused so far.
        key: AnswerKey,
        /// The conversation, oldest first, ending with the user.
        messages: Vec<Message>,
        /// How tokens are chosen.
        sampling: Sampling,
        /// Seed of the sampler.
        seed: u32,
        /// Answers of the same conversation may go on from each other's evaluated tokens; answers of
        /// different ones never do, because the time saved would tell them of each other.
        #[serde(default)]
        conversation: Option<u64>,
        /// Steps to take again, for the repetition of an earlier answer.
        #[serde(default)]
        steps: Option<Steps>,
    },
    /// Sets the threads of every step from the next one on.
    Threads {
        /// At least one.
        count: u32,
    },
    /// Stops spending time on an answer but keeps its state.
    Pause {
        /// Which answer.
        key: AnswerKey,
    },
    /// Goes on with a paused answer at the very next token.
    Resume {
        /// Which answer.
        key: AnswerKey,
    },
    /// Drops an answer; no event follows.
    Cancel {
        /// Which answer.
        key: AnswerKey,
    },
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// The model ended its turn.
    Stop,
    /// The token limit or the end of the context was reached.
    Length,
}

impl Finish {
    /// The word in rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Finish::Stop => "stop",
            Finish::Length => "length",
        }
    }
}

/// How a worker turns conversations into text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateSource {
    /// The template inside the GGUF file.
    File,
    /// A template given at registration.
    Given,
    /// No template: a base model gets the stated completion format.
    Completion,
    /// An endpoint elsewhere applies its own; no worker ever says so.
    Endpoint,
}

impl TemplateSource {
    /// Reads the word in rows; the file's own template if it is another word.
    pub fn parse(word: &str) -> Self {
        match word {
            "given" => Self::Given,
            "completion" => Self::Completion,
            _ => Self::File,
        }
    }

    /// The word in rows.
    pub fn as_str(self) -> &'static str {
        match self {
            TemplateSource::File => "file",
            TemplateSource::Given => "given",
            TemplateSource::Completion => "completion",
            TemplateSource::Endpoint => "endpoint",
        }
    }
}

/// The classes of failure that are counted for a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The worker process ended.
    WorkerDied,
    /// The deadline passed.
    Timeout,
    /// The answer has no visible character.
    Empty,
    /// The conversation does not fit into the context.
    TooLong,
    /// The chat template could not be rendered.
    Template,
    /// llama.cpp reported an error.
    Decode,
    /// No worker is ready for this model.
    Unavailable,
}

impl Failure {
    /// The word in rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Failure::WorkerDied => "worker_died",
            Failure::Timeout => "timeout",
            Failure::Empty => "empty",
            Failure::TooLong => "too_long",
            Failure::Template => "template",
            Failure::Decode => "decode",
            Failure::Unavailable => "unavailable",
        }
    }
}

/// Counts and times of a finished answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the rendered conversation.
    pub prompt_tokens: u32,
    /// Tokens of the answer.
    pub answer_tokens: u32,
    /// From the start of the work to the first token, without time in the queue or paused.
    pub first_token_ms: u64,
    /// From the start of the work to the end, without time in the queue or paused.
    pub total_ms: u64,
    /// Tokens of the conversation that were still evaluated from an earlier turn.
    #[serde(default)]
    pub reused_tokens: u32,
}

/// What is needed, beside model, conversation, sampling and seed, to write an answer again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What llama.cpp was built with, in its own words.
    pub features: String,
    /// Tokens that one conversation may have.
    pub context_tokens: u32,
    /// Most tokens in one step.
    pub batch_tokens: u32,
    /// Places for answers in the context.
    pub sequences: u32,
    /// SHA-256 of the chat template in force, in hex; none for the stated completion format.
    pub template_sha256: Option<String>,
    /// SHA-256 of the formatted conversation, in hex.
    pub prompt_sha256: String,
    /// How tokens were evaluated, those of earlier turns included.
    pub steps: Steps,
    /// Whether the same steps can be taken again: none was shared, cut or taken twice.
    pub repeatable: bool,
}

/// What a worker reports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The model is loaded and warm.
    Ready {
        /// Time from the process's start, in milliseconds.
        load_ms: u64,
        /// Tokens that one conversation may have.
        context_tokens: u32,
        /// How many answers can be worked on at once.
        sequences: u32,
        /// Threads per decode step.
        threads: u32,
        /// Versions of the bindings and of llama.cpp.
        engine: String,
        /// Where the conversation format comes from.
        template: TemplateSource,
        /// How far the worker has locked itself in; a worker that says nothing has not.
        #[serde(default)]
        confinement: Confinement,
    },
    /// A piece of text.
    Token {
        /// Which answer.
        key: AnswerKey,
        /// Valid UTF-8, never empty.
        text: String,
    },
    /// A step was taken that yielded no text, such as a part of a long question.
    Alive,
    /// How an answer was computed, said just before its end.
    Record {
        /// Which answer.
        key: AnswerKey,
        /// The whole of it.
        record: Record,
    },
    /// The answer is complete.
    Done {
        /// Which answer.
        key: AnswerKey,
        /// Why it ended.
        finish: Finish,
        /// Counts and times.
        usage: Usage,
    },
    /// The answer cannot be completed.
    Failed {
        /// Which answer; none when the worker itself cannot go on.
        key: Option<AnswerKey>,
        /// The class that is counted.
        failure: Failure,
        /// For the operator's log, never for a voter.
        message: String,
    },
}

/// A line that is not of the protocol.
#[derive(Debug, thiserror::Error)]
#[error("a line of {length_bytes} bytes is no line of the worker protocol")]
pub struct BadLine {
    /// How long the line was.
    pub length_bytes: usize,
    /// What the decoder says.
    pub source: serde_json::Error,
}

/// Longest line that either side accepts, in bytes.
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// Writes one message as a line with its line feed.
pub fn encode<T: Serialize>(message: &T) -> String {
    let mut line = serde_json::to_string(message).unwrap_or_default();
    line.push('\n');
    line
}

/// Reads one line.
pub fn decode<T: for<'a> Deserialize<'a>>(line: &str) -> Result<T, BadLine> {
    serde_json::from_str(line).map_err(|source| BadLine { length_bytes: line.len(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_one_line_and_is_read_back() {
        let request = Request::Generate {
            key: AnswerKey(7),
            messages: vec![Message { role: Role::User, content: "two\nlines".into() }],
            sampling: Sampling::default(),
            seed: 42,
            conversation: Some(3),
            steps: Some("128t2*3 1t1".parse().unwrap()),
        };

        let line = encode(&request);

        assert_eq!(line.matches('\n').count(), 1);
        assert_eq!(decode::<Request>(&line).unwrap(), request);
    }

    #[test]
    fn garbage_is_an_error_that_does_not_repeat_the_garbage() {
        let error = decode::<Event>("{\"type\":\"token\"").unwrap_err();

        assert_eq!(error.to_string(), "a line of 15 bytes is no line of the worker protocol");
    }
}
