//! The operator's page: what does not look like people who compare answers, with the evidence, and the decisions on it.
//!
//! A finding is a reason to look. Only a person excludes votes here, with a rule in words, and each excluded vote gets a public
//! leaf ([`crate::vote::exclusion`]). The page has a listener of its own; see `crate::kit::http::Door` for who may come in.

mod examination;
mod groups;
pub mod handlers;
mod pages;
mod queries;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::sync::Mutex;

use crate::journal::Journal;
use crate::snapshot::{self, Reader, SnapshotError};
use crate::vote::exclusion::{self, ExclusionError};
use crate::{pool, vote};

pub use examination::{Examination, Finding, Section};

/// An examination is made again after so long, if somebody looks.
const VALID: Duration = Duration::from_secs(60);
/// Votes that are read at once.
const PAGE: i64 = 10_000;

/// Why something could not be shown or decided.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// Nothing was found under this name.
    #[error(
        "the votes that were meant are not among those of the last examination; nothing was changed"
    )]
    Unknown,
    /// All of them are excluded, or none of them.
    #[error("there is no vote left to decide on; nothing was changed")]
    Nothing,
    /// It was not confirmed.
    #[error("the box that confirms it was not ticked; nothing was changed")]
    Unconfirmed,
    /// The decision could not be made.
    #[error(transparent)]
    Exclusion(#[from] ExclusionError),
    /// The snapshot was not taken.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The database failed.
    #[error("the votes could not be read")]
    Store(#[from] sqlx::Error),
    /// The calculation ended before its end.
    #[error("the examination broke off")]
    Broken(#[from] tokio::task::JoinError),
}

/// The operator's desk: the last examination, and what decisions need.
#[derive(Clone)]
pub struct Desk {
    db: PgPool,
    journal: Journal,
    reader: Reader,
    last: Arc<Mutex<Option<Kept>>>,
}

/// When an examination was made, and what came of it.
type Kept = (Instant, Arc<Examination>);

impl Desk {
    /// A desk on which nothing lies yet.
    pub fn new(db: PgPool, journal: Journal, reader: Reader) -> Self {
        Self { db, journal, reader, last: Arc::default() }
    }

    /// The examination of the votes that count, at most a minute old; whoever comes while it is made waits for it.
    pub async fn examination(&self) -> Result<Arc<Examination>, OperatorError> {
        let mut last = self.last.lock().await;
        if let Some((_, examination)) = last.as_ref().filter(|(made, _)| made.elapsed() < VALID) {
            return Ok(Arc::clone(examination));
        }
        let votes = self.read().await?;
        let made = tokio::task::spawn_blocking(move || examination::examine(&votes)).await?;
        let made = Arc::new(made);
        *last = Some((Instant::now(), Arc::clone(&made)));
        Ok(made)
    }

    async fn read(&self) -> Result<groups::Votes, OperatorError> {
        let mut db = self.db.acquire().await?;
        let models = pool::queries::list_all(&mut db).await?;
        let pseudonyms = queries::list_pseudonyms(&mut db).await?;
        let (mut votes, mut places) = (Vec::new(), Vec::new());
        loop {
            let next = votes.last().map_or(0, |vote: &vote::queries::Vote| vote.index + 1);
            let page = vote::queries::list_from(&mut db, next, PAGE).await?;
            let Some(last) = page.last() else { break };
            places.extend(queries::list_places(&mut db, next, last.index).await?);
            votes.extend(page);
        }
        Ok(groups::Votes::of(&models, votes, places, pseudonyms, OffsetDateTime::now_utc()))
    }

    /// Votes that are excluded now, the latest decision first.
    pub async fn excluded(&self) -> Result<Vec<exclusion::queries::Excluded>, OperatorError> {
        Ok(exclusion::queries::list(&mut *self.db.acquire().await?).await?)
    }

    /// Excludes all votes of a group of the last examination that still count; says how many.
    pub async fn exclude(&self, group: &str, rule: &str) -> Result<usize, OperatorError> {
        let examined = self.last.lock().await.as_ref().map(|(_, made)| Arc::clone(made));
        let leaves = examined.and_then(|made| made.leaves_of(group).map(<[u64]>::to_vec));
        let out: HashSet<u64> = self.excluded().await?.iter().map(leaf_of).collect();
        let mut leaves = leaves.ok_or(OperatorError::Unknown)?;
        leaves.retain(|leaf| !out.contains(leaf));
        if leaves.is_empty() {
            return Err(OperatorError::Nothing);
        }
        exclusion::exclude(&self.db, &self.journal, &leaves, rule).await?;
        tracing::info!(votes = leaves.len(), "votes were excluded on the operator's page");
        Ok(leaves.len())
    }

    /// Publishes the board as it is now, and the one without exclusions where there are any; says how many are new.
    pub async fn take_snapshot(&self) -> Result<usize, OperatorError> {
        Ok(snapshot::take(&self.db, &self.journal, &self.reader).await?.len())
    }

    /// Lets all votes count again that are excluded by a rule; says how many.
    pub async fn include(&self, excluded_by: &str, rule: &str) -> Result<usize, OperatorError> {
        let excluded = self.excluded().await?;
        let of_rule = excluded.iter().filter(|one| one.rule == excluded_by);
        let leaves: Vec<u64> = of_rule.map(leaf_of).collect();
        if leaves.is_empty() {
            return Err(OperatorError::Nothing);
        }
        exclusion::include(&self.db, &self.journal, &leaves, rule).await?;
        tracing::info!(votes = leaves.len(), "votes were included on the operator's page");
        Ok(leaves.len())
    }
}

fn leaf_of(one: &exclusion::queries::Excluded) -> u64 {
    u64::try_from(one.vote_leaf).unwrap_or(0)
}
