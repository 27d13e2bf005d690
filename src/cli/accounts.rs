//! `doubleblind accounts`: what only the operator can do for somebody who has an account.

use std::io::Read;

use clap::{Args, Subcommand};

use super::store::{self, Store};
use super::{Outcome, say};
use crate::account::credentials::{Hasher, Name, Password};
use crate::account::invites::Code;
use crate::account::queries::{self, Account};
use crate::config::Settings;
use crate::kit::wording;
use crate::{account, me};

/// What to do with accounts.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Lists the accounts, oldest first
    List,
    /// Sets a password: a random one that is printed, or the first line of stdin; ends all sessions
    SetPassword {
        /// The account's name
        name: String,
        /// Read the new password from stdin
        #[arg(long)]
        stdin: bool,
    },
    /// Ends all sessions of an account
    RevokeSessions {
        /// The account's name
        name: String,
    },
    /// Removes an account with its sessions and all texts; its votes stay as those of nobody known
    Remove {
        /// The account's name
        name: String,
    },
}

pub(super) async fn run(settings: Settings, arguments: Arguments) -> Outcome {
    let store = store::open(&settings).await?;
    let outcome = act(&settings, &store, arguments.action).await;
    store.close().await?;
    outcome
}

async fn act(settings: &Settings, store: &Store, action: Action) -> Outcome {
    let db = &store.pool;
    match action {
        Action::List => {
            for account in queries::list(&mut *db.acquire().await?).await? {
                say(&format!(
                    "{:<40} {:<10} since {}  {:>6}  {}",
                    account.name,
                    account.tier,
                    wording::day(account.created_at),
                    wording::counted(account.votes, "vote"),
                    wording::counted(account.sessions, "session"),
                ));
            }
        }
        Action::SetPassword { name, stdin } => set_password(db, &name, stdin).await?,
        Action::RevokeSessions { name } => {
            let found = find(db, &name).await?;
            let mut tx = db.begin().await?;
            account::end_sessions(&mut tx, found.id).await?;
            tx.commit().await?;
            say(&format!("all sessions of {} are over", found.name));
        }
        Action::Remove { name } => {
            let found = find(db, &name).await?;
            me::remove(db, &store.journal(settings).await?, found.voter).await?;
            say(&format!("{} is removed", found.name));
        }
    }
    Ok(())
}

async fn set_password(db: &sqlx::PgPool, name: &str, stdin: bool) -> Outcome {
    let found = find(db, name).await?;
    let text = if stdin {
        let mut text = String::new();
        std::io::stdin().take(1 << 16).read_to_string(&mut text)?;
        text.lines().next().unwrap_or_default().to_owned()
    } else {
        Code::draw().map_err(|error| format!("no randomness: {error}"))?.to_string()
    };
    let hasher = Hasher::new(1)?;
    account::set_password(db, &hasher, found.id, Password::chosen(&text)?).await?;
    if !stdin {
        say(&text);
    }
    eprintln!("{} has a new password, and all sessions are over.", found.name);
    Ok(())
}

async fn find(
    db: &sqlx::PgPool,
    name: &str,
) -> Result<Account, Box<dyn std::error::Error + Send + Sync>> {
    let missing =
        || format!("there is no account {name}; `doubleblind accounts list` has them all");
    let parsed = Name::try_from(name).map_err(|_| missing())?;
    let found = queries::find_by_name(&mut *db.acquire().await?, &parsed).await?;
    Ok(found.ok_or_else(missing)?)
}
