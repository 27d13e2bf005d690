//! The difference between two sets of models, such as the best of one country and the best of another.

use nalgebra::{DMatrix, DVector};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use super::bootstrap::positions;
use super::draws::open_unit;
use super::fit::Fit;
use super::sandwich::Covariance;
use super::{ELO_PER_NAT, RankingError};

/// The probability that an interval covers the difference it is for.
const LEVEL: f64 = 0.95;
/// Fewer draws than this cannot tell a 95 % quantile from the maximum.
const MIN_DRAWS: usize = 100;

/// What stands for a set of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// The mean of all its models.
    All,
    /// The mean of so many of its models, the strongest ones; 1 is the best model.
    Best(usize),
}

/// The difference between two sets of models, in Elo points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contrast {
    /// The first set minus the second.
    pub difference: f64,
    /// Its standard error, for the models that were picked.
    pub error: f64,
    /// The lower end of the 95 % interval for the models that were picked.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// The lower end of the 95 % interval for the models that truly are the strongest, whichever they are.
    pub simultaneous_low: f64,
    /// Its upper end.
    pub simultaneous_high: f64,
    /// The probability of a difference this large in either direction, if the picked models were equal.
    pub p_value: f64,
    /// The models picked from the first set, best first.
    pub first: Vec<usize>,
    /// The models picked from the second set, best first.
    pub second: Vec<usize>,
}

/// Compares two sets of models on one fit.
///
/// Input: a fit and a covariance of its strengths; two sets of its members without a common one, each with what stands
/// for it; how many draws, 4,000 is customary; a seed.
/// Output: Elo points. `low` and `high` are difference -+ 1.959964 standard errors, as if the picked models had been
/// named before the votes were seen. Picking the best by the same votes makes a set with many near-equal models look
/// better than it is, and this interval miss too often: measured for the best of eleven equals against one model, it
/// holds 85 % of the time. `simultaneous_low` and `simultaneous_high` allow for that: with probability 95 % (there 97 %)
/// the strongest by true strength differ by an amount between them. They come from bounds b_s - b_t -+ q sd(s, t) that
/// hold for all candidates s and t at once. Without [`Pick::Best`] there is nothing to allow for, and both intervals are
/// the same. Swapped sets change all signs and nothing else.
/// Accuracy: normal approximation; q is the Monte Carlo quantile of [`super::critical_value`] over the candidates. For
/// the best model the interval is the exact image of the bounds; for the mean of several it is safe and wider.
/// Errors: [`RankingError::EmptySet`], [`RankingError::TooFewModels`], [`RankingError::NotAMember`],
/// [`RankingError::SelfBattle`] for a model named twice, [`RankingError::TooFewDraws`], [`RankingError::Singular`].
/// Cost: draws x (M^2 + candidates of the one x candidates of the other).
/// Source: Var(w'b) = w'V w; Hsu 1981 and Hothorn, Bretz and Westfall 2008 for bounds on the best.
pub fn contrast(
    fit: &Fit,
    covariance: &Covariance,
    first: (&[usize], Pick),
    second: (&[usize], Pick),
    draws: usize,
    seed: u64,
) -> Result<Contrast, RankingError> {
    check_sets(first.0, second.0)?;
    let (one, two) = (Side::new(fit, first)?, Side::new(fit, second)?);
    let table = Table::new(fit, covariance, &one, &two)?;
    let (difference, error) = table.picked(&one, &two, covariance);
    if !(error > 0.0 && error.is_finite()) {
        return Err(RankingError::Singular { matrix: "covariance" });
    }
    let normal = Normal::standard();
    let reach = normal.inverse_cdf(0.5 + LEVEL / 2.0) * error;
    let (low, high) = (difference - reach, difference + reach);
    let (simultaneous_low, simultaneous_high) = match table.is_single() {
        true => (low, high),
        false => table.bounds(table.quantile(covariance, draws, seed)?, one.picks, two.picks),
    };
    Ok(Contrast {
        difference: ELO_PER_NAT * difference,
        error: ELO_PER_NAT * error,
        low: ELO_PER_NAT * low,
        high: ELO_PER_NAT * high,
        simultaneous_low: ELO_PER_NAT * simultaneous_low,
        simultaneous_high: ELO_PER_NAT * simultaneous_high,
        p_value: 2.0 * normal.sf((difference / error).abs()),
        first: one.models,
        second: two.models,
    })
}

fn check_sets(first: &[usize], second: &[usize]) -> Result<(), RankingError> {
    let mut all = [first, second].concat();
    all.sort_unstable();
    match all.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(RankingError::SelfBattle { model: pair[0] }),
        None => Ok(()),
    }
}

/// One set: weights over positions of everything that could stand for it, the strongest first.
struct Side {
    candidates: Vec<DVector<f64>>,
    /// How many of the first candidates stand for the set, as their mean.
    picks: usize,
    models: Vec<usize>,
}

impl Side {
    fn new(fit: &Fit, (models, pick): (&[usize], Pick)) -> Result<Side, RankingError> {
        if models.is_empty() {
            return Err(RankingError::EmptySet);
        }
        let mut order = positions(&fit.members, models)?;
        order.sort_by(|&a, &b| fit.strengths[b].total_cmp(&fit.strengths[a]).then(a.cmp(&b)));
        let size = fit.strengths.len();
        let mean_of = |set: &[usize]| {
            let mut weights = DVector::zeros(size);
            set.iter().for_each(|&at| weights[at] = 1.0 / set.len() as f64);
            weights
        };
        let (candidates, picks, kept) = match pick {
            Pick::All => (vec![mean_of(&order)], 1, order.len()),
            Pick::Best(0) => return Err(RankingError::EmptySet),
            Pick::Best(wanted) if wanted > order.len() => {
                return Err(RankingError::TooFewModels { wanted, models: order.len() });
            }
            Pick::Best(wanted) => (order.chunks(1).map(mean_of).collect(), wanted, wanted),
        };
        let models = order[..kept].iter().map(|&at| fit.members[at]).collect();
        Ok(Side { candidates, picks, models })
    }

    fn mean(&self) -> DVector<f64> {
        let picked = self.candidates.iter().take(self.picks);
        picked.sum::<DVector<f64>>() / self.picks as f64
    }
}

/// Differences of all candidates of one set to all of the other, and their standard errors.
struct Table<'a> {
    strengths: &'a [f64],
    weights: Vec<Vec<DVector<f64>>>,
    differences: DMatrix<f64>,
    errors: DMatrix<f64>,
}

impl<'a> Table<'a> {
    fn new(
        fit: &'a Fit,
        covariance: &Covariance,
        one: &Side,
        two: &Side,
    ) -> Result<Table<'a>, RankingError> {
        let (rows, columns) = (one.candidates.len(), two.candidates.len());
        let row = |s: &DVector<f64>| two.candidates.iter().map(|t| s - t).collect();
        let weights: Vec<Vec<DVector<f64>>> = one.candidates.iter().map(row).collect();
        let strengths = &fit.strengths;
        let differences = DMatrix::from_fn(rows, columns, |s, t| along(strengths, &weights[s][t]));
        let errors =
            DMatrix::from_fn(rows, columns, |s, t| covariance.along(&weights[s][t]).sqrt());
        if errors.iter().all(|&error| error > 0.0 && error.is_finite()) {
            return Ok(Table { strengths, weights, differences, errors });
        }
        Err(RankingError::Singular { matrix: "covariance" })
    }

    fn is_single(&self) -> bool {
        self.differences.len() == 1
    }

    /// The difference of the picked models and its standard error.
    fn picked(&self, one: &Side, two: &Side, covariance: &Covariance) -> (f64, f64) {
        let weights = one.mean() - two.mean();
        (along(self.strengths, &weights), covariance.along(&weights).sqrt())
    }

    /// The standard errors by which the most unlucky pair of candidates differs.
    fn quantile(
        &self,
        covariance: &Covariance,
        draws: usize,
        seed: u64,
    ) -> Result<f64, RankingError> {
        if draws < MIN_DRAWS {
            return Err(RankingError::TooFewDraws { given: draws, needed: MIN_DRAWS });
        }
        let root = covariance.root()?;
        let normal = Normal::standard();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut noise = DVector::zeros(covariance.models());
        let mut maxima = Vec::with_capacity(draws);
        let scaled: Vec<DVector<f64>> = self.standardised(&root);
        for _ in 0..draws {
            noise.iter_mut().for_each(|value| *value = normal.inverse_cdf(open_unit(&mut rng)));
            let gaps = scaled.iter().map(|weights| weights.dot(&noise).abs());
            maxima.push(gaps.fold(0.0, f64::max));
        }
        maxima.sort_unstable_by(f64::total_cmp);
        Ok(maxima[(LEVEL * draws as f64).ceil() as usize - 1])
    }

    /// R'w / sd for each pair of candidates, so that its product with noise is a standard normal difference.
    fn standardised(&self, root: &DMatrix<f64>) -> Vec<DVector<f64>> {
        let mut found = Vec::with_capacity(self.differences.len());
        for (s, row) in self.weights.iter().enumerate() {
            for (t, weights) in row.iter().enumerate() {
                found.push(root.tr_mul(weights) / self.errors[(s, t)]);
            }
        }
        found
    }

    /// Bounds for the mean of the truly strongest `p` rows minus that of the truly strongest `r` columns.
    ///
    /// That difference is the largest over sets of p rows of the smallest over sets of r columns, in either order. With
    /// p or r = 1 the bounds of pairs are put through that. Otherwise the picked rows, which are at most as strong as
    /// the strongest, give the lower end and the picked columns the upper one. Swapped sets change signs only.
    fn bounds(&self, q: f64, p: usize, r: usize) -> (f64, f64) {
        let lower = &self.differences - &self.errors * q;
        let upper = &self.differences + &self.errors * q;
        let by_rows = |bounds: &DMatrix<f64>| {
            let rows = bounds.row_iter().map(|row| smallest(row.iter().copied(), r));
            rows.fold(f64::NEG_INFINITY, f64::max)
        };
        let by_columns = |bounds: &DMatrix<f64>| {
            let columns = bounds.column_iter().map(|column| largest(column.iter().copied(), p));
            columns.fold(f64::INFINITY, f64::min)
        };
        let of_column = |t: usize| lower.column(t).iter().take(p).sum::<f64>() / p as f64;
        let of_row = |s: usize| upper.row(s).iter().take(r).sum::<f64>() / r as f64;
        let low = match (p, r) {
            (_, 1) => by_columns(&lower),
            (1, _) => by_rows(&lower),
            _ => smallest((0..lower.ncols()).map(of_column), r),
        };
        let high = match (p, r) {
            (1, _) => by_rows(&upper),
            (_, 1) => by_columns(&upper),
            _ => largest((0..upper.nrows()).map(of_row), p),
        };
        (low, high)
    }
}

/// The mean of the smallest values.
fn smallest(values: impl Iterator<Item = f64>, wanted: usize) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.iter().take(wanted).sum::<f64>() / wanted as f64
}

/// The mean of the largest values.
fn largest(values: impl Iterator<Item = f64>, wanted: usize) -> f64 {
    -smallest(values.map(|value| -value), wanted)
}

fn along(strengths: &[f64], weights: &DVector<f64>) -> f64 {
    strengths.iter().zip(weights.iter()).map(|(b, w)| b * w).sum()
}

impl Covariance {
    /// Returns the variance of a weighted sum of strengths; the weights add up to 0.
    fn along(&self, weights: &DVector<f64>) -> f64 {
        weights.dot(&(&self.matrix * weights)).max(0.0)
    }
}
