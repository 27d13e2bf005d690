//! A model behind an OpenAI-compatible endpoint: asked over HTTP, watched by a cheap question now and then.
//!
//! What comes back is read as input from a stranger: bounded in size and time, and no word of it
//! but the answer's text goes further than the operator's trial.

mod address;
mod answer;
mod health;
mod problem;
mod sse;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use arena_core::protocol::Failure;
use reqwest::{Client, redirect};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;

use super::engine::{Control, Engine, Generation, Job, Order, Output, Readiness};
use crate::kit::whereabouts::Destination;
use crate::pool::Endpoint;

pub use address::{AddressError, bearer, is_private, normal};

use health::Status;

/// How long an endpoint may take for what.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a connection, its encryption included.
    pub connect: Duration,
    /// From the start of an answer to its first text, all tries included.
    pub first_text: Duration,
    /// Between two pieces of text.
    pub idle: Duration,
    /// For a whole answer. Time in which it is paused counts nowhere.
    pub total: Duration,
    /// For the counts that follow the end of an answer.
    pub counts: Duration,
    /// How often an answer is asked for that has no text yet.
    pub tries: u32,
    /// Wait before the second try; it doubles from one to the next.
    pub first_pause: Duration,
    /// How often an endpoint that answers is looked at.
    pub look_every: Duration,
    /// Longest wait before an endpoint that does not answer is looked at again.
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_text: Duration::from_secs(60),
            idle: Duration::from_secs(60),
            total: Duration::from_secs(600),
            counts: Duration::from_secs(2),
            tries: 4,
            first_pause: Duration::from_millis(250),
            look_every: Duration::from_secs(15),
            longest_pause: Duration::from_secs(60),
        }
    }
}

/// The engine of a model that somebody else runs.
pub struct RemoteEngine {
    line: Arc<Line>,
    status: watch::Receiver<Status>,
    watching: JoinHandle<()>,
}

/// What asking an endpoint takes.
struct Line {
    label: String,
    endpoint: Endpoint,
    context_tokens: u32,
    patience: Patience,
    client: Client,
    /// Whether a refusal's words are told: to the operator who tries an endpoint, to nobody else.
    quoting: bool,
    /// Something went wrong: the endpoint is looked at now.
    doubt: Notify,
}

impl RemoteEngine {
    /// Watches an endpoint until the value is dropped.
    pub fn start(
        label: &str,
        endpoint: Endpoint,
        context_tokens: u32,
        patience: Patience,
    ) -> Result<Self, reqwest::Error> {
        Self::open(label, endpoint, context_tokens, patience, false)
    }

    /// As [`RemoteEngine::start`]; failures repeat what the endpoint says, for the operator who adds it.
    pub fn on_trial(endpoint: Endpoint, context_tokens: u32) -> Result<Self, reqwest::Error> {
        Self::open("trial", endpoint, context_tokens, Patience::default(), true)
    }

    fn open(
        label: &str,
        endpoint: Endpoint,
        context_tokens: u32,
        patience: Patience,
        quoting: bool,
    ) -> Result<Self, reqwest::Error> {
        let line = Arc::new(Line {
            label: label.to_owned(),
            endpoint,
            context_tokens,
            patience,
            client: client(patience.connect)?,
            quoting,
            doubt: Notify::new(),
        });
        let (report, status) = watch::channel(Status::Unknown);
        let watching = tokio::spawn(health::keep_watch(Arc::clone(&line), report));
        Ok(Self { line, status, watching })
    }

    /// Waits for the first look at the endpoint; says why it cannot be used.
    pub async fn wait_ready(&self) -> Result<Readiness, String> {
        let mut status = self.status.clone();
        let settled = status.wait_for(|status| !matches!(status, Status::Unknown)).await;
        match settled.as_deref() {
            Ok(Status::Ready { load_ms }) => Ok(self.line.readiness(*load_ms)),
            Ok(Status::Down(reason)) => Err(reason.clone()),
            Ok(Status::Unknown) | Err(_) => Err("nobody looks at it any more".to_owned()),
        }
    }
}

impl Line {
    fn readiness(&self, load_ms: u64) -> Readiness {
        let Endpoint { operator, model, .. } = &self.endpoint;
        Readiness {
            engine: format!("endpoint of {operator}, model {model}"),
            load_ms,
            context_tokens: self.context_tokens,
            template: arena_core::protocol::TemplateSource::Endpoint,
            process_id: None,
        }
    }
}

impl Drop for RemoteEngine {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

impl Engine for RemoteEngine {
    fn generate(&self, job: Job) -> Generation {
        let (sender, outputs) = mpsc::unbounded_channel();
        let (orders, order) = watch::channel(Order::Resume);
        let control = Control::new(move |order| {
            orders.send_replace(order);
        });
        if self.readiness().is_none() {
            // As a worker that does not run: at once.
            let detail = "the endpoint does not answer".to_owned();
            let _ = sender.send(Output::Failed { failure: Failure::Unavailable, detail });
        } else {
            tokio::spawn(answer::write(Arc::clone(&self.line), job, order, sender));
        }
        Generation::new(outputs, control)
    }

    fn readiness(&self) -> Option<Readiness> {
        match &*self.status.borrow() {
            Status::Ready { load_ms } => Some(self.line.readiness(*load_ms)),
            Status::Unknown | Status::Down(_) => None,
        }
    }

    fn destination(&self) -> Option<Destination> {
        Some(self.line.endpoint.operator.clone())
    }
}

/// A client that goes to the address it is given and nowhere else: no redirect, no proxy.
fn client(connect: Duration) -> Result<Client, reqwest::Error> {
    // An error means that the process has a provider already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("doubleblind/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(connect)
        // Shorter than the five seconds after which llama-server closes an idle connection.
        .pool_idle_timeout(Duration::from_secs(4))
        .build()
}

/// Looks at an endpoint once, without starting anything; for the doctor.
pub async fn probe(endpoint: &Endpoint) -> Result<(), String> {
    let patience = Patience::default();
    let client = client(patience.connect).map_err(|error| error.to_string())?;
    health::look(&client, endpoint, patience).await.map_err(|problem| problem.to_string())
}
