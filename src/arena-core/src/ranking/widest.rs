//! The widest gap between jointly normal numbers, drawn often: what `ranks` needs for its critical value.
//!
//! Only the largest gaps matter for a high quantile, so most pairs of most draws are ruled out by a bound.

use nalgebra::DMatrix;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use wide::f32x8;

use super::RankingError;
use super::sandwich::Covariance;
use super::threads;

/// Draws made together, with a generator of their own; the first so many are looked at in full.
const TOGETHER: usize = 128;
/// Gaps below this quantile of the first draws are not looked for.
const LOOK_ABOVE: f64 = 0.85;
/// What rounding may take off a bound.
const SLACK: f32 = 0.999;
/// Variances below this part of the mean one are raised to it in bounds, which stay bounds.
const LEAST: f64 = 1e-6;

/// What the draws are made with.
struct Law {
    root: DMatrix<f32>,
    /// One over the standard error of each difference, row by row below the diagonal.
    scale: Vec<Vec<f32>>,
    /// One over each number's variance.
    weights: Vec<f32>,
    /// No gap is wider, in standard errors, than this times the root of the sum of both numbers' weighted squares.
    bound: f32,
}

/// Finds a quantile of max |Z_i - Z_j| / sd(i, j), Z normal with a covariance.
///
/// Input: the covariance, the standard errors' reciprocals below the diagonal, draws, the level, the seed.
/// Output: the quantile, an order statistic. Accuracy: draws are made in single precision, 1e-6 relative, which is far
/// below the Monte Carlo error. Errors: [`RankingError::Singular`]. Cost: draws x M^2 in one matrix product, draws x M
/// for the rest.
/// Source: Box and Muller 1958 for normal numbers; a gap |x - y| is at most sqrt(x^2/v + y^2/w) sqrt(v + w) by Cauchy.
pub(super) fn quantile(
    covariance: &Covariance,
    reciprocal_errors: &[Vec<f64>],
    draws: usize,
    level: f64,
    seed: u64,
) -> Result<f64, RankingError> {
    quantile_on(threads::available(), covariance, reciprocal_errors, (draws, level, seed))
}

/// As [`quantile`], on so many threads.
pub(super) fn quantile_on(
    threads: usize,
    covariance: &Covariance,
    reciprocal_errors: &[Vec<f64>],
    (draws, level, seed): (usize, f64, u64),
) -> Result<f64, RankingError> {
    let law = Law::new(covariance, reciprocal_errors)?;
    let mut next = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut generators = Vec::new();
    for _ in 0..draws.div_ceil(TOGETHER) {
        generators.push(next.clone());
        next.jump();
    }
    let widest = |part: usize, above: f32| {
        let here = TOGETHER.min(draws - part * TOGETHER);
        law.widest_gaps(generators[part].clone(), here, above)
    };
    let mut first = widest(0, 0.0);
    first.sort_unstable_by(f32::total_cmp);
    let above = first[(LOOK_ABOVE * first.len() as f64) as usize];
    let at = (level * draws as f64).ceil() as usize - 1;
    for above in [above, 0.0] {
        let parts = threads::in_parts(threads, generators.len(), |part| widest(part, above));
        let mut all = parts.concat();
        all.sort_unstable_by(f32::total_cmp);
        if all[at] > above {
            return Ok(f64::from(all[at]));
        }
    }
    Err(RankingError::Singular { matrix: "covariance" })
}

impl Law {
    fn new(covariance: &Covariance, reciprocal_errors: &[Vec<f64>]) -> Result<Law, RankingError> {
        let diagonal = covariance.matrix.diagonal();
        let least = LEAST * diagonal.mean();
        let variances: Vec<f64> = diagonal.iter().map(|variance| variance.max(least)).collect();
        let mut bound = 0.0_f64;
        for (row, variance) in reciprocal_errors.iter().zip(&variances) {
            for (scale, other) in row.iter().zip(&variances) {
                bound = bound.max(scale * scale * (variance + other));
            }
        }
        let single = |row: &Vec<f64>| row.iter().map(|&value| value as f32).collect();
        Ok(Law {
            root: covariance.root()?.map(|value| value as f32),
            scale: reciprocal_errors.iter().map(single).collect(),
            weights: variances.iter().map(|variance| variance.recip() as f32).collect(),
            bound: bound.sqrt() as f32,
        })
    }

    /// Draws so many times and finds the widest gap of each, exactly where it is wider than `above`.
    fn widest_gaps(&self, mut rng: Xoshiro256PlusPlus, draws: usize, above: f32) -> Vec<f32> {
        let mut noise = DMatrix::zeros(self.weights.len(), draws);
        fill_normal(noise.as_mut_slice(), &mut rng);
        let drawn = &self.root * noise;
        let mut squares = vec![0.0; self.weights.len()];
        let mut likely = Vec::new();
        let values = drawn.as_slice().chunks_exact(self.weights.len());
        let widest = |values: &[f32]| {
            let both = squares.iter_mut().zip(values.iter().zip(&self.weights));
            both.for_each(|(square, (value, weight))| *square = value * value * weight);
            let needed = self.needed(above);
            let largest = largest(&squares);
            likely.clear();
            let all = squares.iter().copied().enumerate();
            likely.extend(all.filter(|(_, square)| square + largest >= needed));
            likely.sort_unstable_by(|a, b| b.1.total_cmp(&a.1));
            self.widest_gap(values, needed, &likely)
        };
        values.map(widest).collect()
    }

    /// What two weighted squares must add up to, if the gap is to be wider than `above`.
    fn needed(&self, above: f32) -> f32 {
        (above / self.bound).powi(2) * SLACK
    }

    /// The widest gap among numbers sorted by their weighted squares, if it needs no less than `needed`.
    fn widest_gap(&self, values: &[f32], mut needed: f32, likely: &[(usize, f32)]) -> f32 {
        let mut widest = 0.0_f32;
        for (count, &(i, square)) in likely.iter().enumerate() {
            for &(j, other) in &likely[..count] {
                if square + other < needed {
                    break;
                }
                let scale = self.scale[i.max(j)][i.min(j)];
                let gap = (values[i] - values[j]).abs() * scale;
                if gap > widest {
                    widest = gap;
                    needed = needed.max(self.needed(widest));
                }
            }
        }
        widest
    }
}

/// The largest number, eight at a time.
fn largest(numbers: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 8];
    let (chunks, rest) = numbers.as_chunks::<8>();
    let larger = |a: f32, b: f32| if a > b { a } else { b };
    for chunk in chunks {
        lanes = std::array::from_fn(|lane| larger(lanes[lane], chunk[lane]));
    }
    lanes.into_iter().chain(rest.iter().copied()).fold(0.0, larger)
}

/// Fills with standard normal numbers, sixteen from eight numbers of the generator.
fn fill_normal(numbers: &mut [f32], rng: &mut Xoshiro256PlusPlus) {
    const STEP: f32 = 1.0 / (1_u64 << 32) as f32;
    for chunk in numbers.chunks_mut(16) {
        let raw: [u64; 8] = std::array::from_fn(|_| rng.next_u64());
        let open = |bits: u64| (bits as u32 as f32 + 0.5) * STEP;
        let radius = f32x8::from(raw.map(open)).min(f32x8::ONE).ln() * f32x8::from(-2.0);
        let radius = radius.max(f32x8::ZERO).sqrt();
        let turn = raw.map(|bits| (bits >> 32) as f32 * STEP * std::f32::consts::TAU);
        let (sine, cosine) = f32x8::from(turn).sin_cos();
        let both = [(radius * cosine).to_array(), (radius * sine).to_array()];
        chunk.iter_mut().zip(both.into_iter().flatten()).for_each(|(to, value)| *to = value);
    }
}
