//! `make bench` for votes: votes a second through HTTP with the journal and without it, in turns on one durable
//! cluster, beside pgbench's insert of one row on the same cluster.
//!
//! Without the journal means votes on battles that have no commitment, as those from before the journal: everything
//! but leaf, salts, pseudonym and opening is done for them as well.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]
#![expect(clippy::unwrap_used, reason = "a measurement stops at the first surprise")]

#[expect(dead_code, unused_imports, reason = "tests use more of it than this does")]
#[path = "../../it/arena/mod.rs"]
mod arena;
#[expect(dead_code, reason = "tests use more of it than this does")]
#[path = "../../it/database.rs"]
mod database;
mod prepared;

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use arena::{TestArena, Voter};
use doubleblind::kit::postgres::{Cluster, Durability, Options};
use futures_util::future::join_all;

/// Votes of one measurement by one client.
const ALONE: usize = 300;
/// Votes of one measurement by each of eight clients.
const TOGETHER: usize = 120;
const ROUNDS: usize = 9;
const CLIENTS: [usize; 2] = [1, 8];
/// Tells the child process that it is one, and where its cluster is.
const CLUSTER: &str = "TEST_DATABASE_URL";
const SOCKET: &str = "DOUBLEBLIND_BENCH_SOCKET";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    if std::env::var_os(CLUSTER).is_some() {
        return runtime.block_on(measure());
    }
    runtime.block_on(async {
        // Not in shared memory: a durable commit has to reach a disk.
        let folder = std::env::var_os("DOUBLEBLIND_BENCH_FOLDER")
            .map_or_else(std::env::temp_dir, PathBuf::from);
        let data_dir = folder.join(format!("votes-{}", std::process::id()));
        let options = Options {
            data_dir: data_dir.clone(),
            binaries: None,
            durability: Durability::Durable,
            fetch: false,
        };
        let cluster = Cluster::start(&options).await.unwrap();
        let url = cluster.admin_url("postgres");
        let child = tokio::process::Command::new(std::env::current_exe().unwrap())
            .env(CLUSTER, &url)
            .env(SOCKET, url.split("host=").nth(1).unwrap().split('&').next().unwrap())
            .status()
            .await
            .unwrap();
        cluster.stop().await.unwrap();
        std::fs::remove_dir_all(data_dir).unwrap();
        assert!(child.success());
    });
}

async fn measure() {
    let arena = TestArena::of_two_instant().await;
    let mut voters = Vec::new();
    for _ in 0..8 {
        let voter = arena.voter();
        let id = arena.complete_battle(&voter).await;
        voter.votes(&id, "tie").await;
        voters.push((voter, id));
    }
    println!("clients  without/s  with/s  ratio  pgbench insert/s  with over pgbench");
    for clients in CLIENTS {
        let votes = if clients == 1 { ALONE } else { TOGETHER };
        let mut rates = [Vec::new(), Vec::new()];
        for round in 0..ROUNDS * 2 {
            let with = round % 2 == 1;
            let mut lists = Vec::new();
            for (_, model) in &voters[..clients] {
                lists.push(prepared::battles(&arena.db(), model, votes, with).await);
            }
            let started = Instant::now();
            let cast = voters.iter().zip(&lists).map(|((voter, _), ids)| all(voter, ids));
            join_all(cast).await;
            rates[usize::from(with)]
                .push((clients * votes) as f64 / started.elapsed().as_secs_f64());
        }
        let [without, with] = rates.map(middle);
        let insert = pgbench(clients);
        println!(
            "{clients:>7}  {without:>9.0}  {with:>6.0}  {:>5.2}  {:>16}  {:>17}",
            with / without,
            insert.map_or("not found".to_owned(), |rate| format!("{rate:.0}")),
            insert.map_or(String::new(), |rate| format!("{:.2}", with / rate)),
        );
    }
}

async fn all(voter: &Voter, ids: &[String]) {
    for id in ids {
        let reply = voter.votes(id, "left").await;
        assert_eq!(reply.status, 303, "{}", reply.body);
    }
}

fn middle(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// Rows a second of pgbench with one row a transaction; none where there is no pgbench.
fn pgbench(clients: usize) -> Option<f64> {
    let mut folders: Vec<_> = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().collect();
    folders.sort_by_key(std::fs::DirEntry::file_name);
    let program = folders.pop()?.path().join("bin/pgbench");
    let host = percent_decoded(&std::env::var(SOCKET).ok()?);
    let script = std::env::temp_dir().join(format!("insert-{}.sql", std::process::id()));
    std::fs::write(&script, "insert into pgbench_rows (k) values (gen_random_uuid());\n").ok()?;
    let url = format!("host={host} user=doubleblind_admin dbname=postgres");
    let psql = program.with_file_name("psql");
    let table = "create table if not exists pgbench_rows (id bigint generated always as identity primary key, \
                 k uuid unique, at timestamptz default now())";
    Command::new(psql).args([&url, "-q", "-c", table]).status().ok()?;
    let count = clients.to_string();
    let out = Command::new(program)
        .args(["-n", "-T", "4", "-c", &count, "-j", "1", "-f"])
        .arg(&script)
        .arg(&url)
        .output()
        .ok()?;
    let _ = std::fs::remove_file(script);
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let line = text.lines().find(|line| line.starts_with("tps = "))?;
    line.split_whitespace().nth(2)?.parse().ok()
}

fn percent_decoded(text: &str) -> String {
    text.replace("%2F", "/").replace("%2f", "/")
}
