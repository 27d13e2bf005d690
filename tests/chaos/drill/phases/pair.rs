//! Two processes on one database, one of which is killed every five seconds.

use std::time::Duration;

use anyhow::Result;
use rand::RngExt as _;

use super::super::app::App;
use super::super::arena::{Arena, Database};
use super::super::place::Place;
use super::super::voter::Manners;
use super::super::{Options, Outcome};
use super::VOTERS;

const KILLS: usize = 12;
const EVERY: Duration = Duration::from_secs(5);

/// Runs the drill.
pub(crate) async fn run(options: Options) -> Result<Vec<Outcome>> {
    let place = Place::new("pair")?;
    let cluster = super::cluster(&place).await?;
    let url = super::addresses(&cluster);
    let apps = vec![App::new(&place, "one", &url)?, App::new(&place, "other", &url)?];
    let mut arena = Arena::open(place, apps, Database::At(cluster.url()), options.seed).await?;
    let kills = async |arena: &mut Arena| {
        for _ in 0..KILLS {
            tokio::time::sleep(EVERY).await;
            let victim = arena.random.random_range(0..arena.apps.len());
            arena.apps[victim].kill();
        }
        Ok(())
    };
    arena.under_load(VOTERS, Manners::Usual, kills).await?;
    let outcome = arena.examine("two apps", format!("{KILLS} kills, one every 5 s")).await?;
    arena.close().await?;
    cluster.stop().await?;
    Ok(vec![outcome])
}
