//! The drills: what goes wrong in each.

pub(crate) mod clock;
pub(crate) mod disk;
pub(crate) mod disorder;
pub(crate) mod kills;
pub(crate) mod pair;
pub(crate) mod restarts;

use std::ffi::OsString;
use std::path::Path;

use anyhow::Result;
use doubleblind::kit::postgres::{Cluster, Durability, Options};

use super::place::Place;

/// Voters at one time.
const VOTERS: usize = 8;

/// A Postgres of the drill itself, which every commit makes durable.
async fn cluster(place: &Place) -> Result<Cluster> {
    cluster_in(&place.root().join("database")).await
}

/// What tells an application where it is.
fn addresses(cluster: &Cluster) -> [(&'static str, OsString); 2] {
    [
        ("DATABASE_URL", cluster.serving_url().into()),
        ("DOUBLEBLIND_OWNER_URL", cluster.url().into()),
    ]
}

async fn cluster_in(folder: &Path) -> Result<Cluster> {
    let options = Options {
        data_dir: folder.to_owned(),
        binaries: None,
        durability: Durability::Durable,
        fetch: false,
    };
    Ok(Cluster::start(&options).await?)
}
