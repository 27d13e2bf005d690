//! Answers that name an author: the voter is told, and the vote is counted apart.

use arena_core::ids::ModelId;
use arena_core::protocol::Failure;

use crate::arena::{Script, Scripted, TestArena, Voter, model, without_seal};

const NEUTRAL: &str = "An answer in this battle speaks about who wrote it. Your vote is welcome and is counted apart.";
const CONFESSION: &str = "A comet is ice. I am Aster, a language model made by Aster Works.";

/// An arena in which one model says who it is.
async fn talkative() -> (TestArena, [ModelId; 2]) {
    let arena = TestArena::open().await;
    let aster = arena.join(model("Aster"), &Scripted::saying(CONFESSION)).await;
    let birch = arena.join(model("Birch"), &Scripted::saying("A comet is ice and dust.")).await;
    (arena, [aster, birch])
}

async fn apart(arena: &TestArena) -> i64 {
    arena.number("select apart from vote_total").await
}

/// The page without what names the battle and without both answers.
fn frame(page: &str, id: &str) -> String {
    let page = without_seal(page).replace(id, "ID").replace(CONFESSION, "");
    page.replace("A comet is ice and dust.", "")
}

async fn confessed(arena: &TestArena, voter: &Voter, side: &str) -> String {
    loop {
        let id = voter.asks("What is a comet?").await;
        arena.when(&id, "complete").await;
        let leaking = arena.answers(&id).await;
        let leaking = leaking.iter().find(|answer| answer.body.as_deref() == Some(CONFESSION));
        if leaking.unwrap().side == side {
            return id;
        }
        voter.skips(&id, "other").await.location();
    }
}

#[tokio::test]
async fn the_voter_is_told_in_the_same_words_whichever_side_it_was() {
    let (arena, _) = talkative().await;
    let voter = arena.voter();
    let left = confessed(&arena, &voter, "left").await;
    let right = confessed(&arena, &voter, "right").await;

    let pages = [voter.looks_at(&left).await, voter.looks_at(&right).await];

    assert!(pages[0].contains(NEUTRAL), "{}", pages[0]);
    assert_eq!(frame(&pages[0], &left), frame(&pages[1], &right));
}

#[tokio::test]
async fn the_vote_is_recorded_and_exported_and_counts_on_no_board() {
    let (arena, [aster, birch]) = talkative().await;
    arena.has_had((aster, birch), "left", 30).await;
    arena.has_had((birch, aster), "left", 10).await;
    arena.board_when(|board| board.board.votes == 40).await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;

    voter.votes(&id, "both_bad").await.location();
    // A vote behind it that counts shows that the board has passed over it.
    arena.has_had((aster, birch), "left", 1).await;
    arena.board_when(|board| board.board.votes >= 41).await;

    assert_eq!(arena.board().board.votes, 41);
    assert_eq!((arena.number("select votes from vote_total").await, apart(&arena).await), (42, 1));
    let counts = "select sum(votes)::bigint from vote_counts";
    assert_eq!(arena.number(counts).await, 41);
    let reveal = voter.looks_at(&id).await;
    assert!(reveal.contains("your vote is counted apart"), "{reveal}");
    let votes = voter.sees("/votes.csv").await;
    let apart: Vec<_> = votes.lines().filter(|line| line.contains("Z,false,")).collect();
    assert_eq!(votes.lines().count(), 43);
    assert!(apart.len() == 1 && apart[0].contains(",both_bad,both_bad,40,"), "{apart:?}");
}

#[tokio::test]
async fn the_page_of_leaks_shows_how_often_each_model_does_it() {
    let (arena, _) = talkative().await;
    let voter = arena.voter();
    assert!(voter.sees("/leaderboard/leaks").await.contains("No answer has been looked at yet"));
    let open = arena.complete_battle(&voter).await;
    assert!(voter.sees("/leaderboard/leaks").await.contains("No answer has been looked at yet"));
    voter.votes(&open, "tie").await.location();
    let second = arena.complete_battle(&voter).await;
    voter.votes(&second, "tie").await.location();

    let page = voter.sees("/leaderboard/leaks").await;
    let file = voter.sees("/leaderboard/leaks.csv").await;

    let lines: Vec<_> = file.lines().collect();
    assert_eq!(lines[0], "model,answers,leaking,share,low,high,own");
    assert_eq!(lines[1..], ["Aster,2,2,1.0,0.3424,1.0,2", "Birch,2,0,0.0,0.0,0.6576,0"]);
    assert!(page.contains("100.0 %") && page.contains("34.2 to 100.0 %"), "{page}");
    assert!(page.contains("<strong>2 votes</strong>"), "{page}");
}

#[tokio::test]
async fn talk_of_people_and_things_with_such_names_is_no_leak() {
    let arena = TestArena::open().await;
    for (name, answer) in [
        ("Claude", "Claude Monet painted water lilies at Giverny."),
        ("PaLM", "Palm oil is pressed from the fruit of the oil palm."),
    ] {
        arena.join(model(name), &Scripted::saying(answer)).await;
    }
    let voter = arena.voter();

    let id = arena.complete_battle(&voter).await;
    voter.votes(&id, "tie").await.location();

    assert_eq!(apart(&arena).await, 0);
    assert_eq!(arena.number("select count(*) from leaks").await, 0);
}

#[tokio::test]
async fn a_claim_to_be_a_well_known_assistant_counts_apart_too() {
    let arena = TestArena::of_two(
        &Scripted::saying("I am ChatGPT, a language model developed by OpenAI."),
        &Scripted::saying("A comet is ice."),
    )
    .await;
    let voter = arena.voter();

    let id = arena.complete_battle(&voter).await;
    voter.votes(&id, "tie").await.location();

    assert_eq!(apart(&arena).await, 1);
    assert_eq!(arena.number("select count(*) from leaks where own").await, 0);
}

#[tokio::test]
async fn what_was_read_of_an_answer_that_was_dropped_counts_too() {
    let confession = Script::says(&CONFESSION.repeat(2)).then_keeps_silent();
    let late = Script::says(&"It is ice. ".repeat(20)).then_fails(Failure::Decode);
    let aster = Scripted::in_turn([confession, Script::says("A comet is ice.")]);
    let slow = late.in_pieces(20, std::time::Duration::from_millis(250));
    let birch = Scripted::in_turn([slow, Script::says("A comet is dust.")]);
    let arena = TestArena::of_two(&aster, &birch).await;
    let voter = arena.voter();
    let id = voter.asks("What is a comet?").await;

    voter.watches(&id).await.read_to_end().await;
    arena.when(&id, "failed").await;
    voter.retries(&id).await.location();
    arena.when(&id, "complete").await;

    assert!(voter.looks_at(&id).await.contains(NEUTRAL));
    assert!(arena.number("select count(*) from leaks where attempt = 0").await > 0);
    voter.votes(&id, "tie").await.location();
    let file = voter.sees("/leaderboard/leaks.csv").await;
    assert_eq!(file.lines().skip(1).filter(|line| line.contains(",1,0,0.0,")).count(), 2, "{file}");
}
