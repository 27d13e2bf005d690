//! `doubleblind log`: the log after one whose database is gone.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Outcome, say};
use crate::config::Settings;
use crate::journal::next;

/// What to do with the log.
#[derive(Args)]
#[group(id = "log")]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Prepares the empty folder of --data for the log that follows one whose database is gone for good
    Next {
        /// The data folder of the log before: its log.key and anchor.log
        before: PathBuf,
    },
}

pub(super) fn run(settings: &Settings, arguments: Arguments) -> Outcome {
    let What::Next { before } = arguments.what;
    let (verifier, head) = next::follow(&settings.data, &before)?;
    say(&format!(
        "the next start founds the log {}; its first entry names the last checkpoint of the log before, over {} entries",
        verifier.name(),
        head.size
    ));
    say(&format!("publish its key: {verifier}"));
    say(
        "keep the folder of the log before: whoever has receipts of it can have them checked against its anchor.log",
    );
    Ok(())
}
