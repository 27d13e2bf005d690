//! Quarantine: a model whose worker fails again and again takes part in no battle until released.

use arena_core::ids::ModelId;
use sqlx::{Connection as _, PgConnection};
use time::OffsetDateTime;

use super::{PoolError, queries, rules};
use crate::kit::wording;

/// The classes of faults that are counted for a model. They are public; details stay in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Its worker ended, or broke the protocol.
    Died,
    /// Its worker owed text and fell silent.
    Hung,
    /// It computed what is no number, or llama.cpp reported an error.
    Decode,
    /// Its file is not the one that was hashed when it was registered.
    Changed,
}

impl Fault {
    /// The word in rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Died => "died",
            Self::Hung => "hung",
            Self::Decode => "decode",
            Self::Changed => "changed",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        let all = [Self::Died, Self::Hung, Self::Decode, Self::Changed];
        all.into_iter().find(|fault| fault.as_str() == word)
    }

    /// What pages say.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Died => "its process ended again and again",
            Self::Hung => "it fell silent again and again",
            Self::Decode => "it computed again and again what is no number",
            Self::Changed => "its file is not the one that was registered",
        }
    }
}

/// Why and since when a model is kept out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quarantine {
    /// Class of the last fault.
    pub reason: Fault,
    /// When the last fault was seen. Pages show the day alone: the minute could be compared with
    /// the end of a battle.
    pub began_at: OffsetDateTime,
}

impl Quarantine {
    /// Since which day, and why.
    pub fn in_words(self) -> String {
        format!("since {}: {}", wording::day(self.began_at), self.reason.in_words())
    }
}

/// Keeps a model out after so many faults, and tells running servers; false if it is out already.
pub async fn begin(
    db: &mut PgConnection,
    model: ModelId,
    reason: Fault,
    faults: usize,
) -> Result<bool, PoolError> {
    let mut tx = db.begin().await?;
    let began = queries::insert_quarantine(&mut tx, model, reason, faults).await?;
    if began {
        queries::announce(&mut tx).await?;
        let models = queries::list_all(&mut tx).await?;
        if let Some(model) = models.iter().find(|entry| entry.id == model) {
            rules::record_standing(&mut tx, &model.name).await?;
        }
    }
    tx.commit().await?;
    Ok(began)
}

/// Lets a model take part again, and tells running servers.
pub async fn release(db: &mut PgConnection, name: &str) -> Result<(), PoolError> {
    if queries::find_by_name(db, name).await?.is_none() {
        return Err(PoolError::UnknownName(name.to_owned()));
    }
    let mut tx = db.begin().await?;
    if !queries::release(&mut tx, name).await? {
        return Err(PoolError::NotQuarantined(name.to_owned()));
    }
    queries::announce(&mut tx).await?;
    rules::record_standing(&mut tx, name).await?;
    Ok(tx.commit().await?)
}
