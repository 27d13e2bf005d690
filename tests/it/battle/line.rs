//! More battles than can be written at once: a line with visible places, refusals with a time, and readers who stand
//! still.

use std::sync::Arc;
use std::time::{Duration, Instant};

use doubleblind::battle::Limits;
use doubleblind::inference::Order;
use tokio::sync::Semaphore;

use crate::arena::{Event, Frames, Script, Scripted, TestArena, eventually, model};

const NARROW: Limits = Limits { at_once: 1, waiting: 2, voter_writing: 1, voter_waiting: 1 };

/// An arena of two models that write when the gate opens.
async fn gated(limits: Limits) -> (TestArena, Arc<Semaphore>) {
    let arena = TestArena::with_limits(limits).await;
    let gate = Arc::new(Semaphore::new(0));
    for (name, text) in [("Aster", "one"), ("Birch", "two")] {
        let script = Script::says(text).behind(&gate);
        arena.join(model(name), &Scripted::following(script)).await;
    }
    (arena, gate)
}

#[tokio::test]
async fn who_waits_sees_the_place_on_the_page_and_live_and_then_the_answers() {
    let (arena, gate) = gated(NARROW).await;
    let (first, second, third) = (arena.voter(), arena.voter(), arena.voter());
    let writing = first.asks("Why?").await;
    let _tab = first.watches(&writing).await;
    let next = second.asks("Why?").await;
    let last = third.asks("Why?").await;

    let page = third.looks_at(&last).await;
    let _next_tab = second.watches(&next).await;
    let mut stream = third.watches(&last).await;
    let told = stream.next().await;
    gate.add_permits(4);
    arena.when(&writing, "complete").await;
    let moved = stream.next().await;
    gate.add_permits(8);
    let mut frames = Frames::default();
    let mut words = Vec::new();
    while let Some(event) = stream.next().await {
        frames.take(&event);
        match event {
            Event::Place(place) => words.push(place),
            Event::End => break,
            Event::Frame { .. } | Event::Wait => {}
        }
    }

    assert!(page.contains("Your battle is number 2 in line. Keep this page open"), "{page}");
    let Some(Event::Place(told)) = told else { panic!("{told:?}") };
    assert!(told.starts_with("Your battle is number 2 in line"), "{told}");
    let Some(Event::Place(moved)) = moved else { panic!("{moved:?}") };
    assert!(moved.starts_with("Your battle is the next in line, about 5 seconds."), "{moved}");
    assert_eq!(
        words.last().unwrap(),
        "Both models are writing. You can vote once both answers are complete."
    );
    assert_eq!([frames.left, frames.right].concat().len(), 6);
}

#[tokio::test]
async fn beyond_the_line_a_friendly_page_says_when_to_come_back_and_nothing_is_written() {
    let (arena, _gate) = gated(NARROW).await;
    let voters: Vec<_> = (0..4).map(|_| arena.voter()).collect();
    for voter in &voters[..3] {
        voter.asks("Why?").await;
    }

    let refused = voters[3].posts("/battles", &[("prompt", "Why?")]).await;

    assert_eq!(refused.status, 503);
    assert_eq!(refused.headers["retry-after"], "30");
    assert!(refused.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(refused.body.contains("your question is still in its field"), "{}", refused.body);
    assert_eq!(arena.number("select count(*) from battles").await, 3);
}

#[tokio::test]
async fn a_session_has_one_battle_being_written_and_one_in_line() {
    let (arena, gate) = gated(Limits { at_once: 10, ..NARROW }).await;
    let voter = arena.voter();
    let writing = voter.asks("Why?").await;
    let waiting = voter.asks("Why?").await;

    let third = voter.posts("/battles", &[("prompt", "Why?")]).await;
    let page = voter.looks_at(&waiting).await;
    let others = arena.voter().posts("/battles", &[("prompt", "Why?")]).await;

    assert_eq!((third.status, others.status), (503, 303));
    assert!(third.headers.contains_key("retry-after"));
    assert!(page.contains("Your battle is the next in line"), "{page}");
    gate.add_permits(100);
    voter.watches(&writing).await.read_to_end().await;
    voter.watches(&waiting).await.read_to_end().await;
    arena.when(&waiting, "complete").await;
}

#[tokio::test]
async fn a_skipped_battle_leaves_the_line() {
    let (arena, _gate) = gated(NARROW).await;
    let (first, second) = (arena.voter(), arena.voter());
    let writing = first.asks("Why?").await;
    let waiting = second.asks("Why?").await;
    let _tab = second.watches(&waiting).await;

    first.skips(&writing, "other").await.location();

    eventually("the next battle has begun", async || {
        second.looks_at(&waiting).await.contains("Both models are writing").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_reader_who_stands_still_is_cut_off_and_may_come_back() {
    let text: String = (1..=300).map(|number| format!("w{number:03} ")).collect();
    let script =
        || Scripted::following(Script::says(&text).in_pieces(10, Duration::from_millis(90)));
    let (aster, birch) = (script(), script());
    let arena = TestArena::of_two(&aster, &birch).await;
    let voter = arena.voter();
    let id = voter.asks("Count").await;

    let started = Instant::now();
    let wire = voter.stares_at(&id).await;
    let port = wire.local_addr().unwrap().port();
    let mut most = 0;
    eventually("both models pause", async || {
        most = most.max(unsent(port));
        let paused = |engine: &Scripted| engine.orders().contains(&Order::Pause);
        (paused(&aster) && paused(&birch)).then_some(())
    })
    .await;

    let stood = started.elapsed();
    assert!(stood > Duration::from_secs(9) && stood < Duration::from_secs(16), "{stood:?}");
    assert!(most > 1_000 && most <= 32 << 10, "{most} bytes in the kernel");
    let mut stream = voter.watches(&id).await;
    stream.next_frame().await;
    eventually("both models go on", async || aster.orders().contains(&Order::Resume).then_some(()))
        .await;
}

/// Bytes that the kernel keeps for the reader at this port.
fn unsent(port: u16) -> u64 {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let reader = format!(":{port:04X}");
    let queue = table.lines().skip(1).find_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        fields[2].ends_with(&reader).then(|| fields[4].split(':').next().unwrap().to_owned())
    });
    queue.map_or(0, |queue| u64::from_str_radix(&queue, 16).unwrap())
}
