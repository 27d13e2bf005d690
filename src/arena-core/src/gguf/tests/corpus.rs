//! What the fuzzer kept, read again on every run of the tests, and the hostile headers once more in
//! random company.

use std::path::Path;

use proptest::prelude::*;

use super::super::builder::Builder;
use super::super::hostile;
use super::{read_built, read_bytes};

/// The files below `tests/fuzz/corpus` for one target.
fn kept(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus").join(target);
    let entries =
        std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let files: Vec<_> =
        entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect();
    assert!(files.len() > 10, "{} holds hardly anything", folder.display());
    files
}

#[test]
fn raw_headers_of_the_fuzzer_end_in_a_sentence() {
    // An odd first byte stands before a raw file; the others are changes for the fuzz target.
    for input in kept("reader") {
        if let Some((first, file)) = input.split_first()
            && first % 2 == 1
        {
            assert!(read_bytes(file).is_err());
        }
    }
}

#[test]
fn lines_of_the_fuzzer_are_read_back_as_they_were_written() {
    use crate::protocol::{Event, Request, decode, encode};

    let mut understood = 0;
    for input in kept("protocol") {
        let Ok(line) = std::str::from_utf8(&input) else { continue };
        if let Ok(event) = decode::<Event>(line) {
            understood += 1;
            assert_eq!(decode::<Event>(&encode(&event)).unwrap(), event);
        }
        if let Ok(request) = decode::<Request>(line) {
            understood += 1;
            assert_eq!(decode::<Request>(&encode(&request)).unwrap(), request);
        }
    }
    assert!(understood > 5, "{understood} lines are of the protocol");
}

#[test]
fn text_of_the_fuzzer_is_cleaned_once_and_for_all() {
    use crate::normalise::normalise;

    for input in kept("normaliser") {
        let clean = normalise(&String::from_utf8_lossy(input.get(1..).unwrap_or_default()));
        assert_eq!(normalise(&clean), clean);
    }
}

proptest! {
    #[test]
    fn several_faults_together_are_refused(
        faults in prop::collection::vec(any::<prop::sample::Index>(), 1..6),
        gpt2 in any::<bool>(),
    ) {
        let mut builder = if gpt2 { Builder::valid_gpt2() } else { Builder::valid() };
        // Every fault leaves a file that can be built; the mends of one fault by another are few.
        let all = hostile::all();
        for fault in &faults {
            let (_, change, _) = all[fault.index(all.len())];
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| change(&mut builder))).is_err() {
                return Ok(());
            }
        }
        if let Ok(header) = read_built(&builder) {
            prop_assert!((1..=256).contains(&header.block_count));
            prop_assert!((256..=1 << 20).contains(&header.vocab_size));
        }
    }

    #[test]
    fn any_line_is_a_message_or_an_error(line in "(\\{\"type\":\"(token|done|failed|generate)\"[^\u{0}]{0,60}\\}?|[^\u{0}]{0,80})") {
        use crate::protocol::{Event, Request, decode, encode};

        if let Ok(event) = decode::<Event>(&line) {
            prop_assert_eq!(decode::<Event>(&encode(&event)).unwrap(), event);
        }
        if let Ok(request) = decode::<Request>(&line) {
            prop_assert_eq!(decode::<Request>(&encode(&request)).unwrap(), request);
        }
    }
}
