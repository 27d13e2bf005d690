//! `doubleblind votes`: excluding votes by a rule in words, and taking that back.

use clap::{Args, Subcommand};

use super::store;
use super::{Outcome, say};
use crate::config::Settings;
use crate::kit::wording;
use crate::vote::exclusion::{self, queries};

/// What to do with votes.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Lists the votes that are excluded now
    Excluded,
    /// Leaves votes out of the rankings; the log says so, with the rule
    Exclude(Choice),
    /// Lets excluded votes count again; the log says so, with the rule
    Include(Choice),
}

#[derive(Args)]
struct Choice {
    /// Indices of the votes' entries in the log
    #[arg(required_unless_present = "pseudonym")]
    entries: Vec<u64>,
    /// All votes that the log has under this name and that count
    #[arg(long, value_name = "NAME", conflicts_with = "entries")]
    pseudonym: Option<String>,
    /// Why, in words that everybody can read in the log
    #[arg(long, value_name = "WORDS")]
    rule: String,
}

pub(super) async fn run(settings: Settings, arguments: Arguments) -> Outcome {
    let store = store::open(&settings).await?;
    match arguments.action {
        Action::Excluded => {
            for vote in queries::list(&mut *store.pool.acquire().await?).await? {
                let when = wording::day(vote.excluded_at);
                say(&format!(
                    "{}\t{when}\tentry {}\t{}",
                    vote.vote_leaf, vote.leaf_index, vote.rule
                ));
            }
        }
        Action::Exclude(choice) => {
            let journal = store.journal(&settings).await?;
            let entries = entries(&store.pool, &choice).await?;
            exclusion::exclude(&store.pool, &journal, &entries, &choice.rule).await?;
            say(&format!("excluded: {}", counted(&entries)));
        }
        Action::Include(choice) => {
            let journal = store.journal(&settings).await?;
            exclusion::include(&store.pool, &journal, &choice.entries, &choice.rule).await?;
            say(&format!("counted again: {}", counted(&choice.entries)));
        }
    }
    store.close().await
}

fn counted(entries: &[u64]) -> String {
    wording::counted(i64::try_from(entries.len()).unwrap_or(i64::MAX), "vote")
}

async fn entries(
    db: &sqlx::PgPool,
    choice: &Choice,
) -> Result<Vec<u64>, Box<dyn std::error::Error + Send + Sync>> {
    let Some(name) = &choice.pseudonym else { return Ok(choice.entries.clone()) };
    let found = queries::list_of_pseudonym(&mut *db.acquire().await?, name).await?;
    if found.is_empty() {
        return Err(format!("the log has no vote that counts under {name}").into());
    }
    Ok(found.into_iter().filter_map(|leaf| u64::try_from(leaf).ok()).collect())
}
