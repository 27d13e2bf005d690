//! Votes as the tests see them: places of the models in the fit, outcome, voter.

use std::collections::HashMap;

use crate::ranking::{AttributedVote, Coding, RankingError};

/// A vote that counts, between two members of the fit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// Places among the members.
    pub(super) left: usize,
    pub(super) right: usize,
    /// 0 if the left model won, 1 if the right one did, 2 if neither.
    pub(super) outcome: usize,
    pub(super) voter: Option<usize>,
    /// Place among the votes given.
    pub(super) at: usize,
}

/// The votes that count, in their order. Every vote counts once: a test asks what was voted, not what it weighs.
///
/// Refuses votes of a model with itself and weights that are none.
pub(super) fn seen(
    votes: &[AttributedVote],
    members: &[usize],
    coding: Coding,
) -> Result<Vec<Seen>, RankingError> {
    let places: HashMap<usize, usize> =
        members.iter().enumerate().map(|(place, &model)| (model, place)).collect();
    let mut list = Vec::with_capacity(votes.len());
    for (at, vote) in votes.iter().enumerate() {
        if vote.vote.left == vote.vote.right {
            return Err(RankingError::SelfBattle { model: vote.vote.left });
        }
        if !(vote.weight >= 0.0 && vote.weight.is_finite()) {
            return Err(RankingError::NotAWeight { value: vote.weight });
        }
        let (Some(&left), Some(&right)) =
            (places.get(&vote.vote.left), places.get(&vote.vote.right))
        else {
            continue;
        };
        if let Some(outcome) = coding.seen(vote.vote.outcome).filter(|_| vote.weight > 0.0) {
            list.push(Seen { left, right, outcome, voter: vote.voter, at });
        }
    }
    Ok(list)
}

/// Groups by a number, ascending; what has none is left out.
pub(super) fn by<T: Copy>(
    list: &[T],
    key: impl Fn(&T) -> Option<usize>,
) -> impl Iterator<Item = (usize, Vec<T>)> {
    let mut groups: std::collections::BTreeMap<usize, Vec<T>> = std::collections::BTreeMap::new();
    for one in list {
        if let Some(key) = key(one) {
            groups.entry(key).or_default().push(*one);
        }
    }
    groups.into_iter()
}

/// The same votes with all weights 1, without those that do not count.
pub(super) fn plain(votes: &[AttributedVote]) -> Vec<AttributedVote> {
    let weight = |vote: &AttributedVote| if vote.weight > 0.0 { 1.0 } else { vote.weight };
    votes.iter().map(|vote| AttributedVote { weight: weight(vote), ..*vote }).collect()
}
