//! Many words at once, found at a place in a folded text.

use std::collections::HashMap;

use super::fold::{Gap, Glyph};

/// Words with a value each.
#[derive(Debug)]
pub(super) struct Trie<T> {
    nodes: Vec<Node<T>>,
    /// The nodes behind first letters: the root has too many edges to walk along.
    first: HashMap<char, usize>,
    /// Whether letters that look alike only in some alphabets or fonts count as well.
    loose: bool,
}

#[derive(Debug)]
struct Node<T> {
    next: Vec<(char, usize)>,
    values: Vec<T>,
}

/// How a word lies in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// The first glyph after the word.
    pub(super) end: usize,
    /// Gaps inside.
    pub(super) gaps: usize,
}

/// Stands in a word for a gap that must be there, as in "I'm".
pub(super) const GAP: char = '\'';

impl<T: Copy> Trie<T> {
    pub(super) fn new(loose: bool) -> Self {
        Self {
            loose,
            first: HashMap::new(),
            nodes: vec![Node { next: Vec::new(), values: Vec::new() }],
        }
    }

    pub(super) fn add(&mut self, word: &[char], value: T) {
        let mut node = 0;
        for letter in word {
            let known = self.nodes[node].next.iter().find(|(edge, _)| edge == letter);
            node = match known {
                Some((_, next)) => *next,
                None => {
                    self.nodes.push(Node { next: Vec::new(), values: Vec::new() });
                    let next = self.nodes.len() - 1;
                    if node == 0 {
                        self.first.insert(*letter, next);
                    }
                    self.nodes[node].next.push((*letter, next));
                    next
                }
            };
        }
        if !word.is_empty() {
            self.nodes[node].values.push(value);
        }
    }

    /// Calls `visit` for every word that begins at this glyph and ends at a boundary. Words that are
    /// not loose may follow another without a blank in Korean.
    pub(super) fn visit(&self, glyphs: &[Glyph], at: usize, visit: &mut impl FnMut(Span, T)) {
        let follows = !self.loose && at > 0 && glyphs[at - 1].ends;
        if glyphs.get(at).is_some_and(|glyph| glyph.starts || follows) {
            let (glyph, next) = (&glyphs[at], glyphs.get(at + 1));
            for letter in [glyph.letter].iter().chain(readings(glyph, self.loose)) {
                if let Some(node) = self.first.get(letter) {
                    self.step(*node, glyphs, at, at + 1, 0, visit);
                }
            }
            for letter in
                ['m', 'w'].iter().filter(|letter| self.loose && is_pair(glyph, next, **letter))
            {
                if let Some(node) = self.first.get(letter) {
                    self.step(*node, glyphs, at, at + 2, 0, visit);
                }
            }
        }
    }

    fn step(
        &self,
        node: usize,
        glyphs: &[Glyph],
        start: usize,
        at: usize,
        gaps: usize,
        visit: &mut impl FnMut(Span, T),
    ) {
        let node = &self.nodes[node];
        if at > start && glyphs[at - 1].ends {
            node.values.iter().for_each(|value| visit(Span { end: at, gaps }, *value));
        }
        let Some(glyph) = glyphs.get(at) else { return };
        let parted = at > start && glyph.gap != Gap::None;
        if node.next.is_empty() || (at > start && glyph.gap == Gap::Hard) {
            return;
        }
        let gaps = gaps + usize::from(parted);
        for (edge, next) in &node.next {
            if *edge == GAP {
                // The gap itself is counted when the letter after it is taken.
                if parted {
                    self.step(*next, glyphs, at, at, gaps, visit);
                }
            } else if stands_for(glyph, *edge, self.loose) {
                self.step(*next, glyphs, start, at + 1, gaps, visit);
            } else if self.loose && is_pair(glyph, glyphs.get(at + 1), *edge) {
                self.step(*next, glyphs, start, at + 2, gaps, visit);
            }
        }
    }
}

/// Whether a letter of the text may be read as this letter of a word.
fn stands_for(glyph: &Glyph, letter: char, loose: bool) -> bool {
    glyph.letter == letter || readings(glyph, loose).contains(&letter)
}

/// What else a letter, digit or sign of the text may be.
fn readings(glyph: &Glyph, loose: bool) -> &'static [char] {
    match glyph.letter {
        '0' => &['o'],
        '1' | '!' | '|' => &['i', 'l'],
        '3' | '€' => &['e'],
        '4' | '@' => &['a'],
        '5' | '$' => &['s'],
        '7' => &['t'],
        '8' => &['b'],
        '9' => &['g'],
        'i' if loose && glyph.capital => &['l'],
        'l' if loose => &['i'],
        _ => &[],
    }
}

/// Two letters that look like one.
fn is_pair(first: &Glyph, second: Option<&Glyph>, letter: char) -> bool {
    let second = second.filter(|second| second.gap == Gap::None).map(|second| second.letter);
    matches!((first.letter, second, letter), ('r', Some('n'), 'm') | ('v', Some('v'), 'w'))
}
