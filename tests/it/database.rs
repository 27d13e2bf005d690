//! A database of its own for every test that asks for one, in a cluster that all tests of this
//! process share. Nothing here is durable, and no test waits for another.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests, and the attack suite that includes this file"
)]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use doubleblind::MIGRATOR;
use doubleblind::kit::postgres::{
    Cluster, Durability, OWNER_ROLE, Options, SERVING_ROLE, grant_serving,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool};
use tokio::sync::{mpsc as requests, oneshot};

/// How many test processes may run at once on one machine.
const SLOTS: u32 = 64;
/// Postgres adds up to 16 MB of log a segment; below this a small tmpfs would fill up.
const FREE_KILOBYTES: u64 = 1 << 20;
const DROP_LIMIT: Duration = Duration::from_secs(30);
/// The advisory lock under which test processes that share a server make the template. The other
/// locks are run numbers, which are positive.
const TEMPLATE_LOCK: i64 = -1;

/// Makes a database with the current schema and no rows. It is dropped with the returned value.
pub(crate) async fn database() -> TestDatabase {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let server = SERVER.get_or_init(Server::start);
    let (reply, name) = oneshot::channel();
    server.requests.send(Request::Create(reply)).unwrap();
    let name = name.await.expect("the thread of the test server ended");
    let options = server.app.clone().database(&name);
    let pool = PgPoolOptions::new().max_connections(8).connect_lazy_with(options.clone());
    TestDatabase { name, options, pool, requests: server.requests.clone() }
}

/// One test's database.
pub(crate) struct TestDatabase {
    name: String,
    options: PgConnectOptions,
    pool: PgPool,
    requests: requests::UnboundedSender<Request>,
}

impl TestDatabase {
    /// Connections of the application's role, which owns the database and is no superuser.
    pub(crate) fn pool(&self) -> PgPool {
        self.pool.clone()
    }

    /// The connection URL of the role that serves; on a server that somebody named, that of the owner.
    pub(crate) fn serving_url(&self) -> String {
        if self.options.get_username() != OWNER_ROLE {
            return self.url();
        }
        self.options.clone().username(SERVING_ROLE).to_url_lossy().to_string()
    }

    /// The connection URL of the same role.
    pub(crate) fn url(&self) -> String {
        self.options.to_url_lossy().to_string()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (reply, dropped) = mpsc::channel();
        // What cannot be dropped now is dropped by the next run.
        if self.requests.send(Request::Drop(self.name.clone(), reply)).is_ok() {
            let _ = dropped.recv_timeout(DROP_LIMIT);
        }
    }
}

enum Request {
    Create(oneshot::Sender<String>),
    Drop(String, mpsc::Sender<()>),
}

/// The server that all tests of this process share.
struct Server {
    requests: requests::UnboundedSender<Request>,
    app: PgConnectOptions,
}

impl Server {
    /// Starts the thread that owns the server. Tests have a runtime each, which ends with the
    /// test; this one lives as long as the process, and the cluster ends with it.
    fn start() -> Self {
        let (requests, incoming) = requests::unbounded_channel();
        let (report, ready) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let mut template = Template::prepare().await;
                report.send(template.app.clone()).unwrap();
                template.serve(incoming).await;
            });
        });
        Self { requests, app: ready.recv().expect("the test server did not start") }
    }
}

/// A migrated database, and the connection that copies it.
struct Template {
    admin: PgConnection,
    app: PgConnectOptions,
    /// The role that owns the databases.
    owner: String,
    name: String,
    /// Distinguishes the databases of this process from those of others on the same server.
    run: i64,
    _cluster: Option<(Cluster, File)>,
}

impl Template {
    async fn prepare() -> Self {
        let (cluster, admin_url, app_url) = match std::env::var("TEST_DATABASE_URL") {
            Ok(url) => (None, url.clone(), url),
            Err(_) => {
                let (cluster, slot) = start_cluster().await;
                let urls = (cluster.admin_url("postgres"), cluster.url());
                (Some((cluster, slot)), urls.0, urls.1)
            }
        };
        let app: PgConnectOptions = app_url.parse().unwrap();
        let admin: PgConnectOptions = admin_url.parse().unwrap();
        let mut admin = admin.disable_statement_logging().connect().await.unwrap();
        let owner = match cluster {
            Some(_) => OWNER_ROLE.to_owned(),
            None => {
                sqlx::query_scalar("select current_user::text").fetch_one(&mut admin).await.unwrap()
            }
        };
        let run = i64::from(std::process::id()) << 32 | i64::from(subsecond_nanos());
        let name = format!("tmpl_{}", migrations_digest());
        let mut template = Self { admin, app, owner, name, run, _cluster: cluster };
        template.lock("select pg_advisory_lock($1)", run).await;
        template.drop_leftovers().await;
        template.lock("select pg_advisory_lock($1)", TEMPLATE_LOCK).await;
        template.build().await;
        template.lock("select pg_advisory_unlock($1)", TEMPLATE_LOCK).await;
        template
    }

    /// Migrates a database under another name first, so that a killed run leaves no half template.
    async fn build(&mut self) {
        let older = self.databases("tmpl\\_%").await;
        if older.contains(&self.name) {
            return;
        }
        for name in older {
            // Another checkout may be copying it right now.
            let _ = self.try_execute(format!("drop database if exists {name}")).await;
        }
        let unfinished = format!("{}_new", self.name);
        self.execute(format!("create database {unfinished} owner {}", self.owner)).await;
        let mut db = self.app.clone().database(&unfinished).connect().await.unwrap();
        MIGRATOR.run(&mut db).await.unwrap();
        if self._cluster.is_some() {
            grant_serving(&mut db, SERVING_ROLE).await.unwrap();
        }
        db.close().await.unwrap();
        self.execute(format!("alter database {unfinished} rename to {}", self.name)).await;
    }

    /// Drops the databases of runs that are over: those whose lock is free.
    async fn drop_leftovers(&mut self) {
        for name in self.databases("t\\_%\\_%").await {
            let Some(run) = name.split('_').nth(1).and_then(|run| run.parse::<i64>().ok()) else {
                continue;
            };
            if run != self.run && self.lock("select pg_try_advisory_lock($1)", run).await {
                self.execute(format!("drop database if exists {name} with (force)")).await;
                self.lock("select pg_advisory_unlock($1)", run).await;
            }
        }
    }

    async fn serve(&mut self, mut incoming: requests::UnboundedReceiver<Request>) {
        let mut count = 0;
        while let Some(request) = incoming.recv().await {
            match request {
                Request::Create(reply) => {
                    count += 1;
                    let name = format!("t_{}_{count}", self.run);
                    let (template, owner) = (&self.name, &self.owner);
                    let sql = format!("create database {name} template {template} owner {owner}");
                    self.execute(sql).await;
                    // A test that was cancelled meanwhile leaves its database to the next run.
                    let _ = reply.send(name);
                }
                Request::Drop(name, reply) => {
                    self.end_sessions(&name).await;
                    self.execute(format!("drop database if exists {name} with (force)")).await;
                    let _ = reply.send(());
                }
            }
        }
    }

    /// Dropping by force alone would do, but it looks only every 100 ms whether sessions are gone.
    async fn end_sessions(&mut self, database: &str) {
        let end =
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = $1";
        for _ in 0..100 {
            let rest = sqlx::query_scalar(end).bind(database).fetch_one(&mut self.admin).await;
            if rest.unwrap_or(0_i64) == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn databases(&mut self, like: &str) -> Vec<String> {
        sqlx::query_scalar("select datname::text from pg_database where datname like $1")
            .bind(like)
            .fetch_all(&mut self.admin)
            .await
            .unwrap()
    }

    /// Runs one of the functions for advisory locks; whether the lock was taken, if it says so.
    async fn lock(&mut self, sql: &'static str, key: i64) -> bool {
        let row = sqlx::query(sql).bind(key).fetch_one(&mut self.admin).await.unwrap();
        sqlx::Row::try_get(&row, 0).unwrap_or(true)
    }

    async fn execute(&mut self, sql: String) {
        self.try_execute(sql).await.unwrap();
    }

    /// Names of databases and roles cannot be parameters; these are made here, of safe letters.
    async fn try_execute(&mut self, sql: String) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.admin).await.map(drop)
    }
}

/// Starts the cluster of the first free slot. Its folder stays, so initdb is paid once a machine.
async fn start_cluster() -> (Cluster, File) {
    let base = base_folder();
    for slot in 0..SLOTS {
        let data_dir = base.join(format!("doubleblind-test-{slot}"));
        // A folder of another user is no slot for us.
        if fs::create_dir_all(&data_dir).is_err() {
            continue;
        }
        let Ok(lock) = File::create(data_dir.join("slot")) else { continue };
        if lock.try_lock().is_ok() {
            return (start_in(data_dir).await, lock);
        }
    }
    panic!("no free folder for a test cluster in {}", base.display());
}

async fn start_in(data_dir: PathBuf) -> Cluster {
    let options = Options {
        data_dir: data_dir.clone(),
        binaries: std::env::var_os("DOUBLEBLIND_PG_BIN").map(PathBuf::from),
        durability: Durability::Throwaway,
        fetch: true,
    };
    match Cluster::start(&options).await {
        Ok(cluster) => cluster,
        Err(first) => {
            assert!(data_dir.join("pg").exists(), "{first}");
            // Without fsync a power cut, and with a new major version anything, spoils the data.
            eprintln!("the test cluster is made anew: {first}");
            fs::remove_dir_all(data_dir.join("pg")).unwrap();
            Cluster::start(&options).await.unwrap()
        }
    }
}

fn base_folder() -> PathBuf {
    memory_folder().unwrap_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")))
}

/// A folder in memory, where the machine has one that is large enough.
pub(crate) fn memory_folder() -> Option<PathBuf> {
    let folder = PathBuf::from("/dev/shm");
    free_kilobytes(&folder).is_some_and(|free| free > FREE_KILOBYTES).then_some(folder)
}

fn free_kilobytes(folder: &Path) -> Option<u64> {
    let answer = Command::new("df").arg("-Pk").arg(folder).output().ok()?;
    let table = String::from_utf8(answer.stdout).ok()?;
    table.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

/// Changes whenever a migration is added or edited.
fn migrations_digest() -> String {
    let mut digest = 0xcbf2_9ce4_8422_2325_u64;
    for migration in MIGRATOR.iter() {
        let version = migration.version.to_le_bytes();
        for byte in version.iter().chain(migration.checksum.iter()) {
            // FNV-1a: a name, not a protection.
            digest = (digest ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    format!("{digest:016x}")
}

fn subsecond_nanos() -> u32 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().subsec_nanos()
}

#[tokio::test]
async fn two_tests_do_not_see_each_others_rows() {
    let (first, second) = tokio::join!(database(), database());

    sqlx::query("create table mine (k bigint)").execute(&first.pool()).await.unwrap();

    let in_first: Option<String> = sqlx::query_scalar("select to_regclass('mine')::text")
        .fetch_one(&first.pool())
        .await
        .unwrap();
    let in_second: Option<String> = sqlx::query_scalar("select to_regclass('mine')::text")
        .fetch_one(&second.pool())
        .await
        .unwrap();
    assert_eq!((in_first.as_deref(), in_second), (Some("mine"), None));
}

#[tokio::test]
async fn a_test_has_the_schema_and_the_rights_of_the_application() {
    let database = database().await;
    let mut db = PgConnection::connect(&database.url()).await.unwrap();

    let applied: i64 = sqlx::query_scalar("select count(*) from _sqlx_migrations")
        .fetch_one(&mut db)
        .await
        .unwrap();
    let owns: bool = sqlx::query_scalar(
        "select datdba = current_user::regrole from pg_database where datname = current_database()",
    )
    .fetch_one(&mut db)
    .await
    .unwrap();
    let superuser: String =
        sqlx::query_scalar("show is_superuser").fetch_one(&mut db).await.unwrap();

    assert_eq!(applied, i64::try_from(MIGRATOR.iter().count()).unwrap());
    assert!(owns);
    assert!(superuser == "off" || std::env::var_os("TEST_DATABASE_URL").is_some());
}

#[tokio::test]
async fn a_database_is_gone_when_its_test_is_over() {
    let gone = database().await;
    let options = gone.options.clone();
    let pool = gone.pool();
    sqlx::query("select 1").execute(&pool).await.unwrap();

    drop(gone);

    let refused = options.connect().await.unwrap_err().to_string();
    assert!(refused.contains("does not exist"), "{refused}");
}
