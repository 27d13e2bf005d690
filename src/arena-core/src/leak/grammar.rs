//! From words to a verdict: does this sentence apply the name to its speaker?

use std::cell::RefCell;

use super::fold::{Gap, Glyph, Script, script};
use super::phrases::Sense;
use super::tail::Tail;
use super::{AliasKind, Finder, Leak, Rule};

/// Words that may stand between an introduction and a name.
pub(super) const MAX_ITEMS: usize = 14;
/// Unknown words among them; two characters of a dense script are one word.
const MAX_UNKNOWN: usize = 4;
/// Unknown words before the word that says it is a machine.
const MAX_ADJECTIVES: usize = 2;
/// How far a second sign may be from an ambiguous name, in letters.
const NEARBY: usize = 200;
/// An answer of so few letters that ends with the name says nothing else.
const SHORT: usize = 40;

/// The phrases that begin at one place and are longest there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) end: usize,
    /// One bit for each sense.
    senses: u32,
}

fn bit(sense: Sense) -> u32 {
    1 << sense as u32
}

impl Item {
    pub(super) fn is(&self, sense: Sense) -> bool {
        self.senses & bit(sense) != 0
    }

    pub(super) fn is_machine(&self) -> bool {
        self.is(Sense::Machine) || self.is(Sense::Helper)
    }

    fn opener(&self) -> Option<Sense> {
        use Sense::{As, Me, MeBare, MyMaker, ThisText, WasMade};
        [MyMaker, ThisText, Me, MeBare, WasMade, As].into_iter().find(|sense| self.is(*sense))
    }
}

/// A name that begins at a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    pub(super) entry: usize,
    pub(super) end: usize,
    pub(super) maker: bool,
    pub(super) distinct: bool,
}

/// What has been read since the introduction.
#[derive(Debug, Default)]
struct Clause {
    machine: bool,
    by: bool,
    from: bool,
    made: bool,
    article: bool,
    unknown: usize,
    /// Unknown words since the last machine word or introduction.
    since: usize,
    /// Unknown words since "by": "by the French company X".
    after_by: usize,
}

impl Clause {
    fn unknown_word(&mut self) {
        self.unknown += 1;
        self.since += 1;
        if self.by || self.from {
            self.after_by += 1;
        }
        self.by &= self.after_by <= MAX_ADJECTIVES;
        self.from &= self.after_by <= MAX_ADJECTIVES;
    }

    /// Unknown words that do not describe the maker.
    fn strangers(&self) -> usize {
        if self.by || self.from { self.unknown - self.after_by } else { self.unknown }
    }
}

/// Reads one folded text.
pub(super) struct Reader<'a> {
    pub(super) finder: &'a Finder,
    pub(super) glyphs: &'a [Glyph],
    /// Items that have been looked up.
    items: RefCell<Vec<Option<Item>>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(finder: &'a Finder, glyphs: &'a [Glyph]) -> Self {
        Self { finder, glyphs, items: RefCell::new(vec![None; glyphs.len()]) }
    }

    pub(super) fn leaks(&self) -> Vec<Leak> {
        let mut leaks = Vec::new();
        let (mut at, mut denied) = (0, None);
        while at < self.glyphs.len() {
            if !self.glyphs[at].starts || self.glyphs[at].quoted {
                at += 1;
                continue;
            }
            let item = self.item(at);
            let found = match item.opener() {
                Some(opener) if !item.is(Sense::Other) && denied != Some(at) => {
                    self.clause(opener, at, item.end)
                }
                _ => None,
            };
            if item.is(Sense::Not) && self.glyphs.get(item.end).is_some_and(|g| g.gap <= Gap::Soft)
            {
                denied = Some(item.end);
            }
            let found = found.or_else(|| self.named_first(at)).or_else(|| self.made_first(at));
            match found {
                Some(leak) => {
                    at = self.glyphs.partition_point(|glyph| glyph.end <= leak.bytes.end);
                    leaks.push(leak);
                }
                None if item.is(Sense::Other) => at = item.end,
                None => at += 1,
            }
        }
        leaks
    }

    /// The longest phrases at a place; an empty item if there is none.
    pub(super) fn item(&self, at: usize) -> Item {
        if let Some(item) = self.items.borrow().get(at).copied().flatten() {
            return item;
        }
        let mut item = Item { end: at, senses: 0 };
        self.finder.phrases.visit(self.glyphs, at, &mut |span, sense| {
            if sense == Sense::Machine && span.end == at + 2 && !self.is_abbreviation(at) {
                return;
            }
            if span.end > item.end {
                item = Item { end: span.end, senses: 0 };
            }
            if span.end == item.end {
                item.senses |= bit(sense);
            }
        });
        if let Some(place) = self.items.borrow_mut().get_mut(at) {
            *place = Some(item);
        }
        item
    }

    /// Whether two letters are "AI" and not a word of French or Italian.
    fn is_abbreviation(&self, at: usize) -> bool {
        let before = &self.glyphs[at.saturating_sub(2)..at];
        let article = before.len() == 2 && before[0].letter == 'a' && before[1].letter == 'n';
        self.glyphs[at].capital
            || !self.glyphs[at].letter.is_ascii()
            || (article && before[0].starts)
    }

    /// The names at a place, longest first.
    pub(super) fn names(&self, at: usize) -> Vec<Name> {
        let mut names = Vec::new();
        self.finder.names.visit(self.glyphs, at, &mut |span, place| {
            let entry = &self.finder.entries[place];
            // Two or three letters with gaps inside are other words.
            let length = entry.alias.letters.len();
            if length >= 4 || span.gaps == 0 || span.gaps + 1 == length {
                let maker = entry.alias.kind == AliasKind::Maker;
                names.push(Name {
                    entry: place,
                    end: span.end,
                    maker,
                    distinct: entry.alias.distinct,
                });
            }
        });
        names.sort_by_key(|name| std::cmp::Reverse(name.end));
        names
    }

    /// Reads on from an introduction to the first name that belongs to it.
    fn clause(&self, opener: Sense, start: usize, mut at: usize) -> Option<Leak> {
        let by = |letter| letter == '由' || letter == '被';
        let from = at > 0 && by(self.glyphs[at - 1].letter);
        let mut clause = Clause { from, ..Clause::default() };
        for _ in 0..MAX_ITEMS {
            let glyph = self.glyphs.get(at)?;
            if glyph.gap == Gap::Hard && !self.opens_line(at) {
                return None;
            }
            let names = self.names(at);
            for name in &names {
                if let Some(rule) = self.judge(opener, &clause, *name) {
                    return Some(self.finder.leak(self.glyphs, name.entry, rule, start..name.end));
                }
            }
            let item = self.item(at);
            if item.is(Sense::Not) || item.is(Sense::Person) {
                return None;
            }
            at = match names.first() {
                Some(name) if name.end > item.end => {
                    clause.unknown_word();
                    name.end
                }
                _ => self.read(&item, at, &mut clause)?,
            };
        }
        None
    }

    /// Whether a colon or the introduction alone stood on the line before: "My name is:\nClaude".
    fn opens_line(&self, at: usize) -> bool {
        let between = at > 0 && self.glyphs[at].start - self.glyphs[at - 1].end <= 4;
        between && at > 1 && self.glyphs[at - 1].ends && self.glyphs[at].gap != Gap::Hard
    }

    fn read(&self, item: &Item, at: usize, clause: &mut Clause) -> Option<usize> {
        if item.end == at || item.senses == bit(Sense::I) || item.senses == bit(Sense::Elsewhere) {
            clause.unknown_word();
            let dense = script(self.glyphs[at].letter) == Script::Dense;
            let limit = if dense { 2 * MAX_UNKNOWN } else { MAX_UNKNOWN };
            let next = (at + 1..self.glyphs.len()).find(|place| self.glyphs[*place].starts)?;
            return (clause.unknown <= limit).then_some(next);
        }
        if item.is_machine() {
            if !clause.machine && clause.unknown > MAX_ADJECTIVES {
                return None;
            }
            clause.machine = true;
            clause.since = 0;
        }
        clause.made |= item.is(Sense::Made);
        clause.article = item.is(Sense::Article);
        if item.is(Sense::By) {
            clause.by = true;
            clause.after_by = 0;
        } else if item.is(Sense::From) {
            clause.from = true;
            clause.after_by = 0;
        } else if !item.is(Sense::Filler) && !item.is(Sense::Article) && !item.is(Sense::Made) {
            clause.by = false;
            clause.from = false;
        }
        Some(item.end)
    }

    fn judge(&self, opener: Sense, clause: &Clause, name: Name) -> Option<Rule> {
        let tail = self.tail(name.end);
        if tail.person || (tail.owner && !tail.machine) {
            return None;
        }
        // "By the best: X" is no maker unless X is one.
        if clause.after_by > 0 && !name.maker && !name.distinct {
            return None;
        }
        let source = clause.by
            || (clause.from && (clause.machine || clause.made || tail.made))
            || (tail.made
                && clause.unknown == 0
                && (opener != Sense::Me || tail.machine || clause.from));
        let direct = clause.unknown == 0 || (clause.machine && clause.since == 0);
        let said = match opener {
            Sense::MyMaker => clause.unknown == 0,
            Sense::ThisText => {
                clause.unknown == 0 && (name.distinct || name.maker || tail.ends || tail.machine)
            }
            Sense::WasMade => source && clause.strangers() == 0,
            Sense::As => {
                (clause.machine && source && clause.since <= MAX_ADJECTIVES)
                    || (source && tail.machine && (clause.from || clause.by || self.is_glued(name)))
                    || (!name.maker
                        && direct
                        && tail.main_clause
                        && self.is_plausible(clause, name, &tail))
            }
            Sense::Me | Sense::MeBare => {
                (source
                    && (clause.unknown == 0 || (clause.machine && clause.since <= MAX_ADJECTIVES)))
                    || (direct
                        && !clause.from
                        && !clause.by
                        && self.predicate(opener, clause, name, &tail))
            }
            _ => false,
        };
        said.then_some(match opener {
            Sense::ThisText => Rule::Text,
            Sense::As => Rule::Role,
            Sense::Me | Sense::MeBare if !source && !name.maker => Rule::Name,
            _ => Rule::Maker,
        })
    }

    /// Whether "I am X" says a name.
    fn predicate(&self, opener: Sense, clause: &Clause, name: Name, tail: &Tail) -> bool {
        if name.maker {
            return tail.machine && !tail.ends;
        }
        let ends = tail.ends || tail.is || tail.machine || tail.made || tail.by;
        if (opener == Sense::MeBare || self.is_glued(name)) && !ends {
            return false;
        }
        if tail.list {
            return false;
        }
        self.is_plausible(clause, name, tail)
    }

    /// Whether a letter of a script without blanks follows at once.
    fn is_glued(&self, name: Name) -> bool {
        self.glyphs
            .get(name.end)
            .is_some_and(|next| next.gap <= Gap::Soft && script(next.letter) != Script::Spaced)
    }

    /// A distinct name is; another needs a second sign.
    fn is_plausible(&self, clause: &Clause, name: Name, tail: &Tail) -> bool {
        if name.distinct {
            return true;
        }
        let ends = tail.ends || tail.is || tail.certain || tail.and || tail.by || tail.maker;
        if !ends || (clause.article && !clause.machine && !tail.certain) {
            return false;
        }
        if clause.machine || tail.certain || tail.maker {
            return true;
        }
        let near = name.end.saturating_sub(NEARBY)..(name.end + NEARBY).min(self.glyphs.len());
        let sign = |sense: Sense| near.clone().any(|at| self.item(at).is(sense));
        let signs = sign(Sense::Machine) || sign(Sense::Service);
        let end = if tail.is { self.item(name.end).end } else { name.end };
        !sign(Sense::Elsewhere) && (signs || (end == self.glyphs.len() && end <= SHORT))
    }

    /// "X created me", and "X here" at the start.
    fn named_first(&self, at: usize) -> Option<Leak> {
        for name in self.names(at) {
            let mut end = name.end;
            let mut item = self.item(end);
            let passes = |item: &Item| item.is(Sense::Filler) || item.is(Sense::Article);
            while item.end > end && passes(&item) && !item.is(Sense::MadeMe) {
                end = item.end;
                item = self.item(end);
            }
            if self.glyphs.get(end).is_none_or(|glyph| glyph.gap == Gap::Hard) {
                continue;
            }
            let clause = Clause::default();
            let free = Tail { ends: true, ..Tail::default() };
            let made = item.is(Sense::MadeMe) && self.is_plausible(&clause, name, &free);
            let opening = at < 12 && !name.maker;
            let after = self.glyphs.get(item.end).is_none_or(|glyph| glyph.gap >= Gap::Comma);
            if made || (opening && end == name.end && item.is(Sense::Here) && after) {
                let rule = if name.maker { Rule::Maker } else { Rule::Name };
                return Some(self.finder.leak(self.glyphs, name.entry, rule, at..item.end));
            }
        }
        None
    }
}
