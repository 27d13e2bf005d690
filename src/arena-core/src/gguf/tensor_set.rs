//! Which tensors a model has, by its architecture, and of which shape.
//!
//! Complete for the dense models of the families `llama`, `qwen2`, `qwen3`, `gemma`, `gemma2` and
//! `gemma3`, as in their `load_arch_tensors` of llama.cpp (llama-cpp-sys-2 0.1.161). Fused
//! `attn_qkv` tensors, which llama.cpp reads as well, are refused in these.

use std::collections::BTreeMap;

use super::GgufError;
use super::architecture::Shape;
use super::tensors::Tensor;

const TOKEN_EMBEDDING: &str = "token_embd.weight";

/// Checks that the tensors are those of the shape: the token embedding fits width and vocabulary,
/// and every block has tensors. Of the architectures listed below every tensor is known, and the set
/// must be equal to theirs. Of the others the rest is left to the trial: llama.cpp refuses a set that
/// it does not expect, and does not abort.
pub(super) fn check(tensors: &[Tensor], shape: &Shape, tokens: usize) -> Result<(), GgufError> {
    let Some(embedding) = tensors.iter().find(|tensor| tensor.name == TOKEN_EMBEDDING) else {
        return Err(GgufError::MissingTensor { tensor: TOKEN_EMBEDDING.to_owned() });
    };
    let embedding_length = shape.embedding_length;
    if embedding.dimensions != [u64::from(embedding_length), tokens as u64, 1, 1] {
        let [columns, rows, ..] = embedding.dimensions;
        return Err(GgufError::EmbeddingShape { columns, rows, embedding_length, tokens });
    }
    let blocks = shape.block_count;
    let mut present = vec![false; usize::try_from(blocks).unwrap_or_default()];
    for tensor in tensors {
        let Some(rest) = tensor.name.strip_prefix("blk.") else { continue };
        match block_number(rest).and_then(|block| present.get_mut(block)) {
            Some(seen) => *seen = true,
            None => {
                let (tensor, last) = (tensor.name.clone(), blocks - 1);
                return Err(GgufError::UnknownBlock { tensor, last });
            }
        }
    }
    if let Some(block) = present.iter().position(|seen| !seen) {
        return Err(GgufError::EmptyBlock { block, blocks });
    }
    match plan_for(shape) {
        Some(plan) => check_plan(tensors, shape, tokens, &plan),
        None => Ok(()),
    }
}

/// The number in `7.attn_q.weight`, if it is written without sign or leading zero.
fn block_number(rest: &str) -> Option<usize> {
    let (digits, _) = rest.split_once('.')?;
    let block: usize = digits.parse().ok()?;
    (block.to_string() == digits).then_some(block)
}

/// A length that follows from the keys of the file.
#[derive(Clone, Copy)]
enum Size {
    Width,
    Tokens,
    Queries,
    Keys,
    Values,
    Head,
    HalfRotated,
    Inner,
}
use Size::{HalfRotated, Head, Inner, Keys, Queries, Tokens, Values, Width};

/// Name, shape, and whether it must be there.
type Part = (&'static str, &'static [Size], bool);

/// Tensors of the whole model and of each block.
struct Plan {
    whole: Vec<Part>,
    block: Vec<Part>,
}

const WHOLE: &[Part] =
    &[(TOKEN_EMBEDDING, &[Width, Tokens], true), ("output_norm.weight", &[Width], true)];
const OUTPUT: Part = ("output.weight", &[Width, Tokens], false);
const BLOCK: &[Part] = &[
    ("attn_norm.weight", &[Width], true),
    ("attn_q.weight", &[Width, Queries], true),
    ("attn_k.weight", &[Width, Keys], true),
    ("attn_v.weight", &[Width, Values], true),
    ("attn_q.bias", &[Queries], false),
    ("attn_k.bias", &[Keys], false),
    ("attn_v.bias", &[Values], false),
    ("attn_output.weight", &[Queries, Width], true),
    ("ffn_norm.weight", &[Width], true),
    ("ffn_gate.weight", &[Width, Inner], true),
    ("ffn_up.weight", &[Width, Inner], true),
    ("ffn_down.weight", &[Inner, Width], true),
];
const BIASES: &[Part] = &[
    ("attn_output.bias", &[Width], false),
    ("ffn_gate.bias", &[Inner], false),
    ("ffn_up.bias", &[Inner], false),
    ("ffn_down.bias", &[Width], false),
];
const HEAD_NORMS: &[Part] =
    &[("attn_q_norm.weight", &[Head], true), ("attn_k_norm.weight", &[Head], true)];
const NORMS_AFTER: &[Part] =
    &[("post_attention_norm.weight", &[Width], true), ("post_ffw_norm.weight", &[Width], true)];

fn plan_for(shape: &Shape) -> Option<Plan> {
    if shape.expert_count > 0 {
        return None;
    }
    let with = |whole: &[Part], block: &[&[Part]]| Plan {
        whole: [WHOLE, whole].concat(),
        block: [BLOCK, &block.concat()].concat(),
    };
    match shape.architecture.as_str() {
        "llama" => Some(with(&[OUTPUT, ("rope_freqs.weight", &[HalfRotated], false)], &[BIASES])),
        "qwen2" => Some(with(&[OUTPUT, ("output.bias", &[Tokens], false)], &[])),
        "qwen3" => Some(with(&[OUTPUT], &[HEAD_NORMS])),
        "gemma" => Some(with(&[], &[])),
        "gemma2" => Some(with(&[], &[NORMS_AFTER])),
        "gemma3" => Some(with(&[OUTPUT], &[HEAD_NORMS, NORMS_AFTER])),
        _ => None,
    }
}

/// Compares every tensor with the plan.
fn check_plan(
    tensors: &[Tensor],
    shape: &Shape,
    tokens: usize,
    plan: &Plan,
) -> Result<(), GgufError> {
    check_head_widths(shape)?;
    let mut missing = BTreeMap::new();
    for (name, size, needed) in &plan.whole {
        missing.insert((*name).to_owned(), (lengths(size, shape, tokens, 0), *needed));
    }
    for block in 0..usize::try_from(shape.block_count).unwrap_or_default() {
        for (name, size, needed) in &plan.block {
            let lengths = lengths(size, shape, tokens, block);
            missing.insert(format!("blk.{block}.{name}"), (lengths, *needed));
        }
    }
    for tensor in tensors {
        let Some((expected, _)) = missing.remove(&tensor.name) else {
            let (tensor, architecture) = (tensor.name.clone(), shape.architecture.clone());
            return Err(GgufError::UnknownTensor { tensor, architecture });
        };
        if tensor.dimensions != expected {
            let (found, expected) = (written(&tensor.dimensions), written(&expected));
            return Err(GgufError::TensorShape { tensor: tensor.name.clone(), found, expected });
        }
    }
    match missing.into_iter().find(|(_, (_, needed))| *needed) {
        Some((tensor, _)) => Err(GgufError::MissingTensor { tensor }),
        None => Ok(()),
    }
}

/// llama.cpp aborts while it builds the graph of these three where the widths differ.
fn check_head_widths(shape: &Shape) -> Result<(), GgufError> {
    let Shape { key_length, value_length, rotated, .. } = *shape;
    let strict = matches!(shape.architecture.as_str(), "llama" | "qwen2" | "qwen3");
    if strict && (key_length != value_length || key_length != rotated) {
        let architecture = shape.architecture.clone();
        return Err(GgufError::HeadWidths { architecture, key_length, value_length, rotated });
    }
    Ok(())
}

fn lengths(sizes: &[Size], shape: &Shape, tokens: usize, block: usize) -> [u64; 4] {
    let heads = u64::from(shape.heads.at(block).unwrap_or(0));
    let groups = u64::from(shape.groups.at(block).unwrap_or(0));
    let inner = shape.inner.as_ref().and_then(|inner| inner.at(block)).unwrap_or(0);
    let mut lengths = [1; 4];
    for (length, size) in lengths.iter_mut().zip(sizes) {
        *length = match size {
            Width => u64::from(shape.embedding_length),
            Tokens => tokens as u64,
            Queries => heads * u64::from(shape.key_length),
            Keys => groups * u64::from(shape.key_length),
            Values => groups * u64::from(shape.value_length),
            Head => u64::from(shape.key_length),
            HalfRotated => u64::from(shape.rotated / 2),
            Inner => u64::from(inner),
        };
    }
    lengths
}

/// A shape without the ones at its end.
fn written(dimensions: &[u64; 4]) -> String {
    let used = dimensions.iter().rposition(|length| *length != 1).map_or(1, |last| last + 1);
    let lengths: Vec<String> = dimensions.iter().take(used).map(u64::to_string).collect();
    lengths.join(" x ")
}
