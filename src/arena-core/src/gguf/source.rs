//! Reads numbers and strings in order, within the header budget. Knows nothing of keys or tensors.

use std::io::{ErrorKind, Read};

use super::GgufError;
use super::limits::HEADER_BYTES;

const CHUNK_BYTES: usize = 64 * 1024;

/// A sequential source that never asks for more than the budget and never trusts a claimed size.
pub(super) struct Source<'a, R> {
    inner: &'a mut R,
    /// What arrived last lies at the front; the rest was zeroed once and is overwritten.
    chunk: Vec<u8>,
    filled: usize,
    used: usize,
    position: u64,
    file_size_bytes: u64,
}

impl<'a, R: Read> Source<'a, R> {
    pub(super) fn new(inner: &'a mut R, file_size_bytes: u64) -> Self {
        Self { inner, chunk: Vec::new(), filled: 0, used: 0, position: 0, file_size_bytes }
    }

    /// The number of bytes that were handed out.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    pub(super) fn u32(&mut self) -> Result<u32, GgufError> {
        Ok(u32::from_le_bytes(self.exact()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, GgufError> {
        Ok(u64::from_le_bytes(self.exact()?))
    }

    pub(super) fn exact<const N: usize>(&mut self) -> Result<[u8; N], GgufError> {
        self.admit(N as u64)?;
        let ready = self.chunk.get(self.used..self.filled);
        if let Some(bytes) = ready.and_then(|rest| rest.first_chunk()) {
            let bytes = *bytes;
            self.advance(N);
            return Ok(bytes);
        }
        let mut bytes = [0; N];
        let mut rest = &mut bytes[..];
        while !rest.is_empty() {
            let ready = self.ready()?;
            let count = ready.len().min(rest.len());
            let (filled, unfilled) = rest.split_at_mut(count);
            filled.copy_from_slice(&ready[..count]);
            rest = unfilled;
            self.advance(count);
        }
        Ok(bytes)
    }

    /// Appends exactly `count` bytes; `out` grows as they arrive, not by the claim.
    pub(super) fn append(&mut self, out: &mut Vec<u8>, count: u64) -> Result<(), GgufError> {
        self.admit(count)?;
        let mut missing = count;
        while missing > 0 {
            let ready = self.ready()?;
            let taken = ready.len().min(usize::try_from(missing).unwrap_or(usize::MAX));
            out.extend_from_slice(&ready[..taken]);
            missing -= taken as u64;
            self.advance(taken);
        }
        Ok(())
    }

    /// Refuses a claim that the file or the budget cannot hold, before anything is read for it.
    pub(super) fn admit(&self, count: u64) -> Result<(), GgufError> {
        let needed_bytes = self.position.saturating_add(count);
        if needed_bytes > self.file_size_bytes {
            let file_size_bytes = self.file_size_bytes;
            return Err(GgufError::HeaderTruncated { file_size_bytes, needed_bytes });
        }
        if needed_bytes > HEADER_BYTES {
            return Err(GgufError::HeaderTooLarge { needed_bytes });
        }
        Ok(())
    }

    fn advance(&mut self, count: usize) {
        self.used += count;
        self.position += count as u64;
    }

    /// Returns the bytes that have arrived and are not used yet, at least one.
    fn ready(&mut self) -> Result<&[u8], GgufError> {
        if self.used == self.filled {
            self.refill()?;
        }
        Ok(&self.chunk[self.used..self.filled])
    }

    fn refill(&mut self) -> Result<(), GgufError> {
        // Callers passed `admit`, so at least one byte of budget and of file is left.
        let left = HEADER_BYTES.min(self.file_size_bytes).saturating_sub(self.position);
        let wanted = usize::try_from(left).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
        (self.used, self.filled) = (0, 0);
        if self.chunk.len() < wanted {
            self.chunk.resize(wanted, 0);
        }
        loop {
            match self.inner.read(&mut self.chunk[..wanted]) {
                Ok(0) => {
                    return Err(GgufError::HeaderTruncated {
                        file_size_bytes: self.position,
                        needed_bytes: self.position + 1,
                    });
                }
                Ok(count) => {
                    self.filled = count;
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    return Err(GgufError::Unreadable { byte: self.position, kind: error.kind() });
                }
            }
        }
    }
}
