//! Groups of voters: the residuals of all of them together, model by model.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use super::TASTE_ELO;
use super::crowd::{Crowd, SCORE, score, variance};
use super::ground::{Seen, by, plain, seen};
use crate::ranking::{
    AttributedVote, Coding, Covariance, Method, RankingError, SmallSample, fit_votes,
};

/// How cohorts are tested.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CohortTest {
    /// Standard deviation of honest tastes, in Elo points.
    pub taste_elo: f64,
    /// A model with fewer votes in a cohort is not tested there: the normal distribution would not hold.
    pub least_votes: usize,
    /// Probability of any false alarm among all cohorts and models.
    pub alpha: f64,
    /// No |z| below this is flagged, however few tests there are.
    pub least_z: f64,
}

impl Default for CohortTest {
    /// Tastes of 60 Elo points, 10 votes, 5 % for all tests together, z above 4.
    fn default() -> CohortTest {
        CohortTest { taste_elo: TASTE_ELO, least_votes: 10, alpha: 0.05, least_z: 4.0 }
    }
}

/// The evidence about one cohort: that on the model where it is strongest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cohort {
    /// Place of the grouping among those given.
    pub grouping: usize,
    /// The cohort in that grouping.
    pub cohort: usize,
    /// Its voters.
    pub voters: usize,
    /// Its votes that count.
    pub votes: usize,
    /// The model for or against which they are most unusual.
    pub model: usize,
    /// Votes on it.
    pub model_votes: usize,
    /// What it was expected to get from them: a win is 1, a tie 1/2.
    pub expected: f64,
    /// What it got.
    pub observed: f64,
    /// (observed - expected) / standard deviation; positive favours the model.
    pub z: f64,
    /// Two-sided p-value of this z, for one test.
    pub p: f64,
    /// Whether |z| exceeds the threshold of all tests.
    pub flagged: bool,
}

/// All cohorts, and what they were held against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cohorts {
    /// One entry a cohort on which any model has enough votes, largest |z| first.
    pub cohorts: Vec<Cohort>,
    /// How many pairs of cohort and model were tested.
    pub tests: usize,
    /// The |z| above which a cohort is flagged.
    pub threshold_z: f64,
    /// Cohorts that could not be tested, because the other votes do not compare all models.
    pub without_reference: usize,
}

/// Tests every cohort of every grouping.
///
/// Input: votes; the models to compare; what ties are worth; groupings, each with the cohort of every vote, in the order
/// of the votes (`None`: in no cohort of this grouping); how to test.
/// Output: for each cohort the model with the largest |z|, z = sum of (score - expected) over the cohort's votes on the
/// model / sd. Expected by Davidson's model fitted to all votes but the cohort's. The variance adds up chance, tastes
/// (of each voter on each model, sd as given) and the error of the reference. A cohort is flagged if |z| exceeds both
/// `least_z` and the normal quantile at alpha / (2 tests): Bonferroni over cohorts, models and groupings together.
/// Accuracy: the normal approximation, with 10 votes or more; tastes by the slope of the expected score. The chance of any
/// false alarm is at most alpha for honest voters with these tastes, however the tests depend on each other.
/// Errors: as [`fit_votes`]; [`RankingError::NotAProbability`] for alpha or for a grouping of another length.
/// Cost: a refit and a covariance (M^3) a cohort, and M^2 a cohort and model.
/// Source: THREATS section 4.3; the variance as in mixed models (Laird and Ware 1982), by a first-order expansion.
pub fn cohorts(
    votes: &[AttributedVote],
    members: &[usize],
    coding: Coding,
    groupings: &[Vec<Option<usize>>],
    test: &CohortTest,
) -> Result<Cohorts, RankingError> {
    if !(test.alpha > 0.0 && test.alpha < 1.0) {
        return Err(RankingError::NotAProbability { value: test.alpha });
    }
    if groupings.iter().any(|grouping| grouping.len() != votes.len()) {
        return Err(RankingError::NotAProbability { value: f64::NAN });
    }
    let votes = plain(votes);
    let fit = fit_votes(&votes, members, Method::Davidson, coding)?;
    let seen = seen(&votes, members, coding)?;
    let (mut found, mut tests, mut without_reference) = (Vec::new(), 0, 0);
    for (grouping, labels) in groupings.iter().enumerate() {
        for (cohort, own) in by(&seen, |vote| labels[vote.at]) {
            let Some(rest) = fit.without_votes(own.iter().map(|one| &votes[one.at]))? else {
                without_reference += 1;
                continue;
            };
            let crowd = Crowd::of(&rest, test.taste_elo)?;
            let covariance = rest.covariance(SmallSample::default())?;
            let sums = Sums::of(&own, &crowd);
            let judged: Vec<(usize, f64)> = (0..members.len())
                .filter(|&place| sums.votes[place] >= test.least_votes)
                .map(|place| (place, sums.z(place, &crowd, &covariance)))
                .collect();
            tests += judged.len();
            let strongest = judged.into_iter().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
            if let Some((place, z)) = strongest {
                found.push(entry((grouping, cohort), &own, &sums, (members, place), z));
            }
        }
    }
    let threshold_z = threshold(tests, test);
    found.sort_by(|a, b| b.z.abs().total_cmp(&a.z.abs()));
    found.iter_mut().for_each(|one| one.flagged = one.z.abs() > threshold_z);
    Ok(Cohorts { cohorts: found, tests, threshold_z, without_reference })
}

/// The |z| that honest cohorts exceed anywhere with probability alpha at most.
fn threshold(tests: usize, test: &CohortTest) -> f64 {
    let each = test.alpha / (2.0 * tests.max(1) as f64);
    Normal::standard().inverse_cdf(1.0 - each).max(test.least_z)
}

fn entry(
    (grouping, cohort): (usize, usize),
    own: &[Seen],
    sums: &Sums,
    (members, place): (&[usize], usize),
    z: f64,
) -> Cohort {
    let voters: HashSet<Option<usize>> = own.iter().map(|vote| vote.voter).collect();
    Cohort {
        grouping,
        cohort,
        voters: voters.len(),
        votes: own.len(),
        model: members[place],
        model_votes: sums.votes[place],
        expected: sums.expected[place],
        observed: sums.observed[place],
        z,
        p: 2.0 * Normal::standard().cdf(-z.abs()),
        flagged: false,
    }
}

/// What the votes of a cohort add up to, by model.
struct Sums {
    votes: Vec<usize>,
    expected: Vec<f64>,
    observed: Vec<f64>,
    variance: Vec<f64>,
    /// Squared slopes of single votes: their part of the tastes is in the variance of the score already.
    own_squares: Vec<f64>,
    /// For each voter the slopes of the votes on each unordered pair, lower place first.
    slopes: Vec<BTreeMap<(usize, usize), f64>>,
}

impl Sums {
    fn of(own: &[Seen], crowd: &Crowd) -> Sums {
        let models = crowd.models();
        let mut sums = Sums {
            votes: vec![0; models],
            expected: vec![0.0; models],
            observed: vec![0.0; models],
            variance: vec![0.0; models],
            own_squares: vec![0.0; models],
            slopes: Vec::new(),
        };
        let mut by_voter: BTreeMap<usize, BTreeMap<(usize, usize), f64>> = BTreeMap::new();
        for vote in own {
            let chances = crowd.chances(vote.left, vote.right);
            let (expected, got) = (score(chances), SCORE[vote.outcome]);
            let slope = crowd.slope(chances);
            for (place, expected, got) in
                [(vote.left, expected, got), (vote.right, 1.0 - expected, 1.0 - got)]
            {
                sums.votes[place] += 1;
                sums.expected[place] += expected;
                sums.observed[place] += got;
                sums.variance[place] += variance(chances);
                sums.own_squares[place] += 2.0 * slope * slope;
            }
            let pair = (vote.left.min(vote.right), vote.left.max(vote.right));
            match vote.voter {
                Some(voter) => {
                    *by_voter.entry(voter).or_default().entry(pair).or_default() += slope
                }
                None => sums.slopes.push([(pair, slope)].into()),
            }
        }
        sums.slopes.extend(by_voter.into_values());
        sums
    }

    /// The standardised sum of residuals of one model.
    fn z(&self, place: usize, crowd: &Crowd, covariance: &Covariance) -> f64 {
        let (mut tastes, mut all) = (-self.own_squares[place], vec![0.0; crowd.models()]);
        for slopes in &self.slopes {
            let mut own = 0.0;
            for (&(low, high), slope) in slopes {
                let rival = match (low == place, high == place) {
                    (true, _) => high,
                    (_, true) => low,
                    _ => continue,
                };
                own += slope;
                all[rival] -= slope;
                tastes += slope * slope;
            }
            all[place] += own;
            tastes += own * own;
        }
        let entry = |i: usize, j: usize| covariance.get(i, j).unwrap_or(0.0) * all[i] * all[j];
        let models = 0..crowd.models();
        let error: f64 =
            models.clone().flat_map(|i| models.clone().map(move |j| entry(i, j))).sum();
        let chance = self.variance[place];
        let own = chance + crowd.taste() * crowd.taste() * tastes;
        // The reference comes from voters with tastes as well, so that its error is as much larger.
        let variance = own + error * own / chance;
        (self.observed[place] - self.expected[place]) / variance.sqrt()
    }
}
