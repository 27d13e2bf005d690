//! What an outsider sees: I1 receipts against the log as it is served, I9 the export and its verification.

use std::collections::HashMap;
use std::process::Output;

use anyhow::{Context as _, Result};
use arena_core::ids::BattleId;
use arena_core::journal::checkpoint::Promise;
use arena_core::journal::merkle::{Hash, leaf_hash};
use arena_core::journal::note::Verifier;
use arena_core::journal::proof::Proof;
use futures_util::stream::{self, StreamExt as _};
use reqwest::Client;

use super::super::arena::Arena;
use super::super::ledger::Acknowledged;
use super::super::replies::{Kept, client};
use super::leaves::Log;
use super::rows::Rows;
use super::{Mark, Wrongs};

/// Requests at one time.
const AT_ONCE: usize = 8;
/// Of so many receipts one is proved.
const PROVED: usize = 20;

/// I1: each receipt is signed, its leaf is served as it was, and its vote is in the table. Says how many there are.
pub(super) async fn receipts(
    arena: &Arena,
    (rows, log): (&Rows, &Log),
    verifier: &Verifier,
    wrongs: &mut Wrongs,
) -> Result<usize> {
    let kept: Vec<(BattleId, Acknowledged)> = {
        let book = arena.ledger.book();
        book.acknowledged.iter().map(|(id, kept)| (*id, kept.clone())).collect()
    };
    let base = &arena.apps.first().context("an arena has a process")?.base;
    let (http, signed) = (client().build()?, rows.checkpoints.last().map_or(0, |(size, _)| *size));
    let checks = kept.iter().enumerate().map(|(at, (id, acknowledged))| {
        let place = i64::try_from(acknowledged.kept.index).unwrap_or(i64::MAX);
        let proved = at % PROVED == 0 && place < signed;
        let http = http.clone();
        async move {
            let done = receipt(&http, (base, verifier), acknowledged, proved).await;
            done.map_err(|why| format!("the receipt of {id}: {why:#}"))
        }
    });
    let found: Vec<Result<(), String>> =
        stream::iter(checks).buffer_unordered(AT_ONCE).collect().await;
    for why in found.into_iter().filter_map(Result::err) {
        wrongs.add(1, why);
    }
    let votes: HashMap<_, _> =
        rows.votes.iter().map(|vote| (vote.battle_id, vote.verdict.as_str())).collect();
    for (id, Acknowledged { verdict, kept }) in &kept {
        let voted = votes.get(&id.0) == Some(&verdict.as_str());
        wrongs.unless(voted, 1, || format!("the acknowledged vote on {id} is not in the table"));
        let promised = Promise::open(&kept.promise, verifier).ok();
        let there = promised.is_some_and(|promise| log.hash(promise.index) == Some(promise.leaf));
        wrongs.unless(there, 1, || format!("the leaf promised for {id} is not in the log"));
    }
    Ok(kept.len())
}

/// One receipt, as its voter would check it.
async fn receipt(
    http: &Client,
    (base, verifier): (&str, &Verifier),
    Acknowledged { kept, .. }: &Acknowledged,
    proved: bool,
) -> Result<()> {
    let promise = Promise::open(&kept.promise, verifier)?;
    anyhow::ensure!(promise.index == kept.index, "it is about another index");
    let address = format!("{base}/log/leaf/{}", kept.index);
    let served = http.get(&address).send().await?.error_for_status()?.bytes().await?;
    anyhow::ensure!(leaf_hash(&served) == promise.leaf, "another leaf is served than promised");
    if let Some(leaf) = &kept.leaf {
        anyhow::ensure!(leaf.as_bytes() == served, "another leaf is served than was handed out");
    }
    if proved {
        prove(http, (&address, verifier), &promise.leaf).await?;
    }
    Ok(())
}

async fn prove(http: &Client, (address, verifier): (&str, &Verifier), leaf: &Hash) -> Result<()> {
    let text = http.get(format!("{address}.tlog-proof")).send().await?.error_for_status()?;
    Proof::parse(&text.text().await?)?.verify(leaf, verifier)?;
    Ok(())
}

/// I9, and all that `doubleblind verify` looks at beside: one more board is published, the log is exported and checked
/// with every receipt and the oldest checkpoint.
pub(super) async fn verify(arena: &Arena) -> Result<Mark> {
    let app = arena.apps.first().context("an arena has a process")?;
    let run = async |arguments: &[&str]| {
        let mut command = tokio::process::Command::from(app.command());
        let output = command.args(arguments).output().await?;
        let told = format!("{}: {}", arguments[0], failures(&output));
        Ok::<_, anyhow::Error>((!output.status.success()).then(|| Mark::Broken(vec![told])))
    };
    let file = |name: &str| arena.data().with_file_name(name).to_string_lossy().into_owned();
    let (folder, receipts, old) = (file("export"), file("receipts.jsonl"), file("old-checkpoint"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::write(&receipts, receipts_as_kept(arena))?;
    let key = arena.ledger.book().verifier.clone().context("the key of the log")?.to_string();
    let mut check = vec!["verify", &folder, "--vkey", &key, "--receipts", &receipts];
    if let Some(checkpoint) = arena.ledger.book().checkpoints.first() {
        std::fs::write(&old, checkpoint)?;
        check.extend(["--old", &old]);
    }
    for arguments in [&["snapshot"][..], &["export", "log", "--out", &folder], &check] {
        if let Some(broken) = run(arguments).await? {
            return Ok(broken);
        }
    }
    Ok(Mark::Holds)
}

/// All receipts as voters got them, a line each.
fn receipts_as_kept(arena: &Arena) -> String {
    let mut lines = String::new();
    for Acknowledged { kept, .. } in arena.ledger.book().acknowledged.values() {
        if let Some(leaf) = &kept.leaf {
            let Kept { index, promise, .. } = kept;
            let reply = serde_json::json!({
                "index": index, "leaf": leaf, "receipt": promise, "proof": "",
            });
            lines += &format!("{reply}\n");
        }
    }
    lines
}

/// The lines of a report that tell of something wrong.
fn failures(output: &Output) -> String {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines: Vec<&str> =
        text.lines().filter(|line| !line.contains(" ok ") && !line.trim().is_empty()).collect();
    lines[..lines.len().min(12)].join("; ")
}
