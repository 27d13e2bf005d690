//! The real server on a thread and a runtime of its own, so that a test may end it at any time.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::JoinHandle;

use actix_web::cookie::Key;
use doubleblind::account::Gate;
use doubleblind::app::{self, Parts};
use doubleblind::battle::{Hub, Limits, Ring};
use doubleblind::config::{Allowances, Answering, Site};
use doubleblind::inference::Engines;
use doubleblind::journal::Journal;
use doubleblind::kit::language::Languages;
use doubleblind::pool::Policy;
use doubleblind::ranking::{self, Boards};
use doubleblind::report::Current;
use sqlx::postgres::PgPoolOptions;
use tokio::sync::oneshot;

/// More than any test opens; `battle/limits.rs` tests the limits themselves.
pub(super) const MANY: Limits =
    Limits { at_once: 10_000, waiting: 0, voter_writing: 10_000, voter_waiting: 0 };

/// Signs cookies in all tests; secret to nobody.
const KEY: [u8; 64] = [7; 64];

/// A serving arena.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) boards: Boards,
    pub(super) hub: Hub,
    pub(super) policy: Policy,
    pub(super) journal: Journal,
    pub(super) gate: Gate,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Started {
    address: SocketAddr,
    boards: Boards,
    hub: Hub,
    policy: Policy,
    journal: Journal,
    gate: Gate,
}

impl Server {
    pub(super) fn start(
        (url, data): (&str, &Path),
        engines: &Engines,
        answering: &Answering,
        (limits, allowances): (Limits, Allowances),
    ) -> Self {
        let (report, started) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let (url, data) = (url.to_owned(), data.to_owned());
        let (engines, answering) = (engines.clone(), answering.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(run(
                (url, data),
                engines,
                (answering, limits, allowances),
                report,
                stopped,
            ));
        });
        let Started { address, boards, hub, policy, journal, gate } =
            started.recv().expect("the server did not start");
        let (stop, thread) = (Some(stop), Some(thread));
        Self { address, boards, hub, policy, journal, gate, stop, thread }
    }

    /// Ends the server without waiting for anything it does.
    pub(super) fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the server's thread panicked");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn run(
    (url, data): (String, PathBuf),
    engines: Engines,
    (answering, limits, allowances): (Answering, Limits, Allowances),
    report: mpsc::Sender<Started>,
    stopped: oneshot::Receiver<()>,
) {
    let db = PgPoolOptions::new().max_connections(6).connect(&url).await.unwrap();
    let journal = Journal::open(&db, &data, Some("arena.test")).await.unwrap();
    let policy = Policy::default();
    let (boards, keep_fresh) = ranking::follow_votes(db.clone(), policy.clone()).await.unwrap();
    let keep_fresh = tokio::spawn(keep_fresh);
    let hub = Hub::default();
    let gate = Gate::new(allowances, vec!["127.0.0.1".parse().unwrap()]).unwrap();
    let parts = Parts {
        site: Site {
            name: "Test arena".to_owned(),
            assets: "0".to_owned(),
            whereabouts: engines.whereabouts(),
        },
        db: db.clone(),
        ring: Ring {
            db,
            engines,
            hub: hub.clone(),
            answering,
            limits,
            journal: journal.clone(),
            host: 0,
            policy: policy.clone(),
            languages: Languages::default(),
        },
        boards: boards.clone(),
        reader: doubleblind::snapshot::Reader::default(),
        report: Current::none(),
        gate: gate.clone(),
        session_key: Key::from(&KEY),
        secure_cookie: false,
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = app::serve(parts, listener).unwrap();
    let handle = server.handle();
    let server = tokio::spawn(server);
    report.send(Started { address, boards, hub, policy, journal, gate }).unwrap();
    // The sender is never used: it is dropped.
    let _ = stopped.await;
    keep_fresh.abort();
    handle.stop(false).await;
    let _ = server.await;
}
