//! Processes of an arena: found below its own, and killed.

use std::collections::HashMap;
use std::process::{Command, Stdio};

/// One process and what it was started as.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    pub(crate) command: String,
}

/// All processes below one; those that have ended and wait for their parents are left out.
pub(crate) fn below(root: i32) -> Vec<Process> {
    let mut parents = HashMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<i32>() else { continue };
        if let Some(parent) = parent_of(pid) {
            parents.insert(pid, parent);
        }
    }
    let is_below = |mut pid: i32| {
        while let Some(&parent) = parents.get(&pid) {
            if parent == root {
                return true;
            }
            pid = parent;
        }
        false
    };
    let found = parents.iter().filter(|(pid, _)| is_below(**pid));
    let mut found: Vec<Process> =
        found.map(|(&pid, &parent)| Process { pid, parent, command: command_line(pid) }).collect();
    // The order of a hash map would make choices differ from run to run.
    found.sort_by_key(|process| process.pid);
    found
}

/// The parent of a process that has not ended.
fn parent_of(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit(')').next()?.split_whitespace();
    let state = fields.next()?;
    fields.next()?.parse().ok().filter(|_| state != "Z")
}

fn command_line(pid: i32) -> String {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}

/// Sends a signal by name; false if the process is gone.
pub(crate) fn send(pid: i32, signal: &str) -> bool {
    let mut command = Command::new("kill");
    command.args([format!("-{signal}"), pid.to_string()]).stderr(Stdio::null());
    pid > 1 && command.status().is_ok_and(|status| status.success())
}

/// The process of a Postgres that takes connections.
pub(crate) fn postmaster(processes: &[Process]) -> Option<&Process> {
    processes.iter().find(|process| {
        let program = process.command.split(' ').next().unwrap_or_default();
        program.ends_with("postgres") && process.command.contains(" -D ")
    })
}

/// The processes that a Postgres has for connections and for itself.
pub(crate) fn backends(processes: &[Process]) -> Vec<&Process> {
    let Some(postmaster) = postmaster(processes) else { return Vec::new() };
    processes.iter().filter(|process| process.parent == postmaster.pid).collect()
}
