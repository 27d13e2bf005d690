//! Settings: flag, else environment `DOUBLEBLIND_*`, else file, else default.

mod allowances;
mod error;
mod range;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use arena_core::confinement::Level;
use arena_core::sampling::Sampling;
use clap::Args;
use serde::Deserialize;

use crate::kit::language::Languages;
use crate::kit::peer::Block;
use crate::kit::whereabouts::Whereabouts;

pub use allowances::{Allowances, ByTier};
pub use error::ConfigError;
use range::in_range;

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
    /// Role that owns the tables of that Postgres and migrates them; the role of DATABASE_URL then cannot change the record
    #[arg(
        long,
        env = "DOUBLEBLIND_OWNER_URL",
        global = true,
        value_name = "URL",
        hide_env_values = true
    )]
    pub owner_url: Option<String>,
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
    /// Battles that are written at once, others wait in line [default: 3, or half the cores]
    #[arg(long, env = "DOUBLEBLIND_BATTLES_AT_ONCE", global = true, value_name = "N")]
    pub battles_at_once: Option<u32>,
    /// Battles that may wait in line [default: 32]
    #[arg(long, env = "DOUBLEBLIND_BATTLES_WAITING", global = true, value_name = "N")]
    pub battles_waiting: Option<u32>,
    /// Memory that loaded models may take together, in MiB; others are loaded when they are drawn [default: 70 % of all]
    #[arg(long, env = "DOUBLEBLIND_MEMORY", global = true, value_name = "MIB")]
    pub memory: Option<u64>,
    /// Answer questions of evaluation sets in advance while no battle is being written [default: true]
    #[arg(long, env = "DOUBLEBLIND_STORE_ANSWERS", global = true, value_name = "BOOL")]
    pub store_answers: Option<bool>,
    /// Least confinement of a worker: full, partial (without the kernel's watch over files) or none [default: full on Linux]
    #[arg(long, env = "DOUBLEBLIND_SANDBOX", global = true, value_name = "LEVEL")]
    pub sandbox: Option<Level>,
    /// Seconds of silence after which a worker that owes text is killed and started again [default: 20]
    #[arg(long, env = "DOUBLEBLIND_SILENT_SECONDS", global = true, value_name = "S")]
    pub silent_seconds: Option<u64>,
    /// Crashes within ten minutes that put a model into quarantine; 0 for never [default: 3]
    #[arg(long, env = "DOUBLEBLIND_QUARANTINE_AFTER", global = true, value_name = "N")]
    pub quarantine_after: Option<usize>,
    /// Languages that questions are told apart by, as ISO 639 codes [default: all that can be recognised]
    #[arg(
        long,
        env = "DOUBLEBLIND_LANGUAGES",
        global = true,
        value_name = "CODES",
        value_delimiter = ','
    )]
    pub languages: Option<Vec<String>>,
    /// Address of the arena without scheme, the name of its log: set it once, before the first start [default: made up]
    #[arg(long, env = "DOUBLEBLIND_ORIGIN", global = true, value_name = "HOST/PATH")]
    pub origin: Option<String>,
    /// The session cookie is sent over https only; set it behind a TLS proxy [default: false]
    #[arg(long, env = "DOUBLEBLIND_SECURE_COOKIE", global = true, value_name = "BOOL")]
    pub secure_cookie: Option<bool>,
    /// Proxies whose X-Forwarded-For is believed, as addresses or blocks such as 10.0.0.0/8 [default: none]
    #[arg(
        long,
        env = "DOUBLEBLIND_TRUSTED_PROXY",
        global = true,
        value_name = "BLOCKS",
        value_delimiter = ','
    )]
    pub trusted_proxy: Option<Vec<Block>>,
    /// Battles and further turns a minute: for all, or for anonymous,registered,invited voters [default: 6]
    #[arg(long, env = "DOUBLEBLIND_BATTLES_A_MINUTE", global = true, value_name = "N[,N,N]")]
    pub battles_a_minute: Option<ByTier>,
    /// Battles a day, likewise [default: 60,200,400]
    #[arg(long, env = "DOUBLEBLIND_BATTLES_A_DAY", global = true, value_name = "N[,N,N]")]
    pub battles_a_day: Option<ByTier>,
    /// Votes a minute, likewise [default: 30]
    #[arg(long, env = "DOUBLEBLIND_VOTES_A_MINUTE", global = true, value_name = "N[,N,N]")]
    pub votes_a_minute: Option<ByTier>,
    /// Attempts to sign in a minute, from one network and under one name [default: 10]
    #[arg(long, env = "DOUBLEBLIND_SIGN_INS_A_MINUTE", global = true, value_name = "N")]
    pub sign_ins_a_minute: Option<u32>,
    /// How many voters' allowances one network has together [default: 20]
    #[arg(long, env = "DOUBLEBLIND_NETWORK_FACTOR", global = true, value_name = "N")]
    pub network_factor: Option<u32>,
    /// Battles, and votes, of one network in ten minutes, those of invited voters aside [default: 50]
    #[arg(long, env = "DOUBLEBLIND_NETWORK_BATTLES", global = true, value_name = "N")]
    pub network_battles: Option<u32>,
}

/// Settings in force.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Folder for the private database, the session key and logs.
    pub data: PathBuf,
    /// A Postgres that somebody else runs.
    pub database_url: Option<String>,
    /// The role that owns its tables, where it is another one.
    pub owner_url: Option<String>,
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
    /// Whether questions of evaluation sets are answered in advance.
    pub store_answers: bool,
    /// Battles that are written at once.
    pub battles_at_once: u32,
    /// Battles that may wait in line.
    pub battles_waiting: u32,
    /// Name of the arena's logs, without their numbers; none: made up at the first start.
    pub origin: Option<String>,
    /// Whether the cookie needs https.
    pub secure_cookie: bool,
    /// Proxies that say truly who asked them.
    pub trusted_proxies: Vec<Block>,
    /// How much voters may do.
    pub allowances: Allowances,
}

/// What pages say of the site.
#[derive(Clone, Debug)]
pub struct Site {
    /// Name of the arena.
    pub name: String,
    /// Version of the static files, part of their addresses.
    pub assets: String,
    /// Where questions go.
    pub whereabouts: Whereabouts,
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
    /// Failures are told at whole multiples of this time, so that how soon one is known, which
    /// differs from engine to engine, tells nothing.
    pub failure_step: Duration,
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
    /// Memory that loaded models may take together.
    pub memory_bytes: u64,
    /// The least confinement that is accepted.
    pub sandbox: Level,
    /// How long a worker that owes text may say nothing.
    pub silent_after: Duration,
    /// How long loading may take.
    pub load_deadline: Duration,
    /// Faults within ten minutes that end in quarantine; 0 for never.
    pub quarantine_after: usize,
}

impl Workers {
    /// Workers of this program with the defaults of everything else.
    pub fn running(program: PathBuf) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            program,
            threads: u32::try_from(cores).unwrap_or(1),
            context_tokens: 8192,
            sequences: 3,
            memory_bytes: most_of_memory(),
            sandbox: Level::strictest(),
            silent_after: Duration::from_secs(20),
            load_deadline: Duration::from_secs(600),
            quarantine_after: 3,
        }
    }
}

/// Longer than the tries of an endpoint that refuses connections take.
const FAILURE_STEP: Duration = Duration::from_secs(5);

/// Seven tenths of the machine's memory; without limit where it cannot be read.
fn most_of_memory() -> u64 {
    let total = || {
        let text = std::fs::read_to_string("/proc/meminfo").ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()
    };
    total().map_or(u64::MAX, |kilobytes| (kilobytes << 10) / 10 * 7)
}

const SYSTEM_PROMPT: &str = "You are a helpful assistant. Answer in the language of the question.";

impl Given {
    fn sampling(&self) -> Result<Sampling, ConfigError> {
        Ok(Sampling {
            max_tokens: in_range("max-tokens", self.max_tokens.unwrap_or(512), 16, 4096)?,
            temperature: in_range("temperature", self.temperature.unwrap_or(0.7), 0.0, 2.0)?,
            ..Sampling::default()
        })
    }

    /// Reads the settings file where one is named, fills the gaps with defaults and checks ranges.
    pub fn settle(self) -> Result<Settings, ConfigError> {
        let file = self.config.as_deref().map_or_else(|| Ok(Given::default()), read)?;
        let given = self.over(file);
        let sampling = given.sampling()?;
        let allowances = Allowances::of(&given)?;
        let usual = Workers::running(given.worker_bin.unwrap_or_else(worker_beside_this_program));
        let silent = given.silent_seconds.unwrap_or(usual.silent_after.as_secs());
        let at_once = given.battles_at_once.unwrap_or((usual.threads / 2).max(3));
        let at_once = in_range("battles-at-once", at_once, 1, 256)?;
        Ok(Settings {
            data: given.data.unwrap_or_else(|| "data".into()),
            database_url: given.database_url.filter(|url| !url.is_empty()),
            owner_url: given.owner_url.filter(|url| !url.is_empty()),
            pg_bin: given.pg_bin,
            listen: given.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            eval_sets: given.eval_sets.unwrap_or_else(|| "eval_sets".into()),
            site: Site {
                name: given.site_name.unwrap_or_else(|| "Doubleblind".to_owned()),
                assets: crate::kit::assets::version(),
                whereabouts: Whereabouts::default(),
            },
            answering: Answering {
                system_prompt: given.system_prompt.unwrap_or_else(|| SYSTEM_PROMPT.to_owned()),
                sampling,
                deadline: Duration::from_secs(given.answer_seconds.unwrap_or(300)),
                failure_step: FAILURE_STEP,
            },
            workers: Workers {
                threads: in_range("threads", given.threads.unwrap_or(usual.threads), 1, 256)?,
                context_tokens: in_range(
                    "context",
                    given.context.unwrap_or(usual.context_tokens),
                    512,
                    131_072,
                )?,
                // A model may be in all battles that are written.
                sequences: at_once,
                memory_bytes: given.memory.map_or(usual.memory_bytes, |mib| mib << 20),
                sandbox: given.sandbox.unwrap_or(usual.sandbox),
                silent_after: Duration::from_secs(in_range("silent-seconds", silent, 1, 3600)?),
                quarantine_after: given.quarantine_after.unwrap_or(usual.quarantine_after),
                ..usual
            },
            store_answers: given.store_answers.unwrap_or(true),
            battles_at_once: at_once,
            battles_waiting: in_range(
                "battles-waiting",
                given.battles_waiting.unwrap_or(32),
                0,
                10_000,
            )?,
            languages: match given.languages {
                Some(codes) => Languages::of(&codes)?,
                None => Languages::default(),
            },
            origin: given.origin,
            secure_cookie: given.secure_cookie.unwrap_or(false),
            trusted_proxies: given.trusted_proxy.unwrap_or_default(),
            allowances,
        })
    }

    fn over(self, file: Given) -> Given {
        Given {
            config: self.config,
            data: self.data.or(file.data),
            database_url: self.database_url.or(file.database_url),
            owner_url: self.owner_url.or(file.owner_url),
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
            memory: self.memory.or(file.memory),
            store_answers: self.store_answers.or(file.store_answers),
            battles_at_once: self.battles_at_once.or(file.battles_at_once),
            battles_waiting: self.battles_waiting.or(file.battles_waiting),
            sandbox: self.sandbox.or(file.sandbox),
            silent_seconds: self.silent_seconds.or(file.silent_seconds),
            quarantine_after: self.quarantine_after.or(file.quarantine_after),
            languages: self.languages.or(file.languages),
            origin: self.origin.or(file.origin),
            secure_cookie: self.secure_cookie.or(file.secure_cookie),
            trusted_proxy: self.trusted_proxy.or(file.trusted_proxy),
            battles_a_minute: self.battles_a_minute.or(file.battles_a_minute),
            battles_a_day: self.battles_a_day.or(file.battles_a_day),
            votes_a_minute: self.votes_a_minute.or(file.votes_a_minute),
            sign_ins_a_minute: self.sign_ins_a_minute.or(file.sign_ins_a_minute),
            network_factor: self.network_factor.or(file.network_factor),
            network_battles: self.network_battles.or(file.network_battles),
        }
    }
}

fn read(path: &Path) -> Result<Given, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    toml::from_str(&text)
        .map_err(|source| ConfigError::Invalid { path: path.to_owned(), source: source.into() })
}

fn worker_beside_this_program() -> PathBuf {
    std::env::current_exe().unwrap_or_default().with_file_name("arena-worker")
}

#[cfg(test)]
mod tests;
