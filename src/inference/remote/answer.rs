//! One answer of an endpoint, from the request to its last word.

use std::sync::Arc;
use std::time::Duration;

use arena_core::protocol::Finish;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Response, StatusCode};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::problem::Problem;
use super::sse::Events;
use super::wire::{self, Chunk, Counts};
use super::{Line, address};
use crate::inference::engine::{Job, Order, Output, Work};

/// Most text of one answer, thoughts included.
const MAX_TEXT_BYTES: usize = 128 << 10;
/// How much of a refusal the operator is shown, in characters.
const MAX_QUOTE_CHARS: usize = 300;

/// Writes one answer to `outputs`. Dropping the generation drops the connection.
pub(super) async fn write(
    line: Arc<Line>,
    job: Job,
    orders: watch::Receiver<Order>,
    outputs: mpsc::UnboundedSender<Output>,
) {
    let mut cancelled = orders.clone();
    let mut writing = Writing::new(&line, orders, outputs.clone());
    tokio::select! {
        _ = cancelled.wait_for(|order| *order == Order::Cancel) => {}
        result = writing.run(&job) => {
            let end = match result {
                Ok((finish, usage)) => Output::Done { finish, usage },
                Err(problem) => {
                    line.doubt.notify_one();
                    Output::Failed { failure: problem.failure(), detail: problem.to_string() }
                }
            };
            let _ = outputs.send(end);
        }
    }
}

struct Writing<'a> {
    line: &'a Line,
    orders: watch::Receiver<Order>,
    outputs: mpsc::UnboundedSender<Output>,
    /// Later than it was by the time in which the answer was paused; so is the next one.
    started: Instant,
    last_text: Instant,
    first_text: Option<Duration>,
    text_bytes: usize,
    thinking: bool,
    finish: Option<Finish>,
    counts: Option<Counts>,
    over: bool,
}

impl<'a> Writing<'a> {
    fn new(
        line: &'a Line,
        orders: watch::Receiver<Order>,
        outputs: mpsc::UnboundedSender<Output>,
    ) -> Self {
        let now = Instant::now();
        Self {
            line,
            orders,
            outputs,
            started: now,
            last_text: now,
            first_text: None,
            text_bytes: 0,
            thinking: false,
            finish: None,
            counts: None,
            over: false,
        }
    }

    /// Tries until there is text; what fails after it has failed for good.
    async fn run(&mut self, job: &Job) -> Result<(Finish, Work), Problem> {
        let patience = self.line.patience;
        let mut pause = patience.first_pause;
        for attempt in 1.. {
            match self.try_once(job).await {
                Ok(finish) => return Ok((finish, self.work())),
                Err(problem) => {
                    let hopeless = !problem.is_passing() || self.first_text.is_some();
                    if hopeless || attempt >= patience.tries {
                        return Err(problem);
                    }
                }
            }
            let deadline = self.started + patience.first_text;
            timeout_at(deadline, tokio::time::sleep(pause))
                .await
                .map_err(|_| Problem::SlowStart)?;
            pause *= 2;
        }
        Err(Problem::Unreachable("no try was allowed"))
    }

    fn work(&self) -> Work {
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let total = milliseconds(self.started.elapsed());
        Work {
            prompt_tokens: self.counts.and_then(|counts| counts.prompt_tokens),
            answer_tokens: self.counts.and_then(|counts| counts.completion_tokens),
            reused_tokens: None,
            first_token_ms: self.first_text.map_or(total, milliseconds),
            total_ms: total,
        }
    }

    async fn try_once(&mut self, job: &Job) -> Result<Finish, Problem> {
        let deadline = self.started + self.line.patience.first_text;
        let mut response = match timeout_at(deadline, self.request(job)).await {
            Ok(response) => response?,
            Err(_) => return Err(Problem::SlowStart),
        };
        let (mut events, mut found) = (Events::default(), Vec::new());
        self.over = false;
        while let Some(bytes) = self.next(&mut response).await? {
            events.take(&bytes, &mut found)?;
            for data in found.drain(..) {
                self.take(&data)?;
            }
            if self.over {
                break;
            }
        }
        if self.thinking {
            self.say("</think>".to_owned())?;
        }
        self.finish.ok_or(Problem::EndedEarly)
    }

    async fn request(&self, job: &Job) -> Result<Response, Problem> {
        let endpoint = &self.line.endpoint;
        let url = format!("{}/chat/completions", endpoint.url);
        let mut request = self.line.client.post(url).json(&wire::question(&endpoint.model, job));
        request = request.header(ACCEPT, "text/event-stream");
        let key = address::bearer(&endpoint.url, endpoint.key_file.as_deref())?;
        if let Some(key) = key.clone() {
            request = request.header(AUTHORIZATION, key);
        }
        let response = request.send().await?;
        let status = response.status();
        if status != StatusCode::OK {
            let said = if self.line.quoting { quote(response, key).await } else { String::new() };
            return Err(Problem::Refused { status, said });
        }
        let kind = response.headers().get(CONTENT_TYPE).map_or(&[][..], HeaderValue::as_bytes);
        if !kind.to_ascii_lowercase().starts_with(b"text/event-stream") {
            return Err(Problem::NotAStream);
        }
        Ok(response)
    }

    /// The next bytes; none at the end of the stream. While paused nothing is read, so that the
    /// server has to wait once the buffers on the way are full.
    async fn next(&mut self, response: &mut Response) -> Result<Option<bytes::Bytes>, Problem> {
        loop {
            if *self.orders.borrow_and_update() == Order::Pause {
                self.wait_for_resume().await;
            }
            let (deadline, too_late) = self.deadline();
            tokio::select! {
                chunk = response.chunk() => return match chunk {
                    Ok(chunk) => Ok(chunk),
                    // The answer is complete; only its counts are missing.
                    Err(_) if self.finish.is_some() => Ok(None),
                    Err(_) => Err(Problem::EndedEarly),
                },
                _ = self.orders.changed() => {}
                () = sleep_until(deadline) => {
                    return if self.finish.is_some() { Ok(None) } else { Err(too_late) };
                }
            }
        }
    }

    async fn wait_for_resume(&mut self) {
        let paused_at = Instant::now();
        // An error means that the generation was dropped, which ends this task as well.
        let _ = self.orders.wait_for(|order| *order != Order::Pause).await;
        let pause = paused_at.elapsed();
        self.started += pause;
        self.last_text += pause;
    }

    fn deadline(&self) -> (Instant, Problem) {
        let patience = self.line.patience;
        let next = match (self.finish, self.first_text) {
            (Some(_), _) => (self.last_text + patience.counts, Problem::Idle),
            (None, Some(_)) => (self.last_text + patience.idle, Problem::Idle),
            (None, None) => (self.started + patience.first_text, Problem::SlowStart),
        };
        let last = self.started + patience.total;
        if next.0 < last { next } else { (last, Problem::Total) }
    }

    /// Takes the data of one event.
    fn take(&mut self, data: &str) -> Result<(), Problem> {
        if self.over || data.trim() == "[DONE]" {
            self.over = true;
            return Ok(());
        }
        let chunk: Chunk = serde_json::from_str(data).map_err(|_| Problem::NotJson)?;
        if chunk.error.is_some() {
            return Err(Problem::ErrorInside);
        }
        self.counts = chunk.usage.or(self.counts);
        for choice in chunk.choices.iter().filter(|choice| choice.index == 0) {
            if self.finish.is_some() {
                continue;
            }
            let mut text = String::new();
            if let Some(thought) = choice.delta.thought().filter(|thought| !thought.is_empty()) {
                if !std::mem::replace(&mut self.thinking, true) {
                    text.push_str("<think>");
                }
                text.push_str(thought);
            }
            if let Some(content) = choice.delta.content.as_deref().filter(|text| !text.is_empty()) {
                if std::mem::replace(&mut self.thinking, false) {
                    text.push_str("</think>");
                }
                text.push_str(content);
            }
            self.say(text)?;
            if let Some(reason) = choice.finish_reason.as_deref() {
                self.finish = Some(wire::finish(reason).ok_or(Problem::NotItsEnd)?);
                self.last_text = Instant::now();
            }
        }
        Ok(())
    }

    fn say(&mut self, text: String) -> Result<(), Problem> {
        if text.is_empty() {
            return Ok(());
        }
        self.text_bytes += text.len();
        if self.text_bytes > MAX_TEXT_BYTES {
            return Err(Problem::TooMuchText);
        }
        self.last_text = Instant::now();
        self.first_text.get_or_insert(self.started.elapsed());
        let _ = self.outputs.send(Output::Text(text));
        Ok(())
    }
}

/// What a refusal says, for the operator's trial: short, without control characters and without the key.
async fn quote(mut response: Response, key: Option<HeaderValue>) -> String {
    let mut body = Vec::new();
    let _ = timeout(Duration::from_secs(2), async {
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk[..chunk.len().min(4096)]);
            if body.len() >= 4096 {
                break;
            }
        }
    })
    .await;
    let text = String::from_utf8_lossy(&body);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let message = json["error"]["message"].as_str().or(json["message"].as_str()).unwrap_or(&text);
    let secret = key.as_ref().and_then(|key| key.to_str().ok()?.strip_prefix("Bearer "));
    let shown = secret.map_or_else(|| message.to_owned(), |secret| message.replace(secret, "…"));
    let clean: String = shown.chars().filter(|c| !c.is_control()).take(MAX_QUOTE_CHARS).collect();
    if clean.trim().is_empty() { String::new() } else { format!(", saying: {}", clean.trim()) }
}
