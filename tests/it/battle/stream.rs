//! Live text: equal steps, lost connections, closed tabs, and browsers without JavaScript.

use std::sync::Arc;
use std::time::{Duration, Instant};

use doubleblind::inference::Order;

use crate::arena::{Event, Frames, Script, Scripted, TestArena, Voter, eventually};

/// A text in which every place looks different.
fn counting(words: usize) -> String {
    (1..=words).map(|number| format!("w{number:03} ")).collect()
}

/// Two models of very different speed with texts of different length.
fn fast_and_slow() -> (Arc<Scripted>, Arc<Scripted>) {
    let fast = Script::says(&counting(60)).in_pieces(60, Duration::from_millis(1));
    let slow = Script::says(&counting(20)).in_pieces(10, Duration::from_millis(40));
    (Scripted::following(fast), Scripted::following(slow))
}

async fn is_told(engine: &Scripted, order: Order) {
    eventually(&format!("the engine is told to {order:?}"), async || {
        engine.orders().contains(&order).then_some(())
    })
    .await;
}

/// Reads frames until so many characters of each side are there.
async fn read_chars(voter: &Voter, id: &str, chars: usize) -> Frames {
    let mut stream = voter.watches(id).await;
    let mut frames = Frames::default();
    while frames.left.len().min(frames.right.len()) < chars {
        frames.take(&stream.next_frame().await);
    }
    frames
}

async fn assert_is_stored(arena: &TestArena, id: &str, left: &str, right: &str) {
    arena.when(id, "complete").await;
    let stored = arena.answers(id).await;
    assert_eq!(stored[0].body.as_deref(), Some(left));
    assert_eq!(stored[1].body.as_deref(), Some(right));
}

#[tokio::test]
async fn both_sides_advance_by_equal_steps_while_both_have_text() {
    let (fast, slow) = fast_and_slow();
    let arena = TestArena::of_two(&fast, &slow).await;
    let voter = arena.voter();

    let id = voter.asks("Count").await;
    let frames = voter.watches(&id).await.read_to_end().await;

    assert_is_stored(&arena, &id, &frames.left, &frames.right).await;
    let shorter = frames.left.len().min(frames.right.len());
    let mut shown = 0;
    for &(left, right) in frames.steps.iter().take_while(|(left, right)| left.min(right) > &0) {
        assert_eq!(left, right, "{:?}", frames.steps);
        shown += left;
    }
    assert_eq!(shown, shorter, "one side went ahead: {:?}", frames.steps);
}

#[tokio::test]
async fn a_lost_connection_loses_and_doubles_nothing() {
    let (fast, slow) = fast_and_slow();
    let arena = TestArena::of_two(&fast, &slow).await;
    let voter = arena.voter();
    let id = voter.asks("Count").await;

    let mut frames = read_chars(&voter, &id, 50).await;
    let place = "turn=0&attempt=0&from=0";
    let rest = voter.watches_from(&id, place, Some(&frames.last_id)).await.read_to_end().await;

    frames.left.push_str(&rest.left);
    frames.right.push_str(&rest.right);
    assert_is_stored(&arena, &id, &frames.left, &frames.right).await;
}

#[tokio::test]
async fn a_reloaded_page_shows_the_text_so_far_and_reads_on_from_there() {
    let (fast, slow) = fast_and_slow();
    let arena = TestArena::of_two(&fast, &slow).await;
    let voter = arena.voter();
    let id = voter.asks("Count").await;
    let first_tab = voter.watches(&id).await;
    read_chars(&voter, &id, 50).await;

    let page = voter.looks_at(&id).await;
    let place = format!("turn=0&attempt=0&from={}", attribute(&page, "data-from"));
    let rest = voter.watches_from(&id, &place, None).await.read_to_end().await;

    let left = live_text(&page, 'A') + &rest.left;
    let right = live_text(&page, 'B') + &rest.right;
    assert!(!rest.left.is_empty() && !live_text(&page, 'A').is_empty());
    assert_is_stored(&arena, &id, &left, &right).await;
    let whole = first_tab.read_to_end().await;
    assert_eq!((whole.left, whole.right), (left, right), "the other tab missed something");
}

#[tokio::test]
async fn a_stream_of_an_answer_that_is_over_ends_at_once() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;

    let late = voter.watches(&id).await.read_to_end().await;
    let of_no_turn =
        voter.watches_from(&id, "turn=3&attempt=0&from=9", None).await.read_to_end().await;

    assert_eq!((late, of_no_turn), (Frames::default(), Frames::default()));
}

#[tokio::test]
async fn an_address_of_a_stream_that_cannot_be_read_is_refused_with_a_sentence() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;

    let reply = voter.gets(&format!("/battles/{id}/events?turn=x")).await;

    assert_eq!(reply.status, 400);
    assert!(reply.body.contains("The address could not be read"), "{}", reply.body);
}

#[tokio::test]
async fn closing_the_tab_pauses_both_models_within_a_second() {
    let script = || Script::says(&counting(300)).in_pieces(5, Duration::from_millis(20));
    let (aster, birch) = (Scripted::following(script()), Scripted::following(script()));
    let arena = TestArena::of_two(&aster, &birch).await;
    let voter = arena.voter();
    let id = voter.asks("Count").await;
    let mut stream = voter.watches(&id).await;
    stream.next_frame().await;
    assert!(aster.orders().is_empty() && birch.orders().is_empty());

    let closed = Instant::now();
    drop(stream);
    is_told(&aster, Order::Pause).await;
    is_told(&birch, Order::Pause).await;

    assert!(closed.elapsed() < Duration::from_secs(1), "{:?}", closed.elapsed());
}

#[tokio::test]
async fn coming_back_to_a_closed_tab_lets_both_models_go_on_and_loses_nothing() {
    let script = || Script::says(&counting(60)).in_pieces(5, Duration::from_millis(10));
    let (aster, birch) = (Scripted::following(script()), Scripted::following(script()));
    let arena = TestArena::of_two(&aster, &birch).await;
    let voter = arena.voter();
    let id = voter.asks("Count").await;
    let seen = read_chars(&voter, &id, 20).await;
    is_told(&aster, Order::Pause).await;
    is_told(&birch, Order::Pause).await;

    let place = "turn=0&attempt=0&from=0";
    let rest = voter.watches_from(&id, place, Some(&seen.last_id)).await.read_to_end().await;

    assert!(aster.orders().contains(&Order::Resume) && birch.orders().contains(&Order::Resume));
    assert_eq!(seen.left + &rest.left, counting(60));
    assert_eq!(seen.right + &rest.right, counting(60));
    arena.when(&id, "complete").await;
}

#[tokio::test]
async fn without_javascript_the_page_shows_the_text_so_far_and_then_the_whole_answer() {
    let (fast, slow) = fast_and_slow();
    let arena = TestArena::of_two(&fast, &slow).await;
    let voter = arena.voter();

    let id = voter.asks("Count").await;
    let early = eventually("there is text", async || {
        let page = voter.looks_at(&id).await;
        (live_text(&page, 'A').len() > 10).then_some(page)
    })
    .await;
    let late = eventually("both answers are complete", async || {
        let page = voter.looks_at(&id).await;
        page.contains("name=\"verdict\"").then_some(page)
    })
    .await;

    assert!(early.contains("http-equiv=\"refresh\""), "{early}");
    assert!(!early.contains("name=\"verdict\""), "a vote on half an answer: {early}");
    assert!(!late.contains("http-equiv=\"refresh\""), "{late}");
    assert!(late.contains(counting(60).trim()) && late.contains(counting(20).trim()), "{late}");
}

#[tokio::test]
async fn the_events_have_one_size_and_the_heartbeat_has_no_content() {
    let (fast, slow) = fast_and_slow();
    let arena = TestArena::of_two(&fast, &slow).await;
    let voter = arena.voter();
    let id = voter.asks("Count").await;

    let mut stream = voter.watches(&id).await;
    let mut kinds = (0, 0);
    while let Some(event) = stream.next().await {
        match event {
            Event::Wait => kinds.0 += 1,
            Event::Frame { .. } | Event::Place(_) | Event::End => kinds.1 += 1,
        }
    }

    assert_eq!(stream.bytes, kinds.0 * ": wait\n\n".len() + kinds.1 * 512);
}

/// The value of an attribute that stands on the page once.
fn attribute(page: &str, name: &str) -> String {
    let start = page.split_once(&format!("{name}=\"")).unwrap_or_else(|| panic!("{page}")).1;
    start.split_once('"').unwrap().0.to_owned()
}

/// What a running battle's page shows of one answer; empty once it is complete.
fn live_text(page: &str, letter: char) -> String {
    let Some((_, rest)) = page.split_once(&format!("data-live=\"{letter}\"")) else {
        return String::new();
    };
    let inside = rest.split_once('>').unwrap().1;
    inside.split_once('<').unwrap().0.to_owned()
}
