//! Voters whose votes another rule explains better than everyone else's taste, with evidence that adds up vote by vote.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::RankingError;
use super::coding::Cell;
use super::fit::{Fit, Method};
use super::votes::{AttributedVote, PairIndex, check_votes};

/// Votes that the prediction of the fit counts for, beside the votes of others on the same pair.
const PRIOR_VOTES: f64 = 20.0;
/// The chance of each outcome that a one-sided rule leaves to the other two together.
const SLIP: f64 = 0.1;

/// A rule that somebody might vote by instead of comparing answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alternative {
    /// Each outcome equally often.
    Uniform,
    /// A coin between left and right, hardly ever a tie.
    Coin,
    /// The left answer.
    Left,
    /// The right answer.
    Right,
    /// A tie.
    Tie,
    /// The answer that others find worse.
    Contrarian,
    /// One model whenever it is shown, otherwise like everyone.
    Favours(usize),
    /// Against one model whenever it is shown, otherwise like everyone.
    Opposes(usize),
}

/// The evidence against one voter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Suspicion {
    /// The voter.
    pub voter: usize,
    /// Votes that count.
    pub votes: usize,
    /// ln E after all votes.
    pub log_e: f64,
    /// The largest ln E after any vote: 1 / exp of it bounds the p-value, at any time.
    pub log_e_max: f64,
    /// The rule that explains the votes best, after all votes.
    pub rule: Alternative,
}

/// Chances of left, right and even.
type Chances = [f64; 3];

/// Weighs the evidence against each voter.
///
/// Input: a fit with Davidson or Rao-Kupper, which say how often a tie is expected; the votes it was fitted to, each
/// voter's in the order of time; votes without a voter only count as those of others.
/// Output: one entry a voter, by voter index. E = mean over rules k of prod over votes of q_k(y) / q_0(y): equal
/// weights for the six simple rules and for "favours" and "opposes", each of these spread over the models. q_0 is the
/// share of the outcome among the votes of all others on the pair, both orders together, with the prediction of the
/// fit counting for 20 votes more. One-sided rules have 0.9 for their outcome.
/// Accuracy: if q_0 were the truth, E would be at least 1 / alpha at any time with probability alpha at most (Ville),
/// even if looked at after every vote. q_0 is estimated and assumes a common taste, so that this holds nearly, and a
/// voter with a strong taste of their own has larger E: treat a flag as a reason to look, not as a verdict.
/// Errors: [`RankingError::NeedsTies`] for a Bradley-Terry fit; [`RankingError::NotAWeight`],
/// [`RankingError::SelfBattle`].
/// Cost: per vote the models the voter has met so far.
/// Source: Ville 1939; Wald 1945; Ramdas et al. 2023, "Game-theoretic statistics and safe anytime-valid inference";
/// RATINGS section 14.
pub fn screen(fit: &Fit, votes: &[AttributedVote]) -> Result<Vec<Suspicion>, RankingError> {
    if fit.method == Method::BradleyTerry {
        return Err(RankingError::NeedsTies { method: fit.method });
    }
    check_votes(votes)?;
    let everyone = Everyone::new(fit, votes);
    let mut by_voter: HashMap<usize, Vec<&AttributedVote>> = HashMap::new();
    for vote in votes.iter().filter(|vote| vote.weight > 0.0) {
        if let Some(voter) = vote.voter {
            by_voter.entry(voter).or_default().push(vote);
        }
    }
    let mut voters: Vec<(usize, Vec<&AttributedVote>)> = by_voter.into_iter().collect();
    voters.sort_unstable_by_key(|(voter, _)| *voter);
    Ok(voters.into_iter().map(|(voter, votes)| everyone.judge(voter, &votes)).collect())
}

/// Says which voters to look at, so that at most a part `alpha` of those is expected to be innocent.
///
/// Input: evidence about all voters that were screened; alpha between 0 and 1.
/// Output: the flagged voters, by voter index: the k with the largest E, k the largest number for which all of them
/// have E >= n / (alpha k), n voters screened. It uses E after all votes, not the largest on the way.
/// Accuracy: the false discovery rate is at most alpha however the voters depend on each other, as far as each E is
/// an e-value.
/// Errors: [`RankingError::NotAProbability`] for alpha.
/// Cost: sorting.
/// Source: Wang and Ramdas 2022, "False discovery rate control with e-values" (e-BH).
pub fn flag(suspicions: &[Suspicion], alpha: f64) -> Result<Vec<usize>, RankingError> {
    if !(alpha > 0.0 && alpha < 1.0) {
        return Err(RankingError::NotAProbability { value: alpha });
    }
    let mut sorted: Vec<&Suspicion> = suspicions.iter().collect();
    sorted.sort_by(|a, b| b.log_e.total_cmp(&a.log_e).then(a.voter.cmp(&b.voter)));
    let voters = sorted.len() as f64;
    let enough = |k: usize| sorted[k - 1].log_e >= (voters / (alpha * k as f64)).ln();
    let flagged = (1..=sorted.len()).rev().find(|&k| enough(k)).unwrap_or(0);
    let mut found: Vec<usize> = sorted.iter().take(flagged).map(|one| one.voter).collect();
    found.sort_unstable();
    Ok(found)
}

/// What all voters did on each pair, and what the fit expects there.
struct Everyone<'a> {
    fit: &'a Fit,
    index: PairIndex,
    counts: Vec<Chances>,
    expected: Vec<Chances>,
}

impl<'a> Everyone<'a> {
    fn new(fit: &'a Fit, votes: &[AttributedVote]) -> Everyone<'a> {
        let index = PairIndex::new(&fit.members, &fit.cells);
        let mut counts = vec![[0.0; 3]; fit.cells.len()];
        for vote in votes.iter().filter(|vote| vote.weight > 0.0) {
            if let Some(seen) = index.find(vote.vote, fit.coding) {
                counts[seen.cell][seen.outcome] += 1.0;
            }
        }
        let tie_parameter = fit.tie_parameter().unwrap_or_default();
        let expected = |cell: &Cell| {
            let d = fit.strengths[cell.i] - fit.strengths[cell.j];
            fit.method.chances(d, tie_parameter).unwrap_or_default()
        };
        let expected = fit.cells.iter().map(expected).collect();
        Everyone { fit, index, counts, expected }
    }

    fn judge(&self, voter: usize, votes: &[&AttributedVote]) -> Suspicion {
        let mut own: HashMap<usize, Chances> = HashMap::new();
        for seen in votes.iter().filter_map(|vote| self.index.find(vote.vote, self.fit.coding)) {
            own.entry(seen.cell).or_default()[seen.outcome] += 1.0;
        }
        let mut evidence = Evidence::new(self.fit.members.len());
        for vote in votes {
            if let Some(seen) = self.index.find(vote.vote, self.fit.coding) {
                let without = own.get(&seen.cell).copied().unwrap_or_default();
                self.weigh(vote, seen.cell, without, &mut evidence);
            }
        }
        evidence.suspicion(voter, &self.fit.members)
    }

    fn weigh(&self, vote: &AttributedVote, cell: usize, own: Chances, evidence: &mut Evidence) {
        let Some(outcome) = self.fit.coding.seen(vote.vote.outcome) else {
            return;
        };
        let mut q = self.without(cell, own);
        if self.index.position(vote.vote.left) != Some(self.fit.cells[cell].i) {
            q.swap(0, 1);
        }
        if let (Some(left), Some(right)) =
            (self.index.position(vote.vote.left), self.index.position(vote.vote.right))
        {
            evidence.add(outcome, q, left, right);
        }
    }

    /// The chances of outcomes on a pair by the votes of others and the fit.
    fn without(&self, cell: usize, own: Chances) -> Chances {
        let others = |outcome: usize| self.counts[cell][outcome] - own[outcome];
        let total: f64 = (0..3).map(others).sum::<f64>() + PRIOR_VOTES;
        [0, 1, 2].map(|at| (others(at) + PRIOR_VOTES * self.expected[cell][at]) / total)
    }
}

/// ln of the likelihood ratio of each rule so far.
struct Evidence {
    simple: [f64; 6],
    favours: Vec<f64>,
    opposes: Vec<f64>,
    votes: usize,
    largest: f64,
}

const SIMPLE: [Alternative; 6] = [
    Alternative::Uniform,
    Alternative::Coin,
    Alternative::Left,
    Alternative::Right,
    Alternative::Tie,
    Alternative::Contrarian,
];

impl Evidence {
    fn new(models: usize) -> Evidence {
        let (favours, opposes) = (vec![0.0; models], vec![0.0; models]);
        Evidence { simple: [0.0; 6], favours, opposes, votes: 0, largest: f64::NEG_INFINITY }
    }

    /// Adds a vote with the outcome 0 (left), 1 (right) or 2 (even), given everyone's chances.
    fn add(&mut self, outcome: usize, q: Chances, left: usize, right: usize) {
        const THIRD: f64 = 1.0 / 3.0;
        let side = |wanted: usize| if outcome == wanted { 1.0 - SLIP } else { SLIP / 2.0 };
        let coin = if outcome == 2 { SLIP } else { (1.0 - SLIP) / 2.0 };
        let contrary = [q[1], q[0], q[2]][outcome];
        let rules = [THIRD, coin, side(0), side(1), side(2), contrary];
        for (sum, chance) in self.simple.iter_mut().zip(rules) {
            *sum += (chance / q[outcome]).ln();
        }
        let (for_left, for_right) = ((side(0) / q[outcome]).ln(), (side(1) / q[outcome]).ln());
        self.favours[left] += for_left;
        self.favours[right] += for_right;
        self.opposes[left] += for_right;
        self.opposes[right] += for_left;
        self.votes += 1;
        self.largest = self.largest.max(self.log_e());
    }

    /// ln of the mean over rules.
    fn log_e(&self) -> f64 {
        let simple = log_sum(&self.simple);
        let models = (self.favours.len() as f64).ln();
        let kinds = [simple, log_sum(&self.favours) - models, log_sum(&self.opposes) - models];
        log_sum(&kinds) - 8.0_f64.ln()
    }

    fn suspicion(&self, voter: usize, members: &[usize]) -> Suspicion {
        let log_e = if self.votes > 0 { self.log_e() } else { 0.0 };
        let simple = SIMPLE.into_iter().zip(self.simple);
        let favours = members
            .iter()
            .map(|&model| Alternative::Favours(model))
            .zip(self.favours.iter().copied());
        let opposes = members
            .iter()
            .map(|&model| Alternative::Opposes(model))
            .zip(self.opposes.iter().copied());
        let all = simple.chain(favours).chain(opposes);
        let best = all.fold((Alternative::Uniform, f64::NEG_INFINITY), |best, next| {
            if next.1 > best.1 { next } else { best }
        });
        Suspicion {
            voter,
            votes: self.votes,
            log_e,
            log_e_max: self.largest.max(0.0),
            rule: best.0,
        }
    }
}

/// ln of a sum of exponentials.
fn log_sum(logs: &[f64]) -> f64 {
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    top + logs.iter().map(|log| (log - top).exp()).sum::<f64>().ln()
}
