//! The decode loop: several answers of one model share every step of llama.cpp.
//!
//! One thread owns the context. A new request joins within one step; a paused one keeps its state
//! and costs nothing; prompts are evaluated in chunks so that a long one does not stop the others.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Instant;

use arena_core::protocol::{AnswerKey, Event, Failure, Finish, Record, Request};
use arena_core::steps::Step;
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::token::LlamaToken;

use crate::allowance::Allowance;
use crate::load::{format_of, new_context};
use crate::native;
use crate::numbers;
use crate::options::Options;
use crate::places::{self, Places};
use crate::prompt::{neutralise, opening, sha256, tokenize};
use crate::sequence::{Sequence, Task};
use crate::stops::Stops;
use crate::template::{Format, TemplateError};
use crate::text::is_mark;

/// Versions that are part of an answer's provenance; they follow the pins in Cargo.toml.
const ENGINE: &str = "llama-cpp-2 0.1.160, llama-cpp-sys-2 0.1.161";
/// Most tokens in one decode step.
pub(crate) const BATCH_TOKENS: usize = 256;
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
    stops: Stops,
    context_tokens: usize,
    places: Places,
    waiting: VecDeque<Box<Sequence>>,
    allowance: Allowance,
    /// Threads that the app grants, and those of the last step.
    granted: u32,
    in_force: u32,
    /// What all answers have in common.
    record: Record,
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
        let (format, template_sha256) = format_of(&model, chat_template)?;
        let context_tokens = options.context_tokens.min(model.n_ctx_train().max(256));
        let context = new_context(&backend, &model, options, context_tokens)?;
        let record = Record {
            features: native::features(),
            context_tokens,
            batch_tokens: BATCH_TOKENS as u32,
            sequences: options.sequences,
            template_sha256,
            ..Record::default()
        };
        let mut engine = Engine {
            model: &model,
            context,
            batch: LlamaBatch::new(BATCH_TOKENS, 1),
            stops: Stops::of(&model, format.stops()),
            format,
            context_tokens: context_tokens as usize,
            places: Places::new(options.sequences),
            waiting: VecDeque::new(),
            allowance: Allowance::new(BATCH_TOKENS),
            granted: options.threads,
            in_force: options.threads,
            record,
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

    fn has_work(&mut self) -> bool {
        self.places.running().next().is_some()
    }

    fn take(&mut self, request: Request) {
        match request {
            Request::Configure { .. } => {}
            Request::Generate { key, .. } => match self.prepare(request) {
                Ok(sequence) => self.waiting.push_back(Box::new(sequence)),
                Err((failure, message)) => {
                    (self.emit)(&Event::Failed { key: Some(key), failure, message });
                }
            },
            Request::Threads { count } => self.granted = count.max(1),
            Request::Pause { key } => self.set_paused(key, true),
            Request::Resume { key } => self.set_paused(key, false),
            Request::Cancel { key } => {
                self.waiting.retain(|waiting| waiting.key != key);
                if let Some((place, _)) = self.places.find(key) {
                    self.places.end(&mut self.context, place);
                }
            }
        }
    }

    fn set_paused(&mut self, key: AnswerKey, paused: bool) {
        if let Some((_, sequence)) = self.places.find(key) {
            sequence.paused = paused;
        }
        for sequence in self.waiting.iter_mut().filter(|sequence| sequence.key == key) {
            sequence.paused = paused;
        }
    }

    /// Gives places in the context to the answers that have waited longest.
    ///
    /// Where all places are taken, a paused answer gives up its own: it keeps its tokens and its
    /// sampler, and is evaluated again when it goes on.
    fn admit(&mut self) {
        while let Some(next) = self.waiting.iter().position(|sequence| !sequence.paused) {
            let Some(sequence) = self.waiting.remove(next) else { return };
            match self.places.admit(&mut self.context, sequence) {
                Ok(parked) => self.waiting.extend(parked),
                Err(sequence) => {
                    self.waiting.insert(next, sequence);
                    return;
                }
            }
        }
    }

    fn prepare(&mut self, request: Request) -> Result<Sequence, (Failure, String)> {
        let Request::Generate { key, messages, sampling, seed, conversation, steps } = request
        else {
            return Err((Failure::Decode, "no request for an answer".to_owned()));
        };
        let messages = neutralise(self.model, &messages);
        let template = |error: TemplateError| (Failure::Template, error.message_or_exit());
        let text = self.format.render(&messages).map_err(template)?;
        let tokens = tokenize(self.model, &text);
        if tokens.is_empty() || tokens.len() + SMALLEST_ANSWER_TOKENS > self.context_tokens {
            let message = format!("{} tokens in {}", tokens.len(), self.context_tokens);
            return Err((Failure::TooLong, message));
        }
        opening(key, &text).iter().for_each(|event| (self.emit)(event));
        let task = Task {
            key,
            conversation,
            limit: self.context_tokens.min(tokens.len() + sampling.max_tokens as usize),
            tokens,
            prompt_sha256: sha256(&text),
            stops: self.stops.texts(),
            follow: steps,
        };
        Ok(Sequence::new(task, &sampling, seed))
    }

    /// One decode step over everything that is not paused, then one token for each answer.
    fn step(&mut self) -> Result<(), EngineError> {
        let plan = self.plan();
        if plan.parts.is_empty() {
            return Ok(());
        }
        self.use_threads(plan.threads);
        let sampled_at = self.fill(&plan)?;
        let started = Instant::now();
        self.context
            .decode(&mut self.batch)
            .map_err(|error| EngineError::Decode(error.to_string()))?;
        let spent = started.elapsed();
        self.allowance.learn(plan.reading_tokens, plan.writing, spent);
        for (_, sequence) in self.places.running() {
            sequence.spend(spent);
        }
        if sampled_at.is_empty() {
            (self.emit)(&Event::Alive);
        }
        for (place, at) in sampled_at {
            self.advance(place, at);
        }
        Ok(())
    }

    /// How many tokens of which answer the next step holds: one of each answer being written, and
    /// of conversations still being read as many as the measured speed allows.
    fn plan(&mut self) -> Plan {
        let mut pending: Vec<_> = self.places.running().map(|(at, s)| (at, s.pending())).collect();
        let writing = pending.iter().filter(|(_, pending)| *pending == 1).count();
        let readers = pending.len() - writing;
        let room = BATCH_TOKENS.saturating_sub(writing);
        let reading = self.allowance.tokens(writing).min(room);
        let share = reading.checked_div(readers).unwrap_or(0).max(1);
        if reading == 0 {
            pending.retain(|(_, pending)| *pending == 1);
        }
        let mut plan = Plan { parts: pending, threads: self.granted, reading_tokens: 0, writing };
        // An answer that repeats another one takes the steps of that one while it is alone.
        let followed = match &plan.parts[..] {
            [(at, _)] => self.places.at(*at).and_then(|s| s.follow.front().copied()),
            _ => None,
        };
        let most = followed.map_or(share, |step| (step.tokens as usize).clamp(1, BATCH_TOKENS));
        plan.threads = followed.map_or(self.granted, |step| step.threads.clamp(1, 1024));
        for (_, count) in plan.parts.iter_mut().filter(|(_, pending)| *pending > 1) {
            *count = most.min(*count);
            plan.reading_tokens += *count;
        }
        plan
    }

    /// Threads change between steps and never within one.
    fn use_threads(&mut self, count: u32) {
        if count != self.in_force && native::set_threads(&mut self.context, count) {
            self.allowance.rescale(self.in_force, count);
            self.in_force = count;
        }
    }

    /// Writes the planned tokens into the batch and says which answers gain a token, and where.
    fn fill(&mut self, plan: &Plan) -> Result<Vec<(usize, i32)>, EngineError> {
        self.batch.clear();
        let mut sampled_at = Vec::with_capacity(plan.parts.len());
        for &(place, count) in &plan.parts {
            let Some(sequence) = self.places.at(place) else { continue };
            let last = count == sequence.pending();
            for i in 0..count {
                let position = sequence.evaluated + i;
                let logits = last && i + 1 == count;
                self.batch
                    .add(sequence.tokens[position], position as i32, &[place as i32], logits)
                    .map_err(|error| EngineError::Decode(error.to_string()))?;
            }
            let tokens = u32::try_from(count).unwrap_or(u32::MAX);
            let shared = plan.parts.len() > 1;
            sequence.note(Step { tokens, threads: self.in_force, shared });
            if last {
                sampled_at.push((place, self.batch.n_tokens() - 1));
            }
        }
        Ok(sampled_at)
    }

    /// Samples one token of one answer and ends the answer where it is complete.
    fn advance(&mut self, place: usize, at: i32) {
        let Some(sequence) = self.places.at(place) else { return };
        if !numbers::can_be_sampled(self.context.get_logits_ith(at)) {
            let (key, failure) = (sequence.key, Failure::Decode);
            self.places.end(&mut self.context, place);
            let message = numbers::NOT_FINITE.to_owned();
            return (self.emit)(&Event::Failed { key: Some(key), failure, message });
        }
        // `sample` accepts the token too: a second `accept` would count it twice.
        let token = sequence.sampler.sample(&self.context, at);
        let finish = if self.model.vocab().is_eog(token) || self.stops.ends(token) {
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
            self.end(place, finish);
        }
    }

    fn end(&mut self, place: usize, finish: Finish) {
        let Some(mut sequence) = self.places.end(&mut self.context, place) else { return };
        let key = sequence.key;
        let text = sequence.assembler.finish();
        if !text.is_empty() {
            (self.emit)(&Event::Token { key, text });
        }
        let usage = sequence.usage();
        let record = Record {
            prompt_sha256: sequence.prompt_sha256,
            steps: sequence.steps,
            repeatable: sequence.repeatable,
            ..self.record.clone()
        };
        (self.emit)(&Event::Record { key, record });
        (self.emit)(&Event::Done { key, finish, usage });
    }

    /// Touches every weight once, so that the first battle does not wait for the disk.
    fn warm_up(&mut self) -> Result<(), EngineError> {
        let decode = |error: String| EngineError::Decode(error);
        self.batch.clear();
        let token = tokenize(self.model, "a").first().copied().unwrap_or(LlamaToken::new(0));
        self.batch.add(token, 0, &[0], true).map_err(|error| decode(error.to_string()))?;
        self.context.decode(&mut self.batch).map_err(|error| decode(error.to_string()))?;
        places::clear(&mut self.context, 0);
        Ok(())
    }
}

/// What the next step consists of.
struct Plan {
    /// Places with the number of their tokens.
    parts: Vec<(usize, usize)>,
    threads: u32,
    reading_tokens: usize,
    writing: usize,
}
