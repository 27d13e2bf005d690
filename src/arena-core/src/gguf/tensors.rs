//! Reads the list of tensors and accounts for every byte of the file after the header.
//! Reads no weights.

use std::collections::{BTreeMap, HashSet};
use std::io::Read;

use super::GgufError;
use super::limits::{DIMENSION, TENSOR_NAME_BYTES};
use super::quantization::{TensorType, find_tensor_type};
use super::source::Source;

/// One entry of the list of tensors, whose own numbers are in range.
pub(super) struct Tensor {
    pub(super) name: String,
    pub(super) dimensions: [u64; 4],
    pub(super) kind: TensorType,
    pub(super) elements: u64,
    size_bytes: u64,
    offset_bytes: u64,
}

/// Reads the list of tensors and checks each entry for itself.
pub(super) fn read(source: &mut Source<impl Read>, count: u64) -> Result<Vec<Tensor>, GgufError> {
    let mut tensors = Vec::new();
    let mut names = HashSet::new();
    for index in 0..count {
        let name = read_name(source, index)?;
        if !names.insert(name.clone()) {
            return Err(GgufError::DuplicateTensor { tensor: name });
        }
        tensors.push(read_entry(source, name)?);
    }
    Ok(tensors)
}

fn read_name(source: &mut Source<impl Read>, index: u64) -> Result<String, GgufError> {
    let size_bytes = source.u64()?;
    if size_bytes == 0 || size_bytes > TENSOR_NAME_BYTES {
        return Err(GgufError::TensorNameLength { index, size_bytes });
    }
    let mut bytes = Vec::new();
    source.append(&mut bytes, size_bytes)?;
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if !bytes.iter().all(plain) {
        return Err(GgufError::TensorNameGrammar { index });
    }
    String::from_utf8(bytes).map_err(|_| GgufError::TensorNameGrammar { index })
}

fn read_entry(source: &mut Source<impl Read>, tensor: String) -> Result<Tensor, GgufError> {
    let found = source.u32()?;
    if !(1..=4).contains(&found) {
        return Err(GgufError::DimensionCount { tensor, found });
    }
    let mut dimensions = [1; 4];
    for (_, dimension) in (0..found).zip(&mut dimensions) {
        *dimension = source.u64()?;
        if !(1..=DIMENSION).contains(dimension) {
            return Err(GgufError::Dimension { tensor, found: *dimension });
        }
    }
    let code = source.u32()?;
    let Some(kind) = find_tensor_type(code) else {
        return Err(GgufError::TensorType { tensor, code });
    };
    let [row, ..] = dimensions;
    if !row.is_multiple_of(kind.block) {
        let (block, kind) = (kind.block, kind.label);
        return Err(GgufError::RowNotInBlocks { tensor, row, kind, block });
    }
    let Some((elements, size_bytes)) = measure(&dimensions, kind) else {
        return Err(GgufError::TensorTooLarge { tensor });
    };
    let offset_bytes = source.u64()?;
    Ok(Tensor { name: tensor, dimensions, kind, elements, size_bytes, offset_bytes })
}

/// Elements and bytes of a tensor, or nothing where llama.cpp's signed 64 bits would overflow.
fn measure(dimensions: &[u64; 4], kind: TensorType) -> Option<(u64, u64)> {
    let elements = dimensions.iter().try_fold(1_u64, |product, each| product.checked_mul(*each))?;
    let size_bytes = (elements / kind.block).checked_mul(kind.block_bytes)?;
    i64::try_from(elements.max(size_bytes)).ok()?;
    Some((elements, size_bytes))
}

/// Checks that the tensors follow each other without gap or overlap and end where the file ends.
///
/// Input: the tensors in the order of the list, the byte at which their data starts, the
/// alignment. Demanding the order of the list is stricter than the format, but llama.cpp demands
/// it too. The last tensor may be padded up to the alignment or not: writers differ.
pub(super) fn check_layout(
    tensors: &[Tensor],
    data_offset_bytes: u64,
    alignment: u64,
    file_size_bytes: u64,
) -> Result<(), GgufError> {
    let mut end = 0_u64;
    let mut padded_end = 0_u64;
    for tensor in tensors {
        let too_large = || GgufError::TensorTooLarge { tensor: tensor.name.clone() };
        check_offset(tensor, padded_end, alignment)?;
        end = padded_end.checked_add(tensor.size_bytes).ok_or_else(too_large)?;
        padded_end = end.checked_next_multiple_of(alignment).ok_or_else(too_large)?;
    }
    let needed_bytes = end.saturating_add(data_offset_bytes);
    let expected_bytes = padded_end.saturating_add(data_offset_bytes);
    if file_size_bytes < needed_bytes {
        return Err(GgufError::DataTruncated { file_size_bytes, needed_bytes });
    }
    if file_size_bytes != needed_bytes && file_size_bytes != expected_bytes {
        return Err(GgufError::TrailingBytes { file_size_bytes, expected_bytes });
    }
    Ok(())
}

fn check_offset(tensor: &Tensor, expected_bytes: u64, alignment: u64) -> Result<(), GgufError> {
    let offset_bytes = tensor.offset_bytes;
    let name = || tensor.name.clone();
    if !offset_bytes.is_multiple_of(alignment) {
        return Err(GgufError::Misaligned { tensor: name(), offset_bytes, alignment });
    }
    if offset_bytes < expected_bytes {
        return Err(GgufError::Overlap { tensor: name(), offset_bytes, expected_bytes });
    }
    if offset_bytes > expected_bytes {
        return Err(GgufError::Gap { tensor: name(), offset_bytes, expected_bytes });
    }
    Ok(())
}

/// The number of elements of all tensors.
pub(super) fn count_elements(tensors: &[Tensor]) -> Result<u64, GgufError> {
    let mut sum = 0_u64;
    for tensor in tensors {
        sum = sum
            .checked_add(tensor.elements)
            .ok_or_else(|| GgufError::TensorTooLarge { tensor: tensor.name.clone() })?;
    }
    Ok(sum)
}

/// The label of the type that holds most elements; of equals, the one with the larger code.
pub(super) fn dominant_label(tensors: &[Tensor]) -> Option<&'static str> {
    let mut elements: BTreeMap<u32, (u64, &'static str)> = BTreeMap::new();
    for tensor in tensors {
        let entry = elements.entry(tensor.kind.code).or_insert((0, tensor.kind.label));
        entry.0 = entry.0.saturating_add(tensor.elements);
    }
    elements.into_values().max_by_key(|(count, _)| *count).map(|(_, label)| label)
}
