//! `doubleblind export`: the files of the web pages, without the web.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::store;
use super::{Outcome, say};
use crate::config::Settings;
use crate::{export, ranking};

/// What to write and where.
#[derive(Args)]
pub(super) struct Arguments {
    /// What to write
    what: What,
    /// File to write; without it, standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// All votes as CSV, one row each
    Votes,
    /// The leaderboard as CSV
    LeaderboardCsv,
    /// The leaderboard as JSON, with method and settings
    LeaderboardJson,
    /// The whole log with policies and snapshots, as a folder that `doubleblind verify` checks; --out names it
    Log,
}

pub(super) async fn run(settings: Settings, arguments: Arguments) -> Outcome {
    let store = store::open(&settings).await?;
    if let What::Log = arguments.what {
        let folder = arguments.out.ok_or("--out names the folder to write")?;
        let journal = store.journal(&settings).await?;
        let leaves = export::record::write(&store.pool, &journal, &folder).await?;
        store.close().await?;
        say(&format!("{leaves} entries are in {}", folder.display()));
        return Ok(());
    }
    let bytes = match arguments.what {
        What::Log => Vec::new(),
        What::Votes => export::votes_csv(&store.pool).await?,
        What::LeaderboardCsv => {
            export::leaderboard_csv(&ranking::refresh(&store.pool).await?.view())?
        }
        What::LeaderboardJson => {
            export::leaderboard_json(&ranking::refresh(&store.pool).await?.view())?
        }
    };
    store.close().await?;
    match arguments.out {
        Some(path) => {
            std::fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))?
        }
        None => std::io::stdout().write_all(&bytes)?,
    }
    Ok(())
}
