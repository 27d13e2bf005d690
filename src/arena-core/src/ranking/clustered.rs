//! How uncertain strengths are when the votes of one voter, or on one prompt, depend on each other.

use nalgebra::DMatrix;

use super::RankingError;
use super::clusters::{Clusters, Key, MIN_CLUSTERS, Shares};
use super::coding::Cell;
use super::fit::{Fit, Square, Terms, add_pair};
use super::sandwich::{Covariance, SmallSample};
use super::votes::AttributedVote;

impl Fit {
    /// Estimates the covariance of the strengths when votes of one cluster may depend on each other.
    ///
    /// Input: a fit; the votes it was fitted to, in any order; what makes a cluster; what to do about few clusters.
    /// Output: V = H^+ B H^+ in natural units, B the sum over clusters of s s', s the sum of the scores of a cluster
    /// (weights included). For [`Clusters::Both`] V = V_voter + V_prompt - V_voter-and-prompt; should that have
    /// negative eigenvalues, they are set to 0. With [`SmallSample::PerModel`] the scores on a pair count
    /// sqrt(g / (g - 1)) times, g the effective number of clusters, (sum n)^2 / sum n^2 with n votes in each, of its
    /// model with fewer; each of the three terms of a two-way covariance has its own g. Votes that are clusters of
    /// their own give [`Fit::covariance`]. A pair whose votes are all ties between equals counts as there.
    /// A model with votes of fewer than two effective clusters, or whose votes cancel within each cluster, shows nothing
    /// of how clusters differ: its votes count as independent, and only those.
    /// Accuracy: consistent as the number of clusters grows, each being a small part of the whole; below about 30
    /// effective clusters a model, intervals are too narrow.
    /// Errors: [`RankingError::OtherVotes`], [`RankingError::TooFewClusters`], [`RankingError::NotAWeight`],
    /// [`RankingError::Singular`], also if the clusters leave some difference without any variance.
    /// Cost: sorting the votes, the sum over clusters of (models met)^2, and 5 M^3; a two-way covariance three times
    /// that, and 10 M^3 for eigenvalues.
    /// Source: Liang and Zeger 1986; Cameron, Gelbach and Miller 2011, "Robust inference with multiway clustering"
    /// (two ways, eigenvalues); Carter, Schnepel and Steigerwald 2017 for effective numbers of clusters, of which g is
    /// the simplest.
    pub fn clustered_covariance(
        &self,
        votes: &[AttributedVote],
        clusters: Clusters,
        small_sample: SmallSample,
    ) -> Result<Covariance, RankingError> {
        let covariance = self.sandwich(&self.clustered_scores(votes, clusters, small_sample)?)?;
        match clusters {
            Clusters::Voter | Clusters::Prompt => covariance.with_every_difference(),
            Clusters::Both => covariance.without_negative_part().with_every_difference(),
        }
    }

    /// Returns B over all parameters.
    pub(super) fn clustered_scores(
        &self,
        votes: &[AttributedVote],
        clusters: Clusters,
        small_sample: SmallSample,
    ) -> Result<DMatrix<f64>, RankingError> {
        let scores = |key| self.scores_by(votes, key, small_sample);
        match clusters {
            Clusters::Voter => scores(Key::Voter),
            Clusters::Prompt => scores(Key::Prompt),
            Clusters::Both => {
                Ok(scores(Key::Voter)? + scores(Key::Prompt)? - scores(Key::VoterAndPrompt)?)
            }
        }
    }

    fn scores_by(
        &self,
        votes: &[AttributedVote],
        key: Key,
        small_sample: SmallSample,
    ) -> Result<DMatrix<f64>, RankingError> {
        let shares = Shares::new(self, votes, key)?;
        if shares.clusters < MIN_CLUSTERS {
            let (found, needed) = (shares.clusters, MIN_CLUSTERS);
            return Err(RankingError::TooFewClusters { found, needed });
        }
        let models = self.strengths.len();
        let (votes, effective) = (self.votes(), self.effective_clusters(&shares));
        let factor = |cell: &Cell| small_sample.factor(cell, &effective);
        let plain: Vec<Square> =
            self.terms().enumerate().map(|(at, (_, terms))| self.spread(at, &terms)).collect();
        let mut alone: Vec<bool> = effective.iter().map(|&clusters| clusters < ALONE).collect();
        loop {
            let is_alone = |cell: &Cell| alone[cell.i] || alone[cell.j];
            let scale = |cell: &Cell| if is_alone(cell) { 0.0 } else { factor(cell).sqrt() };
            let scale: Vec<f64> = self.cells.iter().map(scale).collect();
            let mut scores = self.sum_of_squares(&shares, &scale);
            for (at, (cell, terms)) in self.terms().enumerate() {
                if is_alone(cell) {
                    let spread = plain[at].times(small_sample.factor(cell, &votes));
                    add_pair(&mut scores, cell, spread, models);
                } else if self.shows_no_spread(at, &terms) {
                    add_pair(&mut scores, cell, plain[at].times(factor(cell)), models);
                }
            }
            let found = self.cancelled(&plain, &scores, &alone);
            if found.is_empty() {
                return Ok(scores);
            }
            found.into_iter().for_each(|model| alone[model] = true);
        }
    }

    /// The models whose clusters have no score at all although their votes have.
    fn cancelled(&self, plain: &[Square], scores: &DMatrix<f64>, alone: &[bool]) -> Vec<usize> {
        let mut own = vec![0.0; self.strengths.len()];
        for (cell, square) in self.cells.iter().zip(plain) {
            own[cell.i] += square.dd;
            own[cell.j] += square.dd;
        }
        let is_none =
            |&model: &usize| !alone[model] && scores[(model, model)] <= NO_SCORE * own[model];
        (0..own.len()).filter(is_none).collect()
    }

    /// Adds up s s' over clusters; `scale` multiplies the scores on each pair.
    fn sum_of_squares(&self, shares: &Shares, scale: &[f64]) -> DMatrix<f64> {
        let mut scores = DMatrix::zeros(self.parameters(), self.parameters());
        let unit = self.unit_scores();
        let mut sum = vec![0.0; self.parameters()];
        let mut touched = Vec::new();
        for cluster in shares.by_cluster() {
            for share in cluster {
                let cell = &self.cells[share.cell];
                let [d, tau] = weighted(&unit[share.cell], share.votes);
                let slope = [(cell.i, d), (cell.j, -d), (self.strengths.len(), tau)];
                for (at, score) in slope.into_iter().take(if self.tau.is_some() { 3 } else { 2 }) {
                    touched.push(at);
                    sum[at] += score * scale[share.cell];
                }
            }
            touched.sort_unstable();
            touched.dedup();
            for &a in &touched {
                for &b in &touched {
                    scores[(a, b)] += sum[a] * sum[b];
                }
            }
            touched.drain(..).for_each(|at| sum[at] = 0.0);
        }
        scores
    }

    /// The scores of one win, loss and tie on each pair, by the difference and by the tie parameter.
    pub(super) fn unit_scores(&self) -> Vec<[[f64; 2]; 3]> {
        let of_pair = |cell: &Cell| {
            [0, 1, 2].map(|outcome| {
                let mut one = Cell::new(cell.i, cell.j);
                one.add(outcome, 1.0);
                let terms: Terms = self.terms_of(&one);
                terms.gradient.map(|slope| -slope)
            })
        };
        self.cells.iter().map(of_pair).collect()
    }

    /// The effective number of clusters that voted on each model.
    fn effective_clusters(&self, shares: &Shares) -> Vec<f64> {
        let models = self.strengths.len();
        let (mut sums, mut squares) = (vec![0.0; models], vec![0.0; models]);
        let mut here = vec![0.0; models];
        for cluster in shares.by_cluster() {
            for share in cluster {
                let cell = &self.cells[share.cell];
                let votes: f64 = share.votes.iter().sum();
                here[cell.i] += votes;
                here[cell.j] += votes;
            }
            for model in cluster.iter().map(|share| &self.cells[share.cell]) {
                for at in [model.i, model.j] {
                    let votes = std::mem::take(&mut here[at]);
                    sums[at] += votes;
                    squares[at] += votes * votes;
                }
            }
        }
        sums.iter().zip(squares).map(|(sum, squares)| sum * sum / squares).collect()
    }
}

/// Below this effective number of clusters a model's votes show nothing of how clusters differ.
const ALONE: f64 = 2.0;
/// A model whose clusters have less than this part of the squared scores of its votes has none.
const NO_SCORE: f64 = 1e-9;
/// A difference with this part of the largest variance has none; only rounding is left.
const NO_VARIANCE: f64 = 1e-12;

impl Covariance {
    /// Refuses a covariance under which some difference of strengths would be certain.
    fn with_every_difference(self) -> Result<Covariance, RankingError> {
        let models = self.models();
        let variances = (0..models).flat_map(|j| (0..j).map(move |i| (i, j)));
        let variances = variances.map(|(i, j)| self.of_difference(i, j));
        let largest = variances.clone().fold(0.0, f64::max);
        let known = |v: f64| v > NO_VARIANCE * largest && v > f64::EPSILON * NO_VARIANCE;
        if variances.clone().all(known) {
            return Ok(self);
        }
        Err(RankingError::Singular { matrix: "covariance" })
    }
}

/// The score of some wins, losses and ties.
pub(super) fn weighted(unit: &[[f64; 2]; 3], votes: [f64; 3]) -> [f64; 2] {
    let along = |axis: usize| unit.iter().zip(votes).map(|(score, n)| n * score[axis]).sum();
    [along(0), along(1)]
}
