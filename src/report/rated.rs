//! Votes that are at hand: ratings with their covariance, and contrasts of groups of models from it.

use arena_core::ranking::{Board, board::Row};
use arena_core::ranking::{
    BothBadRule, Coding, Counts, Covariance, ELO_PER_NAT, Fit, Frame, MEAN_RATING, Matchup, Method,
    Settings, SmallSample, TieRule, compute_with, fit, win_matrix,
};

use super::cells::{column, count, measured, number, text};
use super::document::{Cell, Chart, Column, Figure, Measured, Table};
use super::own::Estimated;
use super::{ReportError, SEED};

/// Draws behind ranks where ranks are not shown.
const FEW_DRAWS: usize = 100;

/// How votes become ratings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rule {
    pub(super) method: Method,
    pub(super) coding: Coding,
}

impl Rule {
    /// Bradley-Terry, ties and both-bad votes half a win for each side.
    pub(super) const MAIN: Rule = Rule {
        method: Method::BradleyTerry,
        coding: Coding { ties: TieRule::Half, both_bad: BothBadRule::Half },
    };

    /// Every rule that a report tries.
    pub(super) fn all() -> Vec<Rule> {
        let coding = |ties, both_bad| Coding { ties, both_bad };
        let (half, drop) = (BothBadRule::Half, BothBadRule::Drop);
        let rule = |method, coding| Rule { method, coding };
        vec![
            Rule::MAIN,
            rule(Method::BradleyTerry, coding(TieRule::Half, drop)),
            rule(Method::BradleyTerry, coding(TieRule::Drop, drop)),
            rule(Method::Davidson, coding(TieRule::Half, half)),
            rule(Method::Davidson, coding(TieRule::Half, drop)),
            rule(Method::RaoKupper, coding(TieRule::Half, half)),
            rule(Method::RaoKupper, coding(TieRule::Half, drop)),
        ]
    }

    /// Method, tie rule, both-bad rule.
    pub(super) fn words(self) -> [&'static str; 3] {
        let method = match self.method {
            Method::BradleyTerry => "Bradley-Terry",
            Method::Davidson => "Davidson",
            Method::RaoKupper => "Rao-Kupper",
        };
        let ties = match (self.method, self.coding.ties) {
            (_, TieRule::Drop) => "left out",
            (Method::BradleyTerry, TieRule::Half) => "half a win each",
            (_, TieRule::Half) => "an outcome of their own",
        };
        let both_bad = match self.coding.both_bad {
            BothBadRule::Half => "as a tie",
            BothBadRule::Drop => "left out",
        };
        [method, ties, both_bad]
    }
}

/// Columns of the words of a rule.
pub(super) const RULE_COLUMNS: [Column; 3] = [
    column("method", "Method", 0),
    column("ties", "Ties", 0),
    column("both_bad", "Both-bad votes", 0),
];

/// A board with the fit behind it.
pub(super) struct Rated {
    pub(super) board: Board,
    pub(super) fit: Fit,
    covariance: Covariance,
}

impl Rated {
    /// Rates votes with ranks; `None` if no two models can be compared on enough votes.
    pub(super) fn new(
        counts: &Counts,
        rule: Rule,
        frame: Frame,
    ) -> Result<Option<Rated>, ReportError> {
        Rated::with(counts, Settings { frame, ..settings(rule, Settings::new(SEED).draws) })
    }

    /// As [`Rated::new`] where ranks are not shown, for speed.
    pub(super) fn without_ranks(
        counts: &Counts,
        rule: Rule,
        frame: Frame,
    ) -> Result<Option<Rated>, ReportError> {
        Rated::with(counts, Settings { frame, ..settings(rule, FEW_DRAWS) })
    }

    /// As [`Rated::new`] with [`Rule::MAIN`], from estimates of the caller's.
    ///
    /// Errors: [`ReportError::OtherModels`] if they are of other models than those the counts make comparable.
    pub(super) fn estimated(
        counts: &Counts,
        given: &Estimated,
    ) -> Result<Option<Rated>, ReportError> {
        let rule = settings(Rule::MAIN, Settings::new(SEED).draws);
        let mut fits = true;
        let board = compute_with(counts, &rule, |members| {
            fits = members == given.fit.members();
            Ok((given.fit.clone(), given.covariance.clone()))
        });
        if !fits {
            let (models, counted) = (given.fit.members().len(), counts.models());
            return Err(ReportError::OtherModels { models, counted });
        }
        let board = board?;
        let rated = board.rows.iter().any(|row| row.rating.is_some());
        let (fit, covariance) = (given.fit.clone(), given.covariance.clone());
        Ok(rated.then_some(Rated { board, fit, covariance }))
    }

    fn with(counts: &Counts, settings: Settings) -> Result<Option<Rated>, ReportError> {
        let mut kept = None;
        let board = compute_with(counts, &settings, |members| {
            let fit = fit(counts, members, settings.method, settings.coding)?;
            let covariance = fit.covariance(SmallSample::default())?;
            kept = Some((fit.clone(), covariance.clone()));
            Ok((fit, covariance))
        })?;
        let rated = board.rows.iter().any(|row| row.rating.is_some());
        Ok(kept.filter(|_| rated).map(|(fit, covariance)| Rated { board, fit, covariance }))
    }

    /// The rated models that a test holds for, the best first.
    pub(super) fn ranked(&self, holds: impl Fn(usize) -> bool) -> Vec<&Row> {
        let rated = self.board.rows.iter().filter(|row| row.rating.is_some() && holds(row.model));
        let mut rows: Vec<&Row> = rated.collect();
        let rating = |row: &Row| row.rating.map_or(f64::NEG_INFINITY, |rating| rating.rating);
        rows.sort_by(|a, b| rating(b).total_cmp(&rating(a)).then(a.model.cmp(&b.model)));
        rows
    }

    /// The mean rating of some models minus that of others, in Elo points.
    ///
    /// Input: rated models, by index; each side at least one. Output: the difference with its interval from the
    /// covariance of the ratings; no anchor is part of it. `None` if a model is not among those fitted.
    /// Accuracy: normal approximation with the sandwich covariance. Errors: none.
    /// Cost: the square of the number of models named. Source: Var(w'b) = w'Vw.
    pub(super) fn contrast(&self, left: &[usize], right: &[usize]) -> Option<Measured> {
        let place = |model: &usize| self.fit.members().iter().position(|member| member == model);
        let side = |models: &[usize], sign: f64| -> Option<Vec<(usize, f64)>> {
            let weight = sign / models.len() as f64;
            models.iter().map(|model| Some((place(model)?, weight))).collect()
        };
        if left.is_empty() || right.is_empty() {
            return None;
        }
        let weights = [side(left, 1.0)?, side(right, -1.0)?].concat();
        let value: f64 = weights.iter().map(|&(at, w)| w * self.fit.strengths()[at]).sum();
        let mut variance = 0.0;
        for &(i, a) in &weights {
            for &(j, b) in &weights {
                variance += a * b * self.covariance.get(i, j)?;
            }
        }
        let error = ELO_PER_NAT * variance.max(0.0).sqrt();
        Some(Measured::from_error(ELO_PER_NAT * value, error))
    }

    /// The mean rating of some models on the scale where the mean of all rated ones is 1000.
    pub(super) fn mean_rating(&self, models: &[usize]) -> Option<Measured> {
        let all: Vec<usize> = self.ranked(|_| true).iter().map(|row| row.model).collect();
        let Measured { value, low, high } = self.contrast(models, &all)?;
        let (value, low, high) = (value + MEAN_RATING, low + MEAN_RATING, high + MEAN_RATING);
        Some(Measured { value, low, high })
    }

    /// Votes of some models, those against each other counted for both.
    pub(super) fn votes(&self, models: &[usize]) -> u64 {
        models.iter().filter_map(|&at| self.board.rows.get(at)).map(|row| row.used_votes).sum()
    }
}

fn settings(rule: Rule, draws: usize) -> Settings {
    Settings { method: rule.method, coding: rule.coding, draws, ..Settings::new(SEED) }
}

/// Observed and expected wins of some models against each other, and the counts behind them.
pub(super) fn matrices(
    ids: [&'static str; 2],
    titles: [String; 2],
    counts: &Counts,
    rated: &Rated,
    models: &[(usize, String)],
) -> [Figure; 2] {
    let matrix = win_matrix(counts, &rated.fit);
    let find = |model: usize, rival: usize| {
        let pair = |seen: &&Matchup| (seen.model, seen.rival) == (model, rival);
        matrix.matchups.iter().find(pair)
    };
    let (mut rates, mut battles) = (Vec::new(), Vec::new());
    for (row, row_name) in models {
        for (other, other_name) in models.iter().filter(|(other, _)| other != row) {
            let (wins, losses, votes, expected) = match (find(*row, *other), find(*other, *row)) {
                (Some(seen), _) => {
                    let record = seen.record;
                    (record.wins, record.losses, record.votes(), seen.predicted)
                }
                (None, Some(seen)) => {
                    let record = seen.record;
                    (record.losses, record.wins, record.votes(), 1.0 - seen.predicted)
                }
                (None, None) => continue,
            };
            let names = [text(row_name), text(other_name)];
            battles.push([&names[..], &[count(votes)]].concat());
            let decided = wins + losses;
            let rate = match decided {
                0 => [Cell::Missing, Cell::Missing, Cell::Missing],
                _ => measured(wilson(wins, decided)),
            };
            rates.push([&names[..], &rate, &[number(expected), count(decided)]].concat());
        }
    }
    let names = [column("model", "Model", 0), column("rival", "Against", 0)];
    let of_rates = [
        column("win_rate", "Share of decided votes won", 2),
        column("low", "95 % from", 2),
        column("high", "95 % to", 2),
        column("expected", "Expected score, ties half", 2),
        column("votes", "Decided votes", 0),
    ];
    let [rate_title, count_title] = titles;
    let figure = |id, title, further: &[Column], rows, value, rate| Figure {
        id,
        title,
        table: Table { columns: [&names[..], further].concat(), rows },
        chart: Some(Chart::Matrix { row: "model", column: "rival", value, rate }),
    };
    [
        figure(ids[0], rate_title, &of_rates, rates, "win_rate", true),
        figure(ids[1], count_title, &[column("votes", "Votes", 0)], battles, "votes", false),
    ]
}

/// The share of successes.
///
/// Input: successes, and trials, at least one. Output: the share with Wilson's interval.
/// Accuracy: close to 95 % also for few trials; trials are treated as independent. Errors: none. Cost: none.
/// Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
pub(super) fn wilson(successes: u64, trials: u64) -> Measured {
    let share = arena_core::share::wilson(successes, trials);
    Measured { value: share.value, low: share.low, high: share.high }
}
