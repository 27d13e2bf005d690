//! Static files, embedded in the binary so that the arena needs no other host and no folder beside it.

use actix_web::HttpResponse;
use actix_web::http::header;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

#[derive(RustEmbed)]
#[folder = "static"]
struct Static;

/// One static file; its address carries a version, so browsers may keep it for a year.
pub fn serve(path: &str) -> HttpResponse {
    match Static::get(path) {
        None => HttpResponse::NotFound().finish(),
        Some(file) => HttpResponse::Ok()
            .content_type(mime_guess::from_path(path).first_or_octet_stream().as_ref())
            .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
            .body(file.data.into_owned()),
    }
}

/// One static file as text, for a page that carries it inside.
pub fn text(path: &str) -> Option<String> {
    let file = Static::get(path)?;
    String::from_utf8(file.data.into_owned()).ok()
}

/// A short digest of all static files: it changes when any of them does.
pub fn version() -> String {
    let mut digest = Sha256::new();
    let mut names: Vec<_> = Static::iter().collect();
    names.sort();
    for name in names {
        digest.update(name.as_bytes());
        if let Some(file) = Static::get(&name) {
            digest.update(&file.data);
        }
    }
    hex::encode(&digest.finalize()[..6])
}
