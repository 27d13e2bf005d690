//! Bradley-Terry with covariates: what a vote depends on besides the two models. Position and style use it.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use super::RankingError;
use super::clusters::Clusters;
use super::coding::Cell;
use super::fit::{Goal, Local, Method, STEP_TOLERANCE, centred, fill_constant_direction};
use super::row_clusters::RowClusters;
use super::sandwich::{Covariance, SmallSample, pseudo_inverse};

/// A covariate with less than this part of its information left after all other parameters is a mixture of them.
const COLLINEAR: f64 = 1e-10;

/// What a covariate changes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// The change of the log-odds of the left answer per unit of the covariate, in natural units.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
}

/// Strengths of models with the effects of covariates taken out.
#[derive(Debug, Clone)]
pub struct Adjusted {
    pub(super) members: Vec<usize>,
    strengths: Vec<f64>,
    effects: Vec<Effect>,
    covariance: Covariance,
    steps: usize,
}

impl Adjusted {
    /// Returns the models, in the order of the strengths.
    pub fn members(&self) -> &[usize] {
        &self.members
    }

    /// Returns the log-strengths in natural units with mean 0.
    pub fn strengths(&self) -> &[f64] {
        &self.strengths
    }

    /// Returns the effects in the order of the covariates.
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// Returns the covariance of the strengths.
    pub fn covariance(&self) -> &Covariance {
        &self.covariance
    }

    /// Returns the number of Newton steps taken.
    pub fn steps(&self) -> usize {
        self.steps
    }
}

/// Equal votes on one ordered pair with the same covariates.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<const K: usize> {
    /// Covariates, seen from the left model.
    pub(super) covariates: [f32; K],
    /// Number of votes.
    pub(super) votes: u32,
    /// 2 if the left model won, 0 if it lost, 1 for neither.
    pub(super) half_wins: u8,
}

/// The rows of one ordered pair, by positions of the models.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    pub(super) left: usize,
    pub(super) right: usize,
    start: usize,
    end: usize,
}

/// All votes with covariates, sorted by ordered pair.
#[derive(Debug, Clone)]
pub(super) struct Table<const K: usize> {
    pub(super) members: Vec<usize>,
    groups: Vec<Group>,
    pub(super) rows: Vec<Row<K>>,
    votes: f64,
}

/// What the rows of one ordered pair add up to.
struct Sums<const K: usize> {
    loss: f64,
    slope: f64,
    slopes: [f64; K],
    bend: f64,
    bends: [f64; K],
    both: [[f64; K]; K],
}

impl<const K: usize> Row<K> {
    /// What the row says at a difference of strengths.
    pub(super) fn at(&self, gap: f64, effects: &[f64; K]) -> At {
        let along = self.covariates.iter().zip(effects);
        let log_odds = gap + along.map(|(&z, g)| f64::from(z) * g).sum::<f64>();
        let odds = (-log_odds.abs()).exp();
        let share = 1.0 / (1.0 + odds);
        let p = if log_odds >= 0.0 { share } else { odds * share };
        let half_wins = f64::from(self.half_wins) / 2.0;
        At {
            residual: p - half_wins,
            information: odds * share * share,
            loss: log_odds.max(0.0) - half_wins * log_odds,
            excess: 1.0 + odds,
        }
    }
}

/// One vote of a row at a point.
pub(super) struct At {
    /// p - y.
    pub(super) residual: f64,
    /// p (1 - p).
    information: f64,
    /// The loss without ln `excess`.
    loss: f64,
    /// 1 + e^-|log-odds|.
    excess: f64,
}

/// A sum of logarithms of numbers between 1 and 2, taken many at a time.
struct Logs {
    sum: f64,
    product: f64,
}

impl Logs {
    const FULL: f64 = 1e300;

    fn add(&mut self, number: f64, times: u32) {
        if times != 1 {
            self.sum += f64::from(times) * number.ln();
            return;
        }
        self.product *= number;
        if self.product > Logs::FULL {
            self.sum += self.product.ln();
            self.product = 1.0;
        }
    }
}

impl<const K: usize> Sums<K> {
    fn new() -> Sums<K> {
        Sums {
            loss: 0.0,
            slope: 0.0,
            slopes: [0.0; K],
            bend: 0.0,
            bends: [0.0; K],
            both: [[0.0; K]; K],
        }
    }

    /// Adds x x' times `square` and x times `slope`, x being 1 for the gap and the covariates.
    fn add(&mut self, covariates: &[f32; K], slope: f64, square: f64) {
        self.slope += slope;
        self.bend += square;
        for (a, &z) in covariates.iter().enumerate() {
            let z = f64::from(z);
            self.slopes[a] += z * slope;
            self.bends[a] += z * square;
            for (both, &other) in self.both[a].iter_mut().zip(covariates).take(a + 1) {
                *both += z * square * f64::from(other);
            }
        }
    }

    /// Adds the quadratic part to a matrix over strengths and effects.
    fn scatter(&self, matrix: &mut DMatrix<f64>, group: Group, models: usize) {
        let (i, j) = (group.left, group.right);
        matrix[(i, i)] += self.bend;
        matrix[(j, j)] += self.bend;
        matrix[(i, j)] -= self.bend;
        matrix[(j, i)] -= self.bend;
        for a in 0..K {
            for (at, bend) in [(i, self.bends[a]), (j, -self.bends[a])] {
                matrix[(at, models + a)] += bend;
                matrix[(models + a, at)] += bend;
            }
            for b in 0..=a {
                matrix[(models + a, models + b)] += self.both[a][b];
                if a != b {
                    matrix[(models + b, models + a)] += self.both[a][b];
                }
            }
        }
    }
}

impl<const K: usize> Table<K> {
    /// Takes rows sorted by ordered pair; those of (left, right) end where the next pair's start, and `starts` has one
    /// entry more than there are ordered pairs.
    pub(super) fn new(members: &[usize], starts: &[usize], rows: Vec<Row<K>>) -> Table<K> {
        let models = members.len();
        let group = |(pair, ends): (usize, &[usize])| Group {
            left: pair / models,
            right: pair % models,
            start: ends[0],
            end: ends[1],
        };
        let groups = starts.windows(2).enumerate().map(group);
        let groups = groups.filter(|group| group.start < group.end).collect();
        let votes = rows.iter().map(|row| f64::from(row.votes)).sum();
        Table { members: members.to_vec(), groups, rows, votes }
    }

    pub(super) fn by_group(&self) -> impl Iterator<Item = (Group, &[Row<K>])> {
        self.groups.iter().map(|&group| (group, &self.rows[group.start..group.end]))
    }

    /// The difference of strengths that the rows of a group share.
    fn gap(&self, group: Group, point: &DVector<f64>) -> f64 {
        point[group.left] - point[group.right]
    }

    fn local(&self, point: &DVector<f64>) -> Local {
        let models = self.members.len();
        let size = models + K;
        let mut local = Local {
            loss: 0.0,
            gradient: DVector::zeros(size),
            hessian: DMatrix::zeros(size, size),
        };
        let effects = self.effects(point);
        let mut logs = Logs { sum: 0.0, product: 1.0 };
        for (group, rows) in self.by_group() {
            let gap = self.gap(group, point);
            let mut sums = Sums::new();
            for row in rows {
                let at = row.at(gap, &effects);
                let votes = f64::from(row.votes);
                sums.loss += votes * at.loss;
                logs.add(at.excess, row.votes);
                sums.add(&row.covariates, votes * at.residual, votes * at.information);
            }
            local.loss += sums.loss;
            local.gradient[group.left] += sums.slope;
            local.gradient[group.right] -= sums.slope;
            for (a, slope) in sums.slopes.iter().enumerate() {
                local.gradient[models + a] += slope;
            }
            sums.scatter(&mut local.hessian, group, models);
        }
        local.loss += logs.sum + logs.product.ln();
        local
    }

    /// The effects at a point.
    pub(super) fn effects(&self, point: &DVector<f64>) -> [f64; K] {
        std::array::from_fn(|a| point[self.members.len() + a])
    }

    /// Finds the maximum, starting from strengths, and its covariance.
    pub(super) fn adjust(
        &self,
        start: &[f64],
        small_sample: SmallSample,
        clusters: Option<&RowClusters>,
    ) -> Result<Adjusted, RankingError> {
        let models = self.members.len();
        let goal =
            Goal { method: Method::BradleyTerry, votes: self.votes, tolerance: STEP_TOLERANCE };
        let start = start.iter().copied().chain([0.0; K]);
        let start = DVector::from_iterator(models + K, start);
        let (point, steps) = goal.minimise(start, |point| {
            let mut local = self.local(point);
            fill_constant_direction(&mut local.hessian, models);
            local
        })?;
        let information = self.local(&point).hessian;
        check_independent(&information, models)?;
        let inverse = pseudo_inverse(information, models)?;
        let scores = match clusters {
            None => self.scores(&point, small_sample),
            Some(clusters) => self.clustered_scores(&point, small_sample, clusters),
        };
        let all = &inverse * scores * &inverse;
        let mut kept = Covariance { matrix: all.clone() };
        if clusters.is_some_and(|clusters| clusters.kind == Clusters::Both) {
            kept = kept.without_negative_part();
        }
        let kept = kept.matrix;
        let effect = |at: usize| {
            let variance = if all[(at, at)] > 0.0 { all[(at, at)] } else { kept[(at, at)] };
            Effect { value: point[at], error: variance.max(0.0).sqrt() }
        };
        Ok(Adjusted {
            members: self.members.clone(),
            strengths: centred(point.rows(0, models).iter()),
            effects: (models..models + K).map(effect).collect(),
            covariance: Covariance { matrix: kept.view((0, 0), (models, models)).into_owned() },
            steps,
        })
    }

    /// Adds up score times score over votes; the small-sample factor is that of [`SmallSample`].
    fn scores(&self, point: &DVector<f64>, small_sample: SmallSample) -> DMatrix<f64> {
        let models = self.members.len();
        let votes = self.votes_by_model();
        let effects = self.effects(point);
        let mut scores = DMatrix::zeros(models + K, models + K);
        for (group, rows) in self.by_group() {
            let factor = small_sample.factor(&Cell::new(group.left, group.right), &votes);
            let mut sums = Sums::new();
            for row in rows {
                let residual = row.at(self.gap(group, point), &effects).residual;
                let square = residual * residual * f64::from(row.votes) * factor;
                sums.add(&row.covariates, 0.0, square);
            }
            sums.scatter(&mut scores, group, models);
        }
        scores
    }

    fn votes_by_model(&self) -> Vec<f64> {
        let mut votes = vec![0.0; self.members.len()];
        for (group, rows) in self.by_group() {
            let here: f64 = rows.iter().map(|row| f64::from(row.votes)).sum();
            votes[group.left] += here;
            votes[group.right] += here;
        }
        votes
    }
}

/// Refuses covariates that are mixtures of each other and of the models.
fn check_independent(information: &DMatrix<f64>, models: usize) -> Result<(), RankingError> {
    let singular = RankingError::Singular { matrix: "covariate information" };
    let mut filled = information.clone();
    fill_constant_direction(&mut filled, models);
    let lower = filled.clone().cholesky().ok_or(singular.clone())?.unpack();
    let left = |at: usize| lower[(at, at)] * lower[(at, at)] / filled[(at, at)];
    if (models..filled.nrows()).all(|at| left(at) > COLLINEAR) {
        return Ok(());
    }
    Err(singular)
}
