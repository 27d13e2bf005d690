//! What readers hold: the board in force, and boards of slices and checks made when somebody asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use tokio::sync::watch;

use super::checks::{self, Checks};
use super::ledger::Ledger;
use super::slices::{self, Anchor, Slice};
use super::standing::Standing;
use super::{BoardError, Published};
use crate::pool::Model;

/// How long a board made on request is shown again although votes have come since.
const STALE_AFTER: Duration = Duration::from_secs(10);
/// Boards of slices kept at once.
const KEPT: usize = 64;

/// A board of a part of the votes.
#[derive(Clone, Debug)]
pub struct SliceBoard {
    /// Which part.
    pub slice: Slice,
    /// The models, in the order of the rows.
    pub models: Vec<Model>,
    /// The board.
    pub standing: Standing,
    /// Whether it is on the scale of the whole.
    pub anchor: Anchor,
    /// When it was computed.
    pub computed_at: OffsetDateTime,
}

/// Something made on request, with the number of votes of the site it was made from.
struct Made<T> {
    at: Instant,
    votes: u64,
    what: Arc<T>,
}

impl<T> Made<T> {
    fn serves(&self, votes: u64) -> bool {
        self.votes == votes || self.at.elapsed() < STALE_AFTER
    }
}

/// The board in force; every reader sees one whole board.
#[derive(Clone)]
pub struct Boards {
    current: watch::Receiver<Arc<Published>>,
    ledger: Arc<RwLock<Ledger>>,
    slices: Arc<Mutex<HashMap<Slice, Made<SliceBoard>>>>,
    // One at a time: a second reader waits for the result of the first.
    checks: Arc<tokio::sync::Mutex<Option<Made<Checks>>>>,
}

impl Boards {
    pub(super) fn new(
        current: watch::Receiver<Arc<Published>>,
        ledger: Arc<RwLock<Ledger>>,
    ) -> Self {
        Self { current, ledger, slices: Arc::default(), checks: Arc::default() }
    }

    /// The board in force now.
    pub fn current(&self) -> Arc<Published> {
        Arc::clone(&self.current.borrow())
    }

    /// Waits for the next board.
    pub async fn changed(&mut self) {
        let _ = self.current.changed().await;
    }

    /// The board of a slice; at most ten seconds behind the votes. None for one without votes.
    pub async fn slice(&self, slice: &Slice) -> Result<Option<Arc<SliceBoard>>, BoardError> {
        let whole = self.current();
        if !whole.slices.iter().any(|known| known.slice == *slice) {
            return Ok(None);
        }
        if let Some(made) = self.made(slice, whole.board.votes) {
            return Ok(Some(made));
        }
        let (ledger, asked, now) =
            (Arc::clone(&self.ledger), slice.clone(), OffsetDateTime::now_utc());
        let votes = whole.board.votes;
        let what = blocking(move || {
            let ledger = ledger.read().unwrap_or_else(PoisonError::into_inner);
            let (standing, anchor) = slices::board(&ledger, &asked, &whole.board, now)?;
            let models = ledger.models.clone();
            Ok(SliceBoard { slice: asked, models, standing, anchor, computed_at: now })
        })
        .await?;
        let mut kept = self.slices.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.clear();
        }
        let made = Made { at: Instant::now(), votes, what: Arc::clone(&what) };
        kept.insert(slice.clone(), made);
        Ok(Some(what))
    }

    fn made(&self, slice: &Slice, votes: u64) -> Option<Arc<SliceBoard>> {
        let kept = self.slices.lock().unwrap_or_else(PoisonError::into_inner);
        let made = kept.get(slice).filter(|made| made.serves(votes))?;
        Some(Arc::clone(&made.what))
    }

    /// The checks of the board in force; at most ten seconds behind the votes.
    pub async fn checks(&self) -> Result<Arc<Checks>, BoardError> {
        let whole = self.current();
        let votes = whole.board.votes;
        let mut kept = self.checks.lock().await;
        if let Some(made) = kept.as_ref().filter(|made| made.serves(votes)) {
            return Ok(Arc::clone(&made.what));
        }
        let ledger = Arc::clone(&self.ledger);
        let what = blocking(move || {
            let ledger = ledger.read().unwrap_or_else(PoisonError::into_inner);
            Ok(checks::check(&ledger, &whole))
        })
        .await?;
        *kept = Some(Made { at: Instant::now(), votes, what: Arc::clone(&what) });
        Ok(what)
    }
}

/// Computes beside the threads that serve requests.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, arena_core::ranking::RankingError> + Send + 'static,
) -> Result<Arc<T>, BoardError> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|_| BoardError::Ended)?;
    Ok(Arc::new(done?))
}
