//! What flows between the app and a worker: requests, events, and its last words.

use arena_core::protocol::{self, Event, MAX_LINE_BYTES};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::sync::mpsc;

/// Lines of a worker's stderr that are kept for the log.
const STDERR_LINES: usize = 20;

pub(super) async fn write_lines(
    mut stdin: ChildStdin,
    mut outbox: mpsc::UnboundedReceiver<String>,
) {
    while let Some(line) = outbox.recv().await {
        if stdin.write_all(line.as_bytes()).await.is_err() {
            return;
        }
    }
}

pub(super) async fn read_events(stdout: ChildStdout, events: mpsc::Sender<Event>) {
    let mut reader = BufReader::new(stdout);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut limited = (&mut reader).take(MAX_LINE_BYTES as u64);
        if !matches!(limited.read_until(b'\n', &mut line).await, Ok(1..)) {
            return;
        }
        let event = std::str::from_utf8(&line).ok().and_then(|text| protocol::decode(text).ok());
        // A line outside the protocol ends the worker: its memory can no longer be trusted.
        let Some(event) = event else { return };
        if events.send(event).await.is_err() {
            return;
        }
    }
}

pub(super) async fn keep_last_words(stderr: ChildStderr, words: mpsc::UnboundedSender<String>) {
    let mut lines = BufReader::new(stderr.take(1 << 20)).lines();
    let mut kept = 0;
    while let Ok(Some(line)) = lines.next_line().await {
        kept += 1;
        if kept <= STDERR_LINES {
            let _ = words.send(line.chars().filter(|c| !c.is_control()).take(300).collect());
        }
    }
}
