//! Hostile shapes and vocabularies.

use super::super::builder::{
    F32, I8, I32, TOKENS, U8, U32, f32_value, numbers, raw, text, texts, u32_value,
};
use super::Case;

pub(crate) const SHAPE: &[Case] = &[
    ("no block count", |b| b.remove("llama.block_count"), "MissingKey"),
    ("block count as i8", |b| b.set("llama.block_count", raw(I8, &[2])), "WrongType"),
    ("0 blocks", |b| b.set("llama.block_count", u32_value(0)), "BlockCount"),
    ("257 blocks", |b| b.set("llama.block_count", u32_value(257)), "BlockCount"),
    ("2^32 - 1 blocks", |b| b.set("llama.block_count", u32_value(u32::MAX)), "BlockCount"),
    ("width 0", |b| b.set("llama.embedding_length", u32_value(0)), "EmbeddingLength"),
    ("width 65,537", |b| b.set("llama.embedding_length", u32_value(65_537)), "EmbeddingLength"),
    ("context 0", |b| b.set("llama.context_length", u32_value(0)), "ContextLength"),
    (
        "context above 2^20",
        |b| b.set("llama.context_length", u32_value(1 << 20 | 1)),
        "ContextLength",
    ),
    ("no heads", |b| b.set("llama.attention.head_count", u32_value(0)), "HeadCount"),
    ("1,025 heads", |b| b.set("llama.attention.head_count", u32_value(1_025)), "HeadCount"),
    (
        "heads do not divide",
        |b| b.set("llama.attention.head_count", u32_value(6)),
        "HeadsDoNotDivide",
    ),
    (
        "too few head counts",
        |b| b.set("llama.attention.head_count", numbers(U32, &[[4, 0, 0, 0]])),
        "PerBlockLength",
    ),
    (
        "a negative head count",
        |b| b.set("llama.attention.head_count", numbers(I32, &[[4, 0, 0, 0], [255; 4]])),
        "HeadCount",
    ),
    (
        "head counts as f32",
        |b| b.set("llama.attention.head_count", numbers(F32, &[[0; 4]; 2])),
        "WrongType",
    ),
    (
        "no key-value heads",
        |b| b.set("llama.attention.head_count_kv", u32_value(0)),
        "KeyValueHeads",
    ),
    (
        "3 key-value heads of 4",
        |b| b.set("llama.attention.head_count_kv", u32_value(3)),
        "KeyValueHeads",
    ),
    (
        "8 key-value heads of 4",
        |b| b.set("llama.attention.head_count_kv", u32_value(8)),
        "KeyValueHeads",
    ),
    (
        "attention nowhere",
        |b| b.set("llama.attention.head_count_kv", numbers(U32, &[[0; 4]; 2])),
        "NoAttention",
    ),
    ("head length 0", |b| b.set("llama.attention.key_length", u32_value(0)), "HeadLength"),
    ("rotating 0", |b| b.set("llama.rope.dimension_count", u32_value(0)), "RopeDimensions"),
    ("rotating 7", |b| b.set("llama.rope.dimension_count", u32_value(7)), "RopeDimensions"),
    (
        "rotating more than a head",
        |b| b.set("llama.rope.dimension_count", u32_value(10)),
        "RopeDimensions",
    ),
    (
        "rotating half of a head",
        |b| b.set("llama.rope.dimension_count", u32_value(4)),
        "HeadWidths",
    ),
    (
        "values narrower than keys",
        |b| b.set("llama.attention.value_length", u32_value(4)),
        "HeadWidths",
    ),
    ("an inner width of 0", |b| b.set("llama.feed_forward_length", u32_value(0)), "FeedForward"),
    (
        "an inner width above 2^20",
        |b| b.set("llama.feed_forward_length", u32_value(1 << 20 | 1)),
        "FeedForward",
    ),
    (
        "an inner width for one of two blocks",
        |b| b.set("llama.feed_forward_length", numbers(U32, &[[64, 0, 0, 0]])),
        "PerBlockLength",
    ),
    ("an unknown scaling", |b| b.set("llama.rope.scaling.type", text("magic")), "RopeScaling"),
    ("epsilon 0", |b| b.set("llama.attention.layer_norm_rms_epsilon", f32_value(0.0)), "Epsilon"),
    (
        "epsilon below 0",
        |b| b.set("llama.attention.layer_norm_rms_epsilon", f32_value(-1e-5)),
        "Epsilon",
    ),
    (
        "epsilon 0.02",
        |b| b.set("llama.attention.layer_norm_rms_epsilon", f32_value(0.02)),
        "Epsilon",
    ),
    (
        "epsilon NaN",
        |b| b.set("llama.attention.layer_norm_rms_epsilon", f32_value(f32::NAN)),
        "NotFinite",
    ),
    ("no epsilon", |b| b.remove("llama.attention.layer_norm_rms_epsilon"), "NoEpsilon"),
    ("2,000 experts", |b| b.set("llama.expert_count", u32_value(2_000)), "Experts"),
    ("experts used of none", |b| b.set("llama.expert_used_count", u32_value(2)), "Experts"),
];

pub(crate) const VOCABULARY: &[Case] = &[
    ("no tokenizer", |b| b.remove("tokenizer.ggml.model"), "MissingKey"),
    ("an unknown tokenizer", |b| b.set("tokenizer.ggml.model", text("plamo2")), "TokenizerModel"),
    ("no tokens", |b| b.remove("tokenizer.ggml.tokens"), "MissingKey"),
    (
        "tokens as numbers",
        |b| b.set("tokenizer.ggml.tokens", numbers(U8, &[[0]; TOKENS])),
        "WrongType",
    ),
    (
        "255 tokens",
        |b| b.set_tokens((0..255).map(|i: u8| vec![i + 1, 1]).collect()),
        "VocabularySize",
    ),
    ("a token twice", |b| b.set_token(TOKENS - 1, b"a", 1), "DuplicateToken"),
    (
        "a token that an empty one becomes",
        |b| {
            b.set_token(TOKENS - 1, b"", 1);
            let mut tokens = vec![b"[EMPTY_1]".to_vec(), Vec::new()];
            tokens.extend((2..TOKENS).map(|i| i.to_string().into_bytes()));
            b.set_tokens(tokens);
        },
        "DuplicateToken",
    ),
    ("no scores", |b| b.remove("tokenizer.ggml.scores"), "MissingKey"),
    ("one score", |b| b.set("tokenizer.ggml.scores", numbers(F32, &[[0; 4]])), "PerTokenLength"),
    ("scores as i8", |b| b.set("tokenizer.ggml.scores", numbers(I8, &[[0]; TOKENS])), "WrongType"),
    (
        "a score of NaN",
        |b| b.set("tokenizer.ggml.scores", numbers(F32, &[[255; 4]; TOKENS])),
        "NotFinite",
    ),
    (
        "one token type",
        |b| b.set("tokenizer.ggml.token_type", numbers(I32, &[[1, 0, 0, 0]])),
        "PerTokenLength",
    ),
    (
        "token types as u32",
        |b| b.set("tokenizer.ggml.token_type", numbers(U32, &[[1, 0, 0, 0]; TOKENS])),
        "WrongType",
    ),
    ("token type 0", |b| b.set_token(0, b"<unk>", 0), "TokenType"),
    ("token type 99", |b| b.set_token(0, b"<unk>", 99), "TokenType"),
    ("token type -1", |b| b.set_token(0, b"<unk>", -1), "TokenType"),
    ("a byte token <0x-1>", |b| b.set_token(5, b"<0x-1>", 6), "ByteToken"),
    ("a byte token <0xG0>", |b| b.set_token(5, b"<0xG0>", 6), "ByteToken"),
    ("a byte token in lower case", |b| b.set_token(5, b"<0xab>", 6), "ByteToken"),
    ("a byte without token", |b| b.set_token(5, b"word", 1), "MissingByte"),
    (
        "an end outside",
        |b| b.set("tokenizer.ggml.eos_token_id", u32_value(u32::try_from(TOKENS).unwrap())),
        "SpecialToken",
    ),
    (
        "an unknown id of 2^32 - 1",
        |b| b.set("tokenizer.ggml.fim_pre_token_id", u32_value(u32::MAX)),
        "SpecialToken",
    ),
    ("an end as i32", |b| b.set("tokenizer.ggml.eos_token_id", raw(I32, &[255; 4])), "WrongType"),
    ("tokens of 17 MiB", |b| b.set("tokenizer.ggml.tokens", long_tokens()), "TokenBytes"),
    ("a merge without space", |b| b.set("tokenizer.ggml.merges", texts(&[b"ab"])), "Merge"),
    ("a merge of three", |b| b.set("tokenizer.ggml.merges", texts(&[b"a b", b"a b c"])), "Merge"),
    ("a merge with nothing", |b| b.set("tokenizer.ggml.merges", texts(&[b"a "])), "Merge"),
    ("an empty merge", |b| b.set("tokenizer.ggml.merges", texts(&[b""])), "Merge"),
    ("merges as numbers", |b| b.set("tokenizer.ggml.merges", numbers(U32, &[[0; 4]])), "WrongType"),
    ("gpt2 without merges", |b| b.set("tokenizer.ggml.model", text("gpt2")), "MissingKey"),
];

/// Seventeen tokens of nearly 1 MiB.
fn long_tokens() -> Vec<u8> {
    let tokens: Vec<Vec<u8>> = (b'a'..=b'q').map(|letter| vec![letter; (1 << 20) - 1]).collect();
    let tokens: Vec<&[u8]> = tokens.iter().map(Vec::as_slice).collect();
    texts(&tokens)
}
