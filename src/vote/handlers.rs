//! HTTP of votes.

use actix_session::Session;
use actix_web::http::header::{self, ContentType};
use actix_web::web::{Data, Form, Path};
use actix_web::{HttpRequest, HttpResponse, web};
use arena_core::ids::BattleId;
use arena_core::verdict::Verdict;
use serde::Deserialize;
use sqlx::PgPool;

use super::VoteError;
use crate::account::Gate;
use crate::account::handlers::network;
use crate::battle;
use crate::battle::handlers::known_voter;
use crate::journal::Journal;
use crate::journal::receipt::Receipt;
use crate::kit::http::HttpError;
use crate::kit::undisturbed::undisturbed;

impl From<VoteError> for HttpError {
    fn from(error: VoteError) -> Self {
        match error {
            VoteError::UnknownBattle(_) => HttpError::not_found(),
            VoteError::StillAnswering | VoteError::AlreadyDecided | VoteError::Closed => {
                HttpError::conflict(error.to_string())
            }
            VoteError::Journal(error) => error.into(),
            VoteError::Store(_) => HttpError::internal(error),
        }
    }
}

#[derive(Deserialize)]
struct Ballot {
    verdict: Verdict,
}

async fn cast(
    (db, journal, gate): (Data<PgPool>, Data<Journal>, Data<Gate>),
    session: Session,
    (request, id): (HttpRequest, Path<BattleId>),
    ballot: Form<Ballot>,
) -> Result<HttpResponse, HttpError> {
    let voter = known_voter(&session)?;
    let (id, verdict) = (*id, ballot.verdict);
    let back =
        move |error: HttpError| error.with_link(format!("/battles/{id}"), "Back to the battle");
    let admitted = gate.admit_vote(&db, voter, network(&gate, &request)).await;
    admitted.map_err(|refused| back(refused.into()))?;
    let way_on = |error| match error {
        VoteError::UnknownBattle(_) => HttpError::not_found(),
        error => back(error.into()),
    };
    let cast =
        undisturbed(async move { super::cast(&db, &journal, voter, id, verdict).await }).await;
    let receipt = cast.map_err(way_on)?;
    Ok(reply(&request, id, receipt.as_ref()))
}

/// The receipt is in the reply itself: as JSON where that is asked for, else as the body of the redirection.
fn reply(request: &HttpRequest, id: BattleId, receipt: Option<&Receipt>) -> HttpResponse {
    let accepts = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let address = format!("/battles/{id}#reveal");
    if accepts.is_some_and(|accepts| accepts.starts_with("application/json")) {
        return HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(receipt);
    }
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, address))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(ContentType::plaintext())
        .body(receipt.map(|receipt| receipt.receipt.clone()).unwrap_or_default())
}

/// The receipt once more, for whoever lost the reply.
async fn receipt(
    db: Data<PgPool>,
    journal: Data<Journal>,
    session: Session,
    id: Path<BattleId>,
) -> Result<HttpResponse, HttpError> {
    let voter = known_voter(&session)?;
    let mut db = db.acquire().await.map_err(HttpError::internal)?;
    battle::find(&mut db, voter, *id).await?;
    let receipt = super::receipt(&mut db, &journal, *id).await?;
    let receipt = receipt.ok_or_else(HttpError::not_found)?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(receipt))
}

/// `POST /battles/{id}/vote`, `GET /battles/{id}/receipt`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/battles/{id}/vote", web::post().to(cast))
        .route("/battles/{id}/receipt", web::get().to(receipt));
}
