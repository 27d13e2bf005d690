//! Dense matrices where speed matters: products on all cores, and the inverse of a positive definite one by products.

use nalgebra::{Cholesky, DMatrix, Dyn};

use super::threads;

/// A triangle of at most this size is inverted column by column.
const SMALL: usize = 32;

/// Columns of a product that are found together.
const TOGETHER: usize = 64;

/// Multiplies two matrices; the columns are cut the same way for any number of threads.
pub(super) fn product(left: &DMatrix<f64>, right: &DMatrix<f64>) -> DMatrix<f64> {
    if right.ncols() <= 2 * TOGETHER {
        return left * right;
    }
    let parts = threads::in_parts(threads::available(), right.ncols().div_ceil(TOGETHER), |part| {
        let start = part * TOGETHER;
        left * right.columns(start, TOGETHER.min(right.ncols() - start))
    });
    let mut product = DMatrix::zeros(left.nrows(), right.ncols());
    for (part, columns) in parts.iter().enumerate() {
        product.columns_mut(part * TOGETHER, columns.ncols()).copy_from(columns);
    }
    product
}

/// Inverts a positive definite matrix, given its Cholesky factor.
///
/// Input: the factor L of a matrix. Output: its inverse, L^-T L^-1. Accuracy: as by substitution. Errors: none, the
/// diagonal of L is positive. Cost: M^3 / 6 for L^-1 and M^3 for the product, nearly all of it in matrix products.
/// Source: Higham 2002, "Accuracy and Stability of Numerical Algorithms", section 14.2.
pub(super) fn inverse(cholesky: Cholesky<f64, Dyn>) -> DMatrix<f64> {
    let mut lower = cholesky.unpack();
    invert_lower(&mut lower);
    product(&lower.transpose(), &lower)
}

/// [A 0; C D]^-1 = [A^-1 0; -D^-1 C A^-1, D^-1].
fn invert_lower(lower: &mut DMatrix<f64>) {
    let size = lower.nrows();
    if size <= SMALL {
        invert_small(lower);
        return;
    }
    let half = size / 2;
    let rest = size - half;
    let mut first = lower.view((0, 0), (half, half)).into_owned();
    let mut last = lower.view((half, half), (rest, rest)).into_owned();
    invert_lower(&mut first);
    invert_lower(&mut last);
    let corner = lower.view((half, 0), (rest, half)) * &first;
    lower.view_mut((half, 0), (rest, half)).gemm(-1.0, &last, &corner, 0.0);
    lower.view_mut((0, 0), (half, half)).copy_from(&first);
    lower.view_mut((half, half), (rest, rest)).copy_from(&last);
}

/// Forward substitution into each column of the identity.
fn invert_small(lower: &mut DMatrix<f64>) {
    let size = lower.nrows();
    let mut inverse = DMatrix::zeros(size, size);
    for column in 0..size {
        inverse[(column, column)] = 1.0 / lower[(column, column)];
        for row in column + 1..size {
            let sum: f64 = (column..row).map(|k| lower[(row, k)] * inverse[(k, column)]).sum();
            inverse[(row, column)] = -sum / lower[(row, row)];
        }
    }
    lower.copy_from(&inverse);
}
