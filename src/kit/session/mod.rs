//! Browser sessions in Postgres: the cookie holds a random token, the database its digest.

mod queries;

use std::collections::HashMap;

use actix_session::storage::{
    LoadError, SaveError, SessionKey, SessionStore, UpdateError, generate_session_key,
};
use actix_web::cookie::time::Duration;
use sha2::{Digest, Sha256};
use sqlx::PgPool;

type State = HashMap<String, String>;

/// The store that `actix-session` asks for.
#[derive(Clone)]
pub struct PgSessions {
    db: PgPool,
}

impl PgSessions {
    /// Keeps sessions in the given database.
    pub fn new(db: PgPool) -> Self {
        Self { db }
    }
}

/// Deletes sessions that have ended.
pub async fn forget_expired(db: &PgPool) -> sqlx::Result<()> {
    queries::delete_expired(db).await
}

fn digest(key: &SessionKey) -> Vec<u8> {
    Sha256::digest(key.as_ref().as_bytes()).to_vec()
}

impl SessionStore for PgSessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let state = queries::find(&self.db, &digest(key))
            .await
            .map_err(|error| LoadError::Other(error.into()))?;
        state
            .map(serde_json::from_value)
            .transpose()
            .map_err(|error| LoadError::Deserialization(error.into()))
    }

    async fn save(&self, state: State, ttl: &Duration) -> Result<SessionKey, SaveError> {
        let key = generate_session_key();
        let state =
            serde_json::to_value(state).map_err(|error| SaveError::Serialization(error.into()))?;
        queries::upsert(&self.db, &digest(&key), state, *ttl)
            .await
            .map_err(|error| SaveError::Other(error.into()))?;
        Ok(key)
    }

    async fn update(
        &self,
        key: SessionKey,
        state: State,
        ttl: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        let state = serde_json::to_value(state)
            .map_err(|error| UpdateError::Serialization(error.into()))?;
        queries::upsert(&self.db, &digest(&key), state, *ttl)
            .await
            .map_err(|error| UpdateError::Other(error.into()))?;
        Ok(key)
    }

    async fn update_ttl(&self, key: &SessionKey, ttl: &Duration) -> Result<(), anyhow::Error> {
        Ok(queries::prolong(&self.db, &digest(key), *ttl).await?)
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        Ok(queries::delete(&self.db, &digest(key)).await?)
    }
}
