//! HTTP of the operator's page, on a server of its own.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, Data, Form, Query};
use actix_web::{App, HttpResponse, HttpServer};
use serde::Deserialize;

use super::{Desk, OperatorError, pages};
use crate::config::Site;
use crate::journal;
use crate::kit::assets;
use crate::kit::http::{
    Door, HttpError, head_as_get, headers, only_through, page, same_origin, see_other,
};
use crate::vote::exclusion::ExclusionError;

/// Largest form, in bytes.
const FORM_LIMIT_BYTES: usize = 16 << 10;

impl From<OperatorError> for HttpError {
    fn from(error: OperatorError) -> Self {
        match error {
            OperatorError::Unknown
            | OperatorError::Nothing
            | OperatorError::Unconfirmed
            | OperatorError::Exclusion(
                ExclusionError::NoVote(_)
                | ExclusionError::Excluded(_)
                | ExclusionError::NotExcluded(_)
                | ExclusionError::Rule,
            ) => HttpError::conflict(error.to_string()),
            OperatorError::Exclusion(ExclusionError::Journal(error)) => error.into(),
            _ => HttpError::internal(error),
        }
    }
}

/// Whether an error is shown above the page, which is as it was.
fn is_plain(error: &OperatorError) -> bool {
    !matches!(
        error,
        OperatorError::Store(_)
            | OperatorError::Broken(_)
            | OperatorError::Snapshot(_)
            | OperatorError::Exclusion(ExclusionError::Journal(_) | ExclusionError::Store(_))
    )
}

#[derive(Default, Deserialize)]
struct Done {
    excluded: Option<usize>,
    included: Option<usize>,
    published: Option<usize>,
}

async fn desk(
    site: Data<Site>,
    desk: Data<Desk>,
    done: Query<Done>,
) -> Result<HttpResponse, HttpError> {
    let said = match *done {
        Done { excluded: Some(votes), .. } => Some(pages::done("excluded", votes)),
        Done { included: Some(votes), .. } => Some(pages::done("included again", votes)),
        Done { published: Some(boards), .. } => Some(pages::published(boards)),
        Done { .. } => None,
    };
    page(&pages::show(&site, &*desk.examination().await?, &desk.excluded().await?, said, None))
}

/// The answer to a form: back to the page, which says what was done or what was wrong.
async fn answer(
    (site, desk): (&Site, &Desk),
    word: &str,
    decided: Result<usize, OperatorError>,
) -> Result<HttpResponse, HttpError> {
    match decided {
        Ok(votes) => Ok(see_other(&format!("/?{word}={votes}"))),
        Err(error) if is_plain(&error) => {
            let (made, excluded) = (desk.examination().await?, desk.excluded().await?);
            pages::again(site, &made, &excluded, &error.to_string())
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
struct Exclusion {
    group: String,
    rule: String,
    sure: Option<String>,
}

async fn exclude(
    site: Data<Site>,
    desk: Data<Desk>,
    form: Form<Exclusion>,
) -> Result<HttpResponse, HttpError> {
    let decided = match form.sure {
        Some(_) => desk.exclude(&form.group, &form.rule).await,
        None => Err(OperatorError::Unconfirmed),
    };
    answer((&site, &desk), "excluded", decided).await
}

#[derive(Deserialize)]
struct Inclusion {
    excluded_by: String,
    rule: String,
}

async fn include(
    site: Data<Site>,
    desk: Data<Desk>,
    form: Form<Inclusion>,
) -> Result<HttpResponse, HttpError> {
    let decided = desk.include(&form.excluded_by, &form.rule).await;
    answer((&site, &desk), "included", decided).await
}

async fn take_snapshot(site: Data<Site>, desk: Data<Desk>) -> Result<HttpResponse, HttpError> {
    answer((&site, &desk), "published", desk.take_snapshot().await).await
}

async fn static_file(path: web::Path<(String, String)>) -> HttpResponse {
    assets::serve(&path.1)
}

async fn missing() -> Result<HttpResponse, HttpError> {
    Err(HttpError::not_found())
}

/// Serves the operator's page on a socket that is already bound; the returned server must be awaited.
pub fn serve(desk: Desk, site: Site, door: Door, listener: TcpListener) -> std::io::Result<Server> {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(site.clone()))
            .app_data(Data::new(desk.db.clone()))
            .app_data(Data::new(desk.journal.clone()))
            .app_data(Data::new(desk.clone()))
            .app_data(Data::new(door.clone()))
            .app_data(web::FormConfig::default().limit(FORM_LIMIT_BYTES))
            .wrap(from_fn(same_origin))
            .wrap(from_fn(only_through))
            .wrap(Compress::default())
            .wrap(headers())
            .wrap(from_fn(head_as_get))
            .route("/static/{version}/{file:.*}", web::get().to(static_file))
            .configure(routes)
            // The links to leaves lead to this very server.
            .configure(journal::handlers::routes)
            .default_service(web::to(missing))
    });
    Ok(server
        .workers(1)
        .max_connections(32)
        .client_request_timeout(Duration::from_secs(5))
        .shutdown_timeout(1)
        .disable_signals()
        .listen(listener)?
        .run())
}

/// `GET /`, `POST /exclude`, `POST /include`, `POST /snapshot`: on this server only.
fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/", web::get().to(desk))
        .route("/exclude", web::post().to(exclude))
        .route("/include", web::post().to(include))
        .route("/snapshot", web::post().to(take_snapshot));
}
