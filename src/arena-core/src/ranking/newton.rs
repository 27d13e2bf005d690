//! Newton's method with halved steps, shared by all fits.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use super::RankingError;
use super::fit::{Method, fill_constant_direction};

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

/// Loss, gradient and at least the lower triangle of the Hessian at one point; the constant direction is not filled.
pub(super) struct Local {
    pub(super) loss: f64,
    pub(super) gradient: DVector<f64>,
    pub(super) hessian: DMatrix<f64>,
}

/// Where a loss is least.
pub(super) struct Minimum {
    pub(super) point: DVector<f64>,
    /// Steps taken.
    pub(super) steps: usize,
    /// The Hessian at a point within the tolerance, if it is at hand.
    pub(super) hessian: Option<DMatrix<f64>>,
}

/// What has no minimum in one direction, and when the minimum in all others has been found.
pub(super) struct Goal {
    /// For the error message.
    pub(super) method: Method,
    /// So many parameters come first that may all be shifted alike.
    pub(super) models: usize,
    /// Counted votes: the gradient must fall below the tolerance times this.
    pub(super) votes: f64,
    /// The last step must be below this in every parameter.
    pub(super) tolerance: f64,
}

impl Goal {
    /// Takes Newton steps, each halved until it decreases the loss.
    pub(super) fn minimise(
        &self,
        mut point: DVector<f64>,
        local: impl Fn(&DVector<f64>) -> Local,
    ) -> Result<Minimum, RankingError> {
        let mut here = local(&point);
        let mut kept: Option<Cholesky<f64, Dyn>> = None;
        for steps in 1..=MAX_STEPS {
            let found = match kept {
                Some(factor) => Some((factor, Some(here.hessian))),
                None => self.factor(here.hessian).map(|factor| (factor, None)),
            };
            let (factor, hessian) = found.ok_or(self.missed(steps))?;
            let step = factor.solve(&here.gradient);
            let small_gradient = here.gradient.amax() <= self.tolerance * self.votes.max(1.0);
            if small_gradient && step.amax() <= self.tolerance {
                point -= step;
                let finite = point.iter().all(|value| value.is_finite());
                let minimum = finite.then_some(Minimum { point, steps, hessian });
                return minimum.ok_or(self.missed(steps));
            }
            let decrease = here.gradient.dot(&step);
            let keeps = self.method == Method::BradleyTerry && step.amax() <= KEEPS_CURVATURE;
            kept = keeps.then_some(factor);
            (point, here) = walk(&point, &step, here.loss, decrease, &local);
        }
        Err(self.missed(MAX_STEPS))
    }

    fn factor(&self, mut hessian: DMatrix<f64>) -> Option<Cholesky<f64, Dyn>> {
        fill_constant_direction(&mut hessian, self.models);
        hessian.cholesky()
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
