//! The pool: which models take part, and the draw of a pair.
//!
//! Admission of a new file is not here but in `validation`, which needs a worker for the trial.

mod policy;
pub mod quarantine;
pub mod queries;
pub mod rules;
mod source;

use arena_core::ids::ModelId;
use arena_core::pairing::PairingError;
use sqlx::{Connection as _, PgConnection};
use time::OffsetDateTime;

use crate::journal::JournalError;

pub(crate) use policy::pair;
pub use policy::{PairWeights, Policy};
pub use quarantine::{Fault, Quarantine};
pub use source::{Endpoint, GgufFile, REMOTE, Source};

/// Name of the Postgres channel on which a change of the pool is announced.
pub const CHANNEL: &str = "pool";

/// One entry of the pool.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Random id, never shown before a vote.
    pub id: ModelId,
    /// Name on leaderboards.
    pub name: String,
    /// Who trained it.
    pub maker: String,
    /// ISO 3166 codes, joined by a slash.
    pub country: String,
    /// Licence of the weights.
    pub licence: String,
    /// The model it was made from, if the submitter says so.
    pub base_model: Option<String>,
    /// Context length it was trained for; of an endpoint, what was stated.
    pub context_tokens: i32,
    /// What answers for it.
    pub source: Source,
    /// Relative chance of being drawn.
    pub weight: u32,
    /// When it left the pool.
    pub retired_at: Option<OffsetDateTime>,
    /// Why it is kept out for now.
    pub quarantine: Option<Quarantine>,
}

impl Model {
    /// Whether it may be drawn.
    pub fn is_active(&self) -> bool {
        self.retired_at.is_none() && self.quarantine.is_none()
    }

    /// Where it stands: in the pool, in quarantine or retired.
    pub fn standing(&self) -> String {
        match (self.is_retired(), self.quarantine) {
            (true, _) => "retired".to_owned(),
            (false, Some(quarantine)) => format!("in quarantine, {}", quarantine.in_words()),
            (false, None) => "in the pool".to_owned(),
        }
    }

    /// Whether it has left the pool for good.
    pub fn is_retired(&self) -> bool {
        self.retired_at.is_some()
    }
}

/// Why no pair was drawn or no model changed.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// Fewer than two models can answer now.
    #[error("no battle can start now: {0}; models may still be loading, so try again in a moment")]
    Pairing(#[from] PairingError),
    /// No model has that name.
    #[error("no model is called {0}; `doubleblind models list` shows the names")]
    UnknownName(String),
    /// The model is not kept out.
    #[error("{0} is not in quarantine, so there is nothing to release it from")]
    NotQuarantined(String),
    /// The name is taken.
    #[error("a model called {0} is in the pool already; choose another name")]
    NameTaken(String),
    /// The same file is in the pool.
    #[error("this very file is in the pool already, as {0}")]
    FileTaken(String),
    /// The same endpoint and id are in the pool.
    #[error("this model of this endpoint is in the pool already, as {0}")]
    EndpointTaken(String),
    /// The change could not be recorded.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The database failed.
    #[error("the pool could not be read or changed")]
    Store(#[from] sqlx::Error),
}

/// Adds a model that has passed its trial and announces it to running servers.
pub async fn add(db: &mut PgConnection, model: &Model) -> Result<(), PoolError> {
    if queries::find_by_name(db, &model.name).await?.is_some() {
        return Err(PoolError::NameTaken(model.name.clone()));
    }
    refuse_twin(db, &model.source).await?;
    queries::insert(db, model).await?;
    Ok(queries::announce(db).await?)
}

/// Refuses a file or an endpoint that is in the pool already.
pub async fn refuse_twin(db: &mut PgConnection, source: &Source) -> Result<(), PoolError> {
    match source {
        Source::File(file) => match queries::find_by_sha256(db, &file.sha256).await? {
            Some(twin) => Err(PoolError::FileTaken(twin.name)),
            None => Ok(()),
        },
        Source::Endpoint(endpoint) => {
            let same = |model: &Model| {
                let other = model.endpoint();
                other.is_some_and(|it| (&it.url, &it.model) == (&endpoint.url, &endpoint.model))
            };
            match queries::list_active(db).await?.into_iter().find(same) {
                Some(twin) => Err(PoolError::EndpointTaken(twin.name)),
                None => Ok(()),
            }
        }
    }
}

/// Takes a model out of the pool; its votes stay. Retiring it twice changes nothing.
pub async fn retire(db: &mut PgConnection, name: &str) -> Result<(), PoolError> {
    let mut tx = db.begin().await?;
    if !queries::retire(&mut tx, name).await? {
        return Err(PoolError::UnknownName(name.to_owned()));
    }
    queries::announce(&mut tx).await?;
    rules::record_standing(&mut tx, name).await?;
    Ok(tx.commit().await?)
}
