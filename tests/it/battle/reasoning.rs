//! Thoughts and invisible characters: neither reaches a voter before the vote.

use arena_core::protocol::{Failure, Role};

use crate::arena::{Script, Scripted, TestArena};

const THOUGHT: &str = "the comet needs marmalade";

fn thinking(answer: &str) -> String {
    format!("<think>\n{THOUGHT}\n</think>\n\n{answer}")
}

/// What would mark an answer and is seen by nobody: tags, directions, zero width, a byte order mark.
const INVISIBLE: &str =
    "\u{E0041}\u{E007F}\u{202E}\u{2066}\u{2069}\u{200B}\u{2060}\u{FEFF}\u{200F}\u{0}";

/// The text with invisible characters behind every letter.
fn marked(text: &str) -> String {
    text.chars().map(|letter| format!("{letter}{INVISIBLE}")).collect()
}

#[tokio::test]
async fn thoughts_are_hidden_until_the_vote_and_folded_after_it() {
    let arena =
        TestArena::of_two(&Scripted::saying(&thinking("ice")), &Scripted::saying("dust")).await;
    let voter = arena.voter();
    let id = voter.asks("What is a comet?").await;

    let frames = voter.watches(&id).await.read_to_end().await;
    arena.when(&id, "complete").await;
    let blind = voter.looks_at(&id).await;
    voter.votes(&id, "left").await.location();
    let reveal = voter.looks_at(&id).await;

    let mut texts = [frames.left, frames.right];
    texts.sort();
    assert_eq!(texts, ["dust", "ice"]);
    assert!(!blind.contains(THOUGHT) && !blind.contains("think"), "{blind}");
    let (_, folded) =
        reveal.split_once("<details class=\"reasoning\">").expect("nothing is folded");
    assert!(folded.split("</details>").next().unwrap().contains(THOUGHT), "{reveal}");
    assert_eq!(reveal.matches("class=\"reasoning\"").count(), 1, "an empty fold: {reveal}");
}

#[tokio::test]
async fn a_further_turn_sends_the_answers_without_thoughts() {
    let aster = Scripted::saying(&thinking("ice"));
    let arena = TestArena::of_two(&aster, &Scripted::saying(&thinking("dust"))).await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;

    voter.asks_on(&id, "And its tail?").await.location();
    arena.when(&id, "complete").await;

    let said: Vec<_> = aster.jobs()[1]
        .messages
        .iter()
        .filter(|message| message.role == Role::Assistant)
        .map(|message| message.content.clone())
        .collect();
    assert_eq!(said, ["ice"]);
}

#[tokio::test]
async fn a_model_that_only_thinks_has_not_answered() {
    let arena = TestArena::of_two(
        &Scripted::saying("<think>\nendless thoughts"),
        &Scripted::saying("dust"),
    )
    .await;
    let voter = arena.voter();

    let id = voter.asks("What is a comet?").await;
    arena.when(&id, "failed").await;

    let answers = arena.answers(&id).await;
    let failure = answers.iter().find_map(|answer| answer.failure.clone());
    assert_eq!(failure.as_deref(), Some(Failure::Empty.as_str()));
    assert!(!voter.looks_at(&id).await.contains("endless"));
}

#[tokio::test]
async fn invisible_characters_reach_no_event_no_page_and_no_row() {
    let plain = "A comet is ice and dust.";
    let script =
        || Scripted::following(Script::says(&marked(plain)).in_pieces(7, Default::default()));
    let arena = TestArena::of_two(&script(), &script()).await;
    let voter = arena.voter();
    let id = voter.asks("What is a comet?").await;

    let frames = voter.watches(&id).await.read_to_end().await;
    arena.when(&id, "complete").await;
    let page = voter.looks_at(&id).await;

    assert_eq!((frames.left.as_str(), frames.right.as_str()), (plain, plain));
    assert_eq!(page.matches(plain).count(), 2, "{page}");
    assert!(INVISIBLE.chars().all(|mark| !page.contains(mark)));
    for answer in arena.answers(&id).await {
        assert_eq!(answer.body.as_deref(), Some(plain));
    }
}
