//! Counting headers, lists and bold in an answer, as LMArena's style control does.

use serde::{Deserialize, Serialize};

/// Zeros of Arabic, Persian, Devanagari, Bengali, Gurmukhi, Gujarati, Tamil, Telugu, Kannada, Malayalam, Thai, Lao,
/// Burmese, Khmer and full-width digits; each is followed by the other nine.
const ZEROS: [u32; 15] = [
    0x0660, 0x06f0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0e50, 0x0ed0,
    0x1040, 0x17e0, 0xff10,
];

/// What of an answer's form may sway a voter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StyleFeature {
    /// Length in tokens.
    Tokens,
    /// Markdown headers.
    Headers,
    /// List items, ordered and unordered.
    Lists,
    /// Bold spans.
    Bold,
}

impl StyleFeature {
    /// All features in the order of FastChat's files.
    pub const ALL: [StyleFeature; 4] =
        [StyleFeature::Tokens, StyleFeature::Headers, StyleFeature::Lists, StyleFeature::Bold];

    /// Returns the word used in tables and files.
    pub fn as_str(self) -> &'static str {
        match self {
            StyleFeature::Tokens => "tokens",
            StyleFeature::Headers => "headers",
            StyleFeature::Lists => "lists",
            StyleFeature::Bold => "bold",
        }
    }
}

/// The form of one answer, in counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StyleCounts {
    /// Tokens; one tokenizer must count for all models.
    pub tokens: u32,
    /// Markdown headers of all six levels.
    pub headers: u32,
    /// Items of ordered and unordered lists.
    pub lists: u32,
    /// Bold spans.
    pub bold: u32,
}

impl StyleCounts {
    /// Counts headers, lists and bold in an answer; its tokens are the caller's.
    ///
    /// Input: the answer as Markdown; an answer of several turns joined with line feeds.
    /// Output: what these patterns find, as Python's `re` finds them, without overlap, after all ```` ```[^`]*``` ````
    /// have been removed: headers `^#{1,6}\s`; lists `^\s*\d+\.\s` and `^\s*[-*+]\s`; bold `\*\*[^*\n]+\*\*` and
    /// `__[^_\n]+__`, with `^` at line starts.
    /// Accuracy: exact, quirks included, but for numbered lists in scripts with digits rarer than `ZEROS`, which are not
    /// seen, and for U+001C to U+001F, which only Python takes for white space.
    /// Errors: none.
    /// Cost: a few passes over the text, no regular expressions.
    /// Source: LMArena's `add_markdown_info.py` (FastChat 0e6d3e4b), described in RATINGS section 6.
    pub fn of(answer: &str, tokens: u32) -> StyleCounts {
        let text: Vec<char> = without_code(answer).chars().collect();
        let line_starts = || (0..text.len()).filter(|&at| at == 0 || text[at - 1] == '\n');
        StyleCounts {
            tokens,
            headers: count(line_starts().filter(|&at| is_header(&text[at..]))),
            lists: list_items(&text, ordered) + list_items(&text, unordered),
            bold: bold(&text, '*') + bold(&text, '_'),
        }
    }

    /// Returns the counts in the order of [`StyleFeature::ALL`].
    pub fn as_array(self) -> [u32; 4] {
        [self.tokens, self.headers, self.lists, self.bold]
    }
}

fn count(items: impl Iterator) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

/// Removes fenced code: three backquotes, anything but backquotes, three backquotes.
fn without_code(answer: &str) -> String {
    const FENCE: &str = "```";
    let mut kept = String::with_capacity(answer.len());
    let mut rest = answer;
    while let Some(open) = rest.find(FENCE) {
        let inside = &rest[open + FENCE.len()..];
        let close = inside.find('`').filter(|&at| inside[at..].starts_with(FENCE));
        match close {
            Some(close) => {
                kept.push_str(&rest[..open]);
                rest = &inside[close + FENCE.len()..];
            }
            None => {
                kept.push_str(&rest[..open + 1]);
                rest = &rest[open + 1..];
            }
        }
    }
    kept.push_str(rest);
    kept
}

fn is_header(line: &[char]) -> bool {
    let level = line.iter().take_while(|&&c| c == '#').count();
    (1..=6).contains(&level) && line.get(level).is_some_and(|c| c.is_whitespace())
}

/// Counts list items whose mark `mark` finds, returning its length.
fn list_items(text: &[char], mark: fn(&[char]) -> Option<usize>) -> u32 {
    let (mut found, mut at) = (0, 0);
    while at < text.len() {
        if at > 0 && text[at - 1] != '\n' {
            at += 1;
            continue;
        }
        let indent = text[at..].iter().take_while(|c| c.is_whitespace()).count();
        let after = mark(&text[at + indent..]).map(|length| at + indent + length);
        match after.filter(|&after| text.get(after).is_some_and(|c| c.is_whitespace())) {
            Some(after) => {
                found += 1;
                at = after + 1;
            }
            None => at += indent.max(1),
        }
    }
    found
}

fn ordered(text: &[char]) -> Option<usize> {
    let digits = text.iter().take_while(|&&c| is_digit(c)).count();
    (digits > 0 && text.get(digits) == Some(&'.')).then_some(digits + 1)
}

fn is_digit(c: char) -> bool {
    let from_zero = |zero: &u32| (*zero..zero + 10).contains(&u32::from(c));
    c.is_ascii_digit() || ZEROS.iter().any(from_zero)
}

fn unordered(text: &[char]) -> Option<usize> {
    matches!(text.first(), Some('-' | '*' | '+')).then_some(1)
}

/// Counts spans between two doubled marks on one line, without a mark inside.
fn bold(text: &[char], mark: char) -> u32 {
    let (mut found, mut at) = (0, 0);
    while at < text.len() {
        match bold_length(&text[at..], mark) {
            Some(length) => {
                found += 1;
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

fn bold_length(text: &[char], mark: char) -> Option<usize> {
    let doubled = |at: usize| text.get(at) == Some(&mark) && text.get(at + 1) == Some(&mark);
    if !doubled(0) {
        return None;
    }
    let inside = text[2..].iter().take_while(|&&c| c != mark && c != '\n').count();
    (inside > 0 && doubled(2 + inside)).then_some(inside + 4)
}
