//! Running the server: its options, socket, log, readiness, and the application's role in it.

use std::env;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, sleep, timeout};

use super::binaries::Binaries;
use super::identity::Identity;
use super::recover::PidFile;
use super::spawn::Child;
use super::{ADMIN_ROLE, ClusterError, Durability};

/// Crash recovery after much writing takes a while, and ending it early only makes it start anew.
const READY_LIMIT: Duration = Duration::from_secs(600);
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// A socket's path has at most 103 bytes on macOS, 107 on Linux; the file's name takes 15, and its
/// lock's name 5 more.
const SOCKET_FOLDER_BYTES: usize = 80;
const LOG_BYTES: u64 = 16 << 20;

/// Settings of every cluster. Statements, not their parameters, may reach the log, and TERSE keeps
/// out the rows that a constraint refused.
const ALWAYS: [&str; 10] = [
    // Segments with erased texts are removed, not kept under another name.
    "wal_recycle=off",
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=64",
    "jit=off",
    "logging_collector=off",
    "log_destination=stderr",
    "log_min_messages=warning",
    "log_error_verbosity=terse",
    "log_checkpoints=off",
];
const DURABLE: [&str; 3] = ["fsync=on", "synchronous_commit=on", "full_page_writes=on"];
const THROWAWAY: [&str; 4] =
    ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off"];

/// The command line of the server.
pub(super) fn command(
    binaries: &Binaries,
    identity: &Identity,
    folder: &Path,
    socket_folder: &Path,
    durability: Durability,
) -> Command {
    let mut command = identity.command(&binaries.postgres, folder);
    command.arg("-D").arg(folder).arg("-k").arg(socket_folder).args(["-p", "5432"]);
    let by_durability = match durability {
        Durability::Durable => DURABLE.as_slice(),
        Durability::Throwaway => THROWAWAY.as_slice(),
    };
    for setting in ALWAYS.iter().chain(by_durability) {
        command.arg("-c").arg(setting);
    }
    command
}

/// Makes the folder for the socket: a short path that only the server's user and root can enter.
pub(super) async fn socket_folder(
    data_dir: &Path,
    identity: &Identity,
) -> Result<PathBuf, ClusterError> {
    let digest = hex::encode(Sha256::digest(data_dir.as_os_str().as_bytes()));
    let name = format!("doubleblind-pg-{}", digest.get(..16).unwrap_or(&digest));
    let mut tried = Vec::new();
    for base in [env::temp_dir(), PathBuf::from("/tmp"), data_dir.to_path_buf()] {
        let folder = base.join(&name);
        match offer(&folder, identity).await {
            Ok(()) => return Ok(folder),
            Err(reason) => tried.push(format!("{}: {reason}", folder.display())),
        }
    }
    Err(ClusterError::NoSocketFolder { tried: tried.join("; ") })
}

async fn offer(folder: &Path, identity: &Identity) -> Result<(), String> {
    let bytes = folder.as_os_str().as_bytes();
    // PostgreSQL reads its setting as a list with commas and quotes.
    if bytes.len() > SOCKET_FOLDER_BYTES || bytes.iter().any(|byte| b",\"'\\\n".contains(byte)) {
        return Err("too long, or has a comma or quote".into());
    }
    make_private(folder, identity.owner()).map_err(|e| e.to_string())?;
    if identity.can_write(folder).await {
        return Ok(());
    }
    // Best effort: an empty folder that stays behind does no harm.
    let _ = fs::remove_dir(folder);
    Err(format!("not writable for {}", identity.name()))
}

/// Makes a folder of mode 0700 for its owner. Its parent is often writable for everybody, so what
/// is there already is kept only if it is a folder of that very owner.
fn make_private(folder: &Path, owner: (u32, u32)) -> io::Result<()> {
    match fs::symlink_metadata(folder) {
        Ok(found) if found.is_dir() && found.uid() == owner.0 => {
            return fs::set_permissions(folder, Permissions::from_mode(0o700));
        }
        Ok(found) if found.is_dir() => fs::remove_dir_all(folder)?,
        Ok(_) => fs::remove_file(folder)?,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    DirBuilder::new().mode(0o700).create(folder)?;
    chown(folder, Some(owner.0), Some(owner.1))
}

/// The file that receives what initdb and the server print.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    file: File,
    /// Where this start's messages begin.
    start: u64,
}

impl Log {
    /// Opens the log of a data folder for appending; a large one is put aside first.
    pub(super) fn open(data_dir: &Path) -> Result<Self, ClusterError> {
        let path = data_dir.join("postgres.log");
        Self::open_path(path.clone()).map_err(|e| ClusterError::folder("opening", &path, e))
    }

    fn open_path(path: PathBuf) -> io::Result<Self> {
        if fs::metadata(&path).is_ok_and(|metadata| metadata.len() > LOG_BYTES) {
            fs::rename(&path, path.with_extension("log.old"))?;
        }
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path)?;
        let start = file.metadata()?.len();
        Ok(Self { path, file, start })
    }

    /// Starts a command that prints into this log.
    pub(super) async fn spawn(&self, mut command: Command) -> Result<Child, ClusterError> {
        let failed = |source| ClusterError::Spawn { what: "PostgreSQL", source };
        let output = self.file.try_clone().map_err(failed)?;
        let errors = self.file.try_clone().map_err(failed)?;
        command.stdout(output).stderr(errors);
        Child::spawn(command).await.map_err(failed)
    }

    /// The error for a program that ended, with its last messages.
    pub(super) fn ended(&self, what: &'static str, status: ExitStatus) -> ClusterError {
        let tail = self.tail().unwrap_or_else(|e| e.to_string());
        ClusterError::Ended { what, status, log: self.path.clone(), tail }
    }

    fn tail(&self) -> io::Result<String> {
        const BYTES: u64 = 2000;
        let mut file = File::open(&self.path)?;
        let end = file.metadata()?.len();
        file.seek(SeekFrom::Start(self.start.max(end.saturating_sub(BYTES))))?;
        let mut bytes = Vec::new();
        file.take(BYTES).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    }
}

/// The connection URL of a role on a database. Port and TLS are named so that PGPORT or PGSSLMODE
/// in the environment change nothing.
pub(super) fn url(role: &str, database: &str, socket_folder: &Path) -> String {
    let host = percent_encode(socket_folder.as_os_str().as_bytes());
    let database = percent_encode(database.as_bytes());
    format!("postgresql://{role}@localhost:5432/{database}?host={host}&sslmode=disable")
}

fn percent_encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// Opens a connection on which a query has been answered, trying again while the server is busy
/// with its start.
pub(super) async fn connect(url: &str) -> Result<PgConnection, sqlx::Error> {
    let options: PgConnectOptions = url.parse()?;
    let deadline = Instant::now() + CONNECT_LIMIT;
    loop {
        let attempt = timeout(CONNECT_LIMIT, try_connect(&options));
        match attempt.await.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
            Err(e) if Instant::now() < deadline && is_transient(&e) => {
                sleep(Duration::from_millis(10)).await;
            }
            result => return result,
        }
    }
}

async fn try_connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    sqlx::query("select 1").execute(&mut connection).await?;
    Ok(connection)
}

/// Not listening yet, or "the database system is starting up".
fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(e) => e.code().as_deref() == Some("57P03"),
        _ => false,
    }
}

/// Waits until this very server answers, and returns the superuser's connection to it.
///
/// The pid matters: an answer alone could come from another server at the same socket.
pub(super) async fn ready(
    server: &Child,
    folder: &Path,
    socket_folder: &Path,
    log: &Log,
) -> Result<PgConnection, ClusterError> {
    let start = Instant::now();
    let mut next_message = Duration::from_secs(10);
    while start.elapsed() < READY_LIMIT {
        if let Some(status) = server.end() {
            return Err(log.ended("postgres", status));
        }
        let pid_file =
            PidFile::read(folder).map_err(|e| ClusterError::folder("reading", folder, e))?;
        if pid_file.is_some_and(|file| file.pid == server.pid() && file.ready_in.is_some()) {
            let url = url(ADMIN_ROLE, "postgres", socket_folder);
            return connect(&url).await.map_err(ClusterError::Connect);
        }
        if start.elapsed() > next_message {
            tracing::info!(elapsed_s = start.elapsed().as_secs(), "PostgreSQL is still starting");
            next_message += Duration::from_secs(10);
        }
        sleep(Duration::from_millis(5)).await;
    }
    Err(ClusterError::NotReady { what: "postgres", limit: READY_LIMIT })
}

/// Makes the application's role and database unless they are there. A start that was interrupted
/// between the two is completed by the next one.
pub(super) async fn ensure_role_and_database(admin: &mut PgConnection) -> Result<(), ClusterError> {
    timeout(Duration::from_secs(60), make_missing(admin))
        .await
        .map_err(|_| sqlx::Error::PoolTimedOut)
        .flatten()
        .map_err(ClusterError::Prepare)
}

async fn make_missing(admin: &mut PgConnection) -> Result<(), sqlx::Error> {
    let (has_role, has_serving, has_database): (bool, bool, bool) = sqlx::query_as(
        "select exists (select from pg_roles where rolname = 'doubleblind'),
                exists (select from pg_roles where rolname = 'doubleblind_app'),
                exists (select from pg_database where datname = 'doubleblind')",
    )
    .fetch_one(&mut *admin)
    .await?;
    for (there, role) in [(has_role, "doubleblind"), (has_serving, "doubleblind_app")] {
        if !there {
            let sql = format!("create role {role} login nosuperuser nocreatedb nocreaterole");
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *admin).await?;
        }
    }
    if !has_database {
        sqlx::query("create database doubleblind owner doubleblind").execute(&mut *admin).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sqlx::postgres::PgConnectOptions;

    use super::url;

    #[test]
    fn a_socket_folder_with_odd_letters_survives_the_url() {
        let text = url("doubleblind", "t_1", Path::new("/tmp/a b&c=é+/sock"));

        let options: PgConnectOptions = text.parse().unwrap();

        assert_eq!(options.get_socket().unwrap(), Path::new("/tmp/a b&c=é+/sock"));
        assert_eq!(options.get_database(), Some("t_1"));
    }
}
