//! `doubleblind rank` as a program: files in, tables out, no database and no server.
#![cfg(test)]

mod golden;
mod refusals;

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

const CORE: &str = "src/arena-core/tests/golden";
const SAMPLES: &str = "src/ranking/files/samples";

fn votes() -> String {
    format!("{SAMPLES}/votes.csv")
}

fn ranked(file: &str, flags: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_doubleblind"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("DATABASE_URL")
        .args(["rank", file])
        .args(flags)
        .output()
        .unwrap()
}

/// What a call that must succeed prints.
fn stdout(file: &str, flags: &[&str]) -> String {
    let output = ranked(file, flags);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{file} {flags:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn json(file: &str, flags: &[&str]) -> Value {
    serde_json::from_str(&stdout(file, &[flags, &["--format", "json"]].concat())).unwrap()
}

/// A field of a model on the board.
fn of_model(document: &Value, model: &str, field: &str) -> Value {
    let models = document["models"].as_array().unwrap();
    models.iter().find(|line| line["model"] == model).unwrap()[field].clone()
}

fn width(document: &Value, model: &str) -> f64 {
    let end = |field| of_model(document, model, field).as_f64().unwrap();
    end("ci_high") - end("ci_low")
}

/// A file that is removed with its test.
struct Written(PathBuf);

impl Written {
    fn new(name: &str, text: &str) -> Written {
        let name = format!("doubleblind-rank-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        Written(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn csv_has_the_promised_columns_and_one_line_a_model() {
    let text = stdout(&votes(), &["--format", "csv"]);

    let lines: Vec<&str> = text.lines().collect();
    let head = "rank,rank_low,rank_high,model,rating,ci_low,ci_high,votes,wins,losses,ties,both_bad,\
                status";
    assert_eq!(lines[0], head);
    assert_eq!(lines.len(), 6);
    assert!(lines[1].starts_with("1,1,2,alpha-7b,1093.1"), "{}", lines[1]);
}

#[test]
fn the_same_votes_give_the_same_bytes_in_every_format_and_on_every_number_of_threads() {
    let flags = ["--style", "--cluster", "both", "--format", "json"];
    let expected = stdout(&votes(), &flags);

    for name in ["votes.json", "votes.jsonl", "votes_snappy.parquet", "votes_gzip.parquet"] {
        assert!(stdout(&format!("{SAMPLES}/{name}"), &flags) == expected, "{name}");
    }
    for threads in ["1", "2", "4"] {
        let more = [&flags[..], &["--read-threads", threads]].concat();
        assert!(stdout(&votes(), &more) == expected, "{threads} threads");
    }
}

#[test]
fn json_says_how_its_numbers_came_about() {
    let document = json(&votes(), &["--anchor", "echo=900", "--seed", "5", "--draws", "500"]);

    assert_eq!(document["version"], env!("CARGO_PKG_VERSION"));
    let settings = &document["settings"];
    assert_eq!(settings["method"], "bradley_terry");
    assert_eq!(settings["scale"]["anchor"]["model"], "echo");
    assert_eq!(settings["seed"], 5);
    assert_eq!(settings["rank_draws"], 500);
    assert_eq!(document["votes"], 300);
    assert_eq!(document["skipped_rows"], 0);
    assert!(document["critical_value"].as_f64().unwrap() > 2.0);
    let left = &document["position"]["left_score"];
    assert!(left["low"].as_f64() < left["value"].as_f64());
    assert_eq!(of_model(&document, "echo", "rating"), 900.0);
    assert_eq!(of_model(&document, "echo", "ci_low"), 900.0);
    assert!(of_model(&document, "echo", "rank_ub").as_u64().unwrap() >= 1);
}

#[test]
fn methods_that_know_ties_have_a_tie_parameter() {
    for (flag, method) in [("davidson", "davidson"), ("rao-kupper", "rao_kupper")] {
        let document = json(&votes(), &["--method", flag]);

        assert_eq!(document["settings"]["method"], method);
        assert!(document["tie_parameter"].as_f64().unwrap() > 0.0);
    }
    assert!(json(&votes(), &[])["tie_parameter"].is_null());
}

#[test]
fn dropped_votes_are_counted_but_not_used() {
    let half = json(&votes(), &[]);
    let ties = json(&votes(), &["--ties", "drop"]);
    let bad = json(&votes(), &["--both-bad", "drop"]);

    assert_eq!(half["used_votes"], 300);
    for fewer in [&ties, &bad] {
        assert_eq!(fewer["votes"], 300);
        assert!(fewer["used_votes"].as_u64().unwrap() < 290);
    }
    assert_ne!(ties["used_votes"], bad["used_votes"]);
}

#[test]
fn intervals_come_from_where_they_are_asked_from() {
    let plain = json(&votes(), &[]);
    let voter = json(&votes(), &["--cluster", "voter"]);
    let drawn = json(&votes(), &["--ci", "bootstrap", "--draws", "400"]);
    let voters_drawn = json(&votes(), &["--ci", "bootstrap", "--cluster", "voter"]);
    let none = json(&votes(), &["--ci", "none"]);

    let rating = of_model(&plain, "echo", "rating");
    let mut widths = Vec::new();
    for document in [&plain, &voter, &drawn, &voters_drawn] {
        assert_eq!(of_model(document, "echo", "rating"), rating);
        widths.push(width(document, "echo"));
        let ratio = width(document, "echo") / width(&plain, "echo");
        assert!((0.4..2.0).contains(&ratio), "{ratio}");
    }
    widths.sort_by(f64::total_cmp);
    widths.dedup();
    assert_eq!(widths.len(), 4, "each way has an interval of its own");
    assert_eq!(drawn["settings"]["resamples"], 400);
    assert_eq!(voters_drawn["settings"]["resamples"], 1000);
    assert!(of_model(&none, "echo", "ci_low").is_null());
}

#[test]
fn weights_move_ratings_and_are_named() {
    let plain = json(&votes(), &[]);
    let pairs = json(&votes(), &["--reweight", "pairs"]);
    let capped = json(&votes(), &["--voter-cap"]);

    assert_eq!(pairs["settings"]["reweight"], "pairs");
    assert_eq!(capped["settings"]["voter_cap"], 20.0);
    assert!(capped["used_votes"].as_u64().unwrap() < 300);
    // No pair has more than 50 votes here, so that balanced pairs weigh as before.
    assert_eq!(of_model(&pairs, "echo", "rating"), of_model(&plain, "echo", "rating"));
    assert_ne!(of_model(&capped, "echo", "rating"), of_model(&plain, "echo", "rating"));
}

#[test]
fn elo_depends_on_the_order_unless_it_is_averaged() {
    let text = std::fs::read_to_string(votes()).unwrap();
    let (head, rows) = text.split_once('\n').unwrap();
    let backwards: Vec<&str> = rows.lines().rev().collect();
    let reversed = Written::new("reversed.csv", &format!("{head}\n{}\n", backwards.join("\n")));
    let elo = |file: &str, more: &[&str]| {
        let flags = [&["--method", "elo"], more].concat();
        of_model(&json(file, &flags), "echo", "rating").as_f64().unwrap()
    };

    let (forward, backward) = (elo(&votes(), &[]), elo(reversed.path(), &[]));
    let orders = ["--elo-orders", "200"];
    let (mean, mean_reversed) = (elo(&votes(), &orders), elo(reversed.path(), &orders));

    assert!((forward - backward).abs() > 0.5, "{forward} {backward}");
    assert!((mean - mean_reversed).abs() < 1.5, "{mean} {mean_reversed}");
    assert_eq!(mean, elo(&votes(), &orders), "the seed fixes the orders");
    assert_ne!(mean, elo(&votes(), &["--elo-orders", "200", "--seed", "9"]));
}

#[test]
fn a_table_ends_with_a_line_that_says_what_it_shows() {
    let table = stdout(&votes(), &["--style", "--cluster", "prompt"]);

    let last = table.lines().last().unwrap();
    assert!(table.starts_with("rank  spread  model"), "{table}");
    for words in ["300 votes, 300 used", "Bradley-Terry", "length and formatting", "one prompt"] {
        assert!(last.contains(words), "{last}");
    }
}

#[test]
fn style_shows_both_boards() {
    let document = json(&votes(), &["--style", "--cluster", "voter"]);
    let raw = json(&votes(), &["--cluster", "voter"]);

    assert_eq!(document["raw_models"], raw["models"]);
    assert_ne!(document["models"], raw["models"]);
    assert_eq!(document["style"][0]["feature"], "tokens");
    assert!(document["style"][0]["standard_error"].as_f64().unwrap() > 0.0);
    assert!(raw["style"].is_null() && raw["raw_models"].is_null());
}
