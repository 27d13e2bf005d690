//! `doubleblind export`: the files of the web pages, without the web.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Outcome;
use super::store;
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
}

pub(super) async fn run(settings: Settings, arguments: Arguments) -> Outcome {
    let store = store::open(&settings).await?;
    let bytes = match arguments.what {
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
