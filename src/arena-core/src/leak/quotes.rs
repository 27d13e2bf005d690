//! Marks what an answer quotes: speech in quotation marks and code. What others say there is not
//! the model's word about itself. A paragraph that is quoted as a whole is not marked.

use super::fold::Glyph;

/// Marks the glyphs that lie in quotation marks or fenced code.
pub(super) fn mark(text: &str, glyphs: &mut [Glyph]) {
    let mut spans = Vec::new();
    let (mut at, mut fenced) = (0, None);
    for line in text.split_inclusive('\n') {
        let start = line.trim_start();
        if start.starts_with("```") || start.starts_with("~~~") {
            match fenced.take() {
                Some(open) => spans.push((open, at + line.len())),
                None => fenced = Some(at),
            }
        } else if fenced.is_none() {
            quotations(line, at, &mut spans);
        }
        at += line.len();
    }
    let mut spans = spans.into_iter().peekable();
    for glyph in glyphs {
        while spans.next_if(|(_, end)| *end <= glyph.start).is_some() {}
        glyph.quoted = spans.peek().is_some_and(|(start, _)| *start <= glyph.start);
    }
}

/// The quotations of one line, except one that is all of it.
fn quotations(line: &str, offset: usize, spans: &mut Vec<(usize, usize)>) {
    let words = line.trim().trim_matches(|letter| "*_.#".contains(letter));
    let mut open: Option<(usize, char)> = None;
    for (at, letter) in line.char_indices() {
        match open {
            Some((start, close)) if letter == close || (close == '“' && letter == '”') => {
                let end = at + letter.len_utf8();
                if line[start..end].len() < words.len() {
                    spans.push((offset + start, offset + end));
                }
                open = None;
            }
            Some(_) => {}
            None => open = closing(letter).map(|close| (at, close)),
        }
    }
}

fn closing(letter: char) -> Option<char> {
    Some(match letter {
        '"' => '"',
        '“' => '”',
        '„' => '“',
        '«' => '»',
        '「' => '」',
        '『' => '』',
        '`' => '`',
        '‹' => '›',
        _ => return None,
    })
}
