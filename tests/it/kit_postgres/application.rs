//! An application that tests can kill, and the data folder it uses.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use doubleblind::kit::postgres::{Cluster, Durability, Options};

use super::{LIMIT, connect, execute};
use crate::database::memory_folder;

/// Names the data folder to the child process that plays an application.
const APPLICATION: &str = "DOUBLEBLIND_TEST_APPLICATION";

/// Plays an application for other tests, in a process of its own that they can kill: starts a
/// cluster and prints every row that the server has acknowledged, until the other end is gone.
#[tokio::test]
#[ignore = "runs as a child process of other tests"]
async fn application() {
    let Some(data_dir) = std::env::var_os(APPLICATION) else { return };
    let cluster = Cluster::start(&options(Path::new(&data_dir))).await.unwrap();
    let mut out = std::io::stdout();
    writeln!(out, "pid {}", cluster.pid()).unwrap();
    let mut db = connect(&cluster.url()).await;
    execute(&mut db, "create table if not exists votes (k bigint)").await;
    for row in 1_i64.. {
        let insert = sqlx::query("insert into votes values ($1)").bind(row);
        if insert.execute(&mut db).await.is_err() || writeln!(out, "row {row}").is_err() {
            return;
        }
    }
}

/// The process that runs the test above.
pub(crate) struct Application {
    process: Child,
    output: BufReader<ChildStdout>,
}

impl Application {
    pub(crate) fn start(folder: &Folder) -> Self {
        let name = format!("{}::application", module_path!().split_once("::").unwrap().1);
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([&name, "--exact", "--ignored", "--nocapture"])
            .env(APPLICATION, &folder.0)
            // The socket of a killed server stays behind: here it goes with the folder.
            .env("TMPDIR", &folder.0)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, output }
    }

    /// Reads lines such as `row 5` until one has a fitting number.
    pub(crate) fn read_until(&mut self, key: &str, fits: impl Fn(i64) -> bool) -> i64 {
        loop {
            let value = self.read(key).expect("the application ended early");
            if fits(value) {
                return value;
            }
        }
    }

    /// The number in the last line, once the application is dead.
    pub(crate) fn last(&mut self, key: &str) -> i64 {
        std::iter::from_fn(|| self.read(key)).last().unwrap_or(0)
    }

    /// Reads up to the next whole line with this key.
    fn read(&mut self, key: &str) -> Option<i64> {
        loop {
            let mut line = String::new();
            self.output.read_line(&mut line).unwrap();
            if !line.ends_with('\n') {
                return None;
            }
            // The test harness prints before the first line, on the same line.
            let value = line.trim().rsplit_once(&format!("{key} ")).map(|(_, value)| value);
            if let Some(value) = value.and_then(|value| value.parse().ok()) {
                return Some(value);
            }
        }
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        // It is dead already unless the test failed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A data folder of one test, which every user of the machine can reach.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("doubleblind-kit-{}-{number}", std::process::id());
        let path = memory_folder().unwrap_or_else(std::env::temp_dir).join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn options(&self) -> Options {
        options(&self.0)
    }

    pub(crate) async fn start(&self) -> Cluster {
        Cluster::start(&self.options()).await.unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A server that is just ending may still add a file.
        let deadline = Instant::now() + LIMIT;
        while fs::remove_dir_all(&self.0).is_err() && Instant::now() < deadline {
            std::thread::yield_now();
        }
    }
}

fn options(data_dir: &Path) -> Options {
    Options {
        data_dir: data_dir.to_path_buf(),
        binaries: std::env::var_os("DOUBLEBLIND_PG_BIN").map(PathBuf::from),
        durability: Durability::Durable,
        fetch: false,
    }
}
