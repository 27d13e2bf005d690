//! Workers that fail in every way: what voters see, how soon the worker is back, and quarantine.
#![cfg(test)]

mod kills;
mod quarantine;

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arena_core::confinement::Level;
use arena_core::ids::ModelId;
use doubleblind::battle::pages::NEUTRAL;
use doubleblind::config::Workers;
use doubleblind::inference::{Engine, LocalWorker, ModelFile, WorkerError};
use doubleblind::pool::{self, GgufFile, Model, Source};

use crate::arena::{Scripted, TestArena, eventually, model, weights};
use crate::process;

/// A worker that owes text may say nothing for this long.
const SILENT_AFTER: Duration = Duration::from_millis(800);
/// Longest time from a question to the neutral sentence; the answer's own deadline is a minute.
const SOON: Duration = Duration::from_secs(8);

/// The worker program of tests, which misbehaves as its name says.
fn workers(mode: &str) -> (tempdir::Folder, Workers) {
    let folder = tempdir::Folder::new();
    let program = folder.0.join(mode);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/faults/worker.sh");
    symlink(script, &program).unwrap();
    (folder, Workers { silent_after: SILENT_AFTER, ..Workers::running(program) })
}

mod tempdir {
    //! A folder that is removed with its test.

    use std::sync::atomic::{AtomicUsize, Ordering};

    static NEXT: AtomicUsize = AtomicUsize::new(0);

    pub(super) struct Folder(pub(super) std::path::PathBuf);

    impl Folder {
        pub(super) fn new() -> Self {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("doubleblind-faults-{}-{number}", std::process::id());
            let path = std::env::temp_dir().join(name);
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

fn file() -> ModelFile {
    let path: PathBuf = process::model();
    let found = path.metadata().unwrap();
    ModelFile { size_bytes: found.len(), modified_at: found.modified().unwrap().into(), path }
}

/// A model of the pool whose file passes the check before a start.
fn on_disk(name: &str) -> Model {
    let file = file();
    Model {
        source: Source::File(GgufFile {
            path: file.path,
            size_bytes: i64::try_from(file.size_bytes).unwrap(),
            modified_at: file.modified_at,
            ..weights(name)
        }),
        ..model(name)
    }
}

/// Adds Aster, run by this worker, and Birch, who answers well.
async fn play_against(worker: Arc<LocalWorker>) -> (TestArena, ModelId) {
    let arena = TestArena::open().await;
    let aster = model("Aster");
    pool::add(&mut arena.db().acquire().await.unwrap(), &aster).await.unwrap();
    arena.engines.put(aster.id, worker);
    arena.join(model("Birch"), &Scripted::saying("a good text")).await;
    (arena, aster.id)
}

fn is_alive(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(" Z"))
}

/// One battle against a worker that fails in one way.
async fn fails_neutrally(mode: &str, class: &str, lives: bool) {
    let (_folder, workers) = workers(mode);
    let worker = Arc::new(LocalWorker::start("Aster", file(), None, &workers));
    let process = worker.wait_ready().await.unwrap().process_id.unwrap();
    let (arena, aster) = play_against(Arc::clone(&worker)).await;
    let voter = arena.voter();
    let asked = Instant::now();

    let id = voter.asks("What is a comet?").await;
    arena.when(&id, "failed").await;
    let took = asked.elapsed();
    let page = voter.looks_at(&id).await;

    assert!(took < SOON, "{mode}: {took:?}");
    assert!(page.matches(NEUTRAL).count() >= 2, "{mode}: {page}");
    for word in
        ["Aster", "good text", "half an answer", "and so on", class, "worker", "name=\"verdict\""]
    {
        assert!(!page.contains(word), "{mode}: {word} in {page}");
    }
    let failed: Vec<_> =
        arena.answers(&id).await.into_iter().filter(|answer| answer.failure.is_some()).collect();
    assert_eq!(failed.len(), 1, "{mode}");
    assert_eq!(
        (failed[0].model_id, failed[0].failure.as_deref()),
        (aster.0, Some(class)),
        "{mode}"
    );
    if lives {
        return;
    }
    let next = eventually("another worker is ready", async || {
        worker.readiness().and_then(|ready| ready.process_id).filter(|&next| next != process)
    })
    .await;
    assert!(is_alive(next) && !is_alive(process), "{mode}: the old process is still there");
}

#[tokio::test]
async fn a_worker_that_dies_is_a_neutral_sentence_and_soon_back() {
    fails_neutrally("dies", "worker_died", false).await;
    fails_neutrally("halfway", "worker_died", false).await;
}

#[tokio::test]
async fn a_worker_that_falls_silent_or_is_stopped_is_killed_and_soon_back() {
    fails_neutrally("silent", "worker_died", false).await;
    fails_neutrally("stops", "worker_died", false).await;
}

#[tokio::test]
async fn a_worker_that_writes_for_ever_is_cut_off_and_started_again() {
    fails_neutrally("endless", "decode", false).await;
    fails_neutrally("lineless", "worker_died", false).await;
}

#[tokio::test]
async fn a_worker_that_breaks_the_protocol_is_not_listened_to_any_more() {
    fails_neutrally("invalid", "worker_died", false).await;
    fails_neutrally("garbage", "worker_died", false).await;
}

#[tokio::test]
async fn an_answer_of_no_numbers_fails_alone_and_its_worker_lives_on() {
    fails_neutrally("decode", "decode", true).await;
}

#[tokio::test]
async fn a_worker_that_has_not_locked_itself_in_is_refused_with_a_sentence() {
    let (_folder, strict) = workers("unconfined");
    let lax = Workers { sandbox: Level::None, ..strict.clone() };

    let refused = LocalWorker::start("strict", file(), None, &strict).wait_ready().await;
    let accepted = LocalWorker::start("lax", file(), None, &lax).wait_ready().await;

    let error = refused.unwrap_err();
    assert!(matches!(error, WorkerError::Unconfined(_)), "{error:?}");
    assert!(error.to_string().contains("`full` is required: missing are "), "{error}");
    assert!(accepted.is_ok(), "{accepted:?}");
}
