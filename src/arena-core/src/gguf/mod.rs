//! Reads the header of a GGUF file that nobody has vouched for, and refuses what llama.cpp should
//! never see. Pure: bytes come in through `Read`, nothing is mapped, sought or executed.
//!
//! Deliberately not here: weights (NaN or zero weights are for the probe worker to find), the
//! meaning of chat templates, and tokenizing. Keys that no rule mentions are checked for size and
//! form, then dropped; they never reach the caller. `README.md` beside this file lists the rules,
//! where each is enforced and which tests show it.

mod architecture;
mod error;
mod limits;
mod metadata;
mod quantization;
mod source;
mod tensor_set;
mod tensors;
mod value;
mod vocabulary;

#[cfg(test)]
mod builder;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;

use std::io::Read;

pub use self::error::GgufError;
use self::metadata::Metadata;
use self::source::Source;
use self::tensors::Tensor;

/// What the arena knows of a model before any worker has loaded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The version of the format, 2 or 3.
    pub version: u32,
    /// The architecture by llama.cpp's name, such as `llama` or `qwen2`.
    pub architecture: String,
    /// The name that the author gave the model: one line of at most 1 KiB.
    pub name: Option<String>,
    /// The licence as the author states it, usually an SPDX identifier.
    pub licence: Option<String>,
    /// The size as the author states it, such as `135M`; compare [`Header::parameter_count`].
    pub size_label: Option<String>,
    /// The number of elements of all tensors. A model that stores its output layer apart counts
    /// it too, so this may be above the advertised size.
    pub parameter_count: u64,
    /// The label of the quantization, such as `Q4_K_M`, `Q4_1` or `F16`: as the file states it,
    /// else the tensor type that holds most elements.
    pub quantization: String,
    /// The longest context that the model was trained for, in tokens.
    pub context_length: u32,
    /// The width of the model.
    pub embedding_length: u32,
    /// The number of blocks.
    pub block_count: u32,
    /// The number of tokens in the vocabulary.
    pub vocab_size: u32,
    /// The kind of tokenizer: `llama`, `gpt2` or `gemma4`.
    pub tokenizer_model: String,
    /// The chat template, if there is one; untrusted text that must never be run without limits.
    pub chat_template: Option<String>,
    /// The number of tensors.
    pub tensor_count: usize,
    /// The byte at which the data of the tensors starts.
    pub data_offset_bytes: u64,
}

/// Reads and checks the header of a GGUF file.
///
/// Input: `source` at the first byte of the file, and the true size of the file in bytes.
/// Output: what the header says, after every rule has passed.
/// Errors: the first rule that is broken, in the order of the file.
/// Cost: reads once and in order, at most 64 MiB and at most 64 KiB past the end of the header,
/// so `source` needs no buffer. Memory follows the bytes that arrive, never a claimed count, and
/// stays below 64 MiB: only tokens and their types are kept, of other values what a rule asks for.
/// The worst header found takes 48 MiB (tokens of 17 MiB); a million tokens take 26 MiB.
/// Source: the GGUF specification in the ggml repository (versions 2 and 3, little endian); limits
/// by THREATS.md 5.2.
pub fn read(source: &mut impl Read, file_size_bytes: u64) -> Result<Header, GgufError> {
    let source = &mut Source::new(source, file_size_bytes);
    let preamble = read_preamble(source)?;
    let metadata = Metadata::read(source, preamble.key_count)?;
    check_container(&metadata)?;
    let alignment = u64::from(find_alignment(&metadata)?);
    let shape = architecture::check(&metadata)?;
    let vocabulary = vocabulary::check(&metadata)?;
    let tensors = tensors::read(source, preamble.tensor_count)?;
    tensor_set::check(&tensors, &shape, vocabulary.size)?;
    let data_offset_bytes = source.position().next_multiple_of(alignment);
    tensors::check_layout(&tensors, data_offset_bytes, alignment, file_size_bytes)?;
    let label = |key| Ok::<_, GgufError>(metadata.text(key)?.map(str::to_owned));
    Ok(Header {
        version: preamble.version,
        name: label("general.name")?,
        licence: label("general.license")?,
        size_label: label("general.size_label")?,
        parameter_count: tensors::count_elements(&tensors)?,
        quantization: find_quantization(&metadata, &tensors)?,
        architecture: shape.architecture,
        context_length: shape.context_length,
        embedding_length: shape.embedding_length,
        block_count: shape.block_count,
        vocab_size: count_tokens(vocabulary.size)?,
        tokenizer_model: vocabulary.model,
        chat_template: label("tokenizer.chat_template")?,
        tensor_count: tensors.len(),
        data_offset_bytes,
    })
}

struct Preamble {
    version: u32,
    tensor_count: u64,
    key_count: u64,
}

fn read_preamble(source: &mut Source<impl Read>) -> Result<Preamble, GgufError> {
    let found = source.exact()?;
    if &found != b"GGUF" {
        return Err(GgufError::Magic { found });
    }
    let version = source.u32()?;
    match version {
        2 | 3 => {}
        other if matches!(other.swap_bytes(), 1..=3) => return Err(GgufError::BigEndian),
        found => return Err(GgufError::Version { found }),
    }
    let tensor_count = source.u64()?;
    if !(1..=limits::TENSORS).contains(&tensor_count) {
        return Err(GgufError::TensorCount { found: tensor_count });
    }
    let key_count = source.u64()?;
    if !(1..=limits::KEYS).contains(&key_count) {
        return Err(GgufError::KeyCount { found: key_count });
    }
    Ok(Preamble { version, tensor_count, key_count })
}

/// Refuses adapters, projectors and parts of split models, which are GGUF files as well.
fn check_container(metadata: &Metadata) -> Result<(), GgufError> {
    match metadata.text("general.type")? {
        None | Some("model") => {}
        Some(found) => return Err(GgufError::NotAModel { found: found.to_owned() }),
    }
    match metadata.u16("split.count")? {
        None | Some(0 | 1) => Ok(()),
        Some(found) => Err(GgufError::SplitModel { found }),
    }
}

fn find_alignment(metadata: &Metadata) -> Result<u32, GgufError> {
    match metadata.u32("general.alignment")? {
        None => Ok(limits::DEFAULT_ALIGNMENT),
        Some(found) if found.is_power_of_two() && (8..=4096).contains(&found) => Ok(found),
        Some(found) => Err(GgufError::Alignment { found }),
    }
}

fn find_quantization(metadata: &Metadata, tensors: &[Tensor]) -> Result<String, GgufError> {
    let stated = metadata.u32("general.file_type")?.and_then(quantization::find_file_label);
    match stated.or_else(|| tensors::dominant_label(tensors)) {
        Some(label) => Ok(label.to_owned()),
        None => Err(GgufError::TensorCount { found: 0 }),
    }
}

fn count_tokens(size: usize) -> Result<u32, GgufError> {
    u32::try_from(size).map_err(|_| GgufError::VocabularySize { found: u64::MAX })
}
