//! What every engine offers, whatever runs behind it.

use arena_core::protocol::{Failure, Finish, Message, Record, TemplateSource, Usage};
use arena_core::sampling::Sampling;
use arena_core::steps::Steps;
use tokio::sync::mpsc;

use crate::kit::whereabouts::Destination;

/// One answer to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The conversation, oldest first, ending with the user.
    pub messages: Vec<Message>,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// Seed of the sampler.
    pub seed: u32,
    /// The same for all turns of one side of a battle, so that the next one goes on from the last.
    pub conversation: Option<u64>,
    /// Steps to take again, where an earlier answer is repeated.
    pub steps: Option<Steps>,
}

/// Counts and times of a finished answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Tokens of the rendered conversation; none where the engine does not say.
    pub prompt_tokens: Option<u32>,
    /// Tokens of the answer; none where the engine does not say.
    pub answer_tokens: Option<u32>,
    /// Tokens of the conversation that were still evaluated from an earlier turn; none where the engine does not say.
    pub reused_tokens: Option<u32>,
    /// From the start of the work to the first token, without time paused.
    pub first_token_ms: u64,
    /// From the start of the work to the end, without time paused.
    pub total_ms: u64,
}

impl From<Usage> for Work {
    fn from(usage: Usage) -> Self {
        Self {
            prompt_tokens: Some(usage.prompt_tokens),
            answer_tokens: Some(usage.answer_tokens),
            reused_tokens: Some(usage.reused_tokens),
            first_token_ms: usage.first_token_ms,
            total_ms: usage.total_ms,
        }
    }
}

/// What an answer yields, in this order: any number of texts, perhaps a record, then one end.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// A piece of text, never empty: what the model wrote, reasoning with its marks. Where the template has opened
    /// reasoning, or an endpoint hands it over in a field of its own, the engine adds the marks.
    Text(String),
    /// How the answer was computed, just before its end; remote engines do not say it.
    Record(Box<Record>),
    /// The answer is complete.
    Done {
        /// Why it ended.
        finish: Finish,
        /// Counts and times.
        usage: Work,
    },
    /// The answer cannot be completed.
    Failed {
        /// The class that is counted.
        failure: Failure,
        /// For the operator's log.
        detail: String,
    },
}

/// What can be said to an answer in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Spend no time on it, keep its state.
    Pause,
    /// Go on.
    Resume,
    /// Drop it.
    Cancel,
}

/// The line over which an answer in progress is steered.
#[derive(Clone)]
pub struct Control {
    send: std::sync::Arc<dyn Fn(Order) + Send + Sync>,
}

impl Control {
    /// Passes orders to the given function, which must not block.
    pub fn new(send: impl Fn(Order) + Send + Sync + 'static) -> Self {
        Self { send: std::sync::Arc::new(send) }
    }

    /// Gives one order.
    pub fn order(&self, order: Order) {
        (self.send)(order);
    }
}

/// One answer in progress. Dropping it drops the answer.
pub struct Generation {
    /// The pieces as they come. A channel that closes without an end counts as a failed worker.
    pub outputs: mpsc::UnboundedReceiver<Output>,
    control: Control,
    held: Option<Box<dyn Send>>,
}

impl Generation {
    /// An answer whose pieces arrive on `outputs`.
    pub fn new(outputs: mpsc::UnboundedReceiver<Output>, control: Control) -> Self {
        Self { outputs, control, held: None }
    }

    /// Keeps a value for as long as the answer is in progress.
    pub fn holding(self, value: impl Send + 'static) -> Self {
        let mut generation = self;
        generation.held = Some(Box::new(value));
        generation
    }

    /// Gives an order to the engine.
    pub fn order(&self, order: Order) {
        self.control.order(order);
    }
}

impl Drop for Generation {
    fn drop(&mut self) {
        // Before what is held goes: the engine must still be there to hear it.
        self.control.order(Order::Cancel);
    }
}

/// What a ready engine says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// Name and versions, part of an answer's provenance.
    pub engine: String,
    /// How long loading took.
    pub load_ms: u64,
    /// Tokens that one conversation may have.
    pub context_tokens: u32,
    /// Where the conversation format comes from.
    pub template: TemplateSource,
    /// Process of the worker, for the operator's eyes.
    pub process_id: Option<u32>,
}

/// Something that answers as one model.
pub trait Engine: Send + Sync {
    /// Starts an answer; an engine that cannot says so through the answer's own outputs.
    fn generate(&self, job: Job) -> Generation;

    /// As [`Engine::generate`], for an answer that nobody waits for: it may be ended, as by a dying
    /// worker, where somebody waits for another one.
    fn generate_aside(&self, job: Job) -> Generation {
        self.generate(job)
    }

    /// What the engine is, or nothing while it cannot answer.
    fn readiness(&self) -> Option<Readiness>;

    /// Whether it cannot answer only because it is still loading.
    fn is_starting(&self) -> bool {
        false
    }

    /// Who receives the questions; none when they stay on this machine.
    fn destination(&self) -> Option<Destination> {
        None
    }
}
