//! Builds small GGUF files for tests: valid as it comes, hostile after a mutation.

/// Codes of value types.
pub(super) const U8: u32 = 0;
pub(super) const I8: u32 = 1;
pub(super) const U32: u32 = 4;
pub(super) const I32: u32 = 5;
pub(super) const F32: u32 = 6;
pub(super) const BOOL: u32 = 7;
pub(super) const TEXT: u32 = 8;
pub(super) const ARRAY: u32 = 9;
pub(super) const F64: u32 = 12;

/// The tokens of the valid file: three special ones, one a byte, three letters.
pub(super) const TOKENS: usize = 3 + 256 + 3;

/// One entry of the list of tensors; the offset follows from the entries before unless it is set.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    pub(super) dimensions: Vec<u64>,
    pub(super) kind: u32,
    pub(super) size_bytes: u64,
    pub(super) offset_bytes: Option<u64>,
}

/// A GGUF file in parts that a test can change one by one.
#[derive(Clone)]
pub(super) struct Builder {
    pub(super) magic: [u8; 4],
    pub(super) version: u32,
    pub(super) claimed_tensors: Option<u64>,
    pub(super) claimed_keys: Option<u64>,
    pub(super) keys: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) tensors: Vec<Entry>,
    pub(super) alignment: usize,
    /// Whether the last tensor is padded to the alignment.
    pub(super) pad_end: bool,
    /// Bytes after the last tensor, or missing from its end where negative.
    pub(super) surplus: i64,
}

impl Builder {
    /// A valid file of architecture `llama` with a `llama` tokenizer and two blocks.
    pub(super) fn valid() -> Self {
        let mut builder = Self {
            magic: *b"GGUF",
            version: 3,
            claimed_tensors: None,
            claimed_keys: None,
            keys: Vec::new(),
            tensors: Vec::new(),
            alignment: 32,
            pad_end: true,
            surplus: 0,
        };
        builder.describe();
        builder.tokenize();
        builder.tensor("token_embd.weight", &[32, TOKENS as u64], 1, 32 * TOKENS as u64 * 2);
        builder.tensor("blk.0.attn_norm.weight", &[32], 0, 128);
        builder.tensor("blk.0.ffn_down.weight", &[64, 32], 8, 2_176);
        builder.tensor("blk.1.attn_norm.weight", &[32], 0, 128);
        builder.tensor("blk.1.ffn_down.weight", &[64, 32], 8, 2_176);
        for block in 0..2 {
            let mut matrix = |name: &str, columns: u64, rows: u64| {
                let name = format!("blk.{block}.{name}.weight");
                builder.tensor(&name, &[columns, rows], 2, columns * rows / 32 * 18);
            };
            matrix("attn_q", 32, 32);
            matrix("attn_k", 32, 16);
            matrix("attn_v", 32, 16);
            matrix("attn_output", 32, 32);
            matrix("ffn_gate", 32, 64);
            matrix("ffn_up", 32, 64);
            builder.tensor(&format!("blk.{block}.ffn_norm.weight"), &[32], 0, 128);
        }
        builder.tensor("output_norm.weight", &[32], 0, 128);
        // Not a multiple of the alignment, so that the end has padding.
        builder.tensor("rope_freqs.weight", &[4], 0, 16);
        builder
    }

    /// Renames the architecture, also in front of its keys.
    pub(super) fn rename(&mut self, architecture: &str) {
        for (key, _) in &mut self.keys {
            if let Some(rest) = key.strip_prefix(b"llama.") {
                *key = [architecture.as_bytes(), b".", rest].concat();
            }
        }
        self.set("general.architecture", text(architecture));
    }

    pub(super) fn last(&mut self) -> &mut Entry {
        self.tensors.last_mut().unwrap()
    }

    /// The valid file with a byte-pair tokenizer instead.
    pub(super) fn valid_gpt2() -> Self {
        let mut builder = Self::valid();
        builder.set("tokenizer.ggml.model", text("gpt2"));
        builder.remove("tokenizer.ggml.scores");
        builder.set("tokenizer.ggml.merges", texts(&[b"a b", b"ab a"]));
        builder
    }

    fn describe(&mut self) {
        self.set("general.architecture", text("llama"));
        self.set("general.type", text("model"));
        self.set("general.name", text("Tiny"));
        self.set("general.license", text("apache-2.0"));
        self.set("general.size_label", text("9K"));
        self.set("general.file_type", u32_value(7));
        self.set("llama.block_count", u32_value(2));
        self.set("llama.context_length", u32_value(128));
        self.set("llama.embedding_length", u32_value(32));
        self.set("llama.feed_forward_length", u32_value(64));
        self.set("llama.attention.head_count", u32_value(4));
        self.set("llama.attention.head_count_kv", u32_value(2));
        self.set("llama.attention.layer_norm_rms_epsilon", f32_value(1e-5));
        self.set("llama.rope.dimension_count", u32_value(8));
    }

    fn tokenize(&mut self) {
        self.set("tokenizer.ggml.model", text("llama"));
        self.set_tokens(tokens());
        self.set("tokenizer.ggml.scores", numbers(F32, &vec![[0; 4]; TOKENS]));
        self.set("tokenizer.ggml.token_type", numbers(I32, &token_types()));
        self.set("tokenizer.ggml.bos_token_id", u32_value(1));
        self.set("tokenizer.ggml.eos_token_id", u32_value(2));
        self.set("tokenizer.chat_template", text("{{ messages }}"));
    }

    pub(super) fn set_tokens(&mut self, tokens: Vec<Vec<u8>>) {
        let tokens: Vec<&[u8]> = tokens.iter().map(Vec::as_slice).collect();
        self.set("tokenizer.ggml.tokens", texts(&tokens));
    }

    /// Sets a key, in its old place if it is there already.
    pub(super) fn set(&mut self, key: &str, value: Vec<u8>) {
        match self.keys.iter_mut().find(|(each, _)| each == key.as_bytes()) {
            Some((_, old)) => *old = value,
            None => self.keys.push((key.as_bytes().to_vec(), value)),
        }
    }

    pub(super) fn remove(&mut self, key: &str) {
        self.keys.retain(|(each, _)| each != key.as_bytes());
    }

    /// Sets the type and length of one token.
    pub(super) fn set_token(&mut self, token: usize, text: &[u8], kind: i32) {
        let mut all = tokens();
        let mut types = token_types();
        all[token] = text.to_vec();
        types[token] = kind.to_le_bytes();
        self.set_tokens(all);
        self.set("tokenizer.ggml.token_type", numbers(I32, &types));
    }

    pub(super) fn tensor(&mut self, name: &str, dimensions: &[u64], kind: u32, size_bytes: u64) {
        let (name, dimensions) = (name.as_bytes().to_vec(), dimensions.to_vec());
        self.tensors.push(Entry { name, dimensions, kind, size_bytes, offset_bytes: None });
    }

    /// The file and the byte at which its data starts.
    pub(super) fn build(&self) -> (Vec<u8>, usize) {
        let mut out = self.magic.to_vec();
        out.extend(self.version.to_le_bytes());
        out.extend(self.claimed_tensors.unwrap_or(self.tensors.len() as u64).to_le_bytes());
        out.extend(self.claimed_keys.unwrap_or(self.keys.len() as u64).to_le_bytes());
        for (key, value) in &self.keys {
            out.extend(sized(key));
            out.extend(value);
        }
        let mut end = 0_u64;
        for tensor in &self.tensors {
            let offset = end.next_multiple_of(self.alignment as u64);
            out.extend(sized(&tensor.name));
            out.extend(u32::try_from(tensor.dimensions.len()).unwrap().to_le_bytes());
            tensor.dimensions.iter().for_each(|each| out.extend(each.to_le_bytes()));
            out.extend(tensor.kind.to_le_bytes());
            out.extend(tensor.offset_bytes.unwrap_or(offset).to_le_bytes());
            end = offset + tensor.size_bytes;
        }
        if self.pad_end {
            end = end.next_multiple_of(self.alignment as u64);
        }
        let data = out.len().next_multiple_of(self.alignment);
        out.resize(data + usize::try_from((end as i64 + self.surplus).max(0)).unwrap(), 0);
        (out, data)
    }
}

fn tokens() -> Vec<Vec<u8>> {
    let mut tokens: Vec<Vec<u8>> = ["<unk>", "<s>", "</s>"].map(|t| t.as_bytes().to_vec()).into();
    tokens.extend((0..=255).map(|byte| format!("<0x{byte:02X}>").into_bytes()));
    tokens.extend(["a", "b", "ab"].map(|token| token.as_bytes().to_vec()));
    tokens
}

fn token_types() -> Vec<[u8; 4]> {
    let kinds = [2, 3, 3].into_iter().chain([6; 256]).chain([1; 3]);
    kinds.map(|kind: i32| kind.to_le_bytes()).collect()
}

/// A string as it stands in the file.
pub(super) fn sized(bytes: &[u8]) -> Vec<u8> {
    let mut out = (bytes.len() as u64).to_le_bytes().to_vec();
    out.extend(bytes);
    out
}

/// A value of any type from its raw bytes.
pub(super) fn raw(code: u32, bytes: &[u8]) -> Vec<u8> {
    let mut out = code.to_le_bytes().to_vec();
    out.extend(bytes);
    out
}

pub(super) fn u32_value(number: u32) -> Vec<u8> {
    raw(U32, &number.to_le_bytes())
}

pub(super) fn f32_value(number: f32) -> Vec<u8> {
    raw(F32, &number.to_le_bytes())
}

pub(super) fn text(text: &str) -> Vec<u8> {
    raw(TEXT, &sized(text.as_bytes()))
}

/// An array with a claimed count over any bytes.
pub(super) fn array(code: u32, claimed: u64, bytes: &[u8]) -> Vec<u8> {
    let mut out = raw(ARRAY, &code.to_le_bytes());
    out.extend(claimed.to_le_bytes());
    out.extend(bytes);
    out
}

pub(super) fn numbers<const N: usize>(code: u32, each: &[[u8; N]]) -> Vec<u8> {
    array(code, each.len() as u64, each.as_flattened())
}

pub(super) fn texts(each: &[&[u8]]) -> Vec<u8> {
    let bytes: Vec<u8> = each.iter().flat_map(|text| sized(text)).collect();
    array(TEXT, each.len() as u64, &bytes)
}
