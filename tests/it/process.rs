//! The real program: started, used, interrupted and killed, with real workers and the smallest model.
#![cfg(test)]

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::Client;

const DEADLINE: Duration = Duration::from_secs(90);

/// The smallest demo model; `make models` fetches it.
fn model() -> PathBuf {
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

/// A folder that is removed with its test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("doubleblind-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(path.join("home")).unwrap();
        Self(path)
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
            .env("DOUBLEBLIND_ANSWER_SECONDS", "20")
            .env("DOUBLEBLIND_LOG", "info")
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
    fn twin(&self) -> PathBuf {
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

    fn add(&self, file: &Path, name: &str) -> (bool, String) {
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

/// A running arena; killed with its test.
pub(crate) struct Serving {
    child: Child,
    base: String,
    client: Client,
}

impl Serving {
    async fn start(folder: &Folder) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = std::fs::File::create(folder.0.join("serve.log")).unwrap();
        let child = folder
            .command()
            .args(["serve", "--listen", &format!("127.0.0.1:{port}")])
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let client = Client::builder().cookie_store(true).build().unwrap();
        let serving = Self { child, base: format!("http://127.0.0.1:{port}"), client };
        serving.wait("the first page", |page| page.contains("Ask two models")).await;
        serving
    }

    async fn page(&self, path: &str) -> String {
        match self.client.get(format!("{}{path}", self.base)).send().await {
            Ok(response) => response.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    async fn wait_at(&self, path: &str, what: &str, good: impl Fn(&str) -> bool) -> String {
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

    async fn wait(&self, what: &str, good: impl Fn(&str) -> bool) {
        self.wait_at("/", what, good).await;
    }

    pub(crate) async fn until_complete(&self, address: &str) {
        let complete = |page: &str| page.contains("value=\"both_good\"");
        self.wait_at(address, "complete battle", complete).await;
    }

    async fn two_models_ready(&self) {
        self.wait("two ready models", |page| {
            page.contains("Ask two models") && !page.contains("Fewer than two models")
        })
        .await;
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> reqwest::Response {
        self.client.post(format!("{}{path}", self.base)).form(form).send().await.unwrap()
    }

    pub(crate) async fn open(&self, prompt: &str) -> String {
        let response = self.post("/battles", &[("prompt", prompt)]).await;
        response.url().path().to_owned()
    }

    fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    fn signal(&self, signal: i32) {
        send(self.pid(), signal);
    }

    fn workers(&self) -> Vec<i32> {
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

fn send(pid: i32, signal: i32) {
    let done = Command::new("kill").args([format!("-{signal}"), pid.to_string()]).status();
    assert!(done.unwrap().success());
}

fn command_line(pid: i32) -> String {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}

/// All processes below one, zombies left out.
fn descendants(root: i32) -> Vec<i32> {
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

fn all_gone(pids: &[i32], within: Duration) {
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

#[tokio::test]
async fn models_join_a_running_arena_and_ctrl_c_ends_every_process() {
    let folder = Folder::new("ctrl-c");
    let mut serving = arena_with_two_models(&folder).await;
    let address = serving.open("What is two plus two?").await;
    serving.until_complete(&address).await;
    let below = descendants(serving.pid());
    assert_eq!(serving.workers().len(), 2);
    assert!(below.len() > 4, "workers and Postgres: {below:?}");

    serving.signal(2);

    let give_up = Instant::now() + Duration::from_secs(15);
    let status = loop {
        if let Some(status) = serving.child.try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < give_up, "still running");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(status.code(), Some(0));
    all_gone(&below, Duration::from_secs(1));
    let home = std::fs::read_dir(folder.0.join("home")).unwrap().count();
    assert_eq!(home, 0, "something was written outside the data folder");
}

#[tokio::test]
async fn a_killed_app_takes_workers_and_database_with_it_and_starts_again_at_once() {
    let folder = Folder::new("kill");
    let mut serving = arena_with_two_models(&folder).await;
    let address = serving.open("What is two plus two?").await;
    serving.until_complete(&address).await;
    let reveal = serving.post(&format!("{address}/vote"), &[("verdict", "tie")]).await;
    assert_eq!(reveal.status(), 200);
    let below = descendants(serving.pid());

    serving.signal(9);
    serving.child.wait().unwrap();
    all_gone(&below, Duration::from_secs(10));
    let client = serving.client.clone();
    let again = Serving::start(&folder).await;

    let votes = client.get(format!("{}/votes.csv", again.base)).send().await.unwrap();
    assert_eq!(votes.text().await.unwrap().lines().count(), 2);
    again.two_models_ready().await;
}

#[tokio::test]
async fn a_killed_worker_is_a_neutral_sentence_for_both_sides_and_comes_back() {
    let folder = Folder::new("worker");
    let serving = arena_with_two_models(&folder).await;
    let address = serving.open("Write a long story about a lighthouse keeper.").await;

    // Stopped first, so that the answer cannot be complete before the worker is killed.
    let victim = serving.workers()[0];
    send(victim, 19);
    send(victim, 9);

    let page = serving
        .wait_at(&address, "neutral sentence", |page| page.contains("Ask the same pair again"))
        .await;
    assert_eq!(page.matches("This pair could not be completed.").count(), 3);
    assert!(!page.contains("of Two") && !page.contains("worker"));
    serving.two_models_ready().await;
    let retried = serving.post(&format!("{address}/retry"), &[]).await;
    assert_eq!(retried.status(), 200);
    serving.until_complete(&address).await;
}

#[tokio::test]
async fn broken_files_are_refused_with_a_sentence_and_the_arena_stays_up() {
    let folder = Folder::new("broken");
    let serving = Serving::start(&folder).await;
    let whole = std::fs::read(model()).unwrap();
    let truncated = folder.0.join("truncated.gguf");
    std::fs::write(&truncated, &whole[..whole.len() / 2]).unwrap();
    let text = folder.0.join("text.gguf");
    std::fs::write(&text, "this is not a model").unwrap();

    let (truncated_done, truncated_said) = folder.add(&truncated, "Truncated");
    let (text_done, text_said) = folder.add(&text, "Text");
    let (missing_done, missing_said) = folder.add(Path::new("nowhere.gguf"), "Missing");
    let (country_done, country_said) = folder.run(&[
        "models",
        "add",
        model().to_str().unwrap(),
        "--name",
        "X",
        "--maker",
        "Y",
        "--country",
        "France",
        "--licence",
        "Z",
    ]);

    assert!(!truncated_done && truncated_said.contains("it is truncated"), "{truncated_said}");
    assert!(!text_done && text_said.contains("is refused"), "{text_said}");
    assert!(!missing_done && missing_said.contains("cannot be read"), "{missing_said}");
    assert!(!country_done && country_said.contains("two capital letters"), "{country_said}");
    assert!(serving.page("/").await.contains("Ask two models"));
}

#[tokio::test]
async fn a_model_is_listed_shown_and_retired_from_the_command_line() {
    let folder = Folder::new("retire");
    let serving = arena_with_two_models(&folder).await;

    let (_, listed) = folder.run(&["models", "list"]);
    let (_, shown) = folder.run(&["models", "show", "First of Two"]);
    let (again, twice) = folder.add(&model(), "Another Name");
    let (retired, _) = folder.run(&["models", "retire", "First of Two"]);

    assert!(listed.contains("First of Two") && listed.contains("Q4_1"), "{listed}");
    assert!(shown.contains("134") || shown.contains("135M"), "{shown}");
    assert!(!again && twice.contains("in the pool already"), "{twice}");
    assert!(retired);
    serving.wait("fewer models", |page| page.contains("Fewer than two models")).await;
    serving.wait_at("/leaderboard", "retired model", |page| page.contains("(retired)")).await;
}

#[tokio::test]
async fn a_second_arena_on_the_same_data_is_refused_with_a_sentence() {
    let folder = Folder::new("second");
    let _serving = Serving::start(&folder).await;

    let (done, said) = folder.run(&["serve", "--listen", "127.0.0.1:0"]);

    assert!(!done);
    assert!(said.contains("doubleblind: "), "{said}");
    assert!(said.contains("data"), "{said}");
}

#[tokio::test]
async fn the_doctor_shows_settings_and_probes_and_fails_without_models() {
    let folder = Folder::new("doctor");

    let (empty, said) = folder.run(&["doctor", "--temperature", "0.5"]);
    let (first, _) = folder.add(&model(), "First of Two");
    let (second, _) = folder.add(&folder.twin(), "Second of Two");
    let (healthy, report) = folder.run(&["doctor"]);

    assert!(!empty && said.contains("a battle needs 2"), "{said}");
    assert!(said.contains("temperature 0.5") && said.contains("PostgreSQL"), "{said}");
    assert!(first && second);
    assert!(healthy, "{report}");
}
