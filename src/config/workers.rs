//! How workers are run: settings and what they are without any.

use std::path::PathBuf;
use std::time::Duration;

use arena_core::confinement::Level;

/// How workers are run.
#[derive(Clone, Debug)]
pub struct Workers {
    /// The worker program.
    pub program: PathBuf,
    /// Threads that all workers share.
    pub threads: u32,
    /// Tokens that one conversation may have.
    pub context_tokens: u32,
    /// Answers that one worker writes at once.
    pub sequences: u32,
    /// Memory that loaded models may take together.
    pub memory_bytes: u64,
    /// The least confinement that is accepted.
    pub sandbox: Level,
    /// How long a worker that owes text may say nothing.
    pub silent_after: Duration,
    /// How long loading may take.
    pub load_deadline: Duration,
    /// Faults within ten minutes that end in quarantine; 0 for never.
    pub quarantine_after: usize,
}

impl Workers {
    /// Workers of this program with the defaults of everything else.
    pub fn running(program: PathBuf) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            program,
            threads: u32::try_from(cores).unwrap_or(1),
            context_tokens: 8192,
            sequences: 3,
            memory_bytes: most_of_memory(),
            sandbox: Level::strictest(),
            silent_after: Duration::from_secs(20),
            load_deadline: Duration::from_secs(600),
            quarantine_after: 3,
        }
    }
}

/// Seven tenths of the machine's memory; without limit where it cannot be read.
fn most_of_memory() -> u64 {
    let total = || {
        let text = std::fs::read_to_string("/proc/meminfo").ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()
    };
    total().map_or(u64::MAX, |kilobytes| (kilobytes << 10) / 10 * 7)
}
