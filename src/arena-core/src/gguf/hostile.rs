//! Hostile headers: a name, what was done to a valid file, and the variant that refuses it.

use super::builder::{
    ARRAY, BOOL, Builder, F32, F64, I8, I32, TEXT, TOKENS, U8, U32, array, f32_value, numbers, raw,
    sized, text, texts, u32_value,
};

/// Name, mutation, name of the expected variant of `GgufError`.
pub(super) type Case = (&'static str, fn(&mut Builder), &'static str);

pub(super) const PREAMBLE: &[Case] = &[
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

pub(super) const KEYS: &[Case] = &[
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

pub(super) const VALUES: &[Case] = &[
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

pub(super) const CONTAINER: &[Case] = &[
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

pub(super) const SHAPE: &[Case] = &[
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
    ("rotating half of a head", |b| b.set("llama.rope.dimension_count", u32_value(4)), "HeadWidths"),
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

pub(super) const VOCABULARY: &[Case] = &[
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

pub(super) const TENSORS: &[Case] = &[
    ("an empty name", |b| b.tensors[1].name.clear(), "TensorNameLength"),
    ("a name of 64 bytes", |b| b.tensors[1].name = vec![b'a'; 64], "TensorNameLength"),
    ("a name with a zero byte", |b| b.tensors[1].name = b"a\0b".to_vec(), "TensorNameGrammar"),
    ("a name with a slash", |b| b.tensors[1].name = b"../a".to_vec(), "TensorNameGrammar"),
    ("a tensor twice", |b| b.tensors[1].name = b.tensors[0].name.clone(), "DuplicateTensor"),
    ("0 dimensions", |b| b.tensors[1].dimensions.clear(), "DimensionCount"),
    ("5 dimensions", |b| b.tensors[1].dimensions = vec![1; 5], "DimensionCount"),
    ("a dimension of 0", |b| b.tensors[1].dimensions = vec![32, 0], "Dimension"),
    ("a dimension of -1", |b| b.tensors[1].dimensions = vec![u64::MAX], "Dimension"),
    ("a dimension above 2^31", |b| b.tensors[1].dimensions = vec![(1 << 31) + 1], "Dimension"),
    ("a product of 2^124", |b| b.tensors[1].dimensions = vec![1 << 31; 4], "TensorTooLarge"),
    (
        "a product of 2^63",
        |b| b.tensors[1].dimensions = vec![1 << 31, 1 << 31, 2],
        "TensorTooLarge",
    ),
    ("bytes of 2^64", |b| b.tensors[1].dimensions = vec![1 << 31, 1 << 31], "TensorTooLarge"),
    ("a removed type", |b| b.tensors[1].kind = 4, "TensorType"),
    ("an internal type", |b| b.tensors[1].kind = 15, "TensorType"),
    ("a type of 2^32 - 1", |b| b.tensors[1].kind = u32::MAX, "TensorType"),
    ("rows in parts of blocks", |b| b.tensors[2].dimensions = vec![33, 4], "RowNotInBlocks"),
    ("no token embedding", |b| b.tensors[0].name = b"a".to_vec(), "MissingTensor"),
    ("an embedding too wide", |b| b.tensors[0].dimensions[0] = 64, "EmbeddingShape"),
    ("an embedding with too few rows", |b| b.tensors[0].dimensions[1] -= 1, "EmbeddingShape"),
    ("an embedding of 3 dimensions", |b| b.tensors[0].dimensions.push(2), "EmbeddingShape"),
    ("block 2 of 0 and 1", |b| b.tensors[1].name = b"blk.2.a".to_vec(), "UnknownBlock"),
    ("block -1", |b| b.tensors[1].name = b"blk.-1.a".to_vec(), "UnknownBlock"),
    ("block 00", |b| b.tensors[1].name = b"blk.00.a".to_vec(), "UnknownBlock"),
    ("a block without number", |b| b.tensors[1].name = b"blk.".to_vec(), "UnknownBlock"),
    ("an empty block", |b| b.tensors.retain(|t| !t.name.starts_with(b"blk.1.")), "EmptyBlock"),
    ("a block more than there is", |b| b.set("llama.block_count", u32_value(3)), "EmptyBlock"),
    ("a tensor of no use", |b| b.tensors[1].name = b"blk.0.extra".to_vec(), "UnknownTensor"),
    ("a projector", |b| b.tensor("mm.0.weight", &[32], 0, 128), "UnknownTensor"),
    ("no queries", |b| b.tensors.retain(|t| t.name != b"blk.0.attn_q.weight"), "MissingTensor"),
    ("no last norm", |b| b.tensors.retain(|t| t.name != b"output_norm.weight"), "MissingTensor"),
    ("a norm that is too short", |b| b.tensors[1].dimensions = vec![16], "TensorShape"),
    ("a norm with a second dimension", |b| b.tensors[1].dimensions = vec![32, 2], "TensorShape"),
    ("a turned matrix", |b| b.tensors[2].dimensions = vec![32, 64], "TensorShape"),
    ("a gemma3 without norms of heads", |b| b.rename("gemma3"), "UnknownTensor"),
    (
        "a qwen3 without norms of heads",
        |b| {
            b.rename("qwen3");
            b.tensors.pop();
        },
        "MissingTensor",
    ),
];

pub(super) const LAYOUT: &[Case] = &[
    ("an unaligned tensor", |b| b.tensors[1].offset_bytes = Some(8), "Misaligned"),
    ("two tensors in one place", |b| b.tensors[1].offset_bytes = Some(0), "Overlap"),
    ("a tensor behind a hole", |b| b.last().offset_bytes = Some(1 << 20), "Gap"),
    ("a tensor at 2^64 - 32", |b| b.tensors[1].offset_bytes = Some(u64::MAX - 31), "Gap"),
    ("a first tensor that starts late", |b| b.tensors[0].offset_bytes = Some(32), "Gap"),
    ("tensors larger than the file", |b| b.surplus = -9_000, "DataTruncated"),
    (
        "a tensor whose size is a lie",
        |b| {
            b.rename("olmo2");
            b.last().dimensions = vec![1 << 20];
        },
        "DataTruncated",
    ),
    (
        "sizes whose sum is 2^64",
        |b| {
            b.rename("olmo2");
            // Sizes just below 2^63 each pass alone; padded and added they wrap around.
            b.tensors[1].dimensions = vec![1 << 31, 1 << 29];
            b.tensors[1].size_bytes = 1 << 62;
            b.tensors.truncate(2);
            for i in 0..3 {
                let mut next = b.tensors[1].clone();
                next.name = format!("blk.1.x{i}").into_bytes();
                next.offset_bytes = Some((32 * TOKENS as u64 * 2) + (i + 1) * (1 << 62));
                b.tensors.push(next);
            }
            b.tensors[1].size_bytes = 0;
            b.tensors.iter_mut().skip(2).for_each(|t| t.size_bytes = 0);
        },
        "TensorTooLarge",
    ),
    ("a byte too few", |b| b.surplus = -17, "DataTruncated"),
    ("a byte too many", |b| b.surplus = 1, "TrailingBytes"),
    ("half of the padding", |b| b.surplus = -10, "TrailingBytes"),
    ("a hidden payload", |b| b.surplus = 4_096, "TrailingBytes"),
];

/// Seventeen tokens of nearly 1 MiB.
fn long_tokens() -> Vec<u8> {
    let tokens: Vec<Vec<u8>> = (b'a'..=b'q').map(|letter| vec![letter; (1 << 20) - 1]).collect();
    let tokens: Vec<&[u8]> = tokens.iter().map(Vec::as_slice).collect();
    texts(&tokens)
}
