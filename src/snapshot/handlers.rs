//! HTTP of snapshots, and of the page that says what is proved.

use actix_web::http::header::{self, ContentType};
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use arena_core::journal::board::Document;
use sqlx::PgPool;

use super::pages::{self, Facts};
use super::queries::{self, Stored};
use super::{Reader, SnapshotError};
use crate::config::Site;
use crate::journal::{self, Journal};
use crate::kit::http::HttpError;
use crate::pool::{self, rules};
use crate::vote::exclusion;

const FOR_EVER: &str = "public, max-age=31536000, immutable";

impl From<SnapshotError> for HttpError {
    fn from(error: SnapshotError) -> Self {
        match error {
            SnapshotError::Journal(error) => error.into(),
            error => HttpError::internal(error),
        }
    }
}

async fn list(site: Data<Site>, db: Data<PgPool>) -> Result<HttpResponse, HttpError> {
    let mut db = db.acquire().await.map_err(HttpError::internal)?;
    let snapshots = queries::list(&mut db).await.map_err(HttpError::internal)?;
    pages::list(&site, &snapshots)
}

/// `<digest>` is the page, `<digest>.json`, `.csv` and `.cfg.json` are its files.
async fn one(
    site: Data<Site>,
    db: Data<PgPool>,
    journal: Data<Journal>,
    request: HttpRequest,
    name: Path<String>,
) -> Result<HttpResponse, HttpError> {
    let (digest, kind) = name.split_once('.').map_or((name.as_str(), ""), |parts| parts);
    let mut db = db.acquire().await.map_err(HttpError::internal)?;
    let found = queries::find(&mut db, digest).await.map_err(HttpError::internal)?;
    let found = found.ok_or_else(HttpError::not_found)?;
    match kind {
        "json" => return Ok(file("application/json", found.body)),
        "cfg.json" => return Ok(file("application/json", found.settings)),
        "csv" => {
            let body = pages::csv(&read(&found)?).map_err(HttpError::internal)?;
            return Ok(file("text/csv; charset=utf-8", body));
        }
        "" => {}
        _ => return Err(HttpError::not_found()),
    }
    let before = queries::find_before(&mut db, &found.settings, found.leaf_index).await;
    let before = before.map_err(HttpError::internal)?;
    let connection = request.connection_info().clone();
    let address = format!("{}://{}/snapshots/{digest}", connection.scheme(), connection.host());
    pages::one(&site, journal.origin(), &address, (&found, &read(&found)?), before.as_ref())
}

fn read(stored: &Stored) -> Result<Document, HttpError> {
    Document::parse(&stored.body).ok_or_else(HttpError::not_found)
}

fn file(kind: &'static str, body: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header((header::CACHE_CONTROL, FOR_EVER))
        .body(body)
}

/// A policy file by its digest, as published.
async fn policy(db: Data<PgPool>, sha256: Path<String>) -> Result<HttpResponse, HttpError> {
    let mut db = db.acquire().await.map_err(HttpError::internal)?;
    let found = rules::queries::find_policy(&mut db, &sha256).await.map_err(HttpError::internal)?;
    let body = found.ok_or_else(HttpError::not_found)?;
    Ok(HttpResponse::Ok()
        .insert_header(ContentType::json())
        .insert_header((header::CACHE_CONTROL, FOR_EVER))
        .body(body))
}

async fn transparency(
    site: Data<Site>,
    db: Data<PgPool>,
    (journal, reader): (Data<Journal>, Data<Reader>),
) -> Result<HttpResponse, HttpError> {
    let pool = db;
    let mut db = pool.acquire().await.map_err(HttpError::internal)?;
    let exclusions = exclusion::queries::list(&mut db).await.map_err(HttpError::internal)?;
    let boards = match exclusions.is_empty() {
        true => None,
        false => Some(reader.boards_lately(&pool).await?),
    };
    let models = pool::queries::list_all(&mut db).await.map_err(HttpError::internal)?;
    let policy = rules::queries::find_in_force(&mut db).await.map_err(HttpError::internal)?;
    let facts = Facts {
        origin: journal.origin(),
        head: journal.head(&mut db).await?,
        sums: exclusion::queries::find_sums(&mut db).await.map_err(HttpError::internal)?,
        exclusions,
        inclusions: exclusion::queries::count_inclusions(&mut db)
            .await
            .map_err(HttpError::internal)?,
        days: journal::queries::list_days(&mut db).await.map_err(HttpError::internal)?,
        policy,
        models,
        boards,
    };
    pages::transparency(&site, facts)
}

/// `/snapshots` and its files, `/transparency`, and policy files below `/log/policy`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/snapshots", web::get().to(list))
        .route("/snapshots/{name}", web::get().to(one))
        .route("/log/policy/{sha256}", web::get().to(policy))
        .route("/transparency", web::get().to(transparency));
}
