//! The real program: started, used, interrupted and killed, with real workers and the smallest model.
#![cfg(test)]

mod serving;

use std::path::Path;
use std::time::{Duration, Instant};

use serving::all_gone;
pub(crate) use serving::{
    Folder, Serving, Visitor, arena_with_two_models, command_line, descendants, model, send,
};

#[tokio::test]
async fn models_join_a_running_arena_and_ctrl_c_ends_every_process() {
    let folder = Folder::new("ctrl-c");
    let mut serving = arena_with_two_models(&folder).await;
    let address = serving.open("What is two plus two?").await;
    serving.until_complete(&address).await;
    let below = descendants(serving.pid());
    assert_eq!(serving.workers().len(), 2);
    assert!(below.len() > 4, "workers and Postgres: {below:?}");

    serving.signal(2);

    let give_up = Instant::now() + Duration::from_secs(15);
    let status = loop {
        if let Some(status) = serving.child.try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < give_up, "still running");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(status.code(), Some(0));
    all_gone(&below, Duration::from_secs(1));
    let home = std::fs::read_dir(folder.0.join("home")).unwrap().count();
    assert_eq!(home, 0, "something was written outside the data folder");
}

#[tokio::test]
async fn a_killed_app_takes_workers_and_database_with_it_and_starts_again_at_once() {
    let folder = Folder::new("kill");
    let mut serving = arena_with_two_models(&folder).await;
    let address = serving.open("What is two plus two?").await;
    serving.until_complete(&address).await;
    let reveal = serving.post(&format!("{address}/vote"), &[("verdict", "tie")]).await;
    assert_eq!(reveal.status(), 200);
    let below = descendants(serving.pid());

    serving.signal(9);
    serving.child.wait().unwrap();
    all_gone(&below, Duration::from_secs(10));
    let client = serving.client.clone();
    let again = Serving::start(&folder).await;

    let votes = client.get(format!("{}/votes.csv", again.base)).send().await.unwrap();
    assert_eq!(votes.text().await.unwrap().lines().count(), 2);
    again.two_models_ready().await;
}

#[tokio::test]
async fn a_killed_worker_is_a_neutral_sentence_for_both_sides_and_comes_back() {
    let folder = Folder::new("worker");
    let serving = arena_with_two_models(&folder).await;
    let address = serving.open("Write a long story about a lighthouse keeper.").await;

    // Stopped first, so that the answer cannot be complete before the worker is killed.
    let victim = serving.workers()[0];
    send(victim, 19);
    send(victim, 9);

    let page = serving
        .wait_at(&address, "neutral sentence", |page| page.contains("Ask the same pair again"))
        .await;
    assert_eq!(page.matches("This pair could not be completed.").count(), 3);
    assert!(!page.contains("of Two") && !page.contains("worker"));
    serving.two_models_ready().await;
    let retried = serving.post(&format!("{address}/retry"), &[]).await;
    assert_eq!(retried.status(), 200);
    serving.until_complete(&address).await;
}

#[tokio::test]
async fn broken_files_are_refused_with_a_sentence_and_the_arena_stays_up() {
    let folder = Folder::new("broken");
    let serving = Serving::start(&folder).await;
    let whole = std::fs::read(model()).unwrap();
    let truncated = folder.0.join("truncated.gguf");
    std::fs::write(&truncated, &whole[..whole.len() / 2]).unwrap();
    let text = folder.0.join("text.gguf");
    std::fs::write(&text, "this is not a model").unwrap();

    let (truncated_done, truncated_said) = folder.add(&truncated, "Truncated");
    let (text_done, text_said) = folder.add(&text, "Text");
    let (missing_done, missing_said) = folder.add(Path::new("nowhere.gguf"), "Missing");
    let (country_done, country_said) = folder.run(&[
        "models",
        "add",
        model().to_str().unwrap(),
        "--name",
        "X",
        "--maker",
        "Y",
        "--country",
        "France",
        "--licence",
        "Z",
    ]);

    assert!(!truncated_done && truncated_said.contains("it is truncated"), "{truncated_said}");
    assert!(!text_done && text_said.contains("is refused"), "{text_said}");
    assert!(!missing_done && missing_said.contains("cannot be read"), "{missing_said}");
    assert!(!country_done && country_said.contains("two capital letters"), "{country_said}");
    assert!(serving.page("/").await.contains("Ask two models"));
}

#[tokio::test]
async fn a_model_is_listed_shown_and_retired_from_the_command_line() {
    let folder = Folder::new("retire");
    let serving = arena_with_two_models(&folder).await;

    let (_, listed) = folder.run(&["models", "list"]);
    let (_, shown) = folder.run(&["models", "show", "First of Two"]);
    let (again, twice) = folder.add(&model(), "Another Name");
    let (retired, _) = folder.run(&["models", "retire", "First of Two"]);

    assert!(listed.contains("First of Two") && listed.contains("Q4_1"), "{listed}");
    assert!(shown.contains("134") || shown.contains("135M"), "{shown}");
    assert!(!again && twice.contains("in the pool already"), "{twice}");
    assert!(retired);
    serving.wait("fewer models", |page| page.contains("Fewer than two models")).await;
    serving.wait_at("/leaderboard", "retired model", |page| page.contains("(retired)")).await;
}

#[tokio::test]
async fn a_second_arena_on_the_same_data_is_refused_with_a_sentence() {
    let folder = Folder::new("second");
    let _serving = Serving::start(&folder).await;

    let (done, said) = folder.run(&["serve", "--listen", "127.0.0.1:0"]);

    assert!(!done);
    assert!(said.contains("doubleblind: "), "{said}");
    assert!(said.contains("data"), "{said}");
}

#[tokio::test]
async fn the_doctor_shows_settings_and_probes_and_fails_without_models() {
    let folder = Folder::new("doctor");

    let (empty, said) = folder.run(&["doctor", "--temperature", "0.5"]);
    let (first, _) = folder.add(&model(), "First of Two");
    let (second, _) = folder.add(&folder.twin(), "Second of Two");
    let (healthy, report) = folder.run(&["doctor"]);

    assert!(!empty && said.contains("a battle needs 2"), "{said}");
    assert!(said.contains("temperature 0.5") && said.contains("PostgreSQL"), "{said}");
    assert!(first && second);
    assert!(healthy, "{report}");
    assert!(report.contains("sandbox    full, full required: no new privileges yes"), "{report}");
}
