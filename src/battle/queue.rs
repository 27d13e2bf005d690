//! Who writes now and who waits: so many battles at once, the others in one line, whatever their models.
//!
//! A battle keeps its place while its tab is closed, so that it can go on at once; but when others wait, closed tabs
//! hold no more than half of all places, and the one closed longest gives way.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arena_core::ids::VoterId;
use tokio::sync::watch;
use tokio::time::Instant;

use super::limits::Limits;

/// Part of the newest battle in the mean time that a battle takes.
const NEWEST: f64 = 0.2;
/// Estimates are multiples of this, so that they do not promise what they cannot hold.
const ESTIMATE_STEP_SECONDS: u32 = 5;
/// After how many seconds a refused voter may try again, while no battle has ended yet.
const FIRST_ESTIMATE_SECONDS: u32 = 30;

/// Where a battle stands in line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It waits.
    Waits(Place),
    /// It may write.
    Writes,
    /// Its tab was closed longest when others needed the place.
    GivesWay,
}

/// A place in line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// From 1.
    pub(super) number: usize,
    /// How long it may take; unknown before any battle has ended.
    pub(super) seconds: Option<u32>,
}

impl Place {
    /// What the voter reads.
    pub(super) fn in_words(self) -> String {
        let ahead = match self.number {
            1 => "Your battle is the next in line".to_owned(),
            number => format!("Your battle is number {number} in line"),
        };
        let wait = self.seconds.map_or_else(String::new, |seconds| match seconds {
            0..=90 => format!(", about {seconds} seconds"),
            _ => format!(", about {} minutes", seconds.div_ceil(60)),
        });
        format!("{ahead}{wait}. Keep this page open: both models start by themselves.")
    }
}

/// Why there is no place, and when to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The line is full.
    #[error(
        "the line is full: more battles wait than can be answered soon; go back, your question is still in its field, \
         and send it again in {seconds} seconds"
    )]
    Full {
        /// How long the line may be.
        line: usize,
        /// When to try again.
        seconds: u32,
    },
    /// This voter has one being written and one waiting.
    #[error(
        "one of your battles is being written and another one waits; decide on one of them, skip it, or try again in \
         {seconds} seconds"
    )]
    Yours {
        /// When to try again.
        seconds: u32,
    },
}

impl Refusal {
    /// This voter has too many battles in progress.
    pub(super) fn yours() -> Self {
        Self::Yours { seconds: FIRST_ESTIMATE_SECONDS }
    }

    /// When to try again.
    pub fn seconds(&self) -> u32 {
        match self {
            Refusal::Full { seconds, .. } | Refusal::Yours { seconds } => *seconds,
        }
    }
}

struct Entry {
    key: u64,
    voter: VoterId,
    standing: watch::Sender<Standing>,
    /// Since when nobody watches it.
    absent_since: Option<Instant>,
    since: Instant,
    /// Whether its models have been asked; else it says nothing of how long a battle takes.
    asked: bool,
}

#[derive(Default)]
struct State {
    limits: Limits,
    waiting: VecDeque<Entry>,
    writing: Vec<Entry>,
    next_key: u64,
    mean_seconds: Option<f64>,
    busy: watch::Sender<bool>,
}

/// The line.
#[derive(Clone, Default)]
pub(super) struct Queue {
    state: Arc<Mutex<State>>,
}

/// A battle's place, given up when it is dropped.
pub(super) struct Ticket {
    queue: Queue,
    key: u64,
    standing: watch::Receiver<Standing>,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a battle is being written that somebody watches.
    pub(super) fn busy(&self) -> watch::Receiver<bool> {
        self.lock().busy.subscribe()
    }

    /// Joins the line; the battle may write at once where a place is free.
    pub(super) fn join(&self, voter: VoterId, limits: Limits) -> Result<Ticket, Refusal> {
        let mut state = self.lock();
        state.limits = limits;
        let key = state.next_key;
        state.next_key += 1;
        let first = Standing::Waits(Place { number: 1, seconds: None });
        let (sender, standing) = watch::channel(first);
        let since = Instant::now();
        let entry = Entry { key, voter, standing: sender, absent_since: None, since, asked: false };
        state.waiting.push_back(entry);
        state.let_in();
        if let Some(refusal) = state.refusal(key, voter) {
            state.waiting.pop_back();
            return Err(refusal);
        }
        state.tell();
        drop(state);
        Ok(Ticket { queue: self.clone(), key, standing })
    }
}

impl State {
    /// Whether the one that has just come cannot stay.
    fn refusal(&self, key: u64, voter: VoterId) -> Option<Refusal> {
        if self.waiting.back().is_none_or(|last| last.key != key) {
            return None;
        }
        let own = self.waiting.iter().filter(|entry| entry.voter == voter).count();
        if own > self.limits.voter_waiting {
            let seconds = self.seconds(1).unwrap_or(FIRST_ESTIMATE_SECONDS);
            return Some(Refusal::Yours { seconds });
        }
        if self.waiting.len() > self.limits.waiting {
            let seconds = self.seconds(1).unwrap_or(FIRST_ESTIMATE_SECONDS);
            return Some(Refusal::Full { line: self.limits.waiting, seconds });
        }
        None
    }

    fn may_write(&self, entry: &Entry) -> bool {
        // One whose tab is closed does not hold up its own voter.
        let is_own = |other: &&Entry| other.voter == entry.voter && other.absent_since.is_none();
        let own = self.writing.iter().filter(is_own).count();
        entry.absent_since.is_none() && own < self.limits.voter_writing
    }

    /// Gives free places to those who have waited longest and are there.
    fn let_in(&mut self) {
        while let Some(at) = self.waiting.iter().position(|entry| self.may_write(entry)) {
            if self.writing.len() >= self.limits.at_once {
                self.ask_for_room();
                return;
            }
            let Some(mut entry) = self.waiting.remove(at) else { return };
            entry.since = Instant::now();
            entry.standing.send_replace(Standing::Writes);
            self.writing.push(entry);
        }
    }

    /// Of closed tabs beyond half of all places, asks the one closed longest to give way.
    fn ask_for_room(&self) {
        let closed = self.writing.iter().filter(|entry| entry.absent_since.is_some());
        let leaving =
            self.writing.iter().any(|entry| *entry.standing.borrow() == Standing::GivesWay);
        if leaving || closed.clone().count() <= self.limits.at_once / 2 {
            return;
        }
        if let Some(longest) = closed.min_by_key(|entry| entry.absent_since) {
            longest.standing.send_replace(Standing::GivesWay);
        }
    }

    /// Tells all who wait where they are, and whoever works while nobody writes.
    fn tell(&self) {
        let busy = self.writing.iter().any(|entry| entry.absent_since.is_none());
        self.busy.send_if_modified(|old| std::mem::replace(old, busy) != busy);
        for (index, entry) in self.waiting.iter().enumerate() {
            let number = index + 1;
            let place = Place { number, seconds: self.seconds(number) };
            let standing = Standing::Waits(place);
            entry.standing.send_if_modified(|old| std::mem::replace(old, standing) != standing);
        }
    }

    /// How long a place in line takes.
    fn seconds(&self, number: usize) -> Option<u32> {
        let seconds = self.mean_seconds? * number as f64 / self.limits.at_once.max(1) as f64;
        let steps = (seconds / f64::from(ESTIMATE_STEP_SECONDS)).ceil().clamp(1.0, 720.0);
        Some(steps as u32 * ESTIMATE_STEP_SECONDS)
    }

    fn leave(&mut self, key: u64) {
        self.waiting.retain(|entry| entry.key != key);
        if let Some(at) = self.writing.iter().position(|entry| entry.key == key) {
            let entry = self.writing.swap_remove(at);
            let took = entry.since.elapsed().as_secs_f64();
            if entry.asked {
                self.mean_seconds =
                    Some(self.mean_seconds.map_or(took, |mean| mean + NEWEST * (took - mean)));
            }
        }
        self.let_in();
        self.tell();
    }
}

impl Ticket {
    /// Where the battle stands now.
    pub(super) fn standing(&self) -> Standing {
        *self.standing.borrow()
    }

    /// Waits for a change of the standing.
    pub(super) async fn changed(&mut self) {
        // The line keeps the sender as long as there is a ticket.
        if self.standing.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Says that the models are asked now.
    pub(super) fn asks(&self) {
        let mut state = self.queue.lock();
        if let Some(entry) = state.writing.iter_mut().find(|entry| entry.key == self.key) {
            entry.asked = true;
        }
    }

    /// Says for how long nobody has watched the battle.
    pub(super) fn is_absent(&self, absence: Option<Duration>) {
        let mut state = self.queue.lock();
        let State { waiting, writing, .. } = &mut *state;
        let own = waiting.iter_mut().chain(writing).find(|entry| entry.key == self.key);
        let Some(entry) = own else { return };
        if entry.absent_since.is_some() == absence.is_some() {
            return;
        }
        entry.absent_since = absence.map(|_| Instant::now());
        state.let_in();
        state.tell();
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.queue.lock().leave(self.key);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const LIMITS: Limits = Limits { at_once: 2, waiting: 3, voter_writing: 1, voter_waiting: 1 };

    fn voter() -> VoterId {
        VoterId(Uuid::new_v4())
    }

    fn number(ticket: &Ticket) -> usize {
        match ticket.standing() {
            Standing::Waits(place) => place.number,
            Standing::Writes => 0,
            Standing::GivesWay => usize::MAX,
        }
    }

    fn join(queue: &Queue) -> Ticket {
        queue.join(voter(), LIMITS).unwrap()
    }

    #[tokio::test]
    async fn battles_beyond_the_places_wait_in_the_order_in_which_they_came() {
        let queue = Queue::default();
        let mut tickets: Vec<_> = (0..5).map(|_| join(&queue)).collect();
        assert_eq!(tickets.iter().map(number).collect::<Vec<_>>(), [0, 0, 1, 2, 3]);

        tickets.remove(1);

        assert_eq!(tickets.iter().map(number).collect::<Vec<_>>(), [0, 0, 1, 2]);
    }

    #[tokio::test]
    async fn a_full_line_refuses_and_says_when_to_come_back() {
        let queue = Queue::default();
        let tickets: Vec<_> = (0..5).map(|_| join(&queue)).collect();

        let refused = queue.join(voter(), LIMITS).err().unwrap();

        assert_eq!(refused, Refusal::Full { line: 3, seconds: FIRST_ESTIMATE_SECONDS });
        assert_eq!(number(&tickets[4]), 3);
    }

    #[tokio::test]
    async fn a_voter_has_one_battle_being_written_and_one_waiting() {
        let (queue, voter) = (Queue::default(), voter());

        let first = queue.join(voter, LIMITS).unwrap();
        let second = queue.join(voter, LIMITS).unwrap();
        let third = queue.join(voter, LIMITS).err().unwrap();

        assert_eq!((number(&first), number(&second)), (0, 1));
        assert!(matches!(third, Refusal::Yours { .. }));
        // Others pass by the second one, whose turn comes after the first.
        assert_eq!(number(&join(&queue)), 0);
        drop(first);
        assert_eq!(number(&second), 0);
    }

    #[tokio::test]
    async fn a_closed_tab_in_line_is_passed_by_and_keeps_its_place() {
        let queue = Queue::default();
        let (first, _second) = (join(&queue), join(&queue));
        let (closed, open) = (join(&queue), join(&queue));
        closed.is_absent(Some(Duration::ZERO));

        drop(first);

        assert_eq!((number(&closed), number(&open)), (1, 0));
        drop(open);
        assert_eq!(number(&closed), 1);
        closed.is_absent(None);
        assert_eq!(number(&closed), 0);
    }

    #[tokio::test]
    async fn closed_tabs_hold_half_of_the_places_at_most_while_others_wait() {
        let queue = Queue::default();
        let (first, second) = (join(&queue), join(&queue));
        first.is_absent(Some(Duration::ZERO));
        second.is_absent(Some(Duration::ZERO));
        assert_eq!((number(&first), number(&second)), (0, 0));

        let waiting = join(&queue);

        assert_eq!(first.standing(), Standing::GivesWay);
        assert_eq!(second.standing(), Standing::Writes);
        drop(first);
        assert_eq!(number(&waiting), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_estimate_follows_what_battles_have_taken() {
        let queue = Queue::default();
        let (first, _second) = (join(&queue), join(&queue));
        let (_third, fourth) = (join(&queue), join(&queue));
        assert_eq!(fourth.standing(), Standing::Waits(Place { number: 2, seconds: None }));
        first.asks();
        tokio::time::advance(Duration::from_secs(38)).await;
        drop(first);

        let place = Place { number: 1, seconds: Some(20) };
        assert_eq!(fourth.standing(), Standing::Waits(place));
        assert!(place.in_words().starts_with("Your battle is the next in line, about 20 seconds."));
    }
}
