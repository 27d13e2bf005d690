//! The worker program itself: locked in before it loads, and what it says when it cannot be.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use arena_core::confinement::{Confinement, Level};
use arena_core::protocol::{AnswerKey, Event, Failure, Message, Request, Role, decode, encode};
use arena_core::sampling::Sampling;

pub(crate) fn model() -> PathBuf {
    let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    let path = std::env::var_os("DOUBLEBLIND_TEST_MODEL").map_or_else(
        || home.join(".cache/doubleblind/models/smollm2-135m-instruct-q4_1.gguf"),
        PathBuf::from,
    );
    assert!(path.exists(), "{} is missing: run `make models`", path.display());
    path
}

pub(crate) struct Worker {
    child: Child,
    events: std::io::Lines<BufReader<ChildStdout>>,
}

impl Worker {
    /// A worker in an environment as the app leaves it.
    pub(crate) fn start(model: &Path, options: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_arena-worker"))
            .arg("--model")
            .arg(model)
            .args(options)
            .env_clear()
            .env("OMP_WAIT_POLICY", "passive")
            .env("GGML_NO_BACKTRACE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let events = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut worker = Self { child, events };
        worker.send(&Request::Configure { chat_template: None });
        worker
    }

    pub(crate) fn send(&mut self, request: &Request) {
        // A worker that has refused its model may be gone already.
        let _ = self.child.stdin.as_mut().unwrap().write_all(encode(request).as_bytes());
    }

    fn ask(&mut self, question: &str) {
        let message = Message { role: Role::User, content: question.to_owned() };
        self.send(&Request::Generate {
            key: AnswerKey(1),
            messages: vec![message],
            sampling: Sampling { max_tokens: 12, ..Sampling::default() },
            seed: 1,
            conversation: None,
            steps: None,
        });
    }

    pub(crate) fn next(&mut self) -> Event {
        loop {
            let event = decode(&self.events.next().unwrap().unwrap()).unwrap();
            if event != Event::Alive {
                return event;
            }
        }
    }

    /// Processor time so far, in hundredths of a second.
    pub(crate) fn cpu_ticks(&self) -> f64 {
        let stat = self.proc("stat");
        let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()
    }

    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn value<'t>(status: &'t str, name: &str) -> &'t str {
    status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim()
}

#[test]
fn a_real_model_loads_and_answers_inside_and_every_thread_is_locked_in() {
    let memory = (4_u64 << 30).to_string();
    let mut worker =
        Worker::start(&model(), &["--sandbox", "full", "--memory", &memory, "--threads", "2"]);

    let Event::Ready { confinement, .. } = worker.next() else { panic!("not ready") };
    worker.ask("What is two plus two?");
    let Event::Token { .. } = worker.next() else { panic!("no text") };
    let threads: Vec<_> =
        std::fs::read_dir(format!("/proc/{}/task", worker.child.id())).unwrap().flatten().collect();
    let filters: Vec<_> = threads
        .iter()
        .map(|thread| std::fs::read_to_string(thread.path().join("status")).unwrap())
        .map(|status| {
            (value(&status, "Seccomp:").to_owned(), value(&status, "NoNewPrivs:").to_owned())
        })
        .collect();
    let limits = worker.proc("limits");
    let environment = worker.proc("environ");
    while !matches!(worker.next(), Event::Done { .. }) {}

    assert_eq!(confinement.level(), Level::Full, "{confinement:?}");
    assert!(filters.len() >= 3, "main, reader and a thread of the runtime: {filters:?}");
    assert!(filters.iter().all(|found| *found == ("2".into(), "1".into())), "{filters:?}");
    assert!(value(&limits, "Max address space").starts_with(&memory), "{limits}");
    assert!(value(&limits, "Max file size").starts_with('0'), "{limits}");
    assert!(value(&limits, "Max core file size").starts_with('0'), "{limits}");
    assert!(value(&limits, "Max open files").starts_with("64"), "{limits}");
    assert_eq!(environment, "GGML_NO_BACKTRACE=1\0OMP_WAIT_POLICY=passive\0");
}

#[test]
fn a_worker_that_is_locked_in_too_little_refuses_to_load() {
    // Without a bound of memory the confinement is not what is asked for.
    let mut worker = Worker::start(&model(), &["--sandbox", "full"]);

    let event = worker.next();

    let Event::Failed { key: None, failure: Failure::Unavailable, message } = event else {
        panic!("{event:?}")
    };
    assert!(
        message.contains("memory bound") && message.contains("`full` is required"),
        "{message}"
    );
    assert_eq!(worker.child.wait().unwrap().code(), Some(1));
}

#[test]
fn too_little_memory_ends_the_worker_alone_with_a_reason_or_a_signal() {
    let memory = (160_u64 << 20).to_string();

    let mut worker = Worker::start(&model(), &["--memory", &memory]);
    let events: Vec<Event> =
        worker.events.by_ref().map(|line| decode(&line.unwrap()).unwrap()).collect();
    let ended = worker.child.wait().unwrap();

    assert!(!ended.success(), "{ended}");
    let refused = |event: &Event| matches!(event, Event::Failed { key: None, .. });
    assert!(events.iter().all(refused) && events.len() <= 1, "{events:?}");
}

#[test]
fn the_check_prints_the_layers_and_starts_nothing() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_arena-worker")).arg("--check-sandbox").output().unwrap();

    let found: Confinement = decode(&String::from_utf8(output.stdout).unwrap()).unwrap();
    assert!(output.status.success());
    assert_eq!(found.level(), Level::Full, "{found:?}");
}

/// SmolLM2 with weights that are no numbers in its last norm: it loads, and computes nothing.
fn broken_weights() -> PathBuf {
    let mut bytes = std::fs::read(model()).unwrap();
    let header = arena_core::gguf::read(&mut bytes.as_slice(), bytes.len() as u64).unwrap();
    let name = b"output_norm.weight";
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap() + name.len();
    let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    // Behind the name: the count of dimensions, one dimension, the type, the offset.
    assert_eq!((bytes[at], bytes[at + 12]), (1, 0), "one row of f32");
    let (length, offset) = (number(at + 4), number(at + 16));
    let start = usize::try_from(header.data_offset_bytes + offset).unwrap();
    for place in 0..usize::try_from(length).unwrap() {
        bytes[start + 4 * place..][..4].copy_from_slice(&f32::NAN.to_le_bytes());
    }
    let path = std::env::temp_dir().join(format!("no-numbers-{}.gguf", std::process::id()));
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn weights_that_are_no_numbers_fail_the_answer_and_the_worker_goes_on() {
    let path = broken_weights();
    let mut worker = Worker::start(&path, &[]);
    let Event::Ready { .. } = worker.next() else { panic!("not ready") };
    std::fs::remove_file(&path).unwrap();

    for _ in 0..2 {
        worker.ask("What is two plus two?");
        let event = worker.next();

        let Event::Failed { key: Some(AnswerKey(1)), failure: Failure::Decode, message } = event
        else {
            panic!("{event:?}")
        };
        assert_eq!(message, "the model computed numbers that are not finite");
    }
}
