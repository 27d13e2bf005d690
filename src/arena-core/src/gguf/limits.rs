//! The sizes that a header may claim: far above what real models use, far below what hurts.

/// Bytes of header that are read at most; the largest vocabularies need about 20 MiB.
pub(super) const HEADER_BYTES: u64 = 64 * 1024 * 1024;
/// Keys in one file.
pub(super) const KEYS: u64 = 4_096;
/// Tensors in one file.
pub(super) const TENSORS: u64 = 16_384;
/// Bytes of one key.
pub(super) const KEY_BYTES: u64 = 256;
/// Bytes of a string that has no narrower limit.
pub(super) const STRING_BYTES: u64 = 1024 * 1024;
/// Bytes of a chat template.
pub(super) const TEMPLATE_BYTES: u64 = 64 * 1024;
/// Bytes of a text that is shown on pages: name, licence, size.
pub(super) const LABEL_BYTES: u64 = 1024;
/// Elements of one array, and so tokens of a vocabulary.
pub(super) const ARRAY_ELEMENTS: u64 = 1024 * 1024;
/// Bytes of all tokens together; those of the largest vocabularies in use take about 3 MiB.
pub(super) const TOKEN_BYTES: u64 = 16 * 1024 * 1024;
/// Tokens of the smallest vocabulary: llama.cpp's default special ids must lie inside it.
pub(super) const TOKENS_MIN: u64 = 256;
/// Blocks of a model; llama.cpp aborts above 512, and nothing a small arena can run passes 256.
pub(super) const BLOCKS: u32 = 256;
/// Width of a model.
pub(super) const EMBEDDING: u32 = 65_536;
/// Tokens of context.
pub(super) const CONTEXT: u32 = 1024 * 1024;
/// Attention heads of one block.
pub(super) const HEADS: u32 = 1_024;
/// Width of the inner layer of a block.
pub(super) const FEED_FORWARD: u32 = 1024 * 1024;
/// Width of one head, where the file states it.
pub(super) const HEAD_LENGTH: u32 = 65_536;
/// Experts of one block; llama.cpp aborts above it.
pub(super) const EXPERTS: u32 = 1_024;
/// Largest epsilon of a norm.
pub(super) const EPSILON: f32 = 1e-2;
/// Bytes of a tensor name: llama.cpp has room for 64, and the closing zero byte is one of them.
pub(super) const TENSOR_NAME_BYTES: u64 = 63;
/// Elements along one dimension.
pub(super) const DIMENSION: u64 = 1 << 31;
/// Alignment of a file that states none.
pub(super) const DEFAULT_ALIGNMENT: u32 = 32;
