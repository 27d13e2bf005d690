//! Kills at random moments: of the application, of a worker, of one process of Postgres, and of all of it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rand::RngExt as _;

use super::super::app::App;
use super::super::arena::{Arena, Database};
use super::super::place::{Place, WORKER};
use super::super::processes::{backends, postmaster, send};
use super::super::voter::Manners;
use super::super::{Options, Outcome};
use super::VOTERS;

/// Kills between two checks of the invariants.
const A_ROUND: usize = 50;
/// Longest wait between the arena being whole and the next kill.
const LONGEST_WAIT_MS: u64 = 900;
/// There is always something to kill before this.
const VICTIM_WITHIN: Duration = Duration::from_secs(60);

/// Whom a kill is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Victim {
    App,
    Worker,
    Backend,
    Postgres,
}

impl Victim {
    fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Worker => "worker",
            Self::Backend => "backend",
            Self::Postgres => "Postgres",
        }
    }
}

/// Runs the drill: rounds of kills, and a check after each.
pub(crate) async fn run(options: Options) -> Result<Vec<Outcome>> {
    let place = Place::new("kills")?;
    let app = App::new(&place, "app", &[])?;
    let mut arena = Arena::open(place, vec![app], Database::Private, options.seed).await?;
    let (mut outcomes, mut left) = (Vec::new(), options.kills);
    while left > 0 {
        let times = left.min(A_ROUND);
        left -= times;
        let done = arena
            .under_load(VOTERS, Manners::Usual, async |arena| kills(arena, times).await)
            .await?;
        let parts: Vec<String> =
            done.iter().map(|(victim, count)| format!("{count} {}", victim.as_str())).collect();
        let phase = format!("kills {}-{}", options.kills - left - times + 1, options.kills - left);
        outcomes.push(arena.examine(&phase, parts.join(", ")).await?);
    }
    arena.close().await?;
    Ok(outcomes)
}

async fn kills(arena: &mut Arena, times: usize) -> Result<BTreeMap<Victim, usize>> {
    let mut done = BTreeMap::new();
    for number in 0..times {
        // Every third one comes at any time, also while the arena starts or recovers.
        if number % 3 != 0 {
            arena.until_open().await?;
        }
        let wait = arena.random.random_range(0..LONGEST_WAIT_MS);
        tokio::time::sleep(Duration::from_millis(wait)).await;
        *done.entry(kill_one(arena).await?).or_default() += 1;
    }
    Ok(done)
}

/// Kills whoever is drawn, as soon as there is one.
async fn kill_one(arena: &mut Arena) -> Result<Victim> {
    let since = Instant::now();
    loop {
        let victim = match arena.random.random_range(0..10) {
            0..=2 => Victim::App,
            3..=5 => Victim::Worker,
            6..=7 => Victim::Backend,
            _ => Victim::Postgres,
        };
        let processes = arena.apps.first().map(|app| app.processes()).unwrap_or_default();
        let pids: Vec<i32> = match victim {
            Victim::App => arena.apps.first().and_then(|app| app.pid()).into_iter().collect(),
            Victim::Worker => {
                let workers = processes.iter().filter(|it| it.command.contains(WORKER));
                workers.map(|process| process.pid).collect()
            }
            Victim::Backend => backends(&processes).iter().map(|process| process.pid).collect(),
            Victim::Postgres => postmaster(&processes).map(|it| it.pid).into_iter().collect(),
        };
        if !pids.is_empty() && send(pids[arena.random.random_range(0..pids.len())], "KILL") {
            return Ok(victim);
        }
        ensure!(since.elapsed() < VICTIM_WITHIN, "nobody to kill within {VICTIM_WITHIN:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
