//! Opening a model: its context and its conversation format.

use std::num::NonZeroU32;

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;

use crate::engine::{BATCH_TOKENS, EngineError};
use crate::options::Options;
use crate::prompt::sha256;
use crate::template::Format;

/// How conversations are written down, with the SHA-256 of the template in force, if there is one.
pub(crate) fn format_of(
    model: &LlamaModel,
    given: Option<String>,
) -> Result<(Format, Option<String>), EngineError> {
    let piece = |token| {
        let bytes = model.vocab().token_to_piece(token, true, None);
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let from_file = model.meta_val_str("tokenizer.chat_template").ok();
    let digest = given.as_deref().or(from_file.as_deref()).map(sha256);
    let (bos, eos) = (model.vocab().bos(), model.vocab().eos());
    let text = |token: LlamaToken| if token.0 < 0 { String::new() } else { piece(token) };
    Ok((Format::new(given, from_file, text(bos), text(eos))?, digest))
}

/// A context with places for several answers.
pub(crate) fn new_context<'m>(
    backend: &LlamaBackend,
    model: &'m LlamaModel,
    options: &Options,
    context_tokens: u32,
) -> Result<LlamaContext<'m>, EngineError> {
    let threads = i32::try_from(options.threads).unwrap_or(1);
    let params = LlamaContextParams::default()
        .with_n_ctx(NonZeroU32::new(context_tokens.saturating_mul(options.sequences)))
        .with_n_seq_max(options.sequences)
        .with_n_batch(BATCH_TOKENS as u32)
        .with_n_ubatch(BATCH_TOKENS as u32)
        .with_n_threads(threads)
        .with_n_threads_batch(threads)
        // A window that forgets could not go on from an earlier turn.
        .with_swa_full(true)
        .with_kv_unified(false);
    model
        .new_context(backend, params)
        .map_err(|source| EngineError::Context { tokens: context_tokens, source })
}
