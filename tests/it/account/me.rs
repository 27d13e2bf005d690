//! One's own data: seen, taken away, removed; and nothing in it that the vote has not revealed.

use serde_json::Value;

use super::PASSWORD;
use crate::arena::{TestArena, Voter};

async fn data(voter: &Voter) -> Value {
    let reply = voter.gets("/me/data.json").await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.headers["content-type"], "application/json");
    let disposition = reply.headers["content-disposition"].to_str().unwrap();
    assert!(disposition.starts_with("attachment"), "{disposition}");
    serde_json::from_str(&reply.body).unwrap()
}

#[tokio::test]
async fn everything_that_is_stored_of_a_voter_is_in_the_file() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let first = voter.asks("How far is the Sun?").await;
    arena.when(&first, "complete").await;
    voter.votes(&first, "both_bad").await.location();
    voter.joins("ada", PASSWORD).await.location();
    let second = voter.asks("How far is Sirius?").await;
    arena.when(&second, "complete").await;
    voter.skips(&second, "not_my_field").await.location();

    let data = data(&voter).await;

    assert_eq!(data["tier"], "registered");
    assert_eq!(data["account"]["name"], "ada");
    let own = data["voters"][0].as_str().unwrap();
    assert!(voter.sees("/me").await.contains(own), "{own}");
    assert_eq!(data["sessions"].as_array().unwrap().len(), 1);
    let battles = data["battles"].as_array().unwrap();
    assert_eq!(battles.len(), 2);
    assert_eq!(battles[0]["turns"][0]["question"], "How far is Sirius?");
    assert_eq!(battles[0]["skip_reason"], "not_my_field");
    assert_eq!(battles[0]["models"], Value::Null, "a skip reveals nothing");
    assert_eq!(battles[1]["vote"]["verdict"], "both_bad");
    assert_eq!(battles[1]["vote"]["tier"], "anonymous");
    let names = data["pseudonyms"].as_array().unwrap();
    assert_eq!((names.len(), names[0]["pseudonym"].as_str().unwrap().len()), (1, 32));
    let mut models: Vec<_> = battles[1]["models"].as_array().unwrap().clone();
    models.sort_by_key(|model| model.to_string());
    assert_eq!(models, ["Aster", "Birch"]);
    assert_eq!(battles[1]["turns"][0]["answers"].as_array().unwrap().len(), 2);
    assert!(!data.to_string().contains("argon2"), "{data}");
}

#[tokio::test]
async fn nobody_sees_anything_of_somebody_else() {
    let arena = TestArena::of_two_instant().await;
    let (ada, other) = (arena.voter(), arena.voter());
    ada.asks("A question of Ada's").await;
    arena.complete_battle(&other).await;

    let theirs = data(&other).await;

    assert!(!theirs.to_string().contains("Ada"), "{theirs}");
    assert!(!other.sees("/me").await.contains("Ada"));
    let stranger = arena.voter();
    assert_eq!(stranger.gets("/me/data.json").await.status, 404);
    assert!(stranger.sees("/me").await.contains("Nothing. A pseudonym is made"));
    assert_eq!(stranger.cookie(), None);
}

#[tokio::test]
async fn before_the_vote_neither_page_nor_file_names_a_model() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;

    for path in ["/me", "/me/data.json"] {
        let before = voter.sees(path).await;
        assert!(before.contains(&id) && !before.contains("Aster") && !before.contains("Birch"));
    }
    voter.votes(&id, "left").await.location();

    for path in ["/me", "/me/data.json"] {
        let after = voter.sees(path).await;
        assert!(after.contains("Aster") && after.contains("Birch"), "{after}");
    }
}

/// How many rows still have a word of what was said.
const TRACES: &str = "select (select count(*) from turns where prompt like '%Sun%')
    + (select count(*) from answers where body in ('one', 'two') or prompt_sha256 is not null)";

#[tokio::test]
async fn an_account_is_removed_with_its_texts_and_its_votes_stay() {
    let arena = TestArena::of_two_instant().await;
    let (desk, train, other) = (arena.voter(), arena.voter(), arena.voter());
    let early = train.asks("How far is the Sun?").await;
    arena.when(&early, "complete").await;
    train.votes(&early, "left").await.location();
    desk.joins("ada", PASSWORD).await.location();
    train.signs_in("ada", PASSWORD).await.location();
    let open = train.asks("How hot is the Sun?").await;
    arena.when(&open, "complete").await;
    let theirs = arena.complete_battle(&other).await;

    let form = [("password", PASSWORD), ("sure", "yes")];
    desk.posts("/me/delete", &form).await.location();

    assert_eq!(arena.number("select count(*) from accounts").await, 0);
    assert_eq!(arena.number("select count(*) from sessions where account_id is not null").await, 0);
    assert_eq!(arena.number("select count(*) from votes").await, 1);
    assert_eq!(arena.number(TRACES).await, 2, "the other voter's two answers");
    assert_eq!(arena.battle(&open).await.state, "void");
    for browser in [&desk, &train] {
        assert!(browser.sees("/me").await.contains("Nothing. A pseudonym is made"));
        assert_eq!(browser.gets(&format!("/battles/{early}")).await.status, 404);
    }
    assert_eq!(desk.signs_in("ada", PASSWORD).await.status, 422);
    other.votes(&theirs, "left").await.location();
}

#[tokio::test]
async fn an_anonymous_voter_removes_their_texts_too() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let id = voter.asks("How far is the Sun?").await;
    arena.when(&id, "complete").await;
    voter.votes(&id, "left").await.location();

    let unsure = voter.posts("/me/delete", &[]).await;
    voter.posts("/me/delete", &[("sure", "yes")]).await.location();

    assert_eq!(unsure.status, 422);
    assert!(unsure.body.contains("Nothing was removed: tick the box"), "{}", unsure.body);
    assert_eq!(arena.number(TRACES).await, 0);
    assert_eq!(arena.number("select count(*) from sessions").await, 0);
    assert_eq!(arena.number("select count(*) from votes").await, 1);
}

#[tokio::test]
async fn an_account_is_not_removed_without_its_password() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    voter.joins("ada", PASSWORD).await.location();

    let form = [("password", "a wrong password"), ("sure", "yes")];
    let reply = voter.posts("/me/delete", &form).await;

    assert_eq!(reply.status, 422);
    assert!(reply.body.contains("id=\"removal-problem\">"), "{}", reply.body);
    assert_eq!(arena.number("select count(*) from accounts").await, 1);
}

#[tokio::test]
async fn an_answer_that_is_being_written_is_not_stored_after_the_removal() {
    use crate::arena::{Script, Scripted, eventually, model};
    use std::sync::Arc;
    use tokio::sync::Semaphore;

    let gate = Arc::new(Semaphore::new(0));
    let script = || Script::says("a late answer").behind(&gate);
    let (aster, birch) = (Scripted::following(script()), Scripted::following(script()));
    let arena = TestArena::open().await;
    arena.join(model("Aster"), &aster).await;
    arena.join(model("Birch"), &birch).await;
    let voter = arena.voter();
    let id = voter.asks("How far is the Sun?").await;
    let watching = voter.watches(&id).await;

    voter.posts("/me/delete", &[("sure", "yes")]).await.location();
    gate.add_permits(100);

    drop(watching);
    eventually("the battle is over", async || (arena.battles_in_progress() == 0).then_some(()))
        .await;
    assert_eq!(arena.battle(&id).await.state, "void");
    assert_eq!(arena.number("select count(*) from answers where body is not null").await, 0);
}
