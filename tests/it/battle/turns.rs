//! Further questions to the same pair.

use std::sync::Arc;

use arena_core::ids::Side;
use arena_core::protocol::{Message, Role};
use tokio::sync::Semaphore;

use crate::arena::{SYSTEM_PROMPT, Script, Scripted, TestArena, model};

fn said(role: Role, content: &str) -> Message {
    Message { role, content: content.to_owned() }
}

#[tokio::test]
async fn each_model_gets_the_instruction_and_its_own_history() {
    let aster = Scripted::in_turn([Script::says("aster first"), Script::says("aster second")]);
    let birch = Scripted::in_turn([Script::says("birch first"), Script::says("birch second")]);
    let arena = TestArena::of_two(&aster, &birch).await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;

    voter.asks_on(&id, "  And its tail?\r\n").await.location();
    arena.when(&id, "complete").await;

    for (engine, own) in [(&aster, "aster first"), (&birch, "birch first")] {
        let jobs = engine.jobs();
        let opening = [said(Role::System, SYSTEM_PROMPT), said(Role::User, "What is a comet?")];
        let further = [said(Role::Assistant, own), said(Role::User, "And its tail?")];
        assert_eq!(jobs[0].messages, opening);
        assert_eq!(jobs[1].messages, [opening, further].concat());
    }
    assert_eq!(aster.jobs()[1].sampling, birch.jobs()[1].sampling);
}

#[tokio::test]
async fn the_models_keep_their_sides_in_a_further_turn() {
    let arena = TestArena::open().await;
    let aster = arena.join(model("Aster"), &Scripted::saying("aster")).await;
    arena.join(model("Birch"), &Scripted::saying("birch")).await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;

    voter.asks_on(&id, "And its tail?").await.location();
    arena.when(&id, "complete").await;

    let side = arena.side_of(&id, aster).await;
    let answers = arena.answers(&id).await;
    assert_eq!(answers.len(), 4);
    for answer in answers {
        let of_aster = answer.side == side.as_str();
        assert_eq!(answer.body.as_deref(), Some(if of_aster { "aster" } else { "birch" }));
    }
    let page = voter.looks_at(&id).await;
    let (a, b) = if side == Side::Left { ("aster", "birch") } else { ("birch", "aster") };
    let texts: Vec<_> = page
        .split("<p>")
        .filter_map(|rest| ["aster", "birch"].into_iter().find(|text| rest.starts_with(text)))
        .collect();
    assert_eq!(texts, [a, b, a, b], "{page}");
}

#[tokio::test]
async fn a_battle_has_at_most_five_turns() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;

    for number in 2..=5 {
        voter.asks_on(&id, &format!("Question {number}?")).await.location();
        arena.when(&id, "complete").await;
    }
    let sixth = voter.asks_on(&id, "One more?").await;

    assert_eq!(sixth.status, 409);
    assert!(sixth.body.contains("This battle has had all its turns; please decide."));
    let page = voter.looks_at(&id).await;
    assert!(!page.contains("/turns\""), "the page offers a sixth turn: {page}");
    assert_eq!(arena.number("select count(*) from turns").await, 5);
}

#[tokio::test]
async fn a_further_question_must_wait_for_both_answers() {
    let gate = Arc::new(Semaphore::new(0));
    let held = || Scripted::following(Script::says("late").behind(&gate));
    let arena = TestArena::of_two(&held(), &held()).await;
    let voter = arena.voter();
    let id = voter.asks("What is a comet?").await;

    let early = voter.asks_on(&id, "And its tail?").await;

    assert_eq!(early.status, 409);
    assert!(early.body.contains("once both answers are complete"), "{}", early.body);
    assert_eq!(arena.number("select count(*) from turns").await, 1);
}

#[tokio::test]
async fn after_the_vote_no_further_question_is_possible() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;
    voter.votes(&id, "tie").await.location();

    let late = voter.asks_on(&id, "And its tail?").await;

    assert_eq!(late.status, 409);
    assert!(late.body.contains("before the vote"), "{}", late.body);
}

#[tokio::test]
async fn two_further_questions_at_once_yield_one_turn() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;

    let (first, second) =
        tokio::join!(voter.asks_on(&id, "And its tail?"), voter.asks_on(&id, "And its core?"));

    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
    assert_eq!(arena.number("select count(*) from turns").await, 2);
}

#[tokio::test]
async fn a_further_question_that_is_empty_or_too_long_is_refused() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;

    let empty = voter.asks_on(&id, "  ").await;
    let long = voter.asks_on(&id, &"a".repeat(8_001)).await;

    assert_eq!((empty.status, long.status), (400, 400));
    assert!(empty.body.contains("The question is empty"), "{}", empty.body);
    assert!(long.body.contains("8001 characters"), "{}", long.body);
    assert_eq!(arena.battle(&id).await.state, "complete");
}
