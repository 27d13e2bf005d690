//! Making a new cluster: initdb into `pg.new`, then a rename, so that a folder named `pg` is
//! always a whole cluster.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Duration;

use super::binaries::{Binaries, leading_number};
use super::identity::Identity;
use super::serve::Log;
use super::{ADMIN_ROLE, ClusterError, Durability, recover};

const LIMIT: Duration = Duration::from_secs(180);
/// Byte order and UTF-8 letters, the same on every machine; macOS has it only under the name C.
const LOCALE: &str = if cfg!(target_os = "macos") { "C" } else { "C.UTF-8" };

/// The major version of the cluster in a folder; `None` when there is none yet.
pub(super) fn major(folder: &Path) -> Result<Option<u32>, ClusterError> {
    let path = folder.join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => match leading_number(&text) {
            Some(major) => Ok(Some(major)),
            None => Err(ClusterError::NotACluster(folder.to_path_buf())),
        },
        Err(e) if e.kind() == io::ErrorKind::NotFound && is_free(folder)? => Ok(None),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            Err(ClusterError::NotACluster(folder.to_path_buf()))
        }
        Err(e) => Err(ClusterError::folder("reading", &path, e)),
    }
}

/// Whether nothing is there, or an empty folder, which a rename replaces.
fn is_free(folder: &Path) -> Result<bool, ClusterError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(e) => Err(ClusterError::folder("reading", folder, e)),
    }
}

/// Makes the cluster, and tells who owns it.
pub(super) async fn create(
    data_dir: &Path,
    binaries: &Binaries,
    durability: Durability,
) -> Result<Identity, ClusterError> {
    let unfinished = data_dir.join("pg.new");
    remove_leftover(&unfinished).await?;
    DirBuilder::new()
        .mode(0o700)
        .create(&unfinished)
        .map_err(|e| ClusterError::folder("creating", &unfinished, e))?;
    let made = fill(data_dir, &unfinished, binaries, durability).await;
    if made.is_err() {
        // The next start removes it too; this error must not hide the first one.
        let _ = fs::remove_dir_all(&unfinished);
    }
    made
}

/// An initdb that was interrupted may still be busy in the folder.
async fn remove_leftover(unfinished: &Path) -> Result<(), ClusterError> {
    if !unfinished.exists() {
        return Ok(());
    }
    recover::make_way(unfinished).await?;
    fs::remove_dir_all(unfinished)
        .map_err(|e| ClusterError::folder("removing the unfinished", unfinished, e))
}

async fn fill(
    data_dir: &Path,
    unfinished: &Path,
    binaries: &Binaries,
    durability: Durability,
) -> Result<Identity, ClusterError> {
    let identity = Identity::for_new(&binaries.postgres, unfinished).await?;
    run_initdb(data_dir, unfinished, binaries, &identity, durability).await?;
    let folder = data_dir.join("pg");
    fs::rename(unfinished, &folder)
        .and_then(|()| File::open(data_dir)?.sync_all())
        .map_err(|e| ClusterError::folder("creating", &folder, e))?;
    Ok(identity)
}

async fn run_initdb(
    data_dir: &Path,
    unfinished: &Path,
    binaries: &Binaries,
    identity: &Identity,
    durability: Durability,
) -> Result<(), ClusterError> {
    // Anyone who reaches the socket is trusted: only the owner and root can enter its folder.
    let mut command = identity.command(&binaries.initdb, unfinished);
    command.args(["-U", ADMIN_ROLE, "-A", "trust", "-E", "UTF8", "--locale", LOCALE]);
    command.args(["--data-checksums", "--no-instructions", "-D"]).arg(unfinished);
    if durability == Durability::Throwaway {
        command.arg("--no-sync");
    }
    let log = Log::open(data_dir)?;
    let initdb = log.spawn(command).await?;
    match initdb.wait(LIMIT).await {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(log.ended("initdb", status)),
        None => Err(ClusterError::NotReady { what: "initdb", limit: LIMIT }),
    }
}
