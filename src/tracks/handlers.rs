//! HTTP of tracks.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, web};
use serde::Serialize;
use sqlx::PgPool;

use super::{TrackBoard, TrackError, Tracks, pages, queries};
use crate::config::Site;
use crate::kit::http::HttpError;

impl From<TrackError> for HttpError {
    fn from(error: TrackError) -> Self {
        HttpError::internal(error)
    }
}

async fn list(site: Data<Site>, db: Data<PgPool>) -> Result<HttpResponse, HttpError> {
    let mut db = db.acquire().await.map_err(HttpError::internal)?;
    let tracks = queries::list(&mut db).await.map_err(HttpError::internal)?;
    pages::list(&site, tracks)
}

async fn show(
    site: Data<Site>,
    db: Data<PgPool>,
    tracks: Data<Tracks>,
    slug: Path<String>,
) -> Result<HttpResponse, HttpError> {
    let found = tracks.board(&db, &slug).await?.ok_or_else(missing)?;
    pages::show(&site, &found)
}

async fn csv(
    db: Data<PgPool>,
    tracks: Data<Tracks>,
    slug: Path<String>,
) -> Result<HttpResponse, HttpError> {
    let found = tracks.board(&db, &slug).await?.ok_or_else(missing)?;
    let body = board_csv(&found).map_err(HttpError::internal)?;
    Ok(HttpResponse::Ok().content_type("text/csv; charset=utf-8").body(body))
}

fn missing() -> HttpError {
    HttpError::not_found().with_link("/tracks", "All tracks")
}

#[derive(Serialize)]
struct Line<'a> {
    rank: Option<usize>,
    rank_low: Option<usize>,
    rank_high: Option<usize>,
    model: &'a str,
    rating: Option<f64>,
    ci_low: Option<f64>,
    ci_high: Option<f64>,
    votes: u64,
    wins: u64,
    losses: u64,
    ties: u64,
    both_bad: u64,
    status: &'a str,
}

/// The columns of `doubleblind rank`.
fn board_csv(found: &TrackBoard) -> Result<Vec<u8>, csv::Error> {
    let rounded = |value: f64| (value * 100.0).round() / 100.0;
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in pages::in_order(found) {
        writer.serialize(Line {
            rank: row.rank.map(|rank| rank.rank),
            rank_low: row.rank.map(|rank| rank.best),
            rank_high: row.rank.map(|rank| rank.worst),
            model: found.track.models.get(row.model).map_or("", String::as_str),
            rating: row.rating.map(|it| rounded(it.rating)),
            ci_low: row.rating.map(|it| rounded(it.low)),
            ci_high: row.rating.map(|it| rounded(it.high)),
            votes: row.votes,
            wins: row.wins,
            losses: row.losses,
            ties: row.ties,
            both_bad: row.both_bad,
            status: row.status.as_str(),
        })?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// `/tracks`, `/tracks/{slug}`, `/tracks/{slug}/leaderboard.csv`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .app_data(Data::new(Tracks::default()))
        .route("/tracks", web::get().to(list))
        .route("/tracks/{slug}", web::get().to(show))
        .route("/tracks/{slug}/leaderboard.csv", web::get().to(csv));
}
