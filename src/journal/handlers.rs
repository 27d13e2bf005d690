//! HTTP of the log: checkpoint, tiles, entries and proofs as C2SP tlog-tiles has them, the whole log as one
//! file, and the pages that explain it.

use actix_web::HttpResponse;
use actix_web::http::header::{self, ContentType};
use actix_web::web::{self, Data, Form, Path};
use arena_core::journal::proof::Proof;
use serde::Deserialize;
use sqlx::{PgConnection, PgPool};

use super::lines::lines;
use super::{GROUP, Journal, JournalError, index, pages, queries, tree};
use crate::config::Site;
use crate::kit::http::HttpError;

/// What never changes may be kept for a year.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// What changes with every checkpoint.
const FOR_SECONDS: &str = "public, max-age=5";
/// A leaf is under a checkpoint after about so many seconds.
const CHECKPOINT_SECONDS: u32 = 10;

impl From<JournalError> for HttpError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::RolledBack(why) => HttpError::unavailable(why, 3600),
            error => HttpError::internal(error),
        }
    }
}

fn text(body: String, cache: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(ContentType::plaintext())
        .insert_header((header::CACHE_CONTROL, cache))
        .body(body)
}

fn binary(body: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(ContentType::octet_stream())
        .insert_header((header::CACHE_CONTROL, FOR_EVER))
        .body(body)
}

async fn checkpoint(db: Data<PgPool>) -> Result<HttpResponse, HttpError> {
    let mut db = db.acquire().await.map_err(HttpError::internal)?;
    let found = queries::find_checkpoint(&mut db).await.map_err(HttpError::internal)?;
    let (_, note, _) = found.ok_or_else(|| {
        HttpError::unavailable("the log has no checkpoint yet", CHECKPOINT_SECONDS)
    })?;
    Ok(text(note, FOR_SECONDS))
}

async fn vkey(journal: Data<Journal>) -> HttpResponse {
    text(format!("{}\n", journal.verifier()), FOR_SECONDS)
}

/// A tile's number and width in the path: `x001/x234/067` and, if it is not full, `.p/12`.
fn parse_tile(path: &str) -> Option<(u64, u64)> {
    let (number, width) = match path.split_once(".p/") {
        Some((number, width)) => (number, width.parse().ok().filter(|w| (1..GROUP).contains(w))?),
        None => (path, GROUP),
    };
    let mut parts: Vec<&str> = number.split('/').collect();
    let last = parts.pop()?;
    let mut value = 0_u64;
    let digits = parts.iter().map(|part| part.strip_prefix('x')).chain([Some(last)]);
    for part in digits {
        let part =
            part.filter(|part| part.len() == 3 && part.bytes().all(|b| b.is_ascii_digit()))?;
        value = value.checked_mul(1000)?.checked_add(part.parse().ok()?)?;
    }
    // The first group of a long number is not zero.
    let redundant = number.starts_with("x000/");
    (!redundant && value < 1 << 40).then_some((value, width))
}

async fn tile(db: Data<PgPool>, path: Path<(String, String)>) -> Result<HttpResponse, HttpError> {
    let (level, place) = path.into_inner();
    let (number, width) = parse_tile(&place).ok_or_else(HttpError::not_found)?;
    let mut db = db.acquire().await.map_err(HttpError::internal)?;
    if level == "entries" {
        let from = index(number * GROUP)?;
        let to = index(number * GROUP + width)?;
        let bodies = queries::list_bodies(&mut db, from, to).await.map_err(HttpError::internal)?;
        if bodies.len() as u64 != width {
            return Err(HttpError::not_found());
        }
        let mut bundle = Vec::new();
        for body in bodies {
            bundle.extend_from_slice(&u16::try_from(body.len()).unwrap_or(0).to_be_bytes());
            bundle.extend_from_slice(&body);
        }
        return Ok(binary(bundle));
    }
    let level: u8 =
        level.parse().ok().filter(|level| *level < 8).ok_or_else(HttpError::not_found)?;
    let hashes = tree::tile(&mut db, level, number, width).await?;
    hashes.map(binary).ok_or_else(HttpError::not_found)
}

async fn text_of_proof(db: &mut PgConnection, place: u64) -> Result<String, HttpError> {
    let found = queries::find_checkpoint(db).await.map_err(HttpError::internal)?;
    let size = found.as_ref().map_or(0, |(size, ..)| u64::try_from(*size).unwrap_or(0));
    if place >= size {
        let head = queries::find_state(db).await.map_err(HttpError::internal)?;
        if i64::try_from(place).is_ok_and(|place| place < head.size) {
            return Err(HttpError::unavailable(
                "this leaf is in the log, and the next checkpoint, which comes within seconds, covers it",
                CHECKPOINT_SECONDS,
            ));
        }
        return Err(HttpError::not_found());
    }
    let path = tree::inclusion(db, place, size).await?.ok_or(JournalError::Damaged(place))?;
    let checkpoint = found.map(|(_, note, _)| note).unwrap_or_default();
    Ok(Proof { index: place, path, checkpoint }.to_string())
}

async fn leaf(db: &mut PgConnection, place: u64) -> Result<HttpResponse, HttpError> {
    let from = index(place)?;
    let bodies = queries::list_bodies(db, from, from.saturating_add(1)).await;
    let body = bodies.map_err(HttpError::internal)?.into_iter().next();
    let body = body.ok_or_else(HttpError::not_found)?;
    Ok(HttpResponse::Ok()
        .insert_header(ContentType::json())
        .insert_header((header::CACHE_CONTROL, FOR_EVER))
        .body(body))
}

/// The whole log up to the last checkpoint; compressed on the way where the client takes it.
async fn whole(db: Data<PgPool>) -> Result<HttpResponse, HttpError> {
    let found = {
        let mut db = db.acquire().await.map_err(HttpError::internal)?;
        queries::find_checkpoint(&mut db).await.map_err(HttpError::internal)?
    };
    let size = found.map_or(0, |(size, ..)| size);
    Ok(HttpResponse::Ok()
        .content_type("application/jsonl")
        .insert_header((header::CACHE_CONTROL, FOR_SECONDS))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"log.jsonl\""))
        .streaming(lines(db.get_ref().clone(), size)))
}

async fn log(
    site: Data<Site>,
    journal: Data<Journal>,
    db: Data<PgPool>,
) -> Result<HttpResponse, HttpError> {
    let mut db = db.acquire().await.map_err(HttpError::internal)?;
    let head = journal.head(&mut db).await?;
    let checkpoint = queries::find_checkpoint(&mut db).await.map_err(HttpError::internal)?;
    let latest = index(head.size.saturating_sub(20))?;
    let bodies =
        queries::list_bodies(&mut db, latest, i64::MAX).await.map_err(HttpError::internal)?;
    pages::log(&site, &journal, &head, checkpoint, &bodies)
}

async fn receipt_page(site: Data<Site>, journal: Data<Journal>) -> Result<HttpResponse, HttpError> {
    pages::receipt(&site, &journal, "", None)
}

#[derive(Deserialize)]
struct Pasted {
    receipt: String,
}

async fn check_receipt(
    site: Data<Site>,
    journal: Data<Journal>,
    db: Data<PgPool>,
    pasted: Form<Pasted>,
) -> Result<HttpResponse, HttpError> {
    let mut db = db.acquire().await.map_err(HttpError::internal)?;
    let checked = super::receipt::check(&mut db, &journal, &pasted.receipt).await?;
    pages::receipt(&site, &journal, &pasted.receipt, Some(&checked))
}

/// `17` is the leaf, `17.tlog-proof` the proof that it is in the log.
async fn leaf_or_proof(db: Data<PgPool>, name: Path<String>) -> Result<HttpResponse, HttpError> {
    let stem = name.strip_suffix(".tlog-proof");
    let digits = stem.unwrap_or(&name);
    let place = digits.parse::<u64>().ok().filter(|number| number.to_string() == *digits);
    let place = place.ok_or_else(HttpError::not_found)?;
    let mut db = db.acquire().await.map_err(HttpError::internal)?;
    if stem.is_none() {
        return leaf(&mut db, place).await;
    }
    Ok(text(text_of_proof(&mut db, place).await?, "no-store"))
}

/// Everything below `/log`, and `/receipt`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/log", web::get().to(log))
        .route("/log/checkpoint", web::get().to(checkpoint))
        .route("/log/vkey", web::get().to(vkey))
        .route("/log/log.jsonl", web::get().to(whole))
        .route("/log/tile/{level}/{place:.*}", web::get().to(tile))
        .route("/log/leaf/{name}", web::get().to(leaf_or_proof))
        .route("/receipt", web::get().to(receipt_page))
        .route("/receipt", web::post().to(check_receipt));
}

#[cfg(test)]
mod tests {
    use super::parse_tile;

    #[test]
    fn tiles_are_named_as_the_specification_has_it() {
        assert_eq!(parse_tile("000"), Some((0, 256)));
        assert_eq!(parse_tile("067.p/12"), Some((67, 12)));
        assert_eq!(parse_tile("x001/x234/067"), Some((1_234_067, 256)));
        for wrong in ["0", "67", "1000", "x000/067", "000.p/0", "000.p/256", "000.p/", "-01", ""] {
            assert_eq!(parse_tile(wrong), None, "{wrong}");
        }
    }
}
