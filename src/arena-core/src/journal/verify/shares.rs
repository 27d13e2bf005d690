//! Draws repeated quickly: sums of weights are kept for each policy and each list of models that were out.

use std::collections::{BTreeMap, HashMap};

use sha2::{Digest, Sha256};
use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::super::draw::{Ticket, below};
use super::super::merkle::Hash;
use super::super::policy::Policy;
use super::super::scan::Id;
use super::Wanted;
use super::report::{Draws, ModelDraws};
use crate::ids::{BattleId, ModelId};
use rand::Rng as _;

/// Lists of models that were out, for which sums are kept at once.
const KEPT: usize = 32;
/// Pairs with fewer expected draws are taken together.
const LEAST_EXPECTED: f64 = 5.0;

/// What was drawn.
pub(super) struct Drawn {
    pub(super) models: [Id; 2],
    pub(super) seeds: [u32; 2],
}

/// The pairs that could be drawn, with the sums of their weights.
struct Lots {
    pairs: Vec<[Id; 2]>,
    ends: Vec<u64>,
    drawn: Vec<u64>,
}

impl Lots {
    fn new(policy: &Policy, out: &[Id]) -> Self {
        let out = out.iter().map(|id| ModelId(uuid::Uuid::from_bytes(*id))).collect();
        let (mut pairs, mut ends, mut sum) = (Vec::new(), Vec::new(), 0_u64);
        for contest in policy.contests(&out) {
            sum = sum.saturating_add(contest.weight);
            pairs.push([*contest.one.0.as_bytes(), *contest.other.0.as_bytes()]);
            ends.push(sum);
        }
        Self { drawn: vec![0; pairs.len()], pairs, ends }
    }

    fn draw(&mut self, ticket: &Ticket<'_>, battle: BattleId) -> Option<Drawn> {
        let mut stream = ticket.stream(battle);
        let lot = below(&mut stream, *self.ends.last()?)?;
        let place = self.ends.partition_point(|end| *end <= lot);
        *self.drawn.get_mut(place)? += 1;
        let [one, other] = *self.pairs.get(place)?;
        let models = if stream.next_u64() & 1 == 0 { [one, other] } else { [other, one] };
        let seeds = stream.next_u64();
        Some(Drawn { models, seeds: [seeds as u32, (seeds >> 32) as u32] })
    }
}

#[derive(Default)]
pub(super) struct Shares {
    /// The policy of the last draw; its file is read again when another is needed.
    policy: Option<(Hash, Option<Policy>)>,
    lots: HashMap<u32, Lots>,
    /// Draws and expected draws of pairs, the smaller id first.
    pairs: BTreeMap<[Id; 2], (u64, f64)>,
    pub(super) stored: u64,
}

/// A policy from the bytes of its file, if they have the digest.
pub(super) fn read(bytes: Option<Vec<u8>>, digest: &Hash) -> Option<Policy> {
    let bytes = bytes.filter(|bytes| Sha256::digest(bytes)[..] == digest[..])?;
    Policy::parse(str::from_utf8(&bytes).ok()?)
}

impl Shares {
    /// Repeats a draw. **Output** none if there is no policy file to go by, none inside if no pair can be drawn.
    pub(super) fn draw(
        &mut self,
        ticket: &Ticket<'_>,
        battle: BattleId,
        digest: &Hash,
        (number, out): (u32, &[Id]),
        find: &mut dyn FnMut(Wanted) -> Option<Vec<u8>>,
    ) -> Option<Option<Drawn>> {
        if self.policy.as_ref().is_none_or(|(known, _)| known != digest) {
            self.settle();
            self.policy = Some((*digest, read(find(Wanted::Policy(*digest)), digest)));
        }
        if self.lots.len() > KEPT {
            self.settle();
        }
        let policy = self.policy.as_ref()?.1.as_ref()?;
        let lots = self.lots.entry(number).or_insert_with(|| Lots::new(policy, out));
        Some(lots.draw(ticket, battle))
    }

    /// Adds up what was drawn and what was to be expected.
    pub(super) fn settle(&mut self) {
        for (_, Lots { pairs, ends, drawn }) in self.lots.drain() {
            let (draws, total): (u64, u64) =
                (drawn.iter().sum(), ends.last().copied().unwrap_or(1));
            let mut before = 0;
            for ((pair, end), drawn) in pairs.into_iter().zip(ends).zip(drawn) {
                let entry = self.pairs.entry(pair).or_default();
                entry.0 += drawn;
                entry.1 += draws as f64 * (end - before) as f64 / total as f64;
                before = end;
            }
        }
    }

    /// Draws against weights.
    pub(super) fn summary(&self, out: &HashMap<Id, u64>) -> Draws {
        let mut models: BTreeMap<Id, ModelDraws> = BTreeMap::new();
        let row = |id: &Id| ModelDraws {
            id: hex::encode(id),
            drawn: 0,
            expected: 0.0,
            out: out.get(id).copied().unwrap_or(0),
        };
        for id in out.keys() {
            models.insert(*id, row(id));
        }
        for (pair, (drawn, expected)) in &self.pairs {
            for id in pair {
                let model = models.entry(*id).or_insert_with(|| row(id));
                model.drawn += drawn;
                model.expected += expected;
            }
        }
        let repeated = self.pairs.values().map(|(drawn, _)| drawn).sum();
        let (chi_square, degrees) = self.chi_square();
        let distribution = ChiSquared::new(degrees as f64).ok();
        let p_value = chi_square.zip(distribution).map(|(value, known)| known.sf(value));
        let models = models.into_values().collect();
        Draws { repeated, stored: self.stored, chi_square, degrees, p_value, models }
    }

    /// Pearson's statistic and its degrees of freedom.
    fn chi_square(&self) -> (Option<f64>, u64) {
        let term = |drawn: f64, expected: f64| (drawn - expected).powi(2) / expected;
        let (mut sum, mut cells, mut rest) = (0.0, 0, (0.0, 0.0));
        for (drawn, expected) in
            self.pairs.values().map(|(drawn, expected)| (*drawn as f64, *expected))
        {
            if expected < LEAST_EXPECTED {
                rest = (rest.0 + drawn, rest.1 + expected);
            } else {
                sum += term(drawn, expected);
                cells += 1;
            }
        }
        if rest.1 >= LEAST_EXPECTED {
            sum += term(rest.0, rest.1);
            cells += 1;
        }
        if cells < 2 { (None, 0) } else { (Some(sum), cells - 1) }
    }
}
