//! One answer in progress: its place in the context, its sampler, its text.

use std::time::Duration;

use arena_core::protocol::{AnswerKey, Usage};
use arena_core::sampling::Sampling;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;

use crate::text::Assembler;

/// One answer that has a sequence of the context to itself.
pub(crate) struct Sequence {
    /// The app's name for the answer.
    pub(crate) key: AnswerKey,
    /// The tokens of the conversation, with those of the answer appended as they come.
    pub(crate) tokens: Vec<LlamaToken>,
    /// How many tokens belong to the conversation.
    pub(crate) prompt_tokens: usize,
    /// How many tokens llama.cpp has evaluated.
    pub(crate) evaluated: usize,
    /// Most tokens of conversation and answer together.
    pub(crate) limit: usize,
    /// Whether no time is to be spent on it.
    pub(crate) paused: bool,
    /// Chooses the next token.
    pub(crate) sampler: LlamaSampler,
    /// Turns tokens into text.
    pub(crate) assembler: Assembler,
    spent: Duration,
    first_token_ms: Option<u64>,
}

impl Sequence {
    /// A sequence about to evaluate its conversation.
    pub(crate) fn new(
        key: AnswerKey,
        tokens: Vec<LlamaToken>,
        limit: usize,
        sampling: &Sampling,
        seed: u32,
        stops: Vec<String>,
    ) -> Self {
        Self {
            key,
            prompt_tokens: tokens.len(),
            tokens,
            evaluated: 0,
            limit,
            paused: false,
            sampler: chain(sampling, seed),
            assembler: Assembler::new(stops),
            spent: Duration::ZERO,
            first_token_ms: None,
        }
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
