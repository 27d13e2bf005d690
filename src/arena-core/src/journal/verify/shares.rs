//! Draws repeated quickly: sums of weights are kept for each policy, and what models that were out take off them.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use rand::Rng as _;
use sha2::{Digest, Sha256};
use statrs::distribution::{ChiSquared, ContinuousCDF};
use uuid::Uuid;

use super::super::draw::{Ticket, below};
use super::super::merkle::Hash;
use super::super::policy::Policy;
use super::super::scan::Id;
use super::Wanted;
use super::report::{Draws, ModelDraws};
use crate::ids::{BattleId, ModelId};

/// Pairs of policies, and pairs that lists of models take off them, that are kept at once.
const KEPT: usize = 2_000_000;
/// Pairs with fewer expected draws are taken together.
const LEAST_EXPECTED: f64 = 5.0;

/// What was drawn.
pub(super) struct Drawn {
    pub(super) models: [Id; 2],
    pub(super) seeds: [u32; 2],
}

/// The pairs of one policy, with the sums of their weights.
struct Lots {
    policy: Rc<Policy>,
    ends: Vec<u64>,
    /// Places of the pairs of each model, ascending.
    of_model: Vec<Vec<u32>>,
    drawn: Vec<u64>,
    /// What lists of models that were out take off, by the number of the list.
    gaps: HashMap<u32, Gaps>,
    kept: usize,
}

/// Pairs that cannot be drawn.
struct Gaps {
    /// Their places, ascending, and the sums of their weights.
    places: Vec<u32>,
    ends: Vec<u64>,
    draws: u64,
}

impl Gaps {
    /// Weight of those up to and including a place.
    fn up_to(&self, place: usize) -> u64 {
        let before = self.places.partition_point(|gap| *gap as usize <= place);
        before.checked_sub(1).map_or(0, |last| self.ends[last])
    }
}

impl Lots {
    fn new(policy: Rc<Policy>) -> Self {
        let mut of_model = vec![Vec::new(); policy.models.len()];
        let (mut ends, mut sum) = (Vec::with_capacity(policy.pairs.len()), 0_u64);
        for (place, (one, other, weight)) in (0..).zip(&policy.pairs) {
            sum += weight;
            ends.push(sum);
            for model in [one, other] {
                of_model[*model as usize].push(place);
            }
        }
        let drawn = vec![0; policy.pairs.len()];
        Self { policy, ends, of_model, drawn, gaps: HashMap::new(), kept: 0 }
    }

    fn gaps(&self, out: &[Id]) -> Gaps {
        let of = |id: &Id| {
            let place = self.policy.models.binary_search(&ModelId(Uuid::from_bytes(*id))).ok()?;
            self.of_model.get(place)
        };
        let mut places: Vec<u32> = out.iter().filter_map(of).flatten().copied().collect();
        places.sort_unstable();
        places.dedup();
        let weights = places.iter().map(|place| self.policy.pairs[*place as usize].2);
        let sums = weights.scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Gaps { ends: sums.collect(), places, draws: 0 }
    }

    fn draw(
        &mut self,
        ticket: &Ticket<'_>,
        battle: BattleId,
        (number, out): (u32, &[Id]),
    ) -> Option<Drawn> {
        if !self.gaps.contains_key(&number) {
            let gaps = self.gaps(out);
            self.kept += gaps.places.len() + 1;
            self.gaps.insert(number, gaps);
        }
        let gaps = self.gaps.get_mut(&number)?;
        let total = self.ends.last()? - gaps.ends.last().unwrap_or(&0);
        let mut stream = ticket.stream(battle);
        let lot = below(&mut stream, total)?;
        let place = first(self.ends.len(), |place| self.ends[place] - gaps.up_to(place) > lot);
        gaps.draws += 1;
        *self.drawn.get_mut(place)? += 1;
        let [one, other] = self.pair(place);
        let models = if stream.next_u64() & 1 == 0 { [one, other] } else { [other, one] };
        let seeds = stream.next_u64();
        Some(Drawn { models, seeds: [seeds as u32, (seeds >> 32) as u32] })
    }

    fn pair(&self, place: usize) -> [Id; 2] {
        let (one, other, _) = self.policy.pairs[place];
        [one, other].map(|model| *self.policy.models[model as usize].0.as_bytes())
    }

    /// Draws and expected draws of each pair.
    fn settled(&self) -> impl Iterator<Item = ([Id; 2], u64, f64)> {
        let (mut all, mut taken) = (0.0, vec![0.0; self.drawn.len()]);
        let whole = self.ends.last().copied().unwrap_or(0);
        for gaps in self.gaps.values().filter(|gaps| gaps.draws > 0) {
            let total = whole - gaps.ends.last().unwrap_or(&0);
            let share = gaps.draws as f64 / total as f64;
            all += share;
            gaps.places.iter().for_each(|place| taken[*place as usize] += share);
        }
        let both = self.drawn.iter().zip(taken).enumerate();
        both.map(move |(place, (drawn, taken))| {
            let weight = self.policy.pairs[place].2 as f64;
            (self.pair(place), *drawn, weight * (all - taken))
        })
    }
}

/// The first of so many places for which something holds that then holds for all behind it.
fn first(count: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut from, mut to) = (0, count);
    while from < to {
        let middle = from + (to - from) / 2;
        if holds(middle) {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    from
}

#[derive(Default)]
pub(super) struct Shares {
    /// Policies whose files were read; others are read again when they are needed.
    policies: HashMap<Hash, Rc<Policy>>,
    kept: usize,
    /// The policy of the last draw.
    lots: Option<(Hash, Lots)>,
    /// Draws and expected draws of pairs, the smaller id first.
    pairs: HashMap<[Id; 2], (u64, f64)>,
    pub(super) stored: u64,
}

/// A policy from the bytes of its file, if they have the digest.
fn read(bytes: Option<Vec<u8>>, digest: &Hash) -> Option<Policy> {
    let bytes = bytes.filter(|bytes| Sha256::digest(bytes)[..] == digest[..])?;
    Policy::parse(str::from_utf8(&bytes).ok()?)
}

impl Shares {
    /// The policy with a digest, if its file is there and in its one form.
    pub(super) fn policy(
        &mut self,
        digest: &Hash,
        find: &mut dyn FnMut(Wanted) -> Option<Vec<u8>>,
    ) -> Option<Rc<Policy>> {
        if let Some(policy) = self.policies.get(digest) {
            return Some(Rc::clone(policy));
        }
        let policy = Rc::new(read(find(Wanted::Policy(*digest)), digest)?);
        if self.kept > KEPT {
            self.policies.clear();
            self.kept = 0;
        }
        self.kept += policy.pairs.len() + policy.models.len() + 1;
        self.policies.insert(*digest, Rc::clone(&policy));
        Some(policy)
    }

    /// Repeats a draw. **Output** none if there is no policy file to go by, none inside if no pair can be drawn.
    pub(super) fn draw(
        &mut self,
        ticket: &Ticket<'_>,
        battle: BattleId,
        digest: &Hash,
        out: (u32, &[Id]),
        find: &mut dyn FnMut(Wanted) -> Option<Vec<u8>>,
    ) -> Option<Option<Drawn>> {
        let fits =
            self.lots.as_ref().is_some_and(|(known, lots)| known == digest && lots.kept <= KEPT);
        if !fits {
            self.settle();
            let policy = self.policy(digest, find)?;
            self.lots = Some((*digest, Lots::new(policy)));
        }
        let (_, lots) = self.lots.as_mut()?;
        Some(lots.draw(ticket, battle, out))
    }

    /// Adds up what was drawn and what was to be expected.
    pub(super) fn settle(&mut self) {
        let Some((_, lots)) = self.lots.take() else { return };
        for (pair, drawn, expected) in lots.settled() {
            let entry = self.pairs.entry(pair).or_default();
            entry.0 += drawn;
            entry.1 += expected;
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
        // In the order of ids, so that sums of fractions are the same each time.
        let mut pairs: Vec<_> = self.pairs.iter().map(|(pair, counts)| (*pair, *counts)).collect();
        pairs.sort_unstable_by_key(|(pair, _)| *pair);
        for (pair, (drawn, expected)) in &pairs {
            for id in pair {
                let model = models.entry(*id).or_insert_with(|| row(id));
                model.drawn += drawn;
                model.expected += expected;
            }
        }
        let repeated = pairs.iter().map(|(_, (drawn, _))| drawn).sum();
        let (chi_square, degrees) = chi_square(&pairs);
        let distribution = ChiSquared::new(degrees as f64).ok();
        let p_value = chi_square.zip(distribution).map(|(value, known)| known.sf(value));
        let models = models.into_values().collect();
        Draws { repeated, stored: self.stored, chi_square, degrees, p_value, models }
    }
}

/// Pearson's statistic and its degrees of freedom.
fn chi_square(pairs: &[([Id; 2], (u64, f64))]) -> (Option<f64>, u64) {
    let term = |drawn: f64, expected: f64| (drawn - expected).powi(2) / expected;
    let (mut sum, mut cells, mut rest) = (0.0, 0, (0.0, 0.0));
    for (_, (drawn, expected)) in pairs {
        let drawn = *drawn as f64;
        if *expected < LEAST_EXPECTED {
            rest = (rest.0 + drawn, rest.1 + expected);
        } else {
            sum += term(drawn, *expected);
            cells += 1;
        }
    }
    if rest.1 >= LEAST_EXPECTED {
        sum += term(rest.0, rest.1);
        cells += 1;
    }
    if cells < 2 { (None, 0) } else { (Some(sum), cells - 1) }
}
