//! The lock that keeps a second application off a data folder.
//!
//! `File::try_lock` is flock(2) on Linux and macOS: the kernel releases it when the process ends,
//! however it ends, and child programs do not inherit it (std opens files close-on-exec).

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::ClusterError;

/// How long a lock may be held by something harmless: `attach` looking, or a killed application's
/// child between fork and exec.
const GRACE: Duration = Duration::from_millis(300);

/// The exclusive right to use a data folder.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Takes the lock, or says that another application holds it.
    pub(super) async fn take(data_dir: &Path) -> Result<Self, ClusterError> {
        let path = data_dir.join("lock");
        let file = open(&path).map_err(|e| ClusterError::folder("opening", &path, e))?;
        let deadline = Instant::now() + GRACE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    sleep(Duration::from_millis(10)).await;
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(ClusterError::InUse(data_dir.to_path_buf()));
                }
                Err(TryLockError::Error(e)) => {
                    return Err(ClusterError::folder("locking", &path, e));
                }
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough while a child that was just forked still has a copy of the
        // descriptor; unlocking counts for all copies. If it fails, closing is all there is.
        let _ = self.0.unlock();
    }
}

/// Whether an application holds the data folder; the shared lock disturbs no other onlooker.
pub(super) fn is_held(data_dir: &Path) -> Result<bool, ClusterError> {
    let path = data_dir.join("lock");
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(ClusterError::folder("opening", &path, e)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(e)) => Err(ClusterError::folder("locking", &path, e)),
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}
