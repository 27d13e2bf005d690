//! Honest voters: what everyone thinks of the models, how often nobody is better, and each voter's own taste.
//!
//! The null of the tests here, and the honest part of simulated attacks.

use rand::Rng;

use crate::ranking::draws::open_unit;
use crate::ranking::{ELO_PER_NAT, Fit, Method, Outcome, RankingError};

/// Strengths, ties and tastes. Models are numbered from 0, in the order of the strengths.
#[derive(Debug, Clone, PartialEq)]
pub struct Crowd {
    /// Strengths in natural units.
    strengths: Vec<f64>,
    method: Method,
    tie_parameter: f64,
    /// Standard deviation of tastes in natural units.
    taste: f64,
}

/// How much better than everyone one voter finds each model, in natural units.
#[derive(Debug, Clone, PartialEq)]
pub struct Taste(Vec<f64>);

impl Crowd {
    /// Makes a crowd of Davidson's model.
    ///
    /// Input: strengths in Elo points (400 points: ten wins to one loss), Davidson's nu, the standard deviation of tastes
    /// in Elo points.
    pub fn new(strengths_elo: &[f64], tie_parameter: f64, taste_elo: f64) -> Crowd {
        let strengths = strengths_elo.iter().map(|elo| elo / ELO_PER_NAT).collect();
        let taste = taste_elo / ELO_PER_NAT;
        Crowd { strengths, method: Method::Davidson, tie_parameter, taste }
    }

    /// The crowd that a fit describes; models are the fit's members in their order.
    ///
    /// Errors: [`RankingError::NeedsTies`] for a Bradley-Terry fit.
    pub fn of(fit: &Fit, taste_elo: f64) -> Result<Crowd, RankingError> {
        let method = fit.method();
        let tie_parameter = fit.tie_parameter().ok_or(RankingError::NeedsTies { method })?;
        let (strengths, taste) = (fit.strengths().to_vec(), taste_elo / ELO_PER_NAT);
        Ok(Crowd { strengths, method, tie_parameter, taste })
    }

    /// Returns the number of models.
    pub fn models(&self) -> usize {
        self.strengths.len()
    }

    /// Returns the standard deviation of tastes in natural units.
    pub(super) fn taste(&self) -> f64 {
        self.taste
    }

    /// Draws a voter.
    pub fn voter(&self, rng: &mut impl Rng) -> Taste {
        let mut taste = vec![0.0; self.models()];
        self.redraw(&mut taste, rng);
        Taste(taste)
    }

    /// Draws another taste into the same place: two normal numbers from two uniform ones (Box and Muller 1958).
    pub(super) fn redraw(&self, taste: &mut [f64], rng: &mut impl Rng) {
        for pair in taste.chunks_mut(2) {
            let radius = self.taste * (-2.0 * open_unit(rng).ln()).sqrt();
            let (sin, cos) = (std::f64::consts::TAU * open_unit(rng)).sin_cos();
            for (place, value) in pair.iter_mut().zip([radius * cos, radius * sin]) {
                *place = value;
            }
        }
    }

    /// Returns the chances of left, right and even for everyone together.
    pub fn chances(&self, left: usize, right: usize) -> [f64; 3] {
        self.chances_at(self.strengths[left] - self.strengths[right])
    }

    /// Returns the chances of left, right and even for one voter.
    pub fn chances_of(&self, taste: &Taste, left: usize, right: usize) -> [f64; 3] {
        self.chances_tasted(&taste.0, left, right)
    }

    pub(super) fn chances_tasted(&self, taste: &[f64], left: usize, right: usize) -> [f64; 3] {
        let d = self.strengths[left] - self.strengths[right] + taste[left] - taste[right];
        self.chances_at(d)
    }

    fn chances_at(&self, d: f64) -> [f64; 3] {
        // Only a fit without ties has none, and `of` refuses it.
        self.method.chances(d, self.tie_parameter).unwrap_or_default()
    }

    /// How fast the expected score of the left model grows with its strength.
    pub(super) fn slope(&self, [win, loss, tie]: [f64; 3]) -> f64 {
        match self.method {
            Method::RaoKupper => (win * (1.0 - win) + loss * (1.0 - loss)) / 2.0,
            Method::Davidson | Method::BradleyTerry => variance([win, loss, tie]),
        }
    }

    /// Lets a voter decide.
    pub fn decide(&self, taste: &Taste, left: usize, right: usize, rng: &mut impl Rng) -> Outcome {
        match draw(self.chances_of(taste, left, right), rng) {
            0 => Outcome::Left,
            1 => Outcome::Right,
            _ => Outcome::Tie,
        }
    }
}

/// Draws left, right or even: 0, 1 or 2.
pub(super) fn draw([left, right, _]: [f64; 3], rng: &mut impl Rng) -> usize {
    let u = open_unit(rng);
    usize::from(u >= left) + usize::from(u >= left + right)
}

/// What an outcome is worth for the left model.
pub(super) const SCORE: [f64; 3] = [1.0, 0.0, 0.5];

/// The expected score of the left model.
pub(super) fn score([win, _, tie]: [f64; 3]) -> f64 {
    win + tie / 2.0
}

/// The variance of the score.
pub(super) fn variance([win, loss, _]: [f64; 3]) -> f64 {
    let half = (win - loss) / 2.0;
    (win + loss) / 4.0 - half * half
}
