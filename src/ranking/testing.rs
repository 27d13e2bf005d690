//! Models and votes for the unit tests of this stage.

use std::path::PathBuf;

use arena_core::ids::{ModelId, Sides, VoterId};
use arena_core::tier::Tier;
use arena_core::verdict::Verdict;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::pool::{GgufFile, Model, Source};
use crate::vote::queries::Vote;

/// A model of this name.
pub(super) fn model(name: &str, country: &str, parameter_count: i64) -> Model {
    Model {
        id: ModelId(Uuid::new_v4()),
        name: name.to_owned(),
        maker: "Maker".to_owned(),
        country: country.to_owned(),
        licence: "MIT".to_owned(),
        base_model: None,
        context_tokens: 4096,
        source: Source::File(GgufFile {
            architecture: "llama".to_owned(),
            parameter_count,
            quantization: "Q4_K_M".to_owned(),
            path: PathBuf::from("model.gguf"),
            size_bytes: 1,
            modified_at: OffsetDateTime::UNIX_EPOCH,
            sha256: "0".repeat(64),
            chat_template: None,
            template_source: "file".to_owned(),
        }),
        weight: 1,
        retired_at: None,
        quarantine: None,
    }
}

/// A vote on a voter's own question.
pub(super) fn vote(
    index: usize,
    left: &Model,
    right: &Model,
    verdict: Verdict,
    voter: VoterId,
) -> Vote {
    Vote {
        index: i64::try_from(index).unwrap(),
        models: Sides { left: left.id, right: right.id },
        verdict,
        cast_at: OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000),
        voter,
        question: None,
        language: None,
        p_draw: 0.5,
        style: None,
        apart: false,
        excluded: false,
        tier: Tier::Anonymous,
    }
}

/// A voter of their own.
pub(super) fn voter() -> VoterId {
    VoterId(Uuid::new_v4())
}
