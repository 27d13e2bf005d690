//! The file that is loaded must be the file that was hashed.

use std::fs::File;
use std::path::PathBuf;

use arena_core::gguf;
use time::{Duration, OffsetDateTime};

/// Postgres keeps microseconds, file systems nanoseconds.
const CLOCK_ROUNDING: Duration = Duration::milliseconds(1);

/// Memory of a worker beside weights and context: code, batches, allocators.
const HEADROOM_BYTES: u64 = 2 << 30;
/// Stack and allocator of one thread.
const THREAD_BYTES: u64 = 72 << 20;
/// Tokens of one decode step, each with a row of logits and its copies.
const STEP_TOKENS: u64 = 512;

/// A file that was opened once and checked; the worker gets this very descriptor.
#[derive(Debug)]
pub(super) struct Opened {
    /// Open for reading.
    pub(super) file: File,
    size_bytes: u64,
    embedding_length: u64,
    block_count: u64,
    vocab_size: u64,
}

impl Opened {
    /// Most address space that a worker of this model needs, in bytes: an upper bound, so that a
    /// file cannot take the machine's memory with numbers that pass every other rule.
    pub(super) fn memory_bytes(&self, tokens: u32, threads: u32) -> u64 {
        // Keys and values of two bytes each; heads may be twice as wide as the model.
        let width = self.embedding_length.saturating_mul(2 * 2 * 2);
        let token = width.saturating_mul(self.block_count);
        let context = token.saturating_mul(u64::from(tokens));
        let logits = self.vocab_size.saturating_mul(4 * STEP_TOKENS);
        let threads = u64::from(threads).saturating_mul(THREAD_BYTES);
        // The weights are mapped, and some processors want them rearranged in a second copy.
        [self.size_bytes, self.size_bytes, context, logits, threads]
            .into_iter()
            .fold(HEADROOM_BYTES, u64::saturating_add)
    }
}

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
    /// Opens the file and checks what was opened; done before every start of a worker.
    ///
    /// Size and time stand for the digest: taking that again would cost seconds at every start.
    /// The header is read again, since its rules may have become stricter than when it was added.
    pub(super) fn open(&self) -> Result<Opened, String> {
        let path = self.path.display();
        let mut file = File::open(&self.path).map_err(|error| format!("{path}: {error}"))?;
        let found = file.metadata().map_err(|error| format!("{path}: {error}"))?;
        let modified = found.modified().map_err(|error| format!("{path}: {error}"))?;
        let drift = (OffsetDateTime::from(modified) - self.modified_at).abs();
        if found.len() != self.size_bytes || drift >= CLOCK_ROUNDING || !found.is_file() {
            return Err(format!(
                "{path} has changed since it was registered; register the new file under a new \
                 name"
            ));
        }
        let header = gguf::read(&mut file, found.len())
            .map_err(|reason| format!("{path} is refused: {reason}"))?;
        Ok(Opened {
            file,
            size_bytes: found.len(),
            embedding_length: header.embedding_length.into(),
            block_count: header.block_count.into(),
            vocab_size: header.vocab_size.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seven bytes that are no model: what is wrong with them is found after size and time.
    fn written(name: &str) -> ModelFile {
        let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        std::fs::write(&path, "weights").unwrap();
        let modified_at = path.metadata().unwrap().modified().unwrap().into();
        ModelFile { path, size_bytes: 7, modified_at }
    }

    #[test]
    fn memory_is_bounded_by_weights_context_threads_and_vocabulary() {
        let file = written("model-memory");
        let size_bytes = 98_362_432;
        let opened = Opened {
            file: File::open(&file.path).unwrap(),
            size_bytes,
            embedding_length: 576,
            block_count: 30,
            vocab_size: 49_152,
        };
        std::fs::remove_file(&file.path).unwrap();

        let small = opened.memory_bytes(4096, 1);

        // 4,096 tokens of 30 blocks at 8 x 576 bytes, 512 rows of 49,152 logits.
        let expected = (2 << 30) + 2 * size_bytes + 566_231_040 + 100_663_296 + (72 << 20);
        assert_eq!(small, expected);
        assert_eq!(opened.memory_bytes(8192, 1) - small, 566_231_040);
        let hostile = Opened { embedding_length: u64::MAX, ..opened };
        assert_eq!(hostile.memory_bytes(u32::MAX, u32::MAX), u64::MAX);
    }

    #[test]
    fn a_file_that_was_replaced_or_removed_after_its_digest_is_refused() {
        let file = written("model-file");
        assert!(file.open().unwrap_err().contains("is refused"), "it is the file, but no model");

        let touched =
            ModelFile { modified_at: file.modified_at - Duration::seconds(1), ..file.clone() };
        let longer = ModelFile { size_bytes: 8, ..file.clone() };
        assert!(touched.open().unwrap_err().contains("has changed"));
        assert!(longer.open().unwrap_err().contains("has changed"));

        std::fs::remove_file(&file.path).unwrap();
        assert!(file.open().unwrap_err().contains("No such file"));
    }
}
