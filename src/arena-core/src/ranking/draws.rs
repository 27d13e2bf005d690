//! Random counts for resampling: binomial, multinomial, and how often each of some clusters is drawn.

use rand::Rng;

/// Below this mean a binomial number is found by inversion, above by rejection.
const INVERSION_BELOW: f64 = 10.0;

/// A uniform number strictly between 0 and 1, in steps of 2^-52.
pub(crate) fn open_unit(rng: &mut impl Rng) -> f64 {
    ((rng.next_u64() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
}

/// Draws `total` items, `total` times with replacement, of kinds that occur `counts` times.
///
/// Input: counts, and their sum at most 2^53. Output: how often each kind was drawn; the sum stays.
/// Accuracy: exact up to the rounding of probabilities. Errors: none. Cost: one binomial draw a kind.
/// Source: the multinomial as a chain of conditional binomials (Davis 1993).
pub(super) fn multinomial(counts: &[u64], drawn: &mut [u64], rng: &mut impl Rng) {
    let mut rest: u64 = counts.iter().sum();
    let mut left = rest;
    for (count, drawn) in counts.iter().zip(drawn) {
        *drawn =
            if *count == rest { left } else { binomial(left, *count as f64 / rest as f64, rng) };
        left -= *drawn;
        rest -= count;
    }
}

/// Draws as many of `times.len()` clusters with replacement, and counts how often each was drawn.
pub(super) fn with_replacement(times: &mut [u32], rng: &mut impl Rng) {
    times.fill(0);
    for _ in 0..times.len() {
        let at = (u128::from(rng.next_u64()) * times.len() as u128) >> 64;
        times[at as usize] += 1;
    }
}

/// Draws the number of successes in `n` trials of probability `p`.
pub(super) fn binomial(n: u64, p: f64, rng: &mut impl Rng) -> u64 {
    if n == 0 || p <= 0.0 {
        return 0;
    }
    if p >= 1.0 {
        return n;
    }
    if p > 0.5 {
        return n - binomial(n, 1.0 - p, rng);
    }
    if n as f64 * p < INVERSION_BELOW { by_inversion(n, p, rng) } else { by_rejection(n, p, rng) }
}

/// Walks up the distribution function. Source: Kachitvichyanukul and Schmeiser 1988, algorithm BINV.
fn by_inversion(n: u64, p: f64, rng: &mut impl Rng) -> u64 {
    let odds = p / (1.0 - p);
    let mut chance = (n as f64 * (-p).ln_1p()).exp();
    let mut u = open_unit(rng);
    let mut k = 0;
    while u > chance && k < n {
        u -= chance;
        k += 1;
        chance *= odds * (n - k + 1) as f64 / k as f64;
    }
    k
}

/// Source: Hörmann 1993, "The generation of binomial random variates", algorithm BTRS; p <= 1/2, n p >= 10.
fn by_rejection(n: u64, p: f64, rng: &mut impl Rng) -> u64 {
    let size = n as f64;
    let sd = (size * p * (1.0 - p)).sqrt();
    let b = 1.15 + 2.53 * sd;
    let a = -0.0873 + 0.0248 * b + 0.01 * p;
    let centre = size * p + 0.5;
    let sure = 0.92 - 4.2 / b;
    let alpha = (2.83 + 5.1 / b) * sd;
    loop {
        let u = open_unit(rng) - 0.5;
        let v = open_unit(rng);
        let distance = 0.5 - u.abs();
        let k = ((2.0 * a / distance + b) * u + centre).floor();
        if distance >= 0.07 && v <= sure {
            return k as u64;
        }
        if !(0.0..=size).contains(&k) {
            continue;
        }
        let height = (v * alpha / (a / (distance * distance) + b)).ln();
        if height <= log_chance_against_mode(size, p, k) {
            return k as u64;
        }
    }
}

/// ln P(k) - ln P(mode).
fn log_chance_against_mode(n: f64, p: f64, k: f64) -> f64 {
    let mode = ((n + 1.0) * p).floor();
    let odds = p / (1.0 - p);
    (mode + 0.5) * ((mode + 1.0) / (odds * (n - mode + 1.0))).ln()
        + (n + 1.0) * ((n - mode + 1.0) / (n - k + 1.0)).ln()
        + (k + 0.5) * (odds * (n - k + 1.0) / (k + 1.0)).ln()
        + stirling_rest(mode)
        + stirling_rest(n - mode)
        - stirling_rest(k)
        - stirling_rest(n - k)
}

/// ln k! - [(k + 1/2) ln(k + 1) - (k + 1) + ln(2 pi) / 2], the error of Stirling's formula at k + 1.
fn stirling_rest(k: f64) -> f64 {
    const SMALL: [f64; 10] = [
        0.081_061_466_795_327_26,
        0.041_340_695_955_409_29,
        0.027_677_925_684_998_34,
        0.020_790_672_103_765_09,
        0.016_644_691_189_821_19,
        0.013_876_128_823_070_75,
        0.011_896_709_945_891_77,
        0.010_411_265_261_972_09,
        0.009_255_462_182_712_733,
        0.008_330_563_433_362_87,
    ];
    if k < 10.0 {
        return SMALL[k as usize];
    }
    let x = k + 1.0;
    let square = x * x;
    (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / 1260.0 / square) / square) / x
}
