//! A name as the last line, after a dash or a farewell.

use super::fold::{Glyph, fold_word};
use super::grammar::Reader;
use super::phrases::Sense;
use super::{Finder, Leak, Rule};

/// What stands above a signature.
const FAREWELLS: &str = "regards|best regards|kind regards|best|sincerely|yours sincerely|yours|yours truly|cheers|\
    cordialement|bien a vous|amicalement|viele grusse|mit freundlichen grussen|liebe grusse|dein|ihr|saludos|\
    un saludo|atentamente|cordiali saluti|un saluto|saluti|atenciosamente|abracos|com os melhores cumprimentos|\
    с уважением|всего доброго|此致|敬具|よろしくお願いします|드림|감사합니다|مع تحياتي|تحياتي";

/// The signature of a text, if it has one that names its author.
pub(super) fn find(finder: &Finder, text: &str, glyphs: &[Glyph]) -> Option<Leak> {
    let mut lines = text.trim_end().rsplit('\n').filter(|line| !line.trim().is_empty());
    let line = lines.next()?;
    let bare = line.trim_start_matches([' ', '*', '_', '>', '[', '(']);
    let dashed = bare.starts_with(['—', '–', '~', '―']) || bare.starts_with("--");
    let farewell = lines.next().is_some_and(|above| {
        let above = fold_word(above);
        FAREWELLS.split('|').any(|words| fold_word(words) == above)
    });
    if !dashed && !farewell {
        return None;
    }
    let start = line.as_ptr() as usize - text.as_ptr() as usize;
    let first = glyphs.partition_point(|glyph| glyph.start < start);
    if first == 0 || glyphs.get(first).is_none_or(|glyph| glyph.quoted) {
        return None;
    }
    names_alone(finder, glyphs, first, 2, Rule::Signature)
}

/// Reads a rest that must hold nothing but names and words about machines, with so many signs of a machine.
pub(super) fn names_alone(
    finder: &Finder,
    glyphs: &[Glyph],
    first: usize,
    least_signs: usize,
    rule: Rule,
) -> Option<Leak> {
    let reader = Reader::new(finder, glyphs);
    let (mut at, mut signs, mut named) = (first, 0, None);
    while at < glyphs.len() {
        let names = reader.names(at);
        let item = reader.item(at);
        let name = names.iter().find(|name| !name.maker).or(names.first());
        if let Some(name) = name.filter(|name| name.end >= item.end) {
            signs += if name.distinct { 2 } else { 1 };
            let leak = finder.leak(glyphs, name.entry, rule, first..name.end);
            named.get_or_insert(leak);
            at = name.end;
        } else if item.end > at {
            signs += usize::from(item.is_machine() || item.is(Sense::By));
            at = item.end;
        } else {
            return None;
        }
    }
    named.filter(|_| signs >= least_signs)
}
