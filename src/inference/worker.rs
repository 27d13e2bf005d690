//! A model in a worker process: started, fed, watched, and started again when it dies.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arena_core::protocol::{self, AnswerKey, Event, Failure, MAX_LINE_BYTES, Request};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::budget::{Budget, Share};
use super::engine::{Control, Engine, Generation, Job, Order, Output, Readiness};
use super::model_file::ModelFile;
use crate::config::Workers;

/// Longest time between the start of a worker and its word that it is ready.
const LOAD_DEADLINE: Duration = Duration::from_secs(600);
/// Wait before the first new start; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A worker that lived this long is started again without a longer wait.
const STEADY: Duration = Duration::from_secs(120);
/// A worker that is asked for text and says nothing for this long is hung.
const HUNG_AFTER: Duration = Duration::from_secs(60);
/// How often that is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Events that wait for the app; a worker that sends more waits itself.
const EVENTS_IN_STORE: usize = 1024;
/// Lines of a worker's stderr that are kept for the log.
const STDERR_LINES: usize = 20;

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
    /// It ended.
    #[error("the worker ended without a word{0}")]
    Died(String),
    /// It is asked for text and says nothing.
    #[error("the worker said nothing for {} s", HUNG_AFTER.as_secs())]
    Hung,
    /// It did not become ready in time.
    #[error("the worker was not ready after {} s", LOAD_DEADLINE.as_secs())]
    TooSlow,
}

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
        let (commands, inbox) = mpsc::unbounded_channel();
        let (report, status) = watch::channel(Status::Starting);
        let plan =
            Plan { label: label.to_owned(), model_file, chat_template, workers: workers.clone() };
        let task = tokio::spawn(keep_running(plan, inbox, report));
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
}

async fn keep_running(
    plan: Plan,
    mut inbox: mpsc::UnboundedReceiver<Inbound>,
    report: watch::Sender<Status>,
) {
    let mut pause = FIRST_PAUSE;
    loop {
        let started = Instant::now();
        let error = match Running::start(&plan) {
            Ok(mut running) => running.serve(&mut inbox, &report).await,
            Err(error) => error,
        };
        tracing::warn!(model.name = plan.label, "worker is down: {error}");
        report.send_replace(Status::Down(error));
        if started.elapsed() > STEADY {
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
    share: Share,
    threads_told: u32,
}

/// One answer that the worker owes.
struct InProgress {
    outputs: mpsc::UnboundedSender<Output>,
    paused: bool,
}

impl Running {
    fn start(plan: &Plan) -> Result<Self, WorkerError> {
        plan.model_file.check().map_err(WorkerError::File)?;
        let not_started =
            |reason: String| WorkerError::NotStarted { path: plan.workers.program.clone(), reason };
        let mut child = Command::new(&plan.workers.program)
            .arg("--model")
            .arg(&plan.model_file.path)
            .args(["--threads", &plan.workers.threads.to_string()])
            .args(["--context", &plan.workers.context_tokens.to_string()])
            .args(["--sequences", &plan.workers.sequences.to_string()])
            .env_clear()
            // Threads wait for each other hundreds of times a token: spin for microseconds, then sleep.
            .env("OMP_WAIT_POLICY", "passive")
            .env("GOMP_SPINCOUNT", "100")
            .env("GGML_NO_BACKTRACE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C in the terminal is the app's to answer; closing stdin ends the worker.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| not_started(error.to_string()))?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(not_started("it has no pipes".to_owned()));
        };
        let (lines, outbox) = mpsc::unbounded_channel();
        let (sender, events) = mpsc::channel(EVENTS_IN_STORE);
        let (words, last_words) = mpsc::unbounded_channel();
        tokio::spawn(write_lines(stdin, outbox));
        tokio::spawn(read_events(stdout, sender));
        tokio::spawn(keep_last_words(stderr, words));
        let configure = Request::Configure { chat_template: plan.chat_template.clone() };
        let _ = lines.send(protocol::encode(&configure));
        let (answers, last_word) = (HashMap::new(), Instant::now());
        let share = Budget::of_this_process(plan.workers.threads).join();
        let threads_told = plan.workers.threads;
        Ok(Self { child, lines, events, last_words, answers, last_word, share, threads_told })
    }

    /// Works until the process ends; then every answer in progress fails.
    async fn serve(
        &mut self,
        inbox: &mut mpsc::UnboundedReceiver<Inbound>,
        report: &watch::Sender<Status>,
    ) -> WorkerError {
        report.send_replace(Status::Starting);
        let load_deadline = tokio::time::sleep(LOAD_DEADLINE);
        tokio::pin!(load_deadline);
        let mut loading = true;
        let mut looks = tokio::time::interval(LOOK_EVERY);
        let mut last_error = None;
        loop {
            tokio::select! {
                Some(command) = inbox.recv() => self.obey(command),
                event = self.events.recv() => match event {
                    Some(Event::Ready { load_ms, context_tokens, engine, template, .. }) => {
                        loading = false;
                        let process_id = self.child.id();
                        let readiness =
                            Readiness { engine, load_ms, context_tokens, template, process_id };
                        report.send_replace(Status::Ready(readiness));
                    }
                    Some(Event::Failed { key: None, message, .. }) => {
                        last_error = Some(WorkerError::Refused(message));
                    }
                    Some(event) => {
                        self.last_word = Instant::now();
                        self.pass_on(event);
                    }
                    None => return last_error.unwrap_or(self.epitaph().await),
                },
                _ = self.share.changed() => self.tell_threads(),
                _ = looks.tick() => if !loading && self.is_hung() { return WorkerError::Hung },
                () = &mut load_deadline, if loading => return WorkerError::TooSlow,
            }
        }
    }

    /// Whether the worker owes text and has been silent for too long.
    fn is_hung(&self) -> bool {
        self.owes_text() && self.last_word.elapsed() > HUNG_AFTER
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
            Event::Done { key, finish, usage } => (key, Output::Done { finish, usage }),
            Event::Failed { key: Some(key), failure, message } => {
                (key, Output::Failed { failure, detail: message })
            }
            Event::Ready { .. } | Event::Alive | Event::Failed { key: None, .. } => return,
        };
        let ends = !matches!(output, Output::Text(_) | Output::Record(_));
        if let Some(answer) = self.answers.get(&key) {
            let _ = answer.outputs.send(output);
        }
        if ends {
            self.answers.remove(&key);
            self.share.set_writing(self.owes_text());
        }
    }

    /// How the process ended, with what it last wrote to stderr.
    async fn epitaph(&mut self) -> WorkerError {
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

async fn write_lines(mut stdin: ChildStdin, mut outbox: mpsc::UnboundedReceiver<String>) {
    while let Some(line) = outbox.recv().await {
        if stdin.write_all(line.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read_events(stdout: ChildStdout, events: mpsc::Sender<Event>) {
    let mut reader = BufReader::new(stdout);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut limited = (&mut reader).take(MAX_LINE_BYTES as u64);
        if !matches!(limited.read_until(b'\n', &mut line).await, Ok(1..)) {
            return;
        }
        let event = std::str::from_utf8(&line).ok().and_then(|text| protocol::decode(text).ok());
        // A line outside the protocol ends the worker: its memory can no longer be trusted.
        let Some(event) = event else { return };
        if events.send(event).await.is_err() {
            return;
        }
    }
}

async fn keep_last_words(stderr: ChildStderr, words: mpsc::UnboundedSender<String>) {
    let mut lines = BufReader::new(stderr.take(1 << 20)).lines();
    let mut kept = 0;
    while let Ok(Some(line)) = lines.next_line().await {
        kept += 1;
        if kept <= STDERR_LINES {
            let _ = words.send(line.chars().filter(|c| !c.is_control()).take(300).collect());
        }
    }
}
