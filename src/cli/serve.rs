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
use crate::{ranking, report, validation};

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
    battle::job::settle_interrupted(&store.pool).await?;
    import_sets(&settings, &store).await;
    let engines = Engines::default();
    let policy = Policy::default();
    let (boards, keep_fresh) = ranking::follow_votes(store.pool.clone(), policy.clone()).await?;
    let mut jobs = vec![tokio::spawn(keep_fresh), tokio::spawn(hold_host)];
    jobs.extend(start_jobs(&settings, (&store, &journal), &engines, arguments.demo_models));
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
    if settings.store_answers {
        jobs.push(tokio::spawn(battle::stored::job::fill(ring.clone())));
    }
    let gate = Gate::new(settings.allowances, settings.trusted_proxies.clone())?;
    jobs.push(tokio::spawn(account::job::forget_idle(gate.clone())));
    let site = Site { whereabouts: engines.whereabouts(), ..settings.site.clone() };
    jobs.extend(arguments.operator.open(&store.pool, &ring.journal, &site)?);
    let parts = Parts {
        site,
        db: store.pool.clone(),
        ring,
        boards,
        report,
        gate,
        session_key: session_key(&settings.data)?,
        secure_cookie: settings.secure_cookie,
    };
    let address = listener.local_addr()?;
    let server = app::serve(parts, listener)?;
    let handle = server.handle();
    let server = tokio::spawn(server);
    let ready_ms = started.elapsed().as_millis();
    say(&format!(
        "The arena is open at http://{address} (ready after {ready_ms} ms). Ctrl-C ends it."
    ));
    let reason = wait_for_end(&store).await?;
    tracing::info!("closing: {reason}");
    handle.stop(true).await;
    let _ = server.await;
    close(jobs, &engines, store).await?;
    if reason == Reason::Signal { Ok(()) } else { Err("the database ended by itself".into()) }
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
) -> Vec<JoinHandle<()>> {
    let (pool, workers) = (store.pool.clone(), settings.workers.clone());
    let mut jobs = vec![
        tokio::spawn(inference::follow_pool(pool.clone(), engines.clone(), workers.clone())),
        tokio::spawn(battle::job::sweep(pool.clone(), journal.clone())),
        tokio::spawn(journal::job::keep_signing(journal.clone(), pool.clone())),
        tokio::spawn(journal::job::keep_revealing(journal.clone(), pool.clone())),
    ];
    jobs.push(tokio::spawn(validation::recheck::keep_rechecking(pool.clone())));
    if let Some(folder) = demo_models {
        jobs.push(tokio::spawn(async move {
            validation::demo::register(&pool, &workers, &folder).await;
        }));
    }
    jobs
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

/// The key that signs session cookies: made once, readable by the owner only.
fn session_key(data: &Path) -> Result<Key, Box<dyn std::error::Error + Send + Sync>> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;

    std::fs::create_dir_all(data)?;
    let path = data.join("session.key");
    match std::fs::read(&path) {
        Ok(bytes) => return Ok(Key::try_from(bytes.as_slice()).map_err(|error| error.to_string())?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(format!("{}: {error}", path.display()).into()),
    }
    let key = Key::try_generate().ok_or("no randomness from the operating system")?;
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    file.write_all(key.master())?;
    file.sync_all()?;
    Ok(key)
}
