//! The journal over HTTP: commitments before, openings after, receipts, proofs, and refusals after a rollback.
#![cfg(test)]

use std::collections::HashSet;

use arena_core::journal::checkpoint::Head;
use arena_core::journal::commitment::{Domain, Reveal, commit};
use arena_core::journal::draw::Ticket;
use arena_core::journal::leaf::{Assign, Leaf, Vote, Why};
use arena_core::journal::merkle::{self, Hash};
use arena_core::journal::parse_hex;
use arena_core::journal::policy::Policy;
use arena_core::journal::proof::Proof;
use doubleblind::battle::job::void_abandoned;
use doubleblind::journal::JournalError;
use doubleblind::journal::job::reveal_epochs;
use doubleblind::journal::receipt::Receipt;
use doubleblind::pool;
use sqlx::PgConnection;
use sqlx::postgres::PgPoolOptions;
use time::{Duration, OffsetDateTime};

use crate::arena::{Reply, Script, Scripted, TestArena, Voter, model};

/// All leaves, read from the file that everybody can download.
async fn leaves(arena: &TestArena) -> Vec<Leaf> {
    bodies(arena).await.iter().map(|body| Leaf::parse(body).unwrap()).collect()
}

async fn bodies(arena: &TestArena) -> Vec<Vec<u8>> {
    sqlx::query_scalar("select body from log_leaves order by leaf_index")
        .fetch_all(&arena.db())
        .await
        .unwrap()
}

fn assigns(leaves: &[Leaf]) -> Vec<(u64, Assign)> {
    let assign = |(at, leaf): (usize, &Leaf)| match leaf {
        Leaf::Assign(assign) => Some((at as u64, assign.clone())),
        _ => None,
    };
    leaves.iter().enumerate().filter_map(assign).collect()
}

fn only_vote(leaves: &[Leaf]) -> (u64, Vote) {
    let votes: Vec<_> = leaves
        .iter()
        .enumerate()
        .filter_map(|(at, leaf)| match leaf {
            Leaf::Vote(vote) => Some((at as u64, (**vote).clone())),
            _ => None,
        })
        .collect();
    assert_eq!(votes.len(), 1);
    votes.into_iter().next().unwrap()
}

async fn votes_for_json(voter: &Voter, id: &str, verdict: &str) -> Receipt {
    let reply = voter
        .posts_with(
            ("Accept", "application/json"),
            &format!("/battles/{id}/vote"),
            &[("verdict", verdict)],
        )
        .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    serde_json::from_str(&reply.body).unwrap()
}

#[tokio::test]
async fn a_battle_is_committed_to_before_it_is_answered_and_opened_by_its_vote() {
    let arena = TestArena::of_two(
        &Scripted::following(Script::keeps_silent()),
        &Scripted::following(Script::keeps_silent()),
    )
    .await;
    let voter = arena.voter();

    let id = voter.asks("What is a comet?").await;

    let before = leaves(&arena).await;
    let kinds: Vec<_> =
        before.iter().map(|leaf| serde_json::to_value(leaf).unwrap()["k"].clone()).collect();
    assert_eq!(kinds, ["genesis", "model", "model", "policy", "epoch", "assign"]);
    let page = voter.looks_at(&id).await;
    let (index, assign) = assigns(&before).remove(0);
    assert!(page.contains(&assign.c) && page.contains(&format!("/log/leaf/{index}")), "{page}");
    let secrets: Vec<Vec<u8>> =
        sqlx::query_scalar("select opening from commitments").fetch_all(&arena.db()).await.unwrap();
    assert!(!page.contains(&hex::encode(&secrets[0])));
}

#[tokio::test]
async fn the_reply_to_a_vote_has_a_receipt_whose_leaf_opens_the_commitment() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;

    let receipt = votes_for_json(&voter, &id, "both_good").await;

    let all = leaves(&arena).await;
    let (index, vote) = only_vote(&all);
    assert_eq!(
        (receipt.index, receipt.leaf.as_bytes()),
        (index, &*bodies(&arena).await[index as usize])
    );
    let (_, assign) = assigns(&all).remove(0);
    let opening = parse_hex::<32>(&vote.n).unwrap();
    assert_eq!(hex::encode(commit(Domain::Assign, &opening, vote.rev.as_bytes())), assign.c);
    let reveal = Reveal::parse(&vote.rev).unwrap();
    let battle = arena.battle(&id).await;
    assert_eq!((reveal.l.0, reveal.r.0), (battle.left_model_id, battle.right_model_id));
    assert_eq!(serde_json::to_value(vote.o).unwrap(), "good");
    let again = votes_for_json(&voter, &id, "both_good").await;
    assert_eq!((again.index, &again.leaf), (receipt.index, &receipt.leaf));
    assert_eq!(leaves(&arena).await.len(), all.len());
    let form =
        voter.posts("/receipt", &[("receipt", &serde_json::to_string(&receipt).unwrap())]).await;
    assert!(form.body.contains("kept its word"), "{}", form.body);
    let forged =
        receipt.receipt.replacen(&format!("\n{index}\n"), &format!("\n{}\n", index - 1), 1);
    let form = voter.posts("/receipt", &[("receipt", &forged)]).await;
    assert!(form.body.contains("not a receipt of the log"), "{}", form.body);
}

#[tokio::test]
async fn texts_are_committed_to_by_salts_that_stay_here() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;
    votes_for_json(&voter, &id, "left").await;

    let (_, vote) = only_vote(&leaves(&arena).await);
    let salts: Vec<(String, Vec<u8>)> =
        sqlx::query_as("select part, salt from salts order by part")
            .fetch_all(&arena.db())
            .await
            .unwrap();

    let of = |part: &str, domain, text: &str| {
        let salt = &salts.iter().find(|(name, _)| name == part).unwrap().1;
        hex::encode(commit(domain, salt.as_slice().try_into().unwrap(), text.as_bytes()))
    };
    assert_eq!(salts.len(), 3);
    let reveal = Reveal::parse(&vote.rev).unwrap();
    assert_eq!(of("q", Domain::Question, "What is a comet?"), reveal.pc);
    let answers = arena.answers(&id).await;
    let left = answers.iter().find(|answer| answer.side == "left").unwrap();
    let list = serde_json::to_string(&[left.body.clone().unwrap()]).unwrap();
    assert_eq!(of("l", Domain::Left, &list), vote.c.l);
}

#[tokio::test]
async fn whoever_has_the_key_of_a_day_repeats_every_draw() {
    let arena = TestArena::of_two_instant().await;
    arena.join(model("Cedar"), &Scripted::saying("three")).await;
    arena.join(model("Dahlia"), &Scripted::not_ready()).await;
    let voter = arena.voter();
    for nonce in ["", "00112233445566778899aabbccddeeff", ""] {
        let id = voter.opens(&[("prompt", "Why?"), ("nonce", nonce)]).await;
        arena.when(&id, "complete").await;
        votes_for_json(&voter, &id, "tie").await;
    }
    let tomorrow = OffsetDateTime::now_utc() + Duration::hours(50);
    assert_eq!(reveal_epochs(&arena.journal(), &arena.db(), tomorrow).await.unwrap(), 1);

    let all = leaves(&arena).await;
    let Some(Leaf::EpochReveal(shown)) = all.last() else { panic!("{:?}", all.last()) };
    let key = parse_hex::<32>(&shown.key).unwrap();
    let Some(Leaf::Epoch(epoch)) = all.iter().find(|leaf| matches!(leaf, Leaf::Epoch(_))) else {
        panic!("no day")
    };
    assert_eq!(hex::encode(commit(Domain::Epoch, &key, epoch.e.as_bytes())), epoch.c);
    for (number, (index, assign)) in assigns(&all).into_iter().enumerate() {
        let opened = all.iter().find_map(|leaf| match leaf {
            Leaf::Vote(vote) if vote.a == index => Some(vote),
            _ => None,
        });
        let reveal = Reveal::parse(&opened.unwrap().rev).unwrap();
        let sha256 = all[..index as usize].iter().rev().find_map(|leaf| match leaf {
            Leaf::Policy(policy) => Some(policy.sha256.clone()),
            _ => None,
        });
        let mut db = arena.db().acquire().await.unwrap();
        let file = pool::rules::queries::find_policy(&mut db, &sha256.unwrap()).await.unwrap();
        let policy = Policy::parse(&file.unwrap()).unwrap();
        let nonce = hex::decode(&reveal.cn).unwrap();
        let ticket = Ticket { key: &key, number: assign.i, nonce: &nonce };
        let out: HashSet<_> = reveal.out.iter().copied().collect();
        let drawn = ticket.draw(&policy, &out).unwrap();
        assert_eq!(assign.i, number as u64);
        assert_eq!(
            (drawn.battle, drawn.draw.left, drawn.draw.right),
            (assign.b, reveal.l, reveal.r)
        );
        assert_eq!([drawn.seeds.left, drawn.seeds.right], reveal.seed);
        assert_eq!(out.len(), 1, "the model that was not ready");
    }
    assert_eq!(reveal_epochs(&arena.journal(), &arena.db(), tomorrow).await.unwrap(), 0);
}

#[tokio::test]
async fn a_skip_and_an_abandoned_battle_open_their_commitments() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let skipped = arena.complete_battle(&voter).await;
    let abandoned = arena.complete_battle(&voter).await;

    voter.skips(&skipped, "other").await.location();
    sqlx::query("update battles set opened_at = now() - interval '25 hours'")
        .execute(&arena.db())
        .await
        .unwrap();
    void_abandoned(&arena.db(), &arena.journal()).await.unwrap();

    let voids: Vec<_> = leaves(&arena)
        .await
        .into_iter()
        .filter_map(|leaf| match leaf {
            Leaf::Void(void) => Some((void.b.to_string(), void.why)),
            _ => None,
        })
        .collect();
    let plain = |id: &str| id.replace('-', "");
    assert_eq!(voids, [(plain(&skipped), Why::Skipped), (plain(&abandoned), Why::Abandoned)]);
    assert_eq!(
        arena.number("select count(*) from commitments where closed_index is null").await,
        0
    );
}

#[tokio::test]
async fn every_leaf_has_a_proof_and_tiles_have_the_leaves() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    for _ in 0..3 {
        let id = arena.complete_battle(&voter).await;
        votes_for_json(&voter, &id, "right").await;
    }
    let note = arena.journal().sign(&arena.db()).await.unwrap().unwrap();

    assert_eq!(voter.sees("/log/checkpoint").await, note);
    let head = Head::open(&note, arena.journal().verifier()).unwrap();
    let bodies = bodies(&arena).await;
    let hashes: Vec<Hash> = bodies.iter().map(|body| merkle::leaf_hash(body)).collect();
    assert_eq!(head, Head { size: bodies.len() as u64, root: merkle::root(&hashes) });
    for (index, hash) in hashes.iter().enumerate() {
        let text = voter.sees(&format!("/log/leaf/{index}.tlog-proof")).await;
        let proof = Proof::parse(&text).unwrap();
        assert_eq!(proof.verify(hash, arena.journal().verifier()), Ok(head));
    }
    let whole = voter.sees("/log/log.jsonl").await;
    let lines: Vec<_> = whole.lines().map(|line| line.as_bytes().to_vec()).collect();
    assert_eq!(lines, bodies);
    let tile = voter.bytes(&format!("/log/tile/0/000.p/{}", head.size)).await;
    assert_eq!(tile, hashes.concat());
    let beyond = voter.gets(&format!("/log/leaf/{}.tlog-proof", head.size)).await;
    assert_eq!(beyond.status, 404);
    assert_eq!(arena.journal().sign(&arena.db()).await.unwrap(), None, "nothing is new");
}

/// The owner puts the database back to an older state, as a restored backup does.
async fn roll_back(db: &mut PgConnection, size: i64, frontier: &[u8]) {
    sqlx::raw_sql("alter table log_leaves disable trigger all").execute(&mut *db).await.unwrap();
    sqlx::query("delete from log_leaves where leaf_index >= $1")
        .bind(size)
        .execute(&mut *db)
        .await
        .unwrap();
    sqlx::query("update log_state set size = $1, frontier = $2")
        .bind(size)
        .bind(frontier)
        .execute(db)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_restored_old_backup_stops_votes_with_a_sentence_and_is_never_signed() {
    let mut arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;
    let (size, frontier): (i64, Vec<u8>) = sqlx::query_as("select size, frontier from log_state")
        .fetch_one(&arena.db())
        .await
        .unwrap();
    let other = arena.complete_battle(&voter).await;
    votes_for_json(&voter, &other, "tie").await;
    arena.journal().sign(&arena.db()).await.unwrap().unwrap();

    roll_back(&mut arena.db().acquire().await.unwrap(), size, &frontier).await;
    let refused = arena.journal().sign(&arena.db()).await;
    arena.restart().await;
    let voter = voter.at(arena.address());
    let reply = voter.votes(&id, "left").await;
    let opened = voter.posts("/battles", &[("prompt", "Why?")]).await;

    assert!(matches!(refused, Err(JournalError::RolledBack(_))), "{refused:?}");
    for reply in [reply, opened] {
        assert_eq!(reply.status, 503);
        assert!(reply.body.contains("Restore the newer database"), "{}", reply.body);
    }
    assert_eq!(arena.battle(&id).await.state, "complete");
    assert!(voter.sees("/log").await.contains("Votes are refused"));
    assert_eq!(arena.number("select size from log_state").await, size);
}

#[tokio::test]
async fn the_role_that_serves_can_neither_change_nor_remove_what_is_final() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;
    votes_for_json(&voter, &id, "left").await;
    let serving = PgPoolOptions::new().connect(&arena.serving_url()).await.unwrap();

    for sql in [
        "update log_leaves set body = '{}'",
        "delete from log_leaves",
        "truncate log_leaves",
        "update votes set verdict = 'right'",
        "delete from votes",
        "alter table log_leaves disable trigger all",
        "drop table log_leaves",
    ] {
        let refused = sqlx::raw_sql(sql).execute(&serving).await.unwrap_err().to_string();
        assert!(
            refused.contains("permission denied") || refused.contains("must be owner"),
            "{sql}: {refused}"
        );
    }
    let owner = sqlx::raw_sql("delete from log_leaves").execute(&arena.db()).await;
    assert!(owner.unwrap_err().to_string().contains("append-only"));
}

#[tokio::test]
async fn a_page_of_the_log_and_a_foreign_receipt_are_told_apart() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;
    let receipt = votes_for_json(&voter, &id, "left").await;

    let other: Reply = arena.voter().gets(&format!("/battles/{id}/receipt")).await;
    let own = voter.sees(&format!("/battles/{id}/receipt")).await;

    assert_eq!(other.status, 404);
    let own: Receipt = serde_json::from_str(&own).unwrap();
    assert_eq!(own.leaf, receipt.leaf);
    assert!(voter.sees("/log").await.contains("The latest entries"));
}

#[tokio::test]
async fn after_a_clock_was_ahead_the_log_goes_by_its_own_time() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let left_open = arena.complete_battle(&voter).await;
    // As a leaf leaves it that was written with a clock 40 days ahead.
    let ahead = "update log_state set last_time = last_time + 40 * 86400";
    sqlx::query(ahead).execute(&arena.db()).await.unwrap();

    let voided = void_abandoned(&arena.db(), &arena.journal()).await.unwrap();
    let now = OffsetDateTime::now_utc();
    let shown = reveal_epochs(&arena.journal(), &arena.db(), now).await.unwrap();
    let id = arena.complete_battle(&voter).await;

    assert_eq!((voided, shown), (1, 1));
    assert_eq!(arena.battle(&left_open).await.state, "void");
    let all = leaves(&arena).await;
    let (_, last) = assigns(&all).into_iter().last().unwrap();
    assert_eq!(last.b.to_string(), id);
    let day = OffsetDateTime::from_unix_timestamp(i64::try_from(last.t).unwrap()).unwrap().date();
    assert_eq!(last.e, day.to_string());
    assert!(day > now.date() + Duration::days(38), "{day}");
}
