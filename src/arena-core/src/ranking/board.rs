//! The whole table: who has a rating, with interval and places, and who has none and why.

use serde::{Deserialize, Serialize};

use super::RankingError;
use super::coding::Coding;
use super::connectivity::{Status, outside, rated_component};
use super::counts::Counts;
use super::fit::{Fit, Method, fit};
use super::frame::{Estimate, Frame, estimates};
use super::ranks::{Ranks, critical_value, places};
use super::sandwich::{Covariance, SmallSample};
use super::style::Controlled;

/// Below this many counted votes a model has neither rating nor interval: its interval would not hold.
pub const MIN_VOTES: u64 = 20;
/// Below this many counted votes a rating is provisional.
pub const PROVISIONAL_BELOW: u64 = 100;
/// Random draws behind the simultaneous ranks, unless the settings say otherwise.
pub const DEFAULT_DRAWS: usize = 4000;

/// Everything that a board depends on besides the counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The model of votes.
    pub method: Method,
    /// What ties and both-bad votes are worth.
    pub coding: Coding,
    /// Where the scale is fixed.
    pub frame: Frame,
    /// Random draws behind the simultaneous ranks.
    pub draws: usize,
    /// Seed of those draws.
    pub seed: u64,
}

impl Settings {
    /// Bradley-Terry with half wins, mean rating 1000, 4,000 draws.
    pub fn new(seed: u64) -> Settings {
        Settings {
            method: Method::default(),
            coding: Coding::default(),
            frame: Frame::default(),
            draws: DEFAULT_DRAWS,
            seed,
        }
    }
}

/// One model on the board.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Index of the model.
    pub model: usize,
    /// Rating and interval; present exactly if `status` is `ok` or `provisional`.
    pub rating: Option<Estimate>,
    /// Places among the published ratings; present exactly if `rating` is.
    pub rank: Option<Ranks>,
    /// All votes, also those that no rating uses.
    pub votes: u64,
    /// Votes that the fit uses: counted by the coding, and against a model that is comparable; 0 outside the fit.
    pub used_votes: u64,
    /// Votes that preferred the model.
    pub wins: u64,
    /// Votes that preferred its rival.
    pub losses: u64,
    /// Ties.
    pub ties: u64,
    /// Votes that found both bad.
    pub both_bad: u64,
    /// Whether the model has a rating, and why not.
    pub status: Status,
}

/// A dated ranking without its date: all models in the order of their indices, and how the numbers came about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Board {
    /// What the board was computed with.
    pub settings: Settings,
    /// All votes.
    pub votes: u64,
    /// Votes that the fit uses.
    pub used_votes: u64,
    /// Standard errors by which two models must differ to be separated; `None` if nothing is rated.
    pub critical_value: Option<f64>,
    /// Davidson's nu or Rao and Kupper's theta.
    pub tie_parameter: Option<f64>,
    /// One row a model.
    pub rows: Vec<Row>,
}

/// Computes the board.
///
/// Input: counts of one slice; settings.
/// Output: Elo points (scale 400, base 10) in the frame of the settings, with 95 % intervals, and places. Only the
/// largest group of comparable models is fitted; a model outside it changes nothing for the others, bit for bit. A
/// model with fewer than 20 counted votes takes part in the fit but is not published and not part of the mean; when it
/// reaches 20 it joins the mean, see [`Frame::Mean`]. Fewer than two such models publish nothing.
/// Accuracy: estimates far below 1e-6 Elo, intervals as [`super::Fit::covariance`], places as [`critical_value`].
/// The same input gives the same bytes on the same build and processor; another one may differ in the last digits,
/// because exponentials and matrix products do.
/// Errors: [`RankingError::NotConverged`], [`RankingError::TiesUndetermined`], [`RankingError::AnchorNotRated`] if
/// others have a rating, [`RankingError::NotARating`], [`RankingError::TooFewDraws`], [`RankingError::Singular`].
/// Cost: 6 M^3 + draws x M^2. Measured for M = 129: fit 2 ms, covariance 1 ms, 4,000 draws 40 ms.
/// Source: RATINGS sections 3 to 5 and 8.
pub fn compute(counts: &Counts, settings: &Settings) -> Result<Board, RankingError> {
    compute_with(counts, settings, |members| {
        let fit = fit(counts, members, settings.method, settings.coding)?;
        let covariance = fit.covariance(SmallSample::default())?;
        Ok((fit, covariance))
    })
}

/// Computes the board from a fit and a covariance of the caller's: weighted, clustered or resampled.
///
/// Input: as [`compute`], and a function that fits the models it is given (those comparable by `counts`, ascending),
/// in this order, and estimates the covariance of their strengths.
/// Output: as [`compute`]; with weights `used_votes` is their sum, rounded down.
/// Accuracy: that of the covariance.
/// Errors: as [`compute`], and those of the function, which is not called if no two models are comparable.
/// Cost: as [`compute`], with the function in place of the fit.
/// Source: as [`compute`].
pub fn compute_with(
    counts: &Counts,
    settings: &Settings,
    estimate: impl FnOnce(&[usize]) -> Result<(Fit, Covariance), RankingError>,
) -> Result<Board, RankingError> {
    let members = rated_component(counts, settings.coding);
    let board = unrated(counts, settings, &members);
    if members.is_empty() {
        return Ok(board);
    }
    let (fit, covariance) = estimate(&members)?;
    let fitted = Fitted {
        members: &members,
        strengths: fit.strengths(),
        covariance: &covariance,
        votes: fit.votes(),
        tie_parameter: fit.tie_parameter(),
    };
    rated(board, &fitted)
}

/// Computes the board of strengths with the effects of style taken out.
///
/// Input: the counts of all votes; the settings, whose method has to be Bradley-Terry; style control of those votes, with
/// the coding of the settings, for all models that are comparable by the counts.
/// Output: as [`compute`], from the controlled strengths and their covariance.
/// Accuracy: that of [`super::control`].
/// Errors: as [`compute`]; [`RankingError::OnlyBradleyTerry`].
/// Cost: as [`compute`], without the fit.
/// Source: as [`compute`].
pub fn compute_controlled(
    counts: &Counts,
    settings: &Settings,
    controlled: &Controlled,
) -> Result<Board, RankingError> {
    if settings.method != Method::BradleyTerry {
        return Err(RankingError::OnlyBradleyTerry { method: settings.method });
    }
    let adjusted = &controlled.adjusted;
    let fitted = Fitted {
        members: adjusted.members(),
        strengths: adjusted.strengths(),
        covariance: adjusted.covariance(),
        votes: controlled.raw.votes(),
        tie_parameter: None,
    };
    rated(unrated(counts, settings, fitted.members), &fitted)
}

/// What a board is made from.
struct Fitted<'a> {
    members: &'a [usize],
    strengths: &'a [f64],
    covariance: &'a Covariance,
    votes: Vec<f64>,
    tie_parameter: Option<f64>,
}

fn rated(mut board: Board, fitted: &Fitted<'_>) -> Result<Board, RankingError> {
    let (settings, members) = (board.settings, fitted.members);
    board.tie_parameter = fitted.tie_parameter;
    for (&model, votes) in members.iter().zip(&fitted.votes) {
        board.rows[model].used_votes = *votes as u64;
    }
    board.used_votes = board.rows.iter().map(|row| row.used_votes).sum::<u64>() / 2;
    let enough = |&position: &usize| board.rows[members[position]].used_votes >= MIN_VOTES;
    let positions: Vec<usize> = (0..members.len()).filter(enough).collect();
    if positions.len() < 2 {
        return Ok(board);
    }
    let published: Vec<usize> = positions.iter().map(|&position| members[position]).collect();
    let strengths: Vec<f64> = positions.iter().map(|&at| fitted.strengths[at]).collect();
    let covariance = fitted.covariance.among(&positions);
    let ratings = estimates(settings.frame, &published, &strengths, &covariance)?;
    let marginal = estimates(Frame::default(), &published, &strengths, &covariance)?;
    let q = critical_value(&covariance, settings.draws, settings.seed)?;
    let ranks = places(&strengths, &covariance, q, &marginal)?;
    board.critical_value = Some(q);
    for ((&model, rating), rank) in published.iter().zip(ratings).zip(ranks) {
        publish(&mut board.rows[model], rating, rank);
    }
    Ok(board)
}

fn publish(row: &mut Row, rating: Estimate, rank: Ranks) {
    row.rating = Some(rating);
    row.rank = Some(rank);
    let provisional = row.used_votes < PROVISIONAL_BELOW;
    row.status = if provisional { Status::Provisional } else { Status::Ok };
}

/// The board before any fit: counts, and why each model has no rating.
fn unrated(counts: &Counts, settings: &Settings, members: &[usize]) -> Board {
    let statuses = outside(counts, settings.coding, members);
    let row = |(model, status): (usize, Option<Status>)| {
        let record = counts.record(model).unwrap_or_default();
        Row {
            model,
            rating: None,
            rank: None,
            votes: record.votes(),
            used_votes: 0,
            wins: record.wins,
            losses: record.losses,
            ties: record.ties,
            both_bad: record.both_bad,
            status: status.unwrap_or(Status::TooFewVotes),
        }
    };
    Board {
        settings: *settings,
        votes: counts.votes(),
        used_votes: 0,
        critical_value: None,
        tie_parameter: None,
        rows: statuses.into_iter().enumerate().map(row).collect(),
    }
}
