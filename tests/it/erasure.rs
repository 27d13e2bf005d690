//! Erasing texts: from pages and tables at once, from the files of the database by scrubbing, and from nothing
//! that was proved.
#![cfg(test)]

use std::path::Path;
use std::time::Duration;

use arena_core::ids::VoterId;
use arena_core::journal::leaf::{Leaf, Part};
use doubleblind::MIGRATOR;
use doubleblind::battle::erasure::job::scrub_if_due;
use doubleblind::battle::erasure::scrub::Scrubbed;
use doubleblind::battle::erasure::{self};
use doubleblind::kit::postgres::{Cluster, Durability, Options, SERVING_ROLE, grant_serving};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use crate::arena::{Scripted, TestArena};

const QUESTION: &str = "canary-question-quetzal-7741";
const ANSWER: &str = "canary-answer-narwhal-3350";

async fn voter_of(arena: &TestArena, battle: &str) -> VoterId {
    let id = sqlx::query_scalar("select voter_id from battles where battle_id = $1::uuid");
    VoterId(id.bind(battle).fetch_one(&arena.db()).await.unwrap())
}

#[tokio::test]
async fn an_erased_voter_leaves_votes_and_leaves_and_no_text_salt_or_name() {
    let arena = TestArena::of_two(&Scripted::saying(ANSWER), &Scripted::saying("two")).await;
    let voter = arena.voter();
    let voted = voter.asks(QUESTION).await;
    arena.when(&voted, "complete").await;
    voter.votes(&voted, "left").await.location();
    let open = voter.asks(QUESTION).await;
    arena.when(&open, "complete").await;
    let other = arena.voter();
    let kept = arena.complete_battle(&other).await;

    let mut tx = arena.db().begin().await.unwrap();
    let id = voter_of(&arena, &voted).await;
    let count = erasure::erase_voters(&mut tx, &arena.journal(), &[id]).await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(count, 2);
    assert_eq!(arena.number("select count(*) from votes").await, 1);
    assert_eq!(
        (arena.battle(&open).await.state.as_str(), arena.battle(&kept).await.state.as_str()),
        ("void", "complete")
    );
    assert_eq!(arena.number("select count(*) from pseudonyms").await, 0);
    assert_eq!(arena.number("select count(distinct battle_id) from salts").await, 1);
    let rest = "select count(*) from turns where prompt like '%canary%'";
    assert_eq!(arena.number(rest).await, 0);
    let rest = "select count(*) from answers where body like '%canary%' and battle_id <> (select
        battle_id from battles where state = 'complete')";
    assert_eq!(arena.number(rest).await, 0);
    let bodies: Vec<Vec<u8>> =
        sqlx::query_scalar("select body from log_leaves order by leaf_index")
            .fetch_all(&arena.db())
            .await
            .unwrap();
    let redacted: Vec<_> = bodies
        .iter()
        .filter_map(|body| match Leaf::parse(body).unwrap() {
            Leaf::Redact(redact) => Some(redact),
            _ => None,
        })
        .collect();
    assert_eq!(redacted.len(), 2);
    for redact in redacted {
        assert_eq!(redact.what, [Part::P, Part::L, Part::R]);
        let assign = Leaf::parse(&bodies[usize::try_from(redact.i).unwrap()]).unwrap();
        assert!(matches!(assign, Leaf::Assign(_)), "{assign:?}");
    }
    assert!(voter.looks_at(&voted).await.contains("(erased)"));
}

/// Whether the bytes stand in any file below a folder.
fn is_in_files(folder: &Path, words: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(is_in_files(&path, words));
        } else if let Ok(bytes) = std::fs::read(&path)
            && memchr::memmem::find(&bytes, words.as_bytes()).is_some()
        {
            found.push(path.display().to_string());
        }
    }
    found
}

/// A text in the database, its erasure, and the scrubbing, in a cluster of its own with the production settings.
#[tokio::test]
async fn after_scrubbing_no_file_of_the_database_has_an_erased_text() {
    let data = std::env::temp_dir().join(format!("scrub-{}", Uuid::new_v4()));
    std::fs::create_dir_all(&data).unwrap();
    let options = Options {
        data_dir: data.clone(),
        binaries: None,
        durability: Durability::Durable,
        fetch: false,
    };
    let cluster = Cluster::start(&options).await.unwrap();
    let mut owner = PgConnection::connect(&cluster.url()).await.unwrap();
    MIGRATOR.run(&mut owner).await.unwrap();
    grant_serving(&mut owner, SERVING_ROLE).await.unwrap();
    let long = format!("{QUESTION} {}", "so long that it is stored apart ".repeat(400));
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "insert into models (model_id, name, maker, country, licence, architecture, parameter_count,
             quantization, context_tokens, file_path, file_size_bytes, file_modified_at, file_sha256,
             template_source)
         select gen_random_uuid(), 'm' || i, 'x', 'FR', 'x', 'x', 1, 'x', 1, 'x' || i, 1, now(),
             lpad(i::text, 64, '0'), 'file' from generate_series(1, 2) as i;
         insert into voters (voter_id) values ('00000000-0000-0000-0000-000000000001');
         insert into battles (battle_id, voter_id, left_model_id, right_model_id, p_draw, state)
         select '00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-000000000001',
             (select model_id from models where name = 'm1'),
             (select model_id from models where name = 'm2'), 0.5, 'failed';
         insert into turns (battle_id, turn, prompt)
         values ('00000000-0000-0000-0000-000000000002', 0, '{long}');
         insert into answers (battle_id, turn, side, attempt, model_id, outcome, body, finish, seed,
             sampling, system_prompt, reasoning)
         select '00000000-0000-0000-0000-000000000002', 0, 'left', 0,
             (select model_id from models where name = 'm1'), 'complete', '{ANSWER}', 'stop', 1, '{{}}',
             '', '{ANSWER} thought';
         checkpoint"
    )))
    .execute(&mut owner)
    .await
    .unwrap();
    assert!(!is_in_files(&data, ANSWER).is_empty(), "the canary is not where it is looked for");

    let voter = VoterId(Uuid::from_u128(1));
    let pool = sqlx::PgPool::connect(&cluster.serving_url()).await.unwrap();
    let journal =
        doubleblind::journal::Journal::open(&pool, &data, Some("scrub.test")).await.unwrap();
    let mut tx = pool.begin().await.unwrap();
    erasure::erase_voters(&mut tx, &journal, &[voter]).await.unwrap();
    tx.commit().await.unwrap();
    let by: PgConnectOptions = cluster.url().parse().unwrap();
    assert_eq!(scrub_if_due(&pool, &by).await.unwrap(), None, "not for each erasure");
    assert!(!is_in_files(&data, ANSWER).is_empty());
    let later = "update scrubbing set pending_since = now() - interval '61 minutes'";
    sqlx::query(later).execute(&mut owner).await.unwrap();
    assert_eq!(scrub_if_due(&pool, &by).await.unwrap(), Some(Scrubbed::Gone));

    // Files of rewritten tables are removed at the next checkpoint, which scrubbing has made; the system may take a moment.
    crate::arena::eventually("no file has the canary", async || {
        let found = [is_in_files(&data, QUESTION), is_in_files(&data, ANSWER)].concat();
        tokio::time::sleep(Duration::from_millis(50)).await;
        found.is_empty().then_some(())
    })
    .await;
    pool.close().await;
    owner.close().await.unwrap();
    cluster.stop().await.unwrap();
    std::fs::remove_dir_all(data).unwrap();
}
