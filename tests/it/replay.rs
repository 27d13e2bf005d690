//! `doubleblind replay`: answers of a real model, written again.

use crate::process::{Folder, arena_with_two_models};

#[tokio::test]
async fn answers_of_both_turns_are_written_again_and_are_the_same() {
    let folder = Folder::new("replay");
    let arena = arena_with_two_models(&folder).await;
    let address = arena.open("Tell me about the sea.").await;
    arena.until_complete(&address).await;
    arena.post(&format!("{address}/turns"), &[("prompt", "Tell me more.")]).await;
    arena.until_complete(&address).await;

    let battle = address.rsplit('/').next().unwrap();
    for answer in ["0/left", "1/b"] {
        let (same, text) = folder.run(&["replay", &format!("{battle}/{answer}")]);

        assert!(same && text.contains("equal: all"), "{answer}: {text}");
        assert!(!text.contains("; now "), "{answer}: {text}");
    }
}

#[tokio::test]
async fn an_answer_that_nobody_wrote_is_an_error_with_a_sentence() {
    let folder = Folder::new("replay-unknown");
    let nobody = format!("{}/0/left", "0".repeat(32));

    let (known, text) = folder.run(&["replay", &nobody]);
    let (named, help) = folder.run(&["replay", "somewhere"]);

    assert!(!known && text.contains("is unknown or was not completed"), "{text}");
    assert!(!named && help.contains("BATTLE/TURN/SIDE"), "{help}");
}
