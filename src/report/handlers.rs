//! HTTP of the report: the page, and the files behind it.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, web};

use super::Current;
use super::document::{Figure, Report};
use super::files::{self, FilesError};
use super::pages;
use crate::config::Site;
use crate::kit::http::HttpError;

impl From<FilesError> for HttpError {
    fn from(error: FilesError) -> Self {
        HttpError::internal(error)
    }
}

fn present(current: &Current) -> Result<Arc<Report>, HttpError> {
    current.get().ok_or_else(|| {
        HttpError::unavailable("the report is not computed yet; try again in a minute")
            .with_link("/leaderboard", "See the leaderboard meanwhile")
    })
}

fn file(media_type: &str, name: &str, body: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}\"")))
        .body(body)
}

async fn report(site: Data<Site>, current: Data<Current>) -> Result<HttpResponse, HttpError> {
    pages::site(&site, &*present(&current)?)
}

async fn json(current: Data<Current>) -> Result<HttpResponse, HttpError> {
    Ok(file("application/json", "report.json", files::json(&*present(&current)?)?))
}

fn figure<'a>(report: &'a Report, id: &str) -> Result<&'a Figure, HttpError> {
    report.figures().find(|figure| figure.id == id).ok_or_else(HttpError::not_found)
}

async fn csv(current: Data<Current>, id: Path<String>) -> Result<HttpResponse, HttpError> {
    let report = present(&current)?;
    let figure = figure(&report, &id)?;
    Ok(file("text/csv; charset=utf-8", &format!("{}.csv", figure.id), files::csv(figure)?))
}

async fn spec(current: Data<Current>, id: Path<String>) -> Result<HttpResponse, HttpError> {
    let report = present(&current)?;
    let figure = figure(&report, &id)?;
    let body = files::spec(figure)?.ok_or_else(HttpError::not_found)?;
    Ok(file("application/json", &format!("{}.vl.json", figure.id), body))
}

/// `/report`, `/report.json`, `/report/{figure}.csv`, `/report/{figure}.vl.json`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/report", web::get().to(report))
        .route("/report.json", web::get().to(json))
        .route("/report/{figure}.csv", web::get().to(csv))
        .route("/report/{figure}.vl.json", web::get().to(spec));
}
