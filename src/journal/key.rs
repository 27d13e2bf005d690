//! The key file of the log: made once, outside the database and its backups, readable by its owner only.

use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use arena_core::journal::note::Signer;
use rand::TryRng as _;
use rand::rngs::SysRng;

use super::JournalError;

/// Name of the key file in the data folder.
pub(super) const FILE: &str = "log.key";

/// Reads the key, or makes one for a log of this origin. Two processes that start at once use the same one.
pub(super) fn read_or_make(data: &Path, origin: Option<&str>) -> Result<Signer, JournalError> {
    let path = data.join(FILE);
    let failed = |source| JournalError::File { path: path.clone(), source };
    std::fs::create_dir_all(data).map_err(failed)?;
    if let Some(signer) = read(&path).map_err(failed)? {
        return Ok(Signer::parse(&signer)?);
    }
    let (mut seed, mut tail) = ([0; 32], [0; 8]);
    SysRng.try_fill_bytes(&mut seed).map_err(|_| JournalError::Randomness)?;
    SysRng.try_fill_bytes(&mut tail).map_err(|_| JournalError::Randomness)?;
    // Two arenas that nobody named must not have logs of the same name.
    let made_up = || format!("localhost/arena-{}", hex::encode(&tail[..4]));
    let origin = origin.map_or_else(made_up, str::to_owned);
    let signer = Signer::from_seed(&format!("{origin}/log/1"), &seed)?;
    // Complete before it has its name: another process reads all of it or nothing.
    let draft = data.join(format!(".{FILE}.{}", hex::encode(tail)));
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .map_err(failed)?;
    file.write_all(signer.to_secret().as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    let linked = std::fs::hard_link(&draft, &path);
    std::fs::remove_file(&draft).map_err(failed)?;
    match linked {
        Ok(()) => Ok(signer),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let text = read(&path).map_err(failed)?.unwrap_or_default();
            Ok(Signer::parse(&text)?)
        }
        Err(error) => Err(failed(error)),
    }
}

fn read(path: &Path) -> std::io::Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
