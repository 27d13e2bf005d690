//! Whether the order of the board hangs on a choice of method.

use arena_core::ranking::{
    self, Board, BothBadRule, Coding, Covariance, Fit, Method, RankingError, Settings, TieRule,
};

use super::checks::Answer;
use super::{Published, SEED};

/// The board under another rule, compared with the one in force.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The rule, in words.
    pub rule: &'static str,
    /// What came out.
    pub outcome: Answer<Outcome>,
}

/// How another board differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Pairs that are separated on the board in force and stand the other way round here.
    pub reversed: usize,
    /// Pairs that are separated on the board in force.
    pub separated: usize,
    /// Models that have another rank here.
    pub moved: usize,
    /// Models that have a rank on both.
    pub ranked: usize,
}

const RULES: [(&str, Method, TieRule, BothBadRule); 5] = [
    ("ties and both bad left out", Method::BradleyTerry, TieRule::Drop, BothBadRule::Drop),
    ("only both bad left out", Method::BradleyTerry, TieRule::Half, BothBadRule::Drop),
    ("Davidson 1970: ties as an outcome", Method::Davidson, TieRule::Half, BothBadRule::Half),
    ("Davidson without both bad", Method::Davidson, TieRule::Half, BothBadRule::Drop),
    ("Rao-Kupper 1967: ties as a threshold", Method::RaoKupper, TieRule::Half, BothBadRule::Half),
];

/// Computes the board under every other rule; voter caps are left aside.
pub(super) fn choices(published: &Published) -> Answer<Vec<Choice>> {
    let rated = published.rated.as_ref().ok_or("no two models can be compared yet")?;
    let critical_value =
        published.board.critical_value.ok_or("fewer than two models have a rating")?;
    let separated = separated(&published.board, &rated.fit, &rated.covariance, critical_value);
    let choice = |(rule, method, ties, both_bad): (&'static str, Method, TieRule, BothBadRule)| {
        let coding = Coding { ties, both_bad };
        let settings = Settings { method, coding, ..Settings::new(SEED) };
        let outcome = ranking::compute(&published.counts, &settings)
            .map(|board| compare(&published.board, &board, &separated))
            .map_err(|error: RankingError| error.to_string());
        Choice { rule, outcome }
    };
    Ok(RULES.into_iter().map(choice).collect())
}

/// Pairs of models (better, worse) that the board in force tells apart.
fn separated(
    board: &Board,
    fit: &Fit,
    covariance: &Covariance,
    critical_value: f64,
) -> Vec<(usize, usize)> {
    let rated = |model: usize| board.rows[model].rating.is_some();
    let (members, strengths) = (fit.members(), fit.strengths());
    let mut found = Vec::new();
    for (i, &better) in members.iter().enumerate() {
        for (j, &worse) in members.iter().enumerate() {
            let entry = |a, b| covariance.get(a, b).unwrap_or(f64::INFINITY);
            let variance = entry(i, i) + entry(j, j) - 2.0 * entry(i, j);
            let apart = strengths[i] - strengths[j] > critical_value * variance.max(0.0).sqrt();
            if i != j && apart && rated(better) && rated(worse) {
                found.push((better, worse));
            }
        }
    }
    found
}

fn compare(before: &Board, after: &Board, separated: &[(usize, usize)]) -> Outcome {
    let rating = |model: usize| after.rows[model].rating.map(|rating| rating.rating);
    let is_reversed = |&&(better, worse): &&(usize, usize)| {
        rating(better).zip(rating(worse)).is_some_and(|(better, worse)| better < worse)
    };
    let ranks = before
        .rows
        .iter()
        .zip(&after.rows)
        .filter_map(|(one, other)| Some((one.rank?.rank, other.rank?.rank)));
    let moved = ranks.clone().filter(|(one, other)| one != other).count();
    Outcome {
        reversed: separated.iter().filter(is_reversed).count(),
        separated: separated.len(),
        moved,
        ranked: ranks.count(),
    }
}
