//! What a killed application or server leaves behind: a server that is still ending, and lock
//! files that PostgreSQL believes too readily.
//!
//! Everything here happens while the data folder's lock is held, so no application of ours can be
//! starting a server in the same folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::ClusterError;
use super::spawn::{self, Signal};

const LEAVE_LIMIT: Duration = Duration::from_secs(60);
/// After this a server that was told to end is cut off; what it has acknowledged is on the disk.
const PATIENCE: Duration = Duration::from_secs(5);

/// What `postmaster.pid` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PidFile {
    pub(super) pid: u32,
    /// The socket folder, once the server accepts connections.
    pub(super) ready_in: Option<PathBuf>,
}

impl PidFile {
    /// Reads the file in a cluster's folder; `None` when there is none, or not yet a whole one.
    pub(super) fn read(folder: &Path) -> io::Result<Option<Self>> {
        match fs::read_to_string(folder.join("postmaster.pid")) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        // A server in single-user mode, as during initdb, writes its pid negated.
        let pid = lines.next()?.trim().parse::<i32>().ok()?.unsigned_abs();
        let socket_folder = lines.nth(3);
        let status = lines.nth(2);
        let is_ready = status.is_some_and(|status| status.trim() == "ready");
        Some(Self { pid, ready_in: socket_folder.filter(|_| is_ready).map(PathBuf::from) })
    }
}

/// Waits until no server works in the folder, after telling one that still does to end.
///
/// PostgreSQL ends with its application, but after a SIGKILL that takes a moment; and where there
/// is no PDEATHSIG it does not end by itself.
pub(super) async fn make_way(folder: &Path) -> Result<(), ClusterError> {
    let mut working = working_in(folder);
    if working.is_empty() {
        return Ok(());
    }
    tracing::info!(folder = %folder.display(), "waiting for the previous PostgreSQL to end");
    let pid_file = PidFile::read(folder).map_err(|e| ClusterError::folder("reading", folder, e))?;
    let server = pid_file.map(|file| file.pid).filter(|pid| working.contains(pid));
    let tell = |signal| server.into_iter().for_each(|pid| spawn::send(pid, signal));
    tell(Signal::FastShutdown);
    let (start, mut cut_off) = (Instant::now(), false);
    while !working.is_empty() {
        if start.elapsed() > LEAVE_LIMIT {
            return Err(ClusterError::StillRunning { folder: folder.to_path_buf() });
        }
        // PostgreSQL 15 that is told to end while it recovers from a crash of one of its processes never does:
        // it waits for its checkpointer, which nobody has told.
        if start.elapsed() > PATIENCE && !std::mem::replace(&mut cut_off, true) {
            tracing::warn!(
                "the previous PostgreSQL has not ended within {PATIENCE:?} and is cut off"
            );
            tell(Signal::ImmediateShutdown);
        }
        sleep(Duration::from_millis(5)).await;
        working = working_in(folder);
    }
    Ok(())
}

/// Removes the lock files of a server that is gone.
///
/// PostgreSQL itself takes them for valid when their pid belongs to anything, also to a zombie
/// that nobody reaps, or to a stranger that got the same number after a restart of the container.
pub(super) fn remove_stale_files(folder: &Path, socket_folder: &Path) -> Result<(), ClusterError> {
    let stale = [
        folder.join("postmaster.pid"),
        socket_folder.join(".s.PGSQL.5432.lock"),
        socket_folder.join(".s.PGSQL.5432"),
    ];
    for path in stale {
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                return Err(ClusterError::folder("removing the stale", &path, e));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Processes of PostgreSQL whose working folder is `folder`, as it is for server, backends and
/// initdb. Zombies have none.
#[cfg(target_os = "linux")]
fn working_in(folder: &Path) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let process = entry.path();
        // Somebody's shell in that folder is not to be waited for.
        let is_ours = fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == folder)
            && fs::read_to_string(process.join("comm"))
                .is_ok_and(|name| matches!(name.trim(), "postgres" | "postmaster" | "initdb"));
        if is_ours {
            found.push(pid);
        }
    }
    found
}

/// Without /proc: the process named in `postmaster.pid`, if it is PostgreSQL and no zombie.
#[cfg(not(target_os = "linux"))]
fn working_in(folder: &Path) -> Vec<u32> {
    let Ok(Some(PidFile { pid, .. })) = PidFile::read(folder) else { return Vec::new() };
    let answer = std::process::Command::new("ps")
        .args(["-o", "stat=,comm=", "-p", &pid.to_string()])
        .output();
    let Ok(answer) = answer else { return Vec::new() };
    let line = String::from_utf8_lossy(&answer.stdout);
    if line.contains("postgres") && !line.trim_start().starts_with('Z') {
        return vec![pid];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::PidFile;

    #[test]
    fn a_server_counts_as_ready_only_when_its_last_line_says_so() {
        let starting = "12\n/data/pg\n1700000000\n5432\n/tmp/sock\n\n  11 22\nstarting\n";
        let ready = starting.replace("starting", "ready   ");

        assert_eq!(PidFile::parse(starting).unwrap().ready_in, None);
        assert_eq!(PidFile::parse(&ready).unwrap().ready_in.unwrap().to_str(), Some("/tmp/sock"));
        assert_eq!(PidFile::parse("12\n/data/pg\n").unwrap().pid, 12);
        assert_eq!(PidFile::parse("-12\n").unwrap().pid, 12);
        assert_eq!(PidFile::parse(""), None);
    }
}
