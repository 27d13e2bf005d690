//! Keeps the published board at most two seconds behind the votes.
//!
//! New votes are taken into the ratings one by one at once; a whole computation follows. The whole
//! ones are spaced so that they take a tenth of one core at most, however many votes there are.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use arena_core::ranking::{Running, Vote};
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::time::Instant;

use super::boards::blocking;
use super::compute::{pair_weights, publish};
use super::ledger::{Ledger, Topic};
use super::slices::Tallies;
use super::{BoardError, Boards, Published};
use crate::pool::Policy;
use crate::{battle, pool, vote};

/// Shortest time between two boards.
const AT_MOST_EVERY: Duration = Duration::from_millis(250);
/// Longest time between two boards, should an announcement be lost.
const AT_LEAST_EVERY: Duration = Duration::from_secs(30);
/// A whole computation is followed by so many times its own length without one.
const REST: u32 = 9;
/// Votes that are read at once.
const PAGE: i64 = 10_000;

/// Everything that follows the votes.
struct Follower {
    db: PgPool,
    ledger: Arc<RwLock<Ledger>>,
    tallies: Arc<std::sync::Mutex<Tallies>>,
    running: Option<Running>,
    policy: Policy,
}

impl Follower {
    fn new(db: PgPool, policy: Policy) -> Self {
        let tallies = Tallies::new(OffsetDateTime::now_utc());
        Self {
            db,
            ledger: Arc::default(),
            tallies: Arc::new(std::sync::Mutex::new(tallies)),
            running: None,
            policy,
        }
    }

    /// Reads the pool and the votes that have come since; returns those votes.
    async fn catch_up(&mut self) -> Result<Vec<Vote>, BoardError> {
        let mut new = Vec::new();
        self.read_pool().await?;
        loop {
            let next = self.ledger.read().unwrap_or_else(PoisonError::into_inner).next_vote;
            let mut db = self.db.acquire().await?;
            let votes = vote::queries::list_from(&mut db, next, PAGE).await?;
            drop(db);
            if votes.is_empty() {
                return Ok(new);
            }
            let known = {
                let ledger = self.ledger.read().unwrap_or_else(PoisonError::into_inner);
                votes.iter().all(|vote| {
                    ledger.knows(vote)
                        && vote.question.is_none_or(|id| ledger.topics.contains_key(&id))
                })
            };
            if !known {
                self.read_pool().await?;
                self.read_topics().await?;
            }
            let mut ledger = self.ledger.write().unwrap_or_else(PoisonError::into_inner);
            for vote in &votes {
                new.push(ledger.take(vote)?);
            }
        }
    }

    async fn read_pool(&mut self) -> Result<(), BoardError> {
        let models = pool::queries::list_all(&mut *self.db.acquire().await?).await?;
        let mut ledger = self.ledger.write().unwrap_or_else(PoisonError::into_inner);
        if ledger.arrange(models) {
            self.running = None;
        }
        Ok(())
    }

    async fn read_topics(&self) -> Result<(), BoardError> {
        let topics = battle::sets::queries::list_topics(&mut *self.db.acquire().await?).await?;
        let topics = topics.into_iter().map(|topic| {
            (topic.question_id, Topic { set: topic.set_id, category: topic.category })
        });
        self.ledger.write().unwrap_or_else(PoisonError::into_inner).topics = topics.collect();
        Ok(())
    }

    /// Computes everything anew.
    async fn whole(&mut self) -> Result<Arc<Published>, BoardError> {
        let (ledger, tallies) = (Arc::clone(&self.ledger), Arc::clone(&self.tallies));
        let published = blocking(move || {
            let ledger = ledger.read().unwrap_or_else(PoisonError::into_inner);
            let mut tallies = tallies.lock().unwrap_or_else(PoisonError::into_inner);
            publish(&ledger, &mut tallies, OffsetDateTime::now_utc())
        })
        .await?;
        self.running = match &published.rated {
            Some(rated) => Some(rated.fit.running(&rated.covariance)?),
            None => None,
        };
        match pair_weights(&published) {
            Ok(weights) => self.policy.replace(weights),
            Err(error) => tracing::warn!("the pairing weights stay as they were: {error}"),
        }
        Ok(published)
    }

    /// Takes single votes into the board in force; none if that needs a whole computation.
    fn follow(&mut self, before: &Published, votes: &[Vote]) -> Option<Published> {
        let running = self.running.as_mut()?;
        let mut counts = before.counts.clone();
        for vote in votes {
            let added = running.add(*vote).and_then(|()| counts.add(*vote));
            if added.is_err() {
                self.running = None;
                return None;
            }
        }
        let board = before.board.follow(running, &counts).ok()?;
        let ledger = self.ledger.read().unwrap_or_else(PoisonError::into_inner);
        Some(Published {
            board,
            counts,
            elo: ledger.elo(),
            period: ledger.period(),
            computed_at: OffsetDateTime::now_utc(),
            ..before.clone()
        })
    }
}

/// Computes the first board and returns it with the task that keeps it fresh, and `policy` with it.
pub async fn follow_votes(
    db: PgPool,
    policy: Policy,
) -> Result<(Boards, impl Future<Output = ()> + Send), BoardError> {
    let mut follower = Follower::new(db, policy);
    follower.catch_up().await?;
    let first = follower.whole().await?;
    let (publish, current) = watch::channel(first);
    let boards = Boards::new(current, Arc::clone(&follower.ledger));
    Ok((boards, keep_fresh(follower, publish)))
}

/// Computes one board of all votes so far.
pub async fn refresh(db: &PgPool) -> Result<Arc<Published>, BoardError> {
    let mut follower = Follower::new(db.clone(), Policy::default());
    follower.catch_up().await?;
    follower.whole().await
}

/// Listens first and computes then, so that no vote falls between a board and the announcement of
/// the next vote.
async fn keep_fresh(mut follower: Follower, publish: watch::Sender<Arc<Published>>) {
    let mut listener = None;
    let mut due = Instant::now();
    loop {
        if listener.is_none() {
            listener = listen(&follower.db).await;
        }
        let behind = match next(&mut follower, &publish, &mut due).await {
            Ok(behind) => behind,
            Err(error) => {
                tracing::warn!("the board stays as it was: {error}");
                false
            }
        };
        let latest = if behind { due } else { Instant::now() + AT_LEAST_EVERY };
        if tokio::time::timeout_at(latest, announcement(&mut listener)).await.is_err() {
            continue;
        }
        // All announcements of this pause are answered by one board.
        let pause = async {
            loop {
                announcement(&mut listener).await;
            }
        };
        let _: Result<(), _> = tokio::time::timeout(AT_MOST_EVERY, pause).await;
    }
}

/// Publishes what is new; says whether a whole computation is still to come.
async fn next(
    follower: &mut Follower,
    publish: &watch::Sender<Arc<Published>>,
    due: &mut Instant,
) -> Result<bool, BoardError> {
    let votes = follower.catch_up().await?;
    if !votes.is_empty() {
        let before = Arc::clone(&publish.borrow());
        if let Some(board) = follower.follow(&before, &votes) {
            publish.send_replace(Arc::new(board));
        }
    }
    let started = Instant::now();
    if started < *due {
        return Ok(true);
    }
    let whole = follower.whole().await?;
    publish.send_replace(whole);
    *due = Instant::now() + REST * started.elapsed();
    Ok(false)
}

/// Waits for the next announcement; false once the connection for it is lost.
async fn announcement(listener: &mut Option<PgListener>) -> bool {
    let Some(open) = listener else { return std::future::pending().await };
    let heard = open.recv().await.is_ok();
    if !heard {
        *listener = None;
    }
    heard
}

async fn listen(db: &PgPool) -> Option<PgListener> {
    let mut listener = PgListener::connect_with(db).await.ok()?;
    listener.listen_all([vote::CHANNEL, pool::CHANNEL]).await.ok()?;
    Some(listener)
}
