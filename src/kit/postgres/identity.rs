//! Which user runs PostgreSQL, which refuses to run as root.
//!
//! Not root: as me. Root: the owner of an existing data folder, else `postgres`, else `nobody`.
//! Last a user namespace, in which root's own files look like another user's: it needs no other
//! user and works under a folder that only root may enter, but the server keeps root's rights to
//! files. Each candidate is tried before it is taken.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::spawn::{self, IdMap};
use super::{ClusterError, output};

const PROBE_LIMIT: Duration = Duration::from_secs(20);
const NOBODY: (u32, u32) = (65534, 65534);

/// The user that runs initdb and the server.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    name: String,
    /// User and group to change to; `None` keeps those of this process.
    switch: Option<(u32, u32)>,
    namespace: Option<IdMap>,
}

impl Identity {
    fn myself() -> Self {
        Self { name: "this user".into(), switch: None, namespace: None }
    }

    fn user(name: &str, ids: (u32, u32)) -> Self {
        Self { name: format!("user {name}"), switch: Some(ids), namespace: None }
    }

    /// A namespace in which `base`'s files seem to belong to a user with a name, which initdb asks
    /// for; `nobody` where there is one.
    fn namespace(base: Self) -> Self {
        let outside = base.owner();
        let inside = passwd_ids(|name, uid| name == "nobody" && uid != 0)
            .or_else(|| passwd_ids(|_, uid| uid != 0))
            .unwrap_or(NOBODY);
        Self {
            name: format!("{} in a user namespace", base.name),
            namespace: Some(IdMap { outside, inside }),
            ..base
        }
    }

    /// User and group that own the server's files, as seen from this process.
    pub(super) fn owner(&self) -> (u32, u32) {
        self.switch.unwrap_or_else(spawn::own_ids)
    }

    /// How a log line names this identity.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A command that runs `program` in `folder` as this identity, with a minimal environment: no
    /// secrets of the application, no PG* variable, no locale that the machine may lack.
    pub(super) fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C").env("TZ", "UTC");
        for name in ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        // A group of its own: Ctrl-C in the terminal reaches the application, which then stops
        // the server when it has finished its work.
        command.current_dir(folder).stdin(Stdio::null()).process_group(0);
        if let Some((uid, gid)) = self.switch {
            command.uid(uid).gid(gid);
        }
        if let Some(map) = self.namespace {
            spawn::enter_namespace(&mut command, map);
        }
        command
    }

    /// Tries whether this identity has a name, can write to `folder`, and can run `postgres`.
    async fn probe(&self, postgres: &Path, folder: &Path) -> Result<(), String> {
        const SCRIPT: &str = "test -w . || { echo 'the folder is not writable' >&2; exit 1; }
            id -un >/dev/null && exec \"$0\" --version";
        let mut command = self.command(Path::new("/bin/sh"), folder);
        command.arg("-c").arg(SCRIPT).arg(postgres);
        output(command, PROBE_LIMIT).await.map(drop)
    }

    /// Whether this identity can create files in `folder`.
    pub(super) async fn can_write(&self, folder: &Path) -> bool {
        let mut command = self.command(Path::new("/bin/sh"), folder);
        command.arg("-c").arg("test -w .");
        output(command, PROBE_LIMIT).await.is_ok()
    }

    /// Finds the identity that can use an existing cluster: PostgreSQL insists on its owner.
    pub(super) async fn of_existing(postgres: &Path, folder: &Path) -> Result<Self, ClusterError> {
        let owner = fs::metadata(folder)
            .map(|metadata| (metadata.uid(), metadata.gid()))
            .map_err(|e| ClusterError::folder("reading", folder, e))?;
        choose(candidates(Some(owner)), postgres, folder, |_| Ok(())).await
    }

    /// Finds an identity for a new cluster, and gives it the empty `folder`.
    pub(super) async fn for_new(postgres: &Path, folder: &Path) -> Result<Self, ClusterError> {
        let give = |(uid, gid)| {
            chown(folder, Some(uid), Some(gid))
                .map_err(|e| ClusterError::folder("giving away", folder, e))
        };
        choose(candidates(None), postgres, folder, give).await
    }
}

fn candidates(owner: Option<(u32, u32)>) -> Vec<Identity> {
    let mut plain = Vec::new();
    let mut last_resort = Identity::myself();
    if spawn::own_ids().0 != 0 {
        plain.push(Identity::myself());
    } else {
        match owner {
            Some((0, _)) => {}
            Some(ids) => {
                let name = passwd_find(|name, uid, _| (uid == ids.0).then(|| name.to_owned()));
                let user = Identity::user(&name.unwrap_or_else(|| ids.0.to_string()), ids);
                last_resort = user.clone();
                plain.push(user);
            }
            None => {
                for name in ["postgres", "nobody"] {
                    if let Some(ids) = passwd_ids(|n, uid| n == name && uid != 0) {
                        plain.push(Identity::user(name, ids));
                    }
                }
            }
        }
    }
    if cfg!(target_os = "linux") {
        plain.push(Identity::namespace(last_resort));
    }
    plain
}

async fn choose(
    candidates: Vec<Identity>,
    postgres: &Path,
    folder: &Path,
    prepare: impl Fn((u32, u32)) -> Result<(), ClusterError>,
) -> Result<Identity, ClusterError> {
    let mut tried = Vec::new();
    for identity in candidates {
        prepare(identity.owner())?;
        match identity.probe(postgres, folder).await {
            Ok(()) => return Ok(identity),
            Err(reason) => tried.push(format!("{}: {}", identity.name, reason.trim())),
        }
    }
    Err(ClusterError::NoIdentity { folder: PathBuf::from(folder), tried: tried.join("; ") })
}

fn passwd_ids(fits: impl Fn(&str, u32) -> bool) -> Option<(u32, u32)> {
    passwd_find(|name, uid, gid| fits(name, uid).then_some((uid, gid)))
}

/// The first answer to name, user and group in a line of /etc/passwd. Users from elsewhere (LDAP)
/// are never chosen to run the server, so the file is enough.
fn passwd_find<T>(answer: impl Fn(&str, u32, u32) -> Option<T>) -> Option<T> {
    let text = fs::read_to_string("/etc/passwd").ok()?;
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        answer(name, uid, gid)
    })
}
