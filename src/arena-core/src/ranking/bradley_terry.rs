//! What one pair contributes under Bradley-Terry, with a tie as half a win for each side.

use wide::f64x8;

use super::coding::Cell;
use super::fit::{Square, Terms};
use super::lanes::{LANES, Logistic};

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

/// What eight pairs contribute; the same numbers as [`terms`], for all pairs of a fit at once.
pub(super) struct Eight {
    pub(super) loss: f64x8,
    pub(super) gradient: f64x8,
    pub(super) information: f64x8,
    pub(super) scores: f64x8,
}

/// Hands over pairs eight at a time, with what they contribute; lanes beyond the last pair hold zeros.
///
/// Input: pairs; strengths in natural units. Output, accuracy and source: as [`terms`]. Errors: none.
/// Cost: about 5 ns a pair with vector instructions; sums that `take` does not read are not computed.
#[inline(always)]
pub(super) fn by_eights(cells: &[Cell], strengths: &[f64], mut take: impl FnMut(&[Cell], Eight)) {
    for eight in cells.chunks(LANES) {
        let (mut d, mut wins) = ([0.0; LANES], [0.0; LANES]);
        let (mut losses, mut ties) = ([0.0; LANES], [0.0; LANES]);
        for (lane, cell) in eight.iter().enumerate() {
            d[lane] = strengths[cell.i] - strengths[cell.j];
            wins[lane] = cell.wins;
            losses[lane] = cell.losses;
            ties[lane] = cell.ties;
        }
        let [d, wins, losses, ties] = [d, wins, losses, ties].map(f64x8::from);
        let Logistic { p, q, odds } = Logistic::of(d);
        let half = f64x8::from(0.5);
        let (won, lost) = (wins + ties * half, losses + ties * half);
        let even = (q - p) * half;
        let against = d.simd_ge(f64x8::ZERO).select(lost, won);
        take(
            eight,
            Eight {
                loss: (won + lost) * odds.ln_1p() + against * d.abs(),
                gradient: lost * p - won * q,
                information: (won + lost) * p * q,
                scores: wins * q * q + losses * p * p + ties * even * even,
            },
        );
    }
}
