//! Votes in files: those that peers read, and the way from a file to a board.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::{Command, Stdio};

use arena_core::ranking::Outcome;

use super::measure::{in_turns, seconds};
use super::synthetic::{Full, Size, Votes};
use super::table::{Goal, Row};
use super::{Arguments, Failure};

const SIZE: Size = Size { votes: 4_000_000, models: 100 };
const TURNS: usize = 3;

/// Writes votes with the scaled differences in form.
pub(crate) fn write(path: &str, size: Size) -> Result<(), Failure> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "model_a,model_b,winner,tokens,headers,lists,bold")?;
    for Full { vote, styles, .. } in Votes::new(size) {
        write!(file, "model-{:03},model-{:03},{}", vote.left, vote.right, word(vote.outcome))?;
        let [left, right] = styles.map(|style| style.as_array().map(f64::from));
        for (left, right) in left.into_iter().zip(right) {
            write!(file, ",{:.6}", (left - right) / (left + right + 1.0))?;
        }
        writeln!(file)?;
    }
    Ok(file.flush()?)
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Left => "model_a",
        Outcome::Right => "model_b",
        Outcome::Tie => "tie",
        Outcome::BothBad => "both_bad",
    }
}

/// Reads a file and counts its lines.
fn read_once(path: &str) -> usize {
    let bytes = std::fs::read(path).unwrap_or_default();
    bytes.iter().filter(|&&byte| byte == b'\n').count()
}

/// A file of votes to a board by the release binary; no row without one.
#[expect(clippy::print_stdout, reason = "a missing row needs a reason")]
pub(crate) fn row(arguments: &Arguments) -> Result<Option<Row>, Failure> {
    let task = format!("file to board, {} votes x {} models", SIZE.votes, SIZE.models);
    let Some(binary) = &arguments.rank else {
        println!("not measured: {task}: no release binary, make build makes it");
        return Ok(None);
    };
    let path = format!("{}/board.csv", arguments.folder);
    let mut file = BufWriter::new(File::create(&path)?);
    writeln!(file, "model_a,model_b,winner")?;
    for Full { vote, .. } in Votes::new(SIZE) {
        let winner = word(vote.outcome);
        writeln!(file, "model-{:03},model-{:03},{winner}", vote.left, vote.right)?;
    }
    file.flush()?;
    let mut command = Command::new(binary);
    command.args(["rank", &path, "--format", "csv"]).stdout(Stdio::null()).stderr(Stdio::null());
    if !command.status()?.success() {
        println!("not measured: {task}: {binary} rank failed");
        return Ok(None);
    }
    let mut ours = || seconds(|| command.status());
    let [floor, taken] = in_turns(TURNS, [&mut || seconds(|| read_once(&path)), &mut ours]);
    Ok(Some(Row::new(task, taken, Some(floor)).goal(Goal::Seconds(0.6))))
}
