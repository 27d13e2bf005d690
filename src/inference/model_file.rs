//! The file that is loaded must be the file that was hashed.

use std::path::PathBuf;

use time::{Duration, OffsetDateTime};

/// Postgres keeps microseconds, file systems nanoseconds.
const CLOCK_ROUNDING: Duration = Duration::milliseconds(1);

/// A GGUF file as it was when its digest was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// When it was last written.
    pub modified_at: OffsetDateTime,
}

impl ModelFile {
    /// Says what is wrong with the file now, if anything is; asked before every start of a worker.
    ///
    /// Size and time stand for the digest: taking that again would cost seconds at every start.
    pub(super) fn check(&self) -> Result<(), String> {
        let path = self.path.display();
        let found = std::fs::metadata(&self.path).map_err(|error| format!("{path}: {error}"))?;
        let modified = found.modified().map_err(|error| format!("{path}: {error}"))?;
        let drift = (OffsetDateTime::from(modified) - self.modified_at).abs();
        if found.len() == self.size_bytes && drift < CLOCK_ROUNDING {
            return Ok(());
        }
        Err(format!(
            "{path} has changed since it was registered; register the new file under a new name"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str) -> ModelFile {
        let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        std::fs::write(&path, "weights").unwrap();
        let modified_at = path.metadata().unwrap().modified().unwrap().into();
        ModelFile { path, size_bytes: 7, modified_at }
    }

    #[test]
    fn a_file_that_was_replaced_or_removed_after_its_digest_is_refused() {
        let file = written("model-file");
        assert_eq!(file.check(), Ok(()));

        let touched =
            ModelFile { modified_at: file.modified_at - Duration::seconds(1), ..file.clone() };
        let longer = ModelFile { size_bytes: 8, ..file.clone() };
        assert!(touched.check().unwrap_err().contains("has changed"));
        assert!(longer.check().unwrap_err().contains("has changed"));

        std::fs::remove_file(&file.path).unwrap();
        assert!(file.check().unwrap_err().contains("No such file"));
    }
}
