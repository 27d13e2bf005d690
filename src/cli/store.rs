//! The database of a command: the one that is named, the running arena's, or one started for the purpose.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use super::Outcome;
use crate::MIGRATOR;
use crate::config::Settings;
use crate::kit::postgres::{Cluster, Durability, Options, attach};

/// Connections of one process; more gain little on two cores.
const CONNECTIONS: u32 = 16;

/// An open, migrated database.
pub(super) struct Store {
    pub(super) pool: PgPool,
    pub(super) cluster: Option<Cluster>,
    origin: String,
}

type Opened<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Whether the settings name a database that has been made already.
pub(super) fn exists(settings: &Settings) -> bool {
    settings.database_url.is_some() || settings.data.join("pg").join("PG_VERSION").is_file()
}

/// Opens the database that the settings name, starting the private one where it is not running.
pub(super) async fn open(settings: &Settings) -> Opened<Store> {
    if let Some(url) = &settings.database_url {
        return connect(url, None, "the Postgres of DATABASE_URL".to_owned()).await;
    }
    if let Some(url) = attach(&settings.data).await? {
        return connect(&url, None, "the running arena's Postgres".to_owned()).await;
    }
    own(settings).await
}

/// Opens the database for a server, which must be alone on its data folder.
pub(super) async fn open_for_server(settings: &Settings) -> Opened<Store> {
    if let Some(url) = &settings.database_url {
        return connect(url, None, "the Postgres of DATABASE_URL".to_owned()).await;
    }
    own(settings).await
}

async fn own(settings: &Settings) -> Opened<Store> {
    let cluster = Cluster::start(&Options {
        data_dir: settings.data.clone(),
        binaries: settings.pg_bin.clone(),
        durability: Durability::Durable,
        fetch: true,
    })
    .await?;
    let (url, origin) = (cluster.url(), cluster.describe());
    connect(&url, Some(cluster), origin).await
}

async fn connect(url: &str, cluster: Option<Cluster>, origin: String) -> Opened<Store> {
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(Duration::from_secs(10))
        .connect(url)
        .await
        .map_err(|error| format!("{origin} does not let us in: {error}"))?;
    MIGRATOR
        .run(&pool)
        .await
        .map_err(|error| format!("the schema could not be set up: {error}"))?;
    Ok(Store { pool, cluster, origin })
}

impl Store {
    /// Where the database is, in one line.
    pub(super) fn describe(&self) -> &str {
        &self.origin
    }

    /// Closes connections and stops a Postgres that was started here.
    pub(super) async fn close(self) -> Outcome {
        self.pool.close().await;
        if let Some(cluster) = self.cluster {
            cluster.stop().await?;
        }
        Ok(())
    }
}
