//! `doubleblind sets`: evaluation sets from the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::store;
use super::{Outcome, say};
use crate::battle::{sets, stored};
use crate::config::Settings;

/// What to do with evaluation sets.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Lists the sets in the database
    List,
    /// Shows how many questions each model has answered in advance
    Coverage,
    /// Checks one folder with set.toml and prompts.jsonl, without a database
    Check {
        /// The folder
        folder: PathBuf,
    },
    /// Imports the folder of the settings, or the one named here
    Import {
        /// One set's folder
        folder: Option<PathBuf>,
    },
}

pub(super) async fn run(settings: Settings, arguments: Arguments) -> Outcome {
    if let Action::Check { folder } = &arguments.action {
        let set = sets::read(folder)?;
        say(&format!("{}: {} questions, all valid", set.header.title, set.questions.len()));
        return Ok(());
    }
    let store = store::open(&settings).await?;
    let outcome = act(&settings, &store.pool, arguments.action).await;
    store.close().await?;
    outcome
}

async fn act(settings: &Settings, db: &sqlx::PgPool, action: Action) -> Outcome {
    match action {
        Action::Check { .. } => {}
        Action::List => {
            for set in sets::queries::list(&mut *db.acquire().await?).await? {
                say(&format!(
                    "{:<14} version {:<3} {:<3} {:>4} questions  {:>6} votes  {}",
                    set.id, set.version, set.language, set.questions, set.votes, set.title
                ));
            }
        }
        Action::Coverage => {
            let conditions = stored::conditions(&settings.answering);
            let mut db = db.acquire().await?;
            for line in stored::queries::list_coverage(&mut db, &conditions).await? {
                say(&format!(
                    "{:<14} version {:<3} {:>5} of {:>5} answered, {:>3} without an answer  {}",
                    line.set, line.version, line.complete, line.questions, line.failed, line.model
                ));
            }
        }
        Action::Import { folder: Some(folder) } => {
            let new = sets::import(db, &sets::read(&folder)?).await?;
            say(if new { "imported" } else { "nothing has changed" });
        }
        Action::Import { folder: None } => {
            let problems = sets::import_all(db, &settings.eval_sets).await?;
            let count = problems.len();
            for problem in problems {
                say(&problem.to_string());
            }
            if count > 0 {
                return Err(format!("{count} sets were not imported").into());
            }
            say("all sets are imported");
        }
    }
    Ok(())
}
