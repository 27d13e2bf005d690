//! Structured changes of a valid model file, so that the fuzzer gets behind the magic, the counts
//! and the first rules.

use std::sync::OnceLock;

use arbitrary::{Arbitrary, Result, Unstructured};

use crate::builder::{Builder, TEXT, TOKENS, array, raw, sized};

/// Numbers at which something happens.
const EDGES: [u64; 24] = [
    0, 1, 2, 3, 4, 7, 8, 31, 32, 33, 63, 64, 255, 256, 257, 512, 4_096, 16_384, 65_536, 1 << 20,
    1 << 31, (1 << 32) - 1, 1 << 63, u64::MAX,
];
/// Names that exist, for keys and architectures.
const ARCHITECTURES: [&str; 8] =
    ["llama", "qwen2", "qwen3", "gemma", "gemma2", "gemma3", "gpt-oss", "lfm2"];
const KEYS: [&str; 22] = [
    "general.alignment",
    "general.type",
    "general.file_type",
    "split.count",
    "tokenizer.ggml.merges",
    "tokenizer.ggml.scores",
    "tokenizer.ggml.token_type",
    "tokenizer.ggml.tokens",
    "tokenizer.ggml.model",
    "tokenizer.ggml.fim_pre_token_id",
    "tokenizer.chat_template",
    "llama.attention.key_length",
    "llama.attention.value_length",
    "llama.attention.key_length_swa",
    "llama.attention.head_count_kv",
    "llama.attention.layer_norm_epsilon",
    "llama.rope.scaling.type",
    "llama.rope.dimension_count_swa",
    "llama.feed_forward_length",
    "llama.expert_count",
    "llama.expert_used_count",
    "llama.vocab_size",
];

#[derive(Arbitrary)]
enum Change {
    Version(u8),
    ClaimedKeys(Number),
    ClaimedTensors(Number),
    Rename(u8),
    SetNumber(u8, u8, Number),
    SetText(u8, Text),
    SetArray { key: u8, code: u8, claimed: Number, bytes: Text },
    SetTexts { key: u8, texts: Vec<Text> },
    RemoveKey(u8),
    RepeatKey(u8),
    NameKey(u8, Text),
    Token { token: u16, text: Text, kind: i8 },
    TensorName(u8, Text),
    Dimension(u8, u8, Number),
    Dimensions(u8, Vec<Number>),
    TensorType(u8, u8),
    Offset(u8, Number),
    Size(u8, Number),
    RemoveTensor(u8),
    RepeatTensor(u8),
    SwapTensors(u8, u8),
    Alignment(u8),
    Surplus(i16),
    Cut(u16),
    Byte(u16, u8),
}

/// A number, often one of the edges.
struct Number(u64);

impl<'a> Arbitrary<'a> for Number {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        let choice = u8::arbitrary(input)?;
        Ok(Self(match EDGES.get(usize::from(choice)) {
            Some(edge) => *edge,
            None if choice < 128 => u64::from(u16::arbitrary(input)?),
            None => u64::arbitrary(input)?,
        }))
    }
}

/// A short text.
struct Text(Vec<u8>);

impl<'a> Arbitrary<'a> for Text {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        let size = usize::from(u8::arbitrary(input)? % 24);
        Ok(Self(input.bytes(size.min(input.len()))?.to_vec()))
    }
}

fn valid(first: bool) -> Builder {
    static FILES: OnceLock<(Builder, Builder)> = OnceLock::new();
    let (llama, gpt2) = FILES.get_or_init(|| (Builder::valid(), Builder::valid_gpt2()));
    if first { llama.clone() } else { gpt2.clone() }
}

/// The header of a changed file, and the size that the whole file would have.
pub(crate) fn change(input: &[u8]) -> (Vec<u8>, u64) {
    let mut input = Unstructured::new(input);
    let mut builder = valid(bool::arbitrary(&mut input).unwrap_or(true));
    let (mut cut, mut patches) = (None, Vec::new());
    while !input.is_empty() {
        match Change::arbitrary(&mut input) {
            Ok(Change::Cut(size)) => cut = Some(usize::from(size)),
            Ok(Change::Byte(place, byte)) => patches.push((usize::from(place), byte)),
            Ok(change) => apply(&mut builder, change),
            Err(_) => break,
        }
    }
    let (mut file, data) = builder.build();
    let size_bytes = file.len();
    file.truncate(data);
    for (place, byte) in patches {
        if let Some(old) = file.get_mut(place) {
            *old = byte;
        }
    }
    if let Some(size) = cut {
        file.truncate(size);
        return (file, size as u64);
    }
    (file, size_bytes as u64)
}

fn apply(builder: &mut Builder, change: Change) {
    let keys = builder.keys.len().max(1);
    let key_at = |key: u8| usize::from(key) % keys;
    match change {
        Change::Version(version) => builder.version = u32::from(version % 5),
        Change::ClaimedKeys(count) => builder.claimed_keys = Some(count.0),
        Change::ClaimedTensors(count) => builder.claimed_tensors = Some(count.0),
        Change::Rename(name) => builder.rename(ARCHITECTURES[usize::from(name) % 8]),
        Change::SetNumber(key, code, number) => {
            let width = [1, 1, 2, 2, 4, 4, 4, 1, 8, 8, 8, 8, 8][usize::from(code) % 13];
            let value = raw(u32::from(code) % 13, &number.0.to_le_bytes()[..width]);
            set(builder, key, value);
        }
        Change::SetText(key, text) => set(builder, key, raw(TEXT, &sized(&text.0))),
        Change::SetArray { key, code, claimed, bytes } => {
            set(builder, key, array(u32::from(code) % 14, claimed.0, &bytes.0));
        }
        Change::SetTexts { key, texts } => {
            let bytes: Vec<u8> = texts.iter().flat_map(|text| sized(&text.0)).collect();
            set(builder, key, array(TEXT, texts.len() as u64, &bytes));
        }
        Change::RemoveKey(key) if !builder.keys.is_empty() => drop(builder.keys.remove(key_at(key))),
        Change::RepeatKey(key) if !builder.keys.is_empty() => {
            builder.keys.push(builder.keys[key_at(key)].clone());
        }
        Change::NameKey(key, name) if !builder.keys.is_empty() => {
            builder.keys[key_at(key)].0 = name.0;
        }
        Change::Token { token, text, kind } => {
            builder.set_token(usize::from(token) % TOKENS, &text.0, i32::from(kind));
        }
        Change::Alignment(power) => {
            builder.alignment = 1 << (power % 14);
            let value = raw(4, &(1_u32 << (power % 14)).to_le_bytes());
            builder.set("general.alignment", value);
        }
        Change::Surplus(bytes) => builder.surplus = i64::from(bytes).max(-8_000),
        other => apply_to_tensors(builder, other),
    }
}

fn set(builder: &mut Builder, key: u8, value: Vec<u8>) {
    let known = KEYS.get(usize::from(key)).map(|key| (*key).to_owned());
    let place = usize::from(key) % builder.keys.len().max(1);
    let there = builder.keys.get(place).map(|(key, _)| String::from_utf8_lossy(key).into_owned());
    if let Some(key) = known.or(there) {
        builder.set(&key, value);
    }
}

fn apply_to_tensors(builder: &mut Builder, change: Change) {
    let count = builder.tensors.len();
    if count == 0 {
        return;
    }
    let at = |tensor: u8| usize::from(tensor) % count;
    match change {
        Change::TensorName(tensor, name) => builder.tensors[at(tensor)].name = name.0,
        Change::Dimension(tensor, dimension, length) => {
            let dimensions = &mut builder.tensors[at(tensor)].dimensions;
            let place = usize::from(dimension) % dimensions.len().max(1);
            if let Some(old) = dimensions.get_mut(place) {
                *old = length.0;
            }
        }
        Change::Dimensions(tensor, lengths) => {
            builder.tensors[at(tensor)].dimensions = lengths.iter().map(|each| each.0).collect();
        }
        Change::TensorType(tensor, kind) => builder.tensors[at(tensor)].kind = u32::from(kind % 45),
        Change::Offset(tensor, offset) => builder.tensors[at(tensor)].offset_bytes = Some(offset.0),
        Change::Size(tensor, size) => builder.tensors[at(tensor)].size_bytes = size.0 % 65_536,
        Change::RemoveTensor(tensor) => drop(builder.tensors.remove(at(tensor))),
        Change::RepeatTensor(tensor) => builder.tensors.push(builder.tensors[at(tensor)].clone()),
        Change::SwapTensors(one, other) => builder.tensors.swap(at(one), at(other)),
        _ => {}
    }
}
