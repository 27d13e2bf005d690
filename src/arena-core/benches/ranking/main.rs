//! How fast the ratings are, beside what they cannot be faster than and beside other programs, all in one run.
//!
//! `make bench` starts it. Arguments: `--folder DIR` for the votes it writes, `--peers PYTHON SCRIPT` for the other
//! programs, `--rank BINARY` for the way from a file to a board, `--full` for 4,000,000 votes on 300 models too.
//! Figures are the least of several runs, with the steps compared run in turns.

mod files;
mod measure;
mod style;
mod synthetic;
mod table;

use std::hint::black_box;

use arena_core::ranking::{
    AttributedVote, Coding, Counts, Fit, Method, Resample, Settings, SmallSample, Vote, compute,
    fit,
};
use measure::{Other, Peers, in_turns, seconds};
use nalgebra::DMatrix;
use synthetic::{Size, Votes};
use table::{Goal, Row};

type Failure = Box<dyn std::error::Error>;

const USUAL: Size = Size { votes: 1_000_000, models: 100 };
const LARGE: Size = Size { votes: 4_000_000, models: 300 };
/// Turns of everything that takes milliseconds.
const TURNS: usize = 9;
/// Runs of a peer that takes seconds.
const PEER_RUNS: usize = 2;

#[derive(Default)]
struct Arguments {
    folder: String,
    peers: Option<[String; 2]>,
    rank: Option<String>,
    full: bool,
}

fn main() -> Result<(), Failure> {
    let mut words = std::env::args().skip(1);
    let mut arguments = Arguments { folder: ".".to_owned(), ..Arguments::default() };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--folder" => arguments.folder = value()?,
            "--peers" => arguments.peers = Some([value()?, value()?]),
            "--rank" => arguments.rank = Some(value()?),
            "--full" => arguments.full = true,
            "--style" => return style::answer(value()?.parse()?, value()?.parse()?),
            "--bench" => {} // cargo adds it
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    let mut rows = on(USUAL, &arguments)?;
    if arguments.full {
        rows.extend(on(LARGE, &arguments)?);
    }
    rows.extend(style::rows(&arguments, USUAL)?);
    rows.extend(bootstraps(&arguments)?);
    rows.extend(files::row(&arguments)?);
    table::print(&rows);
    Ok(())
}

/// Starts the peers on the votes of a size, if there are any.
fn peers(arguments: &Arguments, size: Size) -> Result<Peers, Failure> {
    let Some([python, script]) = &arguments.peers else { return Ok(Peers(None)) };
    files::write(&format!("{}/votes.csv", arguments.folder), size)?;
    Ok(Peers(Other::start(python, &[script, &arguments.folder])))
}

fn all(models: usize) -> Vec<usize> {
    (0..models).collect()
}

fn fitted(counts: &Counts) -> Result<Fit, Failure> {
    Ok(fit(counts, &all(counts.models()), Method::BradleyTerry, Coding::default())?)
}

fn rated(counts: &Counts) -> Result<(), Failure> {
    black_box(fitted(counts)?.covariance(SmallSample::default())?);
    Ok(())
}

/// The least that has to be done with votes: one increment each.
fn count_barely(votes: &[Vote], models: usize) -> Vec<[u32; 4]> {
    let mut table = vec![[0_u32; 4]; models * models];
    for vote in votes {
        table[vote.left * models + vote.right][vote.outcome as usize] += 1;
    }
    table
}

/// A matrix as a fit factors it.
fn information(models: usize) -> DMatrix<f64> {
    DMatrix::from_fn(models, models, |i, j| if i == j { models as f64 } else { -0.5 })
}

fn on(size: Size, arguments: &Arguments) -> Result<Vec<Row>, Failure> {
    let Size { votes: count, models } = size;
    let votes: Vec<Vote> = Votes::new(size).map(|full| full.vote).collect();
    let matrix = information(models);
    let counted = || Counts::from_slice(models, &votes);
    let counts = counted()?;
    rated(&counts)?; // anything wrong shows here, before the clock runs
    compute(&counts, &Settings::new(1))?;
    let [bare, factor, whole, ratings, refresh, board] = in_turns(
        TURNS,
        [
            &mut || seconds(|| count_barely(&votes, models)),
            &mut || seconds(|| matrix.clone().cholesky()),
            &mut || seconds(|| counted().map(|counts| rated(&counts).is_ok())),
            &mut || seconds(|| counted().map(|counts| fitted(&counts).is_ok())),
            &mut || seconds(|| rated(&counts)),
            &mut || seconds(|| compute(&counts, &Settings::new(1))),
        ],
    );
    drop(votes);
    let mut peers = peers(arguments, size)?;
    let (arena_rank, core, api) = (
        peers.least("arena_rank", PEER_RUNS),
        peers.least("evalica_core", TURNS),
        peers.least("evalica_api", PEER_RUNS),
    );
    let most = if models <= 100 { (500.0, 0.002) } else { (150.0, 0.020) };
    let on = format!("{count} votes x {models} models");
    let floor = bare + factor;
    Ok(vec![
        Row::new(format!("votes to ratings with intervals, {on}"), whole, Some(floor))
            .against("arena-rank", arena_rank)
            .goal(Goal::Floor(2.0))
            .goal(Goal::Peer(most.0)),
        Row::new(format!("votes to ratings, {on}"), ratings, Some(floor))
            .against("evalica's core", core)
            .goal(Goal::Peer(3.0)),
        Row::new(format!("the same, {on}"), ratings, Some(floor)).against("evalica", api),
        Row::new(format!("refresh after a vote, {on}"), refresh, Some(factor))
            .against("arena-rank", arena_rank)
            .goal(Goal::Seconds(most.1)),
        Row::new(format!("refresh with places, {on}"), board, Some(factor))
            .goal(Goal::Seconds(most.1)),
    ])
}

fn bootstraps(arguments: &Arguments) -> Result<Vec<Row>, Failure> {
    let votes: Vec<AttributedVote> = Votes::new(USUAL).map(|full| full.attributed()).collect();
    let plain: Vec<Vote> = votes.iter().map(|vote| vote.vote).collect();
    let fit = fitted(&Counts::from_slice(USUAL.models, &plain)?)?;
    let draw = |resample, draws| seconds(|| fit.bootstrap(&votes, resample, draws, 1).is_ok());
    let [bare, hundred, by_vote, by_voter] = in_turns(
        2,
        [
            &mut || seconds(|| count_barely(&plain, USUAL.models)),
            &mut || draw(Resample::Vote, 100),
            &mut || draw(Resample::Vote, 1000),
            &mut || draw(Resample::Voter, 1000),
        ],
    );
    let theirs = peers(arguments, USUAL)?.least("fastchat_bootstrap", 1);
    let on = format!("{} votes x {} models", USUAL.votes, USUAL.models);
    Ok(vec![
        Row::new(format!("100 bootstraps by vote, {on}"), hundred, Some(100.0 * bare))
            .against("FastChat (1 x 100)", theirs.map(|one| 100.0 * one)),
        Row::new(format!("1000 bootstraps by vote, {on}"), by_vote, Some(1000.0 * bare))
            .goal(Goal::Seconds(2.0)),
        Row::new(format!("1000 bootstraps by voter, {on}"), by_voter, Some(1000.0 * bare))
            .goal(Goal::Seconds(2.0)),
    ])
}
