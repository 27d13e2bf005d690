//! The log after one whose database is gone: begun from key and anchor, in a database of its own, and checked as any other.
#![cfg(test)]

use std::path::Path;
use std::process::{Command, Output};

use arena_core::journal::leaf::Leaf;
use doubleblind::journal::Journal;

use crate::arena::TestArena;
use crate::database::database;

/// The program with a data folder of its own.
fn program(data: &Path, url: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_doubleblind"))
        .args(arguments)
        .env("DATABASE_URL", url)
        .env("DOUBLEBLIND_DATA", data)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8([&output.stdout[..], &output.stderr[..]].concat()).unwrap()
}

#[tokio::test]
async fn the_next_log_names_the_last_checkpoint_of_the_one_that_is_lost() {
    let arena = TestArena::of_two_instant().await;
    arena.complete_battle(&arena.voter()).await;
    let last = arena.journal().sign(&arena.db()).await.unwrap().unwrap();
    let (old, new) = (arena.data.to_str().unwrap(), arena.data.join("next"));
    let fresh = database().await;

    let begun = program(&new, &fresh.url(), &["log", "next", old]);
    let again = program(&new, &fresh.url(), &["log", "next", old]);

    assert!(begun.status.success(), "{}", said(&begun));
    assert!(!again.status.success() && said(&again).contains("has a log already"), "{again:?}");
    let journal = Journal::open(&fresh.pool(), &new, None).await.unwrap();
    let name = arena.journal().origin().replace("/log/1", "/log/2");
    assert_eq!(journal.origin(), name);
    assert!(said(&begun).contains(&journal.verifier().to_string()), "{}", said(&begun));
    let first = sqlx::query_scalar("select body from log_leaves where leaf_index = 0");
    let first: Vec<u8> = first.fetch_one(&fresh.pool()).await.unwrap();
    let Leaf::Genesis(genesis) = Leaf::parse(&first).unwrap() else { panic!("no genesis") };
    assert_eq!((genesis.origin, genesis.prev), (name, Some(last)));

    journal.sign(&fresh.pool()).await.unwrap().unwrap();
    let folder = new.join("export");
    let folder = folder.to_str().unwrap();
    let exported = program(&new, &fresh.url(), &["export", "log", "--out", folder]);
    assert!(exported.status.success(), "{}", said(&exported));
    let verified = program(&new, &fresh.url(), &["verify", folder]);
    assert_eq!(verified.status.code(), Some(0), "{}", said(&verified));
}
