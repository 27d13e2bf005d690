//! Following the votes: single ones at once, whole computations beside that.

use std::sync::Arc;
use std::time::Duration;

use arena_core::ranking::{Board, RankingError, Running, Vote};
use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::compute::{pair_weights, publish};
use super::ledger::{Ledger, Taken, Topic};
use super::slices::Tallies;
use super::{BoardError, Published, line};
use crate::pool::Policy;
use crate::{battle, pool, vote};

/// After so long a board is computed anew without new votes: the last thirty days move on.
const VALID: Duration = Duration::from_secs(3600);
/// Votes that are read at once.
const PAGE: i64 = 10_000;

/// A whole computation that has ended.
pub(super) struct Whole {
    pub(super) outcome: Result<Published, RankingError>,
    pub(super) tallies: Tallies,
    pub(super) took: Duration,
}

/// Everything that follows the votes.
pub(super) struct Follower {
    pub(super) db: PgPool,
    pub(super) ledger: Ledger,
    // Away while a whole computation counts with them.
    pub(super) tallies: Option<Tallies>,
    running: Option<Running>,
    // Votes that have been read and are in no published board.
    pending: Vec<Taken>,
    // Votes that are not in the snapshot of the computation under way.
    since: Vec<Taken>,
    // Whether the computation under way began before the last decision.
    outdated: bool,
    // How many exclusions and inclusions the ledger knows of.
    decisions: i64,
    // Whether there is something that no whole computation has seen.
    pub(super) stale: bool,
    started: Instant,
    policy: Policy,
}

impl Follower {
    pub(super) fn new(db: PgPool, policy: Policy) -> Self {
        Self {
            db,
            ledger: Ledger::new(),
            tallies: Some(Tallies::new(OffsetDateTime::now_utc())),
            running: None,
            pending: Vec::new(),
            since: Vec::new(),
            outdated: false,
            decisions: 0,
            stale: true,
            started: Instant::now(),
            policy,
        }
    }

    /// Reads the votes that have come since, and the pool. What was read before an error stays read.
    pub(super) async fn catch_up(&mut self) -> Result<(), BoardError> {
        let mut db = self.db.acquire().await?;
        // Before the votes: a decision that comes meanwhile is seen the next time.
        let decisions = vote::exclusion::queries::count_decisions(&mut db).await?;
        let anew = std::mem::replace(&mut self.decisions, decisions) != decisions;
        if anew {
            self.start_over();
        }
        loop {
            let votes = vote::queries::list_from(&mut db, self.ledger.next_vote, PAGE).await?;
            if votes.is_empty() {
                break;
            }
            let topics = &self.ledger.topics;
            if votes.iter().filter_map(|vote| vote.question).any(|id| !topics.contains_key(&id)) {
                let topics = battle::sets::queries::list_topics(&mut db).await?;
                let topics = topics.into_iter().map(|topic| {
                    (topic.question_id, Topic { set: topic.set_id, category: topic.category })
                });
                self.ledger.topics = Arc::new(topics.collect());
            }
            for vote in &votes {
                let taken = self.ledger.take(vote)?;
                self.note(taken);
            }
        }
        if anew {
            // They are no news to the board in force, which a whole computation replaces.
            self.pending.clear();
        }
        // After the votes: a model is in the pool before the first vote on it.
        let pool_changed = self.ledger.replace_pool(pool::queries::list_all(&mut db).await?);
        self.stale |= pool_changed;
        Ok(())
    }

    /// Forgets all votes: some of those that were read no longer count, or others count again.
    fn start_over(&mut self) {
        self.ledger = Ledger::new();
        // Counts of a computation under way are of the old votes; it is replaced by the next one.
        self.tallies = self.tallies.take().map(|_| Tallies::new(OffsetDateTime::now_utc()));
        self.outdated = self.tallies.is_none();
        (self.running, self.stale) = (None, true);
        self.pending.clear();
        self.since.clear();
    }

    fn note(&mut self, taken: Taken) {
        self.stale = true;
        self.pending.push(taken);
        if self.tallies.is_none() {
            self.since.push(taken);
        }
    }

    /// Starts to compute everything anew from the votes as they are now.
    pub(super) fn start_whole(&mut self) -> Result<JoinHandle<Whole>, BoardError> {
        let snapshot = self.ledger.snapshot()?;
        let elo = self.ledger.elo();
        let now = OffsetDateTime::now_utc();
        let mut tallies = self.tallies.take().unwrap_or_else(|| Tallies::new(now));
        (self.stale, self.started) = (false, Instant::now());
        self.since.clear();
        self.pending.clear();
        Ok(tokio::task::spawn_blocking(move || {
            let started = Instant::now();
            let outcome = publish(&snapshot, &mut tallies, elo, now);
            Whole { outcome, tallies, took: started.elapsed() }
        }))
    }

    /// Takes over a whole computation, with the votes that have come meanwhile.
    pub(super) fn finish(&mut self, whole: Whole) -> Result<Published, RankingError> {
        let outdated = std::mem::replace(&mut self.outdated, false);
        let tallies =
            if outdated { Tallies::new(OffsetDateTime::now_utc()) } else { whole.tallies };
        self.tallies = Some(tallies);
        self.stale |= outdated;
        let mut since = std::mem::take(&mut self.since);
        if outdated {
            since.clear();
        }
        let published = whole.outcome?;
        self.running = match &published.rated {
            Some(rated) => Some(rated.fit.running(&rated.covariance)?),
            None => None,
        };
        match pair_weights(&published) {
            Ok(weights) => self.policy.replace(weights),
            Err(error) => tracing::warn!("the pairing weights stay as they were: {error}"),
        }
        if since.is_empty() {
            return Ok(published);
        }
        Ok(self.follow(&published, &since).unwrap_or(published))
    }

    /// Takes single votes into a board; none if that needs a whole computation.
    fn follow(&mut self, before: &Published, votes: &[Taken]) -> Option<Published> {
        let mut counts = before.counts.clone();
        for taken in votes {
            let index = |model| before.snapshot.index(model);
            let models = index(taken.models.left).zip(index(taken.models.right));
            // A vote on a model that has joined since waits for the next whole computation.
            let Some((left, right)) = models else { continue };
            let vote = Vote { left, right, outcome: taken.outcome };
            let weight = before.basis.weight(self.ledger.cast(taken.voter));
            let added = match self.running.as_mut()?.add_weighted(vote, weight) {
                // Counted, though it is on a model that cannot be compared yet.
                Ok(()) | Err(RankingError::NotAMember { .. }) => counts.add(vote),
                Err(error) => Err(error),
            };
            if added.is_err() {
                self.running = None;
            }
        }
        let Ok(board) = before.board.follow(self.running.as_ref()?, &counts) else {
            // It holds votes now that no board has.
            self.running = None;
            return None;
        };
        let snapshot = self.ledger.snapshot().ok()?;
        let is_same = snapshot.is_on_models_of(&before.snapshot);
        let snapshot = if is_same { snapshot } else { before.snapshot.clone() };
        let order_holds = order(before, &before.board) == order(before, &board);
        let (fragility, tie_groups) = match order_holds {
            true => (before.fragility.clone(), before.tie_groups.clone()),
            // They are of neighbours that these no longer are.
            false => (Vec::new(), vec![None; before.tie_groups.len()]),
        };
        Some(Published {
            fragility,
            tie_groups,
            board,
            counts,
            elo: self.ledger.elo(),
            period: snapshot.period(),
            computed_at: OffsetDateTime::now_utc(),
            snapshot,
            ..before.clone()
        })
    }

    /// Reads what is new, and publishes it where single votes can be taken in.
    pub(super) async fn read_on(
        &mut self,
        board: &watch::Sender<Arc<Published>>,
    ) -> Result<(), BoardError> {
        self.catch_up().await?;
        self.stale |= self.started.elapsed() > VALID;
        let votes = std::mem::take(&mut self.pending);
        if votes.is_empty() {
            return Ok(());
        }
        let before = Arc::clone(&board.borrow());
        if let Some(followed) = self.follow(&before, &votes) {
            board.send_replace(Arc::new(followed));
        }
        Ok(())
    }
}

/// The rated models, best first.
fn order(of: &Published, board: &Board) -> Vec<usize> {
    let rows = line::in_order(&of.models, board, |model| &model.name);
    rows.iter().filter(|(_, row)| row.rating.is_some()).map(|(_, row)| row.model).collect()
}

#[cfg(test)]
mod tests {
    use arena_core::verdict::Verdict;

    use super::super::testing::{model, vote, voter};
    use super::*;
    use crate::pool::Model;

    /// A follower that has a whole computation of 40 voters behind it: A above B by 60 to 20.
    async fn followed() -> (Follower, Published, [Model; 2]) {
        let db = PgPool::connect_lazy("postgres://nobody@localhost/none").unwrap();
        let mut follower = Follower::new(db, Policy::default());
        let models = [model("A", "FR", 1), model("B", "FR", 1)];
        follower.ledger.replace_pool(models.to_vec());
        let voters: Vec<_> = (0..40).map(|_| voter()).collect();
        for index in 0..80 {
            let verdict = if index % 4 == 3 { Verdict::Right } else { Verdict::Left };
            // 60 to 20, dealt out so that every voter has two votes.
            let voter = voters[index / 2];
            follower.ledger.take(&vote(index, &models[0], &models[1], verdict, voter)).unwrap();
        }
        let board = whole(&mut follower).await;
        (follower, board, models)
    }

    async fn whole(follower: &mut Follower) -> Published {
        let whole = follower.start_whole().unwrap().await.unwrap();
        follower.finish(whole).unwrap()
    }

    fn rating(board: &Published, of: &Model) -> f64 {
        board.row(of.id).unwrap().rating.unwrap().rating
    }

    #[tokio::test]
    async fn a_vote_is_in_the_ratings_before_the_whole_computation_that_agrees() {
        let (mut follower, before, [a, b]) = followed().await;

        let new = follower.ledger.take(&vote(80, &b, &a, Verdict::Left, voter())).unwrap();
        let after = follower.follow(&before, &[new]).unwrap();

        assert_eq!((after.board.votes, after.row(a.id).unwrap().losses), (81, 21));
        assert!(rating(&after, &a) < rating(&before, &a) - 1.0);
        let whole = whole(&mut follower).await;
        assert!((rating(&after, &a) - rating(&whole, &a)).abs() < 0.2);
        assert_eq!(whole.counts, after.counts);
    }

    #[tokio::test]
    async fn a_followed_vote_of_somebody_who_votes_very_often_weighs_less() {
        let (mut follower, before, [a, b]) = followed().await;
        let busy = voter();

        let new: Vec<Taken> = (80..380)
            .map(|index| follower.ledger.take(&vote(index, &b, &a, Verdict::Left, busy)).unwrap())
            .collect();
        let after = follower.follow(&before, &new).unwrap();

        // Together they weigh 20: (20 + 20) to 60, and not 320 to 60.
        let odds = 10_f64.powf((rating(&after, &b) - rating(&after, &a)) / 400.0);
        assert!((odds - 40.0 / 60.0).abs() < 0.1, "{odds}");
        assert_eq!(after.board.votes, 380);
        let whole = whole(&mut follower).await;
        assert_eq!(whole.basis.capped_voters, 1);
    }

    #[tokio::test]
    async fn votes_on_newcomers_wait_for_the_whole_computation_and_hold_up_nothing() {
        let (mut follower, before, [a, b]) = followed().await;
        let newcomer = model("Z", "FR", 1);
        follower.ledger.replace_pool(vec![a.clone(), b.clone(), newcomer.clone()]);

        let new = [
            follower.ledger.take(&vote(80, &newcomer, &a, Verdict::Left, voter())).unwrap(),
            follower.ledger.take(&vote(81, &a, &b, Verdict::Left, voter())).unwrap(),
        ];
        let after = follower.follow(&before, &new).unwrap();

        assert_eq!(after.board.votes, 81);
        assert_eq!(after.models.len(), 2);
        assert_eq!(whole(&mut follower).await.board.votes, 82);
    }

    #[tokio::test]
    async fn votes_that_come_during_a_whole_computation_are_in_what_it_gives() {
        let (mut follower, _, [a, b]) = followed().await;

        let under_way = follower.start_whole().unwrap();
        let new = follower.ledger.take(&vote(80, &a, &b, Verdict::Left, voter())).unwrap();
        follower.note(new);
        let board = follower.finish(under_way.await.unwrap()).unwrap();

        assert_eq!((board.board.votes, board.row(a.id).unwrap().wins), (81, 61));
    }
}
