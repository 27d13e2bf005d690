//! Endpoints that break the interface: each is a failure in time, and takes little memory.

use std::time::{Duration, Instant};

use arena_core::protocol::Failure;
use doubleblind::inference::{Engine, Order, Output};

use super::server::{Elsewhere, STREAM, Step, event, finish, refuses, streams, text};
use super::{End, answer_to, job, ready, whole};
use crate::arena::eventually;

/// More than any limit of the engine.
const MANY_BYTES: usize = 64 << 20;

/// Words of the server that nobody may ever see.
const OWN_WORDS: &str = "SQUEAMISH OSSIFRAGE";

/// Plays the steps; the answer must fail in this way within the patience of the test.
async fn fails_as(name: &str, steps: Vec<Step>, expected: Failure) {
    let started = Instant::now();

    let (text, end) = answer_to(steps).await;

    let End::Failed(failure, detail) = end else { panic!("{name}: {end:?}") };
    assert_eq!(failure, expected, "{name}: {detail}");
    assert!(!detail.contains(OWN_WORDS), "{name}: {detail}");
    assert!(text.len() <= 128 << 10, "{name}: {} bytes of text", text.len());
    let took = started.elapsed();
    assert!(took < Duration::from_secs(6), "{name} took {took:?}");
}

#[tokio::test]
async fn streams_without_end_are_cut_off() {
    let now = Duration::ZERO;
    let body = |bytes: Vec<u8>| vec![Step::Send(STREAM.into()), Step::Forever(bytes, now)];
    let piece = br#"data: {"choices":[{"index":0,"delta":{"content":"SQUEAMISH "}}]}"#;

    fails_as("one line", body(vec![b'x'; 1 << 16]), Failure::Decode).await;
    fails_as("comments", body(b": alive\n\n".repeat(4096)), Failure::Decode).await;
    fails_as("data lines", body(b"data: 1\n".repeat(4096)), Failure::Decode).await;
    fails_as("text", body([piece, &b"\n\n"[..]].concat()), Failure::Decode).await;
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n".to_vec();
    let headers = vec![Step::Send(head), Step::Forever(b"X-A: b\r\n".repeat(1000), now)];
    fails_as("headers", headers, Failure::Unavailable).await;
}

#[tokio::test]
async fn what_is_not_of_the_interface_is_refused() {
    let raw = |bytes: &[u8]| streams([text("So "), Step::Send(bytes.to_vec())]);
    let html = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<p>Hello";
    let error = format!(r#"{{"error":{{"message":"{OWN_WORDS}"}}}}"#);

    fails_as("no JSON", raw(b"data: SQUEAMISH OSSIFRAGE\n\n"), Failure::Decode).await;
    fails_as("no UTF-8", raw(b"data: \xff\xfe\n\n"), Failure::Decode).await;
    fails_as("another JSON", raw(b"data: [1]\n\n"), Failure::Decode).await;
    fails_as(
        "text is a number",
        raw(br#"data: {"choices":7}

"#),
        Failure::Decode,
    )
    .await;
    fails_as("an error inside", streams([text("So "), event(&error)]), Failure::Decode).await;
    fails_as("a filter", streams([text("So "), finish("content_filter")]), Failure::Decode).await;
    fails_as("a page", vec![Step::Send(html.into())], Failure::Decode).await;
    fails_as("a refusal", refuses(400, &error), Failure::Decode).await;
    fails_as("an outage", refuses(500, &error), Failure::Unavailable).await;
    fails_as("no HTTP", vec![Step::Send(b"SSH-2.0-x\r\n".into())], Failure::Unavailable).await;
    fails_as("a broken chunk", vec![Step::Send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".into())], Failure::WorkerDied).await;
    fails_as(
        "an end without a reason",
        streams([text("So"), event("[DONE]")]),
        Failure::WorkerDied,
    )
    .await;
}

#[tokio::test]
async fn slow_servers_end_at_their_deadlines() {
    let drip = |bytes: &[u8]| Step::Forever(bytes.to_vec(), Duration::from_millis(100));
    let piece = br#"data: {"choices":[{"index":0,"delta":{"content":"a"}}]}

"#;

    fails_as("silence", vec![Step::Silence], Failure::Timeout).await;
    fails_as("a dripping head", vec![drip(b"H")], Failure::Timeout).await;
    fails_as("comments only", streams([drip(b": alive\n\n")]), Failure::Timeout).await;
    fails_as("a dripping line", streams([text("So "), drip(b"d")]), Failure::Timeout).await;
    fails_as(
        "empty pieces",
        streams([
            text("So "),
            drip(
                br#"data: {"choices":[]}

"#,
            ),
        ]),
        Failure::Timeout,
    )
    .await;
    fails_as("a text without end", streams([drip(piece)]), Failure::Timeout).await;
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let trap = Elsewhere::playing(streams([text("Here."), finish("stop")])).await;
    let to =
        format!("HTTP/1.1 307 Go\r\nLocation: {}/trap\r\nContent-Length: 0\r\n\r\n", trap.url());

    fails_as("a redirect", vec![Step::Send(to.into())], Failure::Unavailable).await;

    assert!(!trap.was_asked_for("/v1/trap"));
}

#[tokio::test]
async fn a_paused_answer_holds_a_fast_server_back() {
    let piece =
        br#"data: {"choices":[{"index":0,"delta":{"content":"","x":"a long field of no use"}}]}

"#;
    let flood = Step::Forever(piece.repeat(100), Duration::ZERO);
    let server = Elsewhere::playing(streams([text("Once"), flood])).await;
    let engine = ready(&server).await;
    let mut generation = engine.generate(job());
    assert_eq!(generation.outputs.recv().await, Some(Output::Text("Once".to_owned())));

    generation.order(Order::Pause);

    let mut before = usize::MAX;
    let sent = eventually("the server has to wait", async || {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let now = server.sent();
        (std::mem::replace(&mut before, now) == now).then_some(now)
    })
    .await;
    assert!(sent < MANY_BYTES, "{sent} bytes went out");
    assert_eq!(server.open(), 1, "the answer was read on, to the limit of a stream");
    generation.order(Order::Resume);
    let (_, end) = whole(generation).await;
    // Whichever limit is reached first: that of bytes, or that of time without text.
    assert!(matches!(end, End::Failed(Failure::Decode | Failure::Timeout, _)), "{end:?}");
}
