//! Seconds: of steps run in turns, and of other processes that are asked line by line.

use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

/// How long one run of something takes.
pub(crate) fn seconds<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(work());
    start.elapsed().as_secs_f64()
}

/// Runs steps in turns, so that what disturbs one disturbs all; returns the least seconds of each.
pub(crate) fn in_turns<const N: usize>(
    rounds: usize,
    mut steps: [&mut dyn FnMut() -> f64; N],
) -> [f64; N] {
    let mut least = [f64::INFINITY; N];
    for _ in 0..rounds {
        for (least, step) in least.iter_mut().zip(&mut steps) {
            *least = least.min(step());
        }
    }
    least
}

/// Another process that runs a task for each line it is sent, and answers with one line.
pub(crate) struct Other {
    child: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Other {
    /// Starts a program; `None` if that fails.
    pub(crate) fn start(program: &str, arguments: &[&str]) -> Option<Other> {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        let (asked, answers) = (child.stdin.take()?, BufReader::new(child.stdout.take()?));
        Some(Other { child, asked, answers })
    }

    /// Asks for one run and returns the answer.
    pub(crate) fn ask(&mut self, task: &str) -> Option<String> {
        writeln!(self.asked, "{task}").ok()?;
        let mut line = String::new();
        self.answers.read_line(&mut line).ok()?;
        Some(line.trim().to_owned()).filter(|line| !line.is_empty())
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The programs of others.
pub(crate) struct Peers(pub(crate) Option<Other>);

impl Peers {
    /// The least seconds of a task over some runs; says why if there are none.
    #[expect(clippy::print_stderr, reason = "a reason belongs beside the table")]
    pub(crate) fn least(&mut self, task: &str, runs: usize) -> Option<f64> {
        let other = self.0.as_mut()?;
        let mut least: Option<f64> = None;
        for _ in 0..runs {
            let answer = other.ask(task).unwrap_or_default();
            let value: serde_json::Value = serde_json::from_str(&answer).unwrap_or_default();
            let Some(seconds) = value["seconds"].as_f64() else {
                eprintln!("not measured: {}", value["missing"].as_str().unwrap_or(task));
                return least;
            };
            least = Some(least.map_or(seconds, |least| least.min(seconds)));
        }
        least
    }
}

/// The most memory that this process has had, in MB.
pub(crate) fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes / 1024.0)
}
