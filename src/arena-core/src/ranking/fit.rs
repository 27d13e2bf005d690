//! Newton's method on counts, shared by all methods; what one pair contributes is in `bradley_terry` and `ties`.

use std::fmt;

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use super::coding::{Cell, Coding, cells, votes_by_position};
use super::connectivity::components;
use super::counts::Counts;
use super::{RankingError, bradley_terry, ties};

/// A step this small, in natural units, ends the iteration; the error left is of the order of its square.
const STEP_TOLERANCE: f64 = 1e-8;
/// A gradient this small, per counted vote, ends the iteration.
const GRADIENT_TOLERANCE: f64 = 1e-8;
/// Newton steps after which a fit has failed. Real boards need 5 or 6, near-separated ones up to 30.
const MAX_STEPS: usize = 100;
/// Halvings of one step before it is taken anyway.
const MAX_HALVINGS: usize = 30;
/// The part of the predicted decrease that a step must bring (Armijo 1966).
const SUFFICIENT_DECREASE: f64 = 1e-4;
/// What rounding may add to the loss, relative to it, without a step being called bad.
const ROUNDING: f64 = 1e-12;

/// How the outcome of a vote is thought to depend on the strengths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Bradley and Terry (1952); a tie is half a win for each side.
    #[default]
    BradleyTerry,
    /// Davidson (1970): a tie is an outcome of its own.
    Davidson,
    /// Rao and Kupper (1967): a tie is a difference too small to see.
    RaoKupper,
}

impl Method {
    /// Returns the word used in tables and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::BradleyTerry => "bradley_terry",
            Method::Davidson => "davidson",
            Method::RaoKupper => "rao_kupper",
        }
    }

    fn has_tie_parameter(self) -> bool {
        self != Method::BradleyTerry
    }

    /// What one pair contributes at the difference `d` and the tie parameter `tau` (natural logarithms).
    pub(super) fn terms(self, cell: &Cell, d: f64, tau: f64) -> Terms {
        match self {
            Method::BradleyTerry => bradley_terry::terms(cell, d),
            Method::Davidson => ties::davidson(cell, d, tau),
            Method::RaoKupper => ties::rao_kupper(cell, d, tau),
        }
    }

    /// A tie parameter that is right if all models are equally strong.
    fn start(self, tie_share: f64) -> f64 {
        match self {
            Method::BradleyTerry => 0.0,
            Method::Davidson => (2.0 * tie_share / (1.0 - tie_share)).ln(),
            Method::RaoKupper => 2.0 * tie_share.atanh(),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What one pair adds to the loss, its derivatives and the squares of its scores.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// Negative log-likelihood.
    pub(super) loss: f64,
    /// Its first derivative by the difference and by the tie parameter.
    pub(super) gradient: [f64; 2],
    /// Its second derivatives.
    pub(super) information: Square,
    /// The sum over votes of score times score.
    pub(super) scores: Square,
}

/// A symmetric 2 x 2 matrix over the difference `d` and the tie parameter `tau`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Square {
    pub(super) dd: f64,
    pub(super) dt: f64,
    pub(super) tt: f64,
}

/// Strengths that maximise the likelihood, with the votes they come from.
#[derive(Debug, Clone)]
pub struct Fit {
    pub(super) method: Method,
    pub(super) cells: Vec<Cell>,
    pub(super) strengths: Vec<f64>,
    tau: Option<f64>,
    steps: usize,
}

impl Fit {
    /// Returns the log-strengths in natural units with mean 0, in the order of the members given to [`fit`].
    pub fn strengths(&self) -> &[f64] {
        &self.strengths
    }

    /// Returns Davidson's nu or Rao and Kupper's theta; `None` for Bradley-Terry.
    pub fn tie_parameter(&self) -> Option<f64> {
        self.tau.map(f64::exp)
    }

    /// Returns the number of Newton steps taken.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Returns the counted votes of each member among the members.
    pub fn votes(&self) -> Vec<f64> {
        votes_by_position(&self.cells, self.strengths.len())
    }

    /// Returns what each pair contributes at the estimate.
    pub(super) fn terms(&self) -> impl Iterator<Item = (&Cell, Terms)> {
        let tau = self.tau.unwrap_or(0.0);
        self.cells.iter().map(move |cell| {
            (cell, self.method.terms(cell, self.strengths[cell.i] - self.strengths[cell.j], tau))
        })
    }

    pub(super) fn parameters(&self) -> usize {
        self.strengths.len() + usize::from(self.tau.is_some())
    }
}

/// Finds the strengths of `members` that maximise the likelihood of the votes among them.
///
/// Input: counts; the models to rate, which must be comparable with each other; method; what ties are worth.
/// Output: natural units (log-odds), mean 0. Multiply differences by [`super::ELO_PER_NAT`] for Elo points.
/// Stops: when the last step is below 1e-8 in every parameter and the gradient below 1e-8 per vote; convergence is
/// quadratic, so that the error is then far below 1e-6 Elo. A step that does not decrease the loss is halved.
/// Errors: [`RankingError::Disconnected`], [`RankingError::UnknownModel`], [`RankingError::SelfBattle`] for a member
/// named twice, [`RankingError::TiesUndetermined`] (Davidson and Rao-Kupper need more than connectivity),
/// [`RankingError::NotConverged`].
/// Cost: per step the number of pairs + M^3 / 6; 5 to 6 steps. Start at zero, so that the result does not depend on
/// earlier ones.
/// Source: Hunter 2004, "MM algorithms for generalized Bradley-Terry models" (likelihood); Newton-Raphson
/// with the constant direction removed as H + c 11'/M, c = tr(H)/M (RATINGS section 9).
pub fn fit(
    counts: &Counts,
    members: &[usize],
    method: Method,
    coding: Coding,
) -> Result<Fit, RankingError> {
    check_members(counts, members, coding)?;
    let cells = cells(counts, members, coding);
    let start = start(&cells, members.len(), method)?;
    let (mut point, steps) = minimise(&cells, start, members.len(), method)?;
    let tau = method.has_tie_parameter().then(|| point[members.len()]);
    let mean = point.rows(0, members.len()).mean();
    point.add_scalar_mut(-mean);
    let strengths = point.iter().take(members.len()).copied().collect();
    Ok(Fit { method, cells, strengths, tau, steps })
}

fn check_members(counts: &Counts, members: &[usize], coding: Coding) -> Result<(), RankingError> {
    let models = counts.models();
    if let Some(&model) = members.iter().find(|&&model| model >= models) {
        return Err(RankingError::UnknownModel { model, models });
    }
    let mut sorted = members.to_vec();
    sorted.sort_unstable();
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(RankingError::SelfBattle { model: pair[0] });
    }
    let groups = components(&counts.among(members), coding).len();
    if groups != 1 {
        return Err(RankingError::Disconnected { models: members.len(), components: groups });
    }
    Ok(())
}

/// All strengths zero, and the tie parameter that fits the overall share of ties.
fn start(cells: &[Cell], models: usize, method: Method) -> Result<DVector<f64>, RankingError> {
    if !method.has_tie_parameter() {
        return Ok(DVector::zeros(models));
    }
    if !ties::determined(cells, models) {
        return Err(RankingError::TiesUndetermined { method });
    }
    let votes: f64 = cells.iter().map(Cell::votes).sum();
    let ties: f64 = cells.iter().map(|cell| cell.ties).sum();
    let mut start = DVector::zeros(models + 1);
    start[models] = method.start(ties / votes);
    Ok(start)
}

/// Loss, gradient and Hessian at one point; the constant direction has the curvature of the average model.
struct Local {
    loss: f64,
    gradient: DVector<f64>,
    hessian: DMatrix<f64>,
}

fn minimise(
    cells: &[Cell],
    start: DVector<f64>,
    models: usize,
    method: Method,
) -> Result<(DVector<f64>, usize), RankingError> {
    let votes: f64 = cells.iter().map(Cell::votes).sum();
    let mut point = start;
    for steps in 1..=MAX_STEPS {
        let local = local(cells, &point, models, method);
        let Some(cholesky) = local.hessian.cholesky() else {
            return Err(RankingError::NotConverged { method, iterations: steps });
        };
        let step = cholesky.solve(&local.gradient);
        let small_gradient = local.gradient.amax() <= GRADIENT_TOLERANCE * votes.max(1.0);
        let done = small_gradient && step.amax() <= STEP_TOLERANCE;
        let decrease = local.gradient.dot(&step);
        point = walk(&point, &step, local.loss, decrease, |p| loss(cells, p, models, method));
        if done && point.iter().all(|value| value.is_finite()) {
            return Ok((point, steps));
        }
    }
    Err(RankingError::NotConverged { method, iterations: MAX_STEPS })
}

/// Takes the step, halved until it decreases the loss enough.
fn walk(
    point: &DVector<f64>,
    step: &DVector<f64>,
    loss_here: f64,
    decrease: f64,
    loss: impl Fn(&DVector<f64>) -> f64,
) -> DVector<f64> {
    let mut length = 1.0;
    let mut next = point - step;
    for _ in 0..MAX_HALVINGS {
        let allowed = loss_here - SUFFICIENT_DECREASE * length * decrease + ROUNDING * loss_here;
        if loss(&next) <= allowed {
            break;
        }
        length *= 0.5;
        next = point - step * length;
    }
    next
}

/// The difference and the tie parameter that a pair sees.
fn seen(cell: &Cell, point: &DVector<f64>, models: usize) -> (f64, f64) {
    (point[cell.i] - point[cell.j], point.get(models).copied().unwrap_or(0.0))
}

fn loss(cells: &[Cell], point: &DVector<f64>, models: usize, method: Method) -> f64 {
    let of_pair = |cell: &Cell| {
        let (d, tau) = seen(cell, point, models);
        method.terms(cell, d, tau).loss
    };
    cells.iter().map(of_pair).sum()
}

fn local(cells: &[Cell], point: &DVector<f64>, models: usize, method: Method) -> Local {
    let mut local = Local {
        loss: 0.0,
        gradient: DVector::zeros(point.len()),
        hessian: DMatrix::zeros(point.len(), point.len()),
    };
    for cell in cells {
        let (d, tau) = seen(cell, point, models);
        let terms = method.terms(cell, d, tau);
        local.loss += terms.loss;
        local.gradient[cell.i] += terms.gradient[0];
        local.gradient[cell.j] -= terms.gradient[0];
        if method.has_tie_parameter() {
            local.gradient[models] += terms.gradient[1];
        }
        add_pair(&mut local.hessian, cell, terms.information, models);
    }
    fill_constant_direction(&mut local.hessian, models);
    local
}

/// Adds a pair's 2 x 2 matrix to one over all strengths and, if there is room, the tie parameter.
pub(super) fn add_pair(matrix: &mut DMatrix<f64>, cell: &Cell, square: Square, models: usize) {
    let (i, j) = (cell.i, cell.j);
    matrix[(i, i)] += square.dd;
    matrix[(j, j)] += square.dd;
    matrix[(i, j)] -= square.dd;
    matrix[(j, i)] -= square.dd;
    if matrix.nrows() > models {
        matrix[(i, models)] += square.dt;
        matrix[(models, i)] += square.dt;
        matrix[(j, models)] -= square.dt;
        matrix[(models, j)] -= square.dt;
        matrix[(models, models)] += square.tt;
    }
}

/// Adds c 11'/M to the strengths' block, with c its trace / M, and returns c / M.
pub(super) fn fill_constant_direction(matrix: &mut DMatrix<f64>, models: usize) -> f64 {
    let mut block = matrix.view_mut((0, 0), (models, models));
    let size = models as f64;
    let fill = block.trace() / (size * size);
    block.add_scalar_mut(fill);
    fill
}
