//! Reads the keys of a header and hands out their values by type. Rules about single keys are
//! with the part of the model that they describe.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::Read;

use super::GgufError;
use super::limits::KEY_BYTES;
use super::source::Source;
use super::value::{Kind, Numbers, Texts, Value};

/// All keys of one file.
pub(super) struct Metadata {
    values: BTreeMap<String, Value>,
}

impl Metadata {
    pub(super) fn read(source: &mut Source<impl Read>, key_count: u64) -> Result<Self, GgufError> {
        let mut values = BTreeMap::new();
        for index in 0..key_count {
            match values.entry(read_key(source, index)?) {
                Entry::Occupied(entry) => {
                    return Err(GgufError::DuplicateKey { key: entry.key().clone() });
                }
                Entry::Vacant(entry) => {
                    let value = Value::read(source, entry.key())?;
                    entry.insert(value);
                }
            }
        }
        Ok(Self { values })
    }

    pub(super) fn u32(&self, key: &str) -> Result<Option<u32>, GgufError> {
        match self.values.get(key) {
            None => Ok(None),
            Some(Value::U32(number)) => Ok(Some(*number)),
            Some(other) => Err(wrong_type(key, "a u32", other)),
        }
    }

    pub(super) fn u16(&self, key: &str) -> Result<Option<u16>, GgufError> {
        match self.values.get(key) {
            None => Ok(None),
            Some(Value::U16(number)) => Ok(Some(*number)),
            Some(other) => Err(wrong_type(key, "a u16", other)),
        }
    }

    pub(super) fn f32(&self, key: &str) -> Result<Option<f32>, GgufError> {
        match self.values.get(key) {
            None => Ok(None),
            Some(Value::F32(number)) => Ok(Some(*number)),
            Some(other) => Err(wrong_type(key, "an f32", other)),
        }
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<&str>, GgufError> {
        match self.values.get(key) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(other) => Err(wrong_type(key, "a string", other)),
        }
    }

    pub(super) fn texts(&self, key: &str) -> Result<Option<&Texts>, GgufError> {
        match self.values.get(key) {
            None => Ok(None),
            Some(Value::Texts(texts)) => Ok(Some(texts)),
            Some(other) => Err(wrong_type(key, "an array of strings", other)),
        }
    }

    /// An array of numbers of one kind; `expected` names it for the message.
    pub(super) fn numbers(
        &self,
        key: &str,
        kind: Kind,
        expected: &'static str,
    ) -> Result<Option<&Numbers>, GgufError> {
        match self.values.get(key) {
            None => Ok(None),
            Some(Value::Numbers(numbers)) if numbers.kind == kind => Ok(Some(numbers)),
            Some(other) => Err(wrong_type(key, expected, other)),
        }
    }

    /// One number for all blocks, or one for each: llama.cpp accepts both for head counts.
    pub(super) fn per_block(&self, key: &str, blocks: u32) -> Result<Option<PerBlock>, GgufError> {
        let numbers = match self.values.get(key) {
            None => return Ok(None),
            Some(Value::U32(number)) => return Ok(Some(PerBlock::Same(*number))),
            Some(Value::Numbers(n)) if matches!(n.kind, Kind::U32 | Kind::I32) => n,
            Some(other) => {
                return Err(wrong_type(key, "a u32 or an array of u32 or i32", other));
            }
        };
        if u32::try_from(numbers.count) != Ok(blocks) {
            let found = numbers.count;
            return Err(GgufError::PerBlockLength { key: key.to_owned(), found, blocks });
        }
        // A negative i32 reads as a number above every limit, so the range rules refuse it.
        Ok(Some(PerBlock::Each(numbers.words().map(u32::from_le_bytes).collect())))
    }

    /// The keys that begin and end so.
    pub(super) fn keys<'a>(
        &'a self,
        prefix: &'a str,
        suffix: &'a str,
    ) -> impl Iterator<Item = &'a str> {
        let matching = move |key: &&str| key.starts_with(prefix) && key.ends_with(suffix);
        self.values.keys().map(String::as_str).filter(matching)
    }
}

/// A number that holds for all blocks, or one number for each block.
#[derive(Debug, Clone)]
pub(super) enum PerBlock {
    Same(u32),
    Each(Vec<u32>),
}

impl PerBlock {
    pub(super) fn at(&self, block: usize) -> Option<u32> {
        match self {
            Self::Same(number) => Some(*number),
            Self::Each(numbers) => numbers.get(block).copied(),
        }
    }
}

/// Turns an absent value into the error that names its key.
pub(super) fn required<T>(key: &str, value: Option<T>) -> Result<T, GgufError> {
    value.ok_or_else(|| GgufError::MissingKey { key: key.to_owned() })
}

fn wrong_type(key: &str, expected: &'static str, found: &Value) -> GgufError {
    GgufError::WrongType { key: key.to_owned(), expected, found: found.describe() }
}

/// Reads one key. Hyphens are allowed beyond the plain grammar because some architectures have one
/// in their name and so in every key, such as `gpt-oss.block_count` and `command-r.block_count`.
fn read_key(source: &mut Source<impl Read>, index: u64) -> Result<String, GgufError> {
    let size_bytes = source.u64()?;
    if size_bytes == 0 || size_bytes > KEY_BYTES {
        return Err(GgufError::KeyLength { index, size_bytes });
    }
    let mut bytes = Vec::new();
    source.append(&mut bytes, size_bytes)?;
    let plain = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-');
    if !bytes.iter().all(plain) {
        return Err(GgufError::KeyGrammar { index, shown: bytes.escape_ascii().to_string() });
    }
    String::from_utf8(bytes)
        .map_err(|error| GgufError::KeyGrammar { index, shown: error.to_string() })
}
