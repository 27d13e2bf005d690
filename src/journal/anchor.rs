//! The anchor: a file outside Postgres with every head that was signed, one a line, so that a database that was
//! put back to an older state is noticed.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::JournalError;

/// Longer than any line.
const TAIL_BYTES: u64 = 8192;

pub(super) struct Anchor {
    path: PathBuf,
}

impl Anchor {
    pub(super) fn new(data: &Path) -> Self {
        Self { path: data.join("anchor.log") }
    }

    fn failed(&self) -> impl Fn(std::io::Error) -> JournalError + '_ {
        |source| JournalError::File { path: self.path.clone(), source }
    }

    /// The last checkpoint that was signed. A line that was cut off by a crash was never published.
    pub(super) fn last(&self) -> Result<Option<String>, JournalError> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed()(error)),
        };
        let end = file.metadata().map_err(self.failed())?.len();
        file.seek(SeekFrom::Start(end.saturating_sub(TAIL_BYTES))).map_err(self.failed())?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(self.failed())?;
        let text = String::from_utf8_lossy(&bytes);
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let decode = |line: &str| String::from_utf8(BASE64.decode(line).ok()?).ok();
        Ok(whole.rsplit('\n').filter(|line| !line.is_empty()).find_map(decode))
    }

    /// Adds a checkpoint; it is on the disk when this returns.
    pub(super) fn append(&self, note: &str) -> Result<(), JournalError> {
        let mut file =
            OpenOptions::new().append(true).create(true).open(&self.path).map_err(self.failed())?;
        // A cut line before it must not take this one with it.
        let line = format!("\n{}\n", BASE64.encode(note));
        file.write_all(line.as_bytes()).map_err(self.failed())?;
        file.sync_all().map_err(self.failed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_whole_line_is_found_also_after_a_cut_one() {
        let folder = std::env::temp_dir().join(format!("anchor-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&folder).unwrap();
        let anchor = Anchor::new(&folder);
        assert_eq!(anchor.last().unwrap(), None);

        anchor.append("one\n").unwrap();
        anchor.append("two\n").unwrap();
        assert_eq!(anchor.last().unwrap().as_deref(), Some("two\n"));
        let mut file = OpenOptions::new().append(true).open(folder.join("anchor.log")).unwrap();
        file.write_all(b"\ndGhy").unwrap();
        assert_eq!(anchor.last().unwrap().as_deref(), Some("two\n"));
        anchor.append("four\n").unwrap();

        assert_eq!(anchor.last().unwrap().as_deref(), Some("four\n"));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
