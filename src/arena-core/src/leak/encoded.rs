//! Reads what an answer says in Base64, so that an encoding hides no author.

use std::ops::Range;

use super::fold::fold;
use super::{Finder, Leak, Rule, grammar, signature};

/// Shorter runs are words: three bytes make four letters.
const LEAST: usize = 8;

/// The leaks in the encoded parts of a text; ranges are those of the encoded runs.
///
/// A name alone is enough here: nobody encodes the name of a painter.
pub(super) fn find(finder: &Finder, text: &str) -> Vec<Leak> {
    let mut leaks = Vec::new();
    for run in runs(text) {
        let Some(inner) = decode(&text[run.clone()]) else { continue };
        let glyphs = fold(&inner);
        let said = grammar::Reader::new(finder, &glyphs).leaks().into_iter().next();
        let named = || signature::names_alone(finder, &glyphs, 0, 1, Rule::Name);
        if let Some(leak) = said.or_else(named) {
            leaks.push(Leak { bytes: run, ..leak });
        }
    }
    leaks
}

/// Runs of the letters of Base64, of either alphabet, with what fills them up. A line that is full goes on in the next.
fn runs(text: &str) -> Vec<Range<usize>> {
    const FULL_LINE: usize = 60;
    let mut found: Vec<Range<usize>> = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        while at < bytes.len() && value(bytes[at]).is_some() {
            at += 1;
        }
        let letters = at - start;
        while at < bytes.len() && at - start - letters < 2 && bytes[at] == b'=' {
            at += 1;
        }
        match found.last_mut() {
            Some(last)
                if letters > 0
                    && last.end + 1 == start
                    && bytes[last.end] == b'\n'
                    && bytes[last.end - 1] != b'='
                    && last.len() >= FULL_LINE =>
            {
                last.end = at;
            }
            _ if at - start >= LEAST && letters > 1 => found.push(start..at),
            _ => {}
        }
        at = at.max(start + 1);
    }
    found
}

/// The text of a run; none if it is no text.
fn decode(run: &str) -> Option<String> {
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for letter in run.bytes().filter(|letter| !matches!(letter, b'\n' | b'=')) {
        bits = (bits << 6) | value(letter)?;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    let is_text = |letter: char| !letter.is_control() || letter.is_whitespace();
    text.chars().all(is_text).then_some(text)
}

fn value(letter: u8) -> Option<u32> {
    Some(u32::from(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_decoded_in_both_alphabets_with_and_without_their_end() {
        let cases = [
            ("SSBhbSBRd2VuLg==", "I am Qwen."),
            ("SSBhbSBRd2VuLg", "I am Qwen."),
            ("5oiR5pivIFF3ZW4", "我是 Qwen"),
            ("8J-YgC9-Pg", "😀/~>"),
        ];

        for (run, text) in cases {
            assert_eq!(runs(run), vec![0..run.len()], "{run}");
            assert_eq!(decode(run).as_deref(), Some(text));
        }
        assert_eq!(decode("international"), None);
    }

    #[test]
    fn a_run_over_several_lines_is_one() {
        let line = "QUJD".repeat(19);
        let text = format!("See:\n{line}\nSSBhbQ==\nend of it");

        assert_eq!(runs(&text), vec![5..5 + line.len() + 1 + 8]);
    }
}
