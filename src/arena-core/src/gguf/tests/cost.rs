//! What the reader costs, whatever it is given: no panic, no byte above the budget.

use std::io::{self, Read};

use proptest::prelude::*;

use super::super::builder::{ARRAY, Builder, F64, TEXT, U8, array, f32_value, raw, sized};
use super::super::{hostile, limits, read};
use super::{read_built, read_bytes, variant};

/// Memory for any header.
const MEMORY_BYTES: u64 = 64 << 20;

/// Counts what is taken from it, and hands out small pieces to exercise the seams.
struct Counting<R> {
    inner: R,
    taken: u64,
    piece: usize,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let size = out.len().min(self.piece);
        let count = self.inner.read(&mut out[..size])?;
        self.taken += count as u64;
        Ok(count)
    }
}

/// A header that never ends: keys with 1 MiB of array each, as many as the rules allow.
fn endless_header() -> impl Read {
    let mut start = b"GGUF".to_vec();
    start.extend(3_u32.to_le_bytes());
    start.extend(limits::TENSORS.to_le_bytes());
    start.extend(limits::KEYS.to_le_bytes());
    let keys = (0..limits::KEYS).map(|index| {
        let mut key = sized(format!("k{index}").as_bytes());
        key.extend(array(U8, 1 << 20, &vec![1; 1 << 20]));
        key
    });
    let mut parts = std::iter::once(start).chain(keys);
    let mut current = io::Cursor::new(Vec::new());
    struct Parts<F>(F);
    impl<F: FnMut(&mut [u8]) -> io::Result<usize>> Read for Parts<F> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            (self.0)(out)
        }
    }
    Parts(move |out: &mut [u8]| {
        loop {
            let count = current.read(out)?;
            if count > 0 {
                return Ok(count);
            }
            match parts.next() {
                Some(part) => current = io::Cursor::new(part),
                None => return Ok(0),
            }
        }
    })
}

#[test]
fn a_header_without_end_is_refused_at_the_budget() {
    let mut source = Counting { inner: endless_header(), taken: 0, piece: usize::MAX };

    let error = read(&mut source, u64::MAX).unwrap_err();

    assert_eq!(variant(&error), "HeaderTooLarge");
    assert!(source.taken <= limits::HEADER_BYTES, "{} bytes were read", source.taken);
}

/// What reading a header took, and the variant that refused it.
fn measure(bytes: &[u8], file_size_bytes: u64) -> (Option<String>, u64, u64) {
    let mut source = Counting { inner: bytes, taken: 0, piece: usize::MAX };
    let mut refused = None;
    let memory = allocation_counter::measure(|| {
        refused = read(&mut source, file_size_bytes).err().map(|error| variant(&error));
    });
    (refused, source.taken, memory.bytes_max)
}

#[test]
fn a_hostile_header_takes_little_more_memory_than_its_bytes() {
    for (name, mutate, _) in hostile::all() {
        let mut builder = Builder::valid();
        mutate(&mut builder);
        let (bytes, data) = builder.build();

        let (_, taken, memory_bytes) = measure(&bytes, bytes.len() as u64);

        assert!(taken <= data as u64 + 65_536, "{name}: {taken} bytes were read");
        assert!(
            memory_bytes <= MEMORY_BYTES && memory_bytes <= 3 * taken + (1 << 20),
            "{name}: {memory_bytes} bytes"
        );
    }
}

/// Headers as large as they may be, each with the fault at its end.
fn large_headers() -> [(&'static str, Builder, &'static str); 5] {
    let with = |mutate: &dyn Fn(&mut Builder)| {
        let mut builder = Builder::valid();
        mutate(&mut builder);
        builder
    };
    let million = 1 << 20;
    let short = |index: usize| format!("{index:012}").into_bytes();
    let last_twice = move |b: &mut Builder| {
        b.set_tokens((0..million).map(|index| short(index.min(million - 2))).collect());
    };
    let numbers = |b: &mut Builder| {
        let zeros = vec![0; 8 << 20];
        (0..7).for_each(|i| b.set(&format!("x{i}"), array(F64, 1 << 20, &zeros)));
        b.set("y", f32_value(f32::NAN));
    };
    let strings = |b: &mut Builder| {
        let letters = raw(TEXT, &sized(&vec![b'x'; 1 << 20]));
        (0..60).for_each(|i| b.set(&format!("x{i}"), letters.clone()));
        b.set("y", f32_value(f32::NAN));
    };
    let keys = |b: &mut Builder| {
        (0..4_000).for_each(|i| b.set(&format!("{i:0>256}"), array(4, 256, &[1; 1_024])));
        b.set("y", f32_value(f32::NAN));
    };
    let merges = |b: &mut Builder| {
        let mut bytes = sized(b"a b").repeat(million - 1);
        bytes.extend(sized(b"ab"));
        b.set("tokenizer.ggml.merges", array(TEXT, 1 << 20, &bytes));
    };
    [
        ("a million tokens, the last twice", with(&last_twice), "DuplicateToken"),
        ("56 MiB of numbers before a NaN", with(&numbers), "NotFinite"),
        ("60 MiB of strings before a NaN", with(&strings), "NotFinite"),
        ("4,000 long keys with lists before a NaN", with(&keys), "NotFinite"),
        ("a million merges, the last not one", with(&merges), "Merge"),
    ]
}

#[test]
fn the_largest_headers_stay_below_64_mib_of_memory() {
    for (name, builder, expected) in large_headers() {
        let (bytes, _) = builder.build();

        let started = std::time::Instant::now();
        let (refused, taken, memory_bytes) = measure(&bytes, bytes.len() as u64);

        // The time is for the reader of the log: no test depends on it.
        eprintln!("{name}: {taken} bytes read, {memory_bytes} in use, {:?}", started.elapsed());
        assert_eq!(refused.as_deref(), Some(expected), "{name}");
        assert!(memory_bytes <= MEMORY_BYTES, "{name}: {memory_bytes} bytes");
    }
}

proptest! {
    #[test]
    fn random_changes_never_panic_and_never_pass_the_budget(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        file_size_bytes in prop_oneof![Just(None), any::<u64>().prop_map(Some)],
        piece in 1_usize..5_000,
    ) {
        let (mut bytes, data) = Builder::valid_gpt2().build();
        for (place, byte) in changes {
            bytes[place.index(data)] = byte;
        }
        let size = file_size_bytes.unwrap_or(bytes.len() as u64);
        let mut source = Counting { inner: &bytes[..], taken: 0, piece };

        let _ = read(&mut source, size);

        prop_assert!(source.taken <= limits::HEADER_BYTES.min(data as u64 + 65_536));
    }

    #[test]
    fn the_result_does_not_depend_on_the_pieces_in_which_bytes_arrive(piece in 1_usize..9_000) {
        let (bytes, _) = Builder::valid().build();
        let mut source = Counting { inner: &bytes[..], taken: 0, piece };

        prop_assert_eq!(read(&mut source, bytes.len() as u64), read_bytes(&bytes));
    }

    #[test]
    fn random_bytes_after_the_magic_never_panic(
        tail in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let start = b"GGUF\x03\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0";
        let bytes = [start.as_slice(), &tail].concat();

        prop_assert!(read_bytes(&bytes).is_err());
    }

    #[test]
    fn claimed_lengths_never_decide_what_is_allocated(claimed in any::<u64>(), code in 0_u32..16) {
        let mut builder = Builder::valid();
        builder.set("x", array(code, claimed, &[]));
        builder.set("y", raw(ARRAY, &[0xff; 12]));
        builder.set("z", raw(TEXT, &claimed.to_le_bytes()));
        builder.set("w", f32_value(1.0));

        prop_assert!(read_built(&builder).is_err());
    }
}
