//! `doubleblind rank`: a ranking from a file of votes, without database and server.

use std::io::Write;
use std::path::PathBuf;

use arena_core::ranking::{
    self, BothBadRule, Coding, Elo, Estimate, Frame, Method, Row, Settings, TieRule,
};
use clap::{Args, ValueEnum};

use super::Outcome;
use crate::export::rounded;
use crate::ranking::SEED;
use crate::ranking::files::{self, FileVotes};

/// What to rank and how.
#[derive(Args)]
pub(super) struct Arguments {
    /// CSV, JSON or JSON lines with model_a,model_b,winner, or counts per pair
    votes: PathBuf,
    /// Model of votes
    #[arg(long, value_enum, default_value = "bt")]
    method: By,
    /// What a tie is worth
    #[arg(long, value_enum, default_value = "half")]
    ties: Ties,
    /// What a both-bad vote is worth
    #[arg(long, value_enum, default_value = "tie")]
    both_bad: BothBad,
    /// Fixes one model's rating; without it the mean is 1000
    #[arg(long, value_name = "NAME=VALUE")]
    anchor: Option<String>,
    /// Interval
    #[arg(long, value_enum, default_value = "sandwich")]
    ci: Interval,
    /// Seed of the draws behind rank spreads
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// Output
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Leaves out rows that cannot be read, and lists them on standard error
    #[arg(long)]
    skip_bad_rows: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// Bradley-Terry
    Bt,
    /// Online Elo in file order, K = 4; it has no interval
    Elo,
    /// Bradley-Terry with ties as Davidson 1970 has them
    Davidson,
    /// Bradley-Terry with ties as Rao and Kupper 1967 have them
    RaoKupper,
}

#[derive(Clone, Copy, ValueEnum)]
enum Ties {
    Half,
    Drop,
}

#[derive(Clone, Copy, ValueEnum)]
enum BothBad {
    Tie,
    Drop,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Interval {
    Sandwich,
    None,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Table,
    Csv,
    Json,
}

#[derive(serde::Serialize)]
struct Line {
    rank: Option<usize>,
    rank_low: Option<usize>,
    rank_high: Option<usize>,
    model: String,
    rating: Option<f64>,
    ci_low: Option<f64>,
    ci_high: Option<f64>,
    votes: u64,
    wins: u64,
    losses: u64,
    ties: u64,
    both_bad: u64,
    status: &'static str,
}

pub(super) fn run(arguments: Arguments) -> Outcome {
    let name = arguments.votes.display().to_string();
    let bytes = std::fs::read(&arguments.votes).map_err(|error| format!("{name}: {error}"))?;
    let file = files::read(&bytes, arguments.skip_bad_rows)
        .map_err(|error| format!("{name}: {}", super::chain(&error)))?;
    for problem in &file.skipped {
        eprintln!("left out: {name}: {problem}");
    }
    let lines = match arguments.method {
        By::Elo => elo_lines(&file)?,
        _ => fitted_lines(&file, &arguments)?,
    };
    print(&lines, arguments.format)
}

fn fitted_lines(
    file: &FileVotes,
    arguments: &Arguments,
) -> Result<Vec<Line>, Box<dyn std::error::Error + Send + Sync>> {
    let settings = Settings {
        method: match arguments.method {
            By::Davidson => Method::Davidson,
            By::RaoKupper => Method::RaoKupper,
            By::Bt | By::Elo => Method::BradleyTerry,
        },
        coding: Coding {
            ties: match arguments.ties {
                Ties::Half => TieRule::Half,
                Ties::Drop => TieRule::Drop,
            },
            both_bad: match arguments.both_bad {
                BothBad::Tie => BothBadRule::Half,
                BothBad::Drop => BothBadRule::Drop,
            },
        },
        frame: frame(file, arguments.anchor.as_deref())?,
        ..Settings::new(arguments.seed)
    };
    let board = ranking::compute(&file.counts, &settings)?;
    let mut lines: Vec<Line> = board
        .rows
        .iter()
        .zip(&file.models)
        .map(|(row, model)| line(row, model, arguments.ci))
        .collect();
    sort(&mut lines);
    Ok(lines)
}

fn frame(file: &FileVotes, anchor: Option<&str>) -> Result<Frame, String> {
    let Some(anchor) = anchor else { return Ok(Frame::default()) };
    let (name, value) = anchor.rsplit_once('=').ok_or("--anchor is NAME=VALUE")?;
    let rating = value.parse().map_err(|_| format!("--anchor: {value} is no number"))?;
    let model = file.models.iter().position(|model| model == name);
    Ok(Frame::Anchor { model: model.ok_or(format!("--anchor: no votes on {name}"))?, rating })
}

fn line(row: &Row, model: &str, interval: Interval) -> Line {
    let shown = |end: fn(&Estimate) -> f64| {
        row.rating.as_ref().filter(|_| interval == Interval::Sandwich).map(end)
    };
    Line {
        rank: row.rank.map(|rank| rank.rank),
        rank_low: row.rank.map(|rank| rank.best),
        rank_high: row.rank.map(|rank| rank.worst),
        model: model.to_owned(),
        rating: row.rating.map(|rating| rounded(rating.rating)),
        ci_low: shown(|rating| rounded(rating.low)),
        ci_high: shown(|rating| rounded(rating.high)),
        votes: row.votes,
        wins: row.wins,
        losses: row.losses,
        ties: row.ties,
        both_bad: row.both_bad,
        status: row.status.as_str(),
    }
}

fn sort(lines: &mut [Line]) {
    let rating = |line: &Line| line.rating.unwrap_or(f64::NEG_INFINITY);
    lines.sort_by(|a, b| rating(b).total_cmp(&rating(a)).then_with(|| a.model.cmp(&b.model)));
}

fn elo_lines(file: &FileVotes) -> Result<Vec<Line>, Box<dyn std::error::Error + Send + Sync>> {
    let votes =
        file.votes.as_ref().ok_or("Elo needs votes in order, and this file holds counts")?;
    let mut elo = Elo::new(file.models.len());
    for vote in votes {
        elo.update(vote.left, vote.right, vote.outcome)?;
    }
    let mut lines = Vec::new();
    for (model, (name, rating)) in file.models.iter().zip(elo.ratings()).enumerate() {
        let record = file.counts.record(model).unwrap_or_default();
        lines.push(Line {
            rank: None,
            rank_low: None,
            rank_high: None,
            model: name.clone(),
            rating: Some(rounded(*rating)),
            ci_low: None,
            ci_high: None,
            votes: record.votes(),
            wins: record.wins,
            losses: record.losses,
            ties: record.ties,
            both_bad: record.both_bad,
            status: "order_dependent",
        });
    }
    sort(&mut lines);
    Ok(lines)
}

fn print(lines: &[Line], format: Format) -> Outcome {
    let mut out = std::io::stdout().lock();
    match format {
        Format::Json => writeln!(out, "{}", serde_json::to_string_pretty(lines)?)?,
        Format::Csv => {
            let mut writer = csv::Writer::from_writer(out);
            for line in lines {
                writer.serialize(line)?;
            }
            writer.flush()?;
        }
        Format::Table => {
            let width =
                lines.iter().map(|line| line.model.chars().count()).max().unwrap_or(5).max(5);
            writeln!(
                out,
                "{:>4} {:>7}  {:<width$} {:>8} {:>19} {:>8}  status",
                "rank", "spread", "model", "rating", "95 % interval", "votes"
            )?;
            for line in lines {
                writeln!(out, "{}", table_row(line, width))?;
            }
        }
    }
    Ok(())
}

fn table_row(line: &Line, width: usize) -> String {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let spread = line.rank_low.zip(line.rank_high).map(|(low, high)| format!("{low}-{high}"));
    let interval =
        line.ci_low.zip(line.ci_high).map(|(low, high)| format!("{low:.1} .. {high:.1}"));
    format!(
        "{:>4} {:>7}  {:<width$} {:>8} {:>19} {:>8}  {}",
        or_dash(line.rank.map(|rank| rank.to_string())),
        or_dash(spread),
        line.model,
        or_dash(line.rating.map(|rating| format!("{rating:.1}"))),
        or_dash(interval),
        line.votes,
        line.status
    )
}
