//! What the kernel's landlock keeps closed: all files but the model and facts about the processor.

use std::fs::File;

use landlock::{
    ABI, Access, AccessFs, AccessNet, LandlockStatus, PathBeneath, PathFd, PathFdError, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

/// What ggml and the OpenMP runtime read about the processor.
const PROCESSOR: [&str; 3] = ["/sys/devices/system/cpu", "/proc/cpuinfo", "/proc/meminfo"];
/// The rights of this version are asked for; an older kernel knows fewer.
const NEWEST: ABI = ABI::V6;

/// What landlock keeps closed now.
#[derive(Default)]
pub(super) struct Closed {
    /// Files and folders, since the first version.
    pub(super) files: bool,
    /// TCP, since version 4.
    pub(super) network: bool,
    /// Signals and abstract sockets of others, since version 6.
    pub(super) scope: bool,
}

/// Closes everything but reading the model and the processor's facts, for this thread and all
/// that it starts.
pub(super) fn close(model: &File) -> Result<Closed, RulesetError> {
    let read_file = AccessFs::ReadFile;
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?
        .add_rule(PathBeneath::new(model, read_file))?;
    for path in PROCESSOR {
        let Ok(place) = opened(path) else { continue };
        let rights =
            if path.starts_with("/sys") { read_file | AccessFs::ReadDir } else { read_file.into() };
        rules = rules.add_rule(PathBeneath::new(place, rights))?;
    }
    let status = rules.restrict_self()?;
    let LandlockStatus::Available { effective_abi, .. } = status.landlock else {
        return Ok(Closed::default());
    };
    let files = status.ruleset != RulesetStatus::NotEnforced;
    Ok(Closed {
        files,
        network: files && effective_abi >= ABI::V4,
        scope: files && effective_abi >= ABI::V6,
    })
}

/// A machine without the file has no facts of this kind to read.
fn opened(path: &str) -> Result<PathFd, PathFdError> {
    PathFd::new(path)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind::PermissionDenied;
    use std::net::{TcpListener, TcpStream};

    use rustix::process::{getppid, test_kill_process};

    use super::*;

    /// Landlock closes a thread, so the other tests of this process are not touched.
    #[test]
    fn files_network_and_signals_are_closed_by_landlock_alone() {
        let kept = File::open("/etc/hostname").or_else(|_| File::open("/etc/passwd")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let new = std::env::temp_dir().join("doubleblind-landlock");

        let tried = std::thread::spawn(move || {
            let closed = close(&kept).unwrap();
            let kind = |result: std::io::Result<()>| result.err().map(|error| error.kind());
            (
                closed,
                [
                    kind(File::open("/etc/group").map(drop)),
                    kind(File::create(&new).map(drop)),
                    kind(std::fs::read_dir("/").map(drop)),
                    kind(TcpStream::connect(address).map(drop)),
                    kind(TcpListener::bind("127.0.0.1:0").map(drop)),
                    kind(test_kill_process(getppid().unwrap()).map_err(Into::into)),
                ],
            )
        });
        let (closed, [group, create, list, connect, bind, kill]) = tried.join().unwrap();

        let denied = |active: bool| active.then_some(PermissionDenied);
        assert_eq!([group, create, list], [denied(closed.files); 3]);
        assert_eq!([connect, bind], [denied(closed.network); 2]);
        assert_eq!(kill, denied(closed.scope));
        assert!(closed.files, "this kernel has no landlock: the test shows nothing here");
    }
}
