//! The whole table: who has a rating, with interval and places, and who has none and why.

use serde::{Deserialize, Serialize};

use super::RankingError;
use super::bootstrap::Bootstrap;
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
/// Weights that add up to a whole number of votes may miss it by this much.
const ROUNDING: f64 = 1e-9;
/// Random draws behind the simultaneous ranks, unless the settings say otherwise.
pub const DEFAULT_DRAWS: usize = 4000;

/// Everything that a board depends on besides the counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// Weighted votes are the smaller of their sum and of (sum w)^2 / sum w^2, the equal votes that they are worth.
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
/// Errors: [`RankingError::NotConverged`], [`RankingError::TiesUndetermined`]; [`RankingError::AnchorNotRated`] or
/// [`RankingError::ReferenceNotRated`] if others have a rating; [`RankingError::NotARating`],
/// [`RankingError::TooFewDraws`], [`RankingError::Singular`].
/// Cost: 6 M^3 + draws x M^2. Measured for M = 129: fit 2 ms, covariance 1 ms, 4,000 draws 40 ms.
/// Source: RATINGS sections 3 to 5 and 8.
pub fn compute(counts: &Counts, settings: &Settings) -> Result<Board, RankingError> {
    compute_with(counts, settings, |members| plain(counts, settings, members))
}

/// The fit and the covariance of a board for which nothing else is asked.
pub(super) fn plain(
    counts: &Counts,
    settings: &Settings,
    members: &[usize],
) -> Result<(Fit, Covariance), RankingError> {
    let fit = fit(counts, members, settings.method, settings.coding)?;
    let covariance = fit.covariance(SmallSample::default())?;
    Ok((fit, covariance))
}

/// Computes the board from a fit and a covariance of the caller's: weighted, clustered or resampled.
///
/// Input: as [`compute`], and a function that fits the models it is given (those comparable by `counts`, ascending),
/// in this order, and estimates the covariance of their strengths.
/// Output: as [`compute`]; for `used_votes` with weights see [`Row`].
/// Accuracy: that of the covariance.
/// Errors: as [`compute`], and those of the function, which is not called if no two models are comparable.
/// Cost: as [`compute`], with the function in place of the fit.
/// Source: as [`compute`].
pub fn compute_with(
    counts: &Counts,
    settings: &Settings,
    estimate: impl FnOnce(&[usize]) -> Result<(Fit, Covariance), RankingError>,
) -> Result<Board, RankingError> {
    Draft::new(counts, settings, estimate)?.finish()
}

/// Computes the board with intervals between quantiles of a bootstrap of the caller's.
///
/// Input: as [`compute_with`]; the function also resamples its fit. Its covariance is for the simultaneous places only,
/// for which percentiles of single models do not suffice.
/// Output: as [`compute`], with the intervals of [`Bootstrap::estimates`] in the frame of the settings; LMArena's rank
/// is read from those in the mean frame.
/// Accuracy: that of the bootstrap.
/// Errors: as [`compute_with`] and [`Bootstrap::estimates`].
/// Cost: as [`compute_with`], and sorting the resamples of each model twice.
/// Source: Efron 1979.
pub fn compute_resampled(
    counts: &Counts,
    settings: &Settings,
    estimate: impl FnOnce(&[usize]) -> Result<(Fit, Covariance, Bootstrap), RankingError>,
) -> Result<Board, RankingError> {
    let mut bootstrap = None;
    let draft = Draft::new(counts, settings, |members| {
        let (fit, covariance, resamples) = estimate(members)?;
        bootstrap = Some(resamples);
        Ok((fit, covariance))
    })?;
    match (&draft.published, bootstrap) {
        (Some(published), Some(bootstrap)) => {
            let ratings = bootstrap.estimates(settings.frame.clone(), &published.models)?;
            let marginal = bootstrap.estimates(Frame::default(), &published.models)?;
            draft.finish_with(ratings, &marginal)
        }
        _ => draft.finish(),
    }
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
        votes: worth(&controlled.raw),
        tie_parameter: None,
    };
    Draft::of(unrated(counts, settings, fitted.members), &fitted).finish()
}

/// What a board is made from.
struct Fitted<'a> {
    members: &'a [usize],
    strengths: &'a [f64],
    covariance: &'a Covariance,
    votes: Vec<f64>,
    tie_parameter: Option<f64>,
}

/// What the votes on each member are worth: their weight, or what remains of it where weights differ.
fn worth(fit: &Fit) -> Vec<f64> {
    let both = fit.votes().into_iter().zip(fit.effective_votes());
    both.map(|(votes, effective)| votes.min(effective) + ROUNDING).collect()
}

/// A board with its counts and statuses, and what is to be published on it.
pub(super) struct Draft {
    board: Board,
    published: Option<Published>,
}

/// The models that get a rating, by index, with their strengths and covariance in the same order.
struct Published {
    models: Vec<usize>,
    strengths: Vec<f64>,
    covariance: Covariance,
}

impl Draft {
    pub(super) fn new(
        counts: &Counts,
        settings: &Settings,
        estimate: impl FnOnce(&[usize]) -> Result<(Fit, Covariance), RankingError>,
    ) -> Result<Draft, RankingError> {
        let members = rated_component(counts, settings.coding);
        let board = unrated(counts, settings, &members);
        if members.is_empty() {
            return Ok(Draft { board, published: None });
        }
        let (fit, covariance) = estimate(&members)?;
        let fitted = Fitted {
            members: &members,
            strengths: fit.strengths(),
            covariance: &covariance,
            votes: worth(&fit),
            tie_parameter: fit.tie_parameter(),
        };
        Ok(Draft::of(board, &fitted))
    }

    fn of(mut board: Board, fitted: &Fitted<'_>) -> Draft {
        board.tie_parameter = fitted.tie_parameter;
        for (&model, votes) in fitted.members.iter().zip(&fitted.votes) {
            board.rows[model].used_votes = *votes as u64;
        }
        board.used_votes = board.rows.iter().map(|row| row.used_votes).sum::<u64>() / 2;
        let enough =
            |&position: &usize| board.rows[fitted.members[position]].used_votes >= MIN_VOTES;
        let positions: Vec<usize> = (0..fitted.members.len()).filter(enough).collect();
        let published = (positions.len() >= 2).then(|| Published {
            models: positions.iter().map(|&position| fitted.members[position]).collect(),
            strengths: positions.iter().map(|&at| fitted.strengths[at]).collect(),
            covariance: fitted.covariance.among(&positions),
        });
        Draft { board, published }
    }

    /// Lists the models of a frame that have no rating here, with the reason.
    pub(super) fn missing(&self, frame: &Frame) -> Vec<(usize, Status)> {
        let rated: &[usize] = self.published.as_ref().map_or(&[], |published| &published.models);
        let fixed = frame.fixed().unwrap_or_default().iter();
        let missing = fixed.filter(|model| !rated.contains(model));
        let status = |model: usize| self.board.rows.get(model).map(|row| row.status);
        missing.map(|&model| (model, status(model).unwrap_or(Status::NoVotes))).collect()
    }

    pub(super) fn finish(self) -> Result<Board, RankingError> {
        let Some(Published { models, strengths, covariance }) = &self.published else {
            return Ok(self.board);
        };
        let frame = self.board.settings.frame.clone();
        let ratings = estimates(frame, models, strengths, covariance)?;
        let marginal = estimates(Frame::default(), models, strengths, covariance)?;
        self.finish_with(ratings, &marginal)
    }

    fn finish_with(
        mut self,
        ratings: Vec<Estimate>,
        marginal: &[Estimate],
    ) -> Result<Board, RankingError> {
        let Some(Published { models, strengths, covariance }) = &self.published else {
            return Ok(self.board);
        };
        let settings = &self.board.settings;
        let q = critical_value(covariance, settings.draws, settings.seed)?;
        let ranks = places(strengths, covariance, q, marginal)?;
        self.board.critical_value = Some(q);
        for ((&model, rating), rank) in models.iter().zip(ratings).zip(ranks) {
            publish(&mut self.board.rows[model], rating, rank);
        }
        Ok(self.board)
    }
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
        settings: settings.clone(),
        votes: counts.votes(),
        used_votes: 0,
        critical_value: None,
        tie_parameter: None,
        rows: statuses.into_iter().enumerate().map(row).collect(),
    }
}
