//! Newton's method with halved steps, shared by all fits.

use nalgebra::{DMatrix, DVector};

use super::RankingError;
use super::fit::Method;

/// After a step this small the curvature is taken for the same: under Bradley-Terry it has changed by at most twice this
/// part, and the next step leaves as small a part of the error.
const KEEPS_CURVATURE: f64 = 1e-3;
/// Newton steps after which a fit has failed. Real boards need 5 or 6, near-separated ones up to 30.
const MAX_STEPS: usize = 100;
/// Halvings of one step before it is taken anyway.
const MAX_HALVINGS: usize = 30;
/// The part of the predicted decrease that a step must bring (Armijo 1966).
const SUFFICIENT_DECREASE: f64 = 1e-4;
/// What rounding may add to the loss, relative to it, without a step being called bad.
const ROUNDING: f64 = 1e-12;

/// Loss, gradient and the lower triangle of the Hessian at one point.
pub(super) struct Local {
    pub(super) loss: f64,
    pub(super) gradient: DVector<f64>,
    pub(super) hessian: DMatrix<f64>,
}

/// When a minimum has been found.
pub(super) struct Goal {
    /// For the error message.
    pub(super) method: Method,
    /// Counted votes: the gradient must fall below the tolerance times this.
    pub(super) votes: f64,
    /// The last step must be below this in every parameter.
    pub(super) tolerance: f64,
}

impl Goal {
    /// Takes Newton steps, each halved until it decreases the loss; returns the point and the number of steps.
    pub(super) fn minimise(
        &self,
        mut point: DVector<f64>,
        local: impl Fn(&DVector<f64>) -> Local,
    ) -> Result<(DVector<f64>, usize), RankingError> {
        let mut here = local(&point);
        let mut kept = None;
        for steps in 1..=MAX_STEPS {
            let Some(factor) = kept.or_else(|| here.hessian.cholesky()) else {
                return Err(self.missed(steps));
            };
            let step = factor.solve(&here.gradient);
            let small_gradient = here.gradient.amax() <= self.tolerance * self.votes.max(1.0);
            if small_gradient && step.amax() <= self.tolerance {
                return self.finite(point - step, steps);
            }
            let decrease = here.gradient.dot(&step);
            let keeps = self.method == Method::BradleyTerry && step.amax() <= KEEPS_CURVATURE;
            kept = keeps.then_some(factor);
            (point, here) = walk(&point, &step, here.loss, decrease, &local);
        }
        Err(self.missed(MAX_STEPS))
    }

    fn finite(
        &self,
        point: DVector<f64>,
        steps: usize,
    ) -> Result<(DVector<f64>, usize), RankingError> {
        let finite = point.iter().all(|value| value.is_finite());
        if finite { Ok((point, steps)) } else { Err(self.missed(steps)) }
    }

    fn missed(&self, iterations: usize) -> RankingError {
        RankingError::NotConverged { method: self.method, iterations }
    }
}

/// Takes the step, halved until it decreases the loss enough.
fn walk(
    point: &DVector<f64>,
    step: &DVector<f64>,
    loss_here: f64,
    decrease: f64,
    local: impl Fn(&DVector<f64>) -> Local,
) -> (DVector<f64>, Local) {
    let mut length = 1.0;
    let mut next = point - step;
    let mut there = local(&next);
    for _ in 0..MAX_HALVINGS {
        let allowed = loss_here - SUFFICIENT_DECREASE * length * decrease + ROUNDING * loss_here;
        if there.loss <= allowed {
            break;
        }
        length *= 0.5;
        next = point - step * length;
        there = local(&next);
    }
    (next, there)
}
