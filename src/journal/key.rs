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
    if let Some(signer) = find(data)? {
        return Ok(signer);
    }
    let origin = match origin {
        Some(origin) => origin.to_owned(),
        // Two arenas that nobody named must not have logs of the same name.
        None => format!("localhost/arena-{}", hex::encode(random::<4>()?)),
    };
    make(data, &format!("{origin}/log/1"))
}

/// The key in a data folder, if there is one.
pub(super) fn find(data: &Path) -> Result<Option<Signer>, JournalError> {
    let path = data.join(FILE);
    let text = read(&path).map_err(|source| JournalError::File { path, source })?;
    Ok(text.as_deref().map(Signer::parse).transpose()?)
}

fn random<const N: usize>() -> Result<[u8; N], JournalError> {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).map_err(|_| JournalError::Randomness)?;
    Ok(bytes)
}

/// Makes the key of a log of this name. Two processes that do it at once use the same one.
pub(super) fn make(data: &Path, name: &str) -> Result<Signer, JournalError> {
    let path = data.join(FILE);
    let failed = |source| JournalError::File { path: path.clone(), source };
    std::fs::create_dir_all(data).map_err(failed)?;
    let signer = Signer::from_seed(name, &random()?)?;
    let tail = random::<8>()?;
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
