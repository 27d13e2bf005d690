//! Resource limits: no files, no core dumps, few descriptors, bounded memory.
//!
//! There is no limit on the count of processes: that one counts all processes of the user, and
//! the list of system calls leaves no way to start one. Threads are bounded by their stacks.

use rustix::io;
use rustix::process::{Resource, Rlimit, setrlimit};

/// Open files at once; stdin, stdout, stderr and the model take four.
const OPEN_FILES: u64 = 64;

/// Sets the limits that hold for every model.
pub(super) fn set() -> io::Result<()> {
    let limits = [
        // Pipes have no size, so answers still get through.
        (Resource::Fsize, 0),
        (Resource::Core, 0),
        (Resource::Nofile, OPEN_FILES),
        (Resource::Memlock, 0),
        (Resource::Msgqueue, 0),
    ];
    limits.into_iter().try_for_each(|(resource, most)| at_most(resource, most))
}

/// Bounds the address space: beyond it an allocation fails, in the worker alone.
pub(super) fn bound_memory(bytes: u64) -> io::Result<()> {
    at_most(Resource::As, bytes)
}

/// Lowers both limits; one that is lower already stays.
fn at_most(resource: Resource, most: u64) -> io::Result<()> {
    let now = rustix::process::getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let most = Some(most.min(now));
    setrlimit(resource, Rlimit { current: most, maximum: most })
}
