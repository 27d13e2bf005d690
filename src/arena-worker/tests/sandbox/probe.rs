//! What a taken-over worker might try, as raw system calls: no library stands between.
#![expect(unsafe_code, reason = "an attacker uses no safe wrapper; raw calls are the test")]

use std::ffi::CStr;

use libc::{c_int, c_long};

/// The answer of the list of system calls: the kernel does not have it.
pub(crate) const INVISIBLE: c_int = libc::ENOSYS;
/// The answer of landlock.
pub(crate) const DENIED: c_int = libc::EACCES;

/// One thing to try.
pub(crate) struct Attempt {
    /// What it is.
    pub(crate) name: &'static str,
    /// How it must fail.
    pub(crate) errno: c_int,
    /// Whether it can be tried outside without changing anything.
    pub(crate) harmless: bool,
    call: c_long,
    arguments: [c_long; 6],
}

impl Attempt {
    /// Tries it; a success is closed or left alone, since the test ends then.
    pub(crate) fn make(&self) -> Result<c_long, c_int> {
        let [a, b, c, d, e, f] = self.arguments;
        // SAFETY: pointers are to static text or null; calls that would change the process are
        // only made where they must fail, and then the test ends.
        let result = unsafe { libc::syscall(self.call, a, b, c, d, e, f) };
        if result == -1 {
            return Err(std::io::Error::last_os_error().raw_os_error().unwrap_or(0));
        }
        Ok(result)
    }
}

fn text(text: &'static CStr) -> c_long {
    text.as_ptr() as c_long
}

fn attempt(name: &'static str, call: c_long, arguments: &[c_long]) -> Attempt {
    let mut all = [0; 6];
    all[..arguments.len()].copy_from_slice(arguments);
    Attempt { name, errno: INVISIBLE, harmless: false, call, arguments: all }
}

fn harmless(name: &'static str, call: c_long, arguments: &[c_long]) -> Attempt {
    Attempt { harmless: true, ..attempt(name, call, arguments) }
}

/// Everything, files first.
pub(crate) fn attempts() -> Vec<Attempt> {
    [reading(), changing(), network(), processes(), others(), memory(), kernel(), old_calls()]
        .into_iter()
        .flatten()
        .collect()
}

const HERE: c_long = libc::AT_FDCWD as c_long;
const NEW_FILE: &CStr = c"/tmp/doubleblind-probe";

fn reading() -> Vec<Attempt> {
    let open = |name, path, flags: c_int| {
        let arguments = [HERE, text(path), c_long::from(flags)];
        Attempt { errno: DENIED, ..harmless(name, libc::SYS_openat, &arguments) }
    };
    let mut attempts = vec![
        open("open /etc/passwd", c"/etc/passwd", libc::O_RDONLY),
        open("open /proc/self/environ", c"/proc/self/environ", libc::O_RDONLY),
        open("open /proc/self/maps", c"/proc/self/maps", libc::O_RDONLY),
        open("open /proc/1/cmdline", c"/proc/1/cmdline", libc::O_RDONLY),
        open("open /dev/null", c"/dev/null", libc::O_RDONLY),
        open("list /", c"/", libc::O_RDONLY | libc::O_DIRECTORY),
        open("list /tmp", c"/tmp", libc::O_RDONLY | libc::O_DIRECTORY),
        open("list /proc/self/fd", c"/proc/self/fd", libc::O_RDONLY | libc::O_DIRECTORY),
    ];
    attempts.push(attempt("openat2", libc::SYS_openat2, &[HERE, text(c"/etc/passwd"), 0, 24]));
    attempts.push(attempt("name_to_handle_at", libc::SYS_name_to_handle_at, &[HERE]));
    attempts.push(attempt("open_by_handle_at", libc::SYS_open_by_handle_at, &[HERE]));
    attempts
}

fn changing() -> Vec<Attempt> {
    let open = |name, path, flags: c_int| {
        attempt(name, libc::SYS_openat, &[HERE, text(path), c_long::from(flags), 0o600])
    };
    let (create, write) = (libc::O_CREAT, libc::O_WRONLY);
    vec![
        open("create a file", NEW_FILE, create | write),
        open("create a file for reading", NEW_FILE, create),
        open("open for writing", c"/dev/null", write),
        open("open for both", c"/dev/null", libc::O_RDWR),
        open("truncate on opening", c"/dev/null", libc::O_TRUNC),
        open("nameless file", c"/tmp", libc::O_TMPFILE | libc::O_RDWR),
        attempt("mkdirat", libc::SYS_mkdirat, &[HERE, text(NEW_FILE), 0o700]),
        attempt("mknodat", libc::SYS_mknodat, &[HERE, text(NEW_FILE), 0o600]),
        attempt("unlinkat", libc::SYS_unlinkat, &[HERE, text(NEW_FILE), 0]),
        attempt("symlinkat", libc::SYS_symlinkat, &[text(c"/"), HERE, text(NEW_FILE)]),
        attempt("linkat", libc::SYS_linkat, &[HERE, text(c"/etc/passwd"), HERE, text(NEW_FILE)]),
        attempt("renameat2", libc::SYS_renameat2, &[HERE, text(NEW_FILE), HERE, text(NEW_FILE)]),
        attempt("fchmodat", libc::SYS_fchmodat, &[HERE, text(NEW_FILE), 0o777]),
        attempt("fchownat", libc::SYS_fchownat, &[HERE, text(NEW_FILE), 0, 0]),
        attempt("truncate", libc::SYS_truncate, &[text(NEW_FILE), 0]),
        attempt("ftruncate", libc::SYS_ftruncate, &[1, 0]),
        attempt("chdir", libc::SYS_chdir, &[text(c"/")]),
        attempt("ioctl", libc::SYS_ioctl, &[0, libc::TIOCSTI as c_long]),
    ]
}

fn network() -> Vec<Attempt> {
    let socket = |name, family: c_int, kind: c_int| {
        harmless(name, libc::SYS_socket, &[c_long::from(family), c_long::from(kind)])
    };
    vec![
        socket("TCP socket", libc::AF_INET, libc::SOCK_STREAM),
        socket("UDP socket", libc::AF_INET, libc::SOCK_DGRAM),
        socket("IPv6 socket", libc::AF_INET6, libc::SOCK_STREAM),
        socket("unix socket", libc::AF_UNIX, libc::SOCK_STREAM),
        socket("netlink socket", libc::AF_NETLINK, libc::SOCK_RAW),
        harmless("connect", libc::SYS_connect, &[-1]),
        harmless("bind", libc::SYS_bind, &[-1]),
        harmless("listen", libc::SYS_listen, &[-1]),
        harmless("accept4", libc::SYS_accept4, &[-1]),
        harmless("sendto", libc::SYS_sendto, &[-1]),
        harmless("sendmsg", libc::SYS_sendmsg, &[-1]),
        harmless("recvmsg", libc::SYS_recvmsg, &[-1]),
        attempt("socketpair", libc::SYS_socketpair, &[1, 1]),
    ]
}

fn processes() -> Vec<Attempt> {
    let child = c_long::from(libc::SIGCHLD);
    let thread = libc::CLONE_VM | libc::CLONE_SIGHAND | libc::CLONE_THREAD;
    let user = c_long::from(thread | libc::CLONE_FS | libc::CLONE_FILES | libc::CLONE_SYSVSEM);
    vec![
        attempt("fork", libc::SYS_clone, &[child]),
        attempt(
            "fork that shares memory",
            libc::SYS_clone,
            &[child | c_long::from(libc::CLONE_VM)],
        ),
        attempt("thread with files of its own", libc::SYS_clone, &[c_long::from(thread)]),
        attempt(
            "thread that is traced",
            libc::SYS_clone,
            &[user | c_long::from(libc::CLONE_PTRACE)],
        ),
        attempt("clone3", libc::SYS_clone3, &[0, 64]),
        attempt("execve", libc::SYS_execve, &[text(c"/bin/true"), 0, 0]),
        attempt("execveat", libc::SYS_execveat, &[HERE, text(c"/bin/true"), 0, 0, 0]),
        attempt("unshare", libc::SYS_unshare, &[c_long::from(libc::CLONE_NEWUSER)]),
        attempt("setns", libc::SYS_setns, &[0, 0]),
        attempt("setsid", libc::SYS_setsid, &[]),
        attempt("setuid", libc::SYS_setuid, &[0]),
        attempt("capset", libc::SYS_capset, &[0, 0]),
    ]
}

fn others() -> Vec<Attempt> {
    // SAFETY: it takes no argument and cannot fail.
    let parent = c_long::from(unsafe { libc::getppid() });
    let own = c_long::from(std::process::id().cast_signed());
    vec![
        harmless("kill its parent", libc::SYS_kill, &[parent, 0]),
        harmless("kill everybody", libc::SYS_kill, &[-1, 0]),
        harmless("kill itself", libc::SYS_kill, &[own, 0]),
        harmless("tkill its parent", libc::SYS_tkill, &[parent, 0]),
        harmless("tgkill its parent", libc::SYS_tgkill, &[parent, parent, 0]),
        attempt("rt_sigqueueinfo", libc::SYS_rt_sigqueueinfo, &[parent, 0, 0]),
        harmless("pidfd_open", libc::SYS_pidfd_open, &[parent]),
        attempt("ptrace", libc::SYS_ptrace, &[c_long::from(libc::PTRACE_TRACEME.cast_signed())]),
        attempt("ptrace its parent", libc::SYS_ptrace, &[16, parent]),
        harmless("process_vm_readv", libc::SYS_process_vm_readv, &[parent]),
        harmless("process_vm_writev", libc::SYS_process_vm_writev, &[parent]),
        harmless("its parent's limits", libc::SYS_prlimit64, &[parent, 0, 1]),
        harmless("its parent's processors", libc::SYS_sched_setaffinity, &[parent, 0]),
    ]
}

fn memory() -> Vec<Attempt> {
    let (anonymous, exec) = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, libc::PROT_EXEC);
    let map = |prot: c_int| [0, 4096, c_long::from(prot), c_long::from(anonymous), -1, 0];
    vec![
        harmless("memory to run", libc::SYS_mmap, &map(exec | libc::PROT_READ)),
        harmless("memory to write and run", libc::SYS_mmap, &map(exec | libc::PROT_WRITE)),
        harmless("data turned to code", libc::SYS_mprotect, &[0, 0, c_long::from(exec)]),
        attempt("memfd_create", libc::SYS_memfd_create, &[text(c"probe"), 0]),
        attempt("shmget", libc::SYS_shmget, &[0, 4096, 0o600]),
    ]
}

fn kernel() -> Vec<Attempt> {
    vec![
        attempt("io_uring_setup", libc::SYS_io_uring_setup, &[1]),
        attempt("bpf", libc::SYS_bpf, &[-1]),
        attempt("perf_event_open", libc::SYS_perf_event_open, &[0]),
        attempt("userfaultfd", libc::SYS_userfaultfd, &[0]),
        attempt("keyctl", libc::SYS_keyctl, &[-1]),
        attempt("add_key", libc::SYS_add_key, &[0]),
        attempt("mount", libc::SYS_mount, &[0]),
        attempt("pivot_root", libc::SYS_pivot_root, &[0]),
        attempt("chroot", libc::SYS_chroot, &[0]),
        attempt("init_module", libc::SYS_init_module, &[0]),
        attempt("seccomp", libc::SYS_seccomp, &[2]),
        attempt("landlock_create_ruleset", libc::SYS_landlock_create_ruleset, &[0, 0, 1]),
        attempt("dumpable again", libc::SYS_prctl, &[c_long::from(libc::PR_SET_DUMPABLE), 1]),
        attempt("more limits", libc::SYS_prlimit64, &[0, 0, 1]),
    ]
}

/// Calls that only this processor still has beside their successors.
#[cfg(target_arch = "x86_64")]
fn old_calls() -> Vec<Attempt> {
    vec![
        attempt("open, the old call", libc::SYS_open, &[text(c"/etc/passwd"), 0]),
        attempt("creat", libc::SYS_creat, &[text(NEW_FILE), 0o600]),
        attempt("fork, the old call", libc::SYS_fork, &[]),
        attempt("vfork", libc::SYS_vfork, &[]),
        attempt("open, by the number of x32", 0x4000_0000 | libc::SYS_open, &[0, 0]),
    ]
}

#[cfg(not(target_arch = "x86_64"))]
fn old_calls() -> Vec<Attempt> {
    Vec::new()
}
