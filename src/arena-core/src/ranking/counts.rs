//! What was voted: integer counts per ordered pair (left, right).
//!
//! They are sufficient for every ranking here except Elo. What a tie is worth is decided in `coding`, not here.

use serde::{Deserialize, Serialize};

use super::RankingError;
use super::threads;

/// Fewer votes than this are not worth a thread.
const VOTES_A_THREAD: usize = 1 << 17;

/// What one vote says about the two answers shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The left answer is better.
    Left,
    /// The right answer is better.
    Right,
    /// Neither is better.
    Tie,
    /// Neither is better, and neither is good enough.
    BothBad,
}

/// One vote: two different models, by index, and the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Index of the model shown on the left.
    pub left: usize,
    /// Index of the model shown on the right.
    pub right: usize,
    /// What the voter decided.
    pub outcome: Outcome,
}

/// The votes of one ordered pair, counted by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Votes for the left model.
    pub left_wins: u32,
    /// Votes for the right model.
    pub right_wins: u32,
    /// Ties.
    pub ties: u32,
    /// Votes that found both bad.
    pub both_bad: u32,
}

impl Tally {
    /// Counts all votes of the pair.
    pub fn votes(&self) -> u64 {
        [self.left_wins, self.right_wins, self.ties, self.both_bad].map(u64::from).iter().sum()
    }

    /// Adds another tally, or returns `None` if one of the four counts would overflow.
    fn checked_add(self, more: Tally) -> Option<Tally> {
        Some(Tally {
            left_wins: self.left_wins.checked_add(more.left_wins)?,
            right_wins: self.right_wins.checked_add(more.right_wins)?,
            ties: self.ties.checked_add(more.ties)?,
            both_bad: self.both_bad.checked_add(more.both_bad)?,
        })
    }
}

impl From<Outcome> for Tally {
    fn from(outcome: Outcome) -> Tally {
        let mut tally = Tally::default();
        match outcome {
            Outcome::Left => tally.left_wins = 1,
            Outcome::Right => tally.right_wins = 1,
            Outcome::Tie => tally.ties = 1,
            Outcome::BothBad => tally.both_bad = 1,
        }
        tally
    }
}

impl From<[u32; 4]> for Tally {
    /// Takes counts in the order of [`Outcome`].
    fn from([left_wins, right_wins, ties, both_bad]: [u32; 4]) -> Tally {
        Tally { left_wins, right_wins, ties, both_bad }
    }
}

/// The votes of one model, or of one model against another, seen from its side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Votes that preferred the model.
    pub wins: u64,
    /// Votes that preferred its rival.
    pub losses: u64,
    /// Ties.
    pub ties: u64,
    /// Votes that found both bad.
    pub both_bad: u64,
}

impl Record {
    /// Counts all votes, also those that a [`super::Coding`] later drops.
    pub fn votes(&self) -> u64 {
        self.wins + self.losses + self.ties + self.both_bad
    }

    fn add_as_left(&mut self, tally: Tally) {
        self.wins += u64::from(tally.left_wins);
        self.losses += u64::from(tally.right_wins);
        self.add_even(tally);
    }

    fn add_as_right(&mut self, tally: Tally) {
        self.wins += u64::from(tally.right_wins);
        self.losses += u64::from(tally.left_wins);
        self.add_even(tally);
    }

    fn add_even(&mut self, tally: Tally) {
        self.ties += u64::from(tally.ties);
        self.both_bad += u64::from(tally.both_bad);
    }
}

/// Votes per ordered pair (left, right) of models `0..models`; no model meets itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    models: usize,
    tallies: Vec<Tally>,
}

impl Counts {
    /// Makes an empty table for models `0..models`. Memory: 16 bytes x models^2.
    pub fn new(models: usize) -> Counts {
        Counts { models, tallies: vec![Tally::default(); models * models] }
    }

    /// Counts votes; refuses the first one that names an unknown model or one model twice.
    pub fn from_votes(
        models: usize,
        votes: impl IntoIterator<Item = Vote>,
    ) -> Result<Counts, RankingError> {
        let table = tabulate(models, votes)?;
        Ok(Counts { models, tallies: table.into_iter().map(Tally::from).collect() })
    }

    /// Counts votes that lie in memory, on all cores; refuses the first one that [`Counts::from_votes`] would refuse.
    pub fn from_slice(models: usize, votes: &[Vote]) -> Result<Counts, RankingError> {
        let threads = threads::available();
        let length = votes.len().div_ceil(threads).max(VOTES_A_THREAD);
        let parts: Vec<&[Vote]> = votes.chunks(length).collect();
        let tables = threads::in_parts(threads, parts.len(), |part| {
            tabulate(models, parts[part].iter().copied())
        });
        let mut counts = Counts::new(models);
        for table in tables {
            for (at, more) in table?.into_iter().enumerate() {
                let full = RankingError::CellFull { left: at / models, right: at % models };
                counts.tallies[at] = counts.tallies[at].checked_add(more.into()).ok_or(full)?;
            }
        }
        Ok(counts)
    }

    /// Takes the tallies of all ordered pairs, row by row.
    pub(super) fn from_tallies(models: usize, tallies: Vec<Tally>) -> Counts {
        Counts { models, tallies }
    }

    /// Counts one more vote.
    pub fn add(&mut self, vote: Vote) -> Result<(), RankingError> {
        self.add_tally(vote.left, vote.right, vote.outcome.into())
    }

    /// Counts many votes of one ordered pair at once, for example a row of a `group by`.
    pub fn add_tally(
        &mut self,
        left: usize,
        right: usize,
        more: Tally,
    ) -> Result<(), RankingError> {
        check_pair(left, right, self.models)?;
        let full = RankingError::CellFull { left, right };
        let tally = &mut self.tallies[left * self.models + right];
        *tally = tally.checked_add(more).ok_or(full)?;
        Ok(())
    }

    /// Returns the number of models, also of those without a vote.
    pub fn models(&self) -> usize {
        self.models
    }

    /// Returns the tally of one ordered pair, or `None` for an unknown model.
    pub fn tally(&self, left: usize, right: usize) -> Option<Tally> {
        if right >= self.models {
            return None;
        }
        self.tallies.get(left * self.models + right).copied()
    }

    /// Counts all votes.
    pub fn votes(&self) -> u64 {
        self.tallies.iter().map(Tally::votes).sum()
    }

    /// Counts the votes of one model over all rivals and both sides, or returns `None` for an unknown model.
    pub fn record(&self, model: usize) -> Option<Record> {
        if model >= self.models {
            return None;
        }
        let mut record = Record::default();
        for rival in 0..self.models {
            record.add_as_left(self.tallies[model * self.models + rival]);
            record.add_as_right(self.tallies[rival * self.models + model]);
        }
        Some(record)
    }

    /// Counts the votes of one model against another over both sides; the indices must be known.
    pub(super) fn against(&self, model: usize, rival: usize) -> Record {
        let mut record = Record::default();
        record.add_as_left(self.tallies[model * self.models + rival]);
        record.add_as_right(self.tallies[rival * self.models + model]);
        record
    }
}

/// Counts votes by pair and outcome; a branch on the outcome would be guessed wrong half of the time.
fn tabulate(
    models: usize,
    votes: impl IntoIterator<Item = Vote>,
) -> Result<Vec<[u32; 4]>, RankingError> {
    let mut table = vec![[0_u32; 4]; models * models];
    for Vote { left, right, outcome } in votes {
        check_pair(left, right, models)?;
        let count = &mut table[left * models + right][outcome as usize];
        *count = count.checked_add(1).ok_or(RankingError::CellFull { left, right })?;
    }
    Ok(table)
}

/// Refuses a pair that names an unknown model or one model twice.
pub(super) fn check_pair(left: usize, right: usize, models: usize) -> Result<(), RankingError> {
    for model in [left, right] {
        if model >= models {
            return Err(RankingError::UnknownModel { model, models });
        }
    }
    if left == right {
        return Err(RankingError::SelfBattle { model: left });
    }
    Ok(())
}
