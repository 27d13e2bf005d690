//! Hostile headers: a name, what was done to a valid file, and the variant that refuses it.

mod model;
mod sentences;
mod tensors;

pub(crate) use self::model::{SHAPE, VOCABULARY};
pub(crate) use self::sentences::WORDS;
pub(crate) use self::tensors::{LAYOUT, TENSORS};
use super::builder::{
    ARRAY, BOOL, Builder, F32, F64, TEXT, TOKENS, U8, array, f32_value, numbers, raw, sized, text,
    texts, u32_value,
};

/// Name, mutation, name of the expected variant of `GgufError`.
pub(crate) type Case = (&'static str, fn(&mut Builder), &'static str);

/// All of them.
pub(crate) fn all() -> Vec<Case> {
    [PREAMBLE, KEYS, VALUES, CONTAINER, SHAPE, VOCABULARY, TENSORS, LAYOUT].concat()
}

pub(crate) const PREAMBLE: &[Case] = &[
    ("another magic", |b| b.magic = *b"GGML", "Magic"),
    ("a zip file", |b| b.magic = *b"PK\x03\x04", "Magic"),
    ("version 0", |b| b.version = 0, "Version"),
    ("version 1", |b| b.version = 1, "Version"),
    ("version 4", |b| b.version = 4, "Version"),
    ("big-endian version 3", |b| b.version = 3_u32.swap_bytes(), "BigEndian"),
    ("no tensors", |b| b.claimed_tensors = Some(0), "TensorCount"),
    ("too many tensors", |b| b.claimed_tensors = Some(16_385), "TensorCount"),
    ("2^64 - 1 tensors", |b| b.claimed_tensors = Some(u64::MAX), "TensorCount"),
    ("no keys", |b| b.claimed_keys = Some(0), "KeyCount"),
    ("too many keys", |b| b.claimed_keys = Some(4_097), "KeyCount"),
    ("2^63 keys", |b| b.claimed_keys = Some(1 << 63), "KeyCount"),
];

pub(crate) const KEYS: &[Case] = &[
    ("an empty key", |b| b.set("", u32_value(1)), "KeyLength"),
    ("a key of 257 bytes", |b| b.set(&"k".repeat(257), u32_value(1)), "KeyLength"),
    ("a key with capitals", |b| b.set("General.name", u32_value(1)), "KeyGrammar"),
    ("a key with a space", |b| b.set("general name", u32_value(1)), "KeyGrammar"),
    ("a key with a zero byte", |b| b.set("general\0", u32_value(1)), "KeyGrammar"),
    ("a key that is not ASCII", |b| b.set("größe", u32_value(1)), "KeyGrammar"),
    ("a key twice", |b| b.keys.push(b.keys[0].clone()), "DuplicateKey"),
    ("value type 13", |b| b.set("x", raw(13, &[0; 8])), "ValueType"),
    ("value type 2^32 - 1", |b| b.set("x", raw(u32::MAX, &[0; 8])), "ValueType"),
    ("array element type 13", |b| b.set("x", array(13, 1, &[0; 8])), "ValueType"),
];

pub(crate) const VALUES: &[Case] = &[
    ("a string above 1 MiB", |b| b.set("x", text(&"x".repeat(1 << 20 | 1))), "StringLength"),
    ("a string of 2^64 - 1", |b| b.set("x", raw(TEXT, &u64::MAX.to_le_bytes())), "StringLength"),
    (
        "a string past the end",
        |b| b.set("x", raw(TEXT, &(1_u64 << 20).to_le_bytes())),
        "HeaderTruncated",
    ),
    (
        "a template above 64 KiB",
        |b| b.set("tokenizer.chat_template", text(&"x".repeat(65_537))),
        "StringLength",
    ),
    (
        "a second template above 64 KiB",
        |b| b.set("tokenizer.chat_template.rag", text(&"x".repeat(65_537))),
        "StringLength",
    ),
    ("a name above 1 KiB", |b| b.set("general.name", text(&"x".repeat(1_025))), "StringLength"),
    ("a name of two lines", |b| b.set("general.name", text("a\nb")), "ControlCharacter"),
    (
        "a licence with an escape",
        |b| b.set("general.license", text("\u{1b}[2J")),
        "ControlCharacter",
    ),
    ("a string that is not UTF-8", |b| b.set("x", raw(TEXT, &sized(b"\xff\xfe"))), "NotUtf8"),
    ("an array string that is not UTF-8", |b| b.set("x", texts(&[b"\xff"])), "NotUtf8"),
    ("a zero byte in the template", |b| b.set("tokenizer.chat_template", text("a\0b")), "ZeroByte"),
    ("a zero byte in a token", |b| b.set_token(TOKENS - 1, b"a\0", 1), "ZeroByte"),
    ("an array above 1 Mi elements", |b| b.set("x", array(U8, 1 << 20 | 1, &[])), "ArrayLength"),
    ("an array of 2^64 - 1 strings", |b| b.set("x", array(TEXT, u64::MAX, &[])), "ArrayLength"),
    (
        "an array of strings past the end",
        |b| b.set("x", array(TEXT, 1 << 20, &[])),
        "HeaderTruncated",
    ),
    ("an array of f64 past the end", |b| b.set("x", array(F64, 1 << 20, &[])), "HeaderTruncated"),
    ("an array of arrays", |b| b.set("x", array(ARRAY, 1, &[0; 32])), "NestedArray"),
    ("a number that is NaN", |b| b.set("x", f32_value(f32::NAN)), "NotFinite"),
    (
        "a number that is infinite",
        |b| b.set("x", raw(F64, &f64::INFINITY.to_le_bytes())),
        "NotFinite",
    ),
    ("an array with a NaN", |b| b.set("x", numbers(F32, &[f32::NAN.to_le_bytes()])), "NotFinite"),
    ("a truth value of 2", |b| b.set("x", raw(BOOL, &[2])), "TruthValue"),
    (
        "a truth value of 255 in an array",
        |b| b.set("x", numbers(BOOL, &[[1], [255]])),
        "TruthValue",
    ),
];

pub(crate) const CONTAINER: &[Case] = &[
    ("an alignment of 0", |b| b.set("general.alignment", u32_value(0)), "Alignment"),
    ("an alignment of 4", |b| b.set("general.alignment", u32_value(4)), "Alignment"),
    ("an alignment of 48", |b| b.set("general.alignment", u32_value(48)), "Alignment"),
    ("an alignment of 2^31", |b| b.set("general.alignment", u32_value(1 << 31)), "Alignment"),
    ("an alignment as u8", |b| b.set("general.alignment", raw(U8, &[32])), "WrongType"),
    ("a LoRA adapter", |b| b.set("general.type", text("adapter")), "NotAModel"),
    ("one of two parts", |b| b.set("split.count", raw(2, &[2, 0])), "SplitModel"),
    ("a file type as string", |b| b.set("general.file_type", text("F16")), "WrongType"),
    ("a name as number", |b| b.set("general.name", u32_value(1)), "WrongType"),
    ("no architecture", |b| b.remove("general.architecture"), "MissingKey"),
    ("an unknown architecture", |b| b.set("general.architecture", text("wopr")), "Architecture"),
    ("an encoder", |b| b.set("general.architecture", text("bert")), "Architecture"),
];
