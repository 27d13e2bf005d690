//! Starts after ends in the middle of a recovery.

use std::fs;

use super::application::Folder;
use super::{connect, execute, kill, number, runs, wait_until};

/// The process of a server that writes its checkpoints.
fn checkpointer(server: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{server}/task/{server}/children")).ok()?;
    let pids = children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok());
    pids.into_iter().find(|pid| {
        let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        command.contains("checkpointer")
    })
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_server_that_was_told_to_end_while_it_recovered_keeps_nobody_out() {
    let folder = Folder::new();
    let cluster = folder.start().await;
    let (server, url) = (cluster.pid(), cluster.url());
    execute(&mut connect(&url).await, "create table numbers as select 7::bigint as k").await;
    let log = folder.0.join("postgres.log");
    let log = move || fs::read_to_string(&log).unwrap_or_default();

    kill(checkpointer(server).unwrap());
    wait_until("the server recovers", || log().contains("database system was interrupted")).await;
    // It is told to end by this, as by the death of its application, and PostgreSQL 15 hangs then.
    drop(cluster);
    let again = folder.start().await;

    assert_eq!(number(&again.url(), "select k from numbers").await, 7);
    assert!(!runs(i64::from(server)));
    again.stop().await.unwrap();
}
