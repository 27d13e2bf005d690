//! `doubleblind erase`: texts of one battle or one voter, from the pages at once and from the disk right after.

use std::str::FromStr as _;

use arena_core::ids::{BattleId, VoterId};
use clap::{Args, Subcommand};

use super::store::{self, Store};
use super::{Outcome, say};
use crate::battle::erasure::scrub::{self, Scrubbed};
use crate::battle::erasure::{self, queries};
use crate::config::Settings;
use crate::kit::wording;

/// What to erase.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The texts of one battle, named by its id or by the index of its entry in the log
    Battle {
        /// Id of the battle, or index of the entry that says it was drawn
        battle: String,
        /// Why, in words that everybody can read in the log
        #[arg(long, value_name = "WORDS")]
        why: String,
    },
    /// All texts of one voter, and what ties the votes to the voter
    Voter {
        /// Id of the voter, as `/me` shows it
        voter: String,
    },
    /// Removes what was erased before from the files of the database
    Scrub,
}

pub(super) async fn run(settings: Settings, arguments: Arguments) -> Outcome {
    let store = store::open(&settings).await?;
    match arguments.what {
        What::Battle { battle, why } => erase_battle(&settings, &store, &battle, &why).await?,
        What::Voter { voter } => {
            let voter = VoterId::from_str(&voter).map_err(|_| format!("{voter} is no voter"))?;
            let journal = store.journal(&settings).await?;
            let mut tx = store.pool.begin().await?;
            let count = erasure::erase_voters(&mut tx, &journal, &[voter]).await?;
            tx.commit().await?;
            let count = wording::counted(i64::try_from(count).unwrap_or(i64::MAX), "battle");
            say(&format!("the texts of {count} are erased"));
        }
        What::Scrub => {}
    }
    let mut owner = store.owner().await?;
    say(match scrub::scrub(&mut owner).await? {
        Scrubbed::Gone => {
            "no file of the database has them any more; backups that you keep still do"
        }
        Scrubbed::GoneFromTables => {
            "the tables are rewritten; the write-ahead log of this Postgres is not ours to end: ask its operator for a \
             checkpoint and the removal of old segments. Backups that you keep still have the texts"
        }
        Scrubbed::Busy => {
            "files of the database still have them: a table is read by somebody for long, or scrubbed already. A running \
             arena tries again by itself, and so does `doubleblind erase scrub`"
        }
    });
    drop(owner);
    store.close().await
}

async fn erase_battle(settings: &Settings, store: &Store, battle: &str, why: &str) -> Outcome {
    if !(1..=200).contains(&why.trim().len()) {
        return Err("--why has 1 to 200 characters".into());
    }
    let mut tx = store.pool.begin().await?;
    let id = match battle.parse::<i64>() {
        Ok(leaf) => queries::find_by_leaf(&mut tx, leaf).await?,
        Err(_) => BattleId::from_str(battle).ok(),
    };
    let id = id.ok_or_else(|| format!("{battle} is no battle of this arena"))?;
    let journal = store.journal(settings).await?;
    erasure::erase(&mut tx, &journal, &[id], why.trim()).await?;
    tx.commit().await?;
    say(&format!("the texts of battle {id} are erased"));
    Ok(())
}
