//! `doubleblind report`: the report as files, without server.

use std::path::PathBuf;

use clap::Args;

use super::{Outcome, say};
use crate::report::document::Report;
use crate::report::files;

/// Where to write.
#[derive(Args)]
pub(super) struct Arguments {
    /// Folder for the page, the JSON, and a CSV and a chart specification per figure; made if missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let names = files::write(&compute()?, &arguments.out)?;
    say(&format!("{} files in {}; open report.html", names.len(), arguments.out.display()));
    Ok(())
}

fn compute() -> Result<Report, Box<dyn std::error::Error + Send + Sync>> {
    Err("this program has no statistics to report on".into())
}
