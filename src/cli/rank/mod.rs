//! `doubleblind rank`: a ranking from a file of votes, without database and server.

mod checks;
mod document;
mod fitted;
mod order;
mod print;

use std::path::PathBuf;

use arena_core::ranking::{BothBadRule, Clusters, Coding, Frame, Method, Resample, TieRule};
use clap::{Args, ValueEnum};

use super::Outcome;
use crate::ranking::SEED;
use crate::ranking::files::{self, FileVotes, Keep, Options};

/// What a step of this command may end with.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What to rank and how.
#[derive(Args)]
pub(super) struct Arguments {
    /// CSV, JSON, JSON lines or Parquet, known by content: model_a,model_b,winner and more columns, counts per pair,
    /// or the files of LMSYS, compar:IA, MT-bench and llmfao
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
    /// Which votes may depend on each other: intervals are then wider
    #[arg(long, value_enum, default_value = "none")]
    cluster: Together,
    /// Where intervals come from [default: sandwich]; a bootstrap draws votes, or what --cluster names, and leaves rank
    /// spreads to the sandwich
    #[arg(long, value_enum)]
    ci: Option<Interval>,
    /// Takes out length and formatting; the file must have the answers, or counts of tokens, headers, lists and bold
    #[arg(long)]
    style: bool,
    /// Seed of everything random
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// Resamples of --ci bootstrap [default: 1000], else draws behind the rank spreads [default: 4000]; at least 100
    #[arg(long, value_name = "N")]
    draws: Option<usize>,
    /// Makes each pair weigh the same, however often it met
    #[arg(long, value_enum)]
    reweight: Option<Reweight>,
    /// Lets nobody weigh more than 20 votes, or 0.25 % of all if that is more
    #[arg(long)]
    voter_cap: bool,
    /// For --method elo: the mean over N random orders instead of the order of the file
    #[arg(long, value_name = "N")]
    elo_orders: Option<usize>,
    /// Output; JSON has all settings, position bias, effects of style and both boards
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Leaves out rows that cannot be read, and lists them on standard error
    #[arg(long)]
    skip_bad_rows: bool,
    /// Threads that read the file [default: one a processor]; the result is the same
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    read_threads: usize,
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

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Ties {
    Half,
    Drop,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BothBad {
    Tie,
    Drop,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Together {
    /// None
    None,
    /// Votes of one voter
    Voter,
    /// Votes on one prompt
    Prompt,
    /// Both
    Both,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Interval {
    Sandwich,
    Bootstrap,
    None,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Reweight {
    Pairs,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Table,
    Csv,
    Json,
}

impl Arguments {
    fn interval(&self) -> Interval {
        match (self.method, self.ci) {
            (By::Elo, _) => Interval::None,
            (_, chosen) => chosen.unwrap_or(Interval::Sandwich),
        }
    }

    fn coding(&self) -> Coding {
        Coding {
            ties: match self.ties {
                Ties::Half => TieRule::Half,
                Ties::Drop => TieRule::Drop,
            },
            both_bad: match self.both_bad {
                BothBad::Tie => BothBadRule::Half,
                BothBad::Drop => BothBadRule::Drop,
            },
        }
    }

    fn fit_method(&self) -> Method {
        match self.method {
            By::Davidson => Method::Davidson,
            By::RaoKupper => Method::RaoKupper,
            By::Bt | By::Elo => Method::BradleyTerry,
        }
    }

    fn clusters(&self) -> Option<Clusters> {
        match self.cluster {
            Together::None => None,
            Together::Voter => Some(Clusters::Voter),
            Together::Prompt => Some(Clusters::Prompt),
            Together::Both => Some(Clusters::Both),
        }
    }

    /// What a bootstrap draws.
    fn resample(&self) -> Result<Resample> {
        match self.cluster {
            Together::None => Ok(Resample::Vote),
            Together::Voter => Ok(Resample::Voter),
            Together::Prompt => Ok(Resample::Prompt),
            Together::Both => Err("--ci bootstrap draws voters or prompts; with --cluster both \
                                   use --ci sandwich"
                .into()),
        }
    }

    fn keep(&self) -> Keep {
        let by_voter = matches!(self.cluster, Together::Voter | Together::Both);
        Keep {
            voters: by_voter || self.voter_cap,
            prompts: matches!(self.cluster, Together::Prompt | Together::Both),
            times: false,
            style: self.style,
        }
    }

    fn frame(&self, file: &FileVotes) -> Result<Frame> {
        let Some(anchor) = &self.anchor else { return Ok(Frame::default()) };
        let (name, value) = anchor.rsplit_once('=').ok_or("--anchor is NAME=VALUE")?;
        let rating = value.parse().map_err(|_| format!("--anchor: {value} is no number"))?;
        let model = file.models.iter().position(|model| model == name);
        Ok(Frame::Anchor { model: model.ok_or(format!("--anchor: no votes on {name}"))?, rating })
    }
}

pub(super) fn run(arguments: Arguments) -> Outcome {
    checks::combination(&arguments)?;
    let name = arguments.votes.display().to_string();
    let options = Options {
        skip_bad_rows: arguments.skip_bad_rows,
        keep: arguments.keep(),
        threads: arguments.read_threads,
    };
    let file = files::open(&arguments.votes, &options)
        .map_err(|error| format!("{name}: {}", super::chain(&error)))?;
    for problem in &file.skipped {
        eprintln!("left out: {name}: {problem}");
    }
    checks::contents(&arguments, &file)?;
    let document = match arguments.method {
        By::Elo => order::document(&file, &arguments)?,
        _ => fitted::document(&file, &arguments)?,
    };
    print::print(&document, arguments.format)
}
