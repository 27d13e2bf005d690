//! The application as a service: `doubleblind serve` in a process of its own, started again whenever it ends.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::place::{Place, WORKER};
use super::processes::{self, Process};

/// How soon an end is noticed.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Before a program that ended at once is started again.
const PAUSE: Duration = Duration::from_millis(300);
/// A start includes the recovery of the database.
const OPEN_WITHIN: Duration = Duration::from_secs(60);
const AMPLE: &str = "1000000";
/// What `serve` may take to end when asked to.
const END_WITHIN: Duration = Duration::from_secs(30);

/// One application process after the other, at one address.
pub(crate) struct App {
    /// Scheme, host and port.
    pub(crate) base: String,
    settings: Vec<(OsString, OsString)>,
    log: PathBuf,
    child: Mutex<Option<Child>>,
    wanted: AtomicBool,
    starts: AtomicUsize,
    /// Milliseconds of all starts that were waited for, and how many these were.
    opening: Mutex<(u128, u32)>,
}

impl App {
    /// An application that is not running yet, on a free port.
    pub(crate) fn new(place: &Place, name: &str, extra: &[(&str, OsString)]) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let usual: [(&str, OsString); 16] = [
            ("HOME", place.root().join("home").into()),
            ("DOUBLEBLIND_DATA", place.data().into()),
            ("DOUBLEBLIND_EVAL_SETS", place.root().join("sets").into()),
            ("DOUBLEBLIND_WORKER_BIN", place.root().join(WORKER).into()),
            ("DOUBLEBLIND_LISTEN", format!("127.0.0.1:{port}").into()),
            ("DOUBLEBLIND_STORE_ANSWERS", "false".into()),
            ("DOUBLEBLIND_ANSWER_SECONDS", "20".into()),
            ("DOUBLEBLIND_QUARANTINE_AFTER", "0".into()),
            ("DOUBLEBLIND_BATTLES_AT_ONCE", "16".into()),
            ("DOUBLEBLIND_MAX_TOKENS", "16".into()),
            // A few voters of one network do what thousands would.
            ("DOUBLEBLIND_BATTLES_A_MINUTE", AMPLE.into()),
            ("DOUBLEBLIND_BATTLES_A_DAY", AMPLE.into()),
            ("DOUBLEBLIND_VOTES_A_MINUTE", AMPLE.into()),
            ("DOUBLEBLIND_NETWORK_FACTOR", "1000".into()),
            ("DOUBLEBLIND_NETWORK_BATTLES", AMPLE.into()),
            ("DOUBLEBLIND_LOG", "info,sqlx=off,actix_server=warn".into()),
        ];
        let settings = usual.into_iter().chain(extra.iter().cloned());
        Ok(Self {
            base: format!("http://127.0.0.1:{port}"),
            settings: settings.map(|(name, value)| (name.into(), value)).collect(),
            log: place.root().join(format!("{name}.log")),
            child: Mutex::default(),
            wanted: AtomicBool::new(true),
            starts: AtomicUsize::new(0),
            opening: Mutex::default(),
        })
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A command of the program with the settings of this application.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doubleblind"));
        command.env_remove("DATABASE_URL").env_remove("DOUBLEBLIND_CONFIG");
        command.envs(self.settings.iter().cloned()).stdin(Stdio::null());
        command
    }

    fn spawn(&self) -> Result<Child> {
        let log = OpenOptions::new().create(true).append(true).open(&self.log)?;
        let mut command = self.command();
        command.arg("serve").stdout(log.try_clone()?).stderr(log);
        self.starts.fetch_add(1, Ordering::Relaxed);
        command.spawn().context("doubleblind serve")
    }

    /// Starts the program, and again whenever it ends, until [`App::stop`].
    pub(crate) async fn keep(self: Arc<Self>) -> Result<()> {
        let mut started = Instant::now();
        while self.wanted.load(Ordering::Relaxed) {
            let ended = match &mut *self.child() {
                Some(child) => child.try_wait()?.is_some(),
                None => true,
            };
            if ended {
                if started.elapsed() < PAUSE && self.starts() > 0 {
                    tokio::time::sleep(PAUSE).await;
                }
                started = Instant::now();
                let child = self.spawn()?;
                *self.child() = Some(child);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Waits until it serves, database included.
    pub(crate) async fn until_open(&self) -> Result<()> {
        let (client, since) = (super::replies::client().build()?, Instant::now());
        while since.elapsed() < OPEN_WITHIN {
            let reply = client.get(format!("{}/health", self.base)).send().await;
            if reply.is_ok_and(|reply| reply.status().is_success()) {
                let mut opening = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
                *opening = (opening.0 + since.elapsed().as_millis(), opening.1 + 1);
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        bail!("the arena did not open within {OPEN_WITHIN:?}; the end of its log:\n{}", self.tail())
    }

    /// Middle milliseconds until it served, of the times it was waited for.
    pub(crate) fn mean_opening_ms(&self) -> u128 {
        let (sum, count) = *self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        sum.checked_div(u128::from(count)).unwrap_or(0)
    }

    fn tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }

    /// Lines of its log that tell of a panic, whoever had it.
    pub(crate) fn panics(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        text.lines().filter(|line| line.contains("panicked at")).map(str::to_owned).collect()
    }

    /// What it said when it ended by itself, and how often.
    pub(crate) fn last_words(&self) -> BTreeMap<String, usize> {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let mut words = BTreeMap::new();
        for line in text.lines().filter(|line| line.starts_with("doubleblind: ")) {
            *words.entry(line.chars().take(200).collect()).or_default() += 1;
        }
        words
    }

    /// How often it was started.
    pub(crate) fn starts(&self) -> usize {
        self.starts.load(Ordering::Relaxed)
    }

    /// The process that runs now, if one does.
    pub(crate) fn pid(&self) -> Option<i32> {
        let mut child = self.child();
        let child = child.as_mut()?;
        let running = matches!(child.try_wait(), Ok(None));
        i32::try_from(child.id()).ok().filter(|_| running)
    }

    /// Everything that it has started: workers and, unless it is somebody else's, Postgres.
    pub(crate) fn processes(&self) -> Vec<Process> {
        self.pid().map(processes::below).unwrap_or_default()
    }

    /// Kills the process; false if none runs.
    pub(crate) fn kill(&self) -> bool {
        self.pid().is_some_and(|pid| processes::send(pid, "KILL"))
    }

    /// Asks it to end, and sees to it that it does.
    pub(crate) async fn stop(&self) -> Result<()> {
        self.wanted.store(false, Ordering::Relaxed);
        // Whoever keeps it may just be starting another one.
        tokio::time::sleep(PAUSE + 2 * LOOK_EVERY).await;
        let Some(pid) = self.pid() else { return Ok(()) };
        processes::send(pid, "TERM");
        let since = Instant::now();
        while since.elapsed() < END_WITHIN {
            if self.pid().is_none() {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.kill();
        bail!("the arena did not end within {END_WITHIN:?}")
    }
}

impl Drop for App {
    fn drop(&mut self) {
        if let Some(child) = &mut *self.child() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
