//! The worker over its pipe, as the app uses it.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use arena_core::protocol::{AnswerKey, Event, Message, Request, Role, decode, encode};
use arena_core::sampling::Sampling;

use crate::stream::{Arrivals, WINDOW};
use crate::{Failed, QUESTION};

/// Spins at a barrier before a thread sleeps, as the app sets it in `inference::worker`.
pub(crate) const SPINS: &str = "100";
const DEADLINE: Duration = Duration::from_secs(180);

pub(crate) struct Worker {
    child: Child,
    stdin: ChildStdin,
    events: Receiver<(Instant, Event)>,
    next_key: u64,
}

impl Worker {
    pub(crate) fn start(model: &Path, options: &[&str], spins: &str) -> Result<Self, Failed> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_arena-worker"))
            .arg("--model")
            .arg(model)
            .args(options)
            .env_clear()
            .env("OMP_WAIT_POLICY", "passive")
            .env("GOMP_SPINCOUNT", spins)
            .env("GGML_NO_BACKTRACE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the worker has no pipes".into());
        };
        let (sender, events) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let Ok(event) = decode(&line) else { return };
                if sender.send((Instant::now(), event)).is_err() {
                    return;
                }
            }
        });
        let mut worker = Self { child, stdin, events, next_key: 1 };
        worker.send(&Request::Configure { chat_template: None })?;
        match worker.next()?.1 {
            Event::Ready { .. } => Ok(worker),
            other => Err(format!("the worker is not ready: {other:?}").into()),
        }
    }

    fn send(&mut self, request: &Request) -> Result<(), Failed> {
        Ok(self.stdin.write_all(encode(request).as_bytes())?)
    }

    fn next(&self) -> Result<(Instant, Event), Failed> {
        Ok(self.events.recv_timeout(DEADLINE)?)
    }

    pub(crate) fn ask(&mut self, question: &str, max_tokens: u32) -> Result<AnswerKey, Failed> {
        let key = AnswerKey(self.next_key);
        self.next_key += 1;
        let content = question.to_owned();
        self.send(&Request::Generate {
            key,
            messages: vec![Message { role: Role::User, content }],
            sampling: Sampling { max_tokens, ..Sampling::default() },
            seed: 1,
            conversation: None,
            steps: None,
        })?;
        Ok(key)
    }

    /// Writes one answer for the length of the window.
    pub(crate) fn write(&mut self) -> Result<Arrivals, Failed> {
        Ok(self.write_many(1)?.remove(0))
    }

    /// Writes several answers at once, for the length of the window after the last has begun.
    pub(crate) fn write_many(&mut self, count: usize) -> Result<Vec<Arrivals>, Failed> {
        let asked_at = Instant::now();
        let keys = (0..count).map(|_| self.ask(QUESTION, 1000)).collect::<Result<Vec<_>, _>>()?;
        let arrivals = || Arrivals { asked_at: Some(asked_at), at: Vec::new() };
        let mut streams: Vec<_> = keys.iter().map(|_| arrivals()).collect();
        let (mut all_began, mut ended) = (None, 0);
        while all_began.is_none_or(|began: Instant| began.elapsed() < WINDOW) && ended < count {
            let (at, event) = self.next()?;
            match event {
                Event::Token { key, .. } => {
                    if let Some(i) = keys.iter().position(|k| *k == key) {
                        streams[i].at.push(at);
                    }
                }
                Event::Done { .. } => ended += 1,
                Event::Failed { message, .. } => return Err(message.into()),
                _ => {}
            }
            if all_began.is_none() && streams.iter().all(|stream| !stream.at.is_empty()) {
                all_began = Some(Instant::now());
            }
        }
        for key in keys {
            self.send(&Request::Cancel { key })?;
        }
        Ok(streams)
    }

    /// The longest pause of an answer while a question of `words` words is read beside it.
    pub(crate) fn longest_gap(&mut self, words: usize) -> Result<(u32, Duration), Failed> {
        let mut answer = self.ask(QUESTION, 2000)?;
        while !matches!(self.next()?.1, Event::Token { key, .. } if key == answer) {}
        let long = self.ask(&"which word of this text matters most ".repeat(words / 7), 1)?;
        let (mut last, mut longest) = (Instant::now(), Duration::ZERO);
        loop {
            let (at, event) = self.next()?;
            match event {
                Event::Token { key, .. } if key == answer => {
                    longest = longest.max(at.saturating_duration_since(last));
                    last = at;
                }
                Event::Done { key, .. } if key == answer => {
                    answer = self.ask(QUESTION, 2000)?;
                    last = Instant::now();
                }
                Event::Done { key, usage, .. } if key == long => {
                    self.send(&Request::Cancel { key: answer })?;
                    return Ok((usage.prompt_tokens, longest));
                }
                Event::Failed { message, .. } => return Err(message.into()),
                _ => {}
            }
        }
    }

    /// Resident and proportional memory in MiB.
    pub(crate) fn memory_mib(&self) -> (u64, u64) {
        let path = format!("/proc/{}/smaps_rollup", self.child.id());
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0");
            line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0)
        };
        (field("Rss:") / 1024, field("Pss:") / 1024)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
