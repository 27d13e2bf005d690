//! Votes: one a battle, in an order without gaps, by nobody but the battle's own voter.
#![cfg(test)]

use std::sync::Arc;

use arena_core::ids::Side;
use arena_core::protocol::{Failure, Finish, Usage};
use doubleblind::battle::job::void_abandoned;
use doubleblind::pool::{GgufFile, Model, Source};
use futures_util::future::join_all;
use tokio::sync::Semaphore;

use crate::arena::{Script, Scripted, TestArena, Voter, model, weights};

const VERDICTS: [&str; 5] = ["left", "right", "tie", "both_bad", "both_good"];

async fn verdict_of(arena: &TestArena, id: &str) -> Option<String> {
    sqlx::query_scalar("select verdict from votes where battle_id = $1::uuid")
        .bind(id)
        .fetch_optional(&arena.db())
        .await
        .unwrap()
}

/// Opens so many battles at once and waits until all of them are complete.
async fn complete_battles(arena: &TestArena, voter: &Voter, count: usize) -> Vec<String> {
    let mut ids = vec![arena.complete_battle(voter).await];
    ids.extend(join_all((1..count).map(|_| arena.complete_battle(voter))).await);
    ids
}

/// How often the count table and the votes themselves disagree.
async fn miscounts(arena: &TestArena) -> i64 {
    arena
        .number(
            "select count(*) from vote_counts full join (
                 select left_model_id, right_model_id, verdict, count(*) as counted
                 from votes join battles using (battle_id)
                 group by left_model_id, right_model_id, verdict
             ) as votes using (left_model_id, right_model_id, verdict)
             where votes is distinct from counted",
        )
        .await
}

#[tokio::test]
async fn each_of_the_five_verdicts_is_recorded() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();

    for verdict in VERDICTS {
        let id = arena.complete_battle(&voter).await;
        let reply = voter.votes(&id, verdict).await;

        assert_eq!(reply.location(), format!("/battles/{id}#reveal"));
        assert_eq!(verdict_of(&arena, &id).await.as_deref(), Some(verdict));
        assert_eq!(arena.battle(&id).await.state, "voted");
    }
    assert_eq!(miscounts(&arena).await, 0);
}

#[tokio::test]
async fn a_second_different_vote_is_refused_and_the_first_one_stands() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;
    voter.votes(&id, "left").await.location();

    let second = voter.votes(&id, "right").await;

    assert_eq!(second.status, 409);
    assert!(second.body.contains("has its vote already; the first one stands"), "{}", second.body);
    assert_eq!(verdict_of(&arena, &id).await.as_deref(), Some("left"));
    assert_eq!(arena.number("select votes from vote_total").await, 1);
}

#[tokio::test]
async fn the_same_vote_sent_again_is_answered_as_the_first_time_and_counted_once() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;

    let first = voter.votes(&id, "tie").await;
    let second = voter.votes(&id, "tie").await;

    assert_eq!(first.location(), second.location());
    assert_eq!(arena.number("select count(*) from votes").await, 1);
    assert_eq!(arena.number("select sum(votes)::bigint from vote_counts").await, 1);
}

#[tokio::test]
async fn a_vote_before_both_answers_are_complete_is_refused() {
    let gate = Arc::new(Semaphore::new(0));
    let late = Scripted::following(Script::says("late").behind(&gate));
    let arena = TestArena::of_two(&Scripted::saying("early"), &late).await;
    let voter = arena.voter();
    let id = voter.asks("What is a comet?").await;

    let early = voter.votes(&id, "left").await;

    assert_eq!(early.status, 409);
    assert!(early.body.contains("Both answers must be complete before the vote"));
    assert_eq!(arena.number("select count(*) from votes").await, 0);
    gate.add_permits(2);
    arena.when(&id, "complete").await;
    voter.votes(&id, "left").await.location();
}

#[tokio::test]
async fn a_failed_skipped_or_void_battle_cannot_be_voted_on() {
    let once = Scripted::in_turn([Script::fails(Failure::Decode), Script::says("one")]);
    let arena = TestArena::of_two(&once, &Scripted::saying("two")).await;
    let voter = arena.voter();
    let failed = voter.asks("What is a comet?").await;
    arena.when(&failed, "failed").await;
    let void = arena.complete_battle(&voter).await;
    sqlx::query(
        "update battles set opened_at = now() - interval '25 hours' where state = 'complete'",
    )
    .execute(&arena.db())
    .await
    .unwrap();
    void_abandoned(&arena.db(), &arena.journal()).await.unwrap();
    let skipped = arena.complete_battle(&voter).await;
    voter.skips(&skipped, "other").await.location();

    for (id, why) in [
        (&failed, "must be complete before the vote"),
        (&skipped, "was closed without a vote"),
        (&void, "was closed without a vote"),
    ] {
        let reply = voter.votes(id, "left").await;

        assert_eq!(reply.status, 409);
        assert!(reply.body.contains(why), "{}", reply.body);
    }
    assert_eq!(arena.number("select count(*) from votes").await, 0);
}

#[tokio::test]
async fn a_word_that_is_no_verdict_is_refused() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;

    for word in ["skip", "LEFT", "tie (bothbad)", ""] {
        let reply = voter.votes(&id, word).await;

        assert_eq!(reply.status, 400, "{word}");
        assert!(reply.body.contains("The form could not be read"), "{}", reply.body);
    }
    assert_eq!(arena.battle(&id).await.state, "complete");
}

#[tokio::test]
async fn of_twenty_votes_at_once_on_one_battle_exactly_one_is_kept() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;

    let sent: Vec<_> = (0..20).map(|number| VERDICTS[number % 5]).collect();
    let replies = join_all(sent.iter().map(|verdict| voter.votes(&id, verdict))).await;

    let kept = verdict_of(&arena, &id).await.unwrap();
    for (verdict, reply) in sent.iter().zip(&replies) {
        assert_eq!(reply.status, if *verdict == kept { 303 } else { 409 }, "{verdict} {kept}");
    }
    assert_eq!(arena.number("select count(*) from votes").await, 1);
    assert_eq!(arena.number("select votes from vote_total").await, 1);
    assert_eq!(miscounts(&arena).await, 0);
}

#[tokio::test]
async fn votes_at_once_on_many_battles_are_numbered_without_gaps() {
    let arena = TestArena::of_two_instant().await;
    arena.join(model("Cedar"), &Scripted::saying("three")).await;
    let voter = arena.voter();
    let ids = complete_battles(&arena, &voter, 60).await;

    let cast = ids.iter().enumerate().map(|(i, id)| voter.votes(id, VERDICTS[i % 5]));
    let replies = join_all(cast).await;

    assert!(replies.iter().all(|reply| reply.status == 303));
    let indices = sqlx::query_scalar("select vote_index from votes order by vote_index");
    let indices: Vec<i64> = indices.fetch_all(&arena.db()).await.unwrap();
    assert_eq!(indices, (0..60).collect::<Vec<_>>());
    assert_eq!(arena.number("select votes from vote_total").await, 60);
    assert_eq!(miscounts(&arena).await, 0);
}

fn distinctive() -> Model {
    Model {
        maker: "Ada & Söhne".to_owned(),
        country: "DE/FR".to_owned(),
        licence: "LicenseRef-Test".to_owned(),
        base_model: Some("Acorn 1".to_owned()),
        source: Source::File(GgufFile {
            parameter_count: 3_210_000_000,
            quantization: "IQ4_XS".to_owned(),
            ..weights("Aster")
        }),
        ..model("Aster")
    }
}

#[tokio::test]
async fn the_reveal_shows_who_was_who_and_how_the_answers_were_made() {
    let arena = TestArena::open().await;
    let usage = Usage {
        prompt_tokens: 20,
        answer_tokens: 4321,
        first_token_ms: 90,
        total_ms: 100_000,
        reused_tokens: 0,
    };
    let script = Script::says("one").ending(Finish::Length, usage);
    let engine = Arc::new(Scripted::named("engine 7.7", move |_| script.clone()));
    let aster = arena.join(distinctive(), &engine).await;
    arena.join(model("Birch"), &Scripted::saying("two")).await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;

    // At once: the board may not know the models yet, the page must.
    voter.votes(&id, "both_good").await.location();
    let page = voter.looks_at(&id).await;

    let answers = arena.answers(&id).await;
    let side = arena.side_of(&id, aster).await;
    let seed = answers.iter().find(|answer| answer.model_id == aster.0).unwrap().seed.to_string();
    let of_aster = if side == Side::Left {
        page.split_once("Birch").unwrap().0
    } else {
        page.split_once("Birch").unwrap().1
    };
    for fact in [
        "Aster",
        "Ada &#38; Söhne",
        "Germany / France",
        "LicenseRef-Test",
        "Acorn 1",
        "3.2B",
        "IQ4_XS",
        &weights("Aster").sha256,
        &seed,
        "temperature 0.7, top-p 0.95, top-k 40, min-p 0.05, at most 512 tokens",
        "4\u{202F}321 tokens",
        "43.2 tokens/s",
        "the token limit",
        "engine 7.7",
        "none yet: no votes yet",
    ] {
        assert!(of_aster.contains(fact), "{fact} is missing: {of_aster}");
    }
    assert!(page.contains("Birch Works") && page.contains("You found both answers good."));
}

#[tokio::test]
async fn the_reveal_shows_ratings_with_interval_count_and_status() {
    let arena = TestArena::open().await;
    let aster = arena.join(model("Aster"), &Scripted::saying("one")).await;
    let birch = arena.join(model("Birch"), &Scripted::saying("two")).await;
    arena.has_had((aster, birch), "left", 20).await;
    arena.has_had((aster, birch), "right", 10).await;
    let board = arena.board_when(|board| board.board.votes == 30).await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;

    voter.votes(&id, "left").await.location();
    let page = voter.looks_at(&id).await;

    for model in [aster, birch] {
        let rating = board.row(model).unwrap().rating.unwrap();
        // The vote just cast may be in the numbers already, or not yet.
        let now = arena.board().row(model).unwrap().rating.unwrap();
        let shown = [(rating, 30), (now, 31)].into_iter().any(|(rating, votes)| {
            let interval = format!("{:.0} to {:.0}", rating.low, rating.high);
            page.contains(&format!("{:.0} (", rating.rating))
                && page.contains(&format!("{interval}, {votes} votes, provisional)"))
        });
        assert!(shown, "{rating:?} or {now:?} is not in {page}");
    }
}

#[tokio::test]
async fn a_full_disk_refuses_the_vote_in_plain_words_and_takes_it_later() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;
    let full = "create function refuse() returns trigger language plpgsql as
         $$ begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$;
         create constraint trigger refuse after insert on votes
         deferrable initially deferred for each row execute function refuse()";
    sqlx::raw_sql(full).execute(&arena.db()).await.unwrap();

    let refused = voter.votes(&id, "left").await;
    sqlx::raw_sql("drop trigger refuse on votes").execute(&arena.db()).await.unwrap();
    let accepted = voter.votes(&id, "left").await;

    assert_eq!(refused.status, 503);
    assert!(refused.body.contains("disk is full, so this was not recorded"), "{}", refused.body);
    accepted.location();
    assert_eq!(verdict_of(&arena, &id).await.as_deref(), Some("left"));
}

#[tokio::test]
async fn the_fourth_vote_of_a_month_on_one_question_is_recorded_apart_until_it_is_erased() {
    let arena = TestArena::of_two_instant().await;
    let (first, second) = (arena.voter(), arena.voter());
    let ask = async |voter: &Voter, question: &str| {
        let id = voter.asks(question).await;
        arena.when(&id, "complete").await;
        voter.votes(&id, "left").await.location();
        id
    };

    for question in
        ["Why is the sky blue?", " why  is the SKY blue?", "Why is the\u{200b} sky blue?"]
    {
        ask(&first, question).await;
    }
    let fourth = ask(&second, "Why is the sky blue?").await;
    ask(&second, "Why is the sea blue?").await;

    let apart = arena.number("select apart from vote_total").await;
    let counted = arena.number("select sum(votes)::bigint from vote_counts").await;
    assert_eq!((apart, counted), (1, 4));
    let leaf = "select convert_from(body, 'UTF8') from log_leaves join commitments on leaf_index = closed_index
                where battle_id = $1::uuid";
    let leaf: String = sqlx::query_scalar(leaf).bind(&fourth).fetch_one(&arena.db()).await.unwrap();
    assert!(leaf.contains("repeat\"]"), "{leaf}");
    let page = second.looks_at(&fourth).await;
    assert!(page.contains("Three votes on this question count already this month"), "{page}");
    assert!(!first.sees("/leaderboard/leaks").await.contains("<strong>1 vote</strong>"));

    let done = arena.operator(&["erase", "battle", &fourth, "--why", "asked for"]).await;
    assert!(done.0, "{}", done.1);
    let kept = "select count(*) from battles where question_hashes is not null";
    assert_eq!(arena.number(kept).await, 4);
    first.posts("/me/delete", &[("sure", "yes")]).await.location();
    ask(&arena.voter(), "Why is the sky blue?").await;
    let apart = arena.number("select apart from vote_total").await;
    assert_eq!(apart, 2, "whoever has texts erased does not get the votes on them back");
}

#[tokio::test]
async fn a_later_question_of_a_battle_is_counted_as_the_first_one_is() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    for number in 0..4 {
        let id = voter.asks(&format!("Something else, number {number}")).await;
        arena.when(&id, "complete").await;
        voter.posts(&format!("/battles/{id}/turns"), &[("prompt", "Why is the sky blue?")]).await;
        arena.when(&id, "complete").await;
        voter.votes(&id, "left").await.location();
    }

    assert_eq!(arena.number("select count(*) from turns").await, 8);
    assert_eq!(arena.number("select apart from vote_total").await, 1);
}

#[tokio::test]
async fn of_many_votes_at_once_on_one_question_three_count() {
    let arena = TestArena::of_two_instant().await;
    let voters: Vec<Voter> = (0..8).map(|_| arena.voter()).collect();
    let mut battles = Vec::new();
    for voter in &voters {
        let id = voter.asks("Why is the sky blue?").await;
        arena.when(&id, "complete").await;
        battles.push(id);
    }

    let cast = voters.iter().zip(&battles).map(|(voter, id)| voter.votes(id, "left"));
    for reply in futures_util::future::join_all(cast).await {
        reply.location();
    }

    let counted = arena.number("select sum(votes)::bigint from vote_counts").await;
    let apart = arena.number("select apart from vote_total").await;
    assert_eq!((counted, apart), (3, 5));
    assert_eq!(arena.number("select count(*) from votes where repeated").await, 5);
}
