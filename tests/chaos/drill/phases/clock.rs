//! A clock that jumps while the arena runs: libfaketime stands between the programs and the system, and reads from a
//! file by how much to lie. Once application and Postgres jump together, once the application alone.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use sqlx::{Connection as _, PgConnection};

use super::super::app::App;
use super::super::arena::{Arena, Database};
use super::super::place::Place;
use super::super::voter::Manners;
use super::super::{Options, Outcome};
use super::VOTERS;

/// Jumps as libfaketime writes them, and whether the application is started again after one.
const JUMPS: [(&str, bool); 10] = [
    ("+2h", false),
    ("-3h", false),
    ("+26h", false),
    ("+0", false),
    ("+3d", true),
    ("-1d", false),
    ("+0", true),
    ("+40d", false),
    ("-10d", true),
    ("+0", false),
];
const A_WHILE: Duration = Duration::from_secs(4);
const KEYS_WITHIN: Duration = Duration::from_secs(33);
/// Less than the largest jump.
const LEAST_DAYS: i64 = 39;

/// Runs the drill twice; without the library it is told.
pub(crate) async fn run(options: Options) -> Result<Vec<Outcome>> {
    let Some(library) = library() else {
        let why = "libfaketime is not installed (apt-get install faketime)";
        return Ok(vec![Outcome::not_run("clock jumps", why)]);
    };
    Ok(vec![together(options, &library).await?, alone(options, &library).await?])
}

fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten();
    let mut found = folders.map(|it| it.path().join("faketime/libfaketimeMT.so.1"));
    found.find(|path| path.is_file())
}

/// What makes a program read its clock from a file. Only the time of day jumps: what measures durations does not.
fn environment(library: &Path, file: &Path) -> Vec<(&'static str, OsString)> {
    vec![
        ("LD_PRELOAD", library.into()),
        ("FAKETIME_TIMESTAMP_FILE", file.into()),
        ("FAKETIME_CACHE_DURATION", "1".into()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
    ]
}

/// A folder with Postgres programs of which the server's clock is the file's.
fn programs(place: &Place, library: &Path, file: &Path) -> Result<PathBuf> {
    let real = std::env::var_os("DOUBLEBLIND_PG_BIN").map(PathBuf::from).or_else(installed);
    let real = real.context("Postgres programs below /usr/lib/postgresql")?;
    let folder = place.root().join("programs");
    std::fs::create_dir_all(&folder)?;
    std::os::unix::fs::symlink(real.join("initdb"), folder.join("initdb"))?;
    let mut script = "#!/bin/sh\n".to_owned();
    for (name, value) in environment(library, file) {
        script += &format!("export {name}='{}'\n", value.to_string_lossy());
    }
    script += &format!("exec '{}' \"$@\"\n", real.join("postgres").display());
    let program = folder.join("postgres");
    std::fs::write(&program, script)?;
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))?;
    Ok(folder)
}

fn installed() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    versions.map(|it| it.path().join("bin")).filter(|it| it.join("initdb").is_file()).max()
}

/// Application and Postgres share the clock that jumps, as on one machine.
async fn together(options: Options, library: &Path) -> Result<Outcome> {
    let place = Place::new("clock")?;
    let file = place.root().join("clock");
    set(&file, "+0")?;
    let mut settings = environment(library, &file);
    let programs = programs(&place, library, &file)?;
    settings.push(("DOUBLEBLIND_PG_BIN", programs.into()));
    let app = App::new(&place, "app", &settings)?;
    let arena = Arena::open(place, vec![app], Database::Private, options.seed).await?;
    jump(arena, &file, "clock jumps, one machine").await
}

/// The application's clock jumps, that of its database does not, as on two machines.
async fn alone(options: Options, library: &Path) -> Result<Outcome> {
    let place = Place::new("clocks")?;
    let cluster = super::cluster(&place).await?;
    let file = place.root().join("clock");
    set(&file, "+0")?;
    let mut settings = environment(library, &file);
    settings.extend(super::addresses(&cluster));
    let app = App::new(&place, "app", &settings)?;
    let arena = Arena::open(place, vec![app], Database::At(cluster.url()), options.seed).await?;
    let outcome = jump(arena, &file, "clock jumps, two machines").await?;
    cluster.stop().await?;
    Ok(outcome)
}

/// A reader sees the old offset or the new one.
fn set(file: &Path, offset: &str) -> Result<()> {
    let draft = file.with_extension("next");
    std::fs::write(&draft, format!("{offset}\n"))?;
    Ok(std::fs::rename(draft, file)?)
}

async fn jump(mut arena: Arena, file: &Path, phase: &str) -> Result<Outcome> {
    let jumps = async |arena: &mut Arena| {
        for (offset, again) in JUMPS {
            set(file, offset)?;
            if again {
                arena.apps[0].kill();
                arena.until_open().await?;
            }
            tokio::time::sleep(A_WHILE).await;
        }
        Ok(())
    };
    arena.under_load(VOTERS, Manners::Usual, jumps).await?;
    // Keys of days that are over are shown every 30 seconds.
    tokio::time::sleep(KEYS_WITHIN).await;
    let span = days_of_leaves(&arena).await?;
    ensure!(span >= LEAST_DAYS, "the clock did not jump: leaves span {span} days");
    let offsets: Vec<&str> = JUMPS.iter().map(|(offset, _)| *offset).collect();
    let outcome = arena.examine(phase, format!("{} jumps", JUMPS.len())).await;
    let mut outcome = outcome?;
    outcome.notes.push(format!(
        "the clock stood at {}; times of leaves span {span} days",
        offsets.join(", ")
    ));
    arena.close().await?;
    tidy_up();
    Ok(outcome)
}

/// Whether programs have believed it: the days between the first leaf and the last.
async fn days_of_leaves(arena: &Arena) -> Result<i64> {
    let mut db = PgConnection::connect(&arena.url().await?).await?;
    let span = "select (max(t) - min(t)) / 86400 from (
         select (convert_from(body, 'UTF8')::jsonb ->> 't')::bigint as t from log_leaves) as times";
    let days = sqlx::query_scalar(span).fetch_one(&mut db).await?;
    db.close().await?;
    Ok(days)
}

/// What libfaketime leaves behind of programs that were killed.
fn tidy_up() {
    for entry in std::fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let number = name.rsplit('_').next().unwrap_or_default();
        let gone = !Path::new("/proc").join(number).exists();
        if gone && (name.starts_with("faketime_shm_") || name.starts_with("sem.faketime_sem_")) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
