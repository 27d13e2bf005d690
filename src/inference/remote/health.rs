//! Whether an endpoint answers: a cheap question now and then, rarer while it does not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Client;
use reqwest::header::AUTHORIZATION;
use tokio::sync::watch;

use super::problem::Problem;
use super::{Line, Patience, address};
use crate::pool::Endpoint;

/// What is known of an endpoint.
#[derive(Clone, Debug)]
pub(super) enum Status {
    Unknown,
    Ready { load_ms: u64 },
    Down(String),
}

/// Looks at the endpoint until the task is dropped; a failed answer is a reason to look at once.
pub(super) async fn keep_watch(line: Arc<Line>, report: watch::Sender<Status>) {
    let patience = line.patience;
    let mut pause = patience.first_pause;
    loop {
        let started = Instant::now();
        let found = look(&line.client, &line.endpoint, patience).await;
        let wait = match found {
            Ok(()) => {
                pause = patience.first_pause;
                if !matches!(*report.borrow(), Status::Ready { .. }) {
                    tracing::info!(model.name = line.label, "the endpoint answers");
                    let load_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
                    report.send_replace(Status::Ready { load_ms });
                }
                patience.look_every
            }
            Err(problem) => {
                let reason = problem.to_string();
                if !matches!(&*report.borrow(), Status::Down(before) if *before == reason) {
                    tracing::warn!(model.name = line.label, "the endpoint is down: {reason}");
                }
                report.send_replace(Status::Down(reason));
                pause = (pause * 2).min(patience.longest_pause);
                pause
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            // A moment at least, whatever the answers report.
            () = line.doubt.notified() => tokio::time::sleep(patience.first_pause).await,
        }
    }
}

/// Asks for the list of models; that something answers is enough, since not every server has one.
pub(super) async fn look(
    client: &Client,
    endpoint: &Endpoint,
    patience: Patience,
) -> Result<(), Problem> {
    let mut request = client
        .get(format!("{}/models", endpoint.url))
        .timeout(patience.connect + Duration::from_secs(5));
    if let Some(key) = address::bearer(&endpoint.url, endpoint.key_file.as_deref())? {
        request = request.header(AUTHORIZATION, key);
    }
    // The list itself is not read: its length is the server's to choose.
    let status = request.send().await?.status();
    if status.is_success() || matches!(status.as_u16(), 404 | 405 | 501) {
        return Ok(());
    }
    Err(Problem::Refused { status, said: String::new() })
}
