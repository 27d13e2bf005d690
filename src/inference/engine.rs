//! What every engine offers, whatever runs behind it.

use arena_core::protocol::{Failure, Finish, Message, Record, TemplateSource, Usage};
use arena_core::sampling::Sampling;
use arena_core::steps::Steps;
use tokio::sync::mpsc;

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

/// What an answer yields, in this order: any number of texts, perhaps a record, then one end.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// A piece of text, never empty.
    Text(String),
    /// How the answer was computed, just before its end; remote engines do not say it.
    Record(Box<Record>),
    /// The answer is complete.
    Done {
        /// Why it ended.
        finish: Finish,
        /// Counts and times.
        usage: Usage,
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
}

impl Generation {
    /// An answer whose pieces arrive on `outputs`.
    pub fn new(outputs: mpsc::UnboundedReceiver<Output>, control: Control) -> Self {
        Self { outputs, control }
    }

    /// Gives an order to the engine.
    pub fn order(&self, order: Order) {
        self.control.order(order);
    }
}

impl Drop for Generation {
    fn drop(&mut self) {
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

    /// What the engine is, or nothing while it cannot answer.
    fn readiness(&self) -> Option<Readiness>;
}
