//! What every response has in common: errors, security headers, protection of state-changing requests.

mod door;
mod guard;
mod problem;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use askama::Template;

pub use door::{Door, DoorError, only_through};
pub use guard::{head_as_get, headers, same_origin};
pub use problem::{HttpError, show_as_page};

/// A page as a response.
///
/// `no-store`: a page shows what one voter may see at one moment, so nothing between may keep it.
pub fn page(template: &impl Template) -> Result<HttpResponse, HttpError> {
    page_with(StatusCode::OK, template)
}

/// A form shown again with what was wrong in it; nothing was changed.
pub fn form_again(template: &impl Template) -> Result<HttpResponse, HttpError> {
    page_with(StatusCode::UNPROCESSABLE_ENTITY, template)
}

fn page_with(status: StatusCode, template: &impl Template) -> Result<HttpResponse, HttpError> {
    let body = template.render().map_err(HttpError::internal)?;
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(body))
}

/// `303 See Other`: the answer to every form.
pub fn see_other(address: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, address))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}
