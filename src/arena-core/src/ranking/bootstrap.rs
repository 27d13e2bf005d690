//! How uncertain strengths are, by fitting resampled votes again and again.

use std::iter::repeat_n;

use nalgebra::DMatrix;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::RankingError;
use super::clusters::{Key, Shares};
use super::coding::Cell;
use super::draws::{multinomial, with_replacement};
use super::fit::Fit;
use super::frame::{Estimate, Frame, estimates_between};
use super::sandwich::Covariance;
use super::threads;
use super::votes::AttributedVote;

/// The last Newton step of a resample, in natural units; the error left is of the order of its square, 1e-6 Elo.
const TOLERANCE: f64 = 1e-4;
/// Resamples that are drawn one after another in the same memory.
const TOGETHER: usize = 8;
/// Fewer resamples than this have no 2.5 % quantile.
const MIN_DRAWS: usize = 100;

/// What is drawn with replacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resample {
    /// Single votes.
    Vote,
    /// Voters with all their votes; a vote without a voter is drawn on its own.
    Voter,
    /// Prompts with all their votes; a vote without a prompt is drawn on its own.
    Prompt,
}

/// Strengths fitted to resampled votes.
#[derive(Debug, Clone, PartialEq)]
pub struct Bootstrap {
    members: Vec<usize>,
    point: Vec<f64>,
    resamples: Vec<Vec<f64>>,
    apart: usize,
}

impl Fit {
    /// Fits resampled votes.
    ///
    /// Input: a fit; the votes it was fitted to (not read for [`Resample::Vote`], which needs only their counts); what
    /// to draw; how often, at least 100, 1,000 is customary; a seed.
    /// Output: the strengths of each resample. A resample has as many votes, or voters, or prompts as there are. One
    /// whose models cannot all be compared has no estimate; it is counted as [`Bootstrap::apart`].
    /// Accuracy: each resample's strengths to 1e-6 Elo. The same input gives the same bytes on the same build and
    /// processor, whatever the order of the votes and the number of threads; each resample has a generator of its own,
    /// Xoshiro256++ jumped ahead from the seed.
    /// Errors: [`RankingError::TooFewDraws`]; [`RankingError::OtherVotes`], [`RankingError::NotAWeight`];
    /// [`RankingError::WeightedCounts`] for [`Resample::Vote`] of a weighted fit; [`RankingError::NotConverged`].
    /// Cost: per resample a binomial draw for each outcome of each pair, or a pass over the votes of all clusters
    /// (sorted once), and 2 to 3 Newton steps; on all cores. Memory: 8 bytes a vote for clusters.
    /// Source: Efron 1979; Field and Welsh 2007, "Bootstrapping clustered data", for clusters.
    pub fn bootstrap(
        &self,
        votes: &[AttributedVote],
        resample: Resample,
        draws: usize,
        seed: u64,
    ) -> Result<Bootstrap, RankingError> {
        self.bootstrap_on(threads::available(), votes, resample, (draws, seed))
    }

    /// As [`Fit::bootstrap`], on so many threads.
    pub(super) fn bootstrap_on(
        &self,
        threads: usize,
        votes: &[AttributedVote],
        resample: Resample,
        (draws, seed): (usize, u64),
    ) -> Result<Bootstrap, RankingError> {
        if draws < MIN_DRAWS {
            return Err(RankingError::TooFewDraws { given: draws, needed: MIN_DRAWS });
        }
        let source = Source::new(self, votes, resample)?;
        let mut next = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut generators = Vec::with_capacity(draws);
        for _ in 0..draws {
            generators.push(next.clone());
            next.jump();
        }
        let fits = threads::in_parts(threads, draws.div_ceil(TOGETHER), |part| {
            let end = draws.min((part + 1) * TOGETHER);
            self.resampled(&source, &generators[part * TOGETHER..end])
        });
        let (members, point) = (self.members.clone(), self.strengths.clone());
        let mut bootstrap = Bootstrap { members, point, resamples: Vec::new(), apart: 0 };
        for fit in fits.into_iter().flatten() {
            match fit {
                Ok(strengths) => bootstrap.resamples.push(strengths),
                Err(RankingError::Disconnected { .. } | RankingError::TiesUndetermined { .. }) => {
                    bootstrap.apart += 1
                }
                Err(error) => return Err(error),
            }
        }
        Ok(bootstrap)
    }

    /// One resample for each generator.
    fn resampled(
        &self,
        source: &Source,
        generators: &[Xoshiro256PlusPlus],
    ) -> Vec<Result<Vec<f64>, RankingError>> {
        let mut room =
            Room { times: vec![0; source.clusters()], slots: vec![0; 3 * self.cells.len()] };
        let mut one = |generator: &Xoshiro256PlusPlus| {
            let cells = source.draw(&self.cells, &mut generator.clone(), &mut room);
            Ok(self.again(cells, TOLERANCE)?.strengths)
        };
        generators.iter().map(&mut one).collect()
    }
}

/// Where draws are counted.
struct Room {
    /// How often each cluster was drawn.
    times: Vec<u32>,
    /// Votes by pair and outcome.
    slots: Vec<u64>,
}

/// What resamples are drawn from.
enum Source {
    /// Wins, losses and ties of each pair.
    Votes(Vec<u64>),
    /// Votes of weight 1, sorted by cluster.
    Clusters {
        /// The cluster of each vote.
        owners: Vec<u32>,
        /// Three times the position of each vote's pair, plus its outcome.
        slots: Vec<u32>,
        clusters: usize,
    },
    Weighted(Shares),
}

impl Source {
    fn new(
        fit: &Fit,
        votes: &[AttributedVote],
        resample: Resample,
    ) -> Result<Source, RankingError> {
        let key = match resample {
            Resample::Voter => Key::Voter,
            Resample::Prompt => Key::Prompt,
            Resample::Vote if fit.squares.is_some() => return Err(RankingError::WeightedCounts),
            Resample::Vote => {
                let outcomes = |cell: &Cell| [cell.wins, cell.losses, cell.ties];
                let counts = fit.cells.iter().flat_map(outcomes).map(|votes| votes as u64);
                return Ok(Source::Votes(counts.collect()));
            }
        };
        let shares = Shares::new(fit, votes, key)?;
        if fit.squares.is_some() {
            return Ok(Source::Weighted(shares));
        }
        let (mut owners, mut slots) = (Vec::new(), Vec::new());
        for share in &shares.list {
            for (outcome, votes) in share.votes.into_iter().enumerate() {
                let slot = (3 * share.cell + outcome) as u32;
                let times = votes as usize;
                owners.extend(repeat_n(share.cluster as u32, times));
                slots.extend(repeat_n(slot, times));
            }
        }
        Ok(Source::Clusters { owners, slots, clusters: shares.clusters })
    }

    fn clusters(&self) -> usize {
        match self {
            Source::Votes(_) => 0,
            Source::Clusters { clusters, .. } => *clusters,
            Source::Weighted(shares) => shares.clusters,
        }
    }

    /// Draws a resample; `cells` are those of the fit.
    fn draw(&self, cells: &[Cell], rng: &mut Xoshiro256PlusPlus, room: &mut Room) -> Vec<Cell> {
        let mut drawn: Vec<Cell> = cells.iter().map(|cell| Cell::new(cell.i, cell.j)).collect();
        match self {
            Source::Votes(counts) => multinomial(counts, &mut room.slots, rng),
            Source::Clusters { owners, slots, .. } => {
                with_replacement(&mut room.times, rng);
                room.slots.fill(0);
                for (&owner, &slot) in owners.iter().zip(slots) {
                    room.slots[slot as usize] += u64::from(room.times[owner as usize]);
                }
            }
            Source::Weighted(shares) => {
                with_replacement(&mut room.times, rng);
                for share in &shares.list {
                    let times = f64::from(room.times[share.cluster]);
                    for (outcome, votes) in share.votes.into_iter().enumerate() {
                        drawn[share.cell].add(outcome, votes * times);
                    }
                }
                return drawn;
            }
        }
        for (cell, votes) in drawn.iter_mut().zip(room.slots.chunks_exact(3)) {
            [cell.wins, cell.losses, cell.ties] = [votes[0], votes[1], votes[2]].map(|n| n as f64);
        }
        drawn
    }
}

impl Bootstrap {
    /// Returns how many resamples were drawn.
    pub fn draws(&self) -> usize {
        self.resamples.len() + self.apart
    }

    /// Returns how many resamples have no estimate, because their models cannot all be compared.
    pub fn apart(&self) -> usize {
        self.apart
    }

    /// Returns the strengths of each resample that has an estimate, mean 0, in the order of the fit's members.
    pub fn resamples(&self) -> &[Vec<f64>] {
        &self.resamples
    }

    /// Finds percentile intervals.
    ///
    /// Input: the frame; the models to publish, which must be members.
    /// Output: Elo points in the frame: the rating of the fit, and the 2.5 % and 97.5 % quantiles of its resampled
    /// values (linear between order statistics). A resample without an estimate counts as below every lower end and
    /// above every upper end.
    /// Accuracy: Monte Carlo; with 1,000 draws an end has a standard error of about 2 % of the interval's width.
    /// Errors: [`RankingError::ResamplesApart`] if so many have no estimate that an end is among them;
    /// [`RankingError::NotAMember`], [`RankingError::AnchorNotRated`], [`RankingError::NotARating`].
    /// Cost: models x draws x ln(draws).
    /// Source: Efron 1979, percentile method; Hyndman and Fan 1996, type 7, for quantiles.
    pub fn estimates(&self, frame: Frame, models: &[usize]) -> Result<Vec<Estimate>, RankingError> {
        let positions = positions(&self.members, models)?;
        let pick =
            |values: &Vec<f64>| -> Vec<f64> { positions.iter().map(|&at| values[at]).collect() };
        let resamples: Vec<Vec<f64>> = self.resamples.iter().map(pick).collect();
        estimates_between(frame, models, &pick(&self.point), &resamples, |values| {
            Ok((self.quantile(values, 0.025, true)?, self.quantile(values, 0.975, false)?))
        })
    }

    /// Finds a quantile of sorted values, those without an estimate added `below` or above.
    fn quantile(&self, sorted: &[f64], level: f64, below: bool) -> Result<f64, RankingError> {
        let at = level * (self.draws() - 1) as f64;
        let shift = if below { self.apart } else { 0 };
        let value = |at: f64| (at as usize).checked_sub(shift).and_then(|at| sorted.get(at));
        match (value(at.floor()), value(at.ceil())) {
            (Some(low), Some(high)) => Ok(low + (high - low) * at.fract()),
            _ => Err(RankingError::ResamplesApart { apart: self.apart, draws: self.draws() }),
        }
    }

    /// Returns the covariance of the strengths over resamples.
    ///
    /// Input: none. Output: natural units, in the frame where strengths add up to 0. Accuracy: Monte Carlo; it needs
    /// clearly more draws than models. Errors: [`RankingError::ResamplesApart`] if any resample has no estimate.
    /// Cost: draws x models^2. Source: Efron 1979.
    pub fn covariance(&self) -> Result<Covariance, RankingError> {
        if self.apart > 0 {
            return Err(RankingError::ResamplesApart { apart: self.apart, draws: self.draws() });
        }
        let rows = DMatrix::from_fn(self.draws(), self.point.len(), |i, j| self.resamples[i][j]);
        let means = rows.row_mean();
        let centred = DMatrix::from_fn(rows.nrows(), rows.ncols(), |i, j| rows[(i, j)] - means[j]);
        let matrix = centred.tr_mul(&centred) / (self.draws() - 1) as f64;
        Ok(Covariance { matrix })
    }

    /// Returns the share of resamples in which one model is stronger than another; equal strengths count half.
    ///
    /// Input: two members, by model index. Errors: [`RankingError::NotAMember`]; [`RankingError::ResamplesApart`] if
    /// any resample has no estimate.
    pub fn share_better(&self, model: usize, rival: usize) -> Result<f64, RankingError> {
        let positions = positions(&self.members, &[model, rival])?;
        if self.apart > 0 {
            return Err(RankingError::ResamplesApart { apart: self.apart, draws: self.draws() });
        }
        let better = |values: &Vec<f64>| match values[positions[0]].total_cmp(&values[positions[1]])
        {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        };
        Ok(self.resamples.iter().map(better).sum::<f64>() / self.draws() as f64)
    }
}

/// Finds the positions of models among the members of a fit.
pub(super) fn positions(members: &[usize], models: &[usize]) -> Result<Vec<usize>, RankingError> {
    let position = |&model: &usize| {
        let found = members.iter().position(|&member| member == model);
        found.ok_or(RankingError::NotAMember { model })
    };
    models.iter().map(position).collect()
}
