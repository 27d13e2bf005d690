//! Answers that are made in advance, and played.
#![cfg(test)]

use std::sync::Arc;

use arena_core::protocol::Failure;
use doubleblind::battle::stored::{self, queries::Coverage};
use doubleblind::inference::Order;
use tokio::sync::Semaphore;

use crate::arena::{Script, Scripted, TestArena, eventually};

/// Adds a set of two questions.
async fn with_set(arena: &TestArena) {
    sqlx::raw_sql(
        "insert into eval_sets (set_id, version, title, language, licence, source, description,
             content_sha256)
         values ('small', 1, 'Small', 'en', 'CC0-1.0', 'a test', 'Two questions.', repeat('0', 64));
         insert into questions (set_id, set_version, question_key, position, category, turns)
         values ('small', 1, 'a', 0, 'any', '{First?}'), ('small', 1, 'b', 1, 'any', '{Second?}')",
    )
    .execute(&arena.db())
    .await
    .unwrap();
}

/// Makes what is missing, for as long as the value lives.
struct Filling(tokio::task::JoinHandle<()>);

impl Filling {
    fn of(arena: &TestArena) -> Self {
        Self(tokio::spawn(stored::job::fill(arena.ring())))
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn coverage(arena: &TestArena) -> Vec<Coverage> {
    let conditions = stored::conditions(&arena.ring().answering);
    let mut db = arena.db().acquire().await.unwrap();
    stored::queries::list_coverage(&mut db, &conditions).await.unwrap()
}

async fn all_are_stored(arena: &TestArena) {
    eventually("all answers are stored", async || {
        let found = coverage(arena).await;
        let whole = |line: &Coverage| line.complete + line.failed == line.questions;
        (!found.is_empty() && found.iter().all(whole)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_battle_on_a_set_plays_what_was_stored_and_asks_no_model() {
    let (aster, birch) = (Scripted::saying("I am the first."), Scripted::saying("And I am not."));
    let arena = TestArena::of_two(&aster, &birch).await;
    with_set(&arena).await;
    let filling = Filling::of(&arena);
    all_are_stored(&arena).await;
    drop(filling);
    assert_eq!((aster.jobs().len(), birch.jobs().len()), (2, 2));
    let voter = arena.voter();

    let id = voter.opens(&[("set", "small")]).await;
    let shown = voter.watches(&id).await.read_to_end().await;

    assert_eq!((aster.jobs().len(), birch.jobs().len()), (2, 2));
    let mut texts = [shown.left.as_str(), shown.right.as_str()];
    texts.sort_unstable();
    assert_eq!(texts, ["And I am not.", "I am the first."]);
    arena.when(&id, "complete").await;
    let same_seeds = "select count(*) from answers join stored_answers using (stored_answer_id)
                      where answers.seed = stored_answers.seed and answers.body = stored_answers.body
                        and answers.engine = 'scripted'";
    assert_eq!(arena.number(same_seeds).await, 2);
    let page = voter.sees("/sets/coverage").await;
    assert_eq!(page.matches("100 %").count(), 2, "{page}");
}

#[tokio::test]
async fn a_restart_goes_on_where_the_last_run_ended_and_other_settings_begin_anew() {
    let engine = Scripted::saying("Yes.");
    let mut arena = TestArena::of_two(&engine, &engine).await;
    with_set(&arena).await;
    {
        let _filling = Filling::of(&arena);
        eventually("one answer is stored", async || {
            (coverage(&arena).await.iter().any(|line| line.complete > 0)).then_some(())
        })
        .await;
    }
    arena.restart().await;

    let _filling = Filling::of(&arena);
    all_are_stored(&arena).await;

    assert_eq!(arena.number("select count(*) from stored_answers").await, 4);
    let mut answering = arena.ring().answering;
    answering.sampling.temperature += 0.1;
    let conditions = stored::conditions(&answering);
    let mut db = arena.db().acquire().await.unwrap();
    let other = stored::queries::list_coverage(&mut db, &conditions).await.unwrap();
    assert!(other.iter().all(|line| line.complete == 0), "{other:?}");
}

#[tokio::test]
async fn storing_pauses_while_a_battle_is_being_written() {
    let gate = Arc::new(Semaphore::new(0));
    let slow = {
        let gate = Arc::clone(&gate);
        Scripted::by(move |job| {
            let said = Script::says("Said.");
            let is_of_set = job.messages.iter().any(|message| message.content == "First?");
            if is_of_set { said.behind(&gate) } else { said.then_keeps_silent() }
        })
    };
    let arena = TestArena::of_two(&slow, &slow).await;
    with_set(&arena).await;
    let _filling = Filling::of(&arena);
    eventually("an answer is being made", async || (!slow.jobs().is_empty()).then_some(())).await;
    assert!(slow.orders().is_empty());

    let voter = arena.voter();
    let id = voter.asks("Something else?").await;
    let stream = voter.watches(&id).await;

    eventually("it is paused", async || (slow.orders() == [Order::Pause]).then_some(())).await;
    drop(stream);
    voter.skips(&id, "other").await;
    eventually("it goes on", async || slow.orders().contains(&Order::Resume).then_some(())).await;
}

#[tokio::test]
async fn a_question_without_an_answer_is_not_asked_for_ever_and_is_written_in_its_battle() {
    let aster = Scripted::in_turn([
        Script::fails(Failure::Decode),
        Script::fails(Failure::Decode),
        Script::says("Now I know."),
    ]);
    let arena = TestArena::of_two(&aster, &Scripted::saying("Always.")).await;
    with_set(&arena).await;
    {
        let _filling = Filling::of(&arena);
        all_are_stored(&arena).await;
    }
    let failed: i64 = coverage(&arena).await.iter().map(|line| line.failed).sum();
    assert_eq!(failed, 2);

    let voter = arena.voter();
    let id = voter.opens(&[("set", "small")]).await;
    let shown = voter.watches(&id).await.read_to_end().await;

    assert!([&shown.left, &shown.right].contains(&&"Now I know.".to_owned()));
    let mixed = "select count(*) from answers where stored_answer_id is null";
    arena.when(&id, "complete").await;
    assert_eq!(arena.number(mixed).await, 2, "a wait would tell who had no answer");
}
