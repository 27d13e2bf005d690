//! In line, too, nothing tells a model: neither the page, nor the stream, nor a refusal.

use std::collections::BTreeSet;

use doubleblind::battle::Limits;
use futures_util::future::join_all;

use super::recorder::Recorder;
use super::{Logs, Play, differences, leaks, personas};

const BROWSERS: usize = 8;
const NARROW: Limits =
    Limits { at_once: 2, waiting: BROWSERS - 1, voter_writing: 1, voter_waiting: 1 };

#[tokio::test]
async fn battles_in_line_tell_no_model() {
    let personas = personas::all();
    let (checker, logs) = (personas::checker(&personas), Logs::default());
    let arena = personas::arena_within(&personas, NARROW).await;
    let browsers: Vec<_> =
        (0..BROWSERS).map(|_| Recorder::new(arena.address(), &logs.before)).collect();

    let mut battles = Vec::new();
    for browser in &browsers {
        battles.push(Play::open(&arena, browser, browser, true, "a question").await);
    }
    battles.push(Play::open(&arena, &browsers[0], &browsers[0], false, "a question").await);
    let form = [("prompt", "a question")];
    let refusal = browsers[0].post("refusal", None, "/battles", &form).await.parsed();
    for battle in &battles {
        battle.look("page of one who waits or writes").await;
    }
    join_all(battles.iter().map(|battle| battle.to_end("turn=0&attempt=0&from=0"))).await;

    assert_eq!(refusal.status, 503);
    let log = logs.before();
    let waited = |words: &str| {
        log.iter().filter(|recorded| String::from_utf8_lossy(&recorded.raw).contains(words)).count()
    };
    assert!(waited("number 2 in line") >= 2 && waited("event: place") >= 5);
    assert_eq!(leaks(&checker, &log), BTreeSet::new());
    assert_eq!(differences(&log), BTreeSet::new());
}
