//! A battle belongs to the voter who opened it; for everybody else it does not exist.

use uuid::Uuid;

use crate::arena::{Reply, TestArena, Voter};

const PLACE: &str = "turn=0&attempt=0&from=0";

/// Everything that can be done at the address of a battle.
async fn tries_everything(voter: &Voter, id: &str) -> Vec<(&'static str, Reply)> {
    let stream = voter.gets(&format!("/battles/{id}/events?{PLACE}")).await;
    vec![
        ("page", voter.gets(&format!("/battles/{id}")).await),
        ("stream", stream),
        ("vote", voter.votes(id, "left").await),
        ("turns", voter.asks_on(id, "And its tail?").await),
        ("skip", voter.skips(id, "other").await),
        ("retry", voter.retries(id).await),
    ]
}

fn without_date(mut reply: Reply) -> Reply {
    reply.headers.remove("date");
    reply
}

async fn assert_is_as_unknown_as_any(voter: &Voter, id: &str) {
    let foreign = tries_everything(voter, id).await;
    let unknown = tries_everything(voter, &Uuid::new_v4().simple().to_string()).await;
    for ((what, foreign), (_, unknown)) in foreign.into_iter().zip(unknown) {
        assert_eq!(foreign.status, 404, "{what}: {}", foreign.body);
        assert_eq!(without_date(foreign), without_date(unknown), "{what}");
    }
}

#[tokio::test]
async fn another_voters_battle_looks_like_one_that_never_was() {
    let arena = TestArena::of_two_instant().await;
    let (owner, other) = (arena.voter(), arena.voter());
    arena.complete_battle(&other).await;
    let complete = arena.complete_battle(&owner).await;
    let voted = arena.complete_battle(&owner).await;
    owner.votes(&voted, "tie").await.location();
    let skipped = arena.complete_battle(&owner).await;
    owner.skips(&skipped, "other").await.location();

    for id in [&complete, &voted, &skipped] {
        assert_is_as_unknown_as_any(&other, id).await;
    }

    assert_eq!(arena.battle(&complete).await.state, "complete");
    owner.votes(&complete, "left").await.location();
}

#[tokio::test]
async fn a_visitor_without_a_session_sees_no_battle() {
    let arena = TestArena::of_two_instant().await;
    let owner = arena.voter();
    let id = arena.complete_battle(&owner).await;

    assert_is_as_unknown_as_any(&arena.voter(), &id).await;

    assert_eq!(arena.number("select count(*) from voters").await, 1);
}

#[tokio::test]
async fn an_address_that_is_no_id_is_not_found() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();

    let reply = voter.gets("/battles/1%20or%201=1").await;

    assert_eq!(reply.status, 404);
    assert!(reply.body.contains("There is nothing at this address"), "{}", reply.body);
}

#[tokio::test]
async fn a_program_gets_its_404_as_problem_json() {
    let arena = TestArena::of_two_instant().await;
    let client = crate::arena::client().build().unwrap();

    let response = client
        .get(format!("http://{}/battles/{}", arena.address(), Uuid::new_v4()))
        .send()
        .await
        .unwrap();

    assert_eq!(response.status(), 404);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: serde_json::Value = response.json().await.unwrap();
    assert_eq!(problem["status"], 404);
    assert!(problem["detail"].as_str().unwrap().contains("nothing at this address"));
}
