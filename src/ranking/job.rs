//! Keeps the published board at most two seconds behind the votes.
//!
//! New votes are taken into the ratings one by one at once. Whole computations run beside that, on a
//! snapshot, and are spaced so that they take a tenth of one core at most, however many votes there are.

use std::sync::Arc;
use std::time::Duration;

use arena_core::ranking::RankingError;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::compute::publish;
use super::follower::{Follower, Whole};
use super::ledger::Snapshot;
use super::slices::Tallies;
use super::{BoardError, Boards, Published};
use crate::pool::Policy;
use crate::{pool, vote};

/// Shortest time between two boards.
const AT_MOST_EVERY: Duration = Duration::from_millis(250);
/// Longest time between two looks, should an announcement be lost.
const AT_LEAST_EVERY: Duration = Duration::from_secs(30);
/// A whole computation is followed by so many times its own length without one.
const REST: u32 = 9;

/// Computes the first board and returns it with the task that keeps it fresh, and `policy` with it.
///
/// Votes that the statistics refuse give an empty board that says so: battles and votes go on.
pub async fn follow_votes(
    db: PgPool,
    policy: Policy,
) -> Result<(Boards, impl Future<Output = ()> + Send), BoardError> {
    let mut follower = Follower::new(db, policy);
    follower.catch_up().await?;
    let whole = follower.start_whole()?.await.map_err(|_| BoardError::Ended)?;
    let first = match follower.finish(whole) {
        Ok(published) => published,
        Err(error) => empty(&follower.ledger.snapshot()?, &error)?,
    };
    let (publish, current) = watch::channel(Arc::new(first));
    Ok((Boards::new(current), keep_fresh(follower, publish)))
}

fn empty(snapshot: &Snapshot, why: &RankingError) -> Result<Published, BoardError> {
    tracing::error!("no ratings could be computed: {why}");
    let now = OffsetDateTime::now_utc();
    let board =
        publish(&snapshot.without_votes(), &mut Tallies::new(now), Default::default(), now)?;
    Ok(Published { problem: Some(format!("no ratings could be computed: {why}")), ..board })
}

/// Computes one board of all votes so far.
pub async fn refresh(db: &PgPool) -> Result<Arc<Published>, BoardError> {
    let mut follower = Follower::new(db.clone(), Policy::default());
    follower.catch_up().await?;
    let whole = follower.start_whole()?.await.map_err(|_| BoardError::Ended)?;
    Ok(Arc::new(whole.outcome?))
}

/// Listens first and reads then, so that no vote falls between a board and the announcement of the
/// next vote.
async fn keep_fresh(mut follower: Follower, board: watch::Sender<Arc<Published>>) {
    let mut listener = None;
    let mut whole: Option<JoinHandle<Whole>> = None;
    let mut due = Instant::now();
    loop {
        if listener.is_none() {
            listener = listen(&follower.db).await;
        }
        if let Err(error) = follower.read_on(&board).await {
            tracing::warn!("the board stays as it was: {error}");
        }
        if whole.is_none() && follower.stale && Instant::now() >= due {
            match follower.start_whole() {
                Ok(started) => whole = Some(started),
                Err(error) => {
                    tracing::warn!("the board stays as it was: {error}");
                    due = Instant::now() + AT_LEAST_EVERY;
                }
            }
        }
        let idle = Instant::now() + AT_LEAST_EVERY;
        let latest = if whole.is_none() && follower.stale { due.min(idle) } else { idle };
        tokio::select! {
            ended = ended(&mut whole) => {
                whole = None;
                due = Instant::now() + take_over(&mut follower, ended, &board);
            }
            _ = announcement(&mut listener) => gather(&mut listener).await,
            () = tokio::time::sleep_until(latest) => {}
        }
    }
}

/// Publishes a whole computation; returns how long the next one has to wait.
fn take_over(
    follower: &mut Follower,
    ended: Option<Whole>,
    board: &watch::Sender<Arc<Published>>,
) -> Duration {
    let Some(whole) = ended else {
        tracing::error!("a computation of the board was ended");
        follower.tallies = Some(Tallies::new(OffsetDateTime::now_utc()));
        follower.stale = true;
        return AT_LEAST_EVERY;
    };
    let rest = REST * whole.took;
    match follower.finish(whole) {
        Ok(published) => {
            board.send_replace(Arc::new(published));
            rest
        }
        Err(error) => {
            tracing::error!("newer votes could not be rated: {error}");
            let problem = Some(format!("newer votes could not be rated: {error}"));
            let before = Published::clone(&board.borrow());
            board.send_replace(Arc::new(Published { problem, ..before }));
            rest.max(AT_LEAST_EVERY)
        }
    }
}

async fn ended(whole: &mut Option<JoinHandle<Whole>>) -> Option<Whole> {
    match whole {
        Some(computation) => computation.await.ok(),
        None => std::future::pending().await,
    }
}

/// All announcements of a moment are answered by one board.
async fn gather(listener: &mut Option<PgListener>) {
    let pause = async {
        loop {
            announcement(listener).await;
        }
    };
    let _: Result<(), _> = tokio::time::timeout(AT_MOST_EVERY, pause).await;
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
