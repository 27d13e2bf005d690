//! The command line: one file a command.

mod accounts;
mod doctor;
mod erase;
mod export;
mod invites;
mod log;
mod models;
mod operator;
mod queries;
mod rank;
mod replay;
mod report;
mod serve;
mod sets;
mod snapshot;
mod store;
mod tracks;
mod verify;
mod votes;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::config::{Given, Settings};

/// What every command may end with.
type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// A self-hosted arena for blind comparison of language models.
///
/// A person asks a question, two models answer side by side without names, the person votes, and
/// the votes become rankings that anyone can recompute. Nothing leaves this machine, unless you add a
/// model that runs on another one.
#[derive(Parser)]
#[command(
    name = "doubleblind",
    version,
    after_help = "Settings come from flags, else from DOUBLEBLIND_* in the environment, else from \
                  the file named by --config, else from defaults. `doubleblind doctor` shows those \
                  in force.\n\nFirst steps:\n  doubleblind models add qwen3-4b.gguf --name 'Qwen3 4B' \
                  --maker Alibaba --country CN --licence Apache-2.0\n  doubleblind serve"
)]
struct Cli {
    #[command(flatten)]
    given: Given,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the arena: database, workers and web pages, until Ctrl-C
    Serve(serve::Arguments),
    /// Brings the database to the current schema and ends
    Migrate,
    /// Adds, lists, shows and retires models
    Models(models::Arguments),
    /// Lists, checks and imports evaluation sets
    Sets(sets::Arguments),
    /// Makes, lists and withdraws codes that make voters invited
    Invites(invites::Arguments),
    /// Lists accounts, sets passwords, ends sessions, removes accounts
    Accounts(accounts::Arguments),
    /// Writes votes or the leaderboard to a file
    Export(export::Arguments),
    /// Ranks the models of a file of votes, without database and server
    Rank(rank::Arguments),
    /// Imports votes of another arena as a track of its own
    Import(tracks::Import),
    /// Lists and removes imported tracks
    Tracks(tracks::Arguments),
    /// Writes the report as a page that works from disk, with its tables and charts as files
    Report(report::Arguments),
    /// Writes a stored answer again and says whether it is the same
    Replay(replay::Arguments),
    /// Erases texts of a battle or a voter; that they took place, and the votes, stays
    Erase(erase::Arguments),
    /// Excludes votes by a rule, and lets them count again
    Votes(votes::Arguments),
    /// Begins the next log where the database of one is gone for good
    Log(log::Arguments),
    /// Publishes the leaderboard as it is now, under the digest of its bytes
    Snapshot,
    /// Checks an exported vote record, without database and server
    Verify(verify::Arguments),
    /// Shows the settings in force and probes database, workers, models and disk
    Doctor,
}

/// Runs the program and turns an error into one sentence.
pub fn run() -> ExitCode {
    let Cli { given, command } = Cli::parse();
    let quiet = !matches!(command, Command::Serve(_));
    let level = if quiet { "warn" } else { "info,sqlx=warn,actix_server=warn" };
    let filter = EnvFilter::try_from_env("DOUBLEBLIND_LOG").unwrap_or_else(|_| level.into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
    // Whoever checks a record has no settings, and asks for exit codes of its own.
    if let Command::Verify(arguments) = &command {
        return verify::run(arguments);
    }
    let outcome = given.settle().map_err(Into::into).and_then(|settings| start(settings, command));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has had enough, as `head` has.
        Err(error) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("doubleblind: {}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}

fn start(settings: Settings, command: Command) -> Outcome {
    // One actix system hosts everything; it is a tokio runtime with timers and I/O.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Serve(arguments) => serve::run(settings, arguments).await,
            Command::Migrate => migrate(settings).await,
            Command::Models(arguments) => models::run(settings, arguments).await,
            Command::Sets(arguments) => sets::run(settings, arguments).await,
            Command::Invites(arguments) => invites::run(settings, arguments).await,
            Command::Accounts(arguments) => accounts::run(settings, arguments).await,
            Command::Log(arguments) => log::run(&settings, arguments),
            Command::Export(arguments) => export::run(settings, arguments).await,
            Command::Rank(arguments) => rank::run(arguments),
            Command::Import(arguments) => tracks::import(settings, arguments).await,
            Command::Tracks(arguments) => tracks::run(settings, arguments).await,
            Command::Report(arguments) => report::run(settings, arguments).await,
            Command::Replay(arguments) => replay::run(settings, arguments).await,
            Command::Erase(arguments) => erase::run(settings, arguments).await,
            Command::Votes(arguments) => votes::run(settings, arguments).await,
            Command::Snapshot => snapshot::run(settings).await,
            Command::Verify(_) => Err("it was answered before".into()),
            Command::Doctor => doctor::run(settings).await,
        }
    })
}

async fn migrate(settings: Settings) -> Outcome {
    let store = store::open(&settings).await?;
    say(&format!("the schema is current; {}", store.describe()));
    store.close().await
}

/// Prints one line to stdout; a closed pipe ends the program quietly.
fn say(line: &str) {
    use std::io::Write;
    if writeln!(std::io::stdout(), "{line}").is_err() {
        std::process::exit(0);
    }
}

fn is_broken_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
