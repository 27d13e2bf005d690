//! Settings that cannot be used.

use std::path::PathBuf;

use crate::kit::language::UnknownLanguage;

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the settings file {path} cannot be read")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no valid settings file.
    #[error("the settings file {path} is not valid: {source}")]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A code names no language.
    #[error("languages: {0}")]
    Language(#[from] UnknownLanguage),
    /// A value is out of range.
    #[error("{name} is {value}, and must be {range}")]
    OutOfRange {
        /// The setting.
        name: &'static str,
        /// What was given.
        value: String,
        /// What is accepted.
        range: &'static str,
    },
}
