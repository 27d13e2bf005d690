//! Bradley-Terry with covariates: what a vote depends on besides the two models. Position and style use it.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use super::RankingError;
use super::clusters::Clusters;
use super::coding::Cell;
use super::covariate_table::Table;
use super::fit::{Method, STEP_TOLERANCE, centred, fill_constant_direction};
use super::newton::{Goal, Minimum};
use super::row_clusters::RowClusters;
use super::sandwich::{Covariance, SmallSample, pseudo_inverse};

/// A covariate with less than this part of its information left after all other parameters is a mixture of them.
const COLLINEAR: f64 = 1e-10;

/// With so many rows a parameter, a first fit to every `EVERY`th row is worth its time.
const LARGE: usize = 4096;
const EVERY: usize = 16;
/// The last step of that first fit, in natural units.
const FIRST_TOLERANCE: f64 = 1e-3;

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

impl<const K: usize> Table<K> {
    /// Finds the maximum, starting from strengths, and its covariance.
    pub(super) fn adjust(
        &self,
        start: &[f64],
        small_sample: SmallSample,
        clusters: Option<&RowClusters>,
    ) -> Result<Adjusted, RankingError> {
        let models = self.members.len();
        let start = start.iter().copied().chain([0.0; K]);
        let mut start = DVector::from_iterator(models + K, start);
        if self.rows() >= LARGE * (models + K) {
            // One that does not converge says nothing about all votes.
            if let Ok(first) = self.sample(EVERY).maximum(start.clone(), FIRST_TOLERANCE) {
                start = first.point;
            }
        }
        let Minimum { point, steps, hessian } = self.maximum(start, STEP_TOLERANCE)?;
        let information = hessian.unwrap_or_else(|| self.local(&point).hessian);
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

    fn maximum(&self, start: DVector<f64>, tolerance: f64) -> Result<Minimum, RankingError> {
        let (method, models) = (Method::BradleyTerry, self.members.len());
        let votes = self.votes_by_model().iter().sum::<f64>() / 2.0;
        Goal { method, models, votes, tolerance }.minimise(start, |point| self.local(point))
    }

    /// Adds up score times score over votes; the small-sample factor is that of [`SmallSample`].
    fn scores(&self, point: &DVector<f64>, small_sample: SmallSample) -> DMatrix<f64> {
        let votes = self.votes_by_model();
        self.squares(point, |left, right| small_sample.factor(&Cell::new(left, right), &votes))
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
