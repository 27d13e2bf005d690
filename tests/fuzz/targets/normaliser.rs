//! Text of a model, cut anywhere: cleaning ends, does not depend on the cuts, and cleaning again
//! changes nothing. The first byte of an input says how long the pieces are, the rest is the text.
#![no_main]

use arena_core::normalise::{Normaliser, normalise};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((step, text)) = input.split_first() else { return };
    let text = String::from_utf8_lossy(text);
    let whole = normalise(&text);
    assert_eq!(normalise(&whole), whole, "cleaning again changes it");

    let step = usize::from(*step) % 8 + 1;
    let letters: Vec<char> = text.chars().collect();
    let mut normaliser = Normaliser::default();
    let mut pieces = String::new();
    for piece in letters.chunks(step) {
        pieces += &normaliser.push(&piece.iter().collect::<String>());
    }
    pieces += &normaliser.finish();
    assert_eq!(pieces, whole, "the cuts decide");
});
