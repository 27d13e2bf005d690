//! Where a model runs: a file on this machine, or an endpoint that somebody else runs.

use std::path::PathBuf;

use time::OffsetDateTime;

use super::Model;
use crate::kit::whereabouts::Destination;

/// Label in the place of a number format for a model whose weights are not here.
pub const REMOTE: &str = "remote";

/// What answers for a model.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// Weights on this machine.
    File(GgufFile),
    /// An interface of another machine.
    Endpoint(Endpoint),
}

/// A GGUF file as it was admitted.
#[derive(Clone, Debug, PartialEq)]
pub struct GgufFile {
    /// `general.architecture` of the header.
    pub architecture: String,
    /// Sum of all tensor elements.
    pub parameter_count: i64,
    /// Label of the weights' number format.
    pub quantization: String,
    /// Where the operator keeps the file.
    pub path: PathBuf,
    /// Size when it was hashed.
    pub size_bytes: i64,
    /// Modification time when it was hashed.
    pub modified_at: OffsetDateTime,
    /// SHA-256 of the file, 64 hex digits.
    pub sha256: String,
    /// Template given at registration.
    pub chat_template: Option<String>,
    /// Where the conversation format comes from: file, given or completion.
    pub template_source: String,
}

/// An OpenAI-compatible interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Base address, with the version of the interface: `https://host/v1`. Private.
    pub url: String,
    /// What the endpoint calls the model.
    pub model: String,
    /// File with its key. Private.
    pub key_file: Option<PathBuf>,
    /// Who runs it, and where: this is where questions go.
    pub operator: Destination,
}

impl Model {
    /// The file, of a model that runs here.
    pub fn file(&self) -> Option<&GgufFile> {
        match &self.source {
            Source::File(file) => Some(file),
            Source::Endpoint(_) => None,
        }
    }

    /// The endpoint, of a model that runs elsewhere.
    pub fn endpoint(&self) -> Option<&Endpoint> {
        match &self.source {
            Source::File(_) => None,
            Source::Endpoint(endpoint) => Some(endpoint),
        }
    }

    /// Number of parameters, where it could be counted.
    pub fn parameter_count(&self) -> Option<i64> {
        self.file().map(|file| file.parameter_count)
    }

    /// Number format of the weights, or the word that they are not here.
    pub fn quantization(&self) -> &str {
        self.file().map_or(REMOTE, |file| &file.quantization)
    }
}
