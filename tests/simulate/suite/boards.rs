//! Boards S, M and L (THREATS section 4.1) and their honest votes: models a fixed gap apart, 30 % ties, voters with tastes.

use arena_core::detection::TASTE_ELO;
use arena_core::detection::crowd::Crowd;
use arena_core::pairing::{Contest, draw};
use arena_core::ranking::{
    AttributedVote, Coding, ELO_PER_NAT, Fit, Method, Outcome, Settings, Vote, fit_votes,
};
use doubleblind::ranking::standing::{Standing, stand};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Random draws behind simultaneous places where these are not looked at.
const FEW_DRAWS: usize = 100;
/// Votes of one honest voter.
const EACH: usize = 20;
const TIES: f64 = 0.3;

/// A board to be attacked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    pub(super) name: &'static str,
    pub(super) models: usize,
    /// Between neighbours, on the published board, where a tie is half a win.
    pub(super) gap_elo: f64,
    pub(super) votes: usize,
}

pub(super) const S: Setup = Setup { name: "S", models: 12, gap_elo: 25.0, votes: 3_000 };
pub(super) const M: Setup = Setup { name: "M", models: 12, gap_elo: 25.0, votes: 20_000 };
pub(super) const L: Setup = Setup { name: "L", models: 30, gap_elo: 12.0, votes: 30_000 };

pub(super) fn rng(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// A setup with the crowd that votes on it.
#[derive(Clone, Debug)]
pub(super) struct Board {
    pub(super) setup: Setup,
    pub(super) crowd: Crowd,
    /// Ratings minus their mean that endless honest votes would give.
    pub(super) truth: Vec<f64>,
    /// In Elo points of the odds, and Davidson's nu.
    strengths: (Vec<f64>, f64),
    contests: Vec<Contest<usize>>,
}

impl Board {
    /// Looks for the odds and the tie parameter that give the board its gaps and its ties.
    pub(super) fn new(setup: Setup) -> Board {
        let middle = (setup.models - 1) as f64 / 2.0;
        let (mut gap, mut tie_parameter) = (setup.gap_elo / (1.0 - TIES), 1.0);
        let (mut strengths, mut truth) = (Vec::new(), Vec::new());
        for _ in 0..12 {
            strengths = (0..setup.models).map(|at| gap * (middle - at as f64)).collect();
            let votes = expected_votes(&strengths, tie_parameter);
            let share = |outcome| {
                let of = |vote: &&AttributedVote| vote.vote.outcome == outcome;
                votes.iter().filter(of).map(|vote| vote.weight).sum::<f64>()
            };
            let tied = share(Outcome::Tie);
            let decided = share(Outcome::Left) + share(Outcome::Right);
            truth =
                elo(&fit_votes(&votes, &members(setup), Method::BradleyTerry, Coding::default())
                    .unwrap());
            let found = (truth[0] - truth[setup.models - 1]) / (setup.models - 1) as f64;
            gap *= setup.gap_elo / found;
            tie_parameter *= TIES / (1.0 - TIES) / (tied / decided);
        }
        let crowd = Crowd::new(&strengths, tie_parameter, TASTE_ELO);
        let strengths = (strengths, tie_parameter);
        Board { setup, crowd, truth, strengths, contests: all_pairs(setup.models) }
    }

    /// The same board once further models have joined that are as strong as one of it.
    pub(super) fn joined_by(&self, clones: usize, like: usize) -> Board {
        let (mut strengths, tie_parameter) = self.strengths.clone();
        strengths.extend(vec![strengths[like]; clones]);
        let setup = Setup { models: self.setup.models + clones, ..self.setup };
        let crowd = Crowd::new(&strengths, tie_parameter, TASTE_ELO);
        let (strengths, contests) = ((strengths, tie_parameter), all_pairs(setup.models));
        Board { setup, crowd, truth: Vec::new(), strengths, contests }
    }

    /// Has the arena draw pairs by other weights.
    pub(super) fn draw_by(&mut self, contests: Vec<Contest<usize>>) {
        self.contests = contests;
    }

    pub(super) fn members(&self) -> Vec<usize> {
        members(self.setup)
    }

    /// How many honest voters there are; attackers are numbered from here.
    pub(super) fn voters(&self) -> usize {
        self.setup.votes / EACH
    }

    /// A pair that the arena draws.
    pub(super) fn pair(&self, rng: &mut impl Rng) -> (usize, usize) {
        let drawn = draw(&self.contests, rng).unwrap();
        (drawn.left, drawn.right)
    }

    /// The honest votes, voter by voter.
    pub(super) fn honest(&self, rng: &mut impl Rng) -> Vec<AttributedVote> {
        let mut votes = Vec::with_capacity(2 * self.setup.votes);
        for voter in 0..self.voters() {
            let taste = self.crowd.voter(rng);
            for _ in 0..EACH {
                let (left, right) = self.pair(rng);
                let outcome = self.crowd.decide(&taste, left, right, rng);
                votes.push(by(voter, left, right, outcome));
            }
        }
        votes
    }

    /// The board that the arena computes, voters capped as it does.
    pub(super) fn stand(&self, votes: &[AttributedVote]) -> Standing {
        stand(self.setup.models, votes, &Settings { draws: FEW_DRAWS, ..Settings::new(1) }).unwrap()
    }

    /// The same with everything that pages show.
    pub(super) fn stand_in_full(&self, votes: &[AttributedVote]) -> Standing {
        stand(self.setup.models, votes, &Settings::new(1)).unwrap()
    }
}

/// Every pair as often as every other.
fn all_pairs(models: usize) -> Vec<Contest<usize>> {
    let pair = |other| (0..other).map(move |one| Contest { one, other, weight: 1 });
    (0..models).flat_map(pair).collect()
}

fn members(setup: Setup) -> Vec<usize> {
    (0..setup.models).collect()
}

pub(super) fn by(voter: usize, left: usize, right: usize, outcome: Outcome) -> AttributedVote {
    AttributedVote { voter: Some(voter), ..Vote { left, right, outcome }.into() }
}

/// What each pair's votes would be on average over tastes, as weights.
fn expected_votes(strengths_elo: &[f64], tie_parameter: f64) -> Vec<AttributedVote> {
    let spread = TASTE_ELO * std::f64::consts::SQRT_2;
    let steps: Vec<(f64, f64)> =
        (-20..=20).map(|at| f64::from(at) / 5.0).map(|z| (z, (-z * z / 2.0).exp())).collect();
    let total: f64 = steps.iter().map(|(_, weight)| weight).sum();
    let mut votes = Vec::new();
    for (right, weaker) in strengths_elo.iter().enumerate() {
        for (left, stronger) in strengths_elo.iter().enumerate().take(right) {
            let mut mean = [0.0; 3];
            for (z, weight) in &steps {
                let d = (stronger - weaker + spread * z) / ELO_PER_NAT;
                let chances = Method::Davidson.chances(d, tie_parameter).unwrap();
                for (mean, chance) in mean.iter_mut().zip(chances) {
                    *mean += 1_000.0 * chance * weight / total;
                }
            }
            for (outcome, weight) in
                [Outcome::Left, Outcome::Right, Outcome::Tie].into_iter().zip(mean)
            {
                votes.push(AttributedVote { weight, ..Vote { left, right, outcome }.into() });
            }
        }
    }
    votes
}

/// Ratings minus their mean.
pub(super) fn elo(fit: &Fit) -> Vec<f64> {
    fit.strengths().iter().map(|strength| ELO_PER_NAT * strength).collect()
}

/// Ratings minus their mean, of a board on which all models are rated.
pub(super) fn elo_of(standing: &Standing) -> Vec<f64> {
    let fit = &standing.rated.as_ref().unwrap().fit;
    assert_eq!(fit.members().len(), standing.board.rows.len(), "a model is not comparable");
    elo(fit)
}

/// The place of each model by rating, from 1.
pub(super) fn places(elo: &[f64]) -> Vec<usize> {
    elo.iter().map(|own| 1 + elo.iter().filter(|other| *other > own).count()).collect()
}

/// Kendall's tau of two lists of ratings.
pub(super) fn kendall(one: &[f64], other: &[f64]) -> f64 {
    let mut sum = 0.0;
    for j in 0..one.len() {
        for i in 0..j {
            sum += ((one[i] - one[j]) * (other[i] - other[j])).signum();
        }
    }
    sum / (one.len() * (one.len() - 1) / 2) as f64
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

pub(super) fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}
