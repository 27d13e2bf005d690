//! The words of the interface: what is asked, and what a piece of a streamed answer says.

use arena_core::protocol::{Finish, Message, Role};
use serde::{Deserialize, Serialize};

use crate::inference::Job;

#[derive(Serialize)]
pub(super) struct Question<'a> {
    model: &'a str,
    messages: Vec<Said<'a>>,
    stream: bool,
    stream_options: StreamOptions,
    temperature: f32,
    top_p: f32,
    top_k: u32,
    min_p: f32,
    max_tokens: u32,
    seed: u32,
}

#[derive(Serialize)]
struct Said<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// The request of a job; sampling settings and seed are passed as they are.
pub(super) fn question<'a>(model: &'a str, job: &'a Job) -> Question<'a> {
    let said = |message: &'a Message| Said {
        role: match message.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        },
        content: &message.content,
    };
    let sampling = &job.sampling;
    Question {
        model,
        messages: job.messages.iter().map(said).collect(),
        stream: true,
        stream_options: StreamOptions { include_usage: true },
        temperature: sampling.temperature,
        top_p: sampling.top_p,
        top_k: sampling.top_k,
        min_p: sampling.min_p,
        max_tokens: sampling.max_tokens,
        seed: job.seed,
    }
}

/// One event of the stream. Unknown fields are left alone: every server has some of its own.
#[derive(Deserialize)]
pub(super) struct Chunk {
    #[serde(default)]
    pub(super) choices: Vec<Choice>,
    #[serde(default)]
    pub(super) usage: Option<Counts>,
    /// Some servers report a failure in the middle of a stream so.
    #[serde(default)]
    pub(super) error: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct Choice {
    #[serde(default)]
    pub(super) index: u32,
    #[serde(default)]
    pub(super) delta: Delta,
    #[serde(default)]
    pub(super) finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
pub(super) struct Delta {
    #[serde(default)]
    pub(super) content: Option<String>,
    /// llama-server, vLLM until 0.11, DeepSeek.
    #[serde(default)]
    reasoning_content: Option<String>,
    /// Later vLLM, gateways.
    #[serde(default)]
    reasoning: Option<String>,
}

impl Delta {
    /// What the model thinks before it answers, where the server keeps it apart.
    pub(super) fn thought(&self) -> Option<&str> {
        self.reasoning_content.as_deref().or(self.reasoning.as_deref())
    }
}

#[derive(Clone, Copy, Deserialize)]
pub(super) struct Counts {
    #[serde(default)]
    pub(super) prompt_tokens: Option<u32>,
    #[serde(default)]
    pub(super) completion_tokens: Option<u32>,
}

/// Why an answer ended; none for reasons that are not the model's own, such as a filter.
pub(super) fn finish(reason: &str) -> Option<Finish> {
    match reason {
        "stop" | "eos" | "eos_token" | "end_turn" | "stop_sequence" => Some(Finish::Stop),
        "length" | "max_tokens" => Some(Finish::Length),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use arena_core::sampling::Sampling;

    use super::*;

    #[test]
    fn the_request_has_the_settings_of_every_other_model() {
        let message = |role, content: &str| Message { role, content: content.to_owned() };
        let job = Job {
            messages: vec![message(Role::System, "Be kind."), message(Role::User, "Why?")],
            sampling: Sampling::default(),
            seed: 4_000_000_000,
            conversation: None,
            steps: None,
        };

        let text = serde_json::to_string(&question("m", &job)).unwrap();

        assert_eq!(
            text,
            r#"{"model":"m","messages":[{"role":"system","content":"Be kind."},{"role":"user","content":"Why?"}],"stream":true,"stream_options":{"include_usage":true},"temperature":0.7,"top_p":0.95,"top_k":40,"min_p":0.05,"max_tokens":512,"seed":4000000000}"#
        );
    }

    #[test]
    fn a_chunk_is_read_with_nulls_and_unknown_fields() {
        let text = r#"{"id":1,"choices":[{"index":0,"delta":{"role":"assistant","content":null},"finish_reason":null,"logprobs":null}],"usage":null,"timings":{}}"#;

        let chunk: Chunk = serde_json::from_str(text).unwrap();

        assert!(chunk.choices[0].delta.content.is_none() && chunk.usage.is_none());
        assert!(chunk.error.is_none());
    }

    #[test]
    fn a_filter_is_no_end_of_an_answer() {
        assert_eq!(finish("stop"), Some(Finish::Stop));
        assert_eq!(finish("length"), Some(Finish::Length));
        assert_eq!(finish("content_filter"), None);
    }
}
