//! The only unsafe code of the package: what a child does between fork and exec, and signals.
//!
//! Which program runs, and as whom, is decided elsewhere.
#![expect(unsafe_code, reason = "user namespaces, PDEATHSIG and signals are not in std")]

use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

/// A signal that PostgreSQL understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// SIGINT: the server ends its sessions, writes a checkpoint and exits; initdb cleans up.
    FastShutdown,
    /// SIGQUIT: the server exits at once and recovers from its log at the next start.
    ImmediateShutdown,
}

impl Signal {
    fn number(self) -> libc::c_int {
        match self {
            Self::FastShutdown => libc::SIGINT,
            Self::ImmediateShutdown => libc::SIGQUIT,
        }
    }
}

/// Sends a signal; a process that is gone or not ours is no error, since callers wait for the end.
pub(super) fn send(pid: u32, signal: Signal) {
    let Ok(pid) = libc::pid_t::try_from(pid) else { return };
    // A pid of 0 or below would address whole process groups.
    if pid > 0 {
        // SAFETY: kill takes two integers and touches no memory.
        unsafe { libc::kill(pid, signal.number()) };
    }
}

/// The effective user and group of this process.
pub(super) fn own_ids() -> (u32, u32) {
    // SAFETY: both calls take nothing, touch no memory and cannot fail.
    unsafe { (libc::geteuid(), libc::getegid()) }
}

/// One user and one group, as seen outside and inside a user namespace.
#[derive(Debug, Clone, Copy)]
pub(super) struct IdMap {
    /// User and group that own the child's files, as everyone else sees them.
    pub(super) outside: (u32, u32),
    /// User and group that the child sees itself as.
    pub(super) inside: (u32, u32),
}

/// Makes the child enter a user namespace of its own before it runs the program.
#[cfg(target_os = "linux")]
pub(super) fn enter_namespace(command: &mut Command, map: IdMap) {
    let uids = format!("{} {} 1", map.inside.0, map.outside.0);
    let gids = format!("{} {} 1", map.inside.1, map.outside.1);
    let enter = move || {
        // SAFETY: plain system calls with integer arguments. The child has one thread, as
        // CLONE_NEWUSER demands. A process that changed its user is not dumpable, and then its
        // /proc/self/uid_map belongs to root: hence the first call.
        unsafe {
            check(libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0))?;
            check(libc::unshare(libc::CLONE_NEWUSER))?;
        }
        write_file(c"/proc/self/setgroups", b"deny")?;
        write_file(c"/proc/self/gid_map", gids.as_bytes())?;
        write_file(c"/proc/self/uid_map", uids.as_bytes())
    };
    // SAFETY: the closure makes only async-signal-safe calls; its strings are made before fork.
    unsafe { command.pre_exec(enter) };
}

/// Elsewhere there are no user namespaces, and no identity asks for one.
#[cfg(not(target_os = "linux"))]
pub(super) fn enter_namespace(command: &mut Command, _: IdMap) {
    // SAFETY: the closure only builds an error from an integer.
    unsafe { command.pre_exec(|| Err(io::Error::from_raw_os_error(libc::ENOSYS))) };
}

/// Makes the child receive SIGINT when the thread that forks it ends.
///
/// Register it after everything that changes the child's user: that clears the setting.
#[cfg(target_os = "linux")]
fn die_with_this_thread(command: &mut Command) {
    let parent = libc::pid_t::try_from(std::process::id()).unwrap_or(-1);
    let tie = move || {
        // SAFETY: plain system calls with integer arguments.
        let current = unsafe {
            check(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGINT, 0, 0, 0))?;
            libc::getppid()
        };
        if current == parent {
            return Ok(());
        }
        // The parent ended before the setting took effect.
        Err(io::Error::from_raw_os_error(libc::ESRCH))
    };
    // SAFETY: the closure makes only async-signal-safe calls and allocates nothing.
    unsafe { command.pre_exec(tie) };
}

/// Elsewhere the next start ends a server that outlived its application.
#[cfg(not(target_os = "linux"))]
fn die_with_this_thread(_: &mut Command) {}

#[cfg(target_os = "linux")]
fn check(result: libc::c_int) -> io::Result<()> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(target_os = "linux")]
fn write_file(path: &std::ffi::CStr, bytes: &[u8]) -> io::Result<()> {
    // SAFETY: `path` ends in NUL and `bytes` is valid for its length; the descriptor is closed by
    // the exec that follows, or with the child.
    let written = unsafe {
        let descriptor = libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
        check(descriptor)?;
        libc::write(descriptor, bytes.as_ptr().cast(), bytes.len())
    };
    if written == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// A child process that ends with this process, and whose end is always noticed and reaped.
///
/// PDEATHSIG fires when the forking thread ends, so a thread of its own forks the child and then
/// does nothing but wait for it.
#[derive(Debug)]
pub(super) struct Child {
    pid: u32,
    /// How the child ended; `None` while it runs.
    end: watch::Receiver<Option<ExitStatus>>,
}

impl Child {
    /// Starts the command; the child receives SIGINT when this value is dropped.
    pub(super) async fn spawn(mut command: Command) -> io::Result<Self> {
        let (report_start, started) = oneshot::channel();
        let (report_end, end) = watch::channel(None);
        thread::Builder::new().name("postgres-keeper".into()).spawn(move || {
            die_with_this_thread(&mut command);
            let mut child = match command.spawn() {
                Ok(child) => child,
                Err(error) => {
                    // Nobody listens when the start was cancelled; then there is nothing to do.
                    let _ = report_start.send(Err(error));
                    return;
                }
            };
            if report_start.send(Ok(child.id())).is_err() {
                send(child.id(), Signal::FastShutdown);
            }
            report_end.send_replace(Some(child.wait().unwrap_or_else(|_| unknown())));
        })?;
        let pid = started.await.map_err(io::Error::other)??;
        Ok(Self { pid, end })
    }

    /// The process id.
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// How the child ended, or `None` while it runs.
    pub(super) fn end(&self) -> Option<ExitStatus> {
        *self.end.borrow()
    }

    /// Waits for the end, at most `limit`; `None` when the child still runs then.
    pub(super) async fn wait(&self, limit: Duration) -> Option<ExitStatus> {
        timeout(limit, self.wait_forever()).await.ok()
    }

    /// Waits for the end. For callers whose purpose is to notice it, whenever that is.
    pub(super) async fn wait_forever(&self) -> ExitStatus {
        let mut end = self.end.clone();
        end.wait_for(Option::is_some).await.ok().and_then(|status| *status).unwrap_or_else(unknown)
    }

    /// Signals the child unless it has ended. Between its end and this check lie microseconds,
    /// too few for the system to give its pid to another process.
    pub(super) fn signal(&self, signal: Signal) {
        if self.end.borrow().is_none() {
            send(self.pid, signal);
        }
    }
}

/// Stands for the status of a child that someone else has reaped.
fn unknown() -> ExitStatus {
    ExitStatus::from_raw(255 << 8)
}

impl Drop for Child {
    fn drop(&mut self) {
        self.signal(Signal::FastShutdown);
    }
}
