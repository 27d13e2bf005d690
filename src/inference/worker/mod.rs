//! A model in a worker process: started, fed, watched, and started again when it dies.

mod error;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arena_core::protocol::{self, AnswerKey, Event, Failure, Request};
use tokio::process::Child;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::config::Workers;
use crate::inference::budget::{Budget, Share};
use crate::inference::engine::{Control, Engine, Generation, Job, Order, Output, Readiness};
use crate::inference::launch;
use crate::inference::lines::{keep_last_words, read_events, write_lines};
use crate::inference::model_file::ModelFile;
use crate::pool::Fault;

pub use error::WorkerError;

/// Wait before a new start; it doubles up to the longest while the worker does not become ready.
/// One that does is back at once: what crashes again and again while answering goes into quarantine.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Silence is looked at so many times within the time that is allowed.
const LOOKS: u32 = 8;
/// Pieces for answers that nobody waits for any more; orders to end them take a moment to arrive.
const MAX_STRAY_EVENTS: usize = 4096;
/// How long a killed process may take to be gone.
const KILL_DEADLINE: Duration = Duration::from_secs(5);
/// Events that wait for the app; a worker that sends more waits itself.
const EVENTS_IN_STORE: usize = 1024;

/// Hears of each fault of one model.
pub(in crate::inference) type Witness = Arc<dyn Fn(Fault) + Send + Sync>;

#[derive(Clone, Debug)]
enum Status {
    Starting,
    Ready(Readiness),
    Down(WorkerError),
}

enum Inbound {
    Start(AnswerKey, Job, mpsc::UnboundedSender<Output>),
    Steer(AnswerKey, Order),
}

/// The engine of a GGUF file on this machine.
pub struct LocalWorker {
    commands: mpsc::UnboundedSender<Inbound>,
    status: watch::Receiver<Status>,
    next_key: AtomicU64,
    task: JoinHandle<()>,
}

/// What a worker is started with.
#[derive(Clone, Debug)]
struct Plan {
    label: String,
    model_file: ModelFile,
    chat_template: Option<String>,
    workers: Workers,
}

impl LocalWorker {
    /// Starts a worker and keeps it running until the value is dropped.
    pub fn start(
        label: &str,
        model_file: ModelFile,
        chat_template: Option<String>,
        workers: &Workers,
    ) -> Self {
        Self::witnessed(label, model_file, chat_template, workers, Arc::new(|_| {}))
    }

    /// As [`LocalWorker::start`], with somebody who counts the faults.
    pub(super) fn witnessed(
        label: &str,
        model_file: ModelFile,
        chat_template: Option<String>,
        workers: &Workers,
        witness: Witness,
    ) -> Self {
        let (commands, inbox) = mpsc::unbounded_channel();
        let (report, status) = watch::channel(Status::Starting);
        let plan =
            Plan { label: label.to_owned(), model_file, chat_template, workers: workers.clone() };
        let task = tokio::spawn(keep_running(plan, inbox, report, witness));
        Self { commands, status, next_key: AtomicU64::new(1), task }
    }

    /// Waits until the worker is ready, or says why its first start failed.
    pub async fn wait_ready(&self) -> Result<Readiness, WorkerError> {
        let mut status = self.status.clone();
        let settled = status.wait_for(|status| !matches!(status, Status::Starting)).await;
        match settled.as_deref() {
            Ok(Status::Ready(readiness)) => Ok(readiness.clone()),
            Ok(Status::Down(error)) => Err(error.clone()),
            Ok(Status::Starting) | Err(_) => Err(WorkerError::Died(String::new())),
        }
    }
}

impl Drop for LocalWorker {
    fn drop(&mut self) {
        // The child is killed when the task's handle on it goes.
        self.task.abort();
    }
}

impl Engine for LocalWorker {
    fn generate(&self, job: Job) -> Generation {
        let (sender, outputs) = mpsc::unbounded_channel();
        let key = AnswerKey(self.next_key.fetch_add(1, Ordering::Relaxed));
        // A closed channel drops `sender`, which the receiver sees as a failed worker.
        let _ = self.commands.send(Inbound::Start(key, job, sender));
        let commands = self.commands.clone();
        let control = Control::new(move |order| {
            let _ = commands.send(Inbound::Steer(key, order));
        });
        Generation::new(outputs, control)
    }

    fn readiness(&self) -> Option<Readiness> {
        match &*self.status.borrow() {
            Status::Ready(readiness) => Some(readiness.clone()),
            Status::Starting | Status::Down(_) => None,
        }
    }

    fn is_starting(&self) -> bool {
        matches!(&*self.status.borrow(), Status::Starting)
    }
}

async fn keep_running(
    plan: Plan,
    mut inbox: mpsc::UnboundedReceiver<Inbound>,
    report: watch::Sender<Status>,
    witness: Witness,
) {
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match Running::start(&plan, &witness).await {
            Ok(mut running) => {
                let error = running.serve(&mut inbox, &report).await;
                running.end().await;
                error
            }
            Err(error) => error,
        };
        if let Some(fault) = error.fault() {
            witness(fault);
        }
        tracing::warn!(model.name = plan.label, "worker is down: {error}");
        if matches!(report.send_replace(Status::Down(error)), Status::Ready(_)) {
            pause = FIRST_PAUSE;
        }
        refuse_for(pause, &mut inbox).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Answers that are asked for while no worker runs fail at once.
async fn refuse_for(pause: Duration, inbox: &mut mpsc::UnboundedReceiver<Inbound>) {
    let until = tokio::time::Instant::now() + pause;
    while let Ok(Some(command)) = tokio::time::timeout_at(until, inbox.recv()).await {
        if let Inbound::Start(_, _, outputs) = command {
            let detail = "no worker is running".to_owned();
            let _ = outputs.send(Output::Failed { failure: Failure::Unavailable, detail });
        }
    }
}

/// One living worker process. Dropping it kills the process.
struct Running {
    child: Child,
    lines: mpsc::UnboundedSender<String>,
    events: mpsc::Receiver<Event>,
    last_words: mpsc::UnboundedReceiver<String>,
    answers: HashMap<AnswerKey, InProgress>,
    last_word: Instant,
    stray: usize,
    workers: Workers,
    witness: Witness,
    share: Share,
    threads_told: u32,
}

/// One answer that the worker owes.
struct InProgress {
    outputs: mpsc::UnboundedSender<Output>,
    paused: bool,
}

impl Running {
    async fn start(plan: &Plan, witness: &Witness) -> Result<Self, WorkerError> {
        let mut child = launch::launch(&plan.model_file, &plan.workers).await?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(WorkerError::Died(", and it has no pipes".to_owned()));
        };
        let (lines, outbox) = mpsc::unbounded_channel();
        let (sender, events) = mpsc::channel(EVENTS_IN_STORE);
        let (words, last_words) = mpsc::unbounded_channel();
        tokio::spawn(write_lines(stdin, outbox));
        tokio::spawn(read_events(stdout, sender));
        tokio::spawn(keep_last_words(stderr, words));
        let configure = Request::Configure { chat_template: plan.chat_template.clone() };
        let _ = lines.send(protocol::encode(&configure));
        Ok(Self {
            child,
            lines,
            events,
            last_words,
            answers: HashMap::new(),
            last_word: Instant::now(),
            stray: 0,
            workers: plan.workers.clone(),
            witness: Arc::clone(witness),
            share: Budget::of_this_process(plan.workers.threads).join(),
            threads_told: plan.workers.threads,
        })
    }

    /// Works until the process ends; then every answer in progress fails.
    async fn serve(
        &mut self,
        inbox: &mut mpsc::UnboundedReceiver<Inbound>,
        report: &watch::Sender<Status>,
    ) -> WorkerError {
        report.send_replace(Status::Starting);
        let load_deadline = tokio::time::sleep(self.workers.load_deadline);
        tokio::pin!(load_deadline);
        let mut loading = true;
        let mut looks = tokio::time::interval(self.workers.silent_after / LOOKS);
        let mut last_error = None;
        loop {
            tokio::select! {
                Some(command) = inbox.recv() => self.obey(command),
                event = self.events.recv() => match event {
                    Some(Event::Ready {
                        load_ms, context_tokens, engine, template, confinement, ..
                    }) => {
                        if let Err(shortfall) = confinement.reach(self.workers.sandbox) {
                            return WorkerError::Unconfined(shortfall);
                        }
                        loading = false;
                        self.last_word = Instant::now();
                        let process_id = self.child.id();
                        let readiness =
                            Readiness { engine, load_ms, context_tokens, template, process_id };
                        report.send_replace(Status::Ready(readiness));
                    }
                    Some(Event::Failed { key: None, failure, message }) => {
                        let is_step = failure == Failure::Decode && !loading;
                        let error = if is_step { WorkerError::Broken } else { WorkerError::Refused };
                        last_error = Some(error(message));
                    }
                    Some(event) => {
                        self.last_word = Instant::now();
                        self.pass_on(event);
                        if self.stray > MAX_STRAY_EVENTS {
                            return WorkerError::Babbling;
                        }
                    }
                    None => return last_error.unwrap_or(self.epitaph().await),
                },
                _ = self.share.changed() => self.tell_threads(),
                _ = looks.tick() => if !loading && self.is_hung() {
                    return WorkerError::Hung(self.workers.silent_after);
                },
                () = &mut load_deadline, if loading => {
                    return WorkerError::TooSlow(self.workers.load_deadline);
                }
            }
        }
    }

    /// Whether the worker owes text and has been silent for too long.
    fn is_hung(&self) -> bool {
        self.owes_text() && self.last_word.elapsed() > self.workers.silent_after
    }

    fn owes_text(&self) -> bool {
        self.answers.values().any(|answer| !answer.paused)
    }

    fn obey(&mut self, command: Inbound) {
        if !self.owes_text() {
            // Silence counts from the moment something is asked for.
            self.last_word = Instant::now();
        }
        if let Inbound::Steer(key, order @ (Order::Pause | Order::Resume)) = &command
            && let Some(answer) = self.answers.get_mut(key)
        {
            answer.paused = *order == Order::Pause;
        }
        let request = match command {
            Inbound::Start(key, job, outputs) => {
                self.answers.insert(key, InProgress { outputs, paused: false });
                let Job { messages, sampling, seed, conversation, steps } = job;
                Request::Generate { key, messages, sampling, seed, conversation, steps }
            }
            Inbound::Steer(key, _) if !self.answers.contains_key(&key) => return,
            Inbound::Steer(key, Order::Pause) => Request::Pause { key },
            Inbound::Steer(key, Order::Resume) => Request::Resume { key },
            Inbound::Steer(key, Order::Cancel) => {
                self.answers.remove(&key);
                Request::Cancel { key }
            }
        };
        self.share.set_writing(self.owes_text());
        self.tell_threads();
        self.say(&request);
    }

    fn tell_threads(&mut self) {
        let count = self.share.threads();
        if count != self.threads_told {
            self.threads_told = count;
            self.say(&Request::Threads { count });
        }
    }

    fn say(&self, request: &Request) {
        let _ = self.lines.send(protocol::encode(request));
    }

    fn pass_on(&mut self, event: Event) {
        let (key, output) = match event {
            Event::Token { key, text } => (key, Output::Text(text)),
            Event::Record { key, record } => (key, Output::Record(Box::new(record))),
            Event::Done { key, finish, usage } => {
                (key, Output::Done { finish, usage: usage.into() })
            }
            Event::Failed { key: Some(key), failure, message } => {
                (key, Output::Failed { failure, detail: message })
            }
            Event::Ready { .. } | Event::Alive | Event::Failed { key: None, .. } => return,
        };
        let ends = !matches!(output, Output::Text(_) | Output::Record(_));
        let Some(answer) = self.answers.get(&key) else {
            self.stray += 1;
            return;
        };
        self.stray = 0;
        if matches!(output, Output::Failed { failure: Failure::Decode, .. }) {
            (self.witness)(Fault::Decode);
        }
        let _ = answer.outputs.send(output);
        if ends {
            self.answers.remove(&key);
            self.share.set_writing(self.owes_text());
        }
    }

    /// Kills the process, also a stopped one, and waits until its memory is free.
    async fn end(mut self) {
        self.answers.clear();
        let _ = tokio::time::timeout(KILL_DEADLINE, self.child.kill()).await;
    }

    /// How the process ended, with what it last wrote to stderr.
    async fn epitaph(&mut self) -> WorkerError {
        self.answers.clear();
        let wait = tokio::time::timeout(Duration::from_secs(2), self.child.wait()).await;
        let mut text = match wait {
            Ok(Ok(status)) => format!(" ({status})"),
            _ => String::new(),
        };
        while let Ok(line) = self.last_words.try_recv() {
            text = format!("{text}; {line}");
        }
        WorkerError::Died(text)
    }
}
