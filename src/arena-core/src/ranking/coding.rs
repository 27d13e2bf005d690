//! What a tie and a both-bad vote are worth, and the counted votes of unordered pairs that follow from it.

use serde::{Deserialize, Serialize};

use super::counts::{Counts, Record};

/// What a tie is worth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TieRule {
    /// Half a win for each side; for Davidson and Rao-Kupper an outcome of its own.
    #[default]
    Half,
    /// The vote is left out.
    Drop,
}

/// What a both-bad vote is worth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BothBadRule {
    /// The same as a tie that is not dropped.
    #[default]
    Half,
    /// The vote is left out.
    Drop,
}

/// Decides which votes count and as what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coding {
    /// What a tie is worth.
    pub ties: TieRule,
    /// What a both-bad vote is worth.
    pub both_bad: BothBadRule,
}

impl Coding {
    /// Counts the even votes of a record that are not left out.
    pub(super) fn even(self, record: &Record) -> u64 {
        let ties = match self.ties {
            TieRule::Half => record.ties,
            TieRule::Drop => 0,
        };
        match self.both_bad {
            BothBadRule::Half => ties + record.both_bad,
            BothBadRule::Drop => ties,
        }
    }

    /// Counts the votes of a record that are not left out.
    pub(super) fn counted(self, record: &Record) -> u64 {
        record.wins + record.losses + self.even(record)
    }
}

/// The counted votes of one unordered pair, seen from `i`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cell {
    pub(super) i: usize,
    pub(super) j: usize,
    pub(super) wins: f64,
    pub(super) losses: f64,
    pub(super) ties: f64,
}

impl Cell {
    pub(super) fn votes(&self) -> f64 {
        self.wins + self.losses + self.ties
    }
}

/// Lists the pairs among `members` that have counted votes; `i < j` are positions in `members`.
pub(super) fn cells(counts: &Counts, members: &[usize], coding: Coding) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (j, &rival) in members.iter().enumerate() {
        for (i, &model) in members.iter().enumerate().take(j) {
            let record = counts.against(model, rival);
            if coding.counted(&record) > 0 {
                cells.push(Cell {
                    i,
                    j,
                    wins: record.wins as f64,
                    losses: record.losses as f64,
                    ties: coding.even(&record) as f64,
                });
            }
        }
    }
    cells
}

/// Adds up the counted votes of each of `models` positions.
pub(super) fn votes_by_position(cells: &[Cell], models: usize) -> Vec<f64> {
    let mut votes = vec![0.0; models];
    for cell in cells {
        votes[cell.i] += cell.votes();
        votes[cell.j] += cell.votes();
    }
    votes
}
