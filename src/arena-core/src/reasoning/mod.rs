//! Splits what a model thinks from what it answers, while the text streams in.
//!
//! The rules, after the marks that are in use (`tags`):
//! * An opening tag counts at the start of a line, indented by three blanks at most, outside fenced code.
//!   Elsewhere it is text: an answer may talk about tags.
//! * Inside reasoning the closing tag of the same kind counts anywhere, unless the same quotation
//!   mark or backtick stands directly on both sides of it. Fences do not count there: thoughts leave
//!   them open. An opening tag of the same kind at the start of a line nests.
//! * Reasoning that is never closed is reasoning to the end; the answer is then empty.
//! * A template may have opened the tag: [`start_after`] looks at the rendered conversation. The
//!   answer then starts inside, and a repeated opening tag is swallowed.
//! * A closing tag without an opening one is dropped and counted, unless it is quoted or code. What
//!   stood before it has been shown already; the count says that the model's start is set wrongly.
//! * Harmony (gpt-oss) is recognised by its control tokens at the start of an answer: the channel
//!   `final` is the answer, every other channel is reasoning.
//! * Marks around the answer proper (`<answer>`) are dropped where they follow reasoning or start it.
//! * Blanks between reasoning and answer are dropped.
//!
//! Run the normaliser first: an invisible character inside a tag would hide it. Not here: deciding
//! what an empty answer means, and reasoning that an endpoint hands over in a field of its own.
//!
//! Sources: chat templates of the models named in `tags`; the lists of reasoning parsers in the
//! manuals of SGLang ("Reasoning Parser") and NVIDIA Dynamo ("Reasoning"); OpenAI's harmony format.

mod line;
mod tags;

#[cfg(test)]
mod tests;

use self::line::Line;
use self::tags::{CHANNEL, ENDS, HARMONY_WORD, Hit, MESSAGE, PAIRS, START, WRAPPERS, starts};

/// Longest header of a harmony message, in bytes; a longer one is reasoning without an end.
const MAX_HEADER_BYTES: usize = 256;

/// Where an answer begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// In front of everything, as most do.
    #[default]
    Outside,
    /// Inside reasoning, because the template has opened it.
    Inside,
}

/// Text, its two parts apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// What the model thought; several stretches are a blank line apart.
    pub reasoning: String,
    /// What the voter reads.
    pub visible: String,
}

/// How an answer ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// What was held back until the end.
    pub parts: Parts,
    /// Whether reasoning was open at the end.
    pub unclosed: bool,
    /// Closing tags that nothing had opened.
    pub stray_ends: u32,
}

/// What the next characters belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Nothing but blanks so far.
    Begin,
    Visible,
    /// In a pair of `PAIRS`, or in any when the template has opened it.
    Reasoning {
        pair: Option<usize>,
        depth: u32,
    },
    /// Between harmony's control tokens.
    Header,
}

/// A mark that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Open(usize),
    Nested,
    Close,
    Unwrap,
    Wrap(usize),
    Stray,
    Header,
    Message,
}

/// Splits one answer, piece by piece.
///
/// Input: normalised text in order, cut anywhere between characters. Output: both parts as they
/// become certain; joined, they are the same for every way of cutting. At most one mark and the
/// blanks before the answer are held back. Errors: none. Cost: linear.
#[derive(Debug)]
pub struct Splitter {
    mode: Mode,
    /// What may be the beginning of a mark.
    held: String,
    /// Blanks before the answer.
    lead: String,
    /// Header of a harmony message.
    header: String,
    line: Line,
    harmony: bool,
    wrapper: Option<usize>,
    /// Whether blanks are dropped until the next visible character.
    trims: bool,
    has_reasoning: bool,
    stray_ends: u32,
}

impl Splitter {
    /// Starts an answer.
    pub fn new(start: Start) -> Self {
        let mode = match start {
            Start::Outside => Mode::Begin,
            Start::Inside => Mode::Reasoning { pair: None, depth: 0 },
        };
        Self {
            mode,
            held: String::new(),
            lead: String::new(),
            header: String::new(),
            line: Line::fresh(),
            harmony: false,
            wrapper: None,
            trims: start == Start::Inside,
            has_reasoning: false,
            stray_ends: 0,
        }
    }

    /// Takes in the next piece and returns what it settles.
    pub fn push(&mut self, piece: &str) -> Parts {
        self.held.push_str(piece);
        self.drain(false)
    }

    /// Ends the answer.
    pub fn finish(mut self) -> End {
        let mut parts = self.drain(true);
        if self.mode == Mode::Begin {
            parts.visible.push_str(&self.lead);
        }
        let unclosed = matches!(self.mode, Mode::Reasoning { .. } | Mode::Header);
        End { parts, unclosed, stray_ends: self.stray_ends }
    }

    fn drain(&mut self, last: bool) -> Parts {
        let mut parts = Parts::default();
        let held = std::mem::take(&mut self.held);
        let mut rest = held.as_str();
        while let Some(letter) = rest.chars().next() {
            let candidate = begins_marks(letter);
            match candidate.then(|| self.find(rest, last)).flatten() {
                Some((mark, length)) => {
                    self.apply(mark, &mut parts);
                    rest = &rest[length..];
                }
                None if candidate && !last && self.may_begin_mark(rest) => break,
                None => {
                    self.text(letter, &mut parts);
                    rest = &rest[letter.len_utf8()..];
                }
            }
        }
        self.held = rest.to_owned();
        parts
    }

    /// The mark at the start of the text that counts here, and its length in bytes.
    fn find(&self, rest: &str, last: bool) -> Option<(Mark, usize)> {
        let (mark, text) = self.marks().find(|(_, text)| starts(rest, text) == Hit::Yes)?;
        let next = rest[text.len()..].chars().next();
        let counts = match mark {
            Mark::Close | Mark::Stray if self.line.before.is_some_and(is_quote) => {
                (next.is_some() || last) && next != self.line.before
            }
            Mark::Open(_) if text == HARMONY_WORD => {
                next.is_some_and(|next| next.is_alphabetic() && !next.is_ascii_lowercase())
            }
            _ => true,
        };
        counts.then_some((mark, text.len()))
    }

    /// Whether more text could make a mark of this.
    fn may_begin_mark(&self, rest: &str) -> bool {
        self.marks().any(|(mark, text)| match starts(rest, text) {
            Hit::Open => true,
            // A mark that needs to see what follows.
            Hit::Yes => {
                rest.len() == text.len()
                    && (text == HARMONY_WORD || matches!(mark, Mark::Close | Mark::Stray))
            }
            Hit::No => false,
        })
    }

    /// The marks that count at this place.
    fn marks(&self) -> impl Iterator<Item = (Mark, &'static str)> {
        let begins = self.mode == Mode::Begin;
        let (pair, depth) = match self.mode {
            Mode::Reasoning { pair, depth } => (pair, Some(depth)),
            _ => (None, None),
        };
        let outside = depth.is_none() && self.mode != Mode::Header && !self.harmony;
        let repeats = depth == Some(0) && pair.is_none() && self.trims && !self.harmony;
        let opens = (outside && self.line.takes_tag()) || repeats;
        let pairs = PAIRS.iter().enumerate().flat_map(move |(place, tags)| {
            let own = pair == Some(place);
            let any = depth.is_some() && pair.is_none() && !tags.words && !self.harmony;
            let open = opens && (begins || !tags.words) && !own;
            let nests = own && !tags.words && self.line.starts();
            let stray = outside && !begins && !tags.words && self.line.takes_end();
            [
                (own || any).then_some((Mark::Close, tags.close)),
                open.then_some((Mark::Open(place), tags.open)),
                nests.then_some((Mark::Nested, tags.open)),
                stray.then_some((Mark::Stray, tags.close)),
            ]
        });
        let wrappers = WRAPPERS.iter().enumerate().flat_map(move |(place, (open, close))| {
            let wraps = outside && self.wrapper.is_none() && (begins || self.trims);
            let unwraps = outside && self.wrapper == Some(place);
            [wraps.then_some((Mark::Wrap(place), *open)), unwraps.then_some((Mark::Unwrap, *close))]
        });
        let harmony = begins || self.harmony;
        let control = [(Mark::Header, CHANNEL), (Mark::Header, START), (Mark::Message, MESSAGE)];
        let ends = ENDS.map(|end| (Mark::Header, end));
        let control = control.into_iter().chain(ends).filter(move |(mark, text)| {
            harmony && (self.harmony || (*mark == Mark::Header && !ENDS.contains(text)))
        });
        pairs.flatten().chain(wrappers.flatten()).chain(control)
    }

    fn apply(&mut self, mark: Mark, parts: &mut Parts) {
        match mark {
            Mark::Open(place) => {
                let repeats = matches!(self.mode, Mode::Reasoning { .. });
                self.mode = Mode::Reasoning { pair: Some(place), depth: 0 };
                self.begin_reasoning(repeats, parts);
            }
            Mark::Nested => {
                let Mode::Reasoning { pair: Some(place), depth } = self.mode else { return };
                self.mode = Mode::Reasoning { pair: Some(place), depth: depth + 1 };
                self.literal(PAIRS[place].open, parts);
            }
            Mark::Close => match self.mode {
                Mode::Reasoning { pair: Some(place), depth: depth @ 1.. } => {
                    self.mode = Mode::Reasoning { pair: Some(place), depth: depth - 1 };
                    self.literal(PAIRS[place].close, parts);
                }
                _ => self.begin_visible(),
            },
            Mark::Wrap(place) => {
                self.wrapper = Some(place);
                self.begin_visible();
            }
            Mark::Unwrap => self.wrapper = None,
            Mark::Stray => self.stray_ends += 1,
            Mark::Header => {
                self.harmony = true;
                self.lead.clear();
                self.header.clear();
                self.mode = Mode::Header;
            }
            Mark::Message => match self.header.trim() == "final" {
                true => self.begin_visible(),
                false => {
                    self.mode = Mode::Reasoning { pair: None, depth: 0 };
                    self.begin_reasoning(false, parts);
                }
            },
        }
    }

    fn begin_reasoning(&mut self, repeats: bool, parts: &mut Parts) {
        if self.has_reasoning && !repeats {
            parts.reasoning.push_str("\n\n");
        }
        self.lead.clear();
        self.line = Line::fresh();
        self.trims = true;
    }

    fn begin_visible(&mut self) {
        self.mode = Mode::Visible;
        self.lead.clear();
        self.line = Line::fresh();
        self.trims = true;
    }

    fn literal(&mut self, text: &str, parts: &mut Parts) {
        text.chars().for_each(|letter| self.text(letter, parts));
    }

    fn text(&mut self, letter: char, parts: &mut Parts) {
        if self.mode == Mode::Begin {
            if letter.is_whitespace() {
                self.line.push(letter);
                return self.lead.push(letter);
            }
            self.mode = Mode::Visible;
            parts.visible.push_str(&self.lead);
        }
        if self.mode == Mode::Header {
            self.header.push(letter);
            if self.header.len() > MAX_HEADER_BYTES {
                self.mode = Mode::Reasoning { pair: None, depth: 0 };
            }
            return;
        }
        self.line.push(letter);
        if self.trims && letter.is_whitespace() {
            return;
        }
        self.trims = false;
        if self.mode == Mode::Visible {
            parts.visible.push(letter);
        } else {
            self.has_reasoning = true;
            parts.reasoning.push(letter);
        }
    }
}

/// Whether any mark begins with this character.
fn begins_marks(letter: char) -> bool {
    matches!(letter, '<' | '[' | '◁' | 'H' | 'h' | 'A' | 'a')
}

fn is_quote(letter: char) -> bool {
    matches!(letter, '`' | '"' | '\'')
}

/// Splits a whole answer: [`Splitter`] in one piece.
pub fn split(answer: &str, start: Start) -> End {
    let mut splitter = Splitter::new(start);
    let first = splitter.push(answer);
    let mut end = splitter.finish();
    end.parts.reasoning.insert_str(0, &first.reasoning);
    end.parts.visible.insert_str(0, &first.visible);
    end
}

/// Where an answer begins after this rendered conversation: inside, if it ends with an opening tag.
pub fn start_after(conversation: &str) -> Start {
    opened_by(conversation).map_or(Start::Outside, |_| Start::Inside)
}

/// The opening tag that this rendered conversation ends with. An engine sends it before the answer's own
/// text, so that whoever reads the answer needs to know no template.
pub fn opened_by(conversation: &str) -> Option<&'static str> {
    let end = conversation.trim_end();
    let opens = |pair: &&tags::Pair| !pair.words && end.ends_with(pair.open);
    PAIRS.iter().find(opens).map(|pair| pair.open)
}

/// Where a whole answer of unknown template began: inside, if a reasoning tag is closed that was
/// never opened. For stored answers; a stream cannot know.
pub fn guess_start(answer: &str) -> Start {
    match split(answer, Start::Outside).stray_ends {
        0 => Start::Outside,
        _ => Start::Inside,
    }
}
