//! Battles between a model of this machine and one behind an endpoint on another port.

use std::sync::Arc;

use arena_core::ids::ModelId;
use doubleblind::inference::{Engine, RemoteEngine};
use doubleblind::pool;

use super::server::{Elsewhere, Step, event, finish, refuses, says, streams, text};
use super::{impatient, remote_model};
use crate::arena::{Scripted, TestArena, Voter, eventually, model, without_seal};

/// What the endpoint's operator is called on pages.
const OPERATOR: &str = "Heron Hosting (Denmark)";

/// Adds a model behind the server's endpoint and waits until it can be drawn.
async fn join(arena: &TestArena, name: &str, server: &Elsewhere) -> ModelId {
    let model = remote_model(name, &server.url());
    pool::add(&mut arena.db().acquire().await.unwrap(), &model).await.unwrap();
    let endpoint = model.endpoint().unwrap().clone();
    let engine = RemoteEngine::start(name, endpoint, 4096, impatient()).unwrap();
    engine.wait_ready().await.unwrap();
    arena.engines.put(model.id, Arc::new(engine) as Arc<dyn Engine>);
    model.id
}

/// An arena of Aster, which runs here, and Quux, which does not.
async fn of_here_and_there(server: &Elsewhere) -> (TestArena, ModelId) {
    let arena = TestArena::open().await;
    arena.join(model("Aster"), &Scripted::saying("from here")).await;
    let quux = join(&arena, "Quux", server).await;
    (arena, quux)
}

fn no_secret(page: &str) {
    for secret in ["Quux", "Aster", "heron-7b", "tokens/s", "not told by"] {
        assert!(!page.contains(secret), "{secret}: {page}");
    }
}

#[tokio::test]
async fn a_battle_with_a_remote_model_goes_from_the_question_to_the_reveal() {
    let server = Elsewhere::playing(streams([text("from there"), finish("stop")])).await;
    let (arena, quux) = of_here_and_there(&server).await;
    let voter = arena.voter();

    let id = voter.asks("What is a comet?").await;
    let frames = voter.watches(&id).await.read_to_end().await;
    arena.when(&id, "complete").await;
    let blind = voter.looks_at(&id).await;
    voter.votes(&id, "tie").await.location();
    let reveal = voter.looks_at(&id).await;

    let mut both = [frames.left.as_str(), frames.right.as_str()];
    both.sort_unstable();
    assert_eq!(both, ["from here", "from there"]);
    no_secret(&blind);
    for fact in ["Quux", "<dd>remote</dd>", OPERATOR, "heron-7b", "not told by the endpoint"] {
        assert!(reveal.contains(fact), "{fact}: {reveal}");
    }
    let asked: serde_json::Value = serde_json::from_str(&server.asked()[0].body).unwrap();
    assert_eq!(asked["messages"][1]["content"], "What is a comet?");
    let seed =
        arena.answers(&id).await.iter().find(|answer| answer.model_id == quux.0).unwrap().seed;
    assert_eq!(asked["seed"], seed);
}

#[tokio::test]
async fn a_follow_up_takes_the_conversation_along() {
    let server = Elsewhere::by(|number| says(["first", "second"][number])).await;
    let (arena, _) = of_here_and_there(&server).await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;

    voter.asks_on(&id, "And then?").await.location();
    arena.when(&id, "complete").await;

    let asked: serde_json::Value = serde_json::from_str(&server.asked()[1].body).unwrap();
    let said: Vec<_> = asked["messages"].as_array().unwrap()[1..].to_vec();
    let said: Vec<_> = said.iter().map(|said| said["content"].as_str().unwrap()).collect();
    assert_eq!(said, ["What is a comet?", "first", "And then?"]);
}

#[tokio::test]
async fn before_asking_a_voter_reads_where_questions_go_and_not_in_which_battles() {
    let server = Elsewhere::playing(says("from there")).await;
    let arena = TestArena::of_two(&Scripted::saying("one"), &Scripted::saying("two")).await;
    let voter = arena.voter();
    let here = voter.sees("/").await;
    let quux = join(&arena, "Quux", &server).await;

    let there = voter.sees("/").await;
    let method = voter.sees("/method").await;
    let (mut with, mut without) = (None, None);
    for _ in 0..60 {
        let id = voter.asks("What is a comet?").await;
        arena.when(&id, "complete").await;
        let battle = arena.battle(&id).await;
        let page = voter.looks_at(&id).await.replace(&id, "");
        let of_quux = [battle.left_model_id, battle.right_model_id].contains(&quux.0);
        *(if of_quux { &mut with } else { &mut without }) = Some(page);
        if with.is_some() && without.is_some() {
            break;
        }
    }

    assert!(here.contains("The text stays on this machine.") && !here.contains(OPERATOR));
    assert!(there.contains(&format!("your text may be sent to {OPERATOR}.")));
    assert!(!there.contains("stays on this machine"));
    assert!(method.contains(&format!("are sent to {OPERATOR}")));
    let blank = |page: Option<String>| {
        let page = without_seal(&page.expect("both kinds of battle are drawn"));
        no_secret(&page);
        ["from there", "one", "two"]
            .iter()
            .fold(page, |page, text| page.replace(&format!("<p>{text}</p>"), "<p></p>"))
    };
    assert_eq!(blank(with), blank(without));
}

#[tokio::test]
async fn every_list_of_models_says_which_are_remote() {
    let server = Elsewhere::playing(says("from there")).await;
    let (arena, _) = of_here_and_there(&server).await;
    let voter = arena.voter();
    arena.complete_battle(&voter).await;
    arena.board_when(|board| board.models.len() == 2).await;

    let table = voter.sees("/leaderboard").await;
    let csv = voter.sees("/leaderboard.csv").await;
    let json: serde_json::Value =
        serde_json::from_str(&voter.sees("/leaderboard.json").await).unwrap();

    assert!(table.contains(&format!("<td>remote: {OPERATOR}</td>")), "{table}");
    for page in ["/", "/leaderboard", "/leaderboard/checks", "/leaderboard/matrix", "/method"] {
        let seen = voter.sees(page).await;
        assert!(seen.contains(&format!("Quux is remote, run by {OPERATOR}.")), "{page}");
    }
    let line = csv.lines().find(|line| line.contains(",Quux,")).unwrap();
    assert!(line.ends_with(",,remote,,false,true,Heron Hosting,DK,"), "{line}");
    let line = csv.lines().find(|line| line.contains(",Aster,")).unwrap();
    assert!(line.ends_with(",false,false,,,"), "{line}");
    assert!(json.to_string().contains(r#""operator":"Heron Hosting""#), "{json}");
    for text in [table, csv, json.to_string()] {
        assert!(!text.contains(&server.url()), "the address is private");
    }
}

/// What a voter sees of a battle whose pair failed.
async fn failure_page(arena: &TestArena, voter: &Voter) -> (String, String) {
    let id = voter.asks("What is a comet?").await;
    let frames = voter.watches(&id).await.read_to_end().await;
    arena.when(&id, "failed").await;
    assert!(frames.left.chars().count() <= 9 && frames.right.chars().count() <= 9);
    (without_seal(&voter.looks_at(&id).await).replace(&id, ""), id)
}

#[tokio::test]
async fn a_failing_endpoint_is_the_same_page_as_a_failing_worker() {
    let local = TestArena::of_two(
        &Scripted::saying("from here"),
        &Scripted::following(crate::arena::Script::hangs_up()),
    )
    .await;
    let (local_page, _) = failure_page(&local, &local.voter()).await;
    let error = r#"{"error":{"message":"SQUEAMISH OSSIFRAGE"}}"#;

    for steps in
        [refuses(500, error), refuses(400, error), streams([event(error)]), vec![Step::Silence]]
    {
        let server = Elsewhere::playing(steps).await;
        let (arena, quux) = of_here_and_there(&server).await;
        let (page, id) = failure_page(&arena, &arena.voter()).await;

        let own = format!(
            "Votes stay on this machine; questions are sent to {OPERATOR} as well, where some of the \
             models run."
        );
        let here = "Questions, answers and votes stay on this machine.";
        assert!(page.contains(&own), "{page}");
        assert_eq!(page.replace(&own, here), local_page);
        let answers = arena.answers(&id).await;
        let of_quux = answers.iter().find(|answer| answer.model_id == quux.0).unwrap();
        assert_eq!(of_quux.outcome, "failed");
    }
}

#[tokio::test]
async fn a_failure_is_told_at_a_whole_step_however_soon_it_is_known() {
    let step = std::time::Duration::from_millis(1200);
    let mut waits = Vec::new();
    for endpoint in [false, true] {
        let arena = TestArena::with_failure_step(step).await;
        arena.join(model("Aster"), &Scripted::saying("from here")).await;
        let server = Elsewhere::playing(refuses(503, "{}")).await;
        if endpoint {
            join(&arena, "Quux", &server).await;
        } else {
            let dead = Scripted::following(crate::arena::Script::hangs_up());
            arena.join(model("Birch"), &dead).await;
        }
        let voter = arena.voter();

        let started = std::time::Instant::now();
        let id = voter.asks("What is a comet?").await;
        voter.watches(&id).await.read_to_end().await;

        arena.when(&id, "failed").await;
        waits.push(started.elapsed());
    }

    assert!(waits.iter().all(|wait| (step..2 * step).contains(wait)), "{waits:?}");
}

#[tokio::test]
async fn a_dead_endpoint_is_not_drawn() {
    let server = Elsewhere::playing(says("from there")).await;
    let (arena, quux) = of_here_and_there(&server).await;
    assert!(arena.engines.ready().contains(&quux));

    drop(server);

    eventually("the endpoint is seen to be dead", async || {
        (!arena.engines.ready().contains(&quux)).then_some(())
    })
    .await;
    let reply = arena.voter().posts("/battles", &[("prompt", "What is a comet?")]).await;
    assert_eq!(reply.status, 503, "{}", reply.body);
}

#[tokio::test]
async fn a_model_is_a_file_or_an_endpoint_and_never_both() {
    let server = Elsewhere::playing(says("from there")).await;
    let (arena, _) = of_here_and_there(&server).await;

    for sql in [
        "update models set file_sha256 = repeat('a', 64) where name = 'Quux'",
        "update models set operator = null where name = 'Quux'",
        "update models set template_source = 'file' where name = 'Quux'",
        "update models set quantization = null where name = 'Aster'",
        "update models set operator = 'X', operator_country = 'DK' where name = 'Aster'",
        "update models set endpoint_url = 'https://user@host/v1' where name = 'Quux'",
    ] {
        let refusal = sqlx::query(sql).execute(&arena.db()).await.unwrap_err();
        assert!(refusal.to_string().contains("check constraint"), "{sql}: {refusal}");
    }
    let twin = remote_model("Twin", &server.url());
    let refusal = pool::add(&mut arena.db().acquire().await.unwrap(), &twin).await.unwrap_err();
    assert!(refusal.to_string().ends_with("as Quux"), "{refusal}");
}
