//! `doubleblind report`: the report as files, without server.

use std::path::PathBuf;

use clap::Args;

use super::store;
use super::{Outcome, say};
use crate::config::Settings;
use crate::ranking;
use crate::report::own::OwnVotes;
use crate::report::sources::Sources;
use crate::report::{self, files};

/// Where to write, and what from.
#[derive(Args)]
#[command(
    after_help = "The site's own votes are in the report if --data names a data folder with a database, or \
                        DATABASE_URL is set; otherwise it rests on the public data alone, and no database is needed."
)]
pub(super) struct Arguments {
    /// Folder for the page, the JSON, and a CSV and a chart specification per figure; made if missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Folder with other public data, in files of the same names as those in src/report/data
    #[arg(long, value_name = "DIR")]
    sources: Option<PathBuf>,
}

pub(super) async fn run(settings: Settings, arguments: Arguments) -> Outcome {
    let sources = match &arguments.sources {
        Some(folder) => Sources::from_folder(folder)?,
        None => Sources::shipped(),
    };
    let own = own_votes(&settings).await?;
    let with_own = own.is_some();
    let report = report::build(&sources, own.as_ref())?;
    let names = files::write(&report, &arguments.out)?;
    say(&format!(
        "{} files in {}, {}; open report.html",
        names.len(),
        arguments.out.display(),
        if with_own { "this site's votes included" } else { "from public data alone" }
    ));
    Ok(())
}

async fn own_votes(
    settings: &Settings,
) -> Result<Option<OwnVotes>, Box<dyn std::error::Error + Send + Sync>> {
    if !store::exists(settings) {
        return Ok(None);
    }
    let store = store::open(settings).await?;
    let published = ranking::refresh(&store.pool).await;
    store.close().await?;
    Ok(Some(report::own_votes(&*published?)))
}
