//! Three faults within ten minutes keep a model out of battles, in public, until it is released.

use doubleblind::config::Workers;
use doubleblind::inference::follow_pool;
use doubleblind::pool::{self, Fault};

use super::{on_disk, workers};
use crate::arena::{TestArena, Voter, eventually};

/// An arena whose two models are run by workers as the pool says.
async fn arena_with(workers: &Workers) -> (TestArena, tokio::task::JoinHandle<()>) {
    let arena = TestArena::open().await;
    for name in ["Aster", "Birch"] {
        let mut db = arena.db().acquire().await.unwrap();
        pool::add(&mut db, &on_disk(name)).await.unwrap();
    }
    let following = tokio::spawn(follow_pool(arena.db(), arena.engines.clone(), workers.clone()));
    both_ready(&arena).await;
    (arena, following)
}

async fn both_ready(arena: &TestArena) {
    eventually("both models are ready", async || (arena.engines.ready().len() == 2).then_some(()))
        .await;
}

/// A battle that fails; none if the pool was no longer whole when it was asked for.
async fn fails_once(arena: &TestArena, voter: &Voter) -> Option<String> {
    let reply = voter.posts("/battles", &[("prompt", "What is a comet?")]).await;
    if reply.status != 303 {
        assert_eq!(reply.status, 503, "{}", reply.body);
        return None;
    }
    let id = reply.location().strip_prefix("/battles/").unwrap().to_owned();
    arena.when(&id, "failed").await;
    Some(id)
}

async fn in_quarantine(arena: &TestArena) -> Vec<(String, Fault)> {
    let models = pool::queries::list_all(&mut arena.db().acquire().await.unwrap()).await.unwrap();
    let found = models.into_iter().filter_map(|model| Some((model.name, model.quarantine?.reason)));
    found.collect()
}

async fn goes_into_quarantine(mode: &str, reason: Fault) {
    let (_folder, workers) = workers(mode);
    let (arena, following) = arena_with(&workers).await;
    let voter = arena.voter();

    let mut battles = Vec::new();
    while battles.len() < 2 {
        both_ready(&arena).await;
        battles.extend(fails_once(&arena, &voter).await);
    }
    both_ready(&arena).await;
    let after_two = in_quarantine(&arena).await;
    // The first side to fail ends a battle, so one model may need more battles than three.
    let out = eventually("a model is in quarantine", async || {
        fails_once(&arena, &voter).await;
        let found = in_quarantine(&arena).await;
        (!found.is_empty()).then_some(found)
    })
    .await;

    assert_eq!(after_two, [], "two faults are not enough");
    assert!(out.iter().all(|(_, found)| *found == reason), "{mode}: {out:?}");
    let name = &out[0].0;
    shown_and_released(&arena, &voter, name, &battles).await;
    following.abort();
}

async fn shown_and_released(arena: &TestArena, voter: &Voter, name: &str, battles: &[String]) {
    arena
        .board_when(|board| {
            board.models.iter().any(|model| model.name == name && !model.is_active())
        })
        .await;
    eventually("its worker is gone", async || (arena.engines.models().len() < 2).then_some(()))
        .await;

    let row = leaderboard_row(&voter.sees("/leaderboard").await, name);
    let method = voter.sees("/method").await;
    let refused = voter.posts("/battles", &[("prompt", "What is a comet?")]).await;
    let again = voter.retries(&battles[0]).await;
    let page = voter.looks_at(battles.last().unwrap()).await;

    assert!(row.contains(">quarantined<") && row.contains("again and again"), "{row}");
    assert!(!row.contains("UTC"), "the minute is shown: {row}");
    assert!(method.contains(&format!("{name} is in quarantine since ")), "{method}");
    assert_eq!(refused.status, 503);
    assert_eq!(again.status, 409, "a pair that gives one of its models away");
    assert!(again.body.contains("This pair cannot be asked again"), "{}", again.body);
    assert!(!page.contains("Aster") && !page.contains("Birch"), "{page}");
    eventually("whoever is kept out is released and ready", async || {
        for model in ["Aster", "Birch"] {
            let mut db = arena.db().acquire().await.unwrap();
            // The other one may be in the pool all along.
            let _ = pool::quarantine::release(&mut db, model).await;
        }
        (arena.engines.ready().len() == 2).then_some(())
    })
    .await;
    assert_eq!(in_quarantine(arena).await, []);
    let again = voter.retries(&battles[0]).await;
    assert_eq!(again.status, 409, "not even after its release");
}

fn leaderboard_row(page: &str, name: &str) -> String {
    let found = page.split("<tr>").find(|row| row.contains(&format!("<th scope=\"row\">{name}")));
    found.unwrap().to_owned()
}

#[tokio::test]
async fn a_model_that_dies_three_times_is_kept_out_until_it_is_released() {
    goes_into_quarantine("dies", Fault::Died).await;
}

#[tokio::test]
async fn a_model_that_computes_no_numbers_three_times_is_kept_out_too() {
    goes_into_quarantine("decode", Fault::Decode).await;
}

#[tokio::test]
async fn a_model_that_falls_silent_three_times_is_kept_out_too() {
    goes_into_quarantine("silent", Fault::Hung).await;
}

#[tokio::test]
async fn nothing_is_released_that_is_not_kept_out() {
    let arena = TestArena::of_two_instant().await;
    let mut db = arena.db().acquire().await.unwrap();

    let said = [
        pool::quarantine::release(&mut db, "Aster").await.unwrap_err().to_string(),
        pool::quarantine::release(&mut db, "Nobody").await.unwrap_err().to_string(),
    ];

    assert!(said[0].contains("Aster is not in quarantine"), "{said:?}");
    assert!(said[1].contains("no model is called Nobody"), "{said:?}");
}
