//! Every pair's record beside what the fit expects, and how badly the two agree in all.

use serde::{Deserialize, Serialize};

use super::coding::Cell;
use super::counts::{Counts, Record};
use super::fit::Fit;

/// Two models of a fit, seen from the first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Matchup {
    /// The first model.
    pub model: usize,
    /// The second.
    pub rival: usize,
    /// All votes between them, both-bad ones apart from ties.
    pub record: Record,
    /// Votes that the coding counts.
    pub counted: u64,
    /// Mean score of the first, ties half, over counted votes; `None` without any.
    pub observed: Option<f64>,
    /// Share of the first among decisive votes, as on LMArena's heat map; `None` without any.
    pub observed_decisive: Option<f64>,
    /// The mean score that the fit expects.
    pub predicted: f64,
    /// Standard errors by which the observed score lies above the expected one; `None` without counted votes.
    pub surprise: Option<f64>,
}

/// All pairs of a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WinMatrix {
    /// One entry for each unordered pair, also those that never met.
    pub matchups: Vec<Matchup>,
    /// The sum of squared surprises.
    pub lack_of_fit: f64,
    /// What that sum is about if the fit is right: pairs with votes, minus models, plus 1.
    pub freedom: usize,
}

/// Lists all pairs with observed and expected scores.
///
/// Input: a fit, and the counts it was fitted to.
/// Output: scores between 0 and 1. A surprise is the sum of the scores of the pair's votes over the root of the sum of
/// their squares, both at the estimate, so that half-win ties are allowed for; its square is about 1 in the mean.
/// Accuracy: the mean of `lack_of_fit` is `freedom`; for its distribution as chi-square each pair needs 20 votes.
/// Errors: none.
/// Cost: M^2.
/// Source: Pearson 1900, with the variance from squared residuals (White 1982).
pub fn win_matrix(counts: &Counts, fit: &Fit) -> WinMatrix {
    let mut surprises = vec![None; fit.members.len().pow(2)];
    for (at, (cell, terms)) in fit.terms().enumerate() {
        let spread = fit.spread(at, &terms).dd.sqrt();
        surprises[cell.i * fit.members.len() + cell.j] = Some(-terms.gradient[0] / spread);
    }
    let mut matchups = Vec::new();
    for j in 0..fit.members.len() {
        for i in 0..j {
            let record = counts.against(fit.members[i], fit.members[j]);
            matchups.push(matchup(fit, i, j, record, surprises[i * fit.members.len() + j]));
        }
    }
    let squares = matchups.iter().filter_map(|matchup| matchup.surprise).map(|z| z * z);
    let (lack_of_fit, pairs) = (squares.clone().sum(), squares.count());
    WinMatrix { matchups, lack_of_fit, freedom: (pairs + 1).saturating_sub(fit.members.len()) }
}

fn matchup(fit: &Fit, i: usize, j: usize, record: Record, surprise: Option<f64>) -> Matchup {
    let counted = fit.coding.counted(&record);
    let won = record.wins as f64 + fit.coding.even(&record) as f64 / 2.0;
    let decisive = record.wins + record.losses;
    let share = |of: f64, all: u64| (all > 0).then(|| of / all as f64);
    Matchup {
        model: fit.members[i],
        rival: fit.members[j],
        record,
        counted,
        observed: share(won, counted),
        observed_decisive: share(record.wins as f64, decisive),
        predicted: fit.expected_score(i, j),
        surprise,
    }
}

impl Fit {
    /// The expected score of one member against another, ties half, by their positions.
    pub(super) fn expected_score(&self, i: usize, j: usize) -> f64 {
        let chance = |outcome| {
            let mut one = Cell::new(i, j);
            one.add(outcome, 1.0);
            (-self.terms_of(&one).loss).exp()
        };
        (1.0 + chance(0) - chance(1)) / 2.0
    }
}
