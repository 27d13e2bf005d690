//! The rules about the tokenizer: tokens, their scores and types, special ids, merges, bytes.
//! Nothing here tokenizes.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use super::GgufError;
use super::limits::TOKENS_MIN;
use super::metadata::{Metadata, required};
use super::value::{Kind, MERGES, TOKEN_TYPE, TOKENS, Texts};

const MODEL: &str = "tokenizer.ggml.model";
const SCORES: &str = "tokenizer.ggml.scores";
const BYTE: i32 = 6;

/// What the rest of the reader needs to know of the vocabulary.
pub(super) struct Vocabulary {
    pub(super) model: String,
    pub(super) size: usize,
}

/// Checks every rule about the tokenizer.
pub(super) fn check(metadata: &Metadata) -> Result<Vocabulary, GgufError> {
    let model = required(MODEL, metadata.text(MODEL)?)?;
    // The other tokenizers of llama.cpp belong to encoders and to architectures that are not on
    // the list, and three of them (plamo2, t5, rwkv) had memory errors while loading.
    if !matches!(model, "llama" | "gpt2" | "gemma4") {
        return Err(GgufError::TokenizerModel { found: model.to_owned() });
    }
    let tokens = required(TOKENS, metadata.texts(TOKENS)?)?;
    let size = tokens.len();
    if (size as u64) < TOKENS_MIN {
        return Err(GgufError::VocabularySize { found: size as u64 });
    }
    check_unique(tokens)?;
    check_scores(metadata, size, model == "llama")?;
    check_types(metadata, tokens)?;
    check_special_ids(metadata, size)?;
    // Each merge was checked as it was read.
    let merges = metadata.texts(MERGES)?;
    match model {
        "llama" => check_every_byte(tokens)?,
        _ => required(MERGES, merges).map(|_| ())?,
    }
    Ok(Vocabulary { model: model.to_owned(), size })
}

/// Refuses two equal tokens, on which llama.cpp aborts. It renames an empty token to
/// `[EMPTY_<id>]` before it compares, so this does the same: several empty tokens are fine.
///
/// Cost: ten bytes a token; keyed hashes, so that no list of tokens makes it slow.
fn check_unique(tokens: &Texts) -> Result<(), GgufError> {
    let hasher = RandomState::new();
    let mut renamed = String::new();
    let hash_of = |token: u32| hasher.hash_one(name_of(tokens, token, &mut String::new()));
    let mut seen: HashTable<u32> = HashTable::with_capacity(tokens.len());
    for token in 0..u32::try_from(tokens.len()).unwrap_or(u32::MAX) {
        let name = name_of(tokens, token, &mut renamed);
        let hash = hasher.hash_one(name);
        let same = |earlier: &u32| name_of(tokens, *earlier, &mut String::new()) == name;
        if let Some(earlier) = seen.find(hash, same) {
            return Err(GgufError::DuplicateToken { token, earlier: *earlier });
        }
        seen.insert_unique(hash, token, |token| hash_of(*token));
    }
    Ok(())
}

/// The text of a token as llama.cpp compares it.
fn name_of<'a>(tokens: &'a Texts, token: u32, renamed: &'a mut String) -> &'a [u8] {
    match tokens.get(usize::try_from(token).unwrap_or(usize::MAX)) {
        [] => {
            *renamed = format!("[EMPTY_{token}]");
            renamed.as_bytes()
        }
        text => text,
    }
}

fn check_scores(metadata: &Metadata, tokens: usize, needed: bool) -> Result<(), GgufError> {
    match metadata.numbers(SCORES, Kind::F32, "an array of f32")? {
        None if needed => Err(GgufError::MissingKey { key: SCORES.to_owned() }),
        Some(scores) if scores.count != tokens => {
            Err(GgufError::PerTokenLength { key: SCORES, found: scores.count, tokens })
        }
        _ => Ok(()),
    }
}

fn check_types(metadata: &Metadata, tokens: &Texts) -> Result<(), GgufError> {
    let Some(types) = metadata.numbers(TOKEN_TYPE, Kind::I32, "an array of i32")? else {
        return Ok(());
    };
    if types.count != tokens.len() {
        let (found, tokens) = (types.count, tokens.len());
        return Err(GgufError::PerTokenLength { key: TOKEN_TYPE, found, tokens });
    }
    let types = types.words().map(i32::from_le_bytes);
    for (token, (found, text)) in types.zip(tokens.iter()).enumerate() {
        if !(1..=BYTE).contains(&found) {
            return Err(GgufError::TokenType { token, found });
        }
        if found == BYTE && !is_byte_token(text) {
            return Err(GgufError::ByteToken { token });
        }
    }
    Ok(())
}

fn is_byte_token(text: &[u8]) -> bool {
    let hex = |digit: &u8| matches!(digit, b'0'..=b'9' | b'A'..=b'F');
    matches!(text, [b'<', b'0', b'x', high, low, b'>'] if hex(high) && hex(low))
}

/// Checks that a `llama` tokenizer can write every byte, as itself or as `<0x0A>`. llama.cpp
/// throws at the first prompt with a byte that it cannot write, and that would end the worker.
fn check_every_byte(tokens: &Texts) -> Result<(), GgufError> {
    let short: HashSet<&[u8]> = tokens.iter().filter(|text| text.len() <= 6).collect();
    for byte in 0..=u8::MAX {
        let written = format!("<0x{byte:02X}>");
        if !short.contains(written.as_bytes()) && !short.contains([byte].as_slice()) {
            return Err(GgufError::MissingByte { byte });
        }
    }
    Ok(())
}

fn check_special_ids(metadata: &Metadata, tokens: usize) -> Result<(), GgufError> {
    for key in metadata.keys("tokenizer.ggml.", "_token_id") {
        let found = required(key, metadata.u32(key)?)?;
        if usize::try_from(found).map_or(true, |id| id >= tokens) {
            return Err(GgufError::SpecialToken { key: key.to_owned(), found, tokens });
        }
    }
    Ok(())
}
