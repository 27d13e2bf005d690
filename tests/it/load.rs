//! Ten times the load: what voters and readers get of an arena that is asked far more than it can do.
#![cfg(test)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use doubleblind::battle::Limits;
use futures_util::future::join_all;

use crate::arena::{Script, Scripted, TestArena, Voter, model};

const LIMITS: Limits = Limits { at_once: 4, waiting: 8, voter_writing: 1, voter_waiting: 1 };
/// Voters who fill all places and the line, and are never refused.
const VOTERS: usize = LIMITS.at_once + LIMITS.waiting;
/// A refused voter comes back after this part of the time that was named: the test has no half minutes.
const HURRY: u32 = 20;

/// What an arena did under some load.
struct Measured {
    battles_a_minute: f64,
    refusals: usize,
    /// Milliseconds that 99 of 100 readers of the leaderboard waited at most.
    leaderboard_p99_ms: f64,
}

/// An arena of two models whose answers take about a second, and a board of 4,000 votes.
async fn arena() -> TestArena {
    let arena = TestArena::with_limits(LIMITS).await;
    let script = || Script::says(&"word ".repeat(10)).in_pieces(10, Duration::from_millis(200));
    let aster = arena.join(model("Aster"), &Scripted::following(script())).await;
    let birch = arena.join(model("Birch"), &Scripted::following(script())).await;
    arena.has_had((aster, birch), "left", 2_500).await;
    arena.has_had((birch, aster), "left", 1_500).await;
    arena.board_when(|board| board.board.votes == 4_000).await;
    arena
}

/// One voter: battle after battle, each followed to its end and voted on.
async fn keep_voting(voter: Voter, open: &AtomicBool, refusals: &AtomicUsize) -> usize {
    let mut finished = 0;
    while open.load(Ordering::Relaxed) {
        // A question of its own: on one and the same few votes would count.
        let question = format!("Why? {}", uuid::Uuid::new_v4());
        let reply = voter.posts("/battles", &[("prompt", &question)]).await;
        if reply.status == 503 {
            refusals.fetch_add(1, Ordering::Relaxed);
            let seconds: u32 = reply.headers["retry-after"].to_str().unwrap().parse().unwrap();
            tokio::time::sleep(Duration::from_secs(seconds.into()) / HURRY).await;
            continue;
        }
        let id = reply.location().strip_prefix("/battles/").unwrap().to_owned();
        voter.watches(&id).await.read_to_end().await;
        if open.load(Ordering::Relaxed) {
            finished += usize::from(voter.votes(&id, "tie").await.status == 303);
        }
    }
    finished
}

async fn keep_reading(reader: Voter, open: &AtomicBool) -> Vec<f64> {
    let mut waits = Vec::new();
    while open.load(Ordering::Relaxed) {
        let asked = Instant::now();
        reader.sees("/leaderboard").await;
        waits.push(asked.elapsed().as_secs_f64() * 1000.0);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    waits
}

async fn measure(voters: usize, lasting: Duration) -> Measured {
    let arena = arena().await;
    let (open, refusals) = (Arc::new(AtomicBool::new(true)), AtomicUsize::new(0));
    let end = async {
        tokio::time::sleep(lasting).await;
        open.store(false, Ordering::Relaxed);
    };
    let voting = join_all((0..voters).map(|_| keep_voting(arena.voter(), &open, &refusals)));
    let reading = join_all((0..4).map(|_| keep_reading(arena.voter(), &open)));
    let ((), finished, waits) = tokio::join!(end, voting, reading);
    let mut waits = waits.concat();
    waits.sort_by(f64::total_cmp);
    Measured {
        battles_a_minute: finished.iter().sum::<usize>() as f64 * 60.0 / lasting.as_secs_f64(),
        refusals: refusals.into_inner(),
        leaderboard_p99_ms: waits[waits.len() * 99 / 100],
    }
}

/// Needs the machine for itself: it measures.
#[tokio::test]
#[ignore = "measures for a minute; tests/README.md says how to run it"]
async fn ten_times_the_load_costs_a_tenth_of_the_battles_at_most_and_no_reader_waits() {
    let lasting = Duration::from_secs(30);
    let usual = measure(VOTERS, lasting).await;
    let tenfold = measure(10 * VOTERS, lasting).await;

    for (load, measured) in [("usual", &usual), ("tenfold", &tenfold)] {
        eprintln!(
            "{load} load: {:.0} battles a minute, {} refusals, leaderboard p99 {:.0} ms",
            measured.battles_a_minute, measured.refusals, measured.leaderboard_p99_ms
        );
    }
    assert!(tenfold.battles_a_minute >= 0.9 * usual.battles_a_minute);
    assert!(tenfold.leaderboard_p99_ms <= 250.0);
    assert!(tenfold.refusals > 0, "the load was not too much");
}
