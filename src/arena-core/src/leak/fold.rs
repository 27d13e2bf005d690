//! A text as the finder sees it: letters only, in one case and one alphabet, each with its place.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

/// What stands between a letter and the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    None,
    /// Blanks, hyphens, Markdown.
    Soft,
    /// A comma, dash, colon or bracket.
    Comma,
    /// The end of a sentence or a line.
    Hard,
}

/// One folded letter or digit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glyph {
    /// The letter: lower case, without accents, Latin where it looks Latin.
    pub(super) letter: char,
    /// Its bytes in the text.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) gap: Gap,
    /// Whether a word can start or end here.
    pub(super) starts: bool,
    pub(super) ends: bool,
    pub(super) capital: bool,
    /// Whether it is quoted speech or code.
    pub(super) quoted: bool,
}

/// Scripts as far as word boundaries go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// Written with blanks between words.
    Spaced,
    Katakana,
    Hangul,
    /// Every character may be a word.
    Dense,
}

/// The script of a letter.
pub(super) fn script(letter: char) -> Script {
    match letter {
        '\u{30A0}'..='\u{30FF}' => Script::Katakana,
        '\u{AC00}'..='\u{D7A3}' => Script::Hangul,
        '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' => Script::Dense,
        '\u{3000}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' => {
            Script::Dense
        }
        _ => Script::Spaced,
    }
}

/// Folds a text.
pub(super) fn fold(text: &str) -> Vec<Glyph> {
    let mut memory = HashMap::new();
    let mut glyphs: Vec<Glyph> = Vec::with_capacity(text.len());
    let mut gap = Gap::Hard;
    let mut letters = text.char_indices().peekable();
    while let Some((start, letter)) = letters.next() {
        let next = letters.peek().map(|(_, next)| *next);
        if !is_letter(letter, glyphs.last(), gap, next) {
            gap = gap.max(separation(letter, next, &glyphs));
            continue;
        }
        let end = start + letter.len_utf8();
        let capital = letter.is_uppercase();
        let glyph = |letter, gap, starts| Glyph {
            letter,
            start,
            end,
            gap,
            starts,
            ends: true,
            capital,
            quoted: false,
        };
        if letter.is_ascii() {
            add(&mut glyphs, glyph(letter.to_ascii_lowercase(), gap, true));
        } else {
            let folded: &mut Vec<char> =
                memory.entry(letter).or_insert_with(|| fold_letter(letter));
            for (place, letter) in folded.iter().enumerate() {
                let gap = if place == 0 { gap } else { Gap::None };
                add(&mut glyphs, glyph(*letter, gap, place == 0));
            }
            if folded.is_empty() {
                continue;
            }
        }
        gap = Gap::None;
    }
    super::quotes::mark(text, &mut glyphs);
    glyphs
}

/// Folds a name or a phrase to letters alone.
pub(super) fn fold_word(word: &str) -> Vec<char> {
    fold(word).into_iter().map(|glyph| glyph.letter).collect()
}

/// Appends a glyph and settles the boundary before it.
fn add(glyphs: &mut Vec<Glyph>, mut glyph: Glyph) {
    if let Some(before) = glyphs.last_mut()
        && glyph.gap == Gap::None
    {
        let (left, right) = (script(before.letter), script(glyph.letter));
        let dense = left == Script::Dense || right == Script::Dense;
        before.ends = glyph.starts
            && (dense
                || left != right
                || left == Script::Hangul
                || (before.letter.is_alphabetic() && glyph.letter.is_ascii_digit()));
        glyph.starts = glyph.starts && (dense || left != right);
    }
    glyphs.push(glyph);
}

/// Whether the character is a letter, a digit, or a sign that stands for a letter inside a word.
fn is_letter(letter: char, before: Option<&Glyph>, gap: Gap, next: Option<char>) -> bool {
    if letter.is_alphanumeric()
        || matches!(letter, '\u{1F130}'..='\u{1F189}' | '\u{1F1E6}'..='\u{1F1FF}')
    {
        return true;
    }
    let next = next.is_some_and(char::is_alphanumeric);
    let inside = next && gap == Gap::None && before.is_some();
    match letter {
        '@' | '$' => next,
        '!' | '|' | '€' => inside,
        _ => is_mark_of_letter(letter),
    }
}

/// Vowel signs and voicing marks that are part of a word.
fn is_mark_of_letter(letter: char) -> bool {
    matches!(letter, '\u{3099}'..='\u{309A}' | '\u{900}'..='\u{DFF}')
        && !matches!(letter, '\u{964}' | '\u{965}')
}

fn separation(letter: char, next: Option<char>, glyphs: &[Glyph]) -> Gap {
    let ends = next.is_none_or(|next| next.is_whitespace() || "\"'”»)*_".contains(next));
    // "C. L. A." are no sentences.
    let initial =
        glyphs.last().is_none_or(|glyph| glyph.starts && script(glyph.letter) == Script::Spaced);
    match letter {
        '.' if ends && !initial => Gap::Hard,
        '!' | '?' | ';' | '。' | '！' | '？' | '؟' | '।' | '；' | '…' => Gap::Hard,
        '\n' => Gap::Hard,
        ',' | '，' | '、' | '،' | ':' | '：' | '(' | ')' | '（' | '）' | '—' | '–' => {
            Gap::Comma
        }
        _ => Gap::Soft,
    }
}

/// NFKD without accents, lower case, and the Latin letter where UTS 39 knows one that looks alike.
fn fold_letter(letter: char) -> Vec<char> {
    if matches!(letter, '\u{AC00}'..='\u{D7A3}' | '\u{4E00}'..='\u{9FFF}') {
        return vec![letter];
    }
    let offset = match u32::from(letter) {
        code @ 0x1F150..=0x1F169 => Some(code - 0x1F150),
        code @ 0x1F170..=0x1F189 => Some(code - 0x1F170),
        code @ 0x1F1E6..=0x1F1FF => Some(code - 0x1F1E6),
        _ => None,
    };
    if let Some(offset) = offset {
        return char::from_u32(u32::from('a') + offset).into_iter().collect();
    }
    let plain = [letter].into_iter().nfkd().filter(|part| !is_accent(*part));
    plain.filter(|part| part.is_alphanumeric() || is_mark_of_letter(*part)).map(latin).collect()
}

/// Accents, points and the tatweel: what changes no letter into another word's.
fn is_accent(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36F}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5C7}'
        | '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{20D0}'..='\u{20FF}')
}

/// Small capitals, which UTS 39 treats as letters of their own.
const SMALL_CAPITALS: &str = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡ-ʏᴢ";

/// The Latin letter that a letter looks like, in either case; else its lower case.
fn latin(letter: char) -> char {
    if letter.is_ascii() {
        return letter.to_ascii_lowercase();
    }
    if let Some(place) = SMALL_CAPITALS.chars().position(|small| small == letter) {
        return char::from(b'a' + place as u8);
    }
    let lower = letter.to_lowercase().next().unwrap_or(letter);
    let upper = letter.to_uppercase().next().unwrap_or(letter);
    let alphabetic = matches!(letter, '\u{80}'..='\u{58F}' | '\u{13A0}'..='\u{13FF}' | '\u{1D00}'..='\u{1FFF}'
        | '\u{2C60}'..='\u{2D2F}' | '\u{A4D0}'..='\u{A4FF}' | '\u{A640}'..='\u{A7FF}' | '\u{AB30}'..='\u{ABBF}');
    // Greek capitals look like other Latin letters than their small ones; in Cyrillic both cases must fold alike.
    let greek = matches!(letter, '\u{370}'..='\u{3FF}');
    let candidates = [if greek { letter } else { lower }, lower, upper];
    let alike = if alphabetic { candidates.into_iter().find_map(alike) } else { None };
    alike.unwrap_or(lower)
}

fn alike(letter: char) -> Option<char> {
    let mut text = [0; 4];
    let mut parts = skeleton(letter.encode_utf8(&mut text)).filter(|part| !is_accent(*part));
    let first = parts.next()?;
    (parts.next().is_none() && first.is_ascii_alphabetic()).then(|| first.to_ascii_lowercase())
}
