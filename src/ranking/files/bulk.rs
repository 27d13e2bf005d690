//! A whole file in memory, read by several threads at once where it is large.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Below this a second thread costs more than it saves.
const LARGE: usize = 8 << 20;

/// Reads a file, a pipe too.
pub(super) fn read(path: &Path, threads: usize) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let about = file.metadata()?;
    let size = usize::try_from(about.len()).unwrap_or(usize::MAX);
    if !about.is_file() || size < LARGE || threads < 2 {
        let mut bytes = Vec::with_capacity(size);
        file.read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    let mut bytes = vec![0; size];
    let piece = size.div_ceil(threads);
    std::thread::scope(|scope| {
        let file = &file;
        let read = |(at, part): (usize, &mut [u8])| file.read_exact_at(part, (at * piece) as u64);
        let pieces = bytes.chunks_mut(piece).enumerate();
        let threads: Vec<_> = pieces.map(|piece| scope.spawn(move || read(piece))).collect();
        threads.into_iter().try_for_each(|thread| match thread.join() {
            Ok(outcome) => outcome,
            Err(_) => Err(io::Error::other("a reading thread ended")),
        })
    })?;
    Ok(bytes)
}
