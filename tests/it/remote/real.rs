//! The whole program against a real server of another project: llama.cpp's own, from a package.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::process::{Folder, Serving, command_line, descendants, model};

/// Opens the server; it must be found nowhere but in its file and on the server's own side.
const KEY: &str = "sesame-5f0c1a77";

/// The folder with the package; `.make/remote_server.sh` fills it.
fn package() -> PathBuf {
    let cache = || {
        let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
        home.join(".cache/doubleblind/remote-server")
    };
    let path = std::env::var_os("DOUBLEBLIND_REMOTE_SERVER").map_or_else(cache, PathBuf::from);
    assert!(path.join("xllamacpp").exists(), "{path:?} is missing: run .make/remote_server.sh");
    path
}

/// A real server with the smallest model; it ends with its standard input.
struct LlamaServer {
    child: Child,
    url: String,
}

impl LlamaServer {
    fn start() -> Self {
        let mut child = Command::new("python3")
            .env("PYTHONPATH", package())
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/remote/llama_server.py"))
            .arg(model())
            .arg(KEY)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .map(Result::unwrap)
            .find_map(|line| line.strip_prefix("address ").map(str::to_owned))
            .expect("the server did not start");
        Self { child, url: format!("{address}/v1") }
    }
}

impl Drop for LlamaServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn add_remote(folder: &Folder, url: &str, key: &str) -> (bool, String) {
    let key_file = folder.0.join("endpoint.key");
    std::fs::write(&key_file, key).unwrap();
    folder.run(&[
        "models",
        "add-remote",
        "--name",
        "Second of Two",
        "--maker",
        "Hugging Face",
        "--country",
        "US/FR",
        "--licence",
        "Apache-2.0",
        "--endpoint",
        url,
        "--model",
        "smol",
        "--key-file",
        key_file.to_str().unwrap(),
        "--operator",
        "Heron Hosting",
        "--operator-country",
        "DK",
        "--context",
        "2048",
    ])
}

#[tokio::test]
async fn a_real_server_of_another_project_answers_in_battles() {
    let folder = Folder::new("remote");
    let elsewhere = LlamaServer::start();
    let serving = Serving::start(&folder).await;
    let (done, said) = folder.add(&model(), "First of Two");
    assert!(done, "{said}");

    let (wrong_done, wrong_said) = add_remote(&folder, &elsewhere.url, "a-wrong-key");
    let (done, added) = add_remote(&folder, &elsewhere.url, KEY);
    assert!(done, "{added}");
    serving.two_models_ready().await;
    let landing = serving.page("/").await;
    let address = serving.open("What is two plus two?").await;
    serving.until_complete(&address).await;
    let blind = serving.page(&address).await;
    let vote = serving.post(&format!("{address}/vote"), &[("verdict", "tie")]).await;
    let reveal = vote.text().await.unwrap();
    let (_, doctor) = folder.run(&["doctor"]);
    let (_, listed) = folder.run(&["models", "list"]);

    assert!(!wrong_done && wrong_said.contains("status 401"), "{wrong_said}");
    assert!(added.contains("questions are sent to Heron Hosting (Denmark)"), "{added}");
    assert!(added.contains("`chmod 600` closes it"), "{added}");
    assert!(landing.contains("may be sent to Heron Hosting (Denmark)"), "{landing}");
    assert!(!blind.contains("of Two"), "{blind}");
    for fact in ["First of Two", "Second of Two", "<dd>remote</dd>", "model smol", "tokens/s"] {
        assert!(reveal.contains(fact), "{fact}: {reveal}");
    }
    assert!(
        doctor.contains("questions leave this machine for Heron Hosting (Denmark)"),
        "{doctor}"
    );
    assert!(listed.contains("remote") && listed.contains("run by Heron Hosting"), "{listed}");
    let own = i32::try_from(std::process::id()).unwrap();
    let ours = descendants(own).into_iter().filter(|pid| *pid != elsewhere.child.id() as i32);
    let commands: Vec<String> = ours.map(command_line).collect();
    assert!(commands.iter().any(|line| line.contains("doubleblind")), "{commands:?}");
    let log = std::fs::read_to_string(folder.0.join("serve.log")).unwrap();
    assert!(log.contains("questions are sent to Heron Hosting"), "{log}");
    let texts = [added, landing, blind, reveal, doctor, listed, log, commands.join("\n")];
    assert!(texts.iter().all(|text| !text.contains(KEY)), "the key is to be seen");
    assert!(!wrong_said.contains("a-wrong-key"), "{wrong_said}");
}

#[tokio::test]
async fn what_cannot_be_an_endpoint_is_refused_with_a_sentence() {
    let folder = Folder::new("no-endpoint");
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();

    for (url, sentence) in [
        ("http://192.0.2.7/v1", "a key is sent over https"),
        ("https://user:hidden@host/v1", "is no address of an endpoint"),
        (&format!("http://{unused}/v1"), "cannot be reached: no connection"),
    ] {
        let (done, said) = add_remote(&folder, url, KEY);

        assert!(!done && said.contains(sentence), "{url}: {said}");
        assert!(!said.contains(KEY) && !said.contains("hidden"), "{said}");
    }
}
