//! Settings: flag, else environment `DOUBLEBLIND_*`, else file, else default.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use arena_core::sampling::Sampling;
use clap::Args;
use serde::Deserialize;

use crate::kit::language::{Languages, UnknownLanguage};

/// What can be set from outside. Every value is optional here; [`Given::settle`] fills the gaps.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// Settings file in TOML, with the long names below as keys (dashes become underscores)
    #[arg(long, env = "DOUBLEBLIND_CONFIG", global = true, value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Folder for the private database, the session key and logs [default: data]
    #[arg(long, env = "DOUBLEBLIND_DATA", global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Use this Postgres instead of a private one; nothing is started then
    #[arg(long, env = "DATABASE_URL", global = true, value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Folder with the Postgres programs (initdb, postgres)
    #[arg(long, env = "DOUBLEBLIND_PG_BIN", global = true, value_name = "DIR")]
    pub pg_bin: Option<PathBuf>,
    /// Worker program [default: arena-worker beside this program]
    #[arg(long, env = "DOUBLEBLIND_WORKER_BIN", global = true, value_name = "FILE")]
    pub worker_bin: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "DOUBLEBLIND_LISTEN", global = true, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Name of the arena on its pages [default: Doubleblind]
    #[arg(long, env = "DOUBLEBLIND_SITE_NAME", global = true, value_name = "NAME")]
    pub site_name: Option<String>,
    /// Folder with evaluation sets [default: eval_sets]
    #[arg(long, env = "DOUBLEBLIND_EVAL_SETS", global = true, value_name = "DIR")]
    pub eval_sets: Option<PathBuf>,
    /// Instruction that every model gets, shown on the method page
    #[arg(long, env = "DOUBLEBLIND_SYSTEM_PROMPT", global = true, value_name = "TEXT")]
    pub system_prompt: Option<String>,
    /// Most tokens of one answer [default: 512]
    #[arg(long, env = "DOUBLEBLIND_MAX_TOKENS", global = true, value_name = "N")]
    pub max_tokens: Option<u32>,
    /// Sampling temperature [default: 0.7]
    #[arg(long, env = "DOUBLEBLIND_TEMPERATURE", global = true, value_name = "T")]
    pub temperature: Option<f32>,
    /// Threads that all workers share [default: the cores]
    #[arg(long, env = "DOUBLEBLIND_THREADS", global = true, value_name = "N")]
    pub threads: Option<u32>,
    /// Tokens that one conversation may have [default: 8192]
    #[arg(long, env = "DOUBLEBLIND_CONTEXT", global = true, value_name = "N")]
    pub context: Option<u32>,
    /// Seconds until an unfinished answer counts as a failure [default: 300]
    #[arg(long, env = "DOUBLEBLIND_ANSWER_SECONDS", global = true, value_name = "S")]
    pub answer_seconds: Option<u64>,
    /// Languages that questions are told apart by, as ISO 639 codes [default: all that can be recognised]
    #[arg(
        long,
        env = "DOUBLEBLIND_LANGUAGES",
        global = true,
        value_name = "CODES",
        value_delimiter = ','
    )]
    pub languages: Option<Vec<String>>,
    /// The session cookie is sent over https only; set it behind a TLS proxy [default: false]
    #[arg(long, env = "DOUBLEBLIND_SECURE_COOKIE", global = true, value_name = "BOOL")]
    pub secure_cookie: Option<bool>,
}

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

/// Settings in force.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Folder for the private database, the session key and logs.
    pub data: PathBuf,
    /// A Postgres that somebody else runs.
    pub database_url: Option<String>,
    /// Folder with the Postgres programs.
    pub pg_bin: Option<PathBuf>,
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Folder with evaluation sets.
    pub eval_sets: PathBuf,
    /// What pages say of the site.
    pub site: Site,
    /// How answers are made.
    pub answering: Answering,
    /// How workers are run.
    pub workers: Workers,
    /// The languages that questions are told apart by.
    pub languages: Languages,
    /// Whether the cookie needs https.
    pub secure_cookie: bool,
}

/// What pages say of the site.
#[derive(Clone, Debug)]
pub struct Site {
    /// Name of the arena.
    pub name: String,
    /// Version of the static files, part of their addresses.
    pub assets: String,
}

/// How answers are made: the same for every model.
#[derive(Clone, Debug)]
pub struct Answering {
    /// The site's instruction.
    pub system_prompt: String,
    /// Sampling settings.
    pub sampling: Sampling,
    /// How long an answer may take while somebody watches.
    pub deadline: Duration,
}

/// How workers are run.
#[derive(Clone, Debug)]
pub struct Workers {
    /// The worker program.
    pub program: PathBuf,
    /// Threads that all workers share.
    pub threads: u32,
    /// Tokens that one conversation may have.
    pub context_tokens: u32,
    /// Answers that one worker writes at once.
    pub sequences: u32,
}

const SYSTEM_PROMPT: &str = "You are a helpful assistant. Answer in the language of the question.";

impl Given {
    /// Reads the settings file where one is named, fills the gaps with defaults and checks ranges.
    pub fn settle(self) -> Result<Settings, ConfigError> {
        let file = self.config.as_deref().map_or_else(|| Ok(Given::default()), read)?;
        let given = self.over(file);
        let sampling = Sampling {
            max_tokens: in_range("max-tokens", given.max_tokens.unwrap_or(512), 16, 4096)?,
            temperature: in_range("temperature", given.temperature.unwrap_or(0.7), 0.0, 2.0)?,
            ..Sampling::default()
        };
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let cores = u32::try_from(cores).unwrap_or(1);
        Ok(Settings {
            data: given.data.unwrap_or_else(|| "data".into()),
            database_url: given.database_url.filter(|url| !url.is_empty()),
            pg_bin: given.pg_bin,
            listen: given.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            eval_sets: given.eval_sets.unwrap_or_else(|| "eval_sets".into()),
            site: Site {
                name: given.site_name.unwrap_or_else(|| "Doubleblind".to_owned()),
                assets: crate::kit::assets::version(),
            },
            answering: Answering {
                system_prompt: given.system_prompt.unwrap_or_else(|| SYSTEM_PROMPT.to_owned()),
                sampling,
                deadline: Duration::from_secs(given.answer_seconds.unwrap_or(300)),
            },
            workers: Workers {
                program: given.worker_bin.unwrap_or_else(worker_beside_this_program),
                threads: in_range("threads", given.threads.unwrap_or(cores), 1, 256)?,
                context_tokens: in_range("context", given.context.unwrap_or(8192), 512, 131_072)?,
                sequences: 3,
            },
            languages: match given.languages {
                Some(codes) => Languages::of(&codes)?,
                None => Languages::default(),
            },
            secure_cookie: given.secure_cookie.unwrap_or(false),
        })
    }

    fn over(self, file: Given) -> Given {
        Given {
            config: self.config,
            data: self.data.or(file.data),
            database_url: self.database_url.or(file.database_url),
            pg_bin: self.pg_bin.or(file.pg_bin),
            worker_bin: self.worker_bin.or(file.worker_bin),
            listen: self.listen.or(file.listen),
            site_name: self.site_name.or(file.site_name),
            eval_sets: self.eval_sets.or(file.eval_sets),
            system_prompt: self.system_prompt.or(file.system_prompt),
            max_tokens: self.max_tokens.or(file.max_tokens),
            temperature: self.temperature.or(file.temperature),
            threads: self.threads.or(file.threads),
            context: self.context.or(file.context),
            answer_seconds: self.answer_seconds.or(file.answer_seconds),
            languages: self.languages.or(file.languages),
            secure_cookie: self.secure_cookie.or(file.secure_cookie),
        }
    }
}

fn read(path: &Path) -> Result<Given, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    toml::from_str(&text)
        .map_err(|source| ConfigError::Invalid { path: path.to_owned(), source: source.into() })
}

fn in_range<T: PartialOrd + ToString>(
    name: &'static str,
    value: T,
    low: T,
    high: T,
) -> Result<T, ConfigError> {
    if value >= low && value <= high {
        return Ok(value);
    }
    let range = match name {
        "max-tokens" => "from 16 to 4096",
        "temperature" => "from 0 to 2",
        "context" => "from 512 to 131072",
        _ => "from 1 to 256",
    };
    Err(ConfigError::OutOfRange { name, value: value.to_string(), range })
}

fn worker_beside_this_program() -> PathBuf {
    std::env::current_exe().unwrap_or_default().with_file_name("arena-worker")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let file: Given = toml::from_str("site_name = \"Ministry\"\nmax_tokens = 100").unwrap();
        let flags = Given { max_tokens: Some(200), ..Given::default() };

        let settings = flags.over(file).settle().unwrap();

        assert_eq!(settings.site.name, "Ministry");
        assert_eq!(settings.answering.sampling.max_tokens, 200);
        assert_eq!(settings.listen.port(), 8080);
    }

    #[test]
    fn a_value_out_of_range_says_the_range() {
        let flags = Given { temperature: Some(9.0), ..Given::default() };

        let error = flags.settle().unwrap_err();

        assert_eq!(error.to_string(), "temperature is 9, and must be from 0 to 2");
    }

    #[test]
    fn an_unknown_key_in_the_file_is_an_error() {
        assert!(toml::from_str::<Given>("max_token = 100").is_err());
    }
}
