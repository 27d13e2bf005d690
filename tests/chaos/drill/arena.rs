//! An arena of a drill: its processes, its database and its voters, in rounds of load.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use arena_core::journal::note::Verifier;
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_xoshiro::Xoshiro256PlusPlus;
use tokio::task::JoinHandle;

use super::Outcome;
use super::app::App;
use super::invariants;
use super::ledger::{Counts, Ledger};
use super::place::Place;
use super::replies::client;
use super::voter::{Manners, Voter};

/// How often each process is asked for its checkpoint.
const CHECKPOINTS_EVERY: Duration = Duration::from_millis(500);
/// How often a board is published meanwhile.
const BOARDS_EVERY: Duration = Duration::from_secs(12);
/// Voters go home by themselves sooner.
const HOME_WITHIN: Duration = Duration::from_secs(120);

/// Where the database is.
pub(crate) enum Database {
    /// The application's own, below its data folder.
    Private,
    /// Somebody else's.
    At(String),
}

/// A running arena.
pub(crate) struct Arena {
    // Dropped in this order: processes before their folder.
    pub(crate) apps: Vec<Arc<App>>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) random: Xoshiro256PlusPlus,
    database: Database,
    data: PathBuf,
    keepers: Vec<JoinHandle<Result<()>>>,
    seen: Counts,
    round_began: Instant,
    _place: Place,
}

impl Arena {
    /// Starts the processes, one after the other, and puts models into the pool.
    pub(crate) async fn open(
        place: Place,
        apps: Vec<App>,
        database: Database,
        seed: u64,
    ) -> Result<Self> {
        let mut arena = Self {
            apps: apps.into_iter().map(Arc::new).collect(),
            ledger: Arc::default(),
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
            database,
            data: place.data(),
            keepers: Vec::new(),
            seen: Counts::default(),
            round_began: Instant::now(),
            _place: place,
        };
        for app in &arena.apps {
            arena.keepers.push(tokio::spawn(Arc::clone(app).keep()));
            app.until_open().await?;
        }
        arena._place.add_models(&arena.url().await?).await?;
        arena.learn_key().await?;
        Ok(arena)
    }

    /// How the database is reached now.
    pub(crate) async fn url(&self) -> Result<String> {
        match &self.database {
            Database::At(url) => Ok(url.clone()),
            Database::Private => Ok(doubleblind::kit::postgres::attach(&self.data)
                .await?
                .context("no arena holds the data folder")?
                .owner),
        }
    }

    /// The data folder.
    pub(crate) fn data(&self) -> &std::path::Path {
        &self.data
    }

    async fn learn_key(&self) -> Result<()> {
        let app = self.apps.first().context("an arena has a process")?;
        let text = client().build()?.get(format!("{}/log/vkey", app.base)).send().await?;
        self.ledger.book().verifier = Some(Verifier::parse(text.text().await?.trim())?);
        Ok(())
    }

    /// Has so many voters play while something happens, and lets them end their battles.
    pub(crate) async fn under_load<T>(
        &mut self,
        voters: usize,
        manners: Manners,
        happens: impl AsyncFnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let over = Arc::new(AtomicBool::new(false));
        let bases: Arc<[String]> = self.apps.iter().map(|app| app.base.clone()).collect();
        let mut playing = Vec::new();
        for _ in 0..voters {
            let (ledger, over) = (Arc::clone(&self.ledger), Arc::clone(&over));
            let setting = (Arc::clone(&bases), manners);
            let voter = Voter::new(self.random.random(), setting, ledger, over)?;
            playing.push(tokio::spawn(voter.plays()));
        }
        let watching = tokio::spawn(watch(Arc::clone(&bases), Arc::clone(&self.ledger)));
        let publishing = tokio::spawn(publish(self.apps.clone(), Arc::clone(&over)));
        let happened = happens(self).await;
        over.store(true, Ordering::Relaxed);
        let home = tokio::time::timeout(HOME_WITHIN, futures_util::future::join_all(playing)).await;
        watching.abort();
        publishing.await??;
        match home {
            Ok(ends) => {
                for end in ends {
                    end??;
                }
            }
            Err(_) => self.ledger.wrong(10, "voters wait in vain for their battles".to_owned()),
        }
        happened
    }

    /// Waits until all processes serve.
    pub(crate) async fn until_open(&self) -> Result<()> {
        for app in &self.apps {
            app.until_open().await?;
        }
        Ok(())
    }

    /// Checks all invariants and makes a line of the table of what happened since the last one.
    pub(crate) async fn examine(&mut self, phase: &str, faults: String) -> Result<Outcome> {
        self.until_open().await?;
        let checking = Instant::now();
        let findings = invariants::check(self).await?;
        let now = self.ledger.book().counts;
        let counts = now - std::mem::replace(&mut self.seen, now);
        let took = std::mem::replace(&mut self.round_began, Instant::now()).elapsed();
        let mut notes = self.notes();
        notes.push(format!("the checks took {:.1} s", checking.elapsed().as_secs_f64()));
        Ok(Outcome { phase: phase.to_owned(), faults, counts, findings, took, notes })
    }

    fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self
            .apps
            .iter()
            .map(|app| {
                let mean = app.mean_opening_ms();
                format!(
                    "an app was started {} times; open after {mean} ms on average",
                    app.starts()
                )
            })
            .collect();
        let mut book = self.ledger.book();
        let reasons = std::mem::take(&mut book.reasons);
        notes.extend(reasons.into_iter().map(|(reason, count)| format!("{count} x {reason}")));
        notes
    }

    /// Ends all processes in order.
    pub(crate) async fn close(self) -> Result<()> {
        for app in &self.apps {
            app.stop().await?;
        }
        for keeper in self.keepers {
            keeper.await??;
        }
        Ok(())
    }
}

/// Publishes boards from the command line until the drill is over. It may fail: what it needs may just be gone.
async fn publish(apps: Vec<Arc<App>>, over: Arc<AtomicBool>) -> Result<()> {
    let mut due = Instant::now() + BOARDS_EVERY / 2;
    while !over.load(Ordering::Relaxed) {
        tokio::time::sleep(CHECKPOINTS_EVERY).await;
        if Instant::now() < due {
            continue;
        }
        due = Instant::now() + BOARDS_EVERY;
        if let Some(app) = apps.first() {
            let mut command = tokio::process::Command::from(app.command());
            command.arg("snapshot").kill_on_drop(true);
            let _ = tokio::time::timeout(BOARDS_EVERY, command.output()).await;
        }
    }
    Ok(())
}

/// Keeps every checkpoint that is served, until it is aborted.
async fn watch(bases: Arc<[String]>, ledger: Arc<Ledger>) -> Result<()> {
    let http = client().build()?;
    loop {
        for base in bases.iter() {
            let Ok(reply) = http.get(format!("{base}/log/checkpoint")).send().await else {
                continue;
            };
            let served = reply.status().is_success();
            if let (true, Ok(note)) = (served, reply.text().await) {
                ledger.book().checkpoints.insert(note);
            }
        }
        tokio::time::sleep(CHECKPOINTS_EVERY).await;
    }
}
