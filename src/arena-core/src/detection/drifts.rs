//! Over time: does a model get more, or less, for a while than before and after?

use std::collections::HashMap;

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::TASTE_ELO;
use super::crowd::{Crowd, SCORE, draw, score, variance};
use super::ground::{Seen, plain, seen};
use crate::ranking::{AttributedVote, Coding, Fit, Method, RankingError, fit_votes};

/// How drifts are looked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftTest {
    /// Standard deviation of honest tastes, in Elo points.
    pub taste_elo: f64,
    /// Parts of equal length; the votes of each are held against the fit of all others.
    pub blocks: usize,
    /// What is taken off each step, in standard deviations of a vote: half the shift that is to be found fastest.
    pub allowance: f64,
    /// Simulated records behind the threshold.
    pub draws: usize,
    /// Probability of any false alarm.
    pub alpha: f64,
    /// Seed of the simulated records.
    pub seed: u64,
}

impl DriftTest {
    /// Tastes of 60 Elo points, 20 blocks, an allowance of 0.25, 199 draws, 5 %.
    pub fn new(seed: u64) -> DriftTest {
        let (blocks, allowance, draws) = (20, 0.25, 199);
        DriftTest { taste_elo: TASTE_ELO, blocks, allowance, draws, alpha: 0.05, seed }
    }
}

/// The longest drift of one model in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// The model.
    pub model: usize,
    /// Whether it got more than expected.
    pub upwards: bool,
    /// Place of the first vote of the drift among those given.
    pub first: usize,
    /// Place of the last one, where the sum is largest.
    pub last: usize,
    /// Votes on the model from the first to the last.
    pub model_votes: usize,
    /// What it was expected to get from them: a win is 1, a tie 1/2.
    pub expected: f64,
    /// What it got.
    pub observed: f64,
    /// The largest cumulated sum, in standard deviations of a vote.
    pub peak: f64,
    /// Part of the simulated records whose largest sum anywhere is as large.
    pub p: f64,
    /// Whether the peak exceeds the threshold.
    pub flagged: bool,
}

/// All drifts, and what they were held against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drifts {
    /// One entry a model and direction, largest peak first.
    pub drifts: Vec<Drift>,
    /// The sum that honest votes reach anywhere with probability alpha.
    pub threshold: f64,
}

/// Looks for times at which a model got more, or less, than at others.
///
/// Input: votes in the order of time; the models to compare; what ties are worth; how to look.
/// Output: for each model and direction the largest S_t = max(0, S_(t-1) +- r_t - allowance) over the votes on the model,
/// r = (score - expected) / sd of one vote, expected by Davidson's model fitted to the votes of all other blocks. p and
/// the threshold come from simulated records of honest voters with tastes, on the same pairs by the same voters: the
/// largest S of any model in any direction, so that alpha is for all of them together.
/// Accuracy: p in steps of 1 / (draws + 1). What lasts from the first vote to the last is no drift but a strength.
/// Errors: as [`fit_votes`]; [`RankingError::TooFewDraws`] below 19 draws or 2 blocks. A block without which the models
/// cannot be compared is held against all votes.
/// Cost: a refit a block, and draws x votes. The same seed gives the same numbers (Xoshiro256++).
/// Source: Page 1954, "Continuous inspection schemes" (CUSUM); Monte-Carlo tests as in Barnard 1963.
pub fn drifts(
    votes: &[AttributedVote],
    members: &[usize],
    coding: Coding,
    test: &DriftTest,
) -> Result<Drifts, RankingError> {
    for (given, needed) in [(test.draws, 19), (test.blocks, 2)] {
        if given < needed {
            return Err(RankingError::TooFewDraws { given, needed });
        }
    }
    let votes = plain(votes);
    let fit = fit_votes(&votes, members, Method::Davidson, coding)?;
    let seen = seen(&votes, members, coding)?;
    let record = Record::new(&seen, &references(&fit, &votes, &seen, test)?);
    let largest = simulated_peaks(&record, &fit, test)?;
    let at_least = |peak: f64| largest.iter().filter(|&&one| one >= peak).count();
    let place = (test.alpha * (test.draws + 1) as f64).floor() as usize;
    let threshold = largest[place.clamp(1, largest.len()) - 1];
    let outcomes: Vec<usize> = seen.iter().map(|vote| vote.outcome).collect();
    let mut found = Vec::new();
    for (place, &model) in members.iter().enumerate() {
        for upwards in [true, false] {
            let run = record.longest(place, upwards, &outcomes, test.allowance);
            let p = (at_least(run.peak) + 1) as f64 / (test.draws + 1) as f64;
            found.push(record.drift((model, place), upwards, run, p));
        }
    }
    found.iter_mut().for_each(|drift| drift.flagged = drift.p <= test.alpha);
    found.sort_by(|a, b| b.peak.total_cmp(&a.peak));
    Ok(Drifts { drifts: found, threshold })
}

/// For each vote the crowd that it is held against.
fn references(
    fit: &Fit,
    votes: &[AttributedVote],
    seen: &[Seen],
    test: &DriftTest,
) -> Result<Vec<(Crowd, usize)>, RankingError> {
    let length = seen.len().div_ceil(test.blocks).max(1);
    let mut found = Vec::new();
    for block in seen.chunks(length) {
        let without = fit.without_votes(block.iter().map(|one| &votes[one.at]))?;
        let crowd = Crowd::of(without.as_ref().unwrap_or(fit), test.taste_elo)?;
        found.push((crowd, block.len()));
    }
    Ok(found)
}

/// The largest sums of simulated records, descending.
fn simulated_peaks(
    record: &Record<'_>,
    fit: &Fit,
    test: &DriftTest,
) -> Result<Vec<f64>, RankingError> {
    let crowd = Crowd::of(fit, test.taste_elo)?;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(test.seed);
    let mut outcomes = vec![0; record.seen.len()];
    let mut largest = Vec::with_capacity(test.draws);
    for _ in 0..test.draws {
        simulate(record.seen, &crowd, &mut outcomes, &mut rng);
        largest.push(record.largest(&outcomes, test.allowance));
    }
    largest.sort_by(|a, b| b.total_cmp(a));
    Ok(largest)
}

/// Draws outcomes by voters with tastes; a vote without a voter is one by a voter of its own.
fn simulate(seen: &[Seen], crowd: &Crowd, outcomes: &mut [usize], rng: &mut impl Rng) {
    let mut tastes: HashMap<usize, Vec<f64>> = HashMap::new();
    let mut own = vec![0.0; crowd.models()];
    for (outcome, vote) in outcomes.iter_mut().zip(seen) {
        let taste = match vote.voter {
            Some(voter) => tastes.entry(voter).or_insert_with(|| {
                crowd.redraw(&mut own, rng);
                own.clone()
            }),
            None => {
                crowd.redraw(&mut own, rng);
                &mut own
            }
        };
        *outcome = draw(crowd.chances_tasted(taste, vote.left, vote.right), rng);
    }
}

/// What was to be expected of each vote, in the order of time.
struct Record<'a> {
    seen: &'a [Seen],
    scores: Vec<f64>,
    /// One over the standard deviation of the score.
    scales: Vec<f64>,
    models: usize,
}

/// A run of votes with its cumulated sum; places are in `Record::seen`.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    first: usize,
    last: usize,
    peak: f64,
}

/// A cumulated sum under way.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    value: f64,
    since: usize,
}

impl<'a> Record<'a> {
    fn new(seen: &'a [Seen], references: &[(Crowd, usize)]) -> Self {
        let each = references.iter().flat_map(|(crowd, votes)| std::iter::repeat_n(crowd, *votes));
        let (mut scores, mut scales) = (Vec::new(), Vec::new());
        for (vote, crowd) in seen.iter().zip(each) {
            let chances = crowd.chances(vote.left, vote.right);
            scores.push(score(chances));
            scales.push(variance(chances).sqrt().recip());
        }
        let models = references.first().map_or(0, |(crowd, _)| crowd.models());
        Record { seen, scores, scales, models }
    }

    fn residual(&self, at: usize, outcome: usize) -> f64 {
        (SCORE[outcome] - self.scores[at]) * self.scales[at]
    }

    /// The largest sum of any model in any direction.
    fn largest(&self, outcomes: &[usize], allowance: f64) -> f64 {
        let (mut up, mut down) = (vec![0.0_f64; self.models], vec![0.0_f64; self.models]);
        let mut largest = 0.0_f64;
        for (at, (vote, &outcome)) in self.seen.iter().zip(outcomes).enumerate() {
            let residual = self.residual(at, outcome);
            for (place, residual) in [(vote.left, residual), (vote.right, -residual)] {
                up[place] = (up[place] + residual - allowance).max(0.0);
                down[place] = (down[place] - residual - allowance).max(0.0);
                largest = largest.max(up[place]).max(down[place]);
            }
        }
        largest
    }

    /// The run with the largest sum of one model.
    fn longest(&self, place: usize, upwards: bool, outcomes: &[usize], allowance: f64) -> Run {
        let (mut sum, mut best) = (Sum::default(), Run::default());
        for (at, (vote, &outcome)) in self.seen.iter().zip(outcomes).enumerate() {
            let sign = match (vote.left == place, vote.right == place) {
                (true, _) => 1.0,
                (_, true) => -1.0,
                _ => continue,
            };
            let sign = if upwards { sign } else { -sign };
            if sum.value == 0.0 {
                sum.since = at;
            }
            sum.value = (sum.value + sign * self.residual(at, outcome) - allowance).max(0.0);
            if sum.value > best.peak {
                best = Run { first: sum.since, last: at, peak: sum.value };
            }
        }
        best
    }

    fn drift(&self, (model, place): (usize, usize), upwards: bool, run: Run, p: f64) -> Drift {
        let (mut model_votes, mut expected, mut observed) = (0, 0.0, 0.0);
        let range = run.first..=run.last;
        for (at, vote) in self.seen.iter().enumerate().filter(|(at, _)| range.contains(at)) {
            let (score, got) = (self.scores[at], SCORE[vote.outcome]);
            if vote.left == place || vote.right == place {
                model_votes += 1;
                expected += if vote.left == place { score } else { 1.0 - score };
                observed += if vote.left == place { got } else { 1.0 - got };
            }
        }
        let place_of = |at: usize| self.seen.get(at).map_or(0, |vote| vote.at);
        Drift {
            model,
            upwards,
            first: place_of(run.first),
            last: place_of(run.last),
            model_votes,
            expected,
            observed,
            peak: run.peak,
            p,
            flagged: false,
        }
    }
}
