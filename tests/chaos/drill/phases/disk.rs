//! A disk that is full for a while: a small file system in memory holds the data folder, ballast fills it.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use doubleblind::kit::postgres::{ADMIN_ROLE, OWNER_ROLE};
use sqlx::{Connection as _, PgConnection};

use super::super::app::App;
use super::super::arena::{Arena, Database};
use super::super::place::Place;
use super::super::voter::Manners;
use super::super::{Options, Outcome};
use super::VOTERS;

/// A cluster takes about 40 MB, its log 16 MB and more with time.
const MEGABYTES: u64 = 112;
const FILLINGS: usize = 3;
/// More segments than fit.
const SEGMENTS: usize = 16;
/// How long voters play before, between and after.
const ROOMY: Duration = Duration::from_secs(5);
/// How long it stays full at least.
const FULL: Duration = Duration::from_secs(12);
/// Votes are acknowledged again so soon after there is room.
const BACK_WITHIN: Duration = Duration::from_secs(45);

/// Runs the drill; a machine that lets nobody mount is told.
pub(crate) async fn run(options: Options) -> Result<Vec<Outcome>> {
    let mut place = Place::new("disk")?;
    if let Err(error) = place.mount(MEGABYTES) {
        let why = format!("a small file system could not be mounted: {error:#}");
        return Ok(vec![Outcome::not_run("disk full", &why)]);
    }
    let app = App::new(&place, "app", &[])?;
    let mut arena = Arena::open(place, vec![app], Database::Private, options.seed).await?;
    let mut notes = Vec::new();
    let fill = async |arena: &mut Arena| {
        for number in 0..FILLINGS {
            tokio::time::sleep(ROOMY).await;
            notes.push(full_for_a_while(arena, number + 1 == FILLINGS).await?);
        }
        tokio::time::sleep(ROOMY).await;
        Ok(())
    };
    arena.under_load(VOTERS, Manners::Usual, fill).await?;
    let faults = format!("{FILLINGS} times full, at least {} s each", FULL.as_secs());
    let mut outcome = arena.examine("disk full", faults).await?;
    outcome.notes.extend(notes);
    arena.close().await?;
    Ok(vec![outcome])
}

/// What fills the disk; removed when it goes.
struct Ballast {
    path: PathBuf,
    file: File,
}

impl Ballast {
    fn new(path: PathBuf) -> Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        Ok(Self { path, file })
    }

    /// Writes until nothing more can be written.
    fn fill(&mut self) {
        for size in [1 << 20, 1 << 16, 1 << 12] {
            while self.file.write_all(&vec![0_u8; size]).is_ok() {}
        }
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Has Postgres begin segments of its log until there is no room for one: then it cannot go on at all.
async fn use_up_the_log(arena: &Arena) -> Result<()> {
    let url = arena.url().await?.replace(&format!("//{OWNER_ROLE}@"), &format!("//{ADMIN_ROLE}@"));
    let mut admin = PgConnection::connect(&url).await?;
    for _ in 0..SEGMENTS {
        for sql in ["select pg_logical_emit_message(false, 'drill', 'x')", "select pg_switch_wal()"]
        {
            if sqlx::query(sql).execute(&mut admin).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Fills the disk, keeps it full, makes room, and waits for acknowledged votes; tells how it went.
async fn full_for_a_while(arena: &mut Arena, to_the_end: bool) -> Result<String> {
    let counts = || arena.ledger.book().counts;
    let (before, starts) = (counts(), arena.apps[0].starts());
    let mut ballast = Ballast::new(arena.data().join("ballast"))?;
    ballast.fill();
    if to_the_end {
        // Nobody answers any more when it has worked.
        let _ = tokio::time::timeout(FULL / 2, use_up_the_log(arena)).await;
    }
    let since = Instant::now();
    while since.elapsed() < FULL {
        ballast.fill();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let full = counts() - before;
    drop(ballast);
    let (freed, after) = (Instant::now(), counts());
    while counts().votes == after.votes {
        ensure!(
            freed.elapsed() < BACK_WITHIN,
            "no vote within {BACK_WITHIN:?} after there is room"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(format!(
        "while full {} votes were acknowledged and {} refused, {} battles not opened; the app was started {} times; \
         the next vote came {:.1} s after there was room",
        full.votes,
        full.refused + full.silent,
        full.unopened,
        arena.apps[0].starts() - starts,
        freed.elapsed().as_secs_f64()
    ))
}
