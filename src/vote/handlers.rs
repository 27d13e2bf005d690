//! HTTP of votes.

use actix_session::Session;
use actix_web::web::{Data, Form, Path};
use actix_web::{HttpRequest, HttpResponse, web};
use arena_core::ids::BattleId;
use arena_core::verdict::Verdict;
use serde::Deserialize;
use sqlx::PgPool;

use super::VoteError;
use crate::account::Gate;
use crate::account::handlers::network;
use crate::battle::handlers::known_voter;
use crate::kit::http::{HttpError, see_other};

impl From<VoteError> for HttpError {
    fn from(error: VoteError) -> Self {
        match error {
            VoteError::UnknownBattle(_) => HttpError::not_found(),
            VoteError::StillAnswering | VoteError::AlreadyDecided | VoteError::Closed => {
                HttpError::conflict(error.to_string())
            }
            VoteError::Store(_) => HttpError::internal(error),
        }
    }
}

#[derive(Deserialize)]
struct Ballot {
    verdict: Verdict,
}

async fn cast(
    (db, gate): (Data<PgPool>, Data<Gate>),
    session: Session,
    request: HttpRequest,
    id: Path<BattleId>,
    ballot: Form<Ballot>,
) -> Result<HttpResponse, HttpError> {
    let voter = known_voter(&session)?;
    let back = |error: HttpError| error.with_link(format!("/battles/{id}"), "Back to the battle");
    let admitted = gate.admit_vote(&db, voter, network(&gate, &request)).await;
    admitted.map_err(|refused| back(refused.into()))?;
    let way_on = |error| match error {
        VoteError::UnknownBattle(_) => HttpError::not_found(),
        error => back(error.into()),
    };
    super::cast(&db, voter, *id, ballot.verdict).await.map_err(way_on)?;
    Ok(see_other(&format!("/battles/{id}#reveal")))
}

/// `POST /battles/{id}/vote`.
pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/battles/{id}/vote", web::post().to(cast));
}
