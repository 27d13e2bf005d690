//! Answers from models: one engine per model, whatever runs behind it.
//!
//! The web process never links llama.cpp: a local model lives in a worker process of its own, a
//! remote one behind an endpoint that somebody else runs.

mod budget;
mod engine;
mod faults;
mod job;
mod launch;
mod lines;
mod model_file;
pub mod remote;
mod shelf;
mod worker;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use arena_core::ids::ModelId;

use crate::kit::whereabouts::Whereabouts;

pub use budget::{Budget, Share};
pub use engine::{Control, Engine, Generation, Job, Order, Output, Readiness, Work};
pub use job::follow_pool;
pub use model_file::ModelFile;
pub use remote::RemoteEngine;
pub use shelf::{OnDemand, Shelf};
pub use worker::{LocalWorker, WorkerError};

/// The engines of all models that take part.
#[derive(Clone, Default)]
pub struct Engines {
    by_model: Arc<RwLock<HashMap<ModelId, Arc<dyn Engine>>>>,
    whereabouts: Whereabouts,
}

impl Engines {
    /// Adds or replaces the engine of a model.
    pub fn put(&self, model: ModelId, engine: Arc<dyn Engine>) {
        let mut by_model = self.by_model.write().unwrap_or_else(PoisonError::into_inner);
        by_model.insert(model, engine);
        self.tell_where(&by_model);
    }

    /// Removes engines of models that are not in `keep`; their processes end.
    pub fn retain(&self, keep: &HashSet<ModelId>) {
        let mut by_model = self.by_model.write().unwrap_or_else(PoisonError::into_inner);
        by_model.retain(|model, _| keep.contains(model));
        self.tell_where(&by_model);
    }

    /// Pages say where questions go before a model that takes them there can be drawn: its engine
    /// is asked for nothing while the lock is held.
    fn tell_where(&self, by_model: &HashMap<ModelId, Arc<dyn Engine>>) {
        let destinations = by_model.values().filter_map(|engine| engine.destination());
        self.whereabouts.replace(destinations.collect());
    }

    /// Where questions go, for pages.
    pub fn whereabouts(&self) -> Whereabouts {
        self.whereabouts.clone()
    }

    /// Ends all engines.
    pub fn clear(&self) {
        self.retain(&HashSet::new());
    }

    /// The engine of a model, if it takes part.
    pub fn get(&self, model: ModelId) -> Option<Arc<dyn Engine>> {
        let by_model = self.by_model.read().unwrap_or_else(PoisonError::into_inner);
        by_model.get(&model).cloned()
    }

    /// All models that have an engine.
    pub fn models(&self) -> HashSet<ModelId> {
        self.by_model.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// Tokens of the smallest context among the models that can answer now.
    pub fn smallest_context(&self) -> Option<u32> {
        let by_model = self.by_model.read().unwrap_or_else(PoisonError::into_inner);
        let tokens = |engine: &Arc<dyn Engine>| Some(engine.readiness()?.context_tokens);
        by_model.values().filter_map(tokens).min()
    }

    /// The models that can answer now.
    pub fn ready(&self) -> HashSet<ModelId> {
        let by_model = self.by_model.read().unwrap_or_else(PoisonError::into_inner);
        let ready =
            |(model, engine): (&ModelId, &Arc<dyn Engine>)| engine.readiness().map(|_| *model);
        by_model.iter().filter_map(ready).collect()
    }
}
