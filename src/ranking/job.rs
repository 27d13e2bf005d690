//! Keeps the published board at most two seconds behind the votes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arena_core::ids::ModelId;
use arena_core::ranking::Elo;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::watch;

use super::{BoardError, Boards, Published, compute};
use crate::vote::queries::Vote;
use crate::{pool, vote};

/// Shortest time between two boards.
const AT_MOST_EVERY: Duration = Duration::from_millis(500);
/// Longest time between two boards, should an announcement be lost.
const AT_LEAST_EVERY: Duration = Duration::from_secs(30);
/// Votes that the ticker reads at once.
const PAGE: i64 = 10_000;

/// Elo after all votes up to an index; goes on from there.
struct Ticker {
    elo: Elo,
    index: HashMap<ModelId, usize>,
    next_vote: i64,
}

impl Ticker {
    fn new() -> Self {
        Self { elo: Elo::new(0), index: HashMap::new(), next_vote: 0 }
    }

    async fn catch_up(&mut self, db: &PgPool) -> Result<(), BoardError> {
        loop {
            let mut connection = db.acquire().await?;
            let votes = vote::queries::list_from(&mut connection, self.next_vote, PAGE).await?;
            if votes.is_empty() {
                return Ok(());
            }
            for vote in &votes {
                self.take(vote)?;
            }
        }
    }

    fn take(&mut self, vote: &Vote) -> Result<(), BoardError> {
        let (elo, index) = (&mut self.elo, &mut self.index);
        let mut place = |model| *index.entry(model).or_insert_with(|| elo.add_model());
        let (left, right) = (place(vote.models.left), place(vote.models.right));
        self.elo.update(left, right, vote.verdict.outcome())?;
        self.next_vote = vote.index + 1;
        Ok(())
    }

    fn ratings(&self) -> HashMap<ModelId, f64> {
        let ratings = self.elo.ratings();
        self.index
            .iter()
            .filter_map(|(model, &at)| ratings.get(at).map(|&rating| (*model, rating)))
            .collect()
    }
}

/// Computes the first board and returns it with the task that keeps it fresh.
pub async fn follow_votes(
    db: PgPool,
) -> Result<(Boards, impl Future<Output = ()> + Send), BoardError> {
    let mut ticker = Ticker::new();
    let first = next_board(&db, &mut ticker).await?;
    let (publish, current) = watch::channel(Arc::new(first));
    Ok((Boards { current }, keep_fresh(db, ticker, publish)))
}

/// Computes one board of all votes so far.
pub async fn refresh(db: &PgPool) -> Result<Published, BoardError> {
    next_board(db, &mut Ticker::new()).await
}

async fn next_board(db: &PgPool, ticker: &mut Ticker) -> Result<Published, BoardError> {
    ticker.catch_up(db).await?;
    compute(&mut *db.acquire().await?, ticker.ratings()).await
}

/// Listens first and computes then, so that no vote falls between a board and the announcement of
/// the next vote.
async fn keep_fresh(db: PgPool, mut ticker: Ticker, publish: watch::Sender<Arc<Published>>) {
    let mut listener = None;
    loop {
        if listener.is_none() {
            listener = listen(&db).await;
        }
        match next_board(&db, &mut ticker).await {
            Ok(board) => drop(publish.send_replace(Arc::new(board))),
            Err(error) => tracing::warn!("the board stays as it was: {error}"),
        }
        if tokio::time::timeout(AT_LEAST_EVERY, announcement(&mut listener)).await.is_err() {
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
