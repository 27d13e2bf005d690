//! The worker locks itself in: a model file is a stranger's program for a large C++ interpreter.
//!
//! What lives here runs once, before llama.cpp sees the file and before a second thread exists.
//! Every layer is tried; what could not be had is missing in the report and nothing else. Whether
//! the report suffices is the caller's to decide.

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod limits;

use std::fs::File;

use arena_core::confinement::Confinement;

/// Locks the whole process in for good.
///
/// Input: the one file that may still be opened, and the most address space in bytes.
/// Output: the layers that are active. A layer that failed says why on stderr.
#[cfg(target_os = "linux")]
pub(crate) fn lock_in(model: &File, memory_bytes: Option<u64>) -> Confinement {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};

    let mut confinement = Confinement {
        limits: noted("limits", limits::set()),
        memory: memory_bytes.is_some_and(|bytes| noted("memory", limits::bound_memory(bytes))),
        undumpable: noted("dumpable", set_dumpable_behavior(DumpableBehavior::NotDumpable)),
        no_new_privileges: noted("privileges", rustix::thread::set_no_new_privs(true)),
        ..Confinement::default()
    };
    match files::close(model) {
        Ok(closed) => {
            confinement.files = closed.files;
            confinement.network = closed.network;
            confinement.scope = closed.scope;
        }
        Err(error) => eprintln!("arena-worker: landlock: {error}"),
    }
    // Last, because the layers above need calls that end here.
    confinement.system_calls = noted("system calls", calls::restrict());
    confinement
}

/// No other system has a sandbox here; the report says so.
#[cfg(not(target_os = "linux"))]
pub(crate) fn lock_in(_model: &File, _memory_bytes: Option<u64>) -> Confinement {
    Confinement::default()
}

#[cfg(target_os = "linux")]
fn noted<E: std::fmt::Display>(layer: &str, result: Result<(), E>) -> bool {
    if let Err(error) = &result {
        eprintln!("arena-worker: {layer}: {error}");
    }
    result.is_ok()
}
