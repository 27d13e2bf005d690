//! HTTP of tracks.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, web};
use sqlx::PgPool;

use super::{TrackBoard, TrackError, Tracks, pages, queries};
use crate::config::Site;
use crate::kit::http::HttpError;
use crate::ranking::line::{COLUMNS, Line};

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

/// The columns of `doubleblind rank`.
fn board_csv(found: &TrackBoard) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for (model, row) in found.in_order() {
        writer.serialize(Line::of(row, model))?;
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
