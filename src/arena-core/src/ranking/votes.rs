//! Votes one by one, for everything that counts do not hold: who voted, on which prompt, and with what weight.

use serde::{Deserialize, Serialize};

use super::RankingError;
use super::coding::{Cell, Coding, TieRule};
use super::connectivity::groups;
use super::counts::{Outcome, Vote, check_pair};
use super::fit::{Fit, Method, fit_cells};

/// A vote with where it comes from and what it weighs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AttributedVote {
    /// The vote.
    pub vote: Vote,
    /// Index of the voter; a vote without one counts as that of a voter of its own.
    pub voter: Option<usize>,
    /// Index of the prompt; a vote without one counts as one on a prompt of its own.
    pub prompt: Option<usize>,
    /// What the vote weighs; 0 leaves it out.
    pub weight: f64,
}

impl From<Vote> for AttributedVote {
    /// A vote of weight 1 by an unknown voter on an unknown prompt.
    fn from(vote: Vote) -> AttributedVote {
        AttributedVote { vote, voter: None, prompt: None, weight: 1.0 }
    }
}

/// Where the votes on a fit's pairs are kept, found by the indices of the models.
pub(super) struct PairIndex {
    positions: Vec<Option<usize>>,
    cells: Vec<Option<usize>>,
    members: usize,
}

/// A vote as a fit sees it: which pair, and whether the pair's first model won, lost or tied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seen {
    /// Position of the pair.
    pub(super) cell: usize,
    /// 0 if model `i` won, 1 if `j` won, 2 if neither.
    pub(super) outcome: usize,
}

impl PairIndex {
    pub(super) fn new(members: &[usize], cells: &[Cell]) -> PairIndex {
        let mut index = PairIndex::without_pairs(members);
        for (at, cell) in cells.iter().enumerate() {
            index.cells[cell.i * members.len() + cell.j] = Some(at);
        }
        index
    }

    fn without_pairs(members: &[usize]) -> PairIndex {
        let models = members.iter().max().map_or(0, |last| last + 1);
        let mut positions = vec![None; models];
        for (position, &model) in members.iter().enumerate() {
            positions[model] = Some(position);
        }
        PairIndex { positions, cells: vec![None; members.len().pow(2)], members: members.len() }
    }

    /// Returns the position of a model among the members.
    pub(super) fn position(&self, model: usize) -> Option<usize> {
        self.positions.get(model).copied().flatten()
    }

    /// Finds the positions, lower first, and the outcome; `None` if the vote does not count or is not among members.
    fn place(&self, vote: Vote, coding: Coding) -> Option<(usize, usize, usize)> {
        let outcome = coding.seen(vote.outcome)?;
        let (left, right) = (self.position(vote.left)?, self.position(vote.right)?);
        let swapped = [1, 0, 2][outcome];
        Some(if left < right { (left, right, outcome) } else { (right, left, swapped) })
    }

    /// Finds the pair of a vote; `None` if the vote does not count, or not on a pair of the fit.
    pub(super) fn find(&self, vote: Vote, coding: Coding) -> Option<Seen> {
        let (i, j, outcome) = self.place(vote, coding)?;
        Some(Seen { cell: self.cells[i * self.members + j]?, outcome })
    }
}

impl Coding {
    /// Returns 0 for the left model, 1 for the right, 2 for neither, and `None` for a vote that is left out.
    pub(crate) fn seen(self, outcome: Outcome) -> Option<usize> {
        match outcome {
            Outcome::Left => Some(0),
            Outcome::Right => Some(1),
            Outcome::Tie => (self.ties == TieRule::Half).then_some(2),
            Outcome::BothBad => (self.both_bad == super::BothBadRule::Half).then_some(2),
        }
    }
}

impl Cell {
    /// An empty cell of a pair.
    pub(super) fn new(i: usize, j: usize) -> Cell {
        Cell { i, j, wins: 0.0, losses: 0.0, ties: 0.0 }
    }

    /// Adds to the count of one outcome, numbered as in [`Seen`].
    pub(super) fn add(&mut self, outcome: usize, votes: f64) {
        match outcome {
            0 => self.wins += votes,
            1 => self.losses += votes,
            _ => self.ties += votes,
        }
    }
}

/// Finds the strengths of `members` that maximise the weighted likelihood of the votes among them.
///
/// Input: votes with weights; the rest as [`super::fit`]. A vote with another model than the members is left out.
/// Output: as [`super::fit`]; with all weights 1 the same fit.
/// Stops: as [`super::fit`].
/// Errors: as [`super::fit`], and [`RankingError::NotAWeight`] for a weight that is negative or no finite number.
/// Cost: one pass over the votes, then as [`super::fit`].
/// Source: weighted maximum likelihood; Chiang et al. 2024 (arXiv 2403.04132), equation 7, is the special case of
/// weights by drawing probability.
pub fn fit_votes(
    votes: &[AttributedVote],
    members: &[usize],
    method: Method,
    coding: Coding,
) -> Result<Fit, RankingError> {
    fit_attributed(votes.iter(), members, method, coding)
}

/// As [`fit_votes`], for votes that lie in something else.
pub(super) fn fit_attributed<'a>(
    votes: impl Iterator<Item = &'a AttributedVote> + Clone,
    members: &[usize],
    method: Method,
    coding: Coding,
) -> Result<Fit, RankingError> {
    check_votes(votes.clone())?;
    let mut index = PairIndex::without_pairs(members);
    let (mut cells, mut squares) = (Vec::new(), Vec::new());
    for vote in votes.clone().filter(|vote| vote.weight > 0.0) {
        let Some((i, j, outcome)) = index.place(vote.vote, coding) else {
            continue;
        };
        let at = *index.cells[i * members.len() + j].get_or_insert_with(|| {
            cells.push(Cell::new(i, j));
            squares.push(Cell::new(i, j));
            cells.len() - 1
        });
        cells[at].add(outcome, vote.weight);
        squares[at].add(outcome, vote.weight * vote.weight);
    }
    cells.sort_by_key(|cell| (cell.j, cell.i));
    squares.sort_by_key(|cell| (cell.j, cell.i));
    let components = groups(&cells, members.len());
    if components != 1 {
        return Err(RankingError::Disconnected { models: members.len(), components });
    }
    let weighted = votes.clone().any(|vote| vote.weight != 1.0 && vote.weight != 0.0);
    fit_cells(cells, weighted.then_some(squares), members, method, coding)
}

/// Refuses a vote of a model with itself and a weight that is none.
pub(super) fn check_votes<'a>(
    votes: impl IntoIterator<Item = &'a AttributedVote>,
) -> Result<(), RankingError> {
    for vote in votes {
        check_pair(vote.vote.left, vote.vote.right, usize::MAX)?;
        if !(vote.weight >= 0.0 && vote.weight.is_finite()) {
            return Err(RankingError::NotAWeight { value: vote.weight });
        }
    }
    Ok(())
}
