//! The private PostgreSQL: what it survives, what it refuses, and whom it lets in.
#![cfg(test)]

mod application;
mod recovery;

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use doubleblind::kit::postgres::{Cluster, ClusterError, Options, Urls, attach};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use application::{Application, Folder};

/// Long enough for a machine that compiles beside the tests; waits end as soon as they can.
const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test]
async fn acknowledged_rows_survive_a_killed_server() {
    let folder = Folder::new();
    let cluster = folder.start().await;
    let mut db = connect(&cluster.url()).await;
    execute(&mut db, "create table votes (k bigint)").await;
    execute(&mut db, "insert into votes values (7)").await;

    kill(cluster.pid());
    let status = tokio::time::timeout(LIMIT, cluster.ended()).await.unwrap();
    drop(cluster);
    let cluster = folder.start().await;

    assert!(status.contains("signal"), "{status}");
    assert_eq!(number(&cluster.url(), "select k from votes").await, 7);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn acknowledged_rows_survive_a_killed_application_and_it_starts_again_at_once() {
    let folder = Folder::new();
    let mut application = Application::start(&folder);
    application.read_until("row", |row| row == 100);

    application.kill();
    let acknowledged = application.last("row");
    let cluster = folder.start().await;

    let kept = number(&cluster.url(), "select count(*) from votes").await;
    assert!(kept >= acknowledged, "{kept} of {acknowledged} rows kept");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn acknowledged_rows_survive_when_application_and_server_are_killed_together() {
    let folder = Folder::new();
    let mut application = Application::start(&folder);
    let server = application.read_until("pid", |_| true);
    application.read_until("row", |row| row == 100);

    kill(u32::try_from(server).unwrap());
    application.kill();
    let acknowledged = application.last("row");
    let cluster = folder.start().await;

    let kept = number(&cluster.url(), "select count(*) from votes").await;
    assert!(kept >= acknowledged, "{kept} of {acknowledged} rows kept");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn the_server_ends_with_its_application() {
    let folder = Folder::new();
    let mut application = Application::start(&folder);
    let server = application.read_until("pid", |_| true);

    application.kill();

    wait_until("the server is gone", || !runs(server)).await;
}

#[tokio::test]
async fn a_cluster_that_is_dropped_leaves_no_server_behind() {
    let folder = Folder::new();
    let cluster = folder.start().await;
    let server = i64::from(cluster.pid());
    let socket_folder = socket_folder(&cluster);

    drop(cluster);

    wait_until("the server is gone", || !runs(server)).await;
    fs::remove_dir(socket_folder).unwrap();
}

#[tokio::test]
async fn lock_files_that_name_a_zombie_are_removed() {
    let folder = Folder::new();
    let cluster = folder.start().await;
    let socket_folder = socket_folder(&cluster);
    kill(cluster.pid());
    tokio::time::timeout(LIMIT, cluster.ended()).await.unwrap();
    // PostgreSQL disregards the processes of other users.
    let server_user = owner(&folder.0.join("pg"));
    let mut zombie = Command::new("true").uid(server_user).spawn().unwrap();
    let stat = format!("/proc/{}/stat", zombie.id());
    if cfg!(target_os = "linux") {
        let is_zombie = || fs::read_to_string(&stat).unwrap().contains(") Z ");
        wait_until("there is a zombie", is_zombie).await;
    }
    name_other_pid(&folder.0.join("pg/postmaster.pid"), zombie.id());
    name_other_pid(&socket_folder.join(".s.PGSQL.5432.lock"), zombie.id());
    drop(cluster);

    let cluster = folder.start().await;

    assert_eq!(number(&cluster.url(), "select 1::bigint").await, 1);
    cluster.stop().await.unwrap();
    zombie.wait().unwrap();
}

#[tokio::test]
async fn a_second_application_on_one_data_folder_is_refused() {
    let folder = Folder::new();
    let mut application = Application::start(&folder);
    application.read_until("row", |_| true);

    let refused = Cluster::start(&folder.options()).await.unwrap_err();

    assert!(matches!(refused, ClusterError::InUse(_)), "{refused}");
    assert!(refused.to_string().contains("stop it first"), "{refused}");
    application.read_until("row", |row| row == 10);
    application.kill();
}

#[tokio::test]
async fn data_of_another_major_version_is_refused_with_a_way_out() {
    let folder = Folder::new();
    fs::create_dir(folder.0.join("pg")).unwrap();
    fs::write(folder.0.join("pg/PG_VERSION"), "9.6\n").unwrap();

    let refused = Cluster::start(&folder.options()).await.unwrap_err().to_string();

    assert!(refused.contains("was written by PostgreSQL 9"), "{refused}");
    assert!(refused.contains("pg_dump or pg_upgrade"), "{refused}");
    assert_eq!(fs::read_to_string(folder.0.join("pg/PG_VERSION")).unwrap(), "9.6\n");
}

#[tokio::test]
async fn a_folder_that_is_no_cluster_is_left_alone() {
    let folder = Folder::new();
    fs::create_dir(folder.0.join("pg")).unwrap();
    fs::write(folder.0.join("pg/holiday.jpg"), "sea").unwrap();

    let refused = Cluster::start(&folder.options()).await.unwrap_err();

    assert!(matches!(refused, ClusterError::NotACluster(_)), "{refused}");
    assert_eq!(fs::read_to_string(folder.0.join("pg/holiday.jpg")).unwrap(), "sea");
}

#[tokio::test]
async fn a_folder_that_only_its_owner_can_enter_works() {
    let parent = Folder::new();
    fs::set_permissions(&parent.0, PermissionsExt::from_mode(0o700)).unwrap();
    let options = Options { data_dir: parent.0.join("data"), ..parent.options() };

    let first = Cluster::start(&options).await.unwrap();
    let described = first.describe();
    first.stop().await.unwrap();
    let second = Cluster::start(&options).await.unwrap();

    let expected = if is_root() { "in a user namespace" } else { "run by this user" };
    assert!(described.contains(expected), "{described}");
    assert_eq!(number(&second.url(), "select 1::bigint").await, 1);
    assert_eq!(owner(&options.data_dir.join("pg")), owner(&parent.0));
    second.stop().await.unwrap();
}

#[tokio::test]
async fn for_root_a_reachable_folder_is_served_by_an_ordinary_user() {
    let folder = Folder::new();

    let cluster = folder.start().await;

    // Not root: the ordinary user is the one who runs the tests.
    let server_user = owner(&folder.0.join("pg"));
    assert_ne!(server_user, 0);
    assert_eq!(server_user == owner(&folder.0), !is_root());
    assert_eq!(cluster.describe().contains("run by this user"), !is_root());
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn the_application_is_no_superuser_and_owns_its_database() {
    let folder = Folder::new();
    let cluster = folder.start().await;
    let mut db = connect(&cluster.url()).await;

    let rights: (bool, bool, bool, bool) = sqlx::query_as(
        "select rolsuper, rolcreaterole, rolcreatedb, pg_get_userbyid(datdba) = current_user
         from pg_roles, pg_database where rolname = current_user and datname = current_database()",
    )
    .fetch_one(&mut db)
    .await
    .unwrap();
    let program = sqlx::query("copy (select 1) to program 'true'").execute(&mut db).await;

    assert_eq!(rights, (false, false, false, true));
    // 42501: insufficient privilege.
    assert_eq!(program.unwrap_err().as_database_error().unwrap().code().unwrap(), "42501");
    execute(&mut db, "create table its_own (k bigint)").await;
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn every_commit_reaches_the_disk_and_no_port_is_open() {
    let folder = Folder::new();
    let cluster = folder.start().await;
    let mut db = connect(&cluster.url()).await;

    let settings: Vec<(String, String)> = sqlx::query_as(
        "select name, setting from pg_settings where name in ('fsync', 'synchronous_commit',
         'full_page_writes', 'data_checksums', 'listen_addresses') order by name",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();

    let settings: Vec<_> = settings.iter().map(|(n, s)| (n.as_str(), s.as_str())).collect();
    let expected = [
        ("data_checksums", "on"),
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("listen_addresses", ""),
        ("synchronous_commit", "on"),
    ];
    assert_eq!(settings, expected);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn only_the_owner_can_reach_the_socket() {
    let folder = Folder::new();
    let cluster = folder.start().await;

    let socket_folder = fs::metadata(socket_folder(&cluster)).unwrap();

    assert_eq!(socket_folder.permissions().mode() & 0o777, 0o700);
    assert_eq!(socket_folder.uid(), owner(&folder.0.join("pg")));
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn an_interrupted_initialisation_is_done_again() {
    let folder = Folder::new();
    let mut application = Application::start(&folder);
    // initdb writes this file early and works on for most of a second.
    let begun = || folder.0.join("pg.new/PG_VERSION").exists() || folder.0.join("pg").exists();
    wait_until("initdb has begun", begun).await;

    application.kill();
    let was_interrupted = !folder.0.join("pg").exists();
    let cluster = folder.start().await;

    assert!(was_interrupted);
    assert!(!folder.0.join("pg.new").exists());
    assert_eq!(number(&cluster.url(), "select 1::bigint").await, 1);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_tool_finds_the_database_of_a_running_application() {
    let folder = Folder::new();
    let before = attach(&folder.0).await.unwrap();
    let cluster = folder.start().await;

    let during = attach(&folder.0).await.unwrap();
    let urls = Urls { owner: cluster.url(), serving: cluster.serving_url() };
    cluster.stop().await.unwrap();
    let after = attach(&folder.0).await.unwrap();

    assert_eq!(before, None);
    assert_eq!(during, Some(urls));
    assert_eq!(after, None);
}

#[tokio::test]
async fn a_tool_waits_for_an_application_that_is_just_starting() {
    let folder = Folder::new();
    let mut application = Application::start(&folder);
    wait_until("the application has begun", || folder.0.join("pg.new").exists()).await;

    let urls = attach(&folder.0).await.unwrap().unwrap();

    assert_eq!(number(&urls.owner, "select 1::bigint").await, 1);
    application.kill();
}

#[tokio::test]
async fn programs_are_found_through_a_link_to_initdb() {
    let folder = Folder::new();
    let cluster = folder.start().await;
    let described = cluster.describe();
    cluster.stop().await.unwrap();
    let programs = described.split(" in ").nth(1).unwrap().split(',').next().unwrap();
    let links = folder.0.join("links");
    fs::create_dir(&links).unwrap();
    symlink(Path::new(programs).join("initdb"), links.join("initdb")).unwrap();

    let options = Options { binaries: Some(links), ..folder.options() };
    let cluster = Cluster::start(&options).await.unwrap();

    assert_eq!(cluster.describe(), described);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_folder_without_programs_is_named_in_the_refusal() {
    let folder = Folder::new();
    let options = Options { binaries: Some("/nonexistent/bin".into()), ..folder.options() };

    let refused = Cluster::start(&options).await.unwrap_err();

    assert!(matches!(refused, ClusterError::UnusableBinaries { .. }), "{refused}");
    assert!(refused.to_string().contains("/nonexistent/bin"), "{refused}");
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

async fn execute(db: &mut PgConnection, sql: &'static str) {
    sqlx::query(sql).execute(db).await.unwrap();
}

async fn number(url: &str, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&mut connect(url).await).await.unwrap()
}

fn socket_folder(cluster: &Cluster) -> PathBuf {
    let options: PgConnectOptions = cluster.url().parse().unwrap();
    options.get_socket().unwrap().clone()
}

/// Replaces the first line of a lock file, in place so that its owner stays.
fn name_other_pid(lock_file: &Path, pid: u32) {
    let text = fs::read_to_string(lock_file).unwrap();
    let rest = text.split_once('\n').unwrap().1;
    let mut file = File::create(lock_file).unwrap();
    write!(file, "{pid}\n{rest}").unwrap();
}

fn kill(pid: u32) {
    // The shell's own kill: small machines have no program of that name.
    let status = Command::new("sh").args(["-c", "kill -9 $0", &pid.to_string()]).status();
    assert!(status.unwrap().success());
}

/// Whether a process exists and is no zombie.
fn runs(pid: i64) -> bool {
    if cfg!(target_os = "linux") {
        return fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|s| !s.contains(") Z "));
    }
    let answer = Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]).output().unwrap();
    !matches!(answer.stdout.first(), None | Some(b'Z'))
}

async fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !condition() {
        assert!(Instant::now() < deadline, "timed out waiting until {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn owner(path: &Path) -> u32 {
    fs::metadata(path).unwrap().uid()
}

fn is_root() -> bool {
    let answer = Command::new("id").arg("-u").output().unwrap();
    answer.stdout == b"0\n"
}
