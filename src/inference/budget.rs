//! The threads of the machine, dealt out to the workers that are writing just now.
//!
//! Two threads of one step wait for each other at every layer: where more of them run than there are
//! cores, all wait for whoever is not running. So no core is given away twice while there are enough
//! for all; more workers than cores get one thread each, and single threads never wait.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::watch;

/// The threads that all workers of this process share.
#[derive(Debug)]
pub struct Budget {
    threads: u32,
    members: Mutex<Members>,
}

#[derive(Debug, Default)]
struct Members {
    next: u64,
    all: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    number: u64,
    writes: bool,
    told: watch::Sender<u32>,
}

impl Budget {
    /// A budget of its own.
    pub fn new(threads: u32) -> Arc<Self> {
        Arc::new(Self { threads: threads.max(1), members: Mutex::default() })
    }

    /// The one of this process: its workers share one machine. The first caller's number counts.
    pub(super) fn of_this_process(threads: u32) -> Arc<Self> {
        static BUDGET: OnceLock<Arc<Budget>> = OnceLock::new();
        Arc::clone(BUDGET.get_or_init(|| Self::new(threads)))
    }

    /// Takes in a worker that does not write yet.
    pub fn join(self: &Arc<Self>) -> Share {
        let mut members = self.lock();
        members.next += 1;
        let number = members.next;
        let (told, threads) = watch::channel(self.threads);
        members.all.push(Member { number, writes: false, told });
        Share { budget: Arc::clone(self), number, threads }
    }

    fn lock(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Equal shares for all who write, whichever model it is.
    fn deal(&self, members: &Members) {
        let writing = members.all.iter().filter(|member| member.writes).count();
        let share = self.threads / u32::try_from(writing).unwrap_or(u32::MAX).max(1);
        for member in members.all.iter().filter(|member| member.writes) {
            member.told.send_if_modified(|threads| {
                let changed = *threads != share.max(1);
                *threads = share.max(1);
                changed
            });
        }
    }
}

/// One worker's part of the budget; dropping it gives the threads back.
#[derive(Debug)]
pub struct Share {
    budget: Arc<Budget>,
    number: u64,
    threads: watch::Receiver<u32>,
}

impl Share {
    /// Says whether this worker has an answer to write that is not paused.
    pub fn set_writing(&self, writes: bool) {
        let mut members = self.budget.lock();
        let own = members.all.iter_mut().find(|member| member.number == self.number);
        if let Some(member) = own.filter(|member| member.writes != writes) {
            member.writes = writes;
            self.budget.deal(&members);
        }
    }

    /// Its threads at present.
    pub fn threads(&self) -> u32 {
        *self.threads.borrow()
    }

    /// Waits until it has other threads than when it was last asked for.
    pub async fn changed(&mut self) -> u32 {
        // The sender lives in the budget for as long as this share does.
        let _ = self.threads.changed().await;
        *self.threads.borrow_and_update()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut members = self.budget.lock();
        members.all.retain(|member| member.number != self.number);
        self.budget.deal(&members);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_writer_has_all_threads_and_two_have_equal_halves() {
        let budget = Budget::new(5);
        let (left, right) = (budget.join(), budget.join());

        left.set_writing(true);
        assert_eq!(left.threads(), 5);
        right.set_writing(true);
        assert_eq!((left.threads(), right.threads()), (2, 2));
        left.set_writing(false);
        assert_eq!(right.threads(), 5);
    }

    #[test]
    fn threads_never_exceed_the_cores_while_there_are_enough_and_nobody_has_none() {
        for cores in 1..=9 {
            let budget = Budget::new(cores);
            let shares: Vec<_> = (0..12).map(|_| budget.join()).collect();

            for (i, share) in shares.iter().enumerate() {
                share.set_writing(true);

                let writing = &shares[..=i];
                let dealt: u32 = writing.iter().map(Share::threads).sum();
                let fair = u32::try_from(writing.len()).unwrap();
                assert!(dealt <= cores.max(fair), "{dealt} of {cores} for {fair}");
                assert!(writing.iter().all(|share| share.threads() == shares[0].threads()));
                assert!(writing.iter().all(|share| share.threads() >= 1));
            }
        }
    }

    #[test]
    fn a_worker_that_dies_while_writing_gives_its_threads_back() {
        let budget = Budget::new(4);
        let (left, right) = (budget.join(), budget.join());
        left.set_writing(true);
        right.set_writing(true);

        drop(left);

        assert_eq!(right.threads(), 4);
    }

    #[tokio::test]
    async fn a_change_is_announced_once() {
        let budget = Budget::new(4);
        let (mut left, right) = (budget.join(), budget.join());
        left.set_writing(true);

        right.set_writing(true);

        assert_eq!(left.changed().await, 2);
        let again = tokio::time::timeout(std::time::Duration::from_millis(20), left.changed());
        assert!(again.await.is_err());
    }
}
