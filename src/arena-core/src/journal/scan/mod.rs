//! Reads the three kinds of leaves that a log consists of, assign, vote and void, as fast as a whole log needs it.
//!
//! It accepts what [`Leaf::parse`] accepts, byte for byte, and nothing else: a test holds the two against each
//! other. The form of a leaf is so strict that reading is comparing with literals; ids and digests come out as
//! bytes, and nothing is allocated. All other kinds are rare and are read by [`Leaf::parse`].

mod cursor;
mod reveal;
#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

use super::leaf::{Choice, Flag, Leaf, LeafError, MAX_BYTES, MAX_INTEGER, TIME_STEP, Why};
use super::merkle::Hash;
use crate::tier::Tier;
use cursor::Cursor;
pub(super) use reveal::{Reveal, out};

/// An id as bytes.
pub(super) type Id = [u8; 16];

/// A leaf as it was found.
#[derive(Debug, PartialEq)]
pub(super) enum Found<'a> {
    Assign(Assign<'a>),
    Vote(Vote<'a>),
    Void(Void<'a>),
    Other(Leaf),
}

/// A battle has its pair.
#[derive(Debug, PartialEq)]
pub(super) struct Assign<'a> {
    pub(super) battle: Id,
    pub(super) epoch: &'a str,
    pub(super) number: u64,
    pub(super) commitment: Hash,
    pub(super) time: u64,
}

/// What vote and void open.
#[derive(Debug, PartialEq)]
pub(super) struct Opening<'a> {
    pub(super) battle: Id,
    /// Index of the assign leaf.
    pub(super) assign: u64,
    pub(super) key: Hash,
    pub(super) reveal: Reveal<'a>,
}

/// A battle has its vote.
#[derive(Debug, PartialEq)]
pub(super) struct Vote<'a> {
    pub(super) opening: Opening<'a>,
    pub(super) choice: Choice,
    /// Commitments to the answers of A, to all questions, and to the answers of B.
    pub(super) left: Hash,
    pub(super) questions: Option<Hash>,
    pub(super) right: Hash,
    pub(super) flags: Vec<Flag>,
    pub(super) tier: Tier,
    pub(super) voter: Id,
    /// With escapes as they stand in the leaf.
    pub(super) question: Option<&'a str>,
    pub(super) time: u64,
}

/// A battle ended without a vote.
#[derive(Debug, PartialEq)]
pub(super) struct Void<'a> {
    pub(super) opening: Opening<'a>,
    pub(super) why: Why,
    pub(super) time: u64,
}

impl Found<'_> {
    pub(super) fn time(&self) -> u64 {
        match self {
            Self::Assign(assign) => assign.time,
            Self::Vote(vote) => vote.time,
            Self::Void(void) => void.time,
            Self::Other(leaf) => leaf.time(),
        }
    }
}

/// Reads a leaf. **Input** its bytes; room for the text of a reveal, which is overwritten.
pub(super) fn scan<'a>(bytes: &'a [u8], room: &'a mut Vec<u8>) -> Result<Found<'a>, LeafError> {
    room.clear();
    let found = if bytes.len() > MAX_BYTES {
        None
    } else if let Some(rest) = bytes.strip_prefix(b"{\"k\":\"assign\",\"b\":\"") {
        assign(rest).map(Found::Assign)
    } else if let Some(rest) = bytes.strip_prefix(b"{\"k\":\"vote\",\"b\":\"") {
        vote(rest, room).map(Found::Vote)
    } else if let Some(rest) = bytes.strip_prefix(b"{\"k\":\"void\",\"b\":\"") {
        void(rest, room).map(Found::Void)
    } else {
        return Leaf::parse(bytes).map(Found::Other);
    };
    // The slow reader says what is wrong.
    found.ok_or_else(|| Leaf::parse(bytes).err().unwrap_or(LeafError::NotCanonical))
}

fn assign(bytes: &[u8]) -> Option<Assign<'_>> {
    let mut at = Cursor::new(bytes);
    let battle = at.id()?;
    at.literal(b"\",\"e\":\"")?;
    let epoch = at.string().filter(|day| is_day(day.as_bytes()))?;
    at.literal(b",\"i\":")?;
    let number = at.number(MAX_INTEGER)?;
    at.literal(b",\"c\":\"")?;
    let commitment = at.digest()?;
    let time = end(&mut at, b"\"")?;
    Some(Assign { battle, epoch, number, commitment, time })
}

fn is_day(text: &[u8]) -> bool {
    let &[a, b, c, d, b'-', e, f, b'-', g, h] = text else { return false };
    [a, b, c, d, e, f, g, h].iter().all(u8::is_ascii_digit)
}

/// `,"t":` with what stands before it, a time and the end of the leaf.
fn end(at: &mut Cursor<'_>, before: &[u8]) -> Option<u64> {
    at.literal(before)?;
    at.literal(b",\"t\":")?;
    let time = at.number(MAX_INTEGER).filter(|time| time.is_multiple_of(TIME_STEP))?;
    at.literal(b"}")?;
    at.is_at_end().then_some(time)
}

fn vote<'a>(bytes: &'a [u8], room: &'a mut Vec<u8>) -> Option<Vote<'a>> {
    let mut at = Cursor::new(bytes);
    let battle = at.id()?;
    at.literal(b"\",\"a\":")?;
    let assign = at.number(MAX_INTEGER)?;
    at.literal(b",\"o\":\"")?;
    let choice = word(&mut at)?;
    let (key, reveal) = opened(&mut at, room)?;
    at.literal(b",\"c\":{\"l\":\"")?;
    let left = at.digest()?;
    let questions = if at.next_is(b"\",\"p\":\"") { Some(at.digest()?) } else { None };
    at.literal(b"\",\"r\":\"")?;
    let right = at.digest()?;
    at.literal(b"\"},\"f\":[")?;
    let flags = flags(&mut at)?;
    at.literal(b",\"g\":\"")?;
    let tier = word(&mut at)?;
    at.literal(b",\"w\":\"")?;
    let voter = at.id()?;
    at.literal(b"\"")?;
    let question = if at.next_is(b",\"q\":\"") { Some(at.string()?) } else { None };
    if question.is_some_and(|question| question.matches('/').count() < 2) {
        return None;
    }
    let time = end(&mut at, b"")?;
    let opening = Opening { battle, assign, key, reveal };
    Some(Vote { opening, choice, left, questions, right, flags, tier, voter, question, time })
}

fn void<'a>(bytes: &'a [u8], room: &'a mut Vec<u8>) -> Option<Void<'a>> {
    let mut at = Cursor::new(bytes);
    let battle = at.id()?;
    at.literal(b"\",\"a\":")?;
    let assign = at.number(MAX_INTEGER)?;
    at.literal(b",\"why\":\"")?;
    let why = word(&mut at)?;
    let (key, reveal) = opened(&mut at, room)?;
    let time = end(&mut at, b"")?;
    Some(Void { opening: Opening { battle, assign, key, reveal }, why, time })
}

/// The opening and what it opens.
fn opened<'a>(at: &mut Cursor<'a>, room: &'a mut Vec<u8>) -> Option<(Hash, Reveal<'a>)> {
    at.literal(b",\"n\":\"")?;
    let key = at.digest()?;
    at.literal(b"\",\"rev\":\"")?;
    let reveal = reveal::read(at, room)?;
    at.literal(b"\"")?;
    Some((key, reveal))
}

/// A word of a list, and the quote behind it.
fn word<T: for<'de> Deserialize<'de>>(at: &mut Cursor<'_>) -> Option<T> {
    let word: StrDeserializer<'_, Error> = at.word().into_deserializer();
    let word = T::deserialize(word).ok()?;
    at.literal(b"\"")?;
    Some(word)
}

/// Flags, ascending, up to the closing bracket.
fn flags(at: &mut Cursor<'_>) -> Option<Vec<Flag>> {
    let mut flags = Vec::new();
    while !at.next_is(b"]") {
        at.literal(if flags.is_empty() { b"\"" } else { b",\"" })?;
        flags.push(word(at)?);
    }
    flags.is_sorted_by(|one, other| one < other).then_some(flags)
}
