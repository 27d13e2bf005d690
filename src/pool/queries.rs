//! SQL of the pool.

use std::path::PathBuf;

use arena_core::ids::ModelId;
use arena_core::protocol::TemplateSource;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Endpoint, Fault, GgufFile, Model, Quarantine, Source};
use crate::kit::whereabouts::Destination;

struct Row {
    model_id: Uuid,
    name: String,
    maker: String,
    country: String,
    licence: String,
    base_model: Option<String>,
    context_tokens: i32,
    weight: i32,
    retired_at: Option<OffsetDateTime>,
    reason: Option<String>,
    began_at: Option<OffsetDateTime>,
    architecture: Option<String>,
    parameter_count: Option<i64>,
    quantization: Option<String>,
    file_path: Option<String>,
    file_size_bytes: Option<i64>,
    file_modified_at: Option<OffsetDateTime>,
    file_sha256: Option<String>,
    chat_template: Option<String>,
    template_source: String,
    endpoint_url: Option<String>,
    endpoint_model: Option<String>,
    endpoint_key_file: Option<String>,
    operator: Option<String>,
    operator_country: Option<String>,
}

impl Row {
    /// A model whose file and endpoint are both incomplete is kept out by the table.
    fn source(&self) -> Option<Source> {
        if let Some(url) = &self.endpoint_url {
            return Some(Source::Endpoint(Endpoint {
                url: url.clone(),
                model: self.endpoint_model.clone()?,
                key_file: self.endpoint_key_file.as_ref().map(PathBuf::from),
                operator: Destination {
                    operator: self.operator.clone()?,
                    country: self.operator_country.clone()?,
                },
            }));
        }
        Some(Source::File(GgufFile {
            architecture: self.architecture.clone()?,
            parameter_count: self.parameter_count?,
            quantization: self.quantization.clone()?,
            path: PathBuf::from(self.file_path.as_ref()?),
            size_bytes: self.file_size_bytes?,
            modified_at: self.file_modified_at?,
            sha256: self.file_sha256.clone()?,
            chat_template: self.chat_template.clone(),
            template_source: self.template_source.clone(),
        }))
    }

    fn model(self) -> Option<Model> {
        Some(Model {
            source: self.source()?,
            id: ModelId(self.model_id),
            name: self.name,
            maker: self.maker,
            country: self.country,
            licence: self.licence,
            base_model: self.base_model,
            context_tokens: self.context_tokens,
            weight: u32::try_from(self.weight).unwrap_or(0),
            retired_at: self.retired_at,
            // A word of a later version keeps the model out as well.
            quarantine: self.reason.zip(self.began_at).map(|(word, began_at)| Quarantine {
                reason: Fault::parse(&word).unwrap_or(Fault::Died),
                began_at,
            }),
        })
    }
}

/// All models, retired ones too, by name.
pub async fn list_all(db: &mut PgConnection) -> sqlx::Result<Vec<Model>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select m.model_id, name, maker, country, licence, base_model, architecture,
                parameter_count, quantization, context_tokens, file_path, file_size_bytes,
                file_modified_at, file_sha256, chat_template, template_source, weight, retired_at,
                endpoint_url, endpoint_model, endpoint_key_file, operator, operator_country,
                q.reason as "reason?", q.began_at as "began_at?"
         from models m
         left join quarantines q on q.model_id = m.model_id and q.released_at is null
         order by name"#
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().filter_map(Row::model).collect())
}

/// The models that take part, by id.
pub async fn list_active(db: &mut PgConnection) -> sqlx::Result<Vec<Model>> {
    let mut models = list_all(db).await?;
    models.retain(Model::is_active);
    models.sort_by_key(|model| model.id);
    Ok(models)
}

/// One model by its name.
pub async fn find_by_name(db: &mut PgConnection, name: &str) -> sqlx::Result<Option<Model>> {
    Ok(list_all(db).await?.into_iter().find(|model| model.name == name))
}

/// One model by the digest of its file.
pub async fn find_by_sha256(db: &mut PgConnection, sha256: &str) -> sqlx::Result<Option<Model>> {
    let has = |model: &Model| model.file().is_some_and(|file| file.sha256 == sha256);
    Ok(list_all(db).await?.into_iter().find(has))
}

pub(super) async fn insert(db: &mut PgConnection, model: &Model) -> sqlx::Result<()> {
    let (file, endpoint) = (model.file(), model.endpoint());
    sqlx::query!(
        "insert into models (model_id, name, maker, country, licence, base_model, architecture,
             parameter_count, quantization, context_tokens, file_path, file_size_bytes,
             file_modified_at, file_sha256, chat_template, template_source, weight, endpoint_url,
             endpoint_model, endpoint_key_file, operator, operator_country)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
             $19, $20, $21, $22)",
        model.id.0,
        model.name,
        model.maker,
        model.country,
        model.licence,
        model.base_model,
        file.map(|file| file.architecture.as_str()),
        file.map(|file| file.parameter_count),
        file.map(|file| file.quantization.as_str()),
        model.context_tokens,
        file.map(|file| file.path.to_string_lossy().into_owned()),
        file.map(|file| file.size_bytes),
        file.map(|file| file.modified_at),
        file.map(|file| file.sha256.as_str()),
        file.and_then(|file| file.chat_template.as_deref()),
        file.map_or(TemplateSource::Endpoint.as_str(), |file| file.template_source.as_str()),
        i32::try_from(model.weight).unwrap_or(i32::MAX),
        endpoint.map(|endpoint| endpoint.url.as_str()),
        endpoint.map(|endpoint| endpoint.model.as_str()),
        endpoint.and_then(|endpoint| endpoint.key_file.as_ref()?.to_str()),
        endpoint.map(|endpoint| endpoint.operator.operator.as_str()),
        endpoint.map(|endpoint| endpoint.operator.country.as_str()),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that the file was found again, unchanged, at another place or with another time.
pub async fn update_file(
    db: &mut PgConnection,
    model: ModelId,
    path: &str,
    modified_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update models set file_path = $2, file_modified_at = $3 where model_id = $1",
        model.0,
        path,
        modified_at
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn retire(db: &mut PgConnection, name: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update models set retired_at = coalesce(retired_at, now()) where name = $1",
        name
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn insert_quarantine(
    db: &mut PgConnection,
    model: ModelId,
    reason: Fault,
    faults: usize,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into quarantines (model_id, reason, faults) values ($1, $2, $3)
         on conflict (model_id) where released_at is null do nothing",
        model.0,
        reason.as_str(),
        i32::try_from(faults).unwrap_or(i32::MAX),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn release(db: &mut PgConnection, name: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update quarantines q set released_at = now() from models m
         where m.model_id = q.model_id and m.name = $1 and q.released_at is null",
        name
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether one of two models has been put into quarantine since a time.
pub async fn any_quarantined_since(
    db: &mut PgConnection,
    models: [ModelId; 2],
    since: OffsetDateTime,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (
             select from quarantines where model_id = any($1) and began_at >= $2
           ) as "found!""#,
        &models.map(|model| model.0),
        since
    )
    .fetch_one(db)
    .await
}

pub(super) async fn announce(db: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("select pg_notify('pool', '')").execute(db).await?;
    Ok(())
}
