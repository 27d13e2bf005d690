//! `doubleblind invites`: codes for people whom the operator knows.

use clap::{Args, Subcommand};
use time::Duration;

use super::store;
use super::{Outcome, say};
use crate::account::invites::{Code, queries};
use crate::config::Settings;
use crate::kit::wording;

/// What to do with invite codes.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Makes a code and prints it, once: only its digest is stored
    New {
        /// How many accounts may enter it
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(i32).range(1..=10_000))]
        uses: i32,
        /// For how many days it may be entered
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(i64).range(1..=3_650))]
        days: i64,
        /// Words of your own, shown by `list`
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Lists the codes by number, with the accounts that entered them
    List,
    /// Withdraws a code; accounts that entered it keep their tier
    Revoke {
        /// Its number, as `list` has it
        number: i64,
    },
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
        Action::New { uses, days, note } => {
            let code = Code::draw().map_err(|error| format!("no randomness: {error}"))?;
            let terms = (uses, Duration::days(days));
            let note = note.as_deref().map(str::trim).filter(|note| !note.is_empty());
            let number = queries::insert(&mut db, &code.digest(), terms, note).await?;
            say(&format!("{code}"));
            let uses = wording::counted(i64::from(uses), "use");
            eprintln!("Code {number}: {uses} within {}.", wording::counted(days, "day"));
        }
        Action::List => {
            for code in queries::list(&mut db).await? {
                say(&line(&code));
            }
        }
        Action::Revoke { number } => {
            if !queries::revoke(&mut db, number).await? {
                return Err(format!("there is no code {number} that could be withdrawn").into());
            }
            say(&format!("code {number} is withdrawn"));
        }
    }
    Ok(())
}

fn line(code: &queries::Listed) -> String {
    let state = match code.revoked_at {
        Some(at) => format!("withdrawn {}", wording::day(at)),
        None if !code.is_valid => format!("out of date since {}", wording::day(code.expires_at)),
        None if code.uses == code.most_uses => "used up".to_owned(),
        None => format!("valid until {}", wording::day(code.expires_at)),
    };
    let note = code.note.as_deref().map_or(String::new(), |note| format!("  {note}"));
    let by = match code.used_by.join(", ") {
        names if names.is_empty() => names,
        names => format!("  entered by {names}"),
    };
    format!("{:>4}  {} of {} uses  {state}{note}{by}", code.id, code.uses, code.most_uses)
}
