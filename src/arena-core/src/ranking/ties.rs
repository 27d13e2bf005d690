//! What one pair contributes when a tie is an outcome of its own: Davidson, and Rao and Kupper.
//!
//! Their ratings lie on another scale than those of Bradley-Terry with half wins, which shrinks differences by about
//! the share of ties: do not mix them on one board.

use super::bradley_terry::{logistic, softplus};
use super::coding::Cell;
use super::fit::{Method, Square, Terms};

impl Method {
    /// Returns the chances that the first model wins, that it loses, and that neither does.
    ///
    /// Input: the difference of strengths, first minus second, in natural units; Davidson's nu or Rao and Kupper's
    /// theta. Output: three numbers that add up to 1; `None` for Bradley-Terry, which knows no ties.
    /// Accuracy: as the fit; no overflow. Errors: none. Cost: two exponentials.
    /// Source: Davidson 1970; Rao and Kupper 1967.
    pub fn chances(self, d: f64, tie_parameter: f64) -> Option<[f64; 3]> {
        match self {
            Method::BradleyTerry => None,
            Method::Davidson => {
                // Relative to the stronger one, so that nothing overflows.
                let weaker = (-d.abs() / 2.0).exp();
                let (one, other, tie) = (1.0, weaker * weaker, tie_parameter * weaker);
                let sum = one + other + tie;
                let [strong, weak, tie] = [one / sum, other / sum, tie / sum];
                Some(if d >= 0.0 { [strong, weak, tie] } else { [weak, strong, tie] })
            }
            Method::RaoKupper => {
                let tau = tie_parameter.ln();
                let (win, loss) = (logistic(d - tau), logistic(-d - tau));
                Some([win, loss, (tie_parameter * tie_parameter - 1.0) * win * loss])
            }
        }
    }
}

/// Returns the contribution of one pair under Davidson's model.
///
/// Input: wins, losses and ties of `i` against `j`; `d = b_i - b_j`; `tau = ln nu`.
/// Output: win, loss and tie have the weights `e^(d/2) : e^(-d/2) : nu`. This is an exponential family with the
/// statistics s = +1/2, -1/2, 0 and the tie indicator, so derivatives are their moments.
/// Accuracy: weights are scaled by the largest, so that nothing overflows, and no variance is a difference.
/// Errors: none.
/// Cost: three exponentials and a logarithm.
/// Source: Davidson 1970, "On extending the Bradley-Terry model to accommodate ties".
pub(super) fn davidson(cell: &Cell, d: f64, tau: f64) -> Terms {
    let logs = [d / 2.0, -d / 2.0, tau];
    let top = logs[0].max(logs[1]).max(logs[2]);
    let weights = logs.map(|log| (log - top).exp());
    let sum: f64 = weights.iter().sum();
    let [win, loss, tie] = weights.map(|weight| weight / sum);
    let mean = (win - loss) / 2.0;
    let votes = cell.votes();
    let won = cell.wins * logs[0] + cell.losses * logs[1] + cell.ties * logs[2];
    Terms {
        loss: votes * (top + sum.ln()) - won,
        gradient: [votes * mean - (cell.wins - cell.losses) / 2.0, votes * tie - cell.ties],
        information: Square {
            dd: votes * ((win + loss) * tie / 4.0 + win * loss),
            dt: -votes * mean * tie,
            tt: votes * tie * (win + loss),
        },
        scores: squares(cell, [[0.5 - mean, -tie], [-0.5 - mean, -tie], [-mean, 1.0 - tie]]),
    }
}

/// Returns the contribution of one pair under Rao and Kupper's model.
///
/// Input: wins, losses and ties of `i` against `j`; `d = b_i - b_j`; `tau = ln theta`, above 0.
/// Output: with `p = 1 / (1 + e^-(d - tau))` and `q = 1 / (1 + e^(d + tau))`: P(win) = p, P(loss) = q,
/// P(tie) = (theta^2 - 1) p q. The loss is infinite at `tau <= 0`, which the line search then leaves.
/// Accuracy: as Bradley-Terry.
/// Errors: none.
/// Cost: six exponentials and logarithms.
/// Source: Rao and Kupper 1967, "Ties in paired-comparison experiments".
pub(super) fn rao_kupper(cell: &Cell, d: f64, tau: f64) -> Terms {
    let (above, below) = (d - tau, -d - tau);
    let (p, q) = (logistic(above), logistic(below));
    let (not_p, not_q) = (logistic(-above), logistic(-below));
    let (won, lost) = (cell.wins + cell.ties, cell.losses + cell.ties);
    let excess = (2.0 * tau).exp_m1();
    let barrier = if tau > 0.0 { cell.ties * excess.ln() } else { f64::NEG_INFINITY };
    let slope = 2.0 * (1.0 + 1.0 / excess);
    let bend = 4.0 * (1.0 + excess) / (excess * excess);
    let (curve_p, curve_q) = (won * p * not_p, lost * q * not_q);
    Terms {
        loss: won * softplus(-above) + lost * softplus(-below) - barrier,
        gradient: [lost * not_q - won * not_p, won * not_p + lost * not_q - cell.ties * slope],
        information: Square {
            dd: curve_p + curve_q,
            dt: curve_q - curve_p,
            tt: curve_p + curve_q + cell.ties * bend,
        },
        scores: squares(
            cell,
            [[not_p, -not_p], [-not_q, -not_q], [not_p - not_q, slope - not_p - not_q]],
        ),
    }
}

/// Says whether both models here have a finite estimate, for models that are comparable with each other.
///
/// Input: counted pairs of `models` models.
/// Output: false if a direction exists along which no observed outcome becomes less likely: the tie parameter grows
/// by one while every winner gains at least one on the loser and no tied pair moves apart by more than one. With at
/// least one tie that fails exactly if some closed walk has more wins than ties.
/// Accuracy: exact, in integers.
/// Errors: none.
/// Cost: the number of pairs where any pair has a win each way, as on real boards; otherwise up to M times that.
/// Source: existence in exponential families (Barndorff-Nielsen 1978) for the tie parameter; negative cycles after
/// Bellman 1958.
pub(super) fn determined(cells: &[Cell], models: usize) -> bool {
    if cells.iter().all(|cell| cell.ties == 0.0) {
        return false;
    }
    cells.iter().any(|cell| cell.wins > 0.0 && cell.losses > 0.0) || has_winning_walk(cells, models)
}

/// Looks for a closed walk with more wins than ties.
fn has_winning_walk(cells: &[Cell], models: usize) -> bool {
    let mut steps = Vec::new();
    for cell in cells {
        let win = [(cell.wins, cell.i, cell.j, -1), (cell.losses, cell.j, cell.i, -1)];
        let tie = [(cell.ties, cell.i, cell.j, 1), (cell.ties, cell.j, cell.i, 1)];
        steps.extend(win.into_iter().chain(tie).filter(|step| step.0 > 0.0));
    }
    let mut distance = vec![0_i64; models];
    for _ in 0..=models {
        let mut changed = false;
        for &(_, from, to, length) in &steps {
            let through = distance[from] + length;
            if through < distance[to] {
                distance[to] = through;
                changed = true;
            }
        }
        if !changed {
            return false;
        }
    }
    true
}

/// Adds up score times score over wins, losses and ties.
fn squares(cell: &Cell, scores: [[f64; 2]; 3]) -> Square {
    let mut sum = Square::default();
    for (votes, [d, tau]) in [cell.wins, cell.losses, cell.ties].into_iter().zip(scores) {
        sum.dd += votes * d * d;
        sum.dt += votes * d * tau;
        sum.tt += votes * tau * tau;
    }
    sum
}
