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
        HttpError::unavailable("the report is not computed yet; try again in a minute", 60)
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

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::{App, test};
    use tokio::sync::watch;

    use super::*;
    use crate::kit::whereabouts::Whereabouts;
    use crate::report::sample;

    /// Status, content type and body of an address.
    async fn get(current: Current, address: &str) -> (StatusCode, String, Vec<u8>) {
        let site = Site {
            name: "Test".to_owned(),
            assets: "0".to_owned(),
            whereabouts: Whereabouts::default(),
        };
        let app = App::new().app_data(Data::new(site)).app_data(Data::new(current));
        let app = test::init_service(app.configure(routes)).await;
        let request = test::TestRequest::get().uri(address).to_request();
        let response = test::call_service(&app, request).await;
        let kind = response.headers().get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap());
        let (status, kind) = (response.status(), kind.unwrap_or_default().to_owned());
        (status, kind, test::read_body(response).await.to_vec())
    }

    fn present() -> Current {
        Current(watch::channel(Some(Arc::new(sample::report()))).1)
    }

    #[actix_web::test]
    async fn the_page_and_its_files_are_at_their_addresses() {
        let report = sample::report();

        let (status, kind, page) = get(present(), "/report").await;
        assert_eq!((status, kind.as_str()), (StatusCode::OK, "text/html; charset=utf-8"));
        assert!(String::from_utf8(page).unwrap().contains(&report.title));
        let (_, kind, json) = get(present(), "/report.json").await;
        assert_eq!((kind.as_str(), json), ("application/json", files::json(&report).unwrap()));
        for figure in report.figures() {
            let (_, kind, csv) = get(present(), &format!("/report/{}.csv", figure.id)).await;
            assert_eq!(kind, "text/csv; charset=utf-8");
            assert_eq!(csv, files::csv(figure).unwrap());
            let (status, _, spec) = get(present(), &format!("/report/{}.vl.json", figure.id)).await;
            match files::spec(figure).unwrap() {
                Some(expected) => assert_eq!((status, spec), (StatusCode::OK, expected)),
                None => assert_eq!(status, StatusCode::NOT_FOUND),
            }
        }
    }

    #[actix_web::test]
    async fn a_figure_that_is_not_there_is_not_found() {
        for address in ["/report/nothing.csv", "/report/nothing.vl.json", "/report/board.xlsx"] {
            assert_eq!(get(present(), address).await.0, StatusCode::NOT_FOUND, "{address}");
        }
    }

    #[actix_web::test]
    async fn before_the_first_report_every_address_says_to_come_back() {
        for address in ["/report", "/report.json", "/report/board.csv", "/report/board.vl.json"] {
            let (status, _, body) = get(Current::none(), address).await;
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{address}");
            assert!(String::from_utf8(body).unwrap().contains("not computed yet"));
        }
    }
}
