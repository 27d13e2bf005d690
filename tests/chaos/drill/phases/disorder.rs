//! Requests that come several times, at once, too early and in the wrong order, at two processes.

use std::time::Duration;

use anyhow::Result;

use super::super::app::App;
use super::super::arena::{Arena, Database};
use super::super::place::Place;
use super::super::voter::Manners;
use super::super::{Options, Outcome};

const VOTERS: usize = 12;
const A_WHILE: Duration = Duration::from_secs(40);

/// Runs the drill.
pub(crate) async fn run(options: Options) -> Result<Vec<Outcome>> {
    let place = Place::new("disorder")?;
    let cluster = super::cluster(&place).await?;
    let url = super::addresses(&cluster);
    let apps = vec![App::new(&place, "one", &url)?, App::new(&place, "other", &url)?];
    let mut arena = Arena::open(place, apps, Database::At(cluster.url()), options.seed).await?;
    let wait = async |_: &mut Arena| {
        tokio::time::sleep(A_WHILE).await;
        Ok(())
    };
    arena.under_load(VOTERS, Manners::Unruly, wait).await?;
    let faults = "each vote 1 to 4 times, early, late, contradicting".to_owned();
    let outcome = arena.examine("disorder", faults).await?;
    arena.close().await?;
    cluster.stop().await?;
    Ok(vec![outcome])
}
