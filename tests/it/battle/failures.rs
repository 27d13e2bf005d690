//! What happens when an answer fails, a voter passes over a battle, or nobody comes back.

use std::collections::HashSet;
use std::time::Duration;

use arena_core::protocol::Failure;
use doubleblind::battle::job::void_abandoned;
use doubleblind::battle::pages::NEUTRAL;
use doubleblind::inference::Order;

use crate::arena::{Script, Scripted, TestArena, eventually, model};

const CLASSES: [&str; 7] =
    ["worker_died", "timeout", "empty", "too_long", "template", "decode", "unavailable"];

/// Plays a battle whose Aster fails at first, looks at the page, and has the pair try again.
async fn fails_and_is_retried(arena: TestArena, script: Script, class: &str) {
    let aster_engine = Scripted::in_turn([script, Script::says("better now")]);
    let aster = arena.join(model("Aster"), &aster_engine).await;
    let birch = Scripted::following(Script::says("a good text"));
    arena.join(model("Birch"), &birch).await;
    let voter = arena.voter();
    let id = voter.asks("What is a comet?").await;
    arena.when(&id, "failed").await;

    let page = voter.looks_at(&id).await;
    let stream = voter.watches(&id).await.read_to_end().await;
    voter.retries(&id).await.location();
    arena.when(&id, "complete").await;

    assert!(page.matches(NEUTRAL).count() >= 2, "not on both sides: {page}");
    assert!(!page.contains("a good text") && !page.contains("half"), "{page}");
    assert!(CLASSES.iter().all(|class| !page.contains(class)), "{page}");
    assert!(!page.contains("name=\"verdict\""), "{page}");
    assert_eq!(stream.steps, []);
    let answers = arena.answers(&id).await;
    for answer in &answers[..2] {
        let of_aster = answer.model_id == aster.0;
        assert_eq!(answer.outcome, if of_aster { "failed" } else { "dropped" });
        assert_eq!(answer.failure.as_deref(), of_aster.then_some(class));
        assert_eq!(answer.body, None);
    }
    for (first, second) in answers[..2].iter().zip(&answers[2..]) {
        assert_eq!((second.model_id, &second.side), (first.model_id, &first.side));
        assert_eq!((second.attempt, second.outcome.as_str()), (1, "complete"));
        assert_ne!(second.seed, first.seed);
    }
    let seeds: HashSet<_> = aster_engine.jobs().iter().map(|job| job.seed).collect();
    assert_eq!(seeds.len(), 2, "the engine got the same seed twice");
}

#[tokio::test]
async fn every_class_of_failure_is_neutral_recorded_and_can_be_retried() {
    for failure in [
        Failure::WorkerDied,
        Failure::TooLong,
        Failure::Template,
        Failure::Decode,
        Failure::Unavailable,
    ] {
        let arena = TestArena::open().await;
        fails_and_is_retried(arena, Script::fails(failure), failure.as_str()).await;
    }
}

#[tokio::test]
async fn a_worker_that_ends_without_a_word_has_died() {
    fails_and_is_retried(TestArena::open().await, Script::hangs_up(), "worker_died").await;
}

#[tokio::test]
async fn an_answer_without_visible_text_is_a_failure() {
    fails_and_is_retried(TestArena::open().await, Script::says(""), "empty").await;
    fails_and_is_retried(TestArena::open().await, Script::says(" \n\t "), "empty").await;
}

#[tokio::test]
async fn half_an_answer_is_not_kept() {
    let script = Script::says("half an answer, long enough to be seen").then_fails(Failure::Decode);
    fails_and_is_retried(TestArena::open().await, script, "decode").await;
}

#[tokio::test]
async fn an_answer_that_is_not_complete_at_the_deadline_has_failed() {
    let arena = TestArena::with_deadline(Duration::from_millis(1500)).await;
    let script = Script::says("half an answer").then_keeps_silent();
    fails_and_is_retried(arena, script, "timeout").await;
}

#[tokio::test]
async fn a_pair_of_which_one_has_left_is_asked_no_more_and_can_be_voted_on() {
    let arena = TestArena::open().await;
    arena.join(model("Aster"), &Scripted::saying("one")).await;
    let birch = arena.join(model("Birch"), &Scripted::saying("two")).await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;
    arena.engines.retain(&HashSet::from([birch]));

    let reply = voter.asks_on(&id, "And its tail?").await;

    assert_eq!(reply.status, 409);
    assert!(reply.body.contains("pair cannot be asked again"), "{}", reply.body);
    assert_eq!(arena.battle(&id).await.state, "complete");
    voter.votes(&id, "left").await.location();
}

#[tokio::test]
async fn only_a_failed_pair_can_be_retried() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;

    let reply = voter.retries(&id).await;

    assert_eq!(reply.status, 409);
    assert!(reply.body.contains("Only a pair that could not be completed"), "{}", reply.body);
}

#[tokio::test]
async fn a_skip_is_recorded_with_its_reason_and_counts_for_nothing() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();

    for reason in ["not_my_field", "unsafe", "broken", "cannot_decide", "other"] {
        let id = arena.complete_battle(&voter).await;
        voter.skips(&id, reason).await.location();
        voter.skips(&id, reason).await.location();
        assert_eq!(arena.battle(&id).await.state, "skipped");
        assert!(voter.looks_at(&id).await.contains("You skipped this battle"));
    }

    let reasons = sqlx::query_scalar("select reason from skips order by skipped_at");
    let reasons: Vec<String> = reasons.fetch_all(&arena.db()).await.unwrap();
    assert_eq!(reasons, ["not_my_field", "unsafe", "broken", "cannot_decide", "other"]);
    assert_eq!(arena.number("select count(*) from votes").await, 0);
    assert_eq!(arena.number("select count(*) from vote_counts").await, 0);
}

#[tokio::test]
async fn a_skip_without_a_known_reason_is_refused() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;

    let reply = voter.skips(&id, "no fun").await;

    assert_eq!(reply.status, 400);
    assert_eq!(arena.battle(&id).await.state, "complete");
}

#[tokio::test]
async fn skipping_a_running_battle_ends_both_answers() {
    let silent = || Scripted::following(Script::keeps_silent());
    let (aster, birch) = (silent(), silent());
    let arena = TestArena::of_two(&aster, &birch).await;
    let voter = arena.voter();
    let id = voter.asks("What is a comet?").await;

    voter.skips(&id, "other").await.location();

    for engine in [&aster, &birch] {
        eventually("the answer is cancelled", async || {
            engine.orders().contains(&Order::Cancel).then_some(())
        })
        .await;
    }
    eventually("the battle is over", async || (arena.battles_in_progress() == 0).then_some(()))
        .await;
    assert_eq!(arena.battle(&id).await.state, "skipped");
    assert!(arena.answers(&id).await.iter().all(|answer| answer.outcome == "dropped"));
}

#[tokio::test]
async fn a_battle_without_a_vote_is_void_after_a_day() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let old = arena.complete_battle(&voter).await;
    let young = arena.complete_battle(&voter).await;
    let voted = arena.complete_battle(&voter).await;
    voter.votes(&voted, "tie").await.location();
    for (id, age) in [(&old, "24:00:01"), (&young, "23:59:00"), (&voted, "48:00:00")] {
        sqlx::query(
            "update battles set opened_at = now() - $2::interval where battle_id = $1::uuid",
        )
        .bind(id)
        .bind(age)
        .execute(&arena.db())
        .await
        .unwrap();
    }

    let first = void_abandoned(&arena.db(), &arena.journal()).await.unwrap();
    let second = void_abandoned(&arena.db(), &arena.journal()).await.unwrap();

    assert_eq!((first, second), (1, 0));
    let battle = arena.battle(&old).await;
    assert_eq!((battle.state.as_str(), battle.void_reason.as_deref()), ("void", Some("abandoned")));
    assert_eq!(arena.battle(&voted).await.state, "voted");
    assert_eq!(arena.battle(&young).await.state, "complete");
    assert!(voter.looks_at(&old).await.contains("without a vote after 24 hours"));
}

#[tokio::test]
async fn after_a_restart_a_battle_that_was_running_can_be_retried() {
    let first_silent = |text| Scripted::in_turn([Script::keeps_silent(), Script::says(text)]);
    let (aster, birch) = (first_silent("one"), first_silent("two"));
    let mut arena = TestArena::of_two(&aster, &birch).await;
    let before = arena.voter();
    let id = before.asks("What is a comet?").await;
    let pair = arena.battle(&id).await;

    arena.restart().await;
    let voter = before.at(arena.address());
    let page = voter.looks_at(&id).await;
    voter.retries(&id).await.location();
    arena.when(&id, "complete").await;

    assert!(page.matches(NEUTRAL).count() >= 2, "{page}");
    let after = arena.battle(&id).await;
    assert_eq!(
        (after.left_model_id, after.right_model_id),
        (pair.left_model_id, pair.right_model_id)
    );
    let outcomes: Vec<_> =
        arena.answers(&id).await.into_iter().map(|answer| answer.outcome).collect();
    assert_eq!(outcomes, ["dropped", "dropped", "complete", "complete"]);
}
