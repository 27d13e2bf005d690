//! The list of decoders and the rules about their shape: blocks, width, heads, positions, norms.
//! Tensors are compared with the shape in `tensor_set`.

use super::GgufError;
use super::limits::{
    BLOCKS, CONTEXT, EMBEDDING, EPSILON, EXPERTS, FEED_FORWARD, HEAD_LENGTH, HEADS,
};
use super::metadata::{Metadata, PerBlock, required};

/// Decoders of text with attention, by their names in llama.cpp. Left out on purpose: encoders,
/// embedding models, diffusion, speech and draft models, and purely recurrent ones (they have no
/// heads, so half of the rules below say nothing about them).
const DECODERS: &[&str] = &[
    "afmoe",
    "apertus",
    "arcee",
    "arctic",
    "baichuan",
    "bailingmoe",
    "bailingmoe2",
    "bitnet",
    "bloom",
    "chatglm",
    "codeshell",
    "cohere2",
    "cohere2moe",
    "command-r",
    "dbrx",
    "deci",
    "deepseek",
    "deepseek2",
    "dots1",
    "ernie4_5",
    "ernie4_5-moe",
    "exaone",
    "exaone-moe",
    "exaone4",
    "falcon",
    "falcon-h1",
    "gemma",
    "gemma2",
    "gemma3",
    "gemma3n",
    "gemma4",
    "glm4",
    "glm4moe",
    "gpt-oss",
    "gpt2",
    "gptneox",
    "granite",
    "granitehybrid",
    "granitemoe",
    "grok",
    "grovemoe",
    "hunyuan-dense",
    "hunyuan-moe",
    "internlm2",
    "jais",
    "jais2",
    "jamba",
    "lfm2",
    "lfm2moe",
    "llama",
    "llama4",
    "maincoder",
    "mellum",
    "mimo2",
    "minicpm",
    "minicpm3",
    "minimax-m2",
    "mistral3",
    "mistral4",
    "mpt",
    "nemotron",
    "nemotron_h",
    "nemotron_h_moe",
    "olmo",
    "olmo2",
    "olmoe",
    "openelm",
    "orion",
    "pangu-embedded",
    "phi2",
    "phi3",
    "phimoe",
    "plm",
    "qwen",
    "qwen2",
    "qwen2moe",
    "qwen2vl",
    "qwen3",
    "qwen35",
    "qwen35moe",
    "qwen3moe",
    "qwen3next",
    "qwen3vl",
    "qwen3vlmoe",
    "refact",
    "seed_oss",
    "smallthinker",
    "smollm3",
    "stablelm",
    "starcoder",
    "starcoder2",
    "xverse",
];

/// What the rest of the reader needs to know of the shape.
pub(super) struct Shape {
    pub(super) architecture: String,
    pub(super) block_count: u32,
    pub(super) embedding_length: u32,
    pub(super) context_length: u32,
    /// Attention heads.
    pub(super) heads: PerBlock,
    /// Heads for keys and values.
    pub(super) groups: PerBlock,
    /// Width of one head in queries and keys.
    pub(super) key_length: u32,
    /// Width of one head in values.
    pub(super) value_length: u32,
    /// How much of a head is rotated.
    pub(super) rotated: u32,
    /// Width of the inner layer, if it is stated.
    pub(super) inner: Option<PerBlock>,
    pub(super) expert_count: u32,
}

/// Checks every rule about the shape of the model.
pub(super) fn check(metadata: &Metadata) -> Result<Shape, GgufError> {
    let found = required("general.architecture", metadata.text("general.architecture")?)?;
    if !DECODERS.contains(&found) {
        return Err(GgufError::Architecture { found: found.to_owned() });
    }
    let keys = Keys { metadata, architecture: found };
    let block_count =
        keys.size("block_count", BLOCKS, |key, found| GgufError::BlockCount { key, found })?;
    let embedding_length = keys.size("embedding_length", EMBEDDING, |key, found| {
        GgufError::EmbeddingLength { key, found }
    })?;
    let context_length =
        keys.size("context_length", CONTEXT, |key, found| GgufError::ContextLength { key, found })?;
    let (heads, groups) = check_heads(&keys, block_count, embedding_length)?;
    // Where the file does not state the width of a head: width through heads, as in llama.cpp,
    // which asks the first block. A first block without attention leaves the width as the bound.
    let derived = embedding_length.checked_div(heads.at(0).unwrap_or(0));
    let derived = derived.unwrap_or(embedding_length);
    let (key_length, rotated) = check_positions(&keys, derived)?;
    check_epsilon(&keys)?;
    Ok(Shape {
        architecture: found.to_owned(),
        block_count,
        embedding_length,
        context_length,
        heads,
        groups,
        key_length,
        value_length: keys.u32("attention.value_length")?.unwrap_or(derived),
        rotated,
        inner: check_inner(&keys, block_count)?,
        expert_count: check_experts(&keys, block_count)?,
    })
}

/// Looks up the keys that carry the name of the architecture in front.
struct Keys<'a> {
    metadata: &'a Metadata,
    architecture: &'a str,
}

impl Keys<'_> {
    fn name(&self, rest: &str) -> String {
        format!("{}.{rest}", self.architecture)
    }

    fn u32(&self, rest: &str) -> Result<Option<u32>, GgufError> {
        self.metadata.u32(&self.name(rest))
    }

    /// A number between 1 and `highest` that must be there.
    fn size(
        &self,
        rest: &str,
        highest: u32,
        refuse: impl Fn(String, u32) -> GgufError,
    ) -> Result<u32, GgufError> {
        let key = self.name(rest);
        let found = required(&key, self.metadata.u32(&key)?)?;
        if (1..=highest).contains(&found) { Ok(found) } else { Err(refuse(key, found)) }
    }
}

/// Checks head counts. Two readings of the plain rule are needed for real models:
/// - A head count that does not divide the width is fine where `attention.key_length` states the
///   size of a head (OpenELM); otherwise llama.cpp divides and would round.
/// - In a list with one entry a block, 0 means that the block has no attention (LFM2, Granite 4,
///   Nemotron-H); a single 0 for all blocks is refused.
fn check_heads(
    keys: &Keys<'_>,
    blocks: u32,
    embedding_length: u32,
) -> Result<(PerBlock, PerBlock), GgufError> {
    let heads_key = keys.name("attention.head_count");
    let groups_key = keys.name("attention.head_count_kv");
    let heads = required(&heads_key, keys.metadata.per_block(&heads_key, blocks)?)?;
    // llama.cpp takes the number of heads where the number of key-value heads is not given.
    let groups = keys.metadata.per_block(&groups_key, blocks)?.unwrap_or_else(|| heads.clone());
    let head_length_stated = keys.u32("attention.key_length")?.is_some();
    let mut attention = false;
    let block_count = usize::try_from(blocks).unwrap_or(usize::MAX);
    for block in 0..block_count {
        let count = heads.at(block).unwrap_or(0);
        let group = groups.at(block).unwrap_or(0);
        if !absent(&heads, count) && !(1..=HEADS).contains(&count) {
            return Err(GgufError::HeadCount { key: heads_key, block, found: count });
        }
        if count > 0 && !head_length_stated && !embedding_length.is_multiple_of(count) {
            return Err(GgufError::HeadsDoNotDivide {
                key: heads_key,
                found: count,
                embedding_length,
            });
        }
        let fits = group > 0 && group <= count && count.is_multiple_of(group);
        if !absent(&groups, group) && !fits {
            let key = groups_key;
            return Err(GgufError::KeyValueHeads { key, block, found: group, heads: count });
        }
        attention |= fits;
    }
    if attention { Ok((heads, groups)) } else { Err(GgufError::NoAttention { key: groups_key }) }
}

fn absent(counts: &PerBlock, count: u32) -> bool {
    count == 0 && matches!(counts, PerBlock::Each(_))
}

/// Checks the size of a head and the part of it that is rotated, and returns both. A model without
/// `rope.dimension_count` rotates whole heads (Gemma 3, Qwen 2.5) or has learned positions.
fn check_positions(keys: &Keys<'_>, derived: u32) -> Result<(u32, u32), GgufError> {
    for rest in ["key_length", "value_length", "key_length_swa", "value_length_swa"] {
        let rest = format!("attention.{rest}");
        if keys.u32(&rest)?.is_some() {
            keys.size(&rest, HEAD_LENGTH, |key, found| GgufError::HeadLength { key, found })?;
        }
    }
    let full = keys.u32("attention.key_length")?.unwrap_or(derived);
    let windowed = keys.u32("attention.key_length_swa")?.unwrap_or(full);
    let rotated = check_rotation(keys, "rope.dimension_count", full)?;
    check_rotation(keys, "rope.dimension_count_swa", windowed)?;
    let key = keys.name("rope.scaling.type");
    match keys.metadata.text(&key)? {
        None | Some("none" | "linear" | "yarn" | "longrope") => Ok((full, rotated)),
        Some(found) => Err(GgufError::RopeScaling { key, found: found.to_owned() }),
    }
}

fn check_rotation(keys: &Keys<'_>, rest: &str, head_length: u32) -> Result<u32, GgufError> {
    match keys.u32(rest)? {
        Some(found) if found < 2 || found > head_length || !found.is_multiple_of(2) => {
            Err(GgufError::RopeDimensions { key: keys.name(rest), found, head_length })
        }
        found => Ok(found.unwrap_or(head_length)),
    }
}

/// Checks the width of the inner layer; 0 in a list stands for a block that has none.
fn check_inner(keys: &Keys<'_>, blocks: u32) -> Result<Option<PerBlock>, GgufError> {
    let key = keys.name("feed_forward_length");
    let Some(inner) = keys.metadata.per_block(&key, blocks)? else { return Ok(None) };
    for block in 0..usize::try_from(blocks).unwrap_or(usize::MAX) {
        let found = inner.at(block).unwrap_or(0);
        if !absent(&inner, found) && !(1..=FEED_FORWARD).contains(&found) {
            return Err(GgufError::FeedForward { key, block, found });
        }
    }
    Ok(Some(inner))
}

fn check_epsilon(keys: &Keys<'_>) -> Result<(), GgufError> {
    let mut given = false;
    for rest in ["layer_norm_rms_epsilon", "layer_norm_epsilon", "group_norm_epsilon"] {
        let key = keys.name(&format!("attention.{rest}"));
        match keys.metadata.f32(&key)? {
            None => {}
            Some(found) if found > 0.0 && found <= EPSILON => given = true,
            Some(found) => return Err(GgufError::Epsilon { key, found }),
        }
    }
    if given {
        return Ok(());
    }
    Err(GgufError::NoEpsilon { architecture: keys.architecture.to_owned() })
}

/// Checks the experts of a mixture; llama.cpp aborts on these instead of refusing.
fn check_experts(keys: &Keys<'_>, blocks: u32) -> Result<u32, GgufError> {
    let count = keys.u32("expert_count")?.unwrap_or(0);
    if count > EXPERTS {
        let key = keys.name("expert_count");
        return Err(GgufError::Experts { key, found: count, highest: EXPERTS });
    }
    let key = keys.name("expert_used_count");
    let used = match keys.metadata.per_block(&key, blocks)? {
        None => 0,
        Some(PerBlock::Same(found)) => found,
        Some(PerBlock::Each(each)) => each.into_iter().max().unwrap_or(0),
    };
    if used > count {
        return Err(GgufError::Experts { key, found: used, highest: count });
    }
    Ok(count)
}
