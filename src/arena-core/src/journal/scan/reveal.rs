//! The reveal inside a leaf: JSON in a JSON string, so that every quote of it has a backslash.

use super::super::merkle::Hash;
use super::{Cursor, Id};

/// What a commitment was opened to.
#[derive(Debug, PartialEq)]
pub(in super::super) struct Reveal<'a> {
    pub(in super::super) battle: Id,
    pub(in super::super) models: [Id; 2],
    /// Digests of the models' files; none for an endpoint.
    pub(in super::super) files: [Option<Hash>; 2],
    pub(in super::super) sampling: Hash,
    pub(in super::super) seeds: [u32; 2],
    /// Whether the answers were made in advance.
    pub(in super::super) stored: [bool; 2],
    /// Models that could not be drawn, as they stand in the leaf; see [`Reveal::out`].
    pub(in super::super) out: &'a [u8],
    pub(in super::super) nonce: Option<Id>,
    /// Commitment to the first question.
    pub(in super::super) question: Hash,
    /// The bytes that were committed to.
    pub(in super::super) text: &'a [u8],
}

/// A literal as it stands in the leaf, and as it was committed to.
type Literal = (&'static [u8], &'static [u8]);

const BEGIN: Literal = (br#"{\"v\":1,\"b\":\""#, br#"{"v":1,"b":""#);
const LEFT: Literal = (br#"\",\"l\":\""#, br#"","l":""#);
const RIGHT: Literal = (br#"\",\"r\":\""#, br#"","r":""#);
const LEFT_FILE: Literal = (br#"\",\"lg\":\""#, br#"","lg":""#);
const RIGHT_FILE: Literal = (br#"\",\"rg\":\""#, br#"","rg":""#);
const SAMPLING: Literal = (br#"\",\"samp\":\""#, br#"","samp":""#);
const SEEDS: Literal = (br#"\",\"seed\":["#, br#"","seed":["#);
const COMMA: Literal = (b",", b",");
const STORED: Literal = (br#"],\"st\":["#, br#"],"st":["#);
const OUT: Literal = (br#"],\"out\":["#, br#"],"out":["#);
const NONCE: Literal = (br#"],\"cn\":\""#, br#"],"cn":""#);
const QUESTION: Literal = (br#"\",\"pc\":\""#, br#"","pc":""#);
const END: Literal = (br#"\"}"#, br#""}"#);

/// Copies what it reads, without the backslashes.
struct Copying<'a, 'b> {
    at: &'b mut Cursor<'a>,
    text: &'b mut Vec<u8>,
}

impl<'a> Copying<'a, '_> {
    fn literal(&mut self, (escaped, plain): Literal) -> Option<()> {
        self.at.literal(escaped)?;
        self.text.extend_from_slice(plain);
        Some(())
    }

    /// Copies what a step reads.
    fn copy<T>(&mut self, read: impl FnOnce(&mut Cursor<'a>) -> Option<T>) -> Option<T> {
        let before = self.at.rest();
        let value = read(self.at)?;
        self.text.extend_from_slice(&before[..before.len() - self.at.rest().len()]);
        Some(value)
    }

    /// A literal and what follows it.
    fn after<T>(
        &mut self,
        literal: Literal,
        read: impl FnOnce(&mut Cursor<'a>) -> Option<T>,
    ) -> Option<T> {
        self.literal(literal)?;
        self.copy(read)
    }

    fn two(&mut self, before: Literal, most: u64) -> Option<[u64; 2]> {
        let first = self.after(before, |at| at.number(most))?;
        let second = self.after(COMMA, |at| at.number(most))?;
        Some([first, second])
    }
}

/// Digits or nothing, up to a backslash.
fn perhaps<const D: usize, const B: usize>(at: &mut Cursor<'_>) -> Option<Option<[u8; B]>> {
    if at.rest().first() == Some(&b'\\') { Some(None) } else { at.hex::<D, B>().map(Some) }
}

/// Reads up to the quote that ends the string.
pub(super) fn read<'a>(at: &mut Cursor<'a>, room: &'a mut Vec<u8>) -> Option<Reveal<'a>> {
    let mut copying = Copying { at, text: &mut *room };
    let battle = copying.after(BEGIN, Cursor::id)?;
    let models = [copying.after(LEFT, Cursor::id)?, copying.after(RIGHT, Cursor::id)?];
    let left_file = copying.after(LEFT_FILE, perhaps::<64, 32>)?;
    let right_file = copying.after(RIGHT_FILE, perhaps::<64, 32>)?;
    let sampling = copying.after(SAMPLING, Cursor::digest)?;
    let seeds = copying.two(SEEDS, u64::from(u32::MAX))?;
    let stored = copying.two(STORED, 1)?;
    copying.literal(OUT)?;
    let out = list(&mut copying)?;
    let nonce = copying.after(NONCE, perhaps::<32, 16>)?;
    let question = copying.after(QUESTION, Cursor::digest)?;
    copying.literal(END)?;
    (models[0] != models[1]).then_some(Reveal {
        battle,
        models,
        files: [left_file, right_file],
        sampling,
        // Below 2^32 by the reading.
        seeds: seeds.map(|seed| seed as u32),
        stored: stored.map(|flag| flag == 1),
        out,
        nonce,
        question,
        text: room,
    })
}

/// Ids, ascending, up to the closing bracket.
fn list<'a>(copying: &mut Copying<'a, '_>) -> Option<&'a [u8]> {
    let before = copying.at.rest();
    let mut last = None;
    while copying.at.rest().first() != Some(&b']') {
        if last.is_some() {
            copying.literal(COMMA)?;
        }
        copying.literal((br#"\""#, br#"""#))?;
        let id = copying.copy(Cursor::id)?;
        copying.literal((br#"\""#, br#"""#))?;
        if last.is_some_and(|last| last >= id) {
            return None;
        }
        last = Some(id);
    }
    Some(&before[..before.len() - copying.at.rest().len()])
}

impl Reveal<'_> {
    /// The models that could not be drawn.
    pub(in super::super) fn out(&self) -> Vec<Id> {
        out(self.out)
    }
}

/// The ids of a list as it stands in a leaf.
pub(in super::super) fn out(list: &[u8]) -> Vec<Id> {
    let mut at = Cursor::new(list);
    let mut ids = Vec::new();
    while at.next_is(br#"\""#) {
        ids.extend(at.id());
        let _ = at.next_is(br#"\","#) || at.next_is(br#"\""#);
    }
    ids
}
