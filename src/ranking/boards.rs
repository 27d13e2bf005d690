//! What readers hold: the board in force, and boards of slices and checks made when somebody asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arena_core::ranking::RankingError;
use time::OffsetDateTime;
use tokio::sync::watch;

use super::checks::{self, Checks};
use super::slices::{self, Anchor, Slice};
use super::standing::Standing;
use super::{BoardError, Published};
use crate::kit::undisturbed::undisturbed;
use crate::pool::Model;

/// How long what was made on request is shown again although votes have come since.
const FRESH: Duration = Duration::from_secs(10);
/// How long it is shown if none have come: the last thirty days move on.
const VALID: Duration = Duration::from_secs(600);
/// Boards of slices kept at once.
const KEPT: usize = 64;

/// A board of a part of the votes.
#[derive(Clone, Debug)]
pub struct SliceBoard {
    /// Which part.
    pub slice: Slice,
    /// The models, in the order of the rows.
    pub models: Arc<Vec<Model>>,
    /// The board.
    pub standing: Standing,
    /// Whether it is on the scale of the whole.
    pub anchor: Anchor,
    /// When it was computed.
    pub computed_at: OffsetDateTime,
}

/// Something made on request, with the board of the site it was made from.
#[derive(Clone)]
struct Made<T> {
    at: Instant,
    from: Arc<Published>,
    what: Arc<T>,
}

impl<T> Made<T> {
    fn serves(&self, whole: &Arc<Published>) -> bool {
        let age = self.at.elapsed();
        let unchanged = self.from.board.votes == whole.board.votes
            && self.from.snapshot.is_on_models_of(&whole.snapshot);
        age < FRESH || (unchanged && age < VALID)
    }
}

#[derive(Default)]
struct Kept {
    slices: HashMap<Slice, Made<SliceBoard>>,
    checks: Option<Made<Checks>>,
}

/// The board in force; every reader sees one whole board.
#[derive(Clone)]
pub struct Boards {
    current: watch::Receiver<Arc<Published>>,
    kept: Arc<Mutex<Kept>>,
    // One computation at a time: a second reader waits, and finds what the first one made.
    work: Arc<tokio::sync::Mutex<()>>,
}

impl Boards {
    pub(super) fn new(current: watch::Receiver<Arc<Published>>) -> Self {
        Self { current, kept: Arc::default(), work: Arc::default() }
    }

    /// The board in force now.
    pub fn current(&self) -> Arc<Published> {
        Arc::clone(&self.current.borrow())
    }

    /// Waits for the next board; false if there will be none.
    pub async fn changed(&mut self) -> bool {
        self.current.changed().await.is_ok()
    }

    /// The board of a slice; at most ten seconds behind the votes. None for one without votes.
    pub async fn slice(&self, slice: &Slice) -> Result<Option<Arc<SliceBoard>>, BoardError> {
        if !self.current().slices.iter().any(|known| known.slice == *slice) {
            return Ok(None);
        }
        let asked = slice.clone();
        let make = move |whole: &Arc<Published>| {
            let now = OffsetDateTime::now_utc();
            let (standing, anchor) = slices::board(whole, &asked, now)?;
            let models = Arc::clone(&whole.models);
            Ok(SliceBoard { slice: asked, models, standing, anchor, computed_at: now })
        };
        let wanted = slice.clone();
        let find = move |kept: &Kept| kept.slices.get(&wanted).cloned();
        let slice = slice.clone();
        let keep = move |kept: &mut Kept, made| {
            if kept.slices.len() >= KEPT {
                kept.slices.clear();
            }
            kept.slices.insert(slice, made);
        };
        self.once(find, make, keep).await.map(Some)
    }

    /// The checks of the board in force; at most ten seconds behind the votes.
    pub async fn checks(&self) -> Result<Arc<Checks>, BoardError> {
        let find = |kept: &Kept| kept.checks.clone();
        let keep = |kept: &mut Kept, made| kept.checks = Some(made);
        self.once(find, |published| Ok(checks::check(published)), keep).await
    }

    /// Gives what is kept, or makes it beside the threads that serve requests.
    ///
    /// A reader who goes meanwhile leaves the work to its end and its turn with it: no second one starts.
    async fn once<T: Send + Sync + 'static>(
        &self,
        find: impl Fn(&Kept) -> Option<Made<T>> + Send + 'static,
        make: impl FnOnce(&Arc<Published>) -> Result<T, RankingError> + Send + 'static,
        keep: impl FnOnce(&mut Kept, Made<T>) + Send + 'static,
    ) -> Result<Arc<T>, BoardError> {
        if let Some(made) = find(&self.kept()).filter(|made| made.serves(&self.current())) {
            return Ok(made.what);
        }
        let boards = self.clone();
        undisturbed(async move {
            let _turn = boards.work.lock().await;
            if let Some(made) = find(&boards.kept()).filter(|made| made.serves(&boards.current())) {
                return Ok(made.what);
            }
            let from = boards.current();
            let whole = Arc::clone(&from);
            let what = Arc::new(blocking(move || make(&whole)).await?);
            keep(&mut boards.kept(), Made { at: Instant::now(), from, what: Arc::clone(&what) });
            Ok(what)
        })
        .await
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Computes beside the threads that serve requests.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RankingError> + Send + 'static,
) -> Result<T, BoardError> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(|_| BoardError::Ended)??)
}
