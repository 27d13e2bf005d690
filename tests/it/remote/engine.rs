//! The engine of an endpoint that keeps to the interface.

use std::sync::Arc;
use std::time::Duration;

use arena_core::protocol::{Failure, Finish};
use doubleblind::inference::{Engine, Order, Output, RemoteEngine};
use tokio::sync::Semaphore;

use super::server::{Elsewhere, Step, event, finish, refuses, says, streams, text};
use super::{End, answer_to, endpoint, impatient, job, ready, whole};
use crate::arena::eventually;

#[tokio::test]
async fn an_answer_comes_with_its_text_end_and_counts() {
    let (text, end) = answer_to(says("Because é 漢.")).await;

    let End::Done(finish, work) = end else { panic!("{end:?}") };
    assert_eq!((text.as_str(), finish), ("Because é 漢.", Finish::Stop));
    assert_eq!((work.prompt_tokens, work.answer_tokens), (Some(21), Some(7)));
    assert!(work.first_token_ms <= work.total_ms);
}

#[tokio::test]
async fn counts_that_the_server_does_not_give_are_unknown_and_not_guessed() {
    let (_, end) = answer_to(streams([text("Because."), finish("length"), Step::Silence])).await;

    let End::Done(finish, work) = end else { panic!("{end:?}") };
    assert_eq!(finish, Finish::Length);
    assert_eq!((work.prompt_tokens, work.answer_tokens), (None, None));
}

#[tokio::test]
async fn the_server_gets_settings_seed_conversation_and_key() {
    let server = Elsewhere::playing(says("x")).await;
    let key = std::env::temp_dir().join(format!("doubleblind-test-key-{}", std::process::id()));
    std::fs::write(&key, "sesame-open\n").unwrap();
    let mut endpoint = endpoint(&server.url());
    endpoint.key_file = Some(key.clone());
    let engine = RemoteEngine::start("Heron", endpoint, 4096, impatient()).unwrap();
    engine.wait_ready().await.unwrap();

    let (_, end) = whole(engine.generate(job())).await;

    std::fs::remove_file(&key).unwrap();
    assert!(matches!(end, End::Done(..)), "{end:?}");
    let asked = server.asked().pop().unwrap();
    assert!(asked.head.to_lowercase().contains("\r\nauthorization: bearer sesame-open\r\n"));
    let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
    for (field, value) in [
        ("model", serde_json::json!("heron-7b")),
        ("seed", serde_json::json!(77)),
        ("top_k", serde_json::json!(40)),
        ("max_tokens", serde_json::json!(512)),
        ("stream", serde_json::json!(true)),
    ] {
        assert_eq!(body[field], value, "{field}");
    }
    assert_eq!(body["messages"][1]["content"], "Why?");
}

#[tokio::test]
async fn thoughts_that_the_server_keeps_apart_stand_in_front_in_one_form() {
    for field in ["reasoning_content", "reasoning"] {
        let thought = |words: &str| {
            event(&format!(r#"{{"choices":[{{"index":0,"delta":{{"{field}":"{words}"}}}}]}}"#))
        };
        let steps = streams([thought("Let me "), thought("see."), text("Four."), finish("stop")]);

        let (text, end) = answer_to(steps).await;

        assert_eq!(text, "<think>Let me see.</think>Four.");
        assert!(matches!(end, End::Done(..)), "{end:?}");
    }
}

#[tokio::test]
async fn a_thought_that_never_ends_is_closed() {
    let thought = event(r#"{"choices":[{"index":0,"delta":{"reasoning_content":"Hm"}}]}"#);

    let (text, _) = answer_to(streams([thought, finish("length")])).await;

    assert_eq!(text, "<think>Hm</think>");
}

#[tokio::test]
async fn a_busy_server_is_asked_again_before_the_first_text() {
    let server = Elsewhere::by(|number| match number {
        0 => refuses(503, "{}"),
        1 => streams([]),
        _ => says("At last."),
    })
    .await;
    let engine = ready(&server).await;

    let (text, end) = whole(engine.generate(job())).await;

    assert_eq!(text, "At last.");
    assert!(matches!(end, End::Done(..)), "{end:?}");
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn nothing_is_asked_again_after_the_first_text() {
    let server = Elsewhere::playing(streams([text("Half an ans")])).await;
    let engine = ready(&server).await;

    let (text, end) = whole(engine.generate(job())).await;

    assert_eq!(text, "Half an ans");
    assert!(matches!(end, End::Failed(Failure::WorkerDied, _)), "{end:?}");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_refused_key_is_not_tried_again() {
    let server = Elsewhere::playing(refuses(401, r#"{"error":{"message":"WHO ARE YOU"}}"#)).await;
    let engine = ready(&server).await;

    let (_, end) = whole(engine.generate(job())).await;

    let End::Failed(failure, detail) = end else { panic!("{end:?}") };
    assert_eq!(failure, Failure::Unavailable);
    assert_eq!(detail, "the endpoint refuses with status 401");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn cancelling_drops_the_connection() {
    let server = Elsewhere::playing(streams([text("Once"), Step::Silence])).await;
    let engine = ready(&server).await;
    let mut generation = engine.generate(job());
    assert_eq!(generation.outputs.recv().await, Some(Output::Text("Once".to_owned())));
    assert_eq!(server.open(), 1);

    drop(generation);

    eventually("the connection is dropped", async || (server.open() == 0).then_some(())).await;
}

#[tokio::test]
async fn cancelling_drops_a_connection_that_has_no_answer_yet() {
    let server = Elsewhere::playing(vec![Step::Silence]).await;
    let engine = ready(&server).await;
    let generation = engine.generate(job());
    eventually("it is asked", async || (server.open() == 1).then_some(())).await;

    generation.order(Order::Cancel);

    eventually("the connection is dropped", async || (server.open() == 0).then_some(())).await;
}

#[tokio::test]
async fn a_pause_stops_the_reading_and_its_time_counts_nowhere() {
    let gate = Arc::new(Semaphore::new(0));
    let steps = [text("One "), Step::Gate(Arc::clone(&gate)), text("two."), finish("stop")];
    let server = Elsewhere::playing(streams(steps)).await;
    let engine = ready(&server).await;
    let mut generation = engine.generate(job());
    assert_eq!(generation.outputs.recv().await, Some(Output::Text("One ".to_owned())));

    generation.order(Order::Pause);
    // Longer than the idle time that the engine allows.
    let silence = tokio::time::timeout(Duration::from_millis(700), generation.outputs.recv()).await;
    assert!(silence.is_err(), "{silence:?}");
    gate.add_permits(1);
    generation.order(Order::Resume);

    let (rest, end) = whole(generation).await;
    assert_eq!(rest, "two.");
    let End::Done(_, work) = end else { panic!("{end:?}") };
    assert!(work.total_ms < 650, "{work:?}");
}

#[tokio::test]
async fn readiness_follows_the_endpoint() {
    let server = Elsewhere::playing(says("x")).await;
    let engine = ready(&server).await;
    let facts = engine.readiness().unwrap();
    assert_eq!(facts.engine, "endpoint of Heron Hosting (Denmark), model heron-7b");
    assert_eq!((facts.context_tokens, facts.process_id), (4096, None));

    for (status, is_ready) in [(503, false), (200, true), (401, false), (404, true)] {
        server.lists_with(status);
        eventually(&format!("status {status} is seen"), async || {
            (engine.readiness().is_some() == is_ready).then_some(())
        })
        .await;
    }
    drop(server);
    eventually("a dead endpoint is seen", async || engine.readiness().is_none().then_some(()))
        .await;
    let (_, end) = whole(engine.generate(job())).await;
    assert!(matches!(end, End::Failed(Failure::Unavailable, _)), "{end:?}");
}
