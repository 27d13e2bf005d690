//! R9: a lab's model hides a sign in its answers that nobody sees, and a voter who knows it looks for it.

use arena_core::normalise::normalise;
use rand::Rng;

use super::boards::rng;
use super::{Row, Size};

/// What carries the sign: a pair of texts for a 0 and a 1, put behind every word.
const CARRIERS: [(&str, &str, &str); 12] = [
    ("zero width blank", "", "\u{200B}"),
    ("zero width joiners", "\u{200C}", "\u{200D}"),
    ("word joiner", "", "\u{2060}"),
    ("byte order mark", "", "\u{FEFF}"),
    ("soft hyphen", "", "\u{AD}"),
    ("invisible operators", "\u{2061}", "\u{2063}"),
    ("variation selectors", "\u{FE00}", "\u{E0101}"),
    ("tags", "\u{E0061}", "\u{E0062}"),
    ("bidi marks", "\u{200E}", "\u{200F}"),
    ("combining grapheme joiner", "", "\u{34F}"),
    ("Hangul fillers", "", "\u{3164}"),
    ("blanks of other widths", "\u{2009}", "\u{202F}"),
];

const WORDS: [&str; 16] = [
    "A", "comet", "is", "a", "small", "icy", "body", "that", "warms", "near", "the", "sun", "and",
    "releases", "gas", "naïvely",
];

/// An answer, and the same with the sign.
fn answers(carrier: (&str, &str, &str), rng: &mut impl Rng) -> (String, String) {
    let (mut plain, mut marked) = (String::new(), String::new());
    for _ in 0..40 {
        let random = rng.next_u64();
        let word = WORDS[(random >> 8) as usize % WORDS.len()];
        for text in [&mut plain, &mut marked] {
            text.push_str(word);
        }
        let bit = if random & 1 == 0 { carrier.1 } else { carrier.2 };
        if carrier.0.starts_with("blanks") {
            marked.push_str(bit);
        } else {
            marked.push_str(bit);
            marked.push(' ');
        }
        plain.push(' ');
    }
    (plain, marked)
}

pub(super) fn watermark(size: Size) -> Vec<Row> {
    let battles = size.pick(48, 200);
    let mut rng = rng(9);
    let (mut right, mut raw) = (0.0, 0.0);
    for battle in 0..battles {
        let (plain, marked) = answers(CARRIERS[battle % CARRIERS.len()], &mut rng);
        // The voter knows the text and sees whether more than it is there; without a difference a coin decides.
        let guess = |plain: &str, marked: &str| if plain == marked { 0.5 } else { 1.0 };
        raw += guess(&plain, &marked);
        right += guess(&normalise(&plain), &normalise(&marked));
    }
    let (share, raw) = (right / battles as f64, raw / battles as f64);
    let result = format!(
        "{:.1} % identified, {:.1} % without the normaliser; {} carriers",
        100.0 * share,
        100.0 * raw,
        CARRIERS.len()
    );
    let attack = "a sign of invisible Unicode in the answers, a voter who knows it";
    let passed = share <= 0.5 && raw > 0.99;
    vec![Row::new("R9", attack, format!("{battles} battles"), (result, passed), "<= 50 %, chance")]
}
