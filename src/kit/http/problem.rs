//! Errors over HTTP: problem+json (RFC 9457) for programs, a page for people, one shape for both sides.

use std::error::Error;
use std::fmt;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;

use crate::kit::wording;

/// An error as a visitor sees it.
#[derive(Debug)]
pub struct HttpError {
    status: StatusCode,
    message: String,
    link: Option<(String, String)>,
    retry_after_seconds: Option<u32>,
}

impl HttpError {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), link: None, retry_after_seconds: None }
    }

    /// 400: what was sent cannot be used.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 403: not from here.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    /// 404, in one wording for what is missing, foreign or expired.
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "there is nothing at this address, or it is not yours to see",
        )
    }

    /// 409: it was decided before.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    /// 429: it was done too often; try again after so many seconds.
    pub fn too_many(message: impl Into<String>, seconds: u64) -> Self {
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, message);
        Self { retry_after_seconds: Some(u32::try_from(seconds).unwrap_or(u32::MAX)), ..error }
    }

    /// 503: try again after so many seconds.
    pub fn unavailable(message: impl Into<String>, seconds: u32) -> Self {
        let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, message);
        Self { retry_after_seconds: Some(seconds), ..error }
    }

    /// 500: the cause goes to the log under a reference number that the visitor sees. A database that is away or has
    /// no room is 503 and says so.
    pub fn internal(cause: impl Error + 'static) -> Self {
        let reference = hex::encode(rand::random::<[u8; 4]>());
        let (mut chain, mut store) = (cause.to_string(), None);
        let mut next: Option<&(dyn Error + 'static)> = Some(&cause);
        while let Some(cause) = next {
            store = store.or_else(|| cause.downcast_ref::<sqlx::Error>());
            next = cause.source();
            if let Some(source) = next {
                chain = format!("{chain}: {source}");
            }
        }
        tracing::error!(reference, "request failed: {chain}");
        if let Some((message, seconds)) = store.and_then(passing) {
            return Self::unavailable(message, seconds);
        }
        let message = format!(
            "something went wrong on our side; nothing you sent before this was lost. Try again, and \
             tell the operator the reference {reference} if it happens twice"
        );
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    }

    /// Adds the way on: where to and in which words.
    pub fn with_link(mut self, address: impl Into<String>, words: impl Into<String>) -> Self {
        self.link = Some((address.into(), words.into()));
        self
    }

    fn title(&self) -> &'static str {
        match self.status {
            StatusCode::BAD_REQUEST => "That cannot be used",
            StatusCode::FORBIDDEN => "Not from here",
            StatusCode::NOT_FOUND => "Not found",
            StatusCode::CONFLICT => "Not possible now",
            StatusCode::TOO_MANY_REQUESTS => "That is all for now",
            StatusCode::SERVICE_UNAVAILABLE => "Not at the moment",
            _ => "Something went wrong",
        }
    }
}

/// What a visitor should know of a failure of the database that passes, and after how many seconds to try again.
fn passing(error: &sqlx::Error) -> Option<(&'static str, u32)> {
    let code = match error {
        sqlx::Error::Database(refusal) => refusal.code().unwrap_or_default().into_owned(),
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => "57P03".into(),
        _ => return None,
    };
    match code.as_str() {
        // disk_full
        "53100" => Some((
            "the arena's disk is full, so this was not recorded; what was recorded before is kept. The operator has \
             to make room: please try again later",
            60,
        )),
        // admin_shutdown, crash_shutdown, cannot_connect_now
        "57P01" | "57P02" | "57P03" => Some((
            "the arena's database does not answer at the moment. Send this again in a moment: a vote that was \
             recorded already is not recorded twice",
            5,
        )),
        _ => None,
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl ResponseError for HttpError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let body = serde_json::json!({
            "type": "about:blank",
            "title": self.title(),
            "status": self.status.as_u16(),
            "detail": self.message,
        });
        let mut response = HttpResponse::build(self.status);
        if let Some(seconds) = self.retry_after_seconds {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        response
            .content_type("application/problem+json")
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .body(body.to_string())
    }
}

#[derive(Template)]
#[template(path = "kit/error.html")]
struct ErrorPage<'a> {
    site: &'a crate::config::Site,
    title: &'a str,
    message: &'a str,
    link: Option<&'a (String, String)>,
}

/// Turns errors into pages for visitors whose browser asks for HTML.
pub async fn show_as_page(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let wants_page = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let site = request.app_data::<actix_web::web::Data<crate::config::Site>>().cloned();
    let response = next.call(request).await?.map_into_boxed_body();
    let page = match (wants_page, site, response.response().error()) {
        (true, Some(site), Some(error)) => render(&site, error),
        _ => None,
    };
    Ok(match page {
        None => response,
        Some(body) => {
            let status = response.status();
            let mut shown = HttpResponse::build(status);
            if let Some(seconds) = response.headers().get(header::RETRY_AFTER) {
                shown.insert_header((header::RETRY_AFTER, seconds));
            }
            shown
                .content_type("text/html; charset=utf-8")
                .insert_header((header::CACHE_CONTROL, "no-store"));
            response.into_response(shown.body(body))
        }
    })
}

fn render(site: &crate::config::Site, error: &actix_web::Error) -> Option<String> {
    let own = error.as_error::<HttpError>();
    let message =
        own.map_or_else(|| "the request could not be read".to_owned(), ToString::to_string);
    ErrorPage {
        site,
        title: own.map_or("That cannot be used", HttpError::title),
        message: &wording::sentence(&message),
        link: own.and_then(|own| own.link.as_ref()),
    }
    .render()
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("recording the vote failed")]
    struct Failed(#[source] sqlx::Error);

    #[test]
    fn a_database_that_is_away_is_told_from_a_fault() {
        let away = HttpError::internal(Failed(sqlx::Error::PoolTimedOut));
        let fault = HttpError::internal(Failed(sqlx::Error::RowNotFound));

        assert_eq!((away.status.as_u16(), away.retry_after_seconds), (503, Some(5)));
        assert!(away.to_string().contains("does not answer at the moment"), "{away}");
        assert_eq!(fault.status.as_u16(), 500);
        assert!(fault.to_string().contains("the reference"), "{fault}");
    }
}
