//! Snapshots and the export of the record: published for good, and computed again from the folder by `verify`.
#![cfg(test)]

use std::path::PathBuf;

use arena_core::journal::board::{Document, Exclusions};
use doubleblind::snapshot::job::take_if_due;
use doubleblind::snapshot::{Reader, take};
use doubleblind::vote::exclusion;
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::arena::{Scripted, TestArena, Voter, model};

async fn plays(arena: &TestArena, voter: &Voter, verdict: &str) -> String {
    let id = arena.complete_battle(voter).await;
    let reply = voter
        .posts_with(
            ("Accept", "application/json"),
            &format!("/battles/{id}/vote"),
            &[("verdict", verdict)],
        )
        .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body
}

/// An arena with votes of two voters, a skip, an open battle and an excluded vote; and the receipts.
async fn lived_in() -> (TestArena, Vec<String>) {
    let arena = TestArena::of_two_instant().await;
    arena.join(model("Cedar"), &Scripted::saying("three")).await;
    let (one, other) = (arena.voter(), arena.voter());
    let mut receipts = Vec::new();
    for verdict in ["left", "right", "tie", "both_good", "both_bad", "left"] {
        receipts.push(plays(&arena, &one, verdict).await);
        receipts.push(plays(&arena, &other, verdict).await);
    }
    let skipped = arena.complete_battle(&one).await;
    one.skips(&skipped, "other").await.location();
    arena.complete_battle(&other).await;
    let index: serde_json::Value = serde_json::from_str(&receipts[0]).unwrap();
    let leaf = index["index"].as_u64().unwrap();
    exclusion::exclude(&arena.db(), &arena.journal(), &[leaf], "a rule of this test")
        .await
        .unwrap();
    (arena, receipts)
}

fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("record-{}", Uuid::new_v4()))
}

#[tokio::test]
async fn a_snapshot_is_published_for_good_with_its_sums_and_beside_the_one_with_exclusions() {
    let (arena, _) = lived_in().await;

    let digests = take(&arena.db(), &arena.journal(), &Reader::default()).await.unwrap();

    let voter = arena.voter();
    assert_eq!(digests.len(), 2);
    for (digest, exclusions) in digests.iter().zip([Exclusions::Honoured, Exclusions::Ignored]) {
        let body = voter.sees(&format!("/snapshots/{digest}.json")).await;
        assert_eq!(hex::encode(Sha256::digest(&body)), *digest);
        let document = Document::parse(&body).unwrap();
        assert_eq!(document.settings.exclusions, exclusions);
        let counts = document.counts;
        assert_eq!(
            (counts.assigned, counts.counted, counts.excluded, counts.void, counts.open),
            (14, 11, 1, 1, 1)
        );
        assert_eq!(document.votes, if exclusions == Exclusions::Honoured { 11 } else { 12 });
        let csv = voter.sees(&format!("/snapshots/{digest}.csv")).await;
        assert_eq!(csv.lines().count(), 4);
        let page = voter.sees(&format!("/snapshots/{digest}")).await;
        assert!(
            page.contains("@misc{doubleblind-") && page.contains("a rule of this test"),
            "{page}"
        );
        assert!(voter.sees("/snapshots").await.contains(digest));
    }
    let transparency = voter.sees("/transparency").await;
    assert!(transparency.contains("14 drawn = 11 counted"), "{transparency}");
    assert!(!transparency.contains("do not add up"));
    assert!(transparency.contains("a rule of this test"));
}

#[tokio::test]
async fn the_next_snapshot_says_what_has_changed_and_none_is_taken_without_a_vote() {
    let (arena, _) = lived_in().await;
    let (db, journal, reader) = (arena.db(), arena.journal(), Reader::default());
    let now = OffsetDateTime::now_utc();

    let first = take_if_due(&db, &journal, &reader, now).await.unwrap();
    let at_once = take_if_due(&db, &journal, &reader, now).await.unwrap();
    let without_votes =
        take_if_due(&db, &journal, &reader, now + Duration::hours(25)).await.unwrap();
    let voter = arena.voter();
    plays(&arena, &voter, "left").await;
    let second = take_if_due(&db, &journal, &reader, now + Duration::hours(25)).await.unwrap();

    assert_eq!((first.len(), at_once.len(), without_votes.len(), second.len()), (2, 0, 0, 2));
    let page = voter.sees(&format!("/snapshots/{}", second[0])).await;
    assert!(page.contains(&format!("/snapshots/{}", first[0])), "{page}");
}

#[tokio::test]
async fn an_export_passes_all_checks_and_a_changed_one_fails_with_its_own_code() {
    let (arena, receipts) = lived_in().await;
    let folder = folder();
    let words = folder.to_str().unwrap();
    assert!(arena.operator(&["snapshot"]).await.0);
    let (exported, said) = arena.operator(&["export", "log", "--out", words]).await;
    assert!(exported, "{said}");
    let kept = folder.with_extension("receipts");
    std::fs::write(&kept, receipts.join("\n")).unwrap();
    let vkey = arena.journal().verifier().to_string();
    let check = ["verify", words, "--vkey", &vkey, "--receipts", kept.to_str().unwrap()];

    let (passed, report) = arena.operator(&check).await;

    assert!(passed, "{report}");
    assert!(report.matches("ok").count() >= 8, "{report}");
    assert!(report.contains("2 of the same bytes, 0 within"), "{report}");
    assert!(!report.contains("FAILED"), "{report}");
    let log = std::fs::read_to_string(folder.join("log.jsonl")).unwrap();
    let changed = log.replacen("\"o\":\"tie\"", "\"o\":\"bad\"", 1);
    assert_ne!(changed, log);
    std::fs::write(folder.join("log.jsonl"), changed).unwrap();
    let (passed, report) = arena.operator(&check).await;
    assert!(!passed && report.contains("FAILED"), "{report}");
    std::fs::remove_dir_all(folder).unwrap();
    std::fs::remove_file(kept).unwrap();
}
