//! HTTP of exports.

use actix_web::http::header;
use actix_web::web::{Data, Query};
use actix_web::{HttpResponse, web};
use sqlx::PgPool;

use super::ExportError;
use crate::journal::Journal;
use crate::kit::http::HttpError;
use crate::leaderboard::handlers::Part;
use crate::ranking::Boards;

impl From<ExportError> for HttpError {
    fn from(error: ExportError) -> Self {
        HttpError::internal(error)
    }
}

fn file(media_type: &str, name: &str, body: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}\"")))
        .body(body)
}

async fn votes_csv(db: Data<PgPool>) -> Result<HttpResponse, HttpError> {
    Ok(file("text/csv; charset=utf-8", "votes.csv", super::votes_csv(&db).await?))
}

async fn leaderboard_csv(
    boards: Data<Boards>,
    part: Query<Part>,
) -> Result<HttpResponse, HttpError> {
    let body = match part.find(&boards).await? {
        Some(slice) => super::leaderboard_csv(&slice.view())?,
        None => super::leaderboard_csv(&boards.current().view())?,
    };
    Ok(file("text/csv; charset=utf-8", "leaderboard.csv", body))
}

async fn leaderboard_json(
    boards: Data<Boards>,
    part: Query<Part>,
) -> Result<HttpResponse, HttpError> {
    let body = match part.find(&boards).await? {
        Some(slice) => super::leaderboard_json(&slice.view())?,
        None => super::leaderboard_json(&boards.current().view())?,
    };
    Ok(file("application/json", "leaderboard.json", body))
}

async fn record(db: Data<PgPool>, journal: Data<Journal>) -> Result<HttpResponse, HttpError> {
    let archive = super::archive::archive(db.get_ref().clone(), &journal).await;
    let archive = archive.map_err(HttpError::internal)?;
    let archive = archive.ok_or_else(|| {
        HttpError::unavailable("the log has no checkpoint yet; the first comes within seconds", 10)
    })?;
    Ok(HttpResponse::Ok()
        .content_type("application/x-tar")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"export.tar\""))
        .streaming(archive))
}

/// `/log/export.tar`, `/votes.csv`, `/leaderboard.csv`, `/leaderboard.json`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/log/export.tar", web::get().to(record))
        .route("/votes.csv", web::get().to(votes_csv))
        .route("/leaderboard.csv", web::get().to(leaderboard_csv))
        .route("/leaderboard.json", web::get().to(leaderboard_json));
}
