//! Votes with the form of both answers in 20 bytes each, and what style control reads off them.

use super::RankingError;
use super::coding::Coding;
use super::counts::{Counts, Outcome, Tally, Vote, check_pair};
use super::covariate_table::{Block, Table};
use super::style::Denominator;
use super::style_features::{StyleCounts, StyleFeature};
use super::threads;

/// Features that style control knows.
pub(super) const FEATURES: usize = StyleFeature::ALL.len();
/// A variance of differences, which lie between -1 and 1, that only rounding makes.
const CONSTANT: f64 = 1e-12;
/// Votes that are sorted and added up together, at least.
const BLOCK: usize = 1 << 20;
/// Votes of a block for each ordered pair: fewer would leave lanes empty.
const VOTES_PER_PAIR: usize = 32;
/// Bits of a model's index.
const MODEL_BITS: u32 = 15;
/// Where a vote's model is not to be rated.
const OUTSIDE: u16 = u16::MAX;

/// Votes with the scaled differences in form of their two answers, 20 bytes a vote; voters are not kept.
#[derive(Debug, Clone)]
pub struct StyleVotes {
    denominator: Denominator,
    /// Left minus right as the denominator says, in the order of [`StyleFeature::ALL`].
    differences: Vec<[f32; FEATURES]>,
    /// Left model, right model and outcome of each vote in one number.
    codes: Vec<u32>,
}

/// Mean and standard deviation of each feature's differences.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scales {
    means: [f64; FEATURES],
    /// One over the standard deviations.
    factors: [f64; FEATURES],
}

/// What one block of votes adds up to.
struct Survey {
    /// Votes by positions of the left and right model, and outcome.
    tallies: Vec<[u32; 4]>,
    sums: [f64; FEATURES],
    squares: [f64; FEATURES],
}

/// What the votes among some models add up to.
pub(super) struct Overview {
    /// Counts by position of the models.
    pub(super) counts: Counts,
    blocks: Vec<Survey>,
}

/// A table of votes, and for each of its rows the position of the vote; without `ordered` that is left empty.
pub(super) struct Sorted<const K: usize> {
    pub(super) table: Table<K>,
    pub(super) order: Vec<u32>,
}

impl StyleVotes {
    /// Makes room for so many votes, whose differences will be divided as `denominator` says.
    pub fn with_capacity(denominator: Denominator, votes: usize) -> StyleVotes {
        let (differences, codes) = (Vec::with_capacity(votes), Vec::with_capacity(votes));
        StyleVotes { denominator, differences, codes }
    }

    /// Adds a vote.
    ///
    /// Input: a vote between two of at most 32,768 models, and the form of both answers. Accuracy: differences are kept
    /// in single precision, 6e-8 relative. Errors: [`RankingError::UnknownModel`], [`RankingError::SelfBattle`].
    pub fn push(
        &mut self,
        vote: Vote,
        left: StyleCounts,
        right: StyleCounts,
    ) -> Result<(), RankingError> {
        check_pair(vote.left, vote.right, 1 << MODEL_BITS)?;
        let models = (vote.left << MODEL_BITS | vote.right) as u32;
        self.codes.push(models << 2 | vote.outcome as u32);
        self.differences.push(self.denominator.differences(left, right));
        Ok(())
    }

    /// Returns the number of votes.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Says whether there is no vote.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// Adds up votes and differences among the models at `members`.
    pub(super) fn survey(&self, members: &[usize], coding: Coding, threads: usize) -> Overview {
        let positions = Positions::new(members);
        let length = block_length(members.len());
        let parts = self.len().div_ceil(length).max(1);
        let blocks = threads::in_parts(threads, parts, |part| {
            self.survey_block(part * length, length, &positions, coding)
        });
        Overview { counts: counts(&blocks, members.len()), blocks }
    }

    fn survey_block(
        &self,
        start: usize,
        length: usize,
        positions: &Positions,
        coding: Coding,
    ) -> Survey {
        let counted = ALL_OUTCOMES.map(|outcome| coding.half_wins(outcome).is_some());
        let mut survey = Survey {
            tallies: vec![[0; 4]; positions.members * positions.members],
            sums: [0.0; FEATURES],
            squares: [0.0; FEATURES],
        };
        let end = self.len().min(start + length);
        for (&code, differences) in self.codes[start..end].iter().zip(&self.differences[start..]) {
            let Some((pair, outcome)) = positions.of(code) else { continue };
            survey.tallies[pair][outcome] += 1;
            let weight = f64::from(u8::from(counted[outcome]));
            for (at, &difference) in differences.iter().enumerate() {
                let difference = weight * f64::from(difference);
                survey.sums[at] += difference;
                survey.squares[at] += difference * difference;
            }
        }
        survey
    }

    /// Sorts the votes that count into a table; `position` adds the constant 1 as the last covariate.
    pub(super) fn sorted<const K: usize>(
        &self,
        members: &[usize],
        coding: Coding,
        overview: &Overview,
        scales: &Scales,
        (threads, ordered): (usize, bool),
    ) -> Sorted<K> {
        let positions = Positions::new(members);
        let length = block_length(members.len());
        let half_wins = ALL_OUTCOMES.map(|outcome| coding.half_wins(outcome));
        let sorted = threads::in_parts(threads, overview.blocks.len(), |part| {
            let starts = starts(&overview.blocks[part].tallies, &half_wins);
            let mut block: Block<K> = Block::new(members.len(), &starts);
            let mut order = vec![0; if ordered { block.half_wins.len() } else { 0 }];
            block.columns.iter_mut().skip(FEATURES).for_each(|column| column.fill(1.0));
            let mut next = starts;
            let end = self.len().min((part + 1) * length);
            for at in part * length..end {
                let Some((pair, outcome)) = positions.of(self.codes[at]) else { continue };
                let Some(half_wins) = half_wins[outcome] else { continue };
                let row = next[pair];
                next[pair] += 1;
                for (column, z) in block.columns.iter_mut().zip(self.scaled(at, scales)) {
                    column[row] = z;
                }
                block.half_wins[row] = half_wins;
                if let Some(order) = order.get_mut(row) {
                    *order = at as u32;
                }
            }
            (block, order)
        });
        let (blocks, orders): (Vec<_>, Vec<_>) = sorted.into_iter().unzip();
        let table = Table { members: members.to_vec(), blocks, threads };
        Sorted { table, order: orders.concat() }
    }

    /// The features of one vote on their scales.
    pub(super) fn scaled(&self, at: usize, scales: &Scales) -> [f32; FEATURES] {
        let difference = self.differences[at];
        std::array::from_fn(|a| {
            ((f64::from(difference[a]) - scales.means[a]) * scales.factors[a]) as f32
        })
    }
}

const ALL_OUTCOMES: [Outcome; 4] = [Outcome::Left, Outcome::Right, Outcome::Tie, Outcome::BothBad];

fn block_length(models: usize) -> usize {
    BLOCK.max(VOTES_PER_PAIR * models * models)
}

/// Where the rows of each ordered pair start, and where the last ends.
fn starts(tallies: &[[u32; 4]], half_wins: &[Option<u8>; 4]) -> Vec<usize> {
    let mut starts = vec![0];
    let mut end = 0;
    for tally in tallies {
        let counted = tally.iter().zip(half_wins).filter(|(_, half_wins)| half_wins.is_some());
        end += counted.map(|(&votes, _)| votes as usize).sum::<usize>();
        starts.push(end);
    }
    starts
}

/// The position of each model among the members.
struct Positions {
    positions: Vec<u16>,
    members: usize,
}

impl Positions {
    fn new(members: &[usize]) -> Positions {
        let mut positions = vec![OUTSIDE; 1 << MODEL_BITS];
        for (position, &model) in members.iter().enumerate() {
            if let Some(place) = positions.get_mut(model) {
                *place = position as u16;
            }
        }
        Positions { positions, members: members.len() }
    }

    /// The ordered pair of a vote and its outcome; `None` unless both models are members.
    #[inline(always)]
    fn of(&self, code: u32) -> Option<(usize, usize)> {
        const MODEL: u32 = (1 << MODEL_BITS) - 1;
        let left = self.positions[(code >> (MODEL_BITS + 2) & MODEL) as usize];
        let right = self.positions[(code >> 2 & MODEL) as usize];
        let inside = left != OUTSIDE && right != OUTSIDE;
        inside.then(|| (usize::from(left) * self.members + usize::from(right), code as usize & 3))
    }
}

fn counts(blocks: &[Survey], models: usize) -> Counts {
    let mut tallies = vec![[0; 4]; models * models];
    for block in blocks {
        for (sum, tally) in tallies.iter_mut().zip(&block.tallies) {
            sum.iter_mut().zip(tally).for_each(|(sum, votes)| *sum += votes);
        }
    }
    Counts::from_tallies(models, tallies.into_iter().map(Tally::from).collect())
}

impl Overview {
    /// The scale of each feature over `votes` votes, which are those that count.
    pub(super) fn scales(&self, votes: f64) -> Result<Scales, RankingError> {
        let mut scales = Scales { means: [0.0; FEATURES], factors: [0.0; FEATURES] };
        for (at, feature) in StyleFeature::ALL.into_iter().enumerate() {
            let mean = self.blocks.iter().map(|block| block.sums[at]).sum::<f64>() / votes;
            let square = self.blocks.iter().map(|block| block.squares[at]).sum::<f64>() / votes;
            let variance = square - mean * mean;
            if variance <= CONSTANT {
                return Err(RankingError::ConstantFeature { feature: feature.as_str() });
            }
            (scales.means[at], scales.factors[at]) = (mean, variance.sqrt().recip());
        }
        Ok(scales)
    }
}
