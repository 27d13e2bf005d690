//! Evaluation sets: imported from a folder at start, never changed once imported.

pub mod handlers;
pub mod queries;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use arena_core::ids::{BattleId, VoterId};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use sqlx::PgPool;

use super::{BattleError, MAX_TURNS, Ring};

/// Longest turn of a published question, in characters; a voter's own question has a smaller limit.
const MAX_TURN_CHARS: usize = 16_000;

/// The header of a set: `set.toml`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Header {
    /// Folder name.
    pub id: String,
    /// Counts up with every change of the questions.
    pub version: i32,
    /// Name on pages.
    pub title: String,
    /// BCP 47 code.
    pub language: String,
    /// SPDX licence.
    pub licence: String,
    /// Where the questions come from.
    pub source: String,
    /// One sentence for the voter.
    pub description: String,
}

/// One line of `prompts.jsonl`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Question {
    /// Id inside the set.
    pub id: String,
    /// Category inside the set.
    pub category: String,
    /// What the user says, turn by turn.
    pub turns: Vec<String>,
}

/// A whole set as read from its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// What `set.toml` says.
    pub header: Header,
    /// The questions in their order.
    pub questions: Vec<Question>,
    /// SHA-256 of `prompts.jsonl`.
    pub content_sha256: String,
}

/// Why a set was not imported.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    /// A file cannot be read.
    #[error("{path} cannot be read")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The header is not valid.
    #[error("{path} is not valid: {reason}")]
    Header {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A line is not valid.
    #[error("{path} line {line}: {reason}")]
    Line {
        /// Which file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// Why.
        reason: String,
    },
    /// The questions differ from those of the same version.
    #[error("the questions of {id} version {version} have changed; give them a new version")]
    Changed {
        /// Which set.
        id: String,
        /// Its version.
        version: i32,
    },
    /// The database failed.
    #[error("the set could not be stored")]
    Store(#[from] sqlx::Error),
}

/// Reads one set from its folder and checks every line.
pub fn read(folder: &Path) -> Result<Set, SetError> {
    let open = |path: &Path| {
        std::fs::read_to_string(path)
            .map_err(|source| SetError::Unreadable { path: path.to_owned(), source })
    };
    let path = folder.join("set.toml");
    let header: Header = toml::from_str(&open(&path)?)
        .map_err(|error| SetError::Header { path: path.clone(), reason: error.to_string() })?;
    if folder.file_name().is_none_or(|name| name != header.id.as_str()) || header.version < 1 {
        let reason = "the id must be the folder's name and the version at least 1".to_owned();
        return Err(SetError::Header { path, reason });
    }
    let base = header.language.split('-').next().unwrap_or_default();
    if !(2..=3).contains(&base.len()) || !base.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        let reason = "the language must be a BCP 47 code such as fr, da or zh-Hant".to_owned();
        return Err(SetError::Header { path, reason });
    }
    let path = folder.join("prompts.jsonl");
    let text = open(&path)?;
    let mut seen = HashSet::new();
    let mut questions = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let refuse =
            |reason: String| SetError::Line { path: path.clone(), line: number + 1, reason };
        let question: Question =
            serde_json::from_str(line).map_err(|error| refuse(error.to_string()))?;
        check(&question, &mut seen).map_err(|reason| refuse(reason.to_owned()))?;
        questions.push(question);
    }
    let content_sha256 = hex::encode(Sha256::digest(text.as_bytes()));
    Ok(Set { header, questions, content_sha256 })
}

fn check(question: &Question, seen: &mut HashSet<String>) -> Result<(), &'static str> {
    let too_long = |turn: &String| turn.chars().count() > MAX_TURN_CHARS;
    if question.turns.is_empty() || question.turns.iter().any(|turn| turn.trim().is_empty()) {
        return Err("a question needs at least one turn, and no turn may be empty");
    }
    if question.turns.len() > MAX_TURNS || question.turns.iter().any(too_long) {
        return Err("a question has at most 5 turns of at most 16000 characters");
    }
    if !seen.insert(question.id.clone()) {
        return Err("this id stands in the file twice");
    }
    Ok(())
}

/// Imports one set; a version that is there already is left alone if nothing has changed.
pub async fn import(db: &PgPool, set: &Set) -> Result<bool, SetError> {
    let mut tx = db.begin().await?;
    let (id, version) = (&set.header.id, set.header.version);
    match queries::find_content(&mut tx, id, version).await? {
        Some(content) if content == set.content_sha256 => return Ok(false),
        Some(_) => return Err(SetError::Changed { id: id.clone(), version }),
        None => {}
    }
    queries::insert(&mut tx, set).await?;
    queries::insert_questions(&mut tx, set).await?;
    tx.commit().await?;
    Ok(true)
}

/// Imports every folder below `root`; a set that cannot be imported keeps its old version and is
/// reported.
pub async fn import_all(db: &PgPool, root: &Path) -> Result<Vec<SetError>, SetError> {
    let entries = std::fs::read_dir(root)
        .map_err(|source| SetError::Unreadable { path: root.to_owned(), source })?;
    let mut folders: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.join("set.toml").exists())
        .collect();
    folders.sort();
    let mut problems = Vec::new();
    for folder in folders {
        let imported = match read(&folder) {
            Ok(set) => import(db, &set).await,
            Err(problem) => Err(problem),
        };
        problems.extend(imported.err());
    }
    Ok(problems)
}

/// Opens a battle on a question of a set that this voter has judged least often, drawn by lot among
/// those that fit into every model's context.
pub async fn open_any(
    ring: &Ring,
    voter: VoterId,
    set: &str,
    nonce: &[u8],
) -> Result<BattleId, BattleError> {
    let mut db = ring.db.acquire().await?;
    let question =
        queries::find_fresh_question(&mut db, voter, set, super::limits::first_turn_room(ring))
            .await?;
    drop(db);
    let question = question.ok_or(BattleError::UnknownQuestion)?;
    super::open_question(ring, voter, question, nonce).await
}
