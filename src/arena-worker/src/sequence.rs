//! One answer in progress: its place in the context, its sampler, its text.

use std::collections::VecDeque;
use std::time::Duration;

use arena_core::protocol::{AnswerKey, Usage};
use arena_core::sampling::Sampling;
use arena_core::steps::{Step, Steps};
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;

use crate::text::Assembler;

/// What an answer is made from.
pub(crate) struct Task {
    /// The app's name for the answer.
    pub(crate) key: AnswerKey,
    /// The conversation it belongs to, if there may be a next turn.
    pub(crate) conversation: Option<u64>,
    /// The tokens of the conversation.
    pub(crate) tokens: Vec<LlamaToken>,
    /// SHA-256 of the conversation as text, in hex.
    pub(crate) prompt_sha256: String,
    /// Most tokens of conversation and answer together.
    pub(crate) limit: usize,
    /// Texts that end the answer.
    pub(crate) stops: Vec<String>,
    /// Steps to take again.
    pub(crate) follow: Option<Steps>,
}

/// One answer that has a sequence of the context to itself.
pub(crate) struct Sequence {
    /// The app's name for the answer.
    pub(crate) key: AnswerKey,
    /// The conversation it belongs to, if there may be a next turn.
    pub(crate) conversation: Option<u64>,
    /// The tokens of the conversation, with those of the answer appended as they come.
    pub(crate) tokens: Vec<LlamaToken>,
    /// How many tokens llama.cpp has evaluated.
    pub(crate) evaluated: usize,
    /// Whether no time is to be spent on it.
    pub(crate) paused: bool,
    /// Chooses the next token.
    pub(crate) sampler: LlamaSampler,
    /// Turns tokens into text.
    pub(crate) assembler: Assembler,
    /// How its tokens were evaluated.
    pub(crate) steps: Steps,
    /// Whether those steps can be taken again.
    pub(crate) repeatable: bool,
    /// Steps still to be taken again.
    pub(crate) follow: VecDeque<Step>,
    /// SHA-256 of the conversation as text, in hex.
    pub(crate) prompt_sha256: String,
    prompt_tokens: usize,
    reused_tokens: usize,
    limit: usize,
    spent: Duration,
    first_token_ms: Option<u64>,
}

impl Sequence {
    /// A sequence about to evaluate its conversation.
    pub(crate) fn new(task: Task, sampling: &Sampling, seed: u32) -> Self {
        Self {
            key: task.key,
            conversation: task.conversation,
            prompt_tokens: task.tokens.len(),
            tokens: task.tokens,
            evaluated: 0,
            paused: false,
            sampler: chain(sampling, seed),
            assembler: Assembler::new(task.stops),
            steps: Steps::default(),
            repeatable: true,
            follow: task.follow.iter().flat_map(Steps::iter).collect(),
            prompt_sha256: task.prompt_sha256,
            reused_tokens: 0,
            limit: task.limit,
            spent: Duration::ZERO,
            first_token_ms: None,
        }
    }

    /// Begins behind tokens that an earlier turn has evaluated.
    pub(crate) fn reuse(&mut self, tokens: usize, steps: Steps, repeatable: bool) {
        self.evaluated = tokens;
        // An answer that had to give up its place in the middle counts what it began with.
        self.reused_tokens = tokens.min(self.prompt_tokens);
        self.repeatable &= repeatable;
        self.steps = steps;
    }

    /// Its place is needed: all its tokens will be evaluated again.
    pub(crate) fn forget_evaluated(&mut self) {
        self.evaluated = 0;
        self.reused_tokens = 0;
        self.steps = Steps::default();
        self.repeatable = false;
    }

    /// Writes down a step that it took part in.
    pub(crate) fn note(&mut self, step: Step) {
        self.evaluated += step.tokens as usize;
        self.repeatable &= !step.shared;
        self.steps.push(step);
        let followed = self.follow.pop_front();
        self.repeatable &= followed.is_none_or(|wanted| wanted.tokens == step.tokens);
    }

    /// Adds the time of one decode step that this answer took part in.
    pub(crate) fn spend(&mut self, time: Duration) {
        self.spent += time;
    }

    /// Takes in a sampled token.
    pub(crate) fn accept(&mut self, token: LlamaToken) {
        self.tokens.push(token);
        let spent_ms = milliseconds(self.spent);
        self.first_token_ms.get_or_insert(spent_ms);
    }

    /// Tokens that the model has not seen yet.
    pub(crate) fn pending(&self) -> usize {
        self.tokens.len() - self.evaluated
    }

    /// Whether no further token fits.
    pub(crate) fn full(&self) -> bool {
        self.tokens.len() >= self.limit
    }

    /// Counts and times so far.
    pub(crate) fn usage(&self) -> Usage {
        let total_ms = milliseconds(self.spent);
        let answer_tokens = self.tokens.len() - self.prompt_tokens;
        Usage {
            prompt_tokens: u32::try_from(self.prompt_tokens).unwrap_or(u32::MAX),
            answer_tokens: u32::try_from(answer_tokens).unwrap_or(u32::MAX),
            first_token_ms: self.first_token_ms.unwrap_or(total_ms),
            total_ms,
            reused_tokens: u32::try_from(self.reused_tokens).unwrap_or(u32::MAX),
        }
    }
}

fn chain(sampling: &Sampling, seed: u32) -> LlamaSampler {
    if sampling.temperature <= 0.0 {
        return LlamaSampler::greedy();
    }
    let mut steps = Vec::new();
    if sampling.top_k > 0 {
        steps.push(LlamaSampler::top_k(i32::try_from(sampling.top_k).unwrap_or(i32::MAX)));
    }
    steps.push(LlamaSampler::top_p(sampling.top_p, 1));
    steps.push(LlamaSampler::min_p(sampling.min_p, 1));
    steps.push(LlamaSampler::temp(sampling.temperature));
    steps.push(LlamaSampler::dist(seed));
    LlamaSampler::chain_simple(steps)
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
