//! Why battles are not opened or changed.

use arena_core::ids::BattleId;

use super::{MAX_PROMPT_CHARS, Refusal};
use crate::journal::JournalError;
use crate::pool::PoolError;

/// Why a battle was not opened or changed.
#[derive(Debug, thiserror::Error)]
pub enum BattleError {
    /// The question is empty.
    #[error("the question is empty; write what you want to ask")]
    EmptyPrompt,
    /// The question is too long.
    #[error("the question has {0} characters; at most {MAX_PROMPT_CHARS} fit")]
    PromptTooLong(usize),
    /// The conversation may not fit into some model's context.
    #[error(
        "question, earlier turns and answers together have {bytes} bytes, and {room} fit into every \
         model of this arena; ask a shorter question or start another battle"
    )]
    ConversationTooLong {
        /// Of the whole conversation.
        bytes: usize,
        /// What is allowed.
        room: usize,
    },
    /// Too many battles are in progress.
    #[error(transparent)]
    Busy(#[from] Refusal),
    /// No such question in the evaluation sets.
    #[error("this question is not in any evaluation set")]
    UnknownQuestion,
    /// Missing, or somebody else's.
    #[error("battle {0} is unknown")]
    Unknown(BattleId),
    /// The battle is not in a state that allows it.
    #[error("{0}")]
    NotNow(&'static str),
    /// The pool could not yield a pair.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The operating system gave no randomness.
    #[error("no randomness from the operating system")]
    Randomness,
    /// The change could not be recorded.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The database failed.
    #[error("the battle could not be stored")]
    Store(#[from] sqlx::Error),
}
