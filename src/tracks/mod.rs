//! Tracks: votes of other arenas, imported from files, each with a ranking of its own.
//!
//! Nothing here touches the site's votes: other tables, other pages, other boards.

pub mod handlers;
pub mod pages;
pub mod queries;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use arena_core::ranking::{self, AttributedVote, Board, Counts, RankingError, Row, Settings};
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use tokio::sync::Mutex;

use crate::ranking::SEED;
use crate::ranking::files::{self, FileError, FileVotes, Keep, Options};
use crate::ranking::line;
use crate::ranking::standing::{Basis, stand_as_given};

/// What the importer is told about a file.
#[derive(Clone, Debug)]
pub struct Label {
    /// Address of the page: lower case letters, digits and hyphens.
    pub slug: String,
    /// Name on pages.
    pub title: String,
    /// Where the votes come from.
    pub source: String,
    /// Licence of the votes.
    pub licence: String,
}

/// One imported file.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// Internal id.
    pub id: i64,
    /// Address of the page.
    pub slug: String,
    /// Name on pages.
    pub title: String,
    /// Where the votes come from.
    pub source: String,
    /// Licence of the votes.
    pub licence: String,
    /// Name of the file.
    pub file_name: String,
    /// SHA-256 of the file, 64 hex digits.
    pub file_sha256: String,
    /// Rows left out on request.
    pub skipped_rows: i64,
    /// Names in alphabetical order.
    pub models: Vec<String>,
    /// When it was imported.
    pub imported_at: OffsetDateTime,
}

/// What an import did.
#[derive(Debug)]
pub struct Imported {
    /// How many votes.
    pub votes: u64,
    /// How many models.
    pub models: usize,
    /// Rows left out on request, with their reasons.
    pub skipped: Vec<FileError>,
}

/// Why a track was not imported or shown.
#[derive(Debug, thiserror::Error)]
pub enum TrackError {
    /// The file cannot be opened.
    #[error("the file cannot be read")]
    Unreadable(#[from] std::io::Error),
    /// The file is not one of votes.
    #[error("the file was not imported; nothing was changed")]
    File(#[from] FileError),
    /// The address is no address.
    #[error("`{0}` is no name of a track: use 1 to 60 lower case letters, digits and hyphens")]
    BadSlug(String),
    /// A label is empty or too long.
    #[error("{0} is empty or too long")]
    BadLabel(&'static str),
    /// The address is taken.
    #[error("there is a track called {0} already; choose another name or remove that one")]
    SlugTaken(String),
    /// The file is here already.
    #[error("this very file is imported already, as {0}")]
    FileTaken(String),
    /// No track has that name.
    #[error("no track is called {0}")]
    Unknown(String),
    /// The statistics refused.
    #[error("the ratings could not be computed")]
    Ranking(#[from] RankingError),
    /// The thread that computed was ended.
    #[error("the computation was ended")]
    Ended,
    /// The database failed.
    #[error("the track could not be stored or read")]
    Store(#[from] sqlx::Error),
}

/// Reads a file and stores its votes as a track of its own, in one transaction.
pub async fn import(
    db: &PgPool,
    path: &Path,
    label: &Label,
    skip_bad_rows: bool,
) -> Result<Imported, TrackError> {
    check(label)?;
    let bytes = tokio::fs::read(path).await?;
    let file_sha256 = hex::encode(Sha256::digest(&bytes));
    let keep = Keep { voters: true, prompts: true, times: true, style: false };
    let options = Options { skip_bad_rows, keep, threads: 0 };
    let read = tokio::task::spawn_blocking(move || files::read(bytes, &options));
    let file = read.await.map_err(|_| TrackError::Ended)??;
    let mut tx = db.begin().await?;
    if queries::find(&mut tx, &label.slug).await?.is_some() {
        return Err(TrackError::SlugTaken(label.slug.clone()));
    }
    if let Some(twin) = queries::find_by_sha256(&mut tx, &file_sha256).await? {
        return Err(TrackError::FileTaken(twin));
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    let id = queries::insert(&mut tx, label, &name, &file_sha256, &file).await?;
    store(&mut tx, id, &file).await?;
    tx.commit().await?;
    Ok(Imported { votes: file.counts.votes(), models: file.models.len(), skipped: file.skipped })
}

fn check(label: &Label) -> Result<(), TrackError> {
    let good =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if label.slug.is_empty() || label.slug.len() > 60 || !label.slug.chars().all(good) {
        return Err(TrackError::BadSlug(label.slug.clone()));
    }
    let limits = [
        ("title", &label.title, 200),
        ("source", &label.source, 2000),
        ("licence", &label.licence, 120),
    ];
    for (name, text, most) in limits {
        if text.trim().is_empty() || text.chars().count() > most {
            return Err(TrackError::BadLabel(name));
        }
    }
    Ok(())
}

async fn store(db: &mut PgConnection, id: i64, file: &FileVotes) -> Result<(), TrackError> {
    const AT_ONCE: usize = 20_000;
    let Some(votes) = &file.votes else {
        return Ok(queries::insert_counts(db, id, &file.counts).await?);
    };
    let mut first = 0;
    while first < votes.len() {
        let end = votes.len().min(first + AT_ONCE);
        queries::insert_votes(db, id, votes, first..end).await?;
        first = end;
    }
    Ok(())
}

/// Removes a track with all its votes.
pub async fn remove(db: &mut PgConnection, slug: &str) -> Result<(), TrackError> {
    if queries::remove(db, slug).await? {
        return Ok(());
    }
    Err(TrackError::Unknown(slug.to_owned()))
}

/// The ranking of a track.
#[derive(Clone, Debug)]
pub struct TrackBoard {
    /// The track.
    pub track: Track,
    /// The board, its rows in the order of the track's models.
    pub board: Board,
    /// Voters and clusters, where the file has single votes.
    pub basis: Option<Basis>,
}

impl TrackBoard {
    /// Names with their rows: rated ones first, by rating, then the others by name.
    pub fn in_order(&self) -> Vec<(&String, &Row)> {
        line::in_order(&self.track.models, &self.board, |name| name)
    }
}

/// Boards of tracks, computed when somebody asks for the first time.
#[derive(Clone, Default)]
pub struct Tracks {
    // One at a time: a second reader waits for the result of the first.
    boards: Arc<Mutex<HashMap<i64, Arc<TrackBoard>>>>,
}

impl Tracks {
    /// The board of a track; none if there is no such track.
    pub async fn board(
        &self,
        db: &PgPool,
        slug: &str,
    ) -> Result<Option<Arc<TrackBoard>>, TrackError> {
        let found = queries::find(&mut *db.acquire().await?, slug).await?;
        let Some(track) = found else { return Ok(None) };
        // No connection is held while waiting: the site's own votes need them.
        let mut boards = self.boards.lock().await;
        if let Some(board) = boards.get(&track.id) {
            return Ok(Some(Arc::clone(board)));
        }
        let id = track.id;
        let mut connection = db.acquire().await?;
        let listed: HashSet<i64> =
            queries::list(&mut connection).await?.iter().map(|track| track.id).collect();
        boards.retain(|id, _| listed.contains(id));
        let votes = queries::list_votes(&mut connection, id).await?;
        let counts = queries::list_counts(&mut connection, &track).await?;
        drop(connection);
        let compute = move || rank(track, &votes, &counts);
        let board = tokio::task::spawn_blocking(compute).await.map_err(|_| TrackError::Ended)??;
        let board = Arc::new(board);
        boards.insert(id, Arc::clone(&board));
        Ok(Some(board))
    }
}

fn rank(
    track: Track,
    votes: &[AttributedVote],
    counts: &Counts,
) -> Result<TrackBoard, RankingError> {
    let settings = Settings::new(SEED);
    if votes.is_empty() {
        return Ok(TrackBoard { track, board: ranking::compute(counts, &settings)?, basis: None });
    }
    let standing = stand_as_given(track.models.len(), votes, &settings)?;
    Ok(TrackBoard { track, board: standing.board, basis: Some(standing.basis) })
}
