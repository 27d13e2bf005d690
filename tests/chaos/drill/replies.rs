//! What an arena answers, sorted by what it means to a voter.

use arena_core::journal::checkpoint::Promise;
use arena_core::journal::note::Verifier;
use doubleblind::journal::receipt::Receipt;
use reqwest::{Client, ClientBuilder, Response, StatusCode};

/// The start of a client. It wants to know its ciphers, although nothing is encrypted here.
pub(crate) fn client() -> ClientBuilder {
    // An error means that they are known already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(std::time::Duration::from_secs(15))
}

/// Where a battle stands, as its page says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Running,
    Complete,
    Failed,
    /// Voted on, skipped or void.
    Over,
    /// Not this voter's any more.
    Gone,
    /// Nobody answers, or with an error.
    Nothing,
}

impl Seen {
    pub(crate) fn of(status: StatusCode, page: &str) -> Self {
        match status {
            StatusCode::OK if page.contains("value=\"both_good\"") => Self::Complete,
            StatusCode::OK if page.contains("Ask the same pair again") => Self::Failed,
            StatusCode::OK if page.contains("data-turn=") || page.contains("data-elsewhere") => {
                Self::Running
            }
            StatusCode::OK => Self::Over,
            StatusCode::NOT_FOUND => Self::Gone,
            _ => Self::Nothing,
        }
    }
}

/// What a voter keeps of an acknowledged vote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) index: u64,
    /// The leaf, where the reply had it.
    pub(crate) leaf: Option<String>,
    /// The signed promise.
    pub(crate) promise: String,
}

/// The answer to one vote that was sent.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Recorded, with a receipt.
    Acknowledged(Kept),
    /// Recorded, says the reply, and gives nothing to keep.
    Bare(String),
    /// Not in the state, or somebody was faster.
    Conflict(String),
    /// Not recorded as far as the server knows: status and reason.
    Refused(String),
    /// No reply, so that nobody knows.
    Silence,
}

impl Reply {
    /// Reads a reply to a vote; `verifier` is the log's key, once it is known.
    pub(crate) async fn read(
        reply: reqwest::Result<Response>,
        verifier: Option<&Verifier>,
    ) -> Self {
        let Ok(response) = reply else { return Self::Silence };
        let status = response.status();
        let Ok(body) = response.text().await else { return Self::Silence };
        match status {
            StatusCode::OK => match serde_json::from_str::<Receipt>(&body) {
                Ok(receipt) => Self::Acknowledged(Kept {
                    index: receipt.index,
                    leaf: Some(receipt.leaf),
                    promise: receipt.receipt,
                }),
                Err(_) => Self::Bare(body),
            },
            StatusCode::SEE_OTHER => {
                let promise = verifier.and_then(|verifier| Promise::open(&body, verifier).ok());
                match promise {
                    Some(promise) => {
                        Self::Acknowledged(Kept { index: promise.index, leaf: None, promise: body })
                    }
                    None => Self::Bare(body),
                }
            }
            StatusCode::CONFLICT => Self::Conflict(reason(status, &body)),
            _ => Self::Refused(reason(status, &body)),
        }
    }
}

/// Status and detail of a problem, without its reference number.
pub(crate) fn reason(status: StatusCode, body: &str) -> String {
    let problem: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let detail = problem.get("detail").and_then(|detail| detail.as_str()).unwrap_or(body);
    let (before, rest) = detail.split_once("reference ").unwrap_or((detail, ""));
    let rest = rest.get(8..).unwrap_or_default();
    let text: String = format!("{before}{rest}").chars().take(160).collect();
    format!("{}: {text}", status.as_u16())
}
