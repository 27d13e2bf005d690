//! A model file, as raw bytes or as a valid file with structured changes: reading ends with a
//! header or a sentence, takes no byte beyond the header, and memory follows the bytes that arrive.
//! An input with an odd first byte is a file; of the others every few bytes are one change.
#![no_main]

#[path = "../../../src/arena-core/src/gguf/builder.rs"]
#[expect(dead_code, reason = "the builder has more than this target needs")]
mod builder;
mod changes;

use std::io::{self, Read};

use libfuzzer_sys::fuzz_target;

use self::changes::change;

/// Bytes that are read at most beyond the header, and the least that reading may allocate.
const CHUNK_BYTES: u64 = 64 << 10;

struct Counting<'a> {
    bytes: &'a [u8],
    piece: usize,
    taken: u64,
}

impl Read for Counting<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let size = out.len().min(self.piece);
        let count = self.bytes.read(&mut out[..size])?;
        self.taken += count as u64;
        Ok(count)
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((first, rest)) = input.split_first() else { return };
    if first % 2 == 1 {
        check(rest, rest.len() as u64, usize::MAX);
    } else {
        let (file, size_bytes) = change(rest);
        // Mostly in one piece: the seams cost time.
        let piece = if *first == 0xF0 { 13 } else { usize::MAX };
        check(&file, size_bytes, piece);
    }
});

fn check(file: &[u8], size_bytes: u64, piece: usize) {
    let mut source = Counting { bytes: file, piece, taken: 0 };
    let mut outcome = None;
    let memory = allocation_counter::measure(|| {
        outcome = Some(arena_core::gguf::read(&mut source, size_bytes));
    });

    let most_bytes = 16 * source.taken + 4 * CHUNK_BYTES;
    assert!(memory.bytes_max <= most_bytes, "{} bytes for {}", memory.bytes_max, source.taken);
    match outcome {
        Some(Ok(header)) => {
            assert!(header.data_offset_bytes <= size_bytes);
            assert!(source.taken <= header.data_offset_bytes + CHUNK_BYTES);
            assert!((1..=256).contains(&header.block_count) && header.vocab_size >= 256);
            assert!(header.chat_template.is_none_or(|text| text.len() <= 64 << 10));
        }
        Some(Err(error)) => {
            let sentence = error.to_string();
            assert!(!sentence.contains('\n') && sentence.len() < 4_096, "{sentence}");
        }
        None => unreachable!("the reader was called"),
    }
}
