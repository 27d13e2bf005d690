//! Tracks: votes of other arenas, each with a ranking of its own.
#![cfg(test)]

use std::path::PathBuf;

use doubleblind::tracks::{self, Label, TrackError};

use crate::arena::TestArena;

const VOTES: &str = "model_a,model_b,winner,voter,prompt\n";

fn label(slug: &str) -> Label {
    Label {
        slug: slug.to_owned(),
        title: "Votes of elsewhere".to_owned(),
        source: "made up for a test".to_owned(),
        licence: "CC0-1.0".to_owned(),
    }
}

/// A file of 60 votes in which Aster wins two of three; `extra` goes behind them.
fn file(name: &str, extra: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("doubleblind-tracks-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut text = VOTES.to_owned();
    for number in 0..60 {
        let winner = if number % 3 == 0 { "model_b" } else { "model_a" };
        text.push_str(&format!("Aster,Birch,{winner},v{},q{}\n", number % 40, number % 7));
    }
    text.push_str(extra);
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[tokio::test]
async fn an_imported_file_has_a_page_and_never_touches_the_sites_board() {
    let arena = TestArena::of_two_instant().await;

    let imported = tracks::import(&arena.db(), &file("one.csv", ""), &label("elsewhere"), false)
        .await
        .unwrap();

    assert_eq!((imported.votes, imported.models), (60, 2));
    let voter = arena.voter();
    let list = voter.sees("/tracks").await;
    assert!(list.contains("href=\"/tracks/elsewhere\""), "{list}");
    let page = voter.sees("/tracks/elsewhere").await;
    assert!(page.contains("40 / 20 / 0 / 0"), "{page}");
    assert!(page.contains("clustered by voter;"), "{page}");
    let csv = voter.sees("/tracks/elsewhere/leaderboard.csv").await;
    assert!(csv.starts_with("rank,rank_low,rank_high,model,rating,ci_low,ci_high,votes,"), "{csv}");
    assert_eq!(arena.number("select count(*) from votes").await, 0);
    assert_eq!(arena.board().board.votes, 0);
    assert_eq!(voter.gets("/tracks/nowhere").await.status, 404);
}

#[tokio::test]
async fn counts_per_pair_are_a_track_as_well() {
    let arena = TestArena::of_two_instant().await;
    let path = file("counts.csv", "");
    std::fs::write(
        &path,
        "model_a,model_b,a_wins,b_wins,ties,both_bad\nAster,Birch,60,30,5,5\nBirch,Cedar,40,40,0,0\n",
    )
    .unwrap();

    let imported = tracks::import(&arena.db(), &path, &label("counts"), false).await.unwrap();

    assert_eq!((imported.votes, imported.models), (180, 3));
    let page = arena.voter().sees("/tracks/counts").await;
    assert!(page.contains("60 / 30 / 5 / 5"), "{page}");
    assert!(page.contains("the file has no voters"), "{page}");
}

#[tokio::test]
async fn a_bad_row_ends_the_import_unless_it_may_be_left_out() {
    let arena = TestArena::of_two_instant().await;
    let path = file("bad.csv", "Aster,Birch,perhaps,v1,q1\n");

    let refused = tracks::import(&arena.db(), &path, &label("bad"), false).await.unwrap_err();
    let nothing = arena.number("select count(*) from tracks").await;
    let imported = tracks::import(&arena.db(), &path, &label("bad"), true).await.unwrap();

    assert!(matches!(refused, TrackError::File(_)), "{refused:?}");
    assert_eq!(nothing, 0);
    assert_eq!((imported.votes, imported.skipped.len()), (60, 1));
    assert!(imported.skipped[0].to_string().contains("62"), "{}", imported.skipped[0]);
    let page = arena.voter().sees("/tracks/bad").await;
    assert!(page.contains("1 row left out"), "{page}");
}

#[tokio::test]
async fn the_same_name_or_file_is_refused_and_a_removed_track_is_gone() {
    let arena = TestArena::of_two_instant().await;
    let (one, two) = (file("first.csv", ""), file("second.csv", "Birch,Aster,tie,v1,q1\n"));
    tracks::import(&arena.db(), &one, &label("first"), false).await.unwrap();

    let name = tracks::import(&arena.db(), &two, &label("first"), false).await.unwrap_err();
    let twin = tracks::import(&arena.db(), &one, &label("second"), false).await.unwrap_err();
    let slug = tracks::import(&arena.db(), &two, &label("No Name"), false).await.unwrap_err();
    tracks::remove(&mut arena.db().acquire().await.unwrap(), "first").await.unwrap();

    assert!(matches!(name, TrackError::SlugTaken(_)), "{name:?}");
    assert!(matches!(twin, TrackError::FileTaken(_)), "{twin:?}");
    assert!(matches!(slug, TrackError::BadSlug(_)), "{slug:?}");
    assert_eq!(arena.number("select count(*) from track_votes").await, 0);
    assert_eq!(arena.voter().gets("/tracks/first").await.status, 404);
}
