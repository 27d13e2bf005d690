//! Leaves appended by the database's own function and by the app: the same tree.
#![cfg(test)]

use arena_core::journal::leaf::{Leaf, Part, Redact};
use arena_core::journal::merkle::{Frontier, leaf_hash};
use doubleblind::journal::Prepared;
use sqlx::PgConnection;

use crate::arena::TestArena;

fn leaf(number: u64) -> Leaf {
    Leaf::Redact(Redact { i: number, what: vec![Part::P], why: "a test".to_owned(), t: 0 })
}

async fn append_leaf(db: &mut PgConnection, body: &[u8], time: i64) -> Option<i64> {
    let call = sqlx::query_scalar("select append_leaf($1, $2)").bind(body).bind(time);
    call.fetch_one(db).await.unwrap()
}

async fn state(db: &mut PgConnection) -> (i64, Vec<u8>, i64) {
    let read = sqlx::query_as("select size, frontier, last_time from log_state");
    read.fetch_one(db).await.unwrap()
}

#[tokio::test]
async fn the_function_and_the_app_leave_the_same_tree() {
    let arena = TestArena::of_two_instant().await;
    let db = arena.db();
    for number in 0..700 {
        let mut tx = db.begin().await.unwrap();
        if number % 7 < 4 {
            let prepared = Prepared::of(leaf(number)).unwrap();
            let (size, ..) = state(&mut tx).await;
            let place = append_leaf(&mut tx, &prepared.body, prepared.time).await;
            assert_eq!(place, Some(size));
        } else {
            doubleblind::journal::append(&mut tx, leaf(number)).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    let mut db = db.acquire().await.unwrap();
    let read = "select body, leaf_hash from log_leaves order by leaf_index";
    let leaves: Vec<(Vec<u8>, Vec<u8>)> = sqlx::query_as(read).fetch_all(&mut *db).await.unwrap();
    let read = "select root from log_subtrees order by subtree_index";
    let kept: Vec<Vec<u8>> = sqlx::query_scalar(read).fetch_all(&mut *db).await.unwrap();
    let (mut frontier, mut roots) = (Frontier::default(), Vec::new());
    for (body, hash) in &leaves {
        assert_eq!(leaf_hash(body).as_slice(), hash);
        roots.extend(frontier.push(leaf_hash(body), 8).1.map(|root| root.to_vec()));
    }
    let last = Leaf::parse(&leaves.last().unwrap().0).unwrap();
    assert_eq!(
        state(&mut db).await,
        (leaves.len() as i64, frontier.to_bytes(), last.time() as i64)
    );
    assert_eq!((kept, roots.len()), (roots.clone(), leaves.len() / 256));
    assert!(roots.len() >= 2, "several groups of leaves are complete");
}

#[tokio::test]
async fn the_function_appends_nothing_that_is_older_than_the_log() {
    let arena = TestArena::of_two_instant().await;
    let mut db = arena.db().acquire().await.unwrap();
    let before = state(&mut db).await;
    let prepared = Prepared::of(leaf(0)).unwrap();

    assert_eq!(append_leaf(&mut db, &prepared.body, before.2 - 60).await, None);
    assert_eq!(state(&mut db).await, before);
    assert_eq!(append_leaf(&mut db, &prepared.body, before.2).await, Some(before.0));
}
