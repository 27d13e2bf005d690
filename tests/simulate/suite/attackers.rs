//! How accounts vote that want one model higher or lower. They know every model by sight.

use arena_core::ranking::{AttributedVote, Outcome, SmallSample, Vote};
use rand::Rng;

use super::boards::{Board, by, elo_of, places};
use doubleblind::ranking::standing::Standing;

/// What an attack wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    Up,
    Down,
}

impl Aim {
    /// 1 for a gain in the wanted direction.
    pub(super) fn sign(self) -> f64 {
        match self {
            Aim::Up => 1.0,
            Aim::Down => -1.0,
        }
    }

    fn serve(self, left_is_target: bool) -> Outcome {
        if left_is_target == (self == Aim::Up) { Outcome::Left } else { Outcome::Right }
    }
}

/// How it votes.
#[derive(Clone, Debug)]
pub(super) enum Strategy {
    /// Only where the target is shown; passes over all other battles.
    TargetOnly,
    /// Honest where the target is not shown.
    Masquerade,
    /// Everywhere, by what each vote does to the target's lead over its rival: see [`influence`].
    Omnipresent(Vec<Vec<f64>>),
}

/// A campaign for or against one model.
#[derive(Clone, Debug)]
pub(super) struct Campaign {
    pub(super) target: usize,
    pub(super) aim: Aim,
    pub(super) strategy: Strategy,
}

impl Campaign {
    pub(super) fn new(target: usize, aim: Aim, strategy: Strategy) -> Campaign {
        Campaign { target, aim, strategy }
    }

    /// The votes of accounts that take part in so many battles each.
    pub(super) fn votes(
        &self,
        board: &Board,
        accounts: std::ops::Range<usize>,
        battles: usize,
        rng: &mut impl Rng,
    ) -> Vec<AttributedVote> {
        let mut votes = Vec::new();
        for account in accounts {
            let taste = board.crowd.voter(rng);
            for _ in 0..battles {
                let (left, right) = board.pair(rng);
                let honest = board.crowd.decide(&taste, left, right, rng);
                votes.extend(
                    self.decide(left, right, honest).map(|it| by(account, left, right, it)),
                );
            }
        }
        votes
    }

    /// The vote on a pair; none if it is passed over.
    pub(super) fn decide(&self, left: usize, right: usize, honest: Outcome) -> Option<Outcome> {
        let shown = left == self.target || right == self.target;
        match &self.strategy {
            Strategy::TargetOnly | Strategy::Masquerade if shown => {
                Some(self.aim.serve(left == self.target))
            }
            Strategy::TargetOnly => None,
            Strategy::Masquerade => Some(honest),
            Strategy::Omnipresent(influence) => {
                let gain = self.aim.sign() * influence[left][right];
                Some(if gain > 0.0 { Outcome::Left } else { Outcome::Right })
            }
        }
    }
}

/// The neighbour that a campaign wants to pass: the next above, or the next below.
pub(super) fn rival(standing: &Standing, target: usize, aim: Aim) -> usize {
    let places = places(&elo_of(standing));
    let wanted = match aim {
        Aim::Up if places[target] > 1 => places[target] - 1,
        Aim::Down if places[target] < places.len() => places[target] + 1,
        _ => return usize::from(target == 0),
    };
    places.iter().position(|place| *place == wanted).unwrap_or(usize::from(target == 0))
}

/// What a win of the left model does to the target's lead over its rival, by left and right model.
pub(super) fn influence(standing: &Standing, target: usize, rival: usize) -> Vec<Vec<f64>> {
    let rated = standing.rated.as_ref().unwrap();
    let covariance = rated.fit.covariance(SmallSample::default()).unwrap();
    let start = rated.fit.running(&covariance).unwrap();
    let models = rated.fit.members().len();
    let lead = |strengths: &[f64]| strengths[target] - strengths[rival];
    let before = lead(start.strengths());
    let of_pair = |left: usize, right: usize| {
        if left == right {
            return 0.0;
        }
        let mut after = start.clone();
        after.add(Vote { left, right, outcome: Outcome::Left }).unwrap();
        lead(after.strengths()) - before
    };
    (0..models).map(|left| (0..models).map(|right| of_pair(left, right)).collect()).collect()
}
