//! Work on all cores whose result does not depend on how many there are.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, available_parallelism, scope};

/// How many threads the machine runs at once; 1 where it has no threads.
pub(super) fn available() -> usize {
    available_parallelism().map_or(1, NonZero::get)
}

/// Does numbered parts of some work, and returns their results in the order of their numbers.
///
/// The parts must be cut the same way for any number of threads; then the result is the same, bit for bit. A thread
/// that cannot be started is done without.
pub(super) fn in_parts<T: Send>(
    threads: usize,
    parts: usize,
    work: impl Fn(usize) -> T + Sync,
) -> Vec<T> {
    if threads.min(parts) <= 1 {
        return (0..parts).map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let part = next.fetch_add(1, Ordering::Relaxed);
            if part >= parts {
                return done;
            }
            done.push((part, work(part)));
        }
    };
    let mut done = scope(|scope| {
        let others: Vec<_> = (1..threads.min(parts))
            .filter_map(|_| Builder::new().spawn_scoped(scope, worker).ok())
            .collect();
        let mut done = worker();
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                Err(panic) => resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(part, _)| *part);
    done.into_iter().map(|(_, result)| result).collect()
}
