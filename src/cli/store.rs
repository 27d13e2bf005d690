//! The database of a command: the one that is named, the running arena's, or one started for the purpose.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, PgPool};

use super::Outcome;
use crate::MIGRATOR;
use crate::config::Settings;
use crate::journal::Journal;
use crate::kit::postgres::{Cluster, Durability, Options, Urls, attach, grant_serving};

/// Connections of one process; more gain little on two cores.
const CONNECTIONS: u32 = 16;

/// An open, migrated database.
pub(super) struct Store {
    pub(super) pool: PgPool,
    pub(super) cluster: Option<Cluster>,
    owner_url: String,
    origin: String,
}

type Opened<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Whether the settings name a database that has been made already.
pub(super) fn exists(settings: &Settings) -> bool {
    settings.database_url.is_some() || settings.data.join("pg").join("PG_VERSION").is_file()
}

/// Opens the database that the settings name, starting the private one where it is not running.
pub(super) async fn open(settings: &Settings) -> Opened<Store> {
    if let Some(urls) = named(settings) {
        return connect(&urls, None, "the Postgres of DATABASE_URL".to_owned()).await;
    }
    if let Some(urls) = attach(&settings.data).await? {
        return connect(&urls, None, "the running arena's Postgres".to_owned()).await;
    }
    own(settings).await
}

/// Opens the database for a server, which must be alone on its data folder.
pub(super) async fn open_for_server(settings: &Settings) -> Opened<Store> {
    if let Some(urls) = named(settings) {
        return connect(&urls, None, "the Postgres of DATABASE_URL".to_owned()).await;
    }
    own(settings).await
}

/// A Postgres that somebody else runs; without an owner's URL the same role migrates and serves.
fn named(settings: &Settings) -> Option<Urls> {
    let serving = settings.database_url.clone()?;
    let owner = settings.owner_url.clone().unwrap_or_else(|| serving.clone());
    Some(Urls { owner, serving })
}

async fn own(settings: &Settings) -> Opened<Store> {
    let cluster = Cluster::start(&Options {
        data_dir: settings.data.clone(),
        binaries: settings.pg_bin.clone(),
        durability: Durability::Durable,
        fetch: true,
    })
    .await?;
    let urls = Urls { owner: cluster.url(), serving: cluster.serving_url() };
    let origin = cluster.describe();
    connect(&urls, Some(cluster), origin).await
}

/// Migrates as the owner, and connects as the role that serves.
async fn connect(urls: &Urls, cluster: Option<Cluster>, origin: String) -> Opened<Store> {
    let refused = |error: sqlx::Error| format!("{origin} does not let us in: {error}");
    let mut owner = PgConnection::connect(&urls.owner).await.map_err(refused)?;
    MIGRATOR
        .run(&mut owner)
        .await
        .map_err(|error| format!("the schema could not be set up: {error}"))?;
    // A vote that is acknowledged is on the disk, whatever the server's own setting is.
    let options: PgConnectOptions = urls.serving.parse()?;
    let options = options.options([("synchronous_commit", "on")]);
    if urls.serving != urls.owner {
        grant_serving(&mut owner, options.get_username())
            .await
            .map_err(|error| format!("the rights of the serving role could not be set: {error}"))?;
    }
    owner.close().await?;
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(Duration::from_secs(10))
        .connect_with(options)
        .await
        .map_err(refused)?;
    Ok(Store { pool, cluster, owner_url: urls.owner.clone(), origin })
}

impl Store {
    /// Where the database is, in one line.
    pub(super) fn describe(&self) -> &str {
        &self.origin
    }

    /// The journal of this database, which a command may write.
    ///
    /// **Errors** also if the database is older than what was signed.
    pub(super) async fn journal(&self, settings: &Settings) -> Opened<Journal> {
        let origin = settings.origin.as_deref();
        let journal = Journal::open(&self.pool, &settings.data, origin).await?;
        match journal.refusal() {
            Some(why) => Err(why.into()),
            None => Ok(journal),
        }
    }

    /// A connection of the tables' owner.
    pub(super) async fn owner(&self) -> sqlx::Result<PgConnection> {
        PgConnection::connect(&self.owner_url).await
    }

    /// How the owner of the tables connects.
    pub(super) fn owner_options(&self) -> sqlx::Result<PgConnectOptions> {
        self.owner_url.parse()
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
