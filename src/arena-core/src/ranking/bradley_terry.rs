//! What one pair contributes under Bradley-Terry, with a tie as half a win for each side.

use super::coding::Cell;
use super::fit::{Square, Terms};

/// Returns the contribution of one pair at the difference `d` of its log-strengths.
///
/// Input: wins, losses and ties of `i` against `j`; `d = b_i - b_j` in natural units.
/// Output: loss `-(w + t/2) ln p - (l + t/2) ln q` with `p = 1 / (1 + e^-d)`, `q = 1 - p`; its derivatives by `d`;
/// squared scores `w q^2 + l p^2 + t (1/2 - p)^2`, which differ from the information because a half win varies less
/// than a coin.
/// Accuracy: `p` and `q` are computed apart, so that a far difference keeps its relative accuracy.
/// Errors: none.
/// Cost: two exponentials and a logarithm.
/// Source: Bradley and Terry 1952; half-win coding and scores as in Chiang et al. 2024 (arXiv 2403.04132), section 5.
pub(super) fn terms(cell: &Cell, d: f64) -> Terms {
    let (p, q) = (logistic(d), logistic(-d));
    let won = cell.wins + cell.ties / 2.0;
    let lost = cell.losses + cell.ties / 2.0;
    let even = (q - p) / 2.0;
    Terms {
        loss: won * softplus(-d) + lost * softplus(d),
        gradient: [lost * p - won * q, 0.0],
        information: Square { dd: (won + lost) * p * q, ..Square::default() },
        scores: Square {
            dd: cell.wins * q * q + cell.losses * p * p + cell.ties * even * even,
            ..Square::default()
        },
    }
}

/// 1 / (1 + e^-x), accurate in both tails.
pub(super) fn logistic(x: f64) -> f64 {
    if x >= 0.0 {
        return 1.0 / (1.0 + (-x).exp());
    }
    let odds = x.exp();
    odds / (1.0 + odds)
}

/// ln(1 + e^x) without overflow; minus the logarithm of `logistic(-x)`.
pub(super) fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}
