//! Battles whose writing was cut off, or is said to be, and goes on.

use std::sync::Arc;

use doubleblind::battle::job::{settle_interrupted, settle_lost};
use tokio::sync::Semaphore;

use crate::arena::{ANOTHER_HOST, Script, Scripted, TestArena, eventually};

/// More permits than any answer takes.
const ALL: usize = 100;

async fn asked(engines: &[Arc<Scripted>; 2], times: usize) {
    eventually("both models are asked", async || {
        engines.iter().all(|engine| engine.jobs().len() == times).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_attempt_that_ends_late_does_not_end_the_one_after_it() {
    let (first, second) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let engines = ["one", "two"].map(|_| {
        Scripted::in_turn([
            Script::says("too late").behind(&first),
            Script::says("better now").behind(&second),
        ])
    });
    let arena = TestArena::of_two(&engines[0], &engines[1]).await;
    let voter = arena.voter();
    let id = voter.asks("What is a comet?").await;
    asked(&engines, 1).await;
    let stream = voter.watches(&id).await;
    // As another process does when Postgres was restarted and ours is not back yet.
    settle_interrupted(&arena.db(), ANOTHER_HOST).await.unwrap();
    voter.retries(&id).await.location();
    asked(&engines, 2).await;

    first.add_permits(ALL);
    stream.read_to_end().await;
    let between = arena.battle(&id).await.state;
    second.add_permits(ALL);
    arena.when(&id, "complete").await;

    assert_eq!(between, "running", "the first attempt has ended the second");
    let answers = arena.answers(&id).await;
    let outcomes: Vec<_> = answers.iter().map(|answer| answer.outcome.as_str()).collect();
    assert_eq!(outcomes, ["dropped", "dropped", "complete", "complete"]);
    assert_eq!(answers[2].body.as_deref(), Some("better now"));
}

#[tokio::test]
async fn a_process_does_not_take_itself_for_gone() {
    let silent = || Scripted::following(Script::keeps_silent());
    let arena = TestArena::of_two(&silent(), &silent()).await;
    let id = arena.voter().asks("What is a comet?").await;

    // Nobody holds the lock of the server's number, as after a restart of Postgres.
    settle_interrupted(&arena.db(), arena.ring().host).await.unwrap();
    let of_its_own = arena.battle(&id).await.state;
    settle_interrupted(&arena.db(), ANOTHER_HOST).await.unwrap();

    assert_eq!(of_its_own, "running");
    assert_eq!(arena.battle(&id).await.state, "failed");
}

#[tokio::test]
async fn a_battle_whose_commit_got_no_reply_can_be_retried() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let lost = arena.complete_battle(&voter).await;
    // What a connection that breaks during the commit leaves behind: the rows, and nobody who writes.
    for sql in [
        "update battles set state = 'running' where battle_id = $1::uuid",
        "update answers set outcome = 'running', body = null, finish = null, ended_at = null
         where battle_id = $1::uuid",
    ] {
        sqlx::query(sql).bind(&lost).execute(&arena.db()).await.unwrap();
    }
    eventually("nobody writes", async || (arena.battles_in_progress() == 0).then_some(())).await;

    let settled = settle_lost(&arena.ring()).await.unwrap();
    let state = arena.battle(&lost).await.state;
    voter.retries(&lost).await.location();
    arena.when(&lost, "complete").await;

    assert_eq!((settled, state.as_str()), (2, "failed"));
}

#[tokio::test]
async fn a_battle_that_is_being_written_is_not_lost() {
    let silent = || Scripted::following(Script::keeps_silent());
    let arena = TestArena::of_two(&silent(), &silent()).await;
    let id = arena.voter().asks("What is a comet?").await;

    let settled = settle_lost(&arena.ring()).await.unwrap();

    assert_eq!(settled, 0);
    assert_eq!(arena.battle(&id).await.state, "running");
}
