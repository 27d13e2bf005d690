//! Postgres ends and starts again under load, in each way in which it can; the application goes on.

use std::time::Duration;

use anyhow::{Context as _, Result};
use doubleblind::kit::postgres::Cluster;
use rand::RngExt as _;

use super::super::app::App;
use super::super::arena::{Arena, Database};
use super::super::place::Place;
use super::super::processes::{below, send};
use super::super::voter::Manners;
use super::super::{Options, Outcome};
use super::VOTERS;

const RESTARTS: usize = 18;

/// Runs the drill.
pub(crate) async fn run(options: Options) -> Result<Vec<Outcome>> {
    let place = Place::new("restarts")?;
    let first = super::cluster(&place).await?;
    let url = first.url();
    let environment = super::addresses(&first);
    let app = App::new(&place, "app", &environment)?;
    let folder = place.root().join("database");
    let mut arena = Arena::open(place, vec![app], Database::At(url), options.seed).await?;
    let mut cluster = Some(first);
    let restarts = async |arena: &mut Arena| {
        for number in 0..RESTARTS {
            arena.until_open().await?;
            let wait = arena.random.random_range(500..2000);
            tokio::time::sleep(Duration::from_millis(wait)).await;
            let running = cluster.take().context("a running Postgres")?;
            end(running, number).await?;
            cluster = Some(super::cluster_in(&folder).await?);
        }
        Ok(())
    };
    arena.under_load(VOTERS, Manners::Usual, restarts).await?;
    let starts = arena.apps.iter().map(|app| app.starts()).sum::<usize>();
    let faults = format!("{RESTARTS} restarts (asked, cut off, killed, a backend killed)");
    let mut outcome = arena.examine("Postgres restarted", faults).await?;
    outcome.notes.push(format!("the application was started {starts} times"));
    arena.close().await?;
    cluster.context("a running Postgres")?.stop().await?;
    Ok(vec![outcome])
}

/// Ends it in order, at once, by killing it, or by killing those of its processes that serve connections.
async fn end(cluster: Cluster, number: usize) -> Result<()> {
    let pid = i32::try_from(cluster.pid())?;
    match number % 4 {
        0 => return Ok(cluster.stop().await?),
        1 => drop(send(pid, "QUIT")),
        2 => drop(send(pid, "KILL")),
        _ => {
            for process in below(pid) {
                send(process.pid, "KILL");
            }
            // It recovers by itself, and is ended in order then.
            tokio::time::sleep(Duration::from_secs(1)).await;
            return Ok(cluster.stop().await?);
        }
    }
    cluster.ended().await;
    Ok(())
}
