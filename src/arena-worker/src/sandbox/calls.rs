//! The system calls that computing needs; every other one fails as if the kernel did not have it.
//!
//! That answer, and not the end of the process, lets the C library fall back where it tries a newer
//! call first, as it does with `clone3`.

use std::collections::BTreeMap;

use libc::{c_int, c_long};
use seccompiler::SeccompCmpArgLen::{Dword, Qword};
use seccompiler::SeccompCmpOp::{Eq, MaskedEq};
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCondition, SeccompFilter, SeccompRule,
};

/// Allowed with any arguments: they concern this process and what it has open.
const FREE: &[c_long] = &[
    // Reading the model, writing events.
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_fadvise64,
    // Memory.
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    // Threads and waiting.
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getcpu,
    libc::SYS_membarrier,
    libc::SYS_restart_syscall,
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_exit,
    libc::SYS_exit_group,
    // Signals of its own.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    // Facts.
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_gettimeofday,
    libc::SYS_getrusage,
    libc::SYS_getrandom,
    libc::SYS_sysinfo,
    libc::SYS_uname,
];

/// Flags of a new thread that shares everything.
const THREAD: c_int = libc::CLONE_VM
    | libc::CLONE_FS
    | libc::CLONE_FILES
    | libc::CLONE_SIGHAND
    | libc::CLONE_THREAD
    | libc::CLONE_SYSVSEM;
/// Flags that would give it something of its own, or a parent that traces it.
const APART: c_int = libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_VFORK
    | libc::CLONE_PTRACE
    | libc::CLONE_PIDFD;
/// Ways to open a file other than for reading.
const WRITING: c_int = libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC | libc::O_APPEND;

/// Restricts all threads of the process for good.
pub(super) fn restrict() -> Result<(), seccompiler::Error> {
    let program = program()?;
    seccompiler::apply_filter_all_threads(&program)
}

fn program() -> Result<BpfProgram, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        FREE.iter().map(|&call| (call, Vec::new())).collect();
    rules.extend(bound_to_arguments()?);
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Errno(libc::ENOSYS as u32),
        SeccompAction::Allow,
        std::env::consts::ARCH.try_into()?,
    )?;
    filter.try_into()
}

/// The calls whose arguments decide. Each condition is (argument, mask, value).
fn bound_to_arguments() -> Result<Vec<(i64, Vec<SeccompRule>)>, BackendError> {
    let own = u64::from(std::process::id());
    let bits = |mask: c_int| u64::from(mask.cast_unsigned());
    let masked = |call: c_long, argument: u8, mask: u64, value: u64| {
        let condition = SeccompCondition::new(argument, Dword, MaskedEq(mask), value)?;
        Ok::<_, BackendError>((call, vec![SeccompRule::new(vec![condition])?]))
    };
    let equal = |call: c_long, argument: u8, length, value: u64| {
        let condition = SeccompCondition::new(argument, length, Eq, value)?;
        Ok::<_, BackendError>((call, vec![SeccompRule::new(vec![condition])?]))
    };
    Ok(vec![
        masked(libc::SYS_openat, 2, bits(WRITING), 0)?,
        // Nothing that was data becomes code.
        masked(libc::SYS_mmap, 2, bits(libc::PROT_EXEC), 0)?,
        masked(libc::SYS_mprotect, 2, bits(libc::PROT_EXEC), 0)?,
        masked(libc::SYS_clone, 0, bits(THREAD | APART), bits(THREAD))?,
        // Limits can be asked for and not set: there is no new value.
        equal(libc::SYS_prlimit64, 2, Qword, 0)?,
        // Aborting is a signal to itself.
        equal(libc::SYS_tgkill, 0, Dword, own)?,
        // A thread may give itself a name, an affinity and a scheduling class.
        equal(libc::SYS_prctl, 0, Dword, bits(libc::PR_SET_NAME))?,
        equal(libc::SYS_sched_setaffinity, 0, Dword, 0)?,
        equal(libc::SYS_sched_setscheduler, 0, Dword, 0)?,
    ])
}
