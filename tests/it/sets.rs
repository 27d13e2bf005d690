//! Evaluation sets: what is imported, what is refused, and which question a voter gets.
#![cfg(test)]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use doubleblind::battle::sets::{SetError, import_all};
use uuid::Uuid;

use crate::arena::TestArena;
use crate::tidy::{files_below, read};

/// A folder of sets that is removed with its test.
struct Sets(PathBuf);

impl Sets {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("doubleblind-sets-{}", Uuid::new_v4()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes a set with one question a line of `prompts`.
    fn has(&self, id: &str, version: i32, prompts: &[&str]) -> &Self {
        let folder = self.0.join(id);
        fs::create_dir_all(&folder).unwrap();
        let header = format!(
            "id = \"{id}\"\nversion = {version}\ntitle = \"Set {id}\"\nlanguage = \"en\"\n\
             licence = \"CC0-1.0\"\nsource = \"a test\"\ndescription = \"Questions of a test.\"\n"
        );
        fs::write(folder.join("set.toml"), header).unwrap();
        fs::write(folder.join("prompts.jsonl"), prompts.join("\n") + "\n").unwrap();
        self
    }

    async fn import(&self, arena: &TestArena) -> Vec<SetError> {
        import_all(&arena.db(), &self.0).await.unwrap()
    }
}

impl Drop for Sets {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn question(id: &str) -> String {
    format!("{{\"id\": \"{id}\", \"category\": \"any\", \"turns\": [\"Question {id}?\"]}}")
}

#[tokio::test]
async fn all_sets_of_the_project_are_imported_once() {
    let arena = TestArena::of_two_instant().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("eval_sets");
    let files = files_below("eval_sets");
    let prompts: Vec<_> = files.iter().filter(|file| file.ends_with("prompts.jsonl")).collect();
    let lines: usize = prompts.iter().map(|file| read(file).lines().count()).sum();

    let first = import_all(&arena.db(), &root).await.unwrap();
    let second = import_all(&arena.db(), &root).await.unwrap();

    assert!(first.is_empty() && second.is_empty(), "{first:?} {second:?}");
    let sets = arena.number("select count(*) from eval_sets").await;
    assert_eq!(usize::try_from(sets).unwrap(), prompts.len());
    let questions = arena.number("select count(*) from questions").await;
    assert_eq!(usize::try_from(questions).unwrap(), lines);
    let voter = arena.voter();
    let list = voter.sees("/sets").await;
    for file in prompts {
        let id = file.split('/').nth(1).unwrap();
        assert!(list.contains(&format!("/sets/{id}\"")), "{id} is not listed");
        assert!(voter.sees(&format!("/sets/{id}")).await.contains("name=\"question\""), "{id}");
    }
}

#[tokio::test]
async fn a_changed_set_under_its_old_version_is_refused_and_the_others_are_imported() {
    let arena = TestArena::open().await;
    let sets = Sets::new();
    sets.has("moon", 1, &[&question("1")]);
    sets.import(&arena).await;

    sets.has("moon", 1, &[&question("1"), &question("2")]).has("stars", 1, &[&question("1")]);
    let problems = sets.import(&arena).await;

    assert_eq!(problems.len(), 1);
    let sentence = problems[0].to_string();
    assert_eq!(sentence, "the questions of moon version 1 have changed; give them a new version");
    assert_eq!(arena.number("select count(*) from questions where set_id = 'moon'").await, 1);
    assert_eq!(arena.number("select count(*) from questions where set_id = 'stars'").await, 1);
}

#[tokio::test]
async fn a_new_version_stands_beside_the_old_one_and_is_the_one_that_is_asked() {
    let arena = TestArena::of_two_instant().await;
    let sets = Sets::new();
    sets.has("moon", 1, &[&question("old")]);
    sets.import(&arena).await;
    let voter = arena.voter();
    let before = voter.opens(&[("set", "moon")]).await;
    arena.when(&before, "complete").await;

    sets.has("moon", 2, &[&question("new")]);
    let problems = sets.import(&arena).await;
    let after = voter.opens(&[("set", "moon")]).await;

    assert!(problems.is_empty(), "{problems:?}");
    assert!(voter.looks_at(&before).await.contains("Question old?"));
    assert!(voter.looks_at(&after).await.contains("Question new?"));
    let page = voter.sees("/sets/moon").await;
    assert!(page.contains("Question new?") && !page.contains("Question old?"), "{page}");
}

#[tokio::test]
async fn a_broken_line_is_refused_with_its_number_and_nothing_of_its_set_is_imported() {
    for (line, why) in [
        ("{\"id\": \"2\"", "EOF"),
        ("", "EOF"),
        ("{\"id\": \"2\", \"category\": \"any\"}", "missing field `turns`"),
        ("{\"id\": \"2\", \"category\": \"any\", \"turns\": []}", "at least one turn"),
        ("{\"id\": \"2\", \"category\": \"any\", \"turns\": [\" \"]}", "no turn may be empty"),
        ("{\"id\": \"1\", \"category\": \"any\", \"turns\": [\"x\"]}", "stands in the file twice"),
    ] {
        let arena = TestArena::open().await;
        let sets = Sets::new();
        sets.has("moon", 1, &[&question("1"), line, &question("3")]);
        sets.has("stars", 1, &[&question("1")]);

        let problems = sets.import(&arena).await;

        assert_eq!(problems.len(), 1, "{line}");
        let sentence = problems[0].to_string();
        assert!(sentence.contains("moon/prompts.jsonl line 2: "), "{sentence}");
        assert!(sentence.contains(why), "{sentence}");
        assert_eq!(arena.number("select count(*) from eval_sets where set_id = 'moon'").await, 0);
        assert_eq!(arena.number("select count(*) from questions").await, 1, "stars is missing");
    }
}

#[tokio::test]
async fn a_header_that_is_not_valid_is_refused_with_its_file() {
    let arena = TestArena::open().await;
    let sets = Sets::new();
    sets.has("moon", 0, &[&question("1")]).has("stars", 1, &[&question("1")]);
    fs::rename(sets.0.join("stars"), sets.0.join("suns")).unwrap();
    sets.has("winds", 1, &[&question("1")]);
    fs::write(sets.0.join("winds/set.toml"), "id = 7").unwrap();

    let problems = sets.import(&arena).await;

    let sentences: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(sentences.len(), 3, "{sentences:?}");
    for (sentence, folder) in sentences.iter().zip(["moon", "suns", "winds"]) {
        assert!(sentence.contains(&format!("{folder}/set.toml is not valid: ")), "{sentence}");
    }
    assert_eq!(arena.number("select count(*) from eval_sets").await, 0);
}

#[tokio::test]
async fn a_voter_gets_every_question_of_a_set_before_any_a_second_time() {
    let arena = TestArena::of_two_instant().await;
    let sets = Sets::new();
    let lines: Vec<_> = (1..=6).map(|number| question(&number.to_string())).collect();
    sets.has("moon", 1, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    sets.import(&arena).await;
    let (voter, other) = (arena.voter(), arena.voter());
    let mut seen = HashMap::new();

    for round in 1..=2 {
        for _ in 0..6 {
            other.opens(&[("set", "moon")]).await;
            let id = voter.opens(&[("set", "moon")]).await;
            *seen.entry(arena.battle(&id).await.question_id).or_insert(0) += 1;
        }

        assert_eq!(seen.len(), 6, "{seen:?}");
        assert!(seen.values().all(|times| *times == round), "{seen:?}");
    }
}

#[tokio::test]
async fn a_set_that_does_not_exist_is_not_found() {
    let arena = TestArena::open().await;

    let reply = arena.voter().gets("/sets/nowhere").await;

    assert_eq!(reply.status, 404);
}
