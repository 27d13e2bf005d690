//! Every reason for which a GGUF file is refused, one variant a rule. No rule is checked here.

use std::fmt;
use std::io::ErrorKind;

use thiserror::Error;

use super::limits;

/// Explains why a GGUF file was refused; its message is meant for the person who sent the file.
#[derive(Debug, Clone, PartialEq, Error)]
#[expect(missing_docs, reason = "the message of each variant says what its fields are")]
pub enum GgufError {
    /// The source itself failed.
    #[error("reading the file failed at byte {}: {kind}", grouped(*byte))]
    Unreadable { byte: u64, kind: ErrorKind },
    /// The file ends inside its header.
    #[error("the file ends at byte {} but its header needs at least {} bytes: it is truncated",
        grouped(*file_size_bytes), grouped(*needed_bytes))]
    HeaderTruncated { file_size_bytes: u64, needed_bytes: u64 },
    /// The file ends before its last tensor does.
    #[error("the file ends at byte {} but its tensors need {} bytes: it is truncated",
        grouped(*file_size_bytes), grouped(*needed_bytes))]
    DataTruncated { file_size_bytes: u64, needed_bytes: u64 },
    /// The file goes on after its last tensor.
    #[error("the file has {} bytes but its tensors end at byte {}: the rest belongs to nothing",
        grouped(*file_size_bytes), grouped(*expected_bytes))]
    TrailingBytes { file_size_bytes: u64, expected_bytes: u64 },
    /// The header passes its budget.
    #[error("the header needs at least {} bytes, but at most {} are read",
        grouped(*needed_bytes), grouped(limits::HEADER_BYTES))]
    HeaderTooLarge { needed_bytes: u64 },

    /// The first four bytes are not the magic.
    #[error("the file starts with {found:02x?}, but a GGUF file starts with the letters GGUF")]
    Magic { found: [u8; 4] },
    /// The file was written for a big-endian machine.
    #[error("the file is written in big-endian byte order, but only little-endian files are read")]
    BigEndian,
    /// The format version is unknown.
    #[error("the file has GGUF version {found}, but only versions 2 and 3 are read")]
    Version { found: u32 },
    /// The number of keys is out of range.
    #[error("the file claims {} keys, but between 1 and {} are allowed",
        grouped(*found), grouped(limits::KEYS))]
    KeyCount { found: u64 },
    /// The number of tensors is out of range.
    #[error("the file claims {} tensors, but between 1 and {} are allowed",
        grouped(*found), grouped(limits::TENSORS))]
    TensorCount { found: u64 },

    /// A key is empty or too long.
    #[error("key number {index} is {} bytes long, but between 1 and {} are allowed",
        grouped(*size_bytes), grouped(limits::KEY_BYTES))]
    KeyLength { index: u64, size_bytes: u64 },
    /// A key has a character outside the grammar.
    #[error("key number {index}, `{shown}`, has a character other than a-z, 0-9, `_`, `.` and `-`")]
    KeyGrammar { index: u64, shown: String },
    /// A key occurs twice.
    #[error("the key `{key}` occurs more than once")]
    DuplicateKey { key: String },
    /// A value has a type that GGUF does not define.
    #[error("`{key}` has value type {code}, but GGUF defines only the types 0 to 12")]
    ValueType { key: String, code: u32 },
    /// A key that a model needs is absent.
    #[error("the key `{key}` is missing")]
    MissingKey { key: String },
    /// A value has another type than its key demands.
    #[error("`{key}` holds {found}, but must hold {expected}")]
    WrongType { key: String, expected: &'static str, found: String },
    /// A string is too long.
    #[error("a string of `{key}` is {} bytes long, but at most {} are allowed",
        grouped(*size_bytes), grouped(*limit_bytes))]
    StringLength { key: String, size_bytes: u64, limit_bytes: u64 },
    /// A string is not text.
    #[error("a string of `{key}` is not valid UTF-8")]
    NotUtf8 { key: String },
    /// A string holds a byte that would end it early in C.
    #[error("a string of `{key}` holds a zero byte, which would cut it short for other readers")]
    ZeroByte { key: String },
    /// A label holds a control character.
    #[error("`{key}` holds a control character, but must be one line of plain text")]
    ControlCharacter { key: String },
    /// An array has too many elements.
    #[error("`{key}` claims {} elements, but at most {} are allowed",
        grouped(*found), grouped(limits::ARRAY_ELEMENTS))]
    ArrayLength { key: String, found: u64 },
    /// An array holds arrays.
    #[error("`{key}` is an array of arrays, but arrays must not be nested")]
    NestedArray { key: String },
    /// A floating-point value is infinite or not a number.
    #[error("`{key}` holds a number that is not finite")]
    NotFinite { key: String },
    /// A truth value is neither 0 nor 1.
    #[error("`{key}` holds the truth value {found}, but only 0 and 1 are allowed")]
    TruthValue { key: String, found: u8 },

    /// The alignment is no allowed power of two.
    #[error("`general.alignment` is {found}, but must be a power of two between 8 and 4,096")]
    Alignment { found: u32 },
    /// The file holds something else than a model.
    #[error("`general.type` is {found:?}, but only files of type \"model\" are accepted")]
    NotAModel { found: String },
    /// The file is one part of several.
    #[error("`split.count` is {found}, but a model must be one file: merge its parts first")]
    SplitModel { found: u16 },
    /// The architecture is not on the list.
    #[error("`general.architecture` is {found:?}, which is not on the list of supported decoders")]
    Architecture { found: String },
    /// The number of blocks is out of range.
    #[error("`{key}` is {}, but must be between 1 and {}",
        grouped(u64::from(*found)), grouped(u64::from(limits::BLOCKS)))]
    BlockCount { key: String, found: u32 },
    /// The width of the model is out of range.
    #[error("`{key}` is {}, but must be between 1 and {}",
        grouped(u64::from(*found)), grouped(u64::from(limits::EMBEDDING)))]
    EmbeddingLength { key: String, found: u32 },
    /// The context is out of range.
    #[error("`{key}` is {}, but must be between 1 and {}",
        grouped(u64::from(*found)), grouped(u64::from(limits::CONTEXT)))]
    ContextLength { key: String, found: u32 },
    /// The number of attention heads is out of range.
    #[error("`{key}` is {} in block {block}, but must be between 1 and {}",
        grouped(u64::from(*found)), grouped(u64::from(limits::HEADS)))]
    HeadCount { key: String, block: usize, found: u32 },
    /// The heads do not share the width evenly.
    #[error("`{key}` is {found}, which does not divide the embedding length {embedding_length}")]
    HeadsDoNotDivide { key: String, found: u32, embedding_length: u32 },
    /// The number of key-value heads does not fit the number of heads.
    #[error("`{key}` is {found} in block {block}, but must be between 1 and {heads} and divide it")]
    KeyValueHeads { key: String, block: usize, found: u32, heads: u32 },
    /// No block has attention.
    #[error("`{key}` is 0 in every block, but at least one block must have attention")]
    NoAttention { key: String },
    /// A list with one entry a block has another length.
    #[error("`{key}` has {found} entries, but the model has {blocks} blocks")]
    PerBlockLength { key: String, found: usize, blocks: u32 },
    /// The size of a head is out of range.
    #[error("`{key}` is {}, but must be between 1 and {}",
        grouped(u64::from(*found)), grouped(u64::from(limits::HEAD_LENGTH)))]
    HeadLength { key: String, found: u32 },
    /// The inner layer of a block is out of range.
    #[error("`{key}` is {} in block {block}, but must be between 1 and {}",
        grouped(u64::from(*found)), grouped(u64::from(limits::FEED_FORWARD)))]
    FeedForward { key: String, block: usize, found: u32 },
    /// llama.cpp stops where queries, values and rotation differ in width.
    #[error(
        "a {architecture} model has heads of one width, but here keys have {key_length}, \
        values have {value_length} and {rotated} are rotated"
    )]
    HeadWidths { architecture: String, key_length: u32, value_length: u32, rotated: u32 },
    /// The rotated part of a head is odd or larger than the head.
    #[error("`{key}` is {found}, but must be an even number between 2 and {head_length}")]
    RopeDimensions { key: String, found: u32, head_length: u32 },
    /// The way of stretching positions is unknown.
    #[error("`{key}` is {found:?}, but must be none, linear, yarn or longrope")]
    RopeScaling { key: String, found: String },
    /// The epsilon of a norm is out of range.
    #[error("`{key}` is {found}, but must be greater than 0 and at most 0.01")]
    Epsilon { key: String, found: f32 },
    /// The model has no epsilon for any norm.
    #[error(
        "the model has no epsilon: `{architecture}.attention.layer_norm_rms_epsilon` or \
        `{architecture}.attention.layer_norm_epsilon` is missing"
    )]
    NoEpsilon { architecture: String },
    /// The number of experts is out of range.
    #[error("`{key}` is {found}, but must be at most {highest}")]
    Experts { key: String, found: u32, highest: u32 },

    /// The tokenizer is unknown.
    #[error("`tokenizer.ggml.model` is {found:?}, but must be llama, gpt2 or gemma4")]
    TokenizerModel { found: String },
    /// The number of tokens is out of range.
    #[error("the vocabulary has {} tokens, but between {} and {} are allowed",
        grouped(*found), grouped(limits::TOKENS_MIN), grouped(limits::ARRAY_ELEMENTS))]
    VocabularySize { found: u64 },
    /// The tokens are too long.
    #[error("the tokens have {} bytes together, but at most {} are allowed",
        grouped(*size_bytes), grouped(limits::TOKEN_BYTES))]
    TokenBytes { size_bytes: u64 },
    /// Two tokens are the same.
    #[error("token {token} repeats token {earlier}, but tokens must be unique")]
    DuplicateToken { token: u32, earlier: u32 },
    /// A list with one entry a token has another length.
    #[error("`{key}` has {found} entries, but the vocabulary has {tokens} tokens")]
    PerTokenLength { key: &'static str, found: usize, tokens: usize },
    /// The kind of a token is undefined.
    #[error("token {token} has type {found}, but only the types 1 to 6 are defined")]
    TokenType { token: usize, found: i32 },
    /// A byte token does not name its byte.
    #[error("token {token} is a byte token, but is not written like `<0x0A>`")]
    ByteToken { token: usize },
    /// A byte cannot be written with the vocabulary.
    #[error("the vocabulary has no token for the byte 0x{byte:02X}, so some prompts would fail")]
    MissingByte { byte: u8 },
    /// A special token lies outside the vocabulary.
    #[error("`{key}` is {found}, but the vocabulary has only {tokens} tokens")]
    SpecialToken { key: String, found: u32, tokens: usize },
    /// A merge is not two parts with one space.
    #[error("merge {merge} is not two parts with one space between them")]
    Merge { merge: u64 },

    /// A tensor has no name or a name that is too long.
    #[error("the name of tensor number {index} is {} bytes long, but between 1 and {} are allowed",
        grouped(*size_bytes), grouped(limits::TENSOR_NAME_BYTES))]
    TensorNameLength { index: u64, size_bytes: u64 },
    /// A tensor has a name outside the grammar.
    #[error(
        "the name of tensor number {index} has a character \
        other than letters, digits, `_`, `.` and `-`"
    )]
    TensorNameGrammar { index: u64 },
    /// Two tensors have one name.
    #[error("the tensor `{tensor}` occurs more than once")]
    DuplicateTensor { tensor: String },
    /// A tensor has no or too many dimensions.
    #[error("the tensor `{tensor}` has {found} dimensions, but between 1 and 4 are allowed")]
    DimensionCount { tensor: String, found: u32 },
    /// A dimension is out of range.
    #[error("the tensor `{tensor}` has a dimension of {}, but between 1 and {} are allowed",
        grouped(*found), grouped(limits::DIMENSION))]
    Dimension { tensor: String, found: u64 },
    /// A size does not fit a number.
    #[error("the tensor `{tensor}` has more elements or bytes than can be counted")]
    TensorTooLarge { tensor: String },
    /// A tensor has a type that is not on the list.
    #[error("the tensor `{tensor}` has type {code}, which is not on the list of supported types")]
    TensorType { tensor: String, code: u32 },
    /// The rows of a tensor are no whole number of blocks.
    #[error("the tensor `{tensor}` has rows of {row}, but {kind} stores blocks of {block}")]
    RowNotInBlocks { tensor: String, row: u64, kind: &'static str, block: u64 },
    /// A tensor starts at an unaligned place.
    #[error("the tensor `{tensor}` starts at {}, which is no multiple of the alignment {alignment}",
        grouped(*offset_bytes))]
    Misaligned { tensor: String, offset_bytes: u64, alignment: u64 },
    /// A tensor starts before the one before it has ended.
    #[error("the tensor `{tensor}` starts at {} but the one before it ends at {}: they overlap",
        grouped(*offset_bytes), grouped(*expected_bytes))]
    Overlap { tensor: String, offset_bytes: u64, expected_bytes: u64 },
    /// A tensor leaves a hole after the one before it.
    #[error("the tensor `{tensor}` starts at {} but must start at {}: \
        the bytes between belong to nothing",
        grouped(*offset_bytes), grouped(*expected_bytes))]
    Gap { tensor: String, offset_bytes: u64, expected_bytes: u64 },
    /// A tensor that the model needs is absent.
    #[error("the tensor `{tensor}` is missing")]
    MissingTensor { tensor: String },
    /// A tensor is there that the architecture does not have.
    #[error("the tensor `{tensor}` is not part of a {architecture} model")]
    UnknownTensor { tensor: String, architecture: String },
    /// A tensor has another shape than the keys say.
    #[error("the tensor `{tensor}` is {found}, but must be {expected} by the keys of the file")]
    TensorShape { tensor: String, found: String, expected: String },
    /// The token embedding has the wrong shape.
    #[error("`token_embd.weight` is {} x {}, but must be {embedding_length} x {tokens}, \
        the embedding length by the vocabulary",
        grouped(*columns), grouped(*rows))]
    EmbeddingShape { columns: u64, rows: u64, embedding_length: u32, tokens: usize },
    /// A tensor belongs to a block that does not exist.
    #[error("the tensor `{tensor}` belongs to no block between 0 and {last}")]
    UnknownBlock { tensor: String, last: u32 },
    /// A block has no tensors.
    #[error("block {block} has no tensors, but the model claims {blocks} blocks")]
    EmptyBlock { block: usize, blocks: u32 },
}

/// Writes a number with a comma before every three digits.
fn grouped(number: u64) -> impl fmt::Display {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
