//! Votes with covariates, by ordered pair and column by column, and the sums over them that fits need.
//!
//! Sums run over eight votes at a time and over blocks of votes on all cores. Blocks are cut by the number of votes alone
//! and added up in their order, so that the result does not depend on the number of threads.

use nalgebra::{DMatrix, DVector};
use wide::f64x8;

use super::bradley_terry::logistic;
use super::lanes::{LANES, Logistic};
use super::newton::Local;
use super::threads;

/// Vectors of factors between 1 and 2 that are multiplied before a logarithm is taken: 2^512 is still finite.
const FACTORS: usize = 512;

/// Equal votes on one ordered pair with the same covariates.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<const K: usize> {
    /// Covariates, seen from the left model.
    pub(super) covariates: [f32; K],
    /// Number of votes.
    pub(super) votes: u32,
    /// 2 if the left model won, 0 if it lost, 1 for neither.
    pub(super) half_wins: u8,
}

impl<const K: usize> Row<K> {
    /// p - y of one vote at a difference of strengths.
    pub(super) fn residual(&self, gap: f64, effects: &[f64; K]) -> f64 {
        let along = self.covariates.iter().zip(effects);
        let log_odds = gap + along.map(|(&z, g)| f64::from(z) * g).sum::<f64>();
        logistic(log_odds) - f64::from(self.half_wins) / 2.0
    }
}

/// The rows of one ordered pair in a block, by positions of the models.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    pub(super) left: usize,
    pub(super) right: usize,
    start: usize,
    end: usize,
}

/// Rows sorted by ordered pair.
#[derive(Debug, Clone)]
pub(super) struct Block<const K: usize> {
    groups: Vec<Group>,
    pub(super) columns: [Vec<f32>; K],
    pub(super) half_wins: Vec<u8>,
    /// How often each row occurs; empty if all occur once.
    times: Vec<u32>,
}

/// All votes with covariates.
#[derive(Debug, Clone)]
pub(super) struct Table<const K: usize> {
    pub(super) members: Vec<usize>,
    pub(super) blocks: Vec<Block<K>>,
    pub(super) threads: usize,
}

/// What the rows of one ordered pair add up to, apart for each of eight lanes.
struct PairSums<const K: usize> {
    slope: f64x8,
    bend: f64x8,
    bends: [f64x8; K],
}

/// What all rows of a block add up to over covariates alone, apart for each of eight lanes.
struct EffectSums<const K: usize> {
    slopes: [f64x8; K],
    both: [[f64x8; K]; K],
}

/// Adds x x' times `square` and x times `slope`, x being 1 for the gap and the covariates.
#[inline(always)]
fn add<const K: usize>(
    pair: &mut PairSums<K>,
    all: &mut EffectSums<K>,
    z: &[f64x8; K],
    (slope, square): (f64x8, f64x8),
) {
    pair.slope += slope;
    pair.bend += square;
    for a in 0..K {
        all.slopes[a] += z[a] * slope;
        let along = z[a] * square;
        pair.bends[a] += along;
        for (both, &other) in all.both[a].iter_mut().zip(z).take(a + 1) {
            *both += along * other;
        }
    }
}

/// A sum of times x ln(1 + odds), taken many at a time where all times are 1.
struct Logs {
    sum: f64x8,
    product: f64x8,
    factors: usize,
}

impl Logs {
    #[inline(always)]
    fn add(&mut self, odds: f64x8, times: f64x8, once: bool) {
        if !once {
            self.sum += times * odds.ln_1p();
            return;
        }
        self.product *= f64x8::ONE + odds * times;
        self.factors += 1;
        if self.factors == FACTORS {
            self.sum += self.product.ln();
            (self.product, self.factors) = (f64x8::ONE, 0);
        }
    }

    fn total(self) -> f64 {
        (self.sum + self.product.ln()).reduce_add()
    }
}

/// Eight numbers of a column from a row on, zeros beyond its end.
#[inline(always)]
fn eight<T: Copy + Default>(column: &[T], number: impl Fn(T) -> f64) -> f64x8 {
    if let Some(full) = column.first_chunk::<LANES>() {
        return f64x8::from(full.map(number));
    }
    let mut padded = [0.0; LANES];
    padded.iter_mut().zip(column).for_each(|(lane, &value)| *lane = number(value));
    f64x8::from(padded)
}

impl<const K: usize> Block<K> {
    /// Makes room for rows; those of the pair (left, right) of `models` will end where those of the next pair start, and
    /// `starts` has one entry more than there are pairs.
    pub(super) fn new(models: usize, starts: &[usize]) -> Block<K> {
        let group = |(pair, ends): (usize, &[usize])| Group {
            left: pair / models,
            right: pair % models,
            start: ends[0],
            end: ends[1],
        };
        let groups = starts.windows(2).enumerate().map(group);
        let groups = groups.filter(|group| group.start < group.end).collect();
        let rows = starts.last().copied().unwrap_or_default();
        let columns = std::array::from_fn(|_| vec![0.0; rows]);
        Block { groups, columns, half_wins: vec![0; rows], times: Vec::new() }
    }

    fn rows(&self) -> usize {
        self.half_wins.len()
    }

    fn row(&self, at: usize) -> Row<K> {
        Row {
            covariates: std::array::from_fn(|a| self.columns[a][at]),
            votes: self.times.get(at).copied().unwrap_or(1),
            half_wins: self.half_wins[at],
        }
    }

    /// Adds up all rows at a point: loss, gradient and Hessian, or with `SCORES` score times score in place of the
    /// Hessian, times a factor for each pair, and nothing else.
    fn sums<const SCORES: bool>(
        &self,
        point: &DVector<f64>,
        factor: impl Fn(Group) -> f64,
    ) -> Local {
        let models = point.len() - K;
        let mut local = Local::new(point.len());
        let effects: [f64; K] = std::array::from_fn(|a| point[models + a]);
        let zero = f64x8::ZERO;
        let mut all = EffectSums { slopes: [zero; K], both: [[zero; K]; K] };
        let mut logs = Logs { sum: zero, product: f64x8::ONE, factors: 0 };
        for &group in &self.groups {
            let gap = point[group.left] - point[group.right];
            let factor = if SCORES { factor(group) } else { 1.0 };
            let pair =
                self.sum_pair::<SCORES>(group, gap, &effects, factor, &mut (&mut all, &mut logs));
            pair.scatter(&mut local, group, models);
        }
        all.scatter(&mut local, models);
        local.loss = logs.total();
        local
    }

    fn sum_pair<const SCORES: bool>(
        &self,
        group: Group,
        gap: f64,
        effects: &[f64; K],
        factor: f64,
        (all, logs): &mut (&mut EffectSums<K>, &mut Logs),
    ) -> PairSums<K> {
        let effects = effects.map(f64x8::from);
        let (gap, half, factor) = (f64x8::from(gap), f64x8::from(0.5), f64x8::from(factor));
        let zero = f64x8::ZERO;
        let mut pair = PairSums { slope: zero, bend: zero, bends: [zero; K] };
        let once = self.times.is_empty();
        for start in (group.start..group.end).step_by(LANES) {
            let z: [f64x8; K] =
                std::array::from_fn(|a| eight(&self.columns[a][start..group.end], f64::from));
            let y = half * eight(&self.half_wins[start..group.end], f64::from);
            let times = self.eight_times(start, group.end);
            let mut log_odds = gap;
            for a in 0..K {
                log_odds += z[a] * effects[a];
            }
            let Logistic { p, q, odds } = Logistic::of(log_odds);
            let residual = times * (p - y);
            if SCORES {
                add(&mut pair, all, &z, (zero, factor * residual * (p - y)));
                continue;
            }
            logs.add(odds, times, once);
            logs.sum += times * (log_odds.max(zero) - y * log_odds);
            add(&mut pair, all, &z, (residual, times * p * q));
        }
        pair
    }

    /// How often eight rows occur; 0 beyond the end of their group.
    #[inline(always)]
    fn eight_times(&self, start: usize, end: usize) -> f64x8 {
        if !self.times.is_empty() {
            return eight(&self.times[start..end], f64::from);
        }
        if end - start >= LANES {
            return f64x8::ONE;
        }
        f64x8::from(std::array::from_fn(|lane| f64::from(u8::from(start + lane < end))))
    }

    /// Every so many rows, for a first look.
    fn sample(&self, every: usize) -> Block<K> {
        let mut starts = vec![0];
        let mut kept = Vec::with_capacity(self.rows() / every + 1);
        for group in &self.groups {
            kept.extend((group.start.next_multiple_of(every)..group.end).step_by(every));
            starts.push(kept.len());
        }
        let ends = starts.windows(2).zip(&self.groups);
        let groups = ends.map(|(ends, group)| Group { start: ends[0], end: ends[1], ..*group });
        Block {
            groups: groups.filter(|group| group.start < group.end).collect(),
            columns: self
                .columns
                .each_ref()
                .map(|column| kept.iter().map(|&at| column[at]).collect()),
            half_wins: kept.iter().map(|&at| self.half_wins[at]).collect(),
            times: Vec::new(),
        }
    }
}

impl<const K: usize> Table<K> {
    /// Takes rows sorted by ordered pair, as one block; for `starts` see [`Block::new`].
    pub(super) fn new(members: &[usize], starts: &[usize], rows: &[Row<K>]) -> Table<K> {
        let mut block = Block::new(members.len(), starts);
        for (at, row) in rows.iter().enumerate() {
            for (column, z) in block.columns.iter_mut().zip(row.covariates) {
                column[at] = z;
            }
            block.half_wins[at] = row.half_wins;
        }
        if rows.iter().any(|row| row.votes != 1) {
            block.times = rows.iter().map(|row| row.votes).collect();
        }
        Table { members: members.to_vec(), blocks: vec![block], threads: threads::available() }
    }

    /// The votes of each model.
    pub(super) fn votes_by_model(&self) -> Vec<f64> {
        let mut votes = vec![0.0; self.members.len()];
        for block in &self.blocks {
            for group in &block.groups {
                let here = if block.times.is_empty() {
                    (group.end - group.start) as f64
                } else {
                    block.times[group.start..group.end].iter().map(|&n| f64::from(n)).sum()
                };
                votes[group.left] += here;
                votes[group.right] += here;
            }
        }
        votes
    }

    pub(super) fn rows(&self) -> usize {
        self.blocks.iter().map(Block::rows).sum()
    }

    /// Lists the groups of all blocks with their rows, in the order of the rows.
    pub(super) fn by_group(&self) -> impl Iterator<Item = (Group, impl Iterator<Item = Row<K>>)> {
        self.blocks.iter().flat_map(|block| {
            let rows = |group: Group| (group.start..group.end).map(|at| block.row(at));
            block.groups.iter().map(move |&group| (group, rows(group)))
        })
    }

    /// The effects at a point.
    pub(super) fn effects(&self, point: &DVector<f64>) -> [f64; K] {
        std::array::from_fn(|a| point[self.members.len() + a])
    }

    /// Loss, gradient and Hessian at a point, the constant direction not filled.
    pub(super) fn local(&self, point: &DVector<f64>) -> Local {
        self.over_blocks(point.len(), |block| block.sums::<false>(point, |_| 1.0))
    }

    /// Score times score at a point, times a factor for the positions of each pair.
    pub(super) fn squares(
        &self,
        point: &DVector<f64>,
        factor: impl Fn(usize, usize) -> f64 + Sync,
    ) -> DMatrix<f64> {
        let factor = |group: Group| factor(group.left, group.right);
        self.over_blocks(point.len(), |block| block.sums::<true>(point, factor)).hessian
    }

    /// Adds up sums over blocks in their order.
    fn over_blocks(&self, size: usize, sums: impl Fn(&Block<K>) -> Local + Sync) -> Local {
        let sums = |at: usize| sums(&self.blocks[at]);
        let mut total = Local::new(size);
        for block in threads::in_parts(self.threads, self.blocks.len(), sums) {
            total.loss += block.loss;
            total.gradient += block.gradient;
            total.hessian += block.hessian;
        }
        total
    }

    /// Every so many rows, for a first look.
    pub(super) fn sample(&self, every: usize) -> Table<K> {
        let blocks = self.blocks.iter().map(|block| block.sample(every)).collect();
        Table { members: self.members.clone(), blocks, threads: self.threads }
    }
}

impl Local {
    fn new(size: usize) -> Local {
        let (gradient, hessian) = (DVector::zeros(size), DMatrix::zeros(size, size));
        Local { loss: 0.0, gradient, hessian }
    }
}

impl<const K: usize> PairSums<K> {
    fn scatter(self, local: &mut Local, group: Group, models: usize) {
        let (i, j) = (group.left, group.right);
        let (slope, bend) = (self.slope.reduce_add(), self.bend.reduce_add());
        local.gradient[i] += slope;
        local.gradient[j] -= slope;
        let matrix = &mut local.hessian;
        matrix[(i, i)] += bend;
        matrix[(j, j)] += bend;
        matrix[(i, j)] -= bend;
        matrix[(j, i)] -= bend;
        for (a, bend) in self.bends.into_iter().map(f64x8::reduce_add).enumerate() {
            for (at, bend) in [(i, bend), (j, -bend)] {
                matrix[(at, models + a)] += bend;
                matrix[(models + a, at)] += bend;
            }
        }
    }
}

impl<const K: usize> EffectSums<K> {
    fn scatter(self, local: &mut Local, models: usize) {
        for a in 0..K {
            local.gradient[models + a] += self.slopes[a].reduce_add();
            for b in 0..=a {
                let both = self.both[a][b].reduce_add();
                local.hessian[(models + a, models + b)] += both;
                if a != b {
                    local.hessian[(models + b, models + a)] += both;
                }
            }
        }
    }
}
