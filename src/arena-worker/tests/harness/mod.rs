//! A worker process with a real model, as the app would use it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use arena_core::protocol::{
    AnswerKey, Event, Finish, Message, Record, Request, Role, TemplateSource, Usage, decode, encode,
};
use arena_core::sampling::Sampling;

const DEADLINE: Duration = Duration::from_secs(120);

pub(crate) fn model() -> PathBuf {
    let path = std::env::var_os("DOUBLEBLIND_TEST_MODEL").map_or_else(
        || {
            let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
            home.join(".cache/doubleblind/models/smollm2-135m-instruct-q4_1.gguf")
        },
        PathBuf::from,
    );
    assert!(path.exists(), "{} is missing: run `make models`", path.display());
    path
}

pub(crate) struct Worker {
    pub(crate) child: Child,
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) events: Receiver<Event>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) record: Option<Record>,
    pub(crate) end: Option<(Finish, Usage)>,
}

impl Worker {
    pub(crate) fn start(model: &std::path::Path, options: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_arena-worker"))
            .arg("--model")
            .arg(model)
            .args(options)
            .env_clear()
            .env("OMP_WAIT_POLICY", "passive")
            .env("GOMP_SPINCOUNT", "100")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, events) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(decode(&line).unwrap()).is_err() {
                    return;
                }
            }
        });
        let mut worker = Self { child, stdin, events };
        worker.send(&Request::Configure { chat_template: None });
        worker
    }

    pub(crate) fn ready(options: &[&str]) -> Self {
        let worker = Self::start(&model(), options);
        match worker.next() {
            Event::Ready { template, .. } => assert_eq!(template, TemplateSource::File),
            other => panic!("{other:?}"),
        }
        worker
    }

    pub(crate) fn send(&mut self, request: &Request) {
        let line = encode(request);
        self.stdin.as_mut().unwrap().write_all(line.as_bytes()).unwrap();
    }

    pub(crate) fn ask(&mut self, key: u64, question: &str, seed: u32, max_tokens: u32) {
        self.send(&request(key, &[question], seed, max_tokens));
    }

    pub(crate) fn next(&self) -> Event {
        loop {
            let event = self.events.recv_timeout(DEADLINE).expect("a word within two minutes");
            if event != Event::Alive {
                return event;
            }
        }
    }

    /// Collects answers until `count` of them have ended.
    pub(crate) fn collect(&self, count: usize) -> BTreeMap<u64, Answer> {
        let mut answers: BTreeMap<u64, Answer> = BTreeMap::new();
        while answers.values().filter(|answer| answer.end.is_some()).count() < count {
            match self.next() {
                Event::Token { key, text } => answers.entry(key.0).or_default().text += &text,
                Event::Record { key, record } => {
                    answers.entry(key.0).or_default().record = Some(record);
                }
                Event::Done { key, finish, usage } => {
                    answers.entry(key.0).or_default().end = Some((finish, usage));
                }
                other => panic!("{other:?}"),
            }
        }
        answers
    }

    pub(crate) fn cpu_ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request for an answer to what was said so far: questions and answers in turns.
pub(crate) fn request(key: u64, said: &[&str], seed: u32, max_tokens: u32) -> Request {
    let message = |role, content: &str| Message { role, content: content.to_owned() };
    let mut messages = vec![message(Role::System, "You are a helpful assistant.")];
    for (i, text) in said.iter().enumerate() {
        messages.push(message(if i % 2 == 0 { Role::User } else { Role::Assistant }, text));
    }
    Request::Generate {
        key: AnswerKey(key),
        messages,
        sampling: Sampling { max_tokens, ..Sampling::default() },
        seed,
        conversation: None,
        steps: None,
    }
}
