//! Online Elo: a live ticker that depends on the order of votes, and its mean over random orders.
//!
//! It is no ranking: show it only with that label.

use rand::Rng;
use rand::seq::SliceRandom;

use super::RankingError;
use super::counts::{Outcome, Vote, check_pair};

/// Points a model moves at most with one vote.
const K: f64 = 4.0;
/// Every model starts here.
const INITIAL: f64 = 1000.0;
/// Points that mean odds of 10 to 1.
const SCALE: f64 = 400.0;

/// Elo ratings after some votes; models may be added and votes go on at any time.
#[derive(Debug, Clone, PartialEq)]
pub struct Elo {
    ratings: Vec<f64>,
}

impl Elo {
    /// Starts models `0..models` at 1000 points.
    pub fn new(models: usize) -> Elo {
        Elo { ratings: vec![INITIAL; models] }
    }

    /// Goes on from ratings stored earlier; refuses those that are not finite numbers.
    pub fn resume(ratings: Vec<f64>) -> Result<Elo, RankingError> {
        match ratings.iter().find(|rating| !rating.is_finite()) {
            Some(&value) => Err(RankingError::NotARating { value }),
            None => Ok(Elo { ratings }),
        }
    }

    /// Adds a model at 1000 points and returns its index.
    pub fn add_model(&mut self) -> usize {
        self.ratings.push(INITIAL);
        self.ratings.len() - 1
    }

    /// Returns the ratings by model.
    pub fn ratings(&self) -> &[f64] {
        &self.ratings
    }

    /// Applies one vote.
    ///
    /// Input: two different known models and the outcome; ties and both-bad votes are worth half.
    /// Output: both ratings move by K (y - E), E = 1 / (1 + 10^((R_right - R_left) / 400)), K = 4; their sum stays.
    /// Accuracy: exact up to rounding, which depends on the order like the result itself.
    /// Errors: [`RankingError::UnknownModel`], [`RankingError::SelfBattle`]; the ratings are then unchanged.
    /// Cost: one power, about 15 ns.
    /// Source: Elo 1978, "The Rating of Chessplayers", with LMSYS's constants.
    pub fn update(
        &mut self,
        left: usize,
        right: usize,
        outcome: Outcome,
    ) -> Result<(), RankingError> {
        check_pair(left, right, self.ratings.len())?;
        let gap = self.ratings[right] - self.ratings[left];
        let expected = 1.0 / (1.0 + 10.0_f64.powf(gap / SCALE));
        let change = K * (score(outcome) - expected);
        self.ratings[left] += change;
        self.ratings[right] -= change;
        Ok(())
    }
}

fn score(outcome: Outcome) -> f64 {
    match outcome {
        Outcome::Left => 1.0,
        Outcome::Right => 0.0,
        Outcome::Tie | Outcome::BothBad => 0.5,
    }
}

/// Returns the mean of Elo ratings over random orders of the same votes.
///
/// Input: votes; how many random orders; a generator, which should be a named portable one if results are published.
/// Output: Elo points by model; each run starts at 1000. The order in which the votes are given does not matter.
/// Accuracy: the standard error is that of a single order divided by the square root of the number of orders.
/// Errors: [`RankingError::TooFewDraws`] without any order; errors of [`Elo::update`].
/// Cost: orders x (votes x 15 ns + one shuffle).
/// Source: Boubdir et al. 2023, "Elo Uncovered" (arXiv 2311.17295): at least 100 orders.
pub fn order_averaged_elo(
    models: usize,
    votes: &[Vote],
    orders: usize,
    rng: &mut impl Rng,
) -> Result<Vec<f64>, RankingError> {
    if orders == 0 {
        return Err(RankingError::TooFewDraws { given: 0, needed: 1 });
    }
    let mut shuffled = votes.to_vec();
    shuffled.sort_unstable_by_key(|vote| (vote.left, vote.right, vote.outcome as u8));
    let mut sums = vec![0.0; models];
    for _ in 0..orders {
        shuffled.shuffle(rng);
        let mut elo = Elo::new(models);
        for vote in &shuffled {
            elo.update(vote.left, vote.right, vote.outcome)?;
        }
        sums.iter_mut().zip(elo.ratings()).for_each(|(sum, rating)| *sum += rating);
    }
    Ok(sums.into_iter().map(|sum| sum / orders as f64).collect())
}
