//! What goes wrong with an endpoint, in our words: none of its own reach a log or a voter.

use arena_core::protocol::Failure;
use reqwest::StatusCode;

use super::address::AddressError;
use super::sse::Malformed;

#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error("the endpoint cannot be reached: {0}")]
    Unreachable(&'static str),
    #[error("the endpoint refuses with status {}{said}", status.as_u16())]
    Refused { status: StatusCode, said: String },
    #[error("the answer is no event stream")]
    NotAStream,
    #[error("the stream is malformed: {0}")]
    Malformed(#[from] Malformed),
    #[error("an event is no JSON of the interface")]
    NotJson,
    #[error("the endpoint reports an error in the middle of an answer")]
    ErrorInside,
    #[error("the stream ended before the answer did")]
    EndedEarly,
    #[error("the answer ended for a reason that is not the model's")]
    NotItsEnd,
    #[error("more text than was asked for")]
    TooMuchText,
    #[error("no text in time")]
    SlowStart,
    #[error("the answer stopped in the middle")]
    Idle,
    #[error("the answer took too long")]
    Total,
}

impl Problem {
    /// The class that is counted for the model.
    pub(super) fn failure(&self) -> Failure {
        match self {
            Self::Address(_) | Self::Unreachable(_) => Failure::Unavailable,
            Self::Refused { status, .. } if is_about_the_request(*status) => Failure::Decode,
            Self::Refused { .. } => Failure::Unavailable,
            Self::NotAStream
            | Self::Malformed(_)
            | Self::NotJson
            | Self::ErrorInside
            | Self::NotItsEnd
            | Self::TooMuchText => Failure::Decode,
            Self::EndedEarly => Failure::WorkerDied,
            Self::SlowStart | Self::Idle | Self::Total => Failure::Timeout,
        }
    }

    /// Whether the same request may well succeed a moment later.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::EndedEarly => true,
            Self::Refused { status, .. } => {
                matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
            }
            _ => false,
        }
    }
}

fn is_about_the_request(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 413 | 415 | 422)
}

/// The text of such an error may repeat addresses; its kind does not.
impl From<reqwest::Error> for Problem {
    fn from(error: reqwest::Error) -> Self {
        Self::Unreachable(match error {
            error if error.is_timeout() => "no connection in time",
            error if error.is_connect() => "no connection",
            _ => "the connection broke",
        })
    }
}
