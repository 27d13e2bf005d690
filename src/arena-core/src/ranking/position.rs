//! Position bias: how much the left answer gains from its place, as a parameter of the fit.

use super::RankingError;
use super::bradley_terry::logistic;
use super::clusters::Clusters;
use super::coding::Coding;
use super::counts::{Counts, Outcome, Tally};
use super::covariate_table::{Row, Table};
use super::covariates::{Adjusted, Effect};
use super::fit::{Method, fit};
use super::row_clusters::{RowClusters, Rows};
use super::sandwich::SmallSample;
use super::votes::{AttributedVote, fit_votes};

/// The advantage of the left place, and strengths without it.
#[derive(Debug, Clone)]
pub struct Position {
    /// The log-odds of the left answer between equals, in natural units; 0 is no bias.
    pub left: Effect,
    /// Strengths with the bias taken out.
    pub adjusted: Adjusted,
}

impl Position {
    /// Returns the expected score of the left answer between equals, 1/2 without bias; ties count half.
    pub fn left_score(&self) -> f64 {
        logistic(self.left.value)
    }
}

/// Fits the advantage of the left place to positional counts.
///
/// Input: counts per ordered pair; the models to rate, which must be comparable; what ties are worth; small samples.
/// Output: P(left) = 1 / (1 + e^-(b_left - b_right + c)) with half-win ties: c with its standard error, and the
/// strengths and covariance beside it, natural units. With swapped sides c changes its sign and nothing else.
/// Stops: as [`fit`].
/// Accuracy: standard errors by the sandwich, for independent votes; use [`clustered_position`] where voters are
/// known, because a habit of few voters looks like a bias of all.
/// Errors: as [`fit`]; [`RankingError::Singular`] if the sides cannot be told from the models, as when each pair was
/// shown in one order only and the pairs form a tree.
/// Cost: as [`fit`], with the number of ordered pairs.
/// Source: Davidson and Beaver 1977, "On extending the Bradley-Terry model to incorporate within-pair order effects".
pub fn position(
    counts: &Counts,
    members: &[usize],
    coding: Coding,
    small_sample: SmallSample,
) -> Result<Position, RankingError> {
    let raw = fit(counts, members, Method::BradleyTerry, coding)?;
    let (mut rows, mut starts) = (Vec::new(), vec![0]);
    for &model in members {
        for &rival in members {
            let tally = counts.tally(model, rival).unwrap_or_default();
            rows.extend(rows_of(tally, coding));
            starts.push(rows.len());
        }
    }
    let table = Table::new(members, &starts, &rows);
    Ok(Position::new(table.adjust(raw.strengths(), small_sample, None)?))
}

/// Splits a tally into rows of equal votes that count.
fn rows_of(tally: Tally, coding: Coding) -> impl Iterator<Item = Row<1>> {
    let outcomes = [
        (Outcome::Left, tally.left_wins),
        (Outcome::Right, tally.right_wins),
        (Outcome::Tie, tally.ties),
        (Outcome::BothBad, tally.both_bad),
    ];
    outcomes.into_iter().filter(|(_, votes)| *votes > 0).filter_map(move |(outcome, votes)| {
        let half_wins = coding.half_wins(outcome)?;
        Some(Row { covariates: [1.0], votes, half_wins })
    })
}

/// Fits the advantage of the left place to single votes that may depend on each other.
///
/// Input: votes of weight 0 or 1; the models to rate; what ties are worth; what makes a cluster; small samples.
/// Output: as [`position`] of the same votes, but for the standard error and the covariance.
/// Stops: as [`fit`].
/// Accuracy: as [`super::Fit::clustered_covariance`], with its small-sample factor for the scores on each pair. The
/// standard error two ways is V_voter + V_prompt - V_voter-and-prompt itself where that is positive.
/// Errors: as [`position`]; [`RankingError::WeightedVote`], [`RankingError::TooFewClusters`].
/// Cost: a few passes over the votes and the sum over clusters of (models met)^2.
/// Source: as [`position`]; Liang and Zeger 1986 for clusters.
pub fn clustered_position(
    votes: &[AttributedVote],
    members: &[usize],
    coding: Coding,
    clusters: Clusters,
    small_sample: SmallSample,
) -> Result<Position, RankingError> {
    let raw = fit_votes(votes, members, Method::BradleyTerry, coding)?;
    let rows = Rows::new(votes.iter(), |_| [1.0], members, coding)?;
    let vote = |row: usize| &votes[rows.order[row] as usize];
    let clusters = RowClusters::new(clusters, rows.order.len(), vote)?;
    Ok(Position::new(rows.table.adjust(raw.strengths(), small_sample, Some(&clusters))?))
}

impl Position {
    fn new(adjusted: Adjusted) -> Position {
        Position { left: adjusted.effects()[0], adjusted }
    }
}
