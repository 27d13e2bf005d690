//! Why workers are not there.

use std::path::PathBuf;
use std::time::Duration;

use arena_core::confinement::Shortfall;

use crate::pool::Fault;

/// Why a worker did not become or stay ready.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkerError {
    /// The program could not be started.
    #[error("the worker program {path} could not be started: {reason}")]
    NotStarted {
        /// Which program.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The model's file is not the one that was registered.
    #[error("{0}")]
    File(String),
    /// It said that it cannot go on.
    #[error("{0}")]
    Refused(String),
    /// A step of its model failed while it was answering.
    #[error("{0}")]
    Broken(String),
    /// It ended.
    #[error("the worker ended without a word{0}")]
    Died(String),
    /// It is asked for text and says nothing.
    #[error("the worker owed text and said nothing for {0:?}")]
    Hung(Duration),
    /// It did not become ready in time.
    #[error("the worker was not ready after {0:?}")]
    TooSlow(Duration),
    /// It goes on with answers that were cancelled.
    #[error("the worker goes on with answers that nobody waits for")]
    Babbling,
    /// It has locked itself in less than the settings ask for.
    #[error(transparent)]
    Unconfined(#[from] Shortfall),
}

impl WorkerError {
    /// The class that counts towards quarantine; none where the model is not to blame.
    pub(super) fn fault(&self) -> Option<Fault> {
        match self {
            Self::Died(_) | Self::Babbling => Some(Fault::Died),
            Self::Broken(_) => Some(Fault::Decode),
            Self::Hung(_) | Self::TooSlow(_) => Some(Fault::Hung),
            Self::NotStarted { .. } | Self::File(_) | Self::Refused(_) | Self::Unconfined(_) => {
                None
            }
        }
    }
}
