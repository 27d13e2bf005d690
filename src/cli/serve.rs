//! `doubleblind serve`: everything that runs while the arena is open.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use actix_web::cookie::Key;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use super::store::{self, Store};
use super::{Outcome, say};
use crate::account::{self, Gate};
use crate::app::{self, Parts};
use crate::battle::{self, Hub, Ring};
use crate::config::{Settings, Site};
use crate::inference::{self, Engines};
use crate::journal::{self, Journal, JournalError};
use crate::pool::Policy;
use crate::{ranking, report, snapshot, validation};

/// What `serve` takes beside the settings.
#[derive(Args)]
pub(super) struct Arguments {
    /// Folder with the demo models; those found there join the pool
    #[arg(long, env = "DOUBLEBLIND_DEMO_MODELS", value_name = "DIR")]
    demo_models: Option<PathBuf>,
    #[command(flatten)]
    operator: super::operator::Arguments,
}

pub(super) async fn run(settings: Settings, arguments: Arguments) -> Outcome {
    let started = Instant::now();
    let listener = TcpListener::bind(settings.listen).map_err(|error| {
        format!("{} cannot be listened on: {error}; choose another --listen", settings.listen)
    })?;
    let store = store::open_for_server(&settings).await?;
    tracing::info!("database: {}", store.describe());
    let journal = open_journal(&settings, &store).await?;
    let host = battle::job::new_host()?;
    let hold_host = battle::job::hold_host(&store.pool, host).await?;
    battle::job::settle_interrupted(&store.pool, host).await?;
    import_sets(&settings, &store).await;
    let engines = Engines::default();
    let policy = Policy::default();
    let (boards, keep_fresh) = ranking::follow_votes(store.pool.clone(), policy.clone()).await?;
    let mut jobs = vec![tokio::spawn(keep_fresh), tokio::spawn(hold_host)];
    jobs.extend(start_jobs(&settings, (&store, &journal), &engines, arguments.demo_models)?);
    let (report, keep_reporting) = report::follow_boards(boards.clone());
    jobs.push(tokio::spawn(keep_reporting));
    let ring = Ring {
        db: store.pool.clone(),
        engines: engines.clone(),
        hub: Hub::default(),
        answering: settings.answering.clone(),
        limits: limits(&settings),
        journal,
        host,
        policy,
        languages: settings.languages.clone(),
    };
    jobs.push(tokio::spawn(battle::job::sweep(ring.clone())));
    if settings.store_answers {
        jobs.push(tokio::spawn(battle::stored::job::fill(ring.clone())));
    }
    let gate = Gate::new(settings.allowances, settings.trusted_proxies.clone())?;
    jobs.push(tokio::spawn(account::job::forget_idle(gate.clone())));
    let reader = snapshot::Reader::default();
    jobs.push(keep_taking(&ring, &reader));
    let site = Site { whereabouts: engines.whereabouts(), ..settings.site.clone() };
    jobs.extend(arguments.operator.open(&store.pool, (&ring.journal, &reader), &site)?);
    let parts = Parts {
        site,
        db: store.pool.clone(),
        ring,
        boards,
        reader,
        report,
        gate,
        session_key: session_key(&settings.data)?,
        secure_cookie: settings.secure_cookie,
    };
    let (server, handle) = open(parts, listener, started)?;
    let reason = wait_for_end(&store).await?;
    tracing::info!("closing: {reason}");
    handle.stop(true).await;
    let _ = server.await;
    close(jobs, &engines, store).await?;
    if reason == Reason::Signal { Ok(()) } else { Err("the database ended by itself".into()) }
}

type Serving = (JoinHandle<std::io::Result<()>>, actix_web::dev::ServerHandle);

fn open(parts: Parts, listener: TcpListener, started: Instant) -> std::io::Result<Serving> {
    let address = listener.local_addr()?;
    let server = app::serve(parts, listener)?;
    let handle = server.handle();
    let server = tokio::spawn(server);
    let ready_ms = started.elapsed().as_millis();
    say(&format!(
        "The arena is open at http://{address} (ready after {ready_ms} ms). Ctrl-C ends it."
    ));
    Ok((server, handle))
}

fn keep_taking(ring: &Ring, reader: &snapshot::Reader) -> JoinHandle<()> {
    let (db, journal) = (ring.db.clone(), ring.journal.clone());
    tokio::spawn(snapshot::job::keep_taking(db, journal, reader.clone()))
}

async fn open_journal(settings: &Settings, store: &Store) -> Result<Journal, JournalError> {
    let journal = Journal::open(&store.pool, &settings.data, settings.origin.as_deref()).await?;
    tracing::info!("log: {}", journal.verifier());
    Ok(journal)
}

fn limits(settings: &Settings) -> battle::Limits {
    battle::Limits {
        at_once: settings.battles_at_once as usize,
        waiting: settings.battles_waiting as usize,
        ..battle::Limits::default()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reason {
    Signal,
    Database,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Reason::Signal => "asked to",
            Reason::Database => "the private Postgres ended",
        })
    }
}

async fn wait_for_end(store: &Store) -> std::io::Result<Reason> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let database = async {
        match &store.cluster {
            Some(cluster) => tracing::error!("{}", cluster.ended().await),
            None => std::future::pending().await,
        }
    };
    Ok(tokio::select! {
        _ = interrupt.recv() => Reason::Signal,
        _ = terminate.recv() => Reason::Signal,
        _ = hang_up.recv() => Reason::Signal,
        () = database => Reason::Database,
    })
}

fn start_jobs(
    settings: &Settings,
    (store, journal): (&Store, &Journal),
    engines: &Engines,
    demo_models: Option<PathBuf>,
) -> sqlx::Result<Vec<JoinHandle<()>>> {
    let (pool, workers) = (store.pool.clone(), settings.workers.clone());
    let mut jobs = vec![
        tokio::spawn(inference::follow_pool(pool.clone(), engines.clone(), workers.clone())),
        tokio::spawn(journal::job::keep_signing(journal.clone(), pool.clone())),
        tokio::spawn(journal::job::keep_revealing(journal.clone(), pool.clone())),
    ];
    jobs.push(tokio::spawn(validation::recheck::keep_rechecking(pool.clone())));
    let keep_scrubbed =
        battle::erasure::job::keep_scrubbed(store.pool.clone(), store.owner_options()?);
    jobs.push(tokio::spawn(keep_scrubbed));
    if let Some(folder) = demo_models {
        jobs.push(tokio::spawn(async move {
            validation::demo::register(&pool, &workers, &folder).await;
        }));
    }
    Ok(jobs)
}

async fn import_sets(settings: &Settings, store: &Store) {
    match battle::sets::import_all(&store.pool, &settings.eval_sets).await {
        Ok(problems) => {
            for problem in problems {
                tracing::error!("evaluation set left as it was: {problem}");
            }
        }
        Err(error) => tracing::warn!("no evaluation sets: {error}"),
    }
}

async fn close(jobs: Vec<JoinHandle<()>>, engines: &Engines, store: Store) -> Outcome {
    for job in jobs {
        job.abort();
        let _ = job.await;
    }
    engines.clear();
    // Killed workers are reaped by the runtime; a moment is enough.
    tokio::time::sleep(Duration::from_millis(50)).await;
    store.close().await
}

/// The key that signs session cookies: made once, readable by the owner only. Two processes that start at once use
/// the same one.
fn session_key(data: &Path) -> Result<Key, Box<dyn std::error::Error + Send + Sync>> {
    use std::io::{ErrorKind, Write};
    use std::os::unix::fs::OpenOptionsExt;

    std::fs::create_dir_all(data)?;
    let path = data.join("session.key");
    let read = || match std::fs::read(&path) {
        Ok(bytes) => Key::try_from(bytes.as_slice()).map(Some).map_err(|error| error.to_string()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    };
    let there = || read().map_err(|error| format!("{}: {error}", path.display()));
    if let Some(key) = there()? {
        return Ok(key);
    }
    let key = Key::try_generate().ok_or("no randomness from the operating system")?;
    // Complete before it has its name: a full disk or a kill leaves no half of it.
    let draft = data.join(format!(".session.key.{}", hex::encode(rand::random::<[u8; 8]>())));
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = file.write_all(key.master()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| std::fs::hard_link(&draft, &path));
    std::fs::remove_file(&draft)?;
    match linked {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Ok(there()?.ok_or("the session key was removed at this moment")?)
        }
        Err(error) => Err(format!("{}: {error}", path.display()).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_key_is_the_same_for_all_who_start_at_once() {
        let folder = std::env::temp_dir().join(format!("session-key-{}", uuid::Uuid::new_v4()));
        let make = || session_key(&folder).unwrap().master().to_vec();

        let keys: Vec<Vec<u8>> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });

        assert!(keys.iter().all(|key| *key == keys[0]));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "a draft is left");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
