//! Votes that may depend on each other, brought together: by voter, by prompt, or by both at once.

use serde::{Deserialize, Serialize};

use super::RankingError;
use super::fit::Fit;
use super::votes::{AttributedVote, PairIndex, Seen, check_votes};

/// How far the weights of a pair may differ from those that were fitted, relative to them.
const SAME: f64 = 1e-9;

/// Fewer clusters than this show no spread between clusters.
pub(super) const MIN_CLUSTERS: usize = 2;

/// Which votes may depend on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clusters {
    /// Those of one voter.
    Voter,
    /// Those on one prompt.
    Prompt,
    /// Those of one voter, and those on one prompt.
    Both,
}

/// Which index makes a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Voter,
    Prompt,
    VoterAndPrompt,
}

impl Key {
    /// The cluster of a vote; `None` for a vote that is a cluster of its own.
    pub(super) fn of(self, vote: &AttributedVote) -> Option<(usize, usize)> {
        match self {
            Key::Voter => Some((vote.voter?, 0)),
            Key::Prompt => Some((vote.prompt?, 0)),
            Key::VoterAndPrompt => Some((vote.voter?, vote.prompt?)),
        }
    }
}

/// A vote's cluster, what the fit sees of it, and its weight.
type Keyed = (Option<(usize, usize)>, Seen, f64);

/// The votes of one cluster on one pair: weights of wins, losses and ties of the pair's first model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Share {
    pub(super) cluster: usize,
    pub(super) cell: usize,
    pub(super) votes: [f64; 3],
}

/// All shares, those of a cluster next to each other; clusters are numbered from 0.
#[derive(Debug, Clone)]
pub(super) struct Shares {
    pub(super) list: Vec<Share>,
    pub(super) clusters: usize,
    /// For each cluster the voter or prompt it is named by; `None` for a vote of its own.
    names: Vec<Option<usize>>,
}

impl Shares {
    /// Sorts the votes of a fit into clusters; the order of the votes does not matter.
    ///
    /// Refuses votes that are not those of the fit.
    pub(super) fn new(
        fit: &Fit,
        votes: &[AttributedVote],
        key: Key,
    ) -> Result<Shares, RankingError> {
        check_votes(votes)?;
        let index = PairIndex::new(&fit.members, &fit.cells);
        let mut keyed = Vec::new();
        for vote in votes.iter().filter(|vote| vote.weight > 0.0) {
            if let Some(seen) = index.find(vote.vote, fit.coding) {
                keyed.push((key.of(vote), seen, vote.weight));
            }
        }
        keyed.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)));
        let shares = Shares::gather(&keyed);
        shares.check_against(fit)?;
        Ok(shares)
    }

    fn gather(keyed: &[Keyed]) -> Shares {
        let mut shares = Shares { list: Vec::<Share>::new(), clusters: 0, names: Vec::new() };
        let mut previous = None;
        for &(key, seen, weight) in keyed {
            if key.is_none() || key != previous {
                shares.clusters += 1;
                shares.names.push(key.map(|key| key.0));
            }
            previous = key;
            let cluster = shares.clusters - 1;
            match shares.list.last_mut() {
                Some(last) if (last.cluster, last.cell) == (cluster, seen.cell) => {
                    last.votes[seen.outcome] += weight;
                }
                _ => {
                    let mut share = Share { cluster, cell: seen.cell, votes: [0.0; 3] };
                    share.votes[seen.outcome] = weight;
                    shares.list.push(share);
                }
            }
        }
        shares
    }

    fn check_against(&self, fit: &Fit) -> Result<(), RankingError> {
        let mut sums = vec![[0.0; 3]; fit.cells.len()];
        for share in &self.list {
            for (sum, votes) in sums[share.cell].iter_mut().zip(share.votes) {
                *sum += votes;
            }
        }
        for (cell, found) in fit.cells.iter().zip(sums) {
            let fitted = [cell.wins, cell.losses, cell.ties];
            if found.iter().zip(fitted).any(|(a, b)| (a - b).abs() > SAME * cell.votes()) {
                return Err(RankingError::OtherVotes {
                    model: fit.members[cell.i],
                    rival: fit.members[cell.j],
                });
            }
        }
        Ok(())
    }

    /// Returns the shares of each cluster that has a name, with it.
    pub(super) fn named(&self) -> impl Iterator<Item = (usize, &[Share])> {
        self.by_cluster().filter_map(|shares| {
            let first = shares.first()?;
            Some((self.names[first.cluster]?, shares))
        })
    }

    /// Returns the shares cluster by cluster.
    pub(super) fn by_cluster(&self) -> impl Iterator<Item = &[Share]> {
        self.list.chunk_by(|a, b| a.cluster == b.cluster)
    }
}
