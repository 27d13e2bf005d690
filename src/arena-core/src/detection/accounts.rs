//! One voter at a time: three statistics against what honest voters with tastes of their own would do on the same pairs.

use std::collections::HashSet;

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::TASTE_ELO;
use super::crowd::{Crowd, SCORE, draw, score, variance};
use super::ground::{Seen, by, plain, seen};
use crate::ranking::{AttributedVote, Coding, Fit, Method, RankingError, fit_votes};

/// Statistics of one account; each may be the one that stands out.
const STATISTICS: usize = 3;

/// How accounts are tested.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountTest {
    /// Standard deviation of honest tastes, in Elo points.
    pub taste_elo: f64,
    /// Accounts with fewer votes are not tested.
    pub least_votes: usize,
    /// Most simulated voters behind one p-value.
    pub draws: usize,
    /// A p-value is settled after so many simulated voters that stand out as much.
    pub enough: usize,
    /// Seed of the simulated voters.
    pub seed: u64,
}

impl AccountTest {
    /// Tastes of 60 Elo points, 10 votes, at most 9,999 draws.
    pub fn new(seed: u64) -> AccountTest {
        AccountTest { taste_elo: TASTE_ELO, least_votes: 10, draws: 9_999, enough: 20, seed }
    }
}

/// The evidence about one account.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// The voter.
    pub voter: usize,
    /// Votes that count.
    pub votes: usize,
    /// The model for or against which the votes are most unusual.
    pub model: usize,
    /// Votes on it.
    pub model_votes: usize,
    /// What it was expected to get from them: a win is 1, a tie 1/2.
    pub expected: f64,
    /// What it got.
    pub observed: f64,
    /// (observed - expected) / standard deviation, tastes not allowed for; positive favours the model.
    pub z: f64,
    /// -2 ln of the chance of exactly these votes.
    pub surprise: f64,
    /// Ties among the votes.
    pub ties: usize,
    /// Ties expected.
    pub ties_expected: f64,
    /// p-values of the largest |z|, of the surprise, and of the number of ties.
    pub p: [f64; STATISTICS],
    /// Three times the smallest of these, at most 1: below a level with at most this probability for an honest voter.
    pub p_account: f64,
}

/// Tests every account.
///
/// Input: votes; the models to compare; what ties are worth; which voters are established, whose votes are the
/// reference (`None`: everyone), for example those with votes on several days; how to test.
/// Output: one entry a voter with enough votes, by voter index. The reference is Davidson's model fitted to the votes of
/// established voters without those of the voter in question. Simulated voters vote on the same pairs with tastes of
/// their own; p = (as unusual or more) / (simulated), counted until enough were (Besag and Clifford), which no honest
/// voter's falls below a level more often than the level says. Bonferroni over the three statistics is in `p_account`;
/// over accounts nothing is done here, see [`flag_accounts`].
/// Accuracy: exact for honest voters of the model with these tastes, up to the error of the reference; p is never below
/// 1 / (draws + 1). Voters with stronger tastes are flagged more often: that is a reason to look, no verdict.
/// Errors: as [`fit_votes`]. A voter without whom the models cannot be compared is skipped.
/// Cost: a refit a voter (2 to 3 Newton steps), and votes x draws for accounts that stand out; for most accounts a
/// hundred draws settle it. The same seed gives the same numbers (Xoshiro256++), whatever the other accounts.
/// Source: Besag and Clifford 1991, "Sequential Monte Carlo p-values"; THREATS section 4.3.
pub fn accounts(
    votes: &[AttributedVote],
    members: &[usize],
    coding: Coding,
    established: Option<&HashSet<usize>>,
    test: &AccountTest,
) -> Result<Vec<Account>, RankingError> {
    let votes = plain(votes);
    let is_reference = |voter: Option<usize>| {
        established.is_none_or(|known| voter.is_some_and(|voter| known.contains(&voter)))
    };
    let reference: Vec<AttributedVote> =
        votes.iter().filter(|vote| is_reference(vote.voter)).copied().collect();
    let fit = fit_votes(&reference, members, Method::Davidson, coding)?;
    let seen = seen(&votes, members, coding)?;
    let mut found = Vec::new();
    for (voter, own) in by(&seen, |vote| vote.voter) {
        if own.len() < test.least_votes {
            continue;
        }
        let own_votes = own.iter().map(|one| &votes[one.at]);
        let without = match is_reference(Some(voter)) {
            true => fit.without_votes(own_votes)?,
            false => Some(fit.clone()),
        };
        if let Some(without) = without {
            found.push(judge(voter, &own, &without, test)?);
        }
    }
    Ok(found)
}

/// Says which accounts to look at, so that at most a part `alpha` of those is expected to be honest.
///
/// Input: evidence about all accounts that were tested; alpha between 0 and 1.
/// Output: the flagged voters, by voter index: the k with the smallest p, k the largest number for which all of them
/// have p <= alpha k / n, n accounts tested.
/// Accuracy: the false discovery rate is at most alpha if the accounts are independent or positively dependent.
/// Errors: [`RankingError::NotAProbability`] for alpha.
/// Cost: sorting.
/// Source: Benjamini and Hochberg 1995; Benjamini and Yekutieli 2001 for the dependence.
pub fn flag_accounts(accounts: &[Account], alpha: f64) -> Result<Vec<usize>, RankingError> {
    if !(alpha > 0.0 && alpha < 1.0) {
        return Err(RankingError::NotAProbability { value: alpha });
    }
    let mut sorted: Vec<&Account> = accounts.iter().collect();
    sorted.sort_by(|a, b| a.p_account.total_cmp(&b.p_account).then(a.voter.cmp(&b.voter)));
    let level = |k: usize| alpha * k as f64 / sorted.len() as f64;
    let flagged = (1..=sorted.len()).rev().find(|&k| sorted[k - 1].p_account <= level(k));
    let mut voters: Vec<usize> =
        sorted.iter().take(flagged.unwrap_or(0)).map(|account| account.voter).collect();
    voters.sort_unstable();
    Ok(voters)
}

fn judge(
    voter: usize,
    own: &[Seen],
    without: &Fit,
    test: &AccountTest,
) -> Result<Account, RankingError> {
    let crowd = Crowd::of(without, test.taste_elo)?;
    let sheet = Sheet::new(own, &crowd);
    let outcomes: Vec<usize> = own.iter().map(|vote| vote.outcome).collect();
    let mut sums = vec![0.0; crowd.models()];
    let observed = sheet.statistics(&outcomes, &mut sums);
    let (place, z) = sheet.strongest(&sums);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(test.seed ^ (voter as u64).rotate_left(32));
    let p = p_values(&sheet, &crowd, observed, test, &mut rng);
    let on_model: Vec<&Seen> =
        own.iter().filter(|vote| vote.left == place || vote.right == place).collect();
    let got = |vote: &&Seen| match vote.left == place {
        true => SCORE[vote.outcome],
        false => 1.0 - SCORE[vote.outcome],
    };
    let total: f64 = on_model.iter().map(got).sum();
    let p_least = p.into_iter().fold(1.0, f64::min);
    Ok(Account {
        voter,
        votes: own.len(),
        model: without.members()[place],
        model_votes: on_model.len(),
        expected: total - sums[place],
        observed: total,
        z,
        surprise: observed[1],
        ties: outcomes.iter().filter(|&&outcome| outcome == 2).count(),
        ties_expected: sheet.ties_expected,
        p,
        p_account: (STATISTICS as f64 * p_least).min(1.0),
    })
}

/// Simulates voters on the same pairs until all three p-values are settled.
fn p_values(
    sheet: &Sheet<'_>,
    crowd: &Crowd,
    observed: [f64; STATISTICS],
    test: &AccountTest,
    rng: &mut impl Rng,
) -> [f64; STATISTICS] {
    let mut taste = vec![0.0; crowd.models()];
    let mut sums = vec![0.0; crowd.models()];
    let mut outcomes = vec![0; sheet.own.len()];
    let (mut above, mut p) = ([0_usize; STATISTICS], [None; STATISTICS]);
    for drawn in 1..=test.draws {
        crowd.redraw(&mut taste, rng);
        for (outcome, vote) in outcomes.iter_mut().zip(sheet.own) {
            *outcome = draw(crowd.chances_tasted(&taste, vote.left, vote.right), rng);
        }
        let simulated = sheet.statistics(&outcomes, &mut sums);
        for at in 0..STATISTICS {
            above[at] += usize::from(simulated[at] >= observed[at]);
            if p[at].is_none() && above[at] == test.enough {
                p[at] = Some(above[at] as f64 / drawn as f64);
            }
        }
        if p.iter().all(Option::is_some) {
            break;
        }
    }
    let rest = |at: usize| (above[at] + 1) as f64 / (test.draws + 1) as f64;
    [0, 1, 2].map(|at| p[at].unwrap_or_else(|| rest(at)))
}

/// What was to be expected of each vote of an account.
struct Sheet<'a> {
    own: &'a [Seen],
    scores: Vec<f64>,
    surprises: Vec<[f64; 3]>,
    /// Variance of the score of each model.
    variances: Vec<f64>,
    ties_expected: f64,
}

impl<'a> Sheet<'a> {
    fn new(own: &'a [Seen], crowd: &Crowd) -> Self {
        let mut variances = vec![0.0; crowd.models()];
        let (mut scores, mut surprises) = (Vec::new(), Vec::new());
        let mut ties_expected = 0.0;
        for vote in own {
            let chances = crowd.chances(vote.left, vote.right);
            scores.push(score(chances));
            surprises.push(chances.map(|chance| -2.0 * chance.ln()));
            variances[vote.left] += variance(chances);
            variances[vote.right] += variance(chances);
            ties_expected += chances[2];
        }
        Sheet { own, scores, surprises, variances, ties_expected }
    }

    /// Largest |z| over models, surprise, deviance of the ties; `sums` receives the residuals by model.
    fn statistics(&self, outcomes: &[usize], sums: &mut [f64]) -> [f64; STATISTICS] {
        sums.fill(0.0);
        let (mut surprise, mut ties) = (0.0, 0.0);
        for (at, (vote, &outcome)) in self.own.iter().zip(outcomes).enumerate() {
            let residual = SCORE[outcome] - self.scores[at];
            sums[vote.left] += residual;
            sums[vote.right] -= residual;
            surprise += self.surprises[at][outcome];
            ties += f64::from(u8::from(outcome == 2));
        }
        let (votes, expected) = (self.own.len() as f64, self.ties_expected);
        let deviance = part(ties, expected) + part(votes - ties, votes - expected);
        [self.strongest(sums).1.abs(), surprise, deviance]
    }

    /// The model with the largest |z|, and its z.
    fn strongest(&self, sums: &[f64]) -> (usize, f64) {
        let mut found = (0, 0.0_f64);
        for (place, (sum, variance)) in sums.iter().zip(&self.variances).enumerate() {
            let z = sum / variance.sqrt();
            if *variance > 0.0 && z.abs() > found.1.abs() {
                found = (place, z);
            }
        }
        found
    }
}

/// Twice n ln(n / expected): what a count adds to the deviance. Unlike a difference, it weighs no ties at all as heavily as
/// is due.
fn part(count: f64, expected: f64) -> f64 {
    if count > 0.0 { 2.0 * count * (count / expected).ln() } else { 0.0 }
}
