//! The report: on the site's own votes beside the public ones, as a page and as files.
#![cfg(test)]

use std::process::Command;

use doubleblind::pool::Model;
use doubleblind::report::sources::Sources;
use doubleblind::report::{self, build, files, follow_boards};

use crate::arena::{Scripted, TestArena, eventually, model};

async fn voted_on() -> TestArena {
    let arena = TestArena::open().await;
    let mut ids = Vec::new();
    for (name, country) in [("Aster", "CN"), ("Birch", "US"), ("Cedar", "FR")] {
        let entry = Model { country: country.to_owned(), ..model(name) };
        ids.push(arena.join(entry, &Scripted::saying(name)).await);
    }
    for (left, right) in [(0, 1), (1, 2), (2, 0)] {
        arena.has_had((ids[left], ids[right]), "left", 60).await;
        arena.has_had((ids[left], ids[right]), "right", 45).await;
    }
    arena.board_when(|board| board.board.votes == 315).await;
    arena
}

#[tokio::test]
async fn the_sites_own_votes_are_a_section_beside_the_public_ones() {
    let arena = voted_on().await;

    let own = report::own_votes(&arena.board());
    let whole = build(&Sources::shipped(), Some(&own)).unwrap();

    let section = whole.sections.iter().find(|section| section.id == "own-votes").unwrap();
    assert!(section.source.starts_with("315 votes on 3 models"), "{}", section.source);
    assert!(section.paragraphs.iter().any(|text| text.contains("clustered by voter")));
    assert!(whole.sections.len() >= 6, "{}", whole.sections.len());
    let claim = whole.claims.iter().find(|claim| claim.section == "own-votes").unwrap();
    assert!(
        claim.estimate.low < claim.estimate.value && claim.estimate.value < claim.estimate.high
    );
}

#[tokio::test]
async fn the_page_of_the_site_is_made_from_its_board() {
    let arena = voted_on().await;
    let (current, task) = follow_boards(arena.boards());
    let task = tokio::spawn(task);

    let report = eventually("the report is made", async || current.get()).await;

    task.abort();
    assert!(report.claims.len() >= 10, "{}", report.claims.len());
}

#[test]
fn the_command_writes_a_page_that_needs_nothing_else() {
    let out = std::env::temp_dir().join(format!("doubleblind-report-{}", std::process::id()));

    let done = Command::new(env!("CARGO_BIN_EXE_doubleblind"))
        .args(["report", "--data", "/nonexistent/doubleblind", "--out"])
        .arg(&out)
        .output()
        .unwrap();

    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(String::from_utf8_lossy(&done.stdout).contains("from public data alone"));
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    for outside in ["src=\"http", "href=\"/static", "src=\"/"] {
        assert!(!page.contains(outside), "{outside}");
    }
    let json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(out.join("report.json")).unwrap()).unwrap();
    assert!(json["claims"].as_array().unwrap().len() >= 10);
    let whole = build(&Sources::shipped(), None).unwrap();
    assert_eq!(std::fs::read(out.join("report.json")).unwrap(), files::json(&whole).unwrap());
    std::fs::remove_dir_all(&out).unwrap();
}
