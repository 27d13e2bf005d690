//! Which pairs are drawn how often: the operator's weight of each model times what the ratings ask for.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use arena_core::ids::ModelId;
use arena_core::journal::policy::Policy as File;
use arena_core::pairing::Contest;

use super::Model;

/// Weights of unordered pairs, by ids in ascending order.
pub type PairWeights = HashMap<(ModelId, ModelId), u32>;

/// The weights in force, shared between those who draw and the job that follows the votes.
///
/// At first every pair weighs the same. A pair without a weight, as one with a model that has just
/// joined, counts as the heaviest.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    weights: Arc<RwLock<Arc<PairWeights>>>,
    kept: Arc<RwLock<Option<Kept>>>,
}

/// A policy file that has been read, by its digest.
type Kept = (String, Arc<File>);

impl Policy {
    /// Puts new weights in force.
    pub fn replace(&self, weights: PairWeights) {
        *self.weights.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(weights);
    }

    /// The weights in force.
    pub fn current(&self) -> Arc<PairWeights> {
        Arc::clone(&self.weights.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The policy file with this digest, if it was the last one that was read.
    pub(super) fn kept(&self, sha256: &str) -> Option<Arc<File>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(known, _)| known == sha256).map(|(_, file)| Arc::clone(file))
    }

    /// Keeps a policy file that has been read.
    pub(super) fn keep(&self, sha256: &str, file: Arc<File>) -> Arc<File> {
        let kept = Some((sha256.to_owned(), Arc::clone(&file)));
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = kept;
        file
    }

    /// All pairs of models with their weights: that of the pair times those of both models.
    pub fn contests(&self, models: &[Model]) -> Vec<Contest<ModelId>> {
        let weights = self.current();
        let heaviest = weights.values().copied().max().unwrap_or(1);
        let mut contests = Vec::new();
        for (at, one) in models.iter().enumerate() {
            for other in &models[..at] {
                let weight = weights.get(&pair(one.id, other.id)).copied().unwrap_or(heaviest);
                // Three factors of 32 bits: the operator's two are kept below 2^16 each.
                let operator =
                    u64::from(one.weight.min(1 << 16)) * u64::from(other.weight.min(1 << 16));
                let weight = operator.saturating_mul(u64::from(weight));
                contests.push(Contest { one: one.id, other: other.id, weight });
            }
        }
        contests
    }

    /// The share of battles that each model takes part in, all models being able to answer.
    pub fn shares(&self, models: &[Model]) -> Vec<f64> {
        let mut own: HashMap<ModelId, f64> = HashMap::new();
        let mut all = 0.0;
        for contest in self.contests(models) {
            let weight = contest.weight as f64;
            all += weight;
            *own.entry(contest.one).or_default() += weight;
            *own.entry(contest.other).or_default() += weight;
        }
        let own = |model: &Model| own.get(&model.id).copied().unwrap_or(0.0);
        models.iter().map(|model| if all > 0.0 { own(model) / all } else { 0.0 }).collect()
    }
}

/// The key of a pair.
pub(crate) fn pair(one: ModelId, other: ModelId) -> (ModelId, ModelId) {
    if one < other { (one, other) } else { (other, one) }
}
