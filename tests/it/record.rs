//! The record as a visitor gets it: one file over HTTP, checked by the program and by the second verifier, with the visitor's
//! own texts beside it.
#![cfg(test)]

use std::path::Path;
use std::process::{Command, Output};

use uuid::Uuid;

use crate::arena::{Scripted, TestArena};

fn verify(folder: &Path, vkey: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_doubleblind"))
        .arg("verify")
        .arg(folder)
        .args(["--vkey", vkey])
        .output()
        .unwrap()
}

fn verify_in_python(folder: &Path, vkey: &str) -> Output {
    let mut command = Command::new("python3");
    if let Some(packages) = std::env::var_os("DOUBLEBLIND_VERIFIER_PACKAGES") {
        command.env("PYTHONPATH", packages);
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/verify.py");
    command.env("PYTHONDONTWRITEBYTECODE", "1").arg(script).arg(folder).args(["--vkey", vkey]);
    command.output().unwrap()
}

/// Both verifiers end with this code; gives what the program said.
fn both_say(code: i32, folder: &Path, vkey: &str) -> String {
    let (ours, other) = (verify(folder, vkey), verify_in_python(folder, vkey));
    let said = String::from_utf8([&ours.stdout[..], &ours.stderr[..]].concat()).unwrap();
    assert_eq!(ours.status.code(), Some(code), "{said}");
    let told = String::from_utf8([&other.stdout[..], &other.stderr[..]].concat()).unwrap();
    assert_eq!(other.status.code(), Some(code), "{told}");
    said
}

#[tokio::test]
async fn a_visitor_takes_the_record_and_own_texts_and_checks_both() {
    let arena =
        TestArena::of_two(&Scripted::saying("It is blue."), &Scripted::saying("It is red.")).await;
    let voter = arena.voter();
    for verdict in ["left", "tie", "both_bad"] {
        let id = arena.complete_battle(&voter).await;
        voter.votes(&id, verdict).await.location();
    }
    arena.complete_battle(&voter).await;
    let (_, said) = arena.operator(&["snapshot"]).await;
    assert!(said.contains("/snapshots/"), "{said}");
    arena.journal().sign(&arena.db()).await.unwrap();
    let vkey = arena.journal().verifier().to_string();

    let bytes = arena.voter().bytes("/log/export.tar").await;
    let texts = voter.bytes("/me/texts.jsonl").await;

    let place = std::env::temp_dir().join(format!("taken-{}", Uuid::new_v4()));
    tar::Archive::new(&bytes[..]).unpack(&place).unwrap();
    let folder = place.join("record");
    let alone = both_say(0, &folder, &vkey);
    assert!(alone.contains("the same bytes"), "{alone}");
    let stranger = arena.voter().gets("/me/texts.jsonl").await;
    assert_eq!(stranger.status, 404, "nobody has the texts of somebody else");

    let texts = String::from_utf8(texts).unwrap();
    assert_eq!(texts.lines().count(), 9, "a question and two answers of each vote: {texts}");
    std::fs::write(folder.join("texts.jsonl"), &texts).unwrap();
    let beside = both_say(0, &folder, &vkey);
    assert!(!beside.contains("no texts"), "{beside}");

    std::fs::write(folder.join("texts.jsonl"), texts.replacen("It is blue.", "It is grey.", 1))
        .unwrap();
    both_say(18, &folder, &vkey);
    std::fs::remove_dir_all(place).unwrap();
}
