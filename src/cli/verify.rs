//! `doubleblind verify`: checks an exported journal, without database, network and settings.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use arena_core::journal::leaf::MAX_BYTES;
use arena_core::journal::verify::{Given, Report, Verification, Wanted};
use clap::Args;

use super::say;

/// Ends a program that was asked for something impossible, or could not read its files.
const USAGE: u8 = 2;
/// Longest line of texts.
const MAX_TEXT: u64 = 16 << 20;
/// Largest file that is read as a whole.
const MAX_FILE: u64 = 64 << 20;

/// What to check, and against what.
#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 all checks pass; 10 checkpoint, 11 root, 12 consistency, 13 grammar, 14 \
                        openings, 15 epochs, 16 sums, 17 boards, 18 texts, 19 receipts: the lowest that failed; 2 \
                        something could not be read."
)]
pub(super) struct Arguments {
    /// Folder that `doubleblind export log` wrote
    folder: PathBuf,
    /// The log's key (name+id+base64), from elsewhere than the folder
    #[arg(long, value_name = "KEY")]
    vkey: Option<String>,
    /// A checkpoint that you kept: this log has to begin with that one; further signatures are passed over
    #[arg(long, value_name = "FILE")]
    old: Option<PathBuf>,
    /// Receipts that have to be in the log: a signed receipt, a tlog-proof, or replies to votes as JSON
    #[arg(long, value_name = "FILE")]
    receipts: Vec<PathBuf>,
    /// Where to write the report as JSON; - is standard output, in place of the lines
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Checks and prints; the exit code says which check failed first.
pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let outcome = check(arguments).and_then(|report| {
        tell(&report, arguments.json.as_deref())?;
        Ok(report.exit)
    });
    match outcome {
        Ok(exit) => ExitCode::from(exit),
        Err(error) => {
            eprintln!("doubleblind: {error}");
            ExitCode::from(USAGE)
        }
    }
}

fn tell(report: &Report, json: Option<&Path>) -> Result<(), String> {
    match json {
        Some(path) if path == Path::new("-") => say(&report.to_json()),
        other => {
            say(report.to_text().trim_end());
            if let Some(path) = other {
                let written = std::fs::write(path, format!("{}\n", report.to_json()));
                written.map_err(|error| format!("{}: {error}", path.display()))?;
            }
        }
    }
    Ok(())
}

fn check(arguments: &Arguments) -> Result<Report, String> {
    let folder = &arguments.folder;
    let old = arguments.old.as_deref().map(read).transpose()?;
    let checkpoint = read(&folder.join("checkpoint"))?;
    let vkey = match &arguments.vkey {
        Some(_) => Vec::new(),
        None => read(&folder.join("vkey"))?,
    };
    let given = Given {
        checkpoint: &checkpoint,
        vkey: &vkey,
        trusted: arguments.vkey.as_deref(),
        old: old.as_deref(),
    };
    let find = |wanted: Wanted| read(&folder.join(wanted.path())).ok();
    let mut verification =
        Verification::new(given, find).map_err(|error| format!("--vkey: {error}"))?;
    let texts = folder.join("texts.jsonl");
    if texts.exists() {
        lines(&texts, MAX_TEXT, |line| verification.text(line))?;
    }
    for path in &arguments.receipts {
        verification.receipt(&path.display().to_string(), &read(path)?);
    }
    lines(&folder.join("log.jsonl"), MAX_BYTES as u64 + 1, |line| verification.line(line))?;
    Ok(verification.finish())
}

/// A whole file of bounded size.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |error: io::Error| format!("{}: {error}", path.display());
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(format!("{} is larger than 64 MiB", path.display()));
    }
    Ok(bytes)
}

/// Gives out a file line by line, line feeds included. Of a longer line than `most` only the beginning is given.
fn lines(path: &Path, most: u64, mut take: impl FnMut(&[u8])) -> Result<(), String> {
    let failed = |error: io::Error| format!("{}: {error}", path.display());
    let mut reader = BufReader::with_capacity(1 << 17, File::open(path).map_err(failed)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader.by_ref().take(most).read_until(b'\n', &mut line).map_err(failed)?;
        if read == 0 {
            return Ok(());
        }
        take(&line);
        if read as u64 == most && line.last() != Some(&b'\n') {
            skip_line(&mut reader).map_err(failed)?;
        }
    }
}

/// Passes over the rest of a line without keeping it.
fn skip_line(reader: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let end = memchr::memchr(b'\n', buffer);
        let passed = end.map_or(buffer.len(), |end| end + 1);
        reader.consume(passed);
        if end.is_some() {
            return Ok(());
        }
    }
}
