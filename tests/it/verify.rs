//! `doubleblind verify` as a program: a folder in, ten lines and a code out, no database and no settings.
#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use arena_core::journal::sample::{self, Export, Size};
use doubleblind::export::log::Folder;
use serde_json::Value;

const SIZE: Size = Size { battles: 60, models: 5, days: 4, voters: 9, texts: true, snapshots: 2 };

/// A folder that is removed with its test.
struct Written(PathBuf);

impl Drop for Written {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn written(name: &str, export: &Export) -> Written {
    let name = format!("doubleblind-verify-{}-{name}", std::process::id());
    let written = Written(std::env::temp_dir().join(name));
    let mut folder = Folder::create(&written.0).unwrap();
    for leaf in &export.leaves {
        folder.leaf(leaf).unwrap();
    }
    for (name, bytes) in &export.files {
        match name.split_once('/').unwrap() {
            ("policies", _) => folder.policy(bytes).unwrap(),
            (_, name) if name.ends_with(".cfg.json") => {
                let board = format!("snapshots/{}.json", name.strip_suffix(".cfg.json").unwrap());
                folder.board(&export.files[&board], bytes).unwrap();
            }
            _ => {}
        }
    }
    for text in &export.texts {
        folder.text(text).unwrap();
    }
    let leaves = folder.finish(&export.checkpoint, &export.vkey).unwrap();
    assert_eq!(leaves, export.leaves.len() as u64);
    written
}

fn verify(folder: &Path, flags: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_doubleblind"))
        .env("DATABASE_URL", "postgres://nobody@localhost:1/nothing")
        .arg("verify")
        .arg(folder)
        .args(flags)
        .output()
        .unwrap()
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8(output.stdout.clone()).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn an_honest_export_passes_with_a_line_for_each_check() {
    let export = sample::play(5, SIZE);
    let folder = written("honest", &export);
    let (old, receipts) = (folder.0.join("old"), folder.0.join("receipts"));
    fs::write(&old, &export.earlier[0]).unwrap();
    let replies: Vec<&str> = export.replies.iter().map(|(_, reply)| reply.as_str()).collect();
    fs::write(&receipts, replies.join("\n")).unwrap();

    let plain = verify(&folder.0, &[]);
    let flags = ["--vkey", &export.vkey, "--old", old.to_str().unwrap(), "--receipts"];
    let full = verify(&folder.0, &[&flags[..], &[receipts.to_str().unwrap()]].concat());

    assert_eq!((plain.status.code(), full.status.code()), (Some(0), Some(0)), "{full:?}");
    let (plain, full) = (lines(&plain), lines(&full));
    assert!(
        (10..20).zip(&full).all(|(code, line)| line.starts_with(&code.to_string())),
        "{full:?}"
    );
    assert!(full[..10].iter().all(|line| line.contains(" ok ")), "{full:?}");
    assert!(plain[2].contains("skipped: no older checkpoint"), "{plain:?}");
    assert!(plain.last().unwrap().contains("--vkey"), "{plain:?}");
    assert!(!full.last().unwrap().contains("--vkey"), "{full:?}");
}

#[test]
fn a_changed_export_ends_with_the_code_of_the_check_that_saw_it() {
    let export = sample::play(6, SIZE);
    let folder = written("changed", &export);
    let log = folder.0.join("log.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    fs::write(&log, text.replacen("\"o\":\"l\"", "\"o\":\"r\"", 1)).unwrap();

    let output = verify(&folder.0, &["--json", "-"]);

    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &report["exit"]), (Some(11), &Value::from(11)));
    assert_eq!(report["checks"][1]["status"], "failed");
    assert_eq!(report["totals"]["battles"]["assigned"], 60);
}

#[test]
fn a_line_without_end_is_refused_and_not_kept() {
    let export = sample::play(7, SIZE);
    let folder = written("endless", &export);
    let mut log = fs::read(folder.0.join("log.jsonl")).unwrap();
    log.extend(vec![b'x'; 3 << 20]);
    log.extend(b"\nmore");
    fs::write(folder.0.join("log.jsonl"), log).unwrap();

    let output = verify(&folder.0, &["--json", "-"]);

    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(11));
    assert_eq!(report["size"], export.leaves.len() + 2);
    assert_eq!(report["checks"][3]["status"], "failed");
}

#[test]
fn what_cannot_be_read_is_no_failed_check() {
    let export = sample::play(8, SIZE);
    let folder = written("missing", &export);

    assert_eq!(verify(&folder.0, &["--vkey", "no key"]).status.code(), Some(2));
    assert_eq!(verify(&folder.0, &["--old", "/nonexistent"]).status.code(), Some(2));
    fs::remove_file(folder.0.join("log.jsonl")).unwrap();
    assert_eq!(verify(&folder.0, &[]).status.code(), Some(2));
    assert!(Folder::create(&folder.0).is_err());
}
