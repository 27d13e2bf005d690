//! Admission of an endpoint: address and key, a look, a trial answer, entry into the pool.

use std::path::PathBuf;

use arena_core::ids::ModelId;
use sqlx::PgPool;
use uuid::Uuid;

use super::{ValidationError, check_words, fits, is_country, trial_answer};
use crate::inference::RemoteEngine;
use crate::inference::remote::{bearer, normal};
use crate::kit::whereabouts::Destination;
use crate::pool::{self, Endpoint, Model, PoolError, Source};

/// What the submitter says of a model behind an endpoint.
#[derive(Clone, Debug)]
pub struct RemoteSubmission {
    /// Base address, with the version of the interface.
    pub endpoint: String,
    /// What the endpoint calls the model.
    pub model: String,
    /// File with the key.
    pub key_file: Option<PathBuf>,
    /// Who runs the endpoint.
    pub operator: String,
    /// ISO 3166 codes of where, joined by a slash.
    pub operator_country: String,
    /// Name on leaderboards.
    pub name: String,
    /// Who trained it.
    pub maker: String,
    /// ISO 3166 codes of the maker's home, joined by a slash.
    pub country: String,
    /// Licence of the weights.
    pub licence: String,
    /// The model it was made from.
    pub base_model: Option<String>,
    /// Tokens that one conversation may have there.
    pub context_tokens: u32,
}

/// Admits an endpoint, telling `progress` each step before it is taken.
pub async fn admit(
    db: &PgPool,
    submission: RemoteSubmission,
    progress: impl Fn(&str),
) -> Result<Model, ValidationError> {
    let model = entry(submission)?;
    let Some(endpoint) = model.endpoint().cloned() else {
        return Err(ValidationError::Words("an endpoint is needed"));
    };
    let mut connection = db.acquire().await?;
    if pool::queries::find_by_name(&mut connection, &model.name).await?.is_some() {
        return Err(PoolError::NameTaken(model.name).into());
    }
    pool::refuse_twin(&mut connection, &model.source).await?;
    drop(connection);
    progress("looking whether the endpoint answers");
    let no_client = |error: reqwest::Error| ValidationError::Endpoint(error.to_string());
    let context = u32::try_from(model.context_tokens).unwrap_or(0);
    let engine = RemoteEngine::on_trial(endpoint, context).map_err(no_client)?;
    engine.wait_ready().await.map_err(ValidationError::Endpoint)?;
    progress("asking it for a trial answer");
    trial_answer(&engine).await?;
    pool::add(&mut *db.acquire().await?, &model).await?;
    Ok(model)
}

/// Checks every word before anything is asked.
fn entry(submission: RemoteSubmission) -> Result<Model, ValidationError> {
    let RemoteSubmission { name, maker, licence, country, operator, operator_country, .. } =
        submission;
    check_words([&name, &maker, &licence], &country)?;
    if !fits(&operator) || !is_country(&operator_country) {
        return Err(ValidationError::Words(
            "the operator has 1 to 120 characters, and its country is an ISO 3166 code of two \
             capital letters, for example CH",
        ));
    }
    if !(1..=200).contains(&submission.model.chars().count()) {
        return Err(ValidationError::Words("the endpoint's model id has 1 to 200 characters"));
    }
    let url = normal(&submission.endpoint)?;
    // A relative path would depend on where the server is started.
    let absolute = |path: PathBuf| {
        path.canonicalize().map_err(|source| ValidationError::Unreadable { path, source })
    };
    let key_file = submission.key_file.map(absolute).transpose()?;
    if key_file.as_ref().is_some_and(|path| path.to_str().is_none()) {
        return Err(ValidationError::Words("the path of the key file must be UTF-8"));
    }
    bearer(&url, key_file.as_deref())?;
    Ok(Model {
        id: ModelId(Uuid::new_v4()),
        name,
        maker,
        country,
        licence,
        base_model: submission.base_model,
        context_tokens: i32::try_from(submission.context_tokens).unwrap_or(i32::MAX),
        source: Source::Endpoint(Endpoint {
            url,
            model: submission.model,
            key_file,
            operator: Destination { operator, country: operator_country },
        }),
        weight: 1,
        retired_at: None,
        quarantine: None,
    })
}
