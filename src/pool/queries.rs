//! SQL of the pool.

use std::path::PathBuf;

use arena_core::ids::ModelId;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Fault, Model, Quarantine};

struct Row {
    model_id: Uuid,
    name: String,
    maker: String,
    country: String,
    licence: String,
    base_model: Option<String>,
    architecture: String,
    parameter_count: i64,
    quantization: String,
    context_tokens: i32,
    file_path: String,
    file_size_bytes: i64,
    file_modified_at: OffsetDateTime,
    file_sha256: String,
    chat_template: Option<String>,
    template_source: String,
    weight: i32,
    retired_at: Option<OffsetDateTime>,
    reason: Option<String>,
    began_at: Option<OffsetDateTime>,
}

impl From<Row> for Model {
    fn from(row: Row) -> Self {
        Self {
            id: ModelId(row.model_id),
            name: row.name,
            maker: row.maker,
            country: row.country,
            licence: row.licence,
            base_model: row.base_model,
            architecture: row.architecture,
            parameter_count: row.parameter_count,
            quantization: row.quantization,
            context_tokens: row.context_tokens,
            file_path: PathBuf::from(row.file_path),
            file_size_bytes: row.file_size_bytes,
            file_modified_at: row.file_modified_at,
            file_sha256: row.file_sha256,
            chat_template: row.chat_template,
            template_source: row.template_source,
            weight: u32::try_from(row.weight).unwrap_or(0),
            retired_at: row.retired_at,
            // A word of a later version keeps the model out as well.
            quarantine: row.reason.zip(row.began_at).map(|(word, began_at)| Quarantine {
                reason: Fault::parse(&word).unwrap_or(Fault::Died),
                began_at,
            }),
        }
    }
}

/// All models, retired ones too, by name.
pub async fn list_all(db: &mut PgConnection) -> sqlx::Result<Vec<Model>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select m.model_id, name, maker, country, licence, base_model, architecture,
                parameter_count, quantization, context_tokens, file_path, file_size_bytes,
                file_modified_at, file_sha256, chat_template, template_source, weight, retired_at,
                q.reason as "reason?", q.began_at as "began_at?"
         from models m
         left join quarantines q on q.model_id = m.model_id and q.released_at is null
         order by name"#
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Model::from).collect())
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
    Ok(list_all(db).await?.into_iter().find(|model| model.file_sha256 == sha256))
}

pub(super) async fn insert(db: &mut PgConnection, model: &Model) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into models (model_id, name, maker, country, licence, base_model, architecture,
             parameter_count, quantization, context_tokens, file_path, file_size_bytes,
             file_modified_at, file_sha256, chat_template, template_source, weight)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        model.id.0,
        model.name,
        model.maker,
        model.country,
        model.licence,
        model.base_model,
        model.architecture,
        model.parameter_count,
        model.quantization,
        model.context_tokens,
        &*model.file_path.to_string_lossy(),
        model.file_size_bytes,
        model.file_modified_at,
        model.file_sha256,
        model.chat_template,
        model.template_source,
        i32::try_from(model.weight).unwrap_or(i32::MAX),
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
