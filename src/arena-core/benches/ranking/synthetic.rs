//! Made-up votes, the same for everybody who is measured: strengths a few hundred points wide, a third of ties.

use arena_core::ranking::{AttributedVote, Outcome, StyleCounts, Vote};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// What is measured on.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) votes: usize,
    pub(crate) models: usize,
}

/// Votes one after another, each with a voter and the form of both answers.
pub(crate) struct Votes {
    rng: Xoshiro256PlusPlus,
    size: Size,
    left: usize,
}

/// One vote with everything that the programs measured can use of it.
pub(crate) struct Full {
    pub(crate) vote: Vote,
    pub(crate) voter: usize,
    pub(crate) styles: [StyleCounts; 2],
}

impl Full {
    pub(crate) fn attributed(&self) -> AttributedVote {
        AttributedVote { voter: Some(self.voter), ..self.vote.into() }
    }
}

impl Votes {
    pub(crate) fn new(size: Size) -> Votes {
        Votes { rng: Xoshiro256PlusPlus::seed_from_u64(20_240_814), size, left: size.votes }
    }

    fn unit(&mut self) -> f64 {
        (self.rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, end: usize) -> usize {
        (self.unit() * end as f64) as usize
    }

    /// Counts of one answer; later models write longer ones.
    fn style(&mut self, model: usize) -> StyleCounts {
        let wordy = 0.5 + model as f64 / self.size.models as f64;
        let tokens = (40.0 + 700.0 * wordy * self.unit() * self.unit()) as u32;
        let mut marks = |most: f64| (most * self.unit() * self.unit() * wordy) as u32;
        StyleCounts { tokens, headers: marks(6.0), lists: marks(16.0), bold: marks(20.0) }
    }
}

impl Iterator for Votes {
    type Item = Full;

    fn next(&mut self) -> Option<Full> {
        self.left = self.left.checked_sub(1)?;
        let models = self.size.models;
        let left = self.below(models);
        let right = (left + 1 + self.below(models - 1)) % models;
        // A few voters give most votes, as on public boards: 3.5 votes a voter in the mean.
        let voters = self.size.votes as f64 / 3.5;
        let voter = (voters * self.unit().powi(2)) as usize;
        let styles = [self.style(left), self.style(right)];
        let length = |at: usize| f64::from(styles[at].tokens);
        let longer = (length(0) - length(1)) / (length(0) + length(1));
        // The golden ratio spreads strengths evenly without an order by index.
        let strength = |model: usize| 2.4 * ((model as f64 * 0.618_033_988_749_895) % 1.0);
        let p = 1.0 / (1.0 + (strength(right) - strength(left) - 0.6 * longer).exp());
        let outcome = match (self.unit(), self.unit()) {
            (tie, _) if tie < 0.17 => Outcome::Tie,
            (tie, _) if tie < 0.34 => Outcome::BothBad,
            (_, u) if u < p => Outcome::Left,
            _ => Outcome::Right,
        };
        Some(Full { vote: Vote { left, right, outcome }, voter, styles })
    }
}
