//! Browser sessions in Postgres: the cookie holds a random token, the database its digest.
//!
//! Beside a session of an account stands whose it is, so that the owner can list and end it. Of a
//! browser one coarse word is kept, of its address nothing.

pub mod browser;
mod device;
pub mod queries;

use std::collections::HashMap;

use actix_session::storage::{
    LoadError, SaveError, SessionKey, SessionStore, UpdateError, generate_session_key,
};
use actix_web::cookie::time::Duration;
use arena_core::ids::AccountId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

pub use device::device;

type State = HashMap<String, String>;

/// Whose session it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The account.
    pub account: AccountId,
    /// The account's count when it signed in; a session of an earlier count is over.
    pub epoch: i32,
    /// One coarse word for the browser.
    pub device: String,
    /// Names the session on its owner's page.
    pub session: Uuid,
}

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

/// Ends all sessions of an account.
pub async fn end_all(db: &mut PgConnection, account: AccountId) -> sqlx::Result<()> {
    queries::delete_owned(db, account).await
}

fn digest(key: &SessionKey) -> Vec<u8> {
    Sha256::digest(key.as_ref().as_bytes()).to_vec()
}

/// A session's state as it is stored, with its owner.
fn packed(state: &State) -> Result<(serde_json::Value, Option<Owner>), serde_json::Error> {
    let owner = state.get(browser::OWNER).map(|text| serde_json::from_str(text)).transpose()?;
    Ok((serde_json::to_value(state)?, owner))
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
        let (state, owner) =
            packed(&state).map_err(|error| SaveError::Serialization(error.into()))?;
        queries::insert(&self.db, &digest(&key), state, owner.as_ref(), *ttl)
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
        let (state, _) =
            packed(&state).map_err(|error| UpdateError::Serialization(error.into()))?;
        let is_there = queries::update(&self.db, &digest(&key), state, *ttl)
            .await
            .map_err(|error| UpdateError::Other(error.into()))?;
        if is_there {
            return Ok(key);
        }
        // It was ended while this request was on its way, which must not bring it back to life.
        self.save(State::new(), ttl).await.map_err(|error| UpdateError::Other(error.into()))
    }

    async fn update_ttl(&self, key: &SessionKey, ttl: &Duration) -> Result<(), anyhow::Error> {
        Ok(queries::prolong(&self.db, &digest(key), *ttl).await?)
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        Ok(queries::delete(&self.db, &digest(key)).await?)
    }
}
