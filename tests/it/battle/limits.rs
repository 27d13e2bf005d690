//! How many battles may be in progress, and how long a conversation may be.

use std::sync::Arc;
use std::time::Duration;

use arena_core::ids::VoterId;
use arena_core::sampling::Sampling;
use doubleblind::battle::{self, BattleError, Hub, Limits, Refusal, Ring};
use doubleblind::config::Answering;
use doubleblind::inference::{Engine, Engines};
use doubleblind::kit::language::Languages;
use doubleblind::pool::Policy;
use uuid::Uuid;

use crate::arena::{Script, Scripted, TestArena, model};

/// Use cases over two models that never finish, with limits of one's own.
async fn ring(arena: &TestArena, limits: Limits) -> Ring {
    let engines = Engines::default();
    for name in ["Aster", "Birch"] {
        let silent: Arc<Scripted> = Scripted::following(Script::keeps_silent());
        let id = arena.join(model(name), &silent).await;
        engines.put(id, silent as Arc<dyn Engine>);
    }
    let answering = Answering {
        system_prompt: "Be brief.".to_owned(),
        sampling: Sampling::default(),
        deadline: Duration::from_secs(60),
        failure_step: Duration::from_millis(50),
    };
    Ring {
        db: arena.db(),
        engines,
        hub: Hub::default(),
        answering,
        limits,
        journal: arena.journal(),
        host: 0,
        policy: Policy::default(),
        languages: Languages::default(),
    }
}

fn voter() -> VoterId {
    VoterId(Uuid::new_v4())
}

#[tokio::test]
async fn a_voter_has_two_battles_in_progress_and_others_are_not_held_up() {
    let arena = TestArena::open().await;
    let ring = ring(&arena, Limits { at_once: 100, ..Limits::default() }).await;
    let (busy, other) = (voter(), voter());

    for _ in 0..2 {
        battle::open(&ring, busy, "Why?", b"").await.unwrap();
    }
    let third = battle::open(&ring, busy, "Why?", b"").await;
    let theirs = battle::open(&ring, other, "Why?", b"").await;

    assert!(matches!(third, Err(BattleError::Busy(_))), "{third:?}");
    assert!(theirs.is_ok(), "{theirs:?}");
}

#[tokio::test]
async fn a_full_site_says_so_before_it_writes_anything() {
    let arena = TestArena::open().await;
    let ring = ring(&arena, Limits { at_once: 1, waiting: 1, ..Limits::default() }).await;

    for _ in 0..2 {
        battle::open(&ring, voter(), "Why?", b"").await.unwrap();
    }
    let third = battle::open(&ring, voter(), "Why?", b"").await;

    assert!(matches!(third, Err(BattleError::Busy(Refusal::Full { line: 1, .. }))), "{third:?}");
    assert_eq!(arena.number("select count(*) from battles").await, 2);
}

#[tokio::test]
async fn a_conversation_that_might_not_fit_one_model_is_refused_for_all_of_them() {
    let arena = TestArena::open().await;
    let mut ring = ring(&arena, Limits::default()).await;
    ring.answering.sampling.max_tokens = 131_072 - 1_000;

    let fits = battle::open(&ring, voter(), &"x".repeat(900), b"").await;
    let too_long = battle::open(&ring, voter(), &"é".repeat(500), b"").await;

    assert!(fits.is_ok(), "{fits:?}");
    assert!(matches!(too_long, Err(BattleError::ConversationTooLong { room: 1_000, .. })));
}
