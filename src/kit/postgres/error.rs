//! Why a private cluster cannot be had. Each sentence tells what to do where that is known.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

/// Why a private cluster cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Another application holds the data folder.
    #[error(
        "the data folder {} is in use by another doubleblind: stop it first, or choose another folder",
        .0.display()
    )]
    InUse(PathBuf),
    /// Something in the data folder or the socket folder cannot be read or written.
    #[error("{attempted} {} failed", path.display())]
    Folder {
        /// What was attempted, as in "opening".
        attempted: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The machine has no PostgreSQL that is new enough.
    #[error(
        "no PostgreSQL {oldest} or newer on this machine (found: {found}): run `apt-get install \
         postgresql`, or set DATABASE_URL to a server that runs already"
    )]
    NoBinaries {
        /// The oldest major version that is taken.
        oldest: u32,
        /// What was found instead.
        found: String,
    },
    /// The folder given for the programs does not have them.
    #[error("{} has no usable `initdb` and `postgres`: {reason}", folder.display())]
    UnusableBinaries {
        /// The folder that was given.
        folder: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The data folder belongs to another major version.
    #[error(
        "{} was written by PostgreSQL {major}, which no other major version can read (found: \
         {found}): install PostgreSQL {major}, or bring the data to the new version with pg_dump \
         or pg_upgrade",
        folder.display()
    )]
    OtherMajor {
        /// The cluster's folder.
        folder: PathBuf,
        /// The major version that wrote it.
        major: u32,
        /// What was found instead.
        found: String,
    },
    /// There is something else where the cluster should be.
    #[error("{} is not a PostgreSQL data folder: move it away, or choose another folder", .0.display())]
    NotACluster(PathBuf),
    /// No user of this machine can run the server in that folder.
    #[error(
        "no user can run PostgreSQL in {} ({tried}): choose a folder that user `postgres` can \
         reach, or set DATABASE_URL to a server that runs already",
        folder.display()
    )]
    NoIdentity {
        /// The cluster's folder.
        folder: PathBuf,
        /// Each candidate and what kept it.
        tried: String,
    },
    /// A program of PostgreSQL ended where it should not.
    #[error("{what} ended with {status}; the end of {}:\n{tail}", log.display())]
    Ended {
        /// Which program.
        what: &'static str,
        /// Its exit status.
        status: ExitStatus,
        /// Where its messages are.
        log: PathBuf,
        /// The last of them.
        tail: String,
    },
    /// A program of PostgreSQL takes too long.
    #[error("{what} was not ready within {limit:?}")]
    NotReady {
        /// Which program.
        what: &'static str,
        /// How long it was waited for.
        limit: Duration,
    },
    /// A server does not stop.
    #[error("the PostgreSQL server of {} does not stop: end it by hand", folder.display())]
    StillRunning {
        /// The cluster's folder.
        folder: PathBuf,
    },
    /// No folder will do for the socket.
    #[error(
        "no folder for the database's socket ({tried}): set TMPDIR to a short path that every user can enter"
    )]
    NoSocketFolder {
        /// Each candidate and what is wrong with it.
        tried: String,
    },
    /// A program cannot be started at all.
    #[error("starting {what} failed")]
    Spawn {
        /// Which program.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The server runs, but does not let us in.
    #[error("connecting to the new PostgreSQL server failed")]
    Connect(#[source] sqlx::Error),
    /// The application's role or database cannot be made.
    #[error("preparing the application's role and database failed")]
    Prepare(#[source] sqlx::Error),
}

impl ClusterError {
    pub(super) fn folder(attempted: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Folder { attempted, path: path.to_path_buf(), source }
    }
}
