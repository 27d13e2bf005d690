//! `doubleblind import` and `doubleblind tracks`: votes of other arenas from files.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::store;
use super::{Outcome, say};
use crate::config::Settings;
use crate::tracks::{self, Label};

/// What to import, and how pages name it.
#[derive(Args)]
pub(super) struct Import {
    /// Votes in any form that `doubleblind rank` reads
    file: PathBuf,
    /// Address of the track's page: lower case letters, digits and hyphens
    #[arg(long, value_name = "NAME")]
    track: String,
    /// Name on pages [default: the name of the track]
    #[arg(long)]
    title: Option<String>,
    /// Where the votes come from
    #[arg(long, value_name = "WORDS")]
    source: String,
    /// Licence of the votes
    #[arg(long)]
    licence: String,
    /// Leaves out rows that cannot be read, and lists them on standard error
    #[arg(long)]
    skip_bad_rows: bool,
}

/// What to do with tracks.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Lists the imported tracks
    List,
    /// Removes a track with all its votes
    Remove {
        /// Its name
        track: String,
    },
}

pub(super) async fn import(settings: Settings, arguments: Import) -> Outcome {
    let store = store::open(&settings).await?;
    let label = Label {
        title: arguments.title.unwrap_or_else(|| arguments.track.clone()),
        slug: arguments.track,
        source: arguments.source,
        licence: arguments.licence,
    };
    let outcome =
        tracks::import(&store.pool, &arguments.file, &label, arguments.skip_bad_rows).await;
    store.close().await?;
    let imported = outcome?;
    for problem in &imported.skipped {
        eprintln!("left out: {}: {problem}", arguments.file.display());
    }
    say(&format!(
        "imported {} votes on {} models as track {}; {} rows were left out",
        imported.votes,
        imported.models,
        label.slug,
        imported.skipped.len()
    ));
    Ok(())
}

pub(super) async fn run(settings: Settings, arguments: Arguments) -> Outcome {
    let store = store::open(&settings).await?;
    let outcome = act(&store.pool, arguments.action).await;
    store.close().await?;
    outcome
}

async fn act(db: &sqlx::PgPool, action: Action) -> Outcome {
    let mut db = db.acquire().await?;
    match action {
        Action::List => {
            for track in tracks::queries::list(&mut db).await? {
                let models = track.models.len();
                say(&format!("{:<24} {models:>4} models  {}", track.slug, track.title));
            }
        }
        Action::Remove { track } => {
            tracks::remove(&mut db, &track).await?;
            say(&format!("{track} is removed"));
        }
    }
    Ok(())
}
