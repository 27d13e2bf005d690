//! Strengths that maximise a likelihood of counts; what one pair contributes is in `bradley_terry` and `ties`, the
//! iteration in `newton`.

use std::fmt;

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};
use wide::f64x8;

use super::coding::{Cell, Coding, cells, votes_by_position};
use super::connectivity::groups;
use super::counts::Counts;
use super::newton::{Goal, Local, Minimum};
use super::{RankingError, bradley_terry, ties};

/// A step this small, in natural units, ends the iteration; the error left is of the order of its square.
pub(super) const STEP_TOLERANCE: f64 = 1e-8;

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
    pub(super) members: Vec<usize>,
    pub(super) coding: Coding,
    pub(super) cells: Vec<Cell>,
    /// The same pairs with squared weights summed; `None` if every vote has the weight 1.
    pub(super) squares: Option<Vec<Cell>>,
    pub(super) strengths: Vec<f64>,
    pub(super) tau: Option<f64>,
    pub(super) steps: usize,
}

impl Fit {
    /// Returns the model of votes that was fitted.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Returns what ties and both-bad votes are worth here.
    pub fn coding(&self) -> Coding {
        self.coding
    }

    /// Returns the models that were fitted, in the order of [`Fit::strengths`].
    pub fn members(&self) -> &[usize] {
        &self.members
    }

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

    /// Returns the counted votes of each member among the members, or the sum of their weights.
    pub fn votes(&self) -> Vec<f64> {
        votes_by_position(&self.cells, self.strengths.len())
    }

    /// Returns what each pair contributes at the estimate.
    pub(super) fn terms(&self) -> impl Iterator<Item = (&Cell, Terms)> {
        self.cells.iter().map(move |cell| (cell, self.terms_of(cell)))
    }

    /// Returns what votes between the models of a cell contribute at the estimate.
    pub(super) fn terms_of(&self, cell: &Cell) -> Terms {
        let d = self.strengths[cell.i] - self.strengths[cell.j];
        self.method.terms(cell, d, self.tau.unwrap_or(0.0))
    }

    /// Finds the maximum for other votes among the same models, starting from this one.
    ///
    /// Stops when the last step is below `tolerance`; the error left is of the order of its square.
    pub(super) fn again(&self, cells: Vec<Cell>, tolerance: f64) -> Result<Fit, RankingError> {
        let models = self.strengths.len();
        let components = groups(&cells, models);
        if components != 1 {
            return Err(RankingError::Disconnected { models, components });
        }
        if self.tau.is_some() && !ties::determined(&cells, models) {
            return Err(RankingError::TiesUndetermined { method: self.method });
        }
        let start = self.strengths.iter().copied().chain(self.tau);
        let start = DVector::from_iterator(self.parameters(), start);
        let (strengths, tau, steps) = maximum(&cells, start, models, self.method, tolerance)?;
        let (members, squares) = (self.members.clone(), None);
        let (method, coding) = (self.method, self.coding);
        Ok(Fit { method, members, coding, cells, squares, strengths, tau, steps })
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
    check_members(counts, members)?;
    let cells = cells(counts, members, coding);
    let components = groups(&cells, members.len());
    if components != 1 {
        return Err(RankingError::Disconnected { models: members.len(), components });
    }
    fit_cells(cells, None, members, method, coding)
}

/// Finds the maximum for counted or weighted votes of members that are comparable with each other.
pub(super) fn fit_cells(
    cells: Vec<Cell>,
    squares: Option<Vec<Cell>>,
    members: &[usize],
    method: Method,
    coding: Coding,
) -> Result<Fit, RankingError> {
    let models = members.len();
    let start = start(&cells, models, method)?;
    let (strengths, tau, steps) = maximum(&cells, start, models, method, STEP_TOLERANCE)?;
    let members = members.to_vec();
    Ok(Fit { method, members, coding, cells, squares, strengths, tau, steps })
}

/// Strengths with mean 0, the logarithm of the tie parameter, and the steps taken.
type Maximum = (Vec<f64>, Option<f64>, usize);

fn maximum(
    cells: &[Cell],
    start: DVector<f64>,
    models: usize,
    method: Method,
    tolerance: f64,
) -> Result<Maximum, RankingError> {
    let votes = cells.iter().map(Cell::votes).sum();
    let goal = Goal { method, models, votes, tolerance };
    let Minimum { point, steps, .. } =
        goal.minimise(start, |point| local(cells, point, models, method))?;
    let tau = method.has_tie_parameter().then(|| point[models]);
    Ok((centred(point.rows(0, models).iter()), tau, steps))
}

/// The same numbers minus their mean.
pub(super) fn centred<'a>(values: impl ExactSizeIterator<Item = &'a f64> + Clone) -> Vec<f64> {
    let mean = values.clone().sum::<f64>() / values.len() as f64;
    values.map(|value| value - mean).collect()
}

/// Refuses members that are unknown or named twice.
pub(super) fn check_members(counts: &Counts, members: &[usize]) -> Result<(), RankingError> {
    let models = counts.models();
    if let Some(&model) = members.iter().find(|&&model| model >= models) {
        return Err(RankingError::UnknownModel { model, models });
    }
    let mut sorted = members.to_vec();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(RankingError::SelfBattle { model: pair[0] }),
        None => Ok(()),
    }
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

/// The difference and the tie parameter that a pair sees.
fn seen(cell: &Cell, point: &DVector<f64>, models: usize) -> (f64, f64) {
    (point[cell.i] - point[cell.j], point.get(models).copied().unwrap_or(0.0))
}

/// Loss, gradient and the lower triangle of the Hessian, its constant direction not filled.
pub(super) fn local(cells: &[Cell], point: &DVector<f64>, models: usize, method: Method) -> Local {
    if method == Method::BradleyTerry {
        return local_bradley_terry(cells, point);
    }
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
    local
}

/// As [`local`], eight pairs at a time, with the lower triangle of the Hessian only.
fn local_bradley_terry(cells: &[Cell], point: &DVector<f64>) -> Local {
    let models = point.len();
    let mut hessian = DMatrix::zeros(models, models);
    let (mut gradient, mut diagonal) = (DVector::zeros(models), vec![0.0; models]);
    let mut loss = f64x8::ZERO;
    bradley_terry::by_eights(cells, point.as_slice(), |eight, sums| {
        loss += sums.loss;
        let (slopes, bends) = (sums.gradient.to_array(), sums.information.to_array());
        for ((cell, slope), bend) in eight.iter().zip(slopes).zip(bends) {
            gradient[cell.i] += slope;
            gradient[cell.j] -= slope;
            diagonal[cell.i] += bend;
            diagonal[cell.j] += bend;
            hessian[(cell.i.max(cell.j), cell.i.min(cell.j))] -= bend;
        }
    });
    diagonal.iter().enumerate().for_each(|(at, bend)| hessian[(at, at)] = *bend);
    Local { loss: loss.reduce_add(), gradient, hessian }
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
