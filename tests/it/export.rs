//! Files for analysts: what they hold, and that nothing else can get into them.
#![cfg(test)]

use std::collections::BTreeSet;

use arena_core::ids::ModelId;
use arena_core::ranking::{self, Counts, Settings, Tally};
use doubleblind::export::columns::{PRIVATE, PUBLIC};
use doubleblind::pool::Model;
use doubleblind::ranking::SEED;

use crate::arena::{Scripted, TestArena, model};

async fn joins(arena: &TestArena, name: &str) -> ModelId {
    arena.join(model(name), &Scripted::saying(name)).await
}

async fn file(arena: &TestArena, path: &str, media_type: &str) -> String {
    let reply = arena.voter().gets(path).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.headers["content-type"], media_type);
    reply.body
}

async fn csv_file(arena: &TestArena, path: &str) -> String {
    file(arena, path, "text/csv; charset=utf-8").await
}

/// Header and rows.
fn table(text: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let cells = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
    let header = cells(reader.headers().unwrap());
    (header, reader.records().map(|record| cells(&record.unwrap())).collect())
}

#[tokio::test]
async fn votes_are_exported_in_order_with_the_words_that_rating_tools_know() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let verdicts = ["left", "right", "tie", "both_bad", "both_good"];
    let mut expected = Vec::new();
    for verdict in verdicts {
        let id = arena.complete_battle(&voter).await;
        voter.votes(&id, verdict).await.location();
        expected.push(arena.battle(&id).await);
    }

    let (header, rows) = table(&csv_file(&arena, "/votes.csv").await);

    let expected_header = "model_a,model_b,winner,verdict,vote_index,cast_at,anony,voter,question_id,language,p_draw,tier,excluded";
    assert_eq!(header.join(","), expected_header);
    let column = |index: usize| rows.iter().map(|row| row[index].clone()).collect::<Vec<_>>();
    assert_eq!(column(2), ["model_a", "model_b", "tie", "both_bad", "tie"]);
    assert_eq!(column(3), verdicts);
    assert_eq!(column(4), ["0", "1", "2", "3", "4"]);
    for (row, battle) in rows.iter().zip(expected) {
        let names = sqlx::query_scalar(
            "select name from models where model_id = any($1)
             order by array_position($1, model_id)",
        );
        let sides = vec![battle.left_model_id, battle.right_model_id];
        let names: Vec<String> = names.bind(sides).fetch_all(&arena.db()).await.unwrap();
        assert_eq!(row[..2], names[..]);
    }
}

#[tokio::test]
async fn more_votes_than_one_page_of_the_database_are_exported_without_a_gap() {
    let arena = TestArena::open().await;
    let pair = (joins(&arena, "Aster").await, joins(&arena, "Birch").await);
    arena.has_had(pair, "left", 10_000).await;
    arena.has_had(pair, "right", 25).await;

    let (_, rows) = table(&csv_file(&arena, "/votes.csv").await);

    assert_eq!(rows.len(), 10_025);
    assert!(rows.iter().enumerate().all(|(index, row)| row[4] == index.to_string()));
    assert_eq!(rows.iter().filter(|row| row[2] == "model_b").count(), 25);
}

#[tokio::test]
async fn the_leaderboard_is_exported_with_empty_cells_where_there_is_no_rating() {
    let arena = TestArena::open().await;
    let pair = (joins(&arena, "Aster").await, joins(&arena, "Birch").await);
    joins(&arena, "Cedar").await;
    arena.has_had(pair, "left", 15).await;
    arena.has_had(pair, "right", 5).await;
    arena.has_had(pair, "both_good", 2).await;
    arena.has_had(pair, "both_bad", 1).await;
    arena.board_when(|board| board.board.votes == 23).await;

    let text = csv_file(&arena, "/leaderboard.csv").await;

    let start = "rank,rank_low,rank_high,model,rating,ci_low,ci_high,votes,wins,losses,ties,\
                 both_bad,status,";
    assert!(text.starts_with(start), "{text}");
    let (header, rows) = table(&text);
    let numbers = |row: &[String]| row[7..13].join(" ");
    assert_eq!(
        rows.iter().map(|row| row[3].as_str()).collect::<Vec<_>>(),
        ["Aster", "Birch", "Cedar"]
    );
    assert_eq!(numbers(&rows[0]), "23 15 5 2 1 provisional");
    assert_eq!(numbers(&rows[1]), "23 5 15 2 1 provisional");
    assert_eq!(numbers(&rows[2]), "0 0 0 0 0 no_votes");
    assert!([0, 1, 2, 4, 5, 6].iter().all(|cell| rows[2][*cell].is_empty()), "{:?}", rows[2]);
    let rating = |row: &[String], cell: usize| row[cell].parse::<f64>().unwrap();
    for row in &rows[..2] {
        assert!(rating(row, 5) < rating(row, 4) && rating(row, 4) < rating(row, 6), "{row:?}");
    }
    assert_eq!(header.len(), rows[0].len());
}

#[tokio::test]
async fn files_of_an_empty_arena_have_their_header() {
    let arena = TestArena::open().await;

    let votes = csv_file(&arena, "/votes.csv").await;
    let board = csv_file(&arena, "/leaderboard.csv").await;

    assert_eq!(
        votes,
        "model_a,model_b,winner,verdict,vote_index,cast_at,anony,voter,question_id,language,p_draw,tier,excluded\n"
    );
    assert!(board.starts_with("rank,rank_low,rank_high,model,"), "{board}");
    assert_eq!(board.lines().count(), 1);
}

#[tokio::test]
async fn columns_of_the_leaderboard_are_named_as_in_its_json() {
    let arena = TestArena::of_two_instant().await;
    arena.board_when(|board| board.models.len() == 2).await;

    let (header, rows) = table(&csv_file(&arena, "/leaderboard.csv").await);
    let json = file(&arena, "/leaderboard.json", "application/json").await;

    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let model = json["models"][0].as_object().unwrap();
    let keys: BTreeSet<_> = model.keys().cloned().collect();
    assert_eq!(header.iter().cloned().collect::<BTreeSet<_>>(), keys);
    for (name, cell) in header.iter().zip(&rows[0]) {
        let value = match &model[name] {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        assert_eq!(*cell, value, "{name}");
    }
}

#[tokio::test]
async fn the_leaderboard_can_be_recomputed_from_the_exported_votes() {
    let arena = TestArena::open().await;
    let (aster, birch) = (joins(&arena, "Aster").await, joins(&arena, "Birch").await);
    let cedar = joins(&arena, "Cedar").await;
    for (pair, verdict, votes) in [
        ((aster, birch), "left", 30),
        ((birch, aster), "left", 20),
        ((birch, cedar), "right", 25),
        ((cedar, aster), "tie", 22),
        ((cedar, birch), "right", 9),
        ((aster, cedar), "both_bad", 3),
        ((aster, cedar), "both_good", 2),
    ] {
        arena.has_had(pair, verdict, votes).await;
    }
    arena.whole_board(111).await;
    let names = ["Aster", "Birch", "Cedar"];
    let place = |name: &str| names.iter().position(|own| *own == name).unwrap();

    let (_, rows) = table(&csv_file(&arena, "/votes.csv").await);
    let mut counts = Counts::new(3);
    for row in &rows {
        let mut tally = Tally::default();
        match row[2].as_str() {
            "model_a" => tally.left_wins = 1,
            "model_b" => tally.right_wins = 1,
            "tie" => tally.ties = 1,
            _ => tally.both_bad = 1,
        }
        counts.add_tally(place(&row[0]), place(&row[1]), tally).unwrap();
    }
    let own = ranking::compute(&counts, &Settings::new(SEED)).unwrap();

    let json = file(&arena, "/leaderboard.json", "application/json").await;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["votes"], 111);
    assert!(json["method"]["model"].is_string() && json["computed_at"].is_string(), "{json}");
    for model in json["models"].as_array().unwrap() {
        let rating = own.rows[place(model["model"].as_str().unwrap())].rating.unwrap();
        assert!((model["rating"].as_f64().unwrap() - rating.rating).abs() < 0.006, "{model}");
        assert!((model["ci_low"].as_f64().unwrap() - rating.low).abs() < 0.006, "{model}");
    }
}

#[tokio::test]
async fn names_with_commas_quotes_and_line_feeds_come_back_as_they_were() {
    let arena = TestArena::open().await;
    let odd = "Aster, \"the\nfirst\"; é";
    let aster = Model { maker: "A, \"B\"".to_owned(), ..model(odd) };
    let aster = arena.join(aster, &Scripted::saying("one")).await;
    let birch = joins(&arena, "Birch").await;
    arena.has_had((aster, birch), "left", 1).await;
    arena.board_when(|board| board.board.votes == 1).await;

    let (_, votes) = table(&csv_file(&arena, "/votes.csv").await);
    let (header, board) = table(&csv_file(&arena, "/leaderboard.csv").await);

    assert_eq!(votes[0][..2], [odd, "Birch"]);
    let maker = header.iter().position(|name| name == "maker").unwrap();
    let row = board.iter().find(|row| row[3] == odd).unwrap();
    assert_eq!(row[maker], "A, \"B\"");
}

/// The columns of the live schema; sqlx keeps a table of its own.
const LIVE: &str = "select table_name || '.' || column_name from information_schema.columns
     where table_schema = 'public' and table_name <> '_sqlx_migrations'";

#[tokio::test]
async fn every_column_of_the_live_schema_is_declared_public_or_private_and_never_both() {
    let arena = TestArena::open().await;
    let live: Vec<String> = sqlx::query_scalar(LIVE).fetch_all(&arena.db()).await.unwrap();
    let mut declared = Vec::new();
    for (table, columns) in PUBLIC.iter().chain(PRIVATE) {
        declared.extend(columns.iter().map(|column| format!("{table}.{column}")));
    }

    let once: BTreeSet<_> = declared.iter().cloned().collect();

    assert_eq!(once.len(), declared.len(), "a column is declared twice");
    assert_eq!(once, live.into_iter().collect::<BTreeSet<_>>());
}

#[tokio::test]
async fn every_table_and_every_column_has_a_comment() {
    let arena = TestArena::open().await;

    let silent: Vec<String> = sqlx::query_scalar(
        "select c.relname || coalesce('.' || a.attname, '')
         from pg_class c
         left join lateral (
             select attname, attnum from pg_attribute
             where attrelid = c.oid and attnum > 0 and not attisdropped
             union all select null, 0
         ) a on true
         where c.relkind in ('r', 'v', 'm', 'p') and c.relnamespace = 'public'::regnamespace
           and c.relname <> '_sqlx_migrations'
           and coalesce(col_description(c.oid, nullif(a.attnum, 0)),
                   case when a.attnum = 0 then obj_description(c.oid, 'pg_class') end) is null",
    )
    .fetch_all(&arena.db())
    .await
    .unwrap();

    assert_eq!(silent, Vec::<String>::new());
}
