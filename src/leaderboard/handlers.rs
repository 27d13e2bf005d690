//! HTTP of the public pages.

use actix_session::Session;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpResponse, web};
use arena_core::ids::BattleId;
use sqlx::PgPool;

use super::pages::{self, Filter};
use super::reveal;
use crate::battle::handlers::known_voter;
use crate::battle::{self, Ring, State, sets};
use crate::config::Site;
use crate::kit::http::HttpError;
use crate::pool;
use crate::ranking::Boards;

async fn landing(
    site: Data<Site>,
    ring: Data<Ring>,
    boards: Data<Boards>,
) -> Result<HttpResponse, HttpError> {
    let mut db = ring.db.acquire().await.map_err(HttpError::internal)?;
    let sets = sets::queries::list(&mut db).await.map_err(HttpError::internal)?;
    pages::landing(&site, &boards.current(), sets, ring.engines.ready().len())
}

async fn leaderboard(
    site: Data<Site>,
    boards: Data<Boards>,
    filter: Query<Filter>,
) -> Result<HttpResponse, HttpError> {
    pages::leaderboard(&site, &boards.current(), &filter)
}

async fn method(
    site: Data<Site>,
    ring: Data<Ring>,
    boards: Data<Boards>,
) -> Result<HttpResponse, HttpError> {
    pages::method(&site, &ring.answering, &boards.current())
}

/// The one address of a battle: before the vote the blind page, after it who was who.
async fn battle(
    site: Data<Site>,
    ring: Data<Ring>,
    boards: Data<Boards>,
    session: Session,
    id: Path<BattleId>,
) -> Result<HttpResponse, HttpError> {
    let voter = known_voter(&session)?;
    let peek = ring.hub.peek(*id);
    let mut db = ring.db.acquire().await.map_err(HttpError::internal)?;
    let battle = battle::find(&mut db, voter, *id).await?;
    let question = match battle.question {
        Some(question) => {
            sets::queries::find_question(&mut db, question).await.map_err(HttpError::internal)?
        }
        None => None,
    };
    if battle.state == State::Voted {
        let verdict = crate::vote::queries::find_verdict(&mut db, *id)
            .await
            .map_err(HttpError::internal)?
            .ok_or_else(HttpError::not_found)?;
        let models = pool::queries::list_all(&mut db).await.map_err(HttpError::internal)?;
        let set = question.as_ref().map(|(set, _)| set.as_str());
        return reveal::show(&site, &boards.current(), &models, &battle, verdict, set);
    }
    battle::pages::show(&site, &peek, &battle, question.as_ref())
}

/// A sign of life for whoever watches the process: the database answers.
async fn health(db: Data<PgPool>) -> Result<HttpResponse, HttpError> {
    let mut db = db.acquire().await.map_err(HttpError::internal)?;
    crate::vote::queries::count(&mut db).await.map_err(HttpError::internal)?;
    Ok(HttpResponse::Ok().content_type("text/plain").body("ok\n"))
}

/// `/`, `/battles/{id}`, `/leaderboard`, `/method`, `/health`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/", web::get().to(landing))
        .route("/battles/{id}", web::get().to(battle))
        .route("/leaderboard", web::get().to(leaderboard))
        .route("/method", web::get().to(method))
        .route("/health", web::get().to(health));
}
