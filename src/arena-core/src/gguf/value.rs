//! Reads one value of a key. Checks what holds for every value: sizes, text, finite numbers.
//!
//! What no rule asks for is checked piece by piece and forgotten, so that a header of 64 MiB takes
//! far less memory than that. Merges are checked here for the same reason.

use std::io::Read;

use super::GgufError;
use super::limits::{
    ARRAY_ELEMENTS, BLOCKS, LABEL_BYTES, STRING_BYTES, TEMPLATE_BYTES, TOKEN_BYTES,
};
use super::source::Source;

/// The list of tokens, the only strings that need not be UTF-8: a token may be half a character.
pub(super) const TOKENS: &str = "tokenizer.ggml.tokens";
pub(super) const TOKEN_TYPE: &str = "tokenizer.ggml.token_type";
pub(super) const MERGES: &str = "tokenizer.ggml.merges";
pub(super) const TEMPLATE: &str = "tokenizer.chat_template";

/// Bytes of an array that are looked at in one go, a multiple of every width.
const PIECE_BYTES: u64 = 16 * 1024;

/// The type of a value, by its code in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    Bool,
    Text,
    Array,
    U64,
    I64,
    F64,
}

impl Kind {
    fn from_code(key: &str, code: u32) -> Result<Self, GgufError> {
        Ok(match code {
            0 => Self::U8,
            1 => Self::I8,
            2 => Self::U16,
            3 => Self::I16,
            4 => Self::U32,
            5 => Self::I32,
            6 => Self::F32,
            7 => Self::Bool,
            8 => Self::Text,
            9 => Self::Array,
            10 => Self::U64,
            11 => Self::I64,
            12 => Self::F64,
            _ => return Err(GgufError::ValueType { key: key.to_owned(), code }),
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::I8 => "i8",
            Self::U16 => "u16",
            Self::I16 => "i16",
            Self::U32 => "u32",
            Self::I32 => "i32",
            Self::F32 => "f32",
            Self::Bool => "bool",
            Self::Text => "string",
            Self::Array => "array",
            Self::U64 => "u64",
            Self::I64 => "i64",
            Self::F64 => "f64",
        }
    }
}

/// A value of the file, as far as any rule asks for it.
#[derive(Debug)]
pub(super) enum Value {
    U16(u16),
    U32(u32),
    F32(f32),
    Text(String),
    Numbers(Numbers),
    Texts(Texts),
    /// A number or text that no rule asks for.
    Other(Kind),
}

/// An array of numbers: the bytes of the file where a rule asks for them, else none.
#[derive(Debug)]
pub(super) struct Numbers {
    pub(super) kind: Kind,
    pub(super) count: usize,
    pub(super) bytes: Vec<u8>,
}

impl Numbers {
    /// The 32-bit numbers that were kept.
    pub(super) fn words(&self) -> impl Iterator<Item = [u8; 4]> {
        self.bytes.as_chunks().0.iter().copied()
    }
}

/// An array of strings in one buffer, so that a million empty strings stay small. Only tokens are
/// kept; of other arrays the number of strings is known and nothing else.
#[derive(Debug, Default)]
pub(super) struct Texts {
    count: usize,
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Texts {
    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn get(&self, index: usize) -> &[u8] {
        let end_of = |index: usize| self.ends.get(index).and_then(|end| usize::try_from(*end).ok());
        let start = index.checked_sub(1).map_or(Some(0), end_of);
        let range = start.zip(end_of(index)).map(|(start, end)| start..end);
        range.and_then(|range| self.bytes.get(range)).unwrap_or_default()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len()).map(|index| self.get(index))
    }
}

impl Value {
    pub(super) fn read(source: &mut Source<impl Read>, key: &str) -> Result<Self, GgufError> {
        match Kind::from_code(key, source.u32()?)? {
            Kind::Text => read_text(source, key),
            Kind::Array => read_array(source, key),
            kind => read_number(source, key, kind),
        }
    }

    /// Says in words what the value is, for messages.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::U16(_) => "a u16".to_owned(),
            Self::U32(_) => "a u32".to_owned(),
            Self::F32(_) => "an f32".to_owned(),
            Self::Text(_) => "a string".to_owned(),
            Self::Numbers(numbers) => format!("an array of {}", numbers.kind.name()),
            Self::Texts(_) => "an array of strings".to_owned(),
            Self::Other(Kind::Text) => "a string".to_owned(),
            Self::Other(kind) => format!("one {}", kind.name()),
        }
    }
}

fn read_number(source: &mut Source<impl Read>, key: &str, kind: Kind) -> Result<Value, GgufError> {
    match kind {
        Kind::U16 => return Ok(Value::U16(u16::from_le_bytes(source.exact()?))),
        Kind::U32 => return Ok(Value::U32(source.u32()?)),
        Kind::F32 => {
            let bytes = source.exact::<4>()?;
            check_numbers(key, kind, &bytes)?;
            return Ok(Value::F32(f32::from_le_bytes(bytes)));
        }
        Kind::U8 | Kind::I8 | Kind::Bool => check_numbers(key, kind, &source.exact::<1>()?)?,
        Kind::I16 => check_numbers(key, kind, &source.exact::<2>()?)?,
        Kind::I32 => check_numbers(key, kind, &source.exact::<4>()?)?,
        _ => check_numbers(key, kind, &source.exact::<8>()?)?,
    }
    Ok(Value::Other(kind))
}

fn read_array(source: &mut Source<impl Read>, key: &str) -> Result<Value, GgufError> {
    let kind = Kind::from_code(key, source.u32()?)?;
    let found = source.u64()?;
    if found > ARRAY_ELEMENTS {
        return Err(GgufError::ArrayLength { key: key.to_owned(), found });
    }
    let width: u64 = match kind {
        Kind::Array => return Err(GgufError::NestedArray { key: key.to_owned() }),
        Kind::Text => return read_texts(source, key, found).map(Value::Texts),
        Kind::U8 | Kind::I8 | Kind::Bool => 1,
        Kind::U16 | Kind::I16 => 2,
        Kind::U32 | Kind::I32 | Kind::F32 => 4,
        Kind::U64 | Kind::I64 | Kind::F64 => 8,
    };
    let mut kept = Vec::new();
    let mut piece = Vec::new();
    let mut missing = found * width;
    source.admit(missing)?;
    while missing > 0 {
        piece.clear();
        source.append(&mut piece, missing.min(PIECE_BYTES))?;
        missing -= piece.len() as u64;
        check_numbers(key, kind, &piece)?;
        if is_asked_for(key, kind, found) {
            kept.extend_from_slice(&piece);
        }
    }
    let count = usize::try_from(found).unwrap_or(usize::MAX);
    Ok(Value::Numbers(Numbers { kind, count, bytes: kept }))
}

/// Rules ask for the types of tokens and for numbers by block. Lists of other lengths break a rule
/// by their length alone.
fn is_asked_for(key: &str, kind: Kind, count: u64) -> bool {
    let by_block = count <= u64::from(BLOCKS) && matches!(kind, Kind::U32 | Kind::I32);
    by_block || (kind == Kind::I32 && key == TOKEN_TYPE)
}

fn read_texts(source: &mut Source<impl Read>, key: &str, count: u64) -> Result<Texts, GgufError> {
    // Each string has at least its length of 8 bytes, so a false count is found at once.
    source.admit(count * 8)?;
    let mut texts =
        Texts { count: usize::try_from(count).unwrap_or(usize::MAX), ..Texts::default() };
    if key == TOKENS {
        read_tokens(source, count, &mut texts)?;
        return Ok(texts);
    }
    let mut text = Vec::new();
    for index in 0..count {
        text.clear();
        append_text(source, key, &mut text)?;
        if std::str::from_utf8(&text).is_err() {
            return Err(GgufError::NotUtf8 { key: key.to_owned() });
        }
        if key == MERGES && !is_merge(&text) {
            return Err(GgufError::Merge { merge: index });
        }
    }
    Ok(texts)
}

fn read_tokens(
    source: &mut Source<impl Read>,
    count: u64,
    texts: &mut Texts,
) -> Result<(), GgufError> {
    for _ in 0..count {
        append_text(source, TOKENS, &mut texts.bytes)?;
        let size_bytes = texts.bytes.len() as u64;
        match u32::try_from(size_bytes) {
            Ok(end) if size_bytes <= TOKEN_BYTES => texts.ends.push(end),
            _ => return Err(GgufError::TokenBytes { size_bytes }),
        }
    }
    Ok(())
}

/// Whether a merge is two parts with one space between them.
fn is_merge(text: &[u8]) -> bool {
    let mut parts = text.split(|byte| *byte == b' ');
    let two = [parts.next(), parts.next()].iter().all(|part| part.is_some_and(|p| !p.is_empty()));
    two && parts.next().is_none()
}

fn read_text(source: &mut Source<impl Read>, key: &str) -> Result<Value, GgufError> {
    let mut bytes = Vec::new();
    append_text(source, key, &mut bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| GgufError::NotUtf8 { key: key.to_owned() })?;
    if is_label(key) && text.chars().any(char::is_control) {
        return Err(GgufError::ControlCharacter { key: key.to_owned() });
    }
    let kept = is_label(key) || key == TEMPLATE;
    Ok(if kept { Value::Text(text) } else { Value::Other(Kind::Text) })
}

/// Appends one string. A zero byte is refused in tokens too: llama.cpp reads them as C strings,
/// so `a` and `a\0b` would be one token there, which it answers with an abort.
fn append_text(
    source: &mut Source<impl Read>,
    key: &str,
    out: &mut Vec<u8>,
) -> Result<(), GgufError> {
    let size_bytes = source.u64()?;
    let limit_bytes = text_limit(key);
    if size_bytes > limit_bytes {
        return Err(GgufError::StringLength { key: key.to_owned(), size_bytes, limit_bytes });
    }
    let start = out.len();
    source.append(out, size_bytes)?;
    if out.get(start..).unwrap_or_default().contains(&0) {
        return Err(GgufError::ZeroByte { key: key.to_owned() });
    }
    Ok(())
}

fn text_limit(key: &str) -> u64 {
    if key.starts_with(TEMPLATE) {
        return TEMPLATE_BYTES;
    }
    if is_label(key) { LABEL_BYTES } else { STRING_BYTES }
}

/// Whether a string is forwarded to pages and logs or compared with a list: one short line.
fn is_label(key: &str) -> bool {
    matches!(
        key,
        "general.architecture"
            | "general.name"
            | "general.license"
            | "general.size_label"
            | "general.type"
            | "tokenizer.ggml.model"
    ) || key.ends_with(".rope.scaling.type")
}

fn check_numbers(key: &str, kind: Kind, bytes: &[u8]) -> Result<(), GgufError> {
    let finite = match kind {
        Kind::F32 => bytes.as_chunks().0.iter().all(|each| f32::from_le_bytes(*each).is_finite()),
        Kind::F64 => bytes.as_chunks().0.iter().all(|each| f64::from_le_bytes(*each).is_finite()),
        Kind::Bool => match bytes.iter().find(|each| **each > 1) {
            Some(found) => {
                return Err(GgufError::TruthValue { key: key.to_owned(), found: *found });
            }
            None => true,
        },
        _ => true,
    };
    if finite { Ok(()) } else { Err(GgufError::NotFinite { key: key.to_owned() }) }
}
