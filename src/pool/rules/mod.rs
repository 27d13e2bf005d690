//! The rules that pairs are drawn by, as the journal has them: where each model stands, and the policy file.
//!
//! Both are brought up to date under the lock of the log, right before a draw, so that every draw is made by
//! what the log says at that moment.

pub mod queries;

use std::sync::Arc;

use arena_core::ids::ModelId;
use arena_core::journal::leaf::{self, Leaf, ModelState};
use arena_core::journal::policy::{Policy as File, Rules};
use sha2::{Digest, Sha256};
use sqlx::{Connection as _, PgConnection};
use time::{Duration, OffsetDateTime};

use super::{Model, Policy, PoolError, queries as pool};
use crate::journal::{self, JournalError, Writer};

/// New weights of pairs come into force after at most this; changes of the pool at once.
const WEIGHTS_EVERY: Duration = Duration::minutes(10);

/// What a draw goes by.
pub(crate) struct InForce {
    /// Models that take part.
    pub(crate) models: Vec<Model>,
    /// The policy.
    pub(crate) file: Arc<File>,
}

/// Reads the pool under the lock of the log, and records what the log does not say of it yet.
pub(crate) async fn in_force(
    db: &mut PgConnection,
    writer: &mut Writer,
    weights: &Policy,
    sampling_sha256: &str,
) -> Result<InForce, PoolError> {
    let models = pool::list_active(db).await?;
    let records = queries::list_records(db).await?;
    for model in &models {
        let known = records.iter().any(|record| {
            record.model == model.id
                && record.state == "public"
                && record.sampling_sha256 == sampling_sha256
        });
        if !known {
            add_record(db, writer, model, ModelState::Public, sampling_sha256).await?;
        }
    }
    let file = policy(db, writer, weights, &models).await?;
    Ok(InForce { models, file })
}

/// The policy in force; another one where the models are others, or the weights have been for a while.
async fn policy(
    db: &mut PgConnection,
    writer: &mut Writer,
    weights: &Policy,
    models: &[Model],
) -> Result<Arc<File>, PoolError> {
    let ids: Vec<ModelId> = models.iter().map(|model| model.id).collect();
    let last = queries::find_policy_head(db).await?;
    if let Some((sha256, made_at)) = &last {
        let file = match weights.kept(sha256) {
            Some(file) => Some(file),
            None => parse(&queries::find_policy(db, sha256).await?.unwrap_or_default()),
        };
        // One of the future was made while the clock was ahead.
        let young = (OffsetDateTime::now_utc() - *made_at).abs() < WEIGHTS_EVERY;
        match file {
            Some(file) if file.models == ids && young => return Ok(weights.keep(sha256, file)),
            _ => {}
        }
    }
    let file = File::of(Rules::default(), &ids, &weights.contests(models));
    let text = file.to_text();
    let sha256 = hex::encode(File::sha256(&text));
    if last.is_none_or(|(known, _)| known != sha256) {
        let leaf = leaf::Policy { sha256: sha256.clone(), t: 0 };
        let entry = writer.add(Leaf::Policy(leaf))?;
        queries::insert_policy(db, place(entry.index)?, &sha256, &text).await?;
    } else {
        queries::prolong_policy(db).await?;
    }
    Ok(weights.keep(&sha256, Arc::new(file)))
}

fn parse(text: &str) -> Option<Arc<File>> {
    File::parse(text).map(Arc::new)
}

fn place(number: u64) -> Result<i64, JournalError> {
    i64::try_from(number).map_err(|_| JournalError::Damaged(number))
}

async fn add_record(
    db: &mut PgConnection,
    writer: &mut Writer,
    model: &Model,
    state: ModelState,
    sampling_sha256: &str,
) -> Result<(), PoolError> {
    let entry = writer.add(leaf_of(model, state, sampling_sha256))?;
    Ok(queries::put_record(db, model.id, place(entry.index)?, word(state), sampling_sha256).await?)
}

/// Records where a model stands now, in a transaction of its own within the caller's. A model that was never
/// drawn from is not in the log yet, and is not put there by this.
pub(super) async fn record_standing(db: &mut PgConnection, name: &str) -> Result<(), PoolError> {
    let Some(model) = pool::find_by_name(db, name).await? else { return Ok(()) };
    let records = queries::list_records(db).await?;
    let Some(record) = records.into_iter().find(|record| record.model == model.id) else {
        return Ok(());
    };
    let state = match (model.is_retired(), model.quarantine) {
        (true, _) => ModelState::Retired,
        (false, Some(_)) => ModelState::Quarantined,
        (false, None) => ModelState::Public,
    };
    if word(state) == record.state {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    let entry = journal::append(&mut tx, leaf_of(&model, state, &record.sampling_sha256)).await?;
    let index = place(entry.index)?;
    queries::put_record(&mut tx, model.id, index, word(state), &record.sampling_sha256).await?;
    Ok(tx.commit().await?)
}

fn word(state: ModelState) -> &'static str {
    match state {
        ModelState::Private => "private",
        ModelState::Public => "public",
        ModelState::Retired => "retired",
        ModelState::Quarantined => "quarantined",
    }
}

fn leaf_of(model: &Model, state: ModelState, sampling_sha256: &str) -> Leaf {
    let file = model.file();
    let template = file.and_then(|file| file.chat_template.as_deref());
    Leaf::Model(leaf::Model {
        id: model.id,
        name: model.name.clone(),
        lab: model.maker.clone(),
        gguf: file.map(|file| file.sha256.clone()).unwrap_or_default(),
        tmpl: template.map(|text| hex::encode(Sha256::digest(text))).unwrap_or_default(),
        samp: sampling_sha256.to_owned(),
        state,
        t: 0,
    })
}
