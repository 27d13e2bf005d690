//! Excluding votes: a decision with a rule and a leaf, taken into account by the board, and taken back.
#![cfg(test)]

use arena_core::journal::leaf::Leaf;
use doubleblind::vote::exclusion::{self, ExclusionError, queries};

use crate::arena::{Scripted, TestArena, model};

async fn vote_leaves(arena: &TestArena) -> Vec<u64> {
    let rows: Vec<i64> = sqlx::query_scalar(
        "select closed_index from commitments join votes using (battle_id) order by closed_index",
    )
    .fetch_all(&arena.db())
    .await
    .unwrap();
    rows.into_iter().map(|leaf| u64::try_from(leaf).unwrap()).collect()
}

#[tokio::test]
async fn an_excluded_vote_leaves_the_board_and_an_included_one_comes_back() {
    let arena = TestArena::open().await;
    let aster = arena.join(model("Aster"), &Scripted::saying("one")).await;
    let birch = arena.join(model("Birch"), &Scripted::saying("two")).await;
    arena.has_had((aster, birch), "left", 30).await;
    arena.has_had((aster, birch), "right", 10).await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;
    voter.votes(&id, "left").await.location();
    arena.whole_board(41).await;
    let leaf = vote_leaves(&arena).await[0];

    exclusion::exclude(&arena.db(), &arena.journal(), &[leaf], "a test of exclusion")
        .await
        .unwrap();

    arena.whole_board(40).await;
    let counts = "select sum(votes)::bigint from vote_counts";
    assert_eq!(arena.number(counts).await, 40);
    let sums = queries::find_sums(&mut arena.db().acquire().await.unwrap()).await.unwrap();
    assert_eq!((sums.assigned, sums.counted, sums.excluded, sums.void, sums.open), (1, 0, 1, 0, 0));
    assert!(voter.sees("/votes.csv").await.lines().count() == 42, "nothing is removed");

    exclusion::include(&arena.db(), &arena.journal(), &[leaf], "a mistake of ours").await.unwrap();

    arena.whole_board(41).await;
    assert_eq!(arena.number(counts).await, 41);
    let bodies: Vec<Vec<u8>> =
        sqlx::query_scalar("select body from log_leaves order by leaf_index desc limit 2")
            .fetch_all(&arena.db())
            .await
            .unwrap();
    assert!(matches!(Leaf::parse(&bodies[1]), Ok(Leaf::Exclude(ruling)) if ruling.i == leaf));
    assert!(matches!(Leaf::parse(&bodies[0]), Ok(Leaf::Include(ruling)) if ruling.i == leaf));
}

#[tokio::test]
async fn a_decision_that_makes_no_sense_changes_nothing() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;
    voter.votes(&id, "left").await.location();
    let leaf = vote_leaves(&arena).await[0];
    let (db, journal) = (arena.db(), arena.journal());

    let no_vote = exclusion::exclude(&db, &journal, &[leaf, 0], "rule").await;
    let no_rule = exclusion::exclude(&db, &journal, &[leaf], "  ").await;
    let not_out = exclusion::include(&db, &journal, &[leaf], "rule").await;
    exclusion::exclude(&db, &journal, &[leaf], "rule").await.unwrap();
    let twice = exclusion::exclude(&db, &journal, &[leaf], "rule").await;

    assert!(matches!(no_vote, Err(ExclusionError::NoVote(0))), "{no_vote:?}");
    assert!(matches!(no_rule, Err(ExclusionError::Rule)));
    assert!(matches!(not_out, Err(ExclusionError::NotExcluded(_))));
    assert!(matches!(twice, Err(ExclusionError::Excluded(_))));
    assert_eq!(arena.number("select count(*) from exclusions").await, 1);
    assert_eq!(arena.number("select excluded from vote_total").await, 1);
}
