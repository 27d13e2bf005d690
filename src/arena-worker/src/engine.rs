//! The decode loop: several answers of one model share every step of llama.cpp.
//!
//! One thread owns the context. A new request joins within one step; a paused one keeps its state
//! and costs nothing; prompts are evaluated in chunks so that a long one does not stop the others.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Instant;

use arena_core::protocol::{AnswerKey, Event, Failure, Finish, Message, Request};
use arena_core::sampling::Sampling;
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::token::LlamaToken;

use crate::numbers;
use crate::options::Options;
use crate::sequence::Sequence;
use crate::template::{Format, TemplateError};
use crate::text::is_mark;

/// Versions that are part of an answer's provenance; they follow the pins in Cargo.toml.
const ENGINE: &str = "llama-cpp-2 0.1.160, llama-cpp-sys-2 0.1.161";
/// Tokens in one decode step; small enough for a sign of life every few seconds on slow machines.
const BATCH_TOKENS: usize = 256;
/// Prompt tokens in one step while other answers are being written.
const SHARED_CHUNK_TOKENS: usize = 64;
/// Shortest answer that must still fit behind a conversation, in tokens.
const SMALLEST_ANSWER_TOKENS: usize = 64;

/// Why the worker cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    #[error("llama.cpp could not start: {0}")]
    Backend(#[source] llama_cpp_2::LlamaCppError),
    #[error("llama.cpp refuses the file: {0}")]
    Load(#[source] llama_cpp_2::LlamaModelLoadError),
    #[error("no context of {tokens} tokens: {source}")]
    Context { tokens: u32, source: llama_cpp_2::LlamaContextLoadError },
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error("the first line must configure the worker")]
    NotConfigured,
    #[error("a decode step failed: {0}")]
    Decode(String),
}

impl EngineError {
    /// The class that is counted.
    pub(crate) fn failure(&self) -> Failure {
        match self {
            Self::Template(_) => Failure::Template,
            Self::Decode(_) => Failure::Decode,
            _ => Failure::Unavailable,
        }
    }
}

/// One loaded model with the answers it is writing.
pub(crate) struct Engine<'m, 'e> {
    model: &'m LlamaModel,
    context: LlamaContext<'m>,
    batch: LlamaBatch<'m>,
    format: Format,
    context_tokens: usize,
    slots: Vec<Option<Sequence>>,
    waiting: VecDeque<Sequence>,
    emit: &'e mut dyn FnMut(&Event),
}

impl<'m, 'e> Engine<'m, 'e> {
    /// Loads the model and serves requests until the sender of `requests` is gone.
    pub(crate) fn run(
        options: &Options,
        requests: &Receiver<Request>,
        emit: &'e mut dyn FnMut(&Event),
    ) -> Result<(), EngineError> {
        let started = Instant::now();
        let Ok(Request::Configure { chat_template }) = requests.recv() else {
            return Err(EngineError::NotConfigured);
        };
        let mut backend = LlamaBackend::init().map_err(EngineError::Backend)?;
        backend.void_logs();
        let model =
            LlamaModel::load_from_file(&backend, &options.model, &LlamaModelParams::default())
                .map_err(EngineError::Load)?;
        let format = format_of(&model, chat_template)?;
        let context_tokens = options.context_tokens.min(model.n_ctx_train().max(256));
        let context = new_context(&backend, &model, options, context_tokens)?;
        let mut engine = Engine {
            model: &model,
            context,
            batch: LlamaBatch::new(BATCH_TOKENS, 1),
            format,
            context_tokens: context_tokens as usize,
            slots: (0..options.sequences).map(|_| None).collect(),
            waiting: VecDeque::new(),
            emit,
        };
        engine.warm_up()?;
        let load_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        (engine.emit)(&Event::Ready {
            load_ms,
            context_tokens,
            sequences: options.sequences,
            threads: options.threads,
            engine: ENGINE.to_owned(),
            template: engine.format.source(),
            confinement: options.confinement,
        });
        engine.serve(requests)
    }

    fn serve(&mut self, requests: &Receiver<Request>) -> Result<(), EngineError> {
        loop {
            self.admit();
            if !self.has_work() {
                match requests.recv() {
                    Ok(request) => self.take(request),
                    Err(_) => return Ok(()),
                }
            }
            loop {
                match requests.try_recv() {
                    // At most one conversation is prepared between two steps.
                    Ok(request @ Request::Generate { .. }) => {
                        self.take(request);
                        break;
                    }
                    Ok(request) => self.take(request),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return Ok(()),
                }
            }
            self.admit();
            self.step()?;
        }
    }

    fn has_work(&self) -> bool {
        self.slots.iter().flatten().any(|sequence| !sequence.paused)
    }

    fn take(&mut self, request: Request) {
        match request {
            Request::Configure { .. } => {}
            Request::Generate { key, messages, sampling, seed } => {
                match self.prepare(key, &messages, &sampling, seed) {
                    Ok(sequence) => self.waiting.push_back(sequence),
                    Err((failure, message)) => {
                        (self.emit)(&Event::Failed { key: Some(key), failure, message });
                    }
                }
            }
            Request::Pause { key } => self.set_paused(key, true),
            Request::Resume { key } => self.set_paused(key, false),
            Request::Cancel { key } => {
                self.waiting.retain(|waiting| waiting.key != key);
                if let Some(slot) = self.slot_of(key) {
                    self.release(slot);
                }
            }
        }
    }

    fn set_paused(&mut self, key: AnswerKey, paused: bool) {
        let all = self.waiting.iter_mut().chain(self.slots.iter_mut().flatten());
        for sequence in all.filter(|sequence| sequence.key == key) {
            sequence.paused = paused;
        }
    }

    fn slot_of(&self, key: AnswerKey) -> Option<usize> {
        self.slots.iter().position(|slot| slot.as_ref().is_some_and(|s| s.key == key))
    }

    /// Frees a sequence and its part of the context. The sequence itself can be admitted again.
    fn release(&mut self, slot: usize) -> Option<Sequence> {
        let id = u32::try_from(slot).ok();
        // Removing a whole sequence cannot fail in llama.cpp; a partial removal can.
        let _ = self.context.clear_kv_cache_seq(id, None, None);
        let mut sequence = self.slots.get_mut(slot).and_then(Option::take)?;
        sequence.evaluated = 0;
        Some(sequence)
    }

    /// Gives places in the context to the answers that have waited longest.
    ///
    /// Where all places are taken, a paused answer gives up its own: it keeps its tokens and its
    /// sampler, and is evaluated again when it goes on.
    fn admit(&mut self) {
        while let Some(next) = self.waiting.iter().position(|sequence| !sequence.paused) {
            let Some(slot) = self.free_slot() else { return };
            let Some(sequence) = self.waiting.remove(next) else { return };
            self.slots[slot] = Some(sequence);
        }
    }

    fn free_slot(&mut self) -> Option<usize> {
        let free = self.slots.iter().position(Option::is_none);
        free.or_else(|| {
            let paused = |slot: &Option<Sequence>| slot.as_ref().is_some_and(|s| s.paused);
            let slot = self.slots.iter().position(paused)?;
            let parked = self.release(slot)?;
            self.waiting.push_back(parked);
            Some(slot)
        })
    }

    fn prepare(
        &self,
        key: AnswerKey,
        messages: &[Message],
        sampling: &Sampling,
        seed: u32,
    ) -> Result<Sequence, (Failure, String)> {
        let messages = neutralise(self.model, messages);
        let text = self
            .format
            .render(&messages)
            .map_err(|error| (Failure::Template, error.to_string()))?;
        let tokens = tokenize(self.model, &text);
        if tokens.is_empty() || tokens.len() + SMALLEST_ANSWER_TOKENS > self.context_tokens {
            let message = format!("{} tokens in {}", tokens.len(), self.context_tokens);
            return Err((Failure::TooLong, message));
        }
        let limit = self.context_tokens.min(tokens.len() + sampling.max_tokens as usize);
        Ok(Sequence::new(key, tokens, limit, sampling, seed, self.format.stops()))
    }

    /// One decode step over everything that is not paused, then one token for each answer.
    fn step(&mut self) -> Result<(), EngineError> {
        self.batch.clear();
        let active = self.slots.iter().flatten().filter(|sequence| !sequence.paused).count();
        let chunk = if active > 1 { SHARED_CHUNK_TOKENS } else { BATCH_TOKENS };
        let mut sampled_at = Vec::with_capacity(active);
        for (slot, sequence) in self.slots.iter_mut().enumerate() {
            let Some(sequence) = sequence.as_mut().filter(|sequence| !sequence.paused) else {
                continue;
            };
            let room = BATCH_TOKENS.saturating_sub(self.batch.n_tokens() as usize);
            let count = sequence.pending().min(chunk).min(room);
            let last = sequence.evaluated + count == sequence.tokens.len();
            for i in 0..count {
                let position = sequence.evaluated + i;
                let logits = last && i + 1 == count;
                self.batch
                    .add(sequence.tokens[position], position as i32, &[slot as i32], logits)
                    .map_err(|error| EngineError::Decode(error.to_string()))?;
            }
            sequence.evaluated += count;
            if last && count > 0 {
                sampled_at.push((slot, self.batch.n_tokens() - 1));
            }
        }
        if self.batch.n_tokens() == 0 {
            return Ok(());
        }
        let started = Instant::now();
        self.context
            .decode(&mut self.batch)
            .map_err(|error| EngineError::Decode(error.to_string()))?;
        let spent = started.elapsed();
        for sequence in self.slots.iter_mut().flatten().filter(|sequence| !sequence.paused) {
            sequence.spend(spent);
        }
        if sampled_at.is_empty() {
            (self.emit)(&Event::Alive);
        }
        for (slot, at) in sampled_at {
            self.advance(slot, at);
        }
        Ok(())
    }

    /// Samples one token of one answer and ends the answer where it is complete.
    fn advance(&mut self, slot: usize, at: i32) {
        let Some(sequence) = self.slots.get_mut(slot).and_then(Option::as_mut) else { return };
        if !numbers::can_be_sampled(self.context.get_logits_ith(at)) {
            let (key, failure) = (sequence.key, Failure::Decode);
            self.release(slot);
            let message = numbers::NOT_FINITE.to_owned();
            return (self.emit)(&Event::Failed { key: Some(key), failure, message });
        }
        // `sample` accepts the token too: a second `accept` would count it twice.
        let token = sequence.sampler.sample(&self.context, at);
        let finish = if self.model.vocab().is_eog(token) {
            Some(Finish::Stop)
        } else {
            sequence.accept(token);
            let piece = self.model.vocab().token_to_piece(token, false, None);
            let shown: &[u8] = if is_mark(&piece) { b"" } else { &piece };
            let text = sequence.assembler.push(shown);
            let key = sequence.key;
            if !text.is_empty() {
                (self.emit)(&Event::Token { key, text });
            }
            match (sequence.assembler.stopped(), sequence.full()) {
                (true, _) => Some(Finish::Stop),
                (false, true) => Some(Finish::Length),
                (false, false) => None,
            }
        };
        if let Some(finish) = finish {
            self.end(slot, finish);
        }
    }

    fn end(&mut self, slot: usize, finish: Finish) {
        let Some(mut sequence) = self.release(slot) else { return };
        let key = sequence.key;
        let text = sequence.assembler.finish();
        if !text.is_empty() {
            (self.emit)(&Event::Token { key, text });
        }
        (self.emit)(&Event::Done { key, finish, usage: sequence.usage() });
    }

    /// Touches every weight once, so that the first battle does not wait for the disk.
    fn warm_up(&mut self) -> Result<(), EngineError> {
        let decode = |error: String| EngineError::Decode(error);
        self.batch.clear();
        let token = tokenize(self.model, "a").first().copied().unwrap_or(LlamaToken::new(0));
        self.batch.add(token, 0, &[0], true).map_err(|error| decode(error.to_string()))?;
        self.context.decode(&mut self.batch).map_err(|error| decode(error.to_string()))?;
        self.release(0);
        Ok(())
    }
}

fn format_of(model: &LlamaModel, given: Option<String>) -> Result<Format, EngineError> {
    let piece = |token| {
        let bytes = model.vocab().token_to_piece(token, true, None);
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let from_file = model.meta_val_str("tokenizer.chat_template").ok();
    let (bos, eos) = (model.vocab().bos(), model.vocab().eos());
    let text = |token: LlamaToken| if token.0 < 0 { String::new() } else { piece(token) };
    Ok(Format::new(given, from_file, text(bos), text(eos))?)
}

fn new_context<'m>(
    backend: &LlamaBackend,
    model: &'m LlamaModel,
    options: &Options,
    context_tokens: u32,
) -> Result<LlamaContext<'m>, EngineError> {
    let threads = i32::try_from(options.threads).unwrap_or(1);
    let params = LlamaContextParams::default()
        .with_n_ctx(NonZeroU32::new(context_tokens.saturating_mul(options.sequences)))
        .with_n_seq_max(options.sequences)
        .with_n_batch(BATCH_TOKENS as u32)
        .with_n_ubatch(BATCH_TOKENS as u32)
        .with_n_threads(threads)
        .with_n_threads_batch(threads)
        .with_kv_unified(false);
    model
        .new_context(backend, params)
        .map_err(|source| EngineError::Context { tokens: context_tokens, source })
}

/// A template writes the beginning-of-text token itself where it wants one; a doubled one is dropped.
fn tokenize(model: &LlamaModel, text: &str) -> Vec<LlamaToken> {
    let vocab = model.vocab();
    let mut tokens = vocab.tokenize(text.as_bytes(), true, true);
    if tokens.len() > 1 && tokens[0] == vocab.bos() && tokens[1] == vocab.bos() {
        tokens.remove(0);
    }
    tokens
}

/// Breaks up control tokens that a voter or a model wrote as text, so that nobody can end a turn or
/// open another one from inside a message.
fn neutralise(model: &LlamaModel, messages: &[Message]) -> Vec<Message> {
    let vocab = model.vocab();
    let mut messages = messages.to_vec();
    for message in messages.iter_mut().filter(|message| message.content.contains(['<', '['])) {
        for token in vocab.tokenize(message.content.as_bytes(), false, true) {
            if !vocab.is_control(token) {
                continue;
            }
            let piece =
                String::from_utf8_lossy(&vocab.token_to_piece(token, true, None)).into_owned();
            let mut letters = piece.chars();
            if let Some(first) = letters.next() {
                let broken = format!("{first}\u{2060}{}", letters.as_str());
                message.content = message.content.replace(&piece, &broken);
            }
        }
    }
    messages
}
