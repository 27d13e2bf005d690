//! Real workers are killed at random moments while battles run. `DOUBLEBLIND_KILLS` sets how many.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::arena::eventually;
use crate::process::{Folder, Serving, Visitor, arena_with_two_models, send};

const SEED: u64 = 20_261_122;
/// Kills in an ordinary run; `DOUBLEBLIND_KILLS=200` is the long one.
const KILLS: usize = 12;
const VOTERS: usize = 3;
/// A battle that has not come to an end by then is stuck.
const STUCK_AFTER: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Counts {
    opened: AtomicUsize,
    failed: AtomicUsize,
    voted: AtomicUsize,
    refused: AtomicUsize,
}

impl Counts {
    fn add(count: &AtomicUsize) {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Plays battles until the killing is over, and ends the last one.
async fn plays(voter: Visitor, over: &AtomicBool, counts: &Counts) {
    while !over.load(Ordering::Relaxed) {
        let opened = voter.post("/battles", &[("prompt", "Tell me a story about the sea.")]).await;
        let address = opened.url().path().to_owned();
        if opened.status() != 200 {
            // Fewer than two models are ready at this moment.
            assert_eq!(opened.status(), 503, "{address}");
            Counts::add(&counts.refused);
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        }
        Counts::add(&counts.opened);
        let started = Instant::now();
        loop {
            let page = voter.page(&address).await;
            if page.contains("value=\"both_good\"") {
                let vote = voter.post(&format!("{address}/vote"), &[("verdict", "tie")]).await;
                assert_eq!(vote.status(), 200);
                Counts::add(&counts.voted);
                break;
            }
            if page.contains("Ask the same pair again") {
                assert!(!page.contains("of Two"), "a name before the vote: {page}");
                Counts::add(&counts.failed);
                let skip = voter.post(&format!("{address}/skip"), &[("reason", "broken")]).await;
                assert_eq!(skip.status(), 200);
                break;
            }
            assert!(started.elapsed() < STUCK_AFTER, "{address} is stuck: {page}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// How long one battle takes when nobody is killed.
async fn undisturbed(voter: &Visitor, serving: &Serving) -> Duration {
    let started = Instant::now();
    let opened = voter.post("/battles", &[("prompt", "Tell me a story about the sea.")]).await;
    serving.until_complete_for(voter, opened.url().path()).await;
    started.elapsed()
}

/// Kills one worker at a time, somewhere within the length of a few battles after both were back.
async fn kills(serving: &Serving, times: usize, battle: Duration) {
    let longest = u64::try_from(battle.as_millis()).unwrap() * 4;
    let mut random = Xoshiro256PlusPlus::seed_from_u64(SEED);
    let mut done = 0;
    while done < times {
        // Every third one comes at any time, also while a worker loads.
        if done % 3 != 0 {
            serving.two_models_ready().await;
        }
        tokio::time::sleep(Duration::from_millis(random.random_range(0..longest))).await;
        let workers = serving.workers();
        if workers.is_empty() {
            continue;
        }
        let victim = workers[random.random_range(0..workers.len())];
        // A stopped one is killed like any other.
        if random.random_bool(0.2) {
            send(victim, 19);
        }
        send(victim, 9);
        done += 1;
    }
}

#[tokio::test]
async fn no_vote_is_lost_and_no_battle_stuck_when_workers_are_killed_at_random() {
    let times = std::env::var("DOUBLEBLIND_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    let folder = Folder::new("kills")
        .with("DOUBLEBLIND_QUARANTINE_AFTER", "0")
        .with("DOUBLEBLIND_MAX_TOKENS", "16");
    let mut serving = arena_with_two_models(&folder).await;
    let battle = undisturbed(&serving.visitor(), &serving).await;
    let (over, counts) = (AtomicBool::new(false), Counts::default());
    let started = Instant::now();

    let voters: Vec<_> = (0..VOTERS).map(|_| serving.visitor()).collect();
    let play = futures_util::future::join_all(
        voters.into_iter().map(|voter| plays(voter, &over, &counts)),
    );
    let kill = async {
        kills(&serving, times, battle).await;
        over.store(true, Ordering::Relaxed);
    };
    tokio::join!(play, kill);
    serving.two_models_ready().await;

    let votes = serving.page("/votes.csv").await.lines().count() - 1;
    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    eprintln!(
        "seed {SEED}: a battle takes {battle:?}; {times} kills in {:?}, {} battles, {} voted, {} failed, {} refused for want \
         of models, {votes} votes recorded",
        started.elapsed(),
        count(&counts.opened),
        count(&counts.voted),
        count(&counts.failed),
        count(&counts.refused),
    );
    assert!(serving.is_running(), "the server has ended");
    assert_eq!(votes, count(&counts.voted));
    assert_eq!(count(&counts.opened), count(&counts.voted) + count(&counts.failed));
    assert!(votes > 0 && count(&counts.failed) > 0, "nothing was at stake");
}

#[tokio::test]
async fn a_worker_killed_three_times_is_quarantined_listed_and_released() {
    let folder = Folder::new("thrice");
    let serving = arena_with_two_models(&folder).await;
    let spared = serving.workers()[0];
    for _ in 0..3 {
        let victim = eventually("the other worker runs", async || {
            serving.workers().into_iter().find(|&worker| worker != spared)
        })
        .await;
        send(victim, 9);
        eventually("it is gone", async || (!serving.workers().contains(&victim)).then_some(()))
            .await;
    }

    serving.wait("fewer models", |page| page.contains("Fewer than two models")).await;
    let page =
        serving.wait_at("/leaderboard", "quarantine", |page| page.contains(">quarantined<")).await;
    let (_, listed) = folder.run(&["models", "list"]);
    let name = if row(&listed, "First of Two").contains("quarantine") {
        "First of Two"
    } else {
        "Second of Two"
    };
    let (released, said) = folder.run(&["models", "release", name]);
    serving.two_models_ready().await;
    let (_, after) = folder.run(&["models", "list"]);

    assert_eq!(page.matches(">quarantined<").count(), 1, "{page}");
    assert!(row(&listed, name).contains("in quarantine, since "), "{listed}");
    assert!(released && said.contains("takes part again"), "{said}");
    assert!(!after.contains("quarantine"), "{after}");
}

fn row<'t>(listed: &'t str, name: &str) -> &'t str {
    listed.lines().find(|line| line.contains(name)).unwrap()
}
