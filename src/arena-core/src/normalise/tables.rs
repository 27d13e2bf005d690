//! Which characters the normaliser drops, and where the few that are both useful and invisible may
//! stay. Ranges are from the Unicode Character Database 16 and 17; the rules are in the parent's notes.

use unicode_normalization::char::canonical_combining_class;
use unicode_properties::{EmojiStatus, GeneralCategory, UnicodeEmoji, UnicodeGeneralCategory};

pub(super) const ZERO_WIDTH_NON_JOINER: char = '\u{200C}';
pub(super) const ZERO_WIDTH_JOINER: char = '\u{200D}';
pub(super) const TEXT_STYLE: char = '\u{FE0E}';
pub(super) const EMOJI_STYLE: char = '\u{FE0F}';
pub(super) const KEYCAP: char = '\u{20E3}';
pub(super) const BLACK_FLAG: char = '\u{1F3F4}';
pub(super) const CANCEL_TAG: char = '\u{E007F}';
/// The subdivisions with a flag emoji: England, Scotland, Wales.
pub(super) const FLAGS: [&str; 3] = ["gbeng", "gbsct", "gbwls"];

/// What the normaliser does with a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// It is seen: it stays.
    Seen,
    /// It is dropped wherever it stands.
    Dropped,
    /// Another character stands for it: a plain blank, hyphen or line feed.
    Becomes(char),
    /// A zero-width joiner or non-joiner: the neighbours decide.
    Joiner,
    /// Chooses text or emoji style: the character before decides.
    Style,
    /// Chooses a Mongolian letter form, or separates a final vowel: the letter before decides.
    Mongolian,
    /// A tag character: it stays in the flags of [`FLAGS`] only.
    Tag,
}

/// Sorts a character into its class.
pub(super) fn class(letter: char) -> Class {
    match letter {
        '\t' | '\n' | ' '..='~' => Class::Seen,
        '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Class::Becomes('\n'),
        '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' => Class::Dropped,
        '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{2800}' => {
            Class::Becomes(' ')
        }
        '\u{2010}' | '\u{2011}' => Class::Becomes('-'),
        ZERO_WIDTH_JOINER | ZERO_WIDTH_NON_JOINER => Class::Joiner,
        TEXT_STYLE | EMOJI_STYLE => Class::Style,
        '\u{180B}'..='\u{180F}' => Class::Mongolian,
        '\u{E0020}'..='\u{E007F}' => Class::Tag,
        _ if ignorable(letter) || leftover(letter) => Class::Dropped,
        _ => Class::Seen,
    }
}

/// `Default_Ignorable_Code_Point` without those that [`class`] treats apart, and the controls of
/// notations that no reader of plain text sees (format characters of category Cf).
fn ignorable(letter: char) -> bool {
    matches!(letter,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{200B}' | '\u{200E}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0D}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}'
        | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D159}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Replacement and annotation characters, private use and noncharacters: leftovers of broken bytes
/// or of a model's private notation, with no agreed shape.
fn leftover(letter: char) -> bool {
    let code = u32::from(letter);
    matches!(letter, '\u{FFF9}'..='\u{FFFD}' | '\u{E000}'..='\u{F8FF}' | '\u{FDD0}'..='\u{FDEF}')
        || code & 0xFFFE == 0xFFFE
        || code >= 0xF_0000
}

/// Whether the character is a mark that is drawn on the one before (categories Mn and Me).
pub(super) fn is_mark(letter: char) -> bool {
    letter >= '\u{300}'
        && matches!(
            letter.general_category(),
            GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark
        )
}

/// Whether a mark is of no script: the diacritics that can be piled on any letter.
pub(super) fn is_generic_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36F}' | '\u{483}'..='\u{489}' | '\u{1AB0}'..='\u{1AFF}'
        | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

/// Whether a style selector changes what is seen after this character.
pub(super) fn takes_style(before: char, selector: char) -> bool {
    // Digits take it as part of a keycap only, which is put together when the keycap arrives.
    if before.is_ascii() {
        return false;
    }
    match before.emoji_status() {
        EmojiStatus::EmojiPresentation
        | EmojiStatus::EmojiPresentationAndModifierBase
        | EmojiStatus::EmojiPresentationAndEmojiComponent
        | EmojiStatus::EmojiPresentationAndModifierAndEmojiComponent => selector == TEXT_STYLE,
        EmojiStatus::EmojiOther | EmojiStatus::EmojiModifierBase => true,
        _ => false,
    }
}

/// Whether a joiner between these two changes what is seen.
///
/// `base` is the last character that is no mark, `before` the last one, and `settled` says whether
/// the marks before stand in their canonical order.
pub(super) fn joins(
    joiner: char,
    (base, before, settled): (char, char, bool),
    next: Option<char>,
) -> bool {
    let after_virama = is_virama(before) && settled;
    let after_arabic = is_dual_joining(base);
    let before_arabic = next.is_some_and(is_joining);
    if joiner == ZERO_WIDTH_NON_JOINER {
        return after_virama || (after_arabic && before_arabic);
    }
    after_virama
        || (is_indic_stem(before) && settled && next.is_some_and(is_virama))
        || (after_arabic && !before_arabic && !next.is_some_and(is_mark))
        || (is_emoji_part(before) && next.is_some_and(completes_emoji))
}

/// The signs that take the vowel from a consonant, in the scripts of India and Sri Lanka.
fn is_virama(letter: char) -> bool {
    matches!(
        letter,
        '\u{94D}'
            | '\u{9CD}'
            | '\u{A4D}'
            | '\u{ACD}'
            | '\u{B4D}'
            | '\u{BCD}'
            | '\u{C4D}'
            | '\u{CCD}'
            | '\u{D4D}'
            | '\u{DCA}'
    )
}

/// Letters of these scripts, with or without a dot below, before a virama.
fn is_indic_stem(letter: char) -> bool {
    ('\u{900}'..='\u{DFF}').contains(&letter) && matches!(canonical_combining_class(letter), 0 | 7)
}

/// Letters of the Arabic script that connect at all: without hamza, marks and digits.
fn is_joining(letter: char) -> bool {
    matches!(letter, '\u{620}' | '\u{622}'..='\u{64A}' | '\u{66E}'..='\u{66F}'
        | '\u{671}'..='\u{673}' | '\u{675}'..='\u{6D3}' | '\u{6D5}' | '\u{6EE}'..='\u{6EF}'
        | '\u{6FA}'..='\u{6FC}' | '\u{6FF}' | '\u{750}'..='\u{77F}' | '\u{8A0}'..='\u{8C7}')
}

/// Those that connect to the next letter, so that a joiner after them is seen
/// (`Joining_Type` D; letters of the two supplements that are rare are taken for D).
fn is_dual_joining(letter: char) -> bool {
    is_joining(letter)
        && !matches!(letter, '\u{622}'..='\u{625}' | '\u{627}' | '\u{629}' | '\u{62F}'..='\u{632}'
            | '\u{648}' | '\u{671}'..='\u{673}' | '\u{675}'..='\u{677}' | '\u{688}'..='\u{699}'
            | '\u{6C0}' | '\u{6C3}'..='\u{6CB}' | '\u{6CD}' | '\u{6CF}' | '\u{6D2}'..='\u{6D3}'
            | '\u{6D5}' | '\u{6EE}'..='\u{6EF}')
}

/// What may stand before the joiner of an emoji sequence.
fn is_emoji_part(letter: char) -> bool {
    letter == EMOJI_STYLE || (!letter.is_ascii() && letter.is_emoji_char())
}

/// The second and later parts of the sequences recommended for general interchange
/// (`emoji-zwj-sequences.txt`, Emoji 17). Between other emoji a joiner is not seen.
fn completes_emoji(letter: char) -> bool {
    matches!(letter, '♀' | '♂' | '⚕' | '⚖' | '⚧' | '✈' | '❤' | '➡' | '⬛' | '↔' | '↕' | '☠' | '❄'
        | '🌈' | '🌫' | '🌾' | '🍳' | '🍼' | '🎄' | '🎓' | '🎤' | '🎨' | '🏫' | '🏭' | '🐦' | '👦'..='👩'
        | '💋' | '💥' | '💨' | '💫' | '💻' | '💼' | '🔥' | '🔧' | '🔬' | '🗨' | '🚀' | '🚒'
        | '🤝' | '🦯' | '🦰'..='🦳' | '🦺' | '🦼' | '🦽' | '🧑' | '🧒' | '🩹' | '🫲' | '🟩' | '🟫'
        | '🍄' | '🩰' | '🐯' | '👯')
}

/// Letters of the Mongolian script, whose forms selectors choose.
pub(super) fn is_mongolian(letter: char) -> bool {
    ('\u{1820}'..='\u{18AA}').contains(&letter)
}
