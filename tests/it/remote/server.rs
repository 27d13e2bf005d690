//! A server of the interface that does what a test says, byte by byte, honest or not.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};

/// The head of a streamed answer that ends with its connection.
pub(super) const STREAM: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

/// One thing the server does in an answer.
#[derive(Clone)]
pub(super) enum Step {
    /// Sends bytes.
    Send(Vec<u8>),
    /// Sends the bytes again and again, with a pause between.
    Forever(Vec<u8>, Duration),
    /// Waits for a permit.
    Gate(Arc<Semaphore>),
    /// Says no more and keeps the connection.
    Silence,
}

/// One request as it came.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) path: String,
    pub(super) head: String,
    pub(super) body: String,
}

/// A server on a port of its own; it ends with the value.
pub(super) struct Elsewhere {
    pub(super) address: SocketAddr,
    inside: Arc<Inside>,
    task: AbortHandle,
}

struct Inside {
    answer: Box<dyn Fn(usize) -> Vec<Step> + Send + Sync>,
    asked: Mutex<Vec<Asked>>,
    /// Status of the list of models.
    list_status: AtomicU16,
    /// Answers whose connection is open.
    open: AtomicUsize,
    /// Bytes of answers that were taken from the server.
    sent: AtomicUsize,
}

/// A whole event.
pub(super) fn event(json: &str) -> Step {
    Step::Send(format!("data: {json}\n\n").into_bytes())
}

/// An event with a piece of text.
pub(super) fn text(text: &str) -> Step {
    let text = serde_json::to_string(text).unwrap();
    event(&format!(
        r#"{{"choices":[{{"index":0,"delta":{{"content":{text}}},"finish_reason":null}}]}}"#
    ))
}

/// The event that ends an answer.
pub(super) fn finish(reason: &str) -> Step {
    event(&format!(r#"{{"choices":[{{"index":0,"delta":{{}},"finish_reason":"{reason}"}}]}}"#))
}

/// A head and what follows it.
pub(super) fn streams(steps: impl IntoIterator<Item = Step>) -> Vec<Step> {
    let mut all = vec![Step::Send(STREAM.into())];
    all.extend(steps);
    all
}

/// A good answer with counts.
pub(super) fn says(words: &str) -> Vec<Step> {
    let usage = r#"{"choices":[],"usage":{"prompt_tokens":21,"completion_tokens":7}}"#;
    streams([text(words), finish("stop"), event(usage), event("[DONE]")])
}

/// An answer that is a status and a body.
pub(super) fn refuses(status: u16, body: &str) -> Vec<Step> {
    let head = format!(
        "HTTP/1.1 {status} No\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    vec![Step::Send(head.into())]
}

impl Elsewhere {
    /// Plays a script for each answer, chosen by its number from 0.
    pub(super) async fn by(answer: impl Fn(usize) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inside = Arc::new(Inside {
            answer: Box::new(answer),
            asked: Mutex::default(),
            list_status: AtomicU16::new(200),
            open: AtomicUsize::new(0),
            sent: AtomicUsize::new(0),
        });
        let shared = Arc::clone(&inside);
        let serving = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { address, inside, task: serving.abort_handle() }
    }

    /// Always plays one script.
    pub(super) async fn playing(steps: Vec<Step>) -> Self {
        Self::by(move |_| steps.clone()).await
    }

    /// Base address.
    pub(super) fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Answers to the question for the list of models with this status from now on.
    pub(super) fn lists_with(&self, status: u16) {
        self.inside.list_status.store(status, Ordering::SeqCst);
    }

    /// All requests for answers.
    pub(super) fn asked(&self) -> Vec<Asked> {
        let asked = self.inside.asked.lock().unwrap();
        asked.iter().filter(|asked| asked.path.ends_with("/chat/completions")).cloned().collect()
    }

    /// Whether a path was asked for.
    pub(super) fn was_asked_for(&self, path: &str) -> bool {
        self.inside.asked.lock().unwrap().iter().any(|asked| asked.path == path)
    }

    /// Answers whose connection is open.
    pub(super) fn open(&self) -> usize {
        self.inside.open.load(Ordering::SeqCst)
    }

    /// Bytes of answers that were taken from the server.
    pub(super) fn sent(&self) -> usize {
        self.inside.sent.load(Ordering::SeqCst)
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, inside: Arc<Inside>) {
    while let Some(asked) = read(&mut stream).await {
        let answers = asked.path.ends_with("/chat/completions");
        let number = {
            let mut all = inside.asked.lock().unwrap();
            all.push(asked.clone());
            all.iter().filter(|asked| asked.path.ends_with("/chat/completions")).count()
        };
        if answers {
            inside.open.fetch_add(1, Ordering::SeqCst);
            let steps = (inside.answer)(number - 1);
            play(&mut stream, &inside, steps).await;
            inside.open.fetch_sub(1, Ordering::SeqCst);
            let _ = stream.shutdown().await;
            return;
        }
        let status = inside.list_status.load(Ordering::SeqCst);
        let list = format!("HTTP/1.1 {status} So\r\nContent-Length: 11\r\n\r\n{{\"data\":[]}}");
        if stream.write_all(list.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Plays until the end of the script or of the connection.
async fn play(stream: &mut TcpStream, inside: &Inside, steps: Vec<Step>) {
    let (mut reader, mut writer) = stream.split();
    let script = async {
        for step in steps {
            match step {
                Step::Send(bytes) => {
                    if writer.write_all(&bytes).await.is_err() {
                        return;
                    }
                    inside.sent.fetch_add(bytes.len(), Ordering::SeqCst);
                }
                Step::Forever(bytes, pause) => loop {
                    if writer.write_all(&bytes).await.is_err() {
                        return;
                    }
                    inside.sent.fetch_add(bytes.len(), Ordering::SeqCst);
                    if !pause.is_zero() {
                        tokio::time::sleep(pause).await;
                    }
                },
                Step::Gate(gate) => gate.acquire().await.unwrap().forget(),
                Step::Silence => std::future::pending().await,
            }
        }
    };
    let gone = async {
        let mut rest = [0; 64];
        while matches!(reader.read(&mut rest).await, Ok(1..)) {}
    };
    tokio::select! { () = script => {}, () = gone => {} }
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        match stream.read(&mut chunk).await {
            Ok(count @ 1..) => bytes.extend_from_slice(&chunk[..count]),
            _ => return None,
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let header =
        |line: &str| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned);
    let length: usize = head.lines().find_map(header).map_or(0, |text| text.parse().unwrap());
    while bytes.len() < end + length {
        match stream.read(&mut chunk).await {
            Ok(count @ 1..) => bytes.extend_from_slice(&chunk[..count]),
            _ => return None,
        }
    }
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    Some(Asked { path, head, body: String::from_utf8_lossy(&bytes[end..]).into_owned() })
}
