//! A real arena in a folder of its own: the program, its processes, its visitors.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::Client;

const DEADLINE: Duration = Duration::from_secs(90);

/// The smallest demo model; `make models` fetches it.
pub(crate) fn model() -> PathBuf {
    let cache = || {
        let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
        home.join(".cache/doubleblind/models/smollm2-135m-instruct-q4_1.gguf")
    };
    let path = std::env::var_os("DOUBLEBLIND_TEST_MODEL").map_or_else(cache, PathBuf::from);
    assert!(path.exists(), "{} is missing: run `make models`", path.display());
    path
}

/// The worker program; it is always built for release.
fn worker() -> PathBuf {
    let beside = || {
        let target = Path::new(env!("CARGO_BIN_EXE_doubleblind")).ancestors().nth(2).unwrap();
        target.join("release/arena-worker")
    };
    let path = std::env::var_os("DOUBLEBLIND_WORKER_BIN").map_or_else(beside, PathBuf::from);
    assert!(path.exists(), "build it with `cargo build --release -p arena-worker`");
    path
}

/// A folder that is removed with its test, and settings for the programs run in it.
pub(crate) struct Folder(pub(crate) PathBuf, Vec<(&'static str, &'static str)>);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("doubleblind-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(path.join("home")).unwrap();
        Self(path, Vec::new())
    }

    /// With one more setting from the environment.
    pub(crate) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.1.push((name, value));
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doubleblind"));
        command
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env_remove("DATABASE_URL")
            .env("HOME", self.0.join("home"))
            .env("DOUBLEBLIND_DATA", self.0.join("data"))
            .env("DOUBLEBLIND_WORKER_BIN", worker())
            .env("DOUBLEBLIND_MAX_TOKENS", "40")
            .env("DOUBLEBLIND_STORE_ANSWERS", "false")
            .env("DOUBLEBLIND_ANSWER_SECONDS", "20")
            .env("DOUBLEBLIND_BATTLES_A_MINUTE", "100000")
            .env("DOUBLEBLIND_BATTLES_A_DAY", "100000")
            .env("DOUBLEBLIND_VOTES_A_MINUTE", "100000")
            .env("DOUBLEBLIND_NETWORK_BATTLES", "100000")
            .env("DOUBLEBLIND_LOG", "info")
            .envs(self.1.iter().copied())
            .stdin(Stdio::null());
        command
    }

    /// Runs one command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output = self.command().args(arguments).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    }

    /// The same weights under another digest: one letter of the name in the header is changed.
    pub(crate) fn twin(&self) -> PathBuf {
        let mut bytes = std::fs::read(model()).unwrap();
        let head = &bytes[..4096];
        let key = b"general.name";
        let at = head.windows(key.len()).position(|window| window == key).unwrap();
        // Behind the key: four bytes of type, eight of length, then the name.
        bytes[at + key.len() + 12] ^= 0x20;
        let path = self.0.join("twin.gguf");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn add(&self, file: &Path, name: &str) -> (bool, String) {
        let file = file.to_str().unwrap();
        let about = ["--maker", "Maker", "--country", "FR", "--licence", "Apache-2.0"];
        self.run(&[&["models", "add", file, "--name", name], &about[..]].concat())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// One browser.
pub(crate) struct Visitor {
    base: String,
    client: Client,
}

impl Visitor {
    pub(crate) async fn page(&self, path: &str) -> String {
        page(&self.client, &self.base, path).await
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> reqwest::Response {
        post(&self.client, &self.base, path, form).await
    }
}

/// A page, or nothing while nobody answers.
async fn page(client: &Client, base: &str, path: &str) -> String {
    match client.get(format!("{base}{path}")).send().await {
        Ok(response) => response.text().await.unwrap_or_default(),
        Err(_) => String::new(),
    }
}

async fn post(client: &Client, base: &str, path: &str, form: &[(&str, &str)]) -> reqwest::Response {
    client.post(format!("{base}{path}")).form(form).send().await.unwrap()
}

/// A running arena; killed with its test.
pub(crate) struct Serving {
    pub(crate) child: Child,
    pub(crate) base: String,
    pub(crate) client: Client,
}

impl Serving {
    pub(crate) async fn start(folder: &Folder) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = std::fs::File::create(folder.0.join("serve.log")).unwrap();
        let child = folder
            .command()
            .args(["serve", "--listen", &format!("127.0.0.1:{port}")])
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let client = crate::arena::client().cookie_store(true).build().unwrap();
        let serving = Self { child, base: format!("http://127.0.0.1:{port}"), client };
        serving.wait("the first page", |page| page.contains("Ask two models")).await;
        serving
    }

    pub(crate) async fn page(&self, path: &str) -> String {
        page(&self.client, &self.base, path).await
    }

    pub(crate) async fn wait_at(
        &self,
        path: &str,
        what: &str,
        good: impl Fn(&str) -> bool,
    ) -> String {
        let give_up = Instant::now() + DEADLINE;
        loop {
            let page = self.page(path).await;
            if good(&page) {
                return page;
            }
            assert!(Instant::now() < give_up, "no {what}: {page}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn wait(&self, what: &str, good: impl Fn(&str) -> bool) {
        self.wait_at("/", what, good).await;
    }

    /// As [`Serving::until_complete`], seen by another browser.
    pub(crate) async fn until_complete_for(&self, visitor: &Visitor, address: &str) {
        let give_up = Instant::now() + DEADLINE;
        while !visitor.page(address).await.contains("value=\"both_good\"") {
            assert!(Instant::now() < give_up, "{address} does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn until_complete(&self, address: &str) {
        let complete = |page: &str| page.contains("value=\"both_good\"");
        self.wait_at(address, "complete battle", complete).await;
    }

    pub(crate) async fn two_models_ready(&self) {
        self.wait("two ready models", |page| {
            page.contains("Ask two models") && !page.contains("Fewer than two models")
        })
        .await;
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> reqwest::Response {
        post(&self.client, &self.base, path, form).await
    }

    pub(crate) async fn open(&self, prompt: &str) -> String {
        let response = self.post("/battles", &[("prompt", prompt)]).await;
        response.url().path().to_owned()
    }

    /// A second browser at the same arena.
    pub(crate) fn visitor(&self) -> Visitor {
        let client = crate::arena::client().cookie_store(true).build().unwrap();
        Visitor { base: self.base.clone(), client }
    }

    /// Whether the server itself has not ended.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    pub(crate) fn signal(&self, signal: i32) {
        send(self.pid(), signal);
    }

    pub(crate) fn workers(&self) -> Vec<i32> {
        let mut workers = descendants(self.pid());
        workers.retain(|pid| command_line(*pid).contains("arena-worker"));
        workers
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn send(pid: i32, signal: i32) {
    let done = Command::new("kill").args([format!("-{signal}"), pid.to_string()]).status();
    assert!(done.unwrap().success());
}

pub(crate) fn command_line(pid: i32) -> String {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}

/// All processes below one, zombies left out.
pub(crate) fn descendants(root: i32) -> Vec<i32> {
    let mut parents = HashMap::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<i32>() else { continue };
        let mut stat = String::new();
        let read = std::fs::File::open(entry.path().join("stat"))
            .and_then(|mut file| file.read_to_string(&mut stat));
        let fields: Vec<_> =
            stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        if read.is_ok() && fields.first() != Some(&"Z") && fields.len() > 1 {
            parents.insert(pid, fields[1].parse::<i32>().unwrap_or(0));
        }
    }
    let below = |mut pid: i32| {
        while let Some(&parent) = parents.get(&pid) {
            if parent == root {
                return true;
            }
            pid = parent;
        }
        false
    };
    parents.keys().copied().filter(|&pid| below(pid)).collect()
}

pub(crate) fn all_gone(pids: &[i32], within: Duration) {
    let give_up = Instant::now() + within;
    let alive = |pid: &i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        !stat.is_empty() && !stat.rsplit(')').next().unwrap_or_default().starts_with(" Z")
    };
    while pids.iter().any(alive) {
        let left: Vec<_> = pids.iter().filter(|pid| alive(pid)).map(|&p| command_line(p)).collect();
        assert!(Instant::now() < give_up, "still running: {left:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A running arena with two models that were added while it ran.
pub(crate) async fn arena_with_two_models(folder: &Folder) -> Serving {
    let serving = Serving::start(folder).await;
    for (file, name) in [(model(), "First of Two"), (folder.twin(), "Second of Two")] {
        let (done, text) = folder.add(&file, name);
        assert!(done, "{text}");
    }
    serving.two_models_ready().await;
    serving
}
