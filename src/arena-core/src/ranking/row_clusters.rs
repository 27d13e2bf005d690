//! Rows with covariates brought together by voter, prompt or both, and their clustered scores.

use nalgebra::{DMatrix, DVector};

use super::RankingError;
use super::clusters::{Clusters, Key, MIN_CLUSTERS};
use super::coding::{Cell, Coding};
use super::counts::Outcome;
use super::covariate_table::{Row, Table};
use super::sandwich::SmallSample;
use super::votes::{AttributedVote, PairIndex};

/// A row with the positions of its left and right model.
type Placed<const K: usize> = (usize, usize, Row<K>);

/// A table made of single votes, and the place of each row's vote among all.
pub(super) struct Rows<const K: usize> {
    pub(super) table: Table<K>,
    pub(super) order: Vec<u32>,
}

impl<const K: usize> Rows<K> {
    /// Keeps the votes that count among `members`, with their covariates; refuses weights other than 0 and 1.
    pub(super) fn new<'a>(
        votes: impl Iterator<Item = &'a AttributedVote> + Clone,
        covariates: impl Fn(usize) -> [f32; K],
        members: &[usize],
        coding: Coding,
    ) -> Result<Rows<K>, RankingError> {
        let index = PairIndex::new(members, &[]);
        let models = members.len();
        let mut ends = vec![0; models * models + 1];
        for vote in votes.clone() {
            if vote.weight != 0.0 && vote.weight != 1.0 {
                return Err(RankingError::WeightedVote { value: vote.weight });
            }
            if let Some((left, right, _)) = index.counted(vote, coding) {
                ends[left * models + right + 1] += 1;
            }
        }
        for pair in 0..models * models {
            ends[pair + 1] += ends[pair];
        }
        let kept = ends[models * models];
        let mut order = vec![0; kept];
        let mut rows = vec![Row { covariates: [0.0; K], votes: 1, half_wins: 0 }; kept];
        let starts = ends.clone();
        for (at, vote) in votes.enumerate() {
            if let Some((left, right, half_wins)) = index.counted(vote, coding) {
                let next = &mut ends[left * models + right];
                order[*next] = at as u32;
                rows[*next] = Row { covariates: covariates(at), votes: 1, half_wins };
                *next += 1;
            }
        }
        Ok(Rows { table: Table::new(members, &starts, &rows), order })
    }
}

impl PairIndex {
    /// The positions of a vote's models, left first, and twice what the left one got; `None` if it does not count.
    pub(super) fn counted(
        &self,
        vote: &AttributedVote,
        coding: Coding,
    ) -> Option<(usize, usize, u8)> {
        if vote.weight == 0.0 {
            return None;
        }
        let half_wins = coding.half_wins(vote.vote.outcome)?;
        Some((self.position(vote.vote.left)?, self.position(vote.vote.right)?, half_wins))
    }
}

impl Coding {
    /// Twice what the left model gets for a vote; `None` for a vote that is left out.
    pub(super) fn half_wins(self, outcome: Outcome) -> Option<u8> {
        self.seen(outcome).map(|seen| [2, 0, 1][seen])
    }
}

/// For each way to cluster, the rows of a table in lists, one list a cluster.
#[derive(Debug, Clone)]
pub(super) struct RowClusters {
    pub(super) kind: Clusters,
    ways: Vec<(f64, Vec<Vec<usize>>)>,
}

impl RowClusters {
    /// Brings rows together; `vote` returns the vote of a row, below `rows`.
    pub(super) fn new<'a>(
        kind: Clusters,
        rows: usize,
        vote: impl Fn(usize) -> &'a AttributedVote,
    ) -> Result<RowClusters, RankingError> {
        let keys: &[(f64, Key)] = match kind {
            Clusters::Voter => &[(1.0, Key::Voter)],
            Clusters::Prompt => &[(1.0, Key::Prompt)],
            Clusters::Both => &[(1.0, Key::Voter), (1.0, Key::Prompt), (-1.0, Key::VoterAndPrompt)],
        };
        let ways = keys.iter().map(|&(sign, key)| (sign, lists(rows, |at| key.of(vote(at)))));
        let clusters = RowClusters { kind, ways: ways.collect() };
        match clusters.ways.iter().map(|way| way.1.len()).min() {
            Some(found) if found < MIN_CLUSTERS => {
                Err(RankingError::TooFewClusters { found, needed: MIN_CLUSTERS })
            }
            _ => Ok(clusters),
        }
    }
}

fn lists(rows: usize, key: impl Fn(usize) -> Option<(usize, usize)>) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..rows).collect();
    order.sort_by_key(|&at| key(at));
    let same = |a: &usize, b: &usize| key(*a).is_some() && key(*a) == key(*b);
    order.chunk_by(same).map(<[usize]>::to_vec).collect()
}

impl<const K: usize> Table<K> {
    /// Adds up s s' over clusters, s being the sum of the scores of a cluster's rows.
    pub(super) fn clustered_scores(
        &self,
        point: &DVector<f64>,
        small_sample: SmallSample,
        clusters: &RowClusters,
    ) -> DMatrix<f64> {
        let size = self.members.len() + K;
        let mut total = DMatrix::zeros(size, size);
        let rows = self.single_rows();
        let effects = self.effects(point);
        for (sign, lists) in &clusters.ways {
            let effective = self.effective_clusters(lists, &rows);
            let mut sum = DVector::zeros(size);
            for list in lists {
                sum.fill(0.0);
                for (left, right, row) in list.iter().map(|&at| &rows[at]) {
                    let factor = small_sample.factor(&Cell::new(*left, *right), &effective).sqrt();
                    let residual = row.residual(point[*left] - point[*right], &effects);
                    let score = residual * factor * f64::from(row.votes);
                    sum[*left] += score;
                    sum[*right] -= score;
                    for (a, &z) in row.covariates.iter().enumerate() {
                        sum[self.members.len() + a] += score * f64::from(z);
                    }
                }
                add_square(&mut total, &sum, *sign);
            }
        }
        total
    }

    /// Each row with the positions of its left and right model.
    fn single_rows(&self) -> Vec<Placed<K>> {
        let mut placed = Vec::with_capacity(self.rows());
        for (group, rows) in self.by_group() {
            placed.extend(rows.map(|row| (group.left, group.right, row)));
        }
        placed
    }

    /// The effective number of clusters that voted on each model, (sum n)^2 / sum n^2.
    fn effective_clusters(&self, lists: &[Vec<usize>], rows: &[Placed<K>]) -> Vec<f64> {
        let models = self.members.len();
        let (mut sums, mut squares) = (vec![0.0; models], vec![0.0; models]);
        let mut here = vec![0.0; models];
        for list in lists {
            for (left, right, row) in list.iter().map(|&at| &rows[at]) {
                here[*left] += f64::from(row.votes);
                here[*right] += f64::from(row.votes);
            }
            for model in list.iter().flat_map(|&at| [rows[at].0, rows[at].1]) {
                let votes: f64 = std::mem::take(&mut here[model]);
                sums[model] += votes;
                squares[model] += votes * votes;
            }
        }
        sums.iter().zip(squares).map(|(sum, squares)| sum * sum / squares).collect()
    }
}

/// Adds sign x s s', only where s is not 0.
fn add_square(total: &mut DMatrix<f64>, sum: &DVector<f64>, sign: f64) {
    let touched: Vec<usize> = (0..sum.len()).filter(|&at| sum[at] != 0.0).collect();
    for &a in &touched {
        for &b in &touched {
            total[(a, b)] += sign * sum[a] * sum[b];
        }
    }
}
