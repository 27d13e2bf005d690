//! The log after one whose database is gone for good: it has a key and a database of its own, and its first leaf names the
//! last checkpoint of the log before.

use std::io::{ErrorKind, Write as _};
use std::path::Path;

use arena_core::journal::checkpoint::Head;
use arena_core::journal::note::Verifier;

use super::anchor::Anchor;
use super::{JournalError, key};

/// Name of the file with the last checkpoint of the log before, in the data folder.
const FILE: &str = "log.prev";

/// Prepares an empty data folder for the log that follows the one of another data folder, of which key and anchor are
/// left. The next start founds it.
///
/// **Output** the key that verifies the new log, and the head that it follows. **Errors** if the folder has a log already,
/// or the other one has no key or no checkpoint.
pub fn follow(data: &Path, old: &Path) -> Result<(Verifier, Head), JournalError> {
    if [key::FILE, "anchor.log", "pg"].iter().any(|name| data.join(name).exists()) {
        return Err(JournalError::NotEmpty(data.to_owned()));
    }
    let before = key::find(old)?.ok_or_else(|| JournalError::NothingBefore(old.to_owned()))?;
    let checkpoint = Anchor::new(old).last()?;
    let checkpoint = checkpoint.ok_or_else(|| JournalError::NothingBefore(old.to_owned()))?;
    let head = Head::open(&checkpoint, before.verifier())?;
    let name = name_after(before.verifier().name());
    write(&data.join(FILE), &checkpoint)?;
    Ok((key::make(data, &name)?.verifier().clone(), head))
}

/// The last checkpoint of the log before, if there was one.
pub(super) fn previous(data: &Path) -> Result<Option<String>, JournalError> {
    let path = data.join(FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(JournalError::File { path, source }),
    }
}

fn write(path: &Path, text: &str) -> Result<(), JournalError> {
    let failed = |source| JournalError::File { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = std::fs::File::create(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)
}

/// The name of the next log of an arena: its number is the last part.
fn name_after(name: &str) -> String {
    match name.rsplit_once('/').and_then(|(front, last)| Some((front, last.parse::<u32>().ok()?))) {
        Some((front, number)) => format!("{front}/{}", number.saturating_add(1)),
        None => format!("{name}/2"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_of_an_arena_are_numbered() {
        assert_eq!(name_after("arena.example/log/1"), "arena.example/log/2");
        assert_eq!(name_after("arena.example/log/9"), "arena.example/log/10");
        assert_eq!(name_after("arena.example/log"), "arena.example/log/2");
    }

    #[test]
    fn a_folder_without_a_log_is_followed_by_none() {
        let folder = std::env::temp_dir().join(format!("next-{}", uuid::Uuid::new_v4()));
        let (old, new) = (folder.join("old"), folder.join("new"));
        let unsigned =
            |outcome| matches!(outcome, Err(JournalError::NothingBefore(at)) if at == old);

        assert!(unsigned(follow(&new, &old)), "nothing is there");
        key::make(&old, "arena.example/log/1").unwrap();
        assert!(unsigned(follow(&new, &old)), "nothing was signed");
        assert!(!new.exists());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
