//! Hostile lists of tensors, and files whose bytes belong to no tensor or to two.

use super::super::builder::{TOKENS, u32_value};
use super::Case;

pub(crate) const TENSORS: &[Case] = &[
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

pub(crate) const LAYOUT: &[Case] = &[
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
