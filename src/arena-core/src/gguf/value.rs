//! Reads one value of a key. Checks what holds for every value: sizes, text, finite numbers.
//! What a key means is not known here.

use std::io::Read;

use super::GgufError;
use super::limits::{ARRAY_ELEMENTS, LABEL_BYTES, STRING_BYTES, TEMPLATE_BYTES};
use super::source::Source;

/// The list of tokens, the only strings that need not be UTF-8: a token may be half a character.
pub(super) const TOKENS: &str = "tokenizer.ggml.tokens";

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
    /// A number of a type that no rule asks for.
    Other(Kind),
}

/// An array of numbers, kept as the bytes of the file so that it costs no more than they do.
#[derive(Debug)]
pub(super) struct Numbers {
    pub(super) kind: Kind,
    pub(super) count: usize,
    pub(super) bytes: Vec<u8>,
}

/// An array of strings in one buffer, so that a million empty strings stay small.
#[derive(Debug, Default)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.bytes.get(start..*end).unwrap_or_default())
    }
}

impl Value {
    pub(super) fn read(source: &mut Source<impl Read>, key: &str) -> Result<Self, GgufError> {
        match Kind::from_code(key, source.u32()?)? {
            Kind::Text => read_text(source, key).map(Self::Text),
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
    let width = match kind {
        Kind::Array => return Err(GgufError::NestedArray { key: key.to_owned() }),
        Kind::Text => return read_texts(source, key, found).map(Value::Texts),
        Kind::U8 | Kind::I8 | Kind::Bool => 1,
        Kind::U16 | Kind::I16 => 2,
        Kind::U32 | Kind::I32 | Kind::F32 => 4,
        Kind::U64 | Kind::I64 | Kind::F64 => 8,
    };
    let mut bytes = Vec::new();
    source.append(&mut bytes, found * width as u64)?;
    check_numbers(key, kind, &bytes)?;
    let count = bytes.len() / width;
    Ok(Value::Numbers(Numbers { kind, count, bytes }))
}

fn read_texts(source: &mut Source<impl Read>, key: &str, count: u64) -> Result<Texts, GgufError> {
    // Each string has at least its length of 8 bytes, so a false count is found at once.
    source.admit(count * 8)?;
    let mut texts = Texts::default();
    for _ in 0..count {
        let start = texts.bytes.len();
        append_text(source, key, &mut texts.bytes)?;
        let text = texts.bytes.get(start..).unwrap_or_default();
        if key != TOKENS && std::str::from_utf8(text).is_err() {
            return Err(GgufError::NotUtf8 { key: key.to_owned() });
        }
        texts.ends.push(texts.bytes.len());
    }
    Ok(texts)
}

fn read_text(source: &mut Source<impl Read>, key: &str) -> Result<String, GgufError> {
    let mut bytes = Vec::new();
    append_text(source, key, &mut bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| GgufError::NotUtf8 { key: key.to_owned() })?;
    if is_label(key) && text.chars().any(char::is_control) {
        return Err(GgufError::ControlCharacter { key: key.to_owned() });
    }
    Ok(text)
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
    if key.starts_with("tokenizer.chat_template") {
        return TEMPLATE_BYTES;
    }
    if is_label(key) { LABEL_BYTES } else { STRING_BYTES }
}

/// Whether a string is forwarded to pages and logs, where it must stay one short line.
fn is_label(key: &str) -> bool {
    matches!(
        key,
        "general.architecture"
            | "general.name"
            | "general.license"
            | "general.size_label"
            | "general.type"
            | "tokenizer.ggml.model"
    )
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
