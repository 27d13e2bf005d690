//! HTTP of the public pages.

use std::sync::Arc;

use actix_session::Session;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpResponse, web};
use arena_core::ids::BattleId;
use serde::Deserialize;
use sqlx::PgPool;

use super::pages::{self, Filter, leaks};
use super::reveal;
use crate::battle::handlers::known_voter;
use crate::battle::{self, Ring, State, sets};
use crate::config::Site;
use crate::journal::receipt;
use crate::kit::http::HttpError;
use crate::pool;
use crate::ranking::slices::{Slice, UnknownSlice};
use crate::ranking::{Boards, SliceBoard};
use crate::vote::exclusion;

async fn landing(
    site: Data<Site>,
    ring: Data<Ring>,
    boards: Data<Boards>,
) -> Result<HttpResponse, HttpError> {
    let mut db = ring.db.acquire().await.map_err(HttpError::internal)?;
    let sets = sets::queries::list(&mut db).await.map_err(HttpError::internal)?;
    pages::landing(&site, &boards.current(), sets, ring.engines.ready().len())
}

/// Which part of the votes a reader asks for.
#[derive(Deserialize)]
pub struct Part {
    /// A slice's word; empty for the whole.
    #[serde(default)]
    slice: String,
}

impl Part {
    /// The board of the slice asked for; none for the whole.
    pub async fn find(&self, boards: &Boards) -> Result<Option<Arc<SliceBoard>>, HttpError> {
        if self.slice.is_empty() {
            return Ok(None);
        }
        let unknown = |error: UnknownSlice| HttpError::bad_request(error.to_string());
        let slice: Slice = self.slice.parse().map_err(unknown)?;
        let found = boards.slice(&slice).await.map_err(HttpError::internal)?;
        found.map(Some).ok_or_else(|| {
            HttpError::not_found().with_link("/leaderboard", "The whole leaderboard")
        })
    }
}

async fn leaderboard(
    site: Data<Site>,
    (boards, db): (Data<Boards>, Data<PgPool>),
    filter: Query<Filter>,
    part: Query<Part>,
) -> Result<HttpResponse, HttpError> {
    let whole = boards.current();
    let mut db = db.acquire().await.map_err(HttpError::internal)?;
    let excluded =
        exclusion::queries::count_excluded(&mut db).await.map_err(HttpError::internal)?;
    drop(db);
    let whole = (&*whole, excluded);
    match part.find(&boards).await? {
        Some(slice) => pages::leaderboard(&site, whole, slice.view(), &filter),
        None => pages::leaderboard(&site, whole, whole.0.view(), &filter),
    }
}

async fn checks(site: Data<Site>, boards: Data<Boards>) -> Result<HttpResponse, HttpError> {
    let checks = boards.checks().await.map_err(HttpError::internal)?;
    pages::checks::show(&site, &checks)
}

async fn matrix(site: Data<Site>, boards: Data<Boards>) -> Result<HttpResponse, HttpError> {
    let checks = boards.checks().await.map_err(HttpError::internal)?;
    pages::matrix::show(&site, &checks)
}

async fn matrix_csv(boards: Data<Boards>) -> Result<HttpResponse, HttpError> {
    let checks = boards.checks().await.map_err(HttpError::internal)?;
    let body = pages::matrix::csv(&checks).map_err(HttpError::internal)?;
    Ok(HttpResponse::Ok().content_type("text/csv; charset=utf-8").body(body))
}

async fn leak_lines(db: &PgPool) -> Result<(Vec<leaks::Line>, i64), HttpError> {
    let mut db = db.acquire().await.map_err(HttpError::internal)?;
    let models = pool::queries::list_all(&mut db).await.map_err(HttpError::internal)?;
    let counts = battle::leaks::queries::list_counts(&mut db).await.map_err(HttpError::internal)?;
    let apart = battle::leaks::queries::count_apart(&mut db).await.map_err(HttpError::internal)?;
    let repeated = battle::repeats::queries::count_repeated(&mut db).await;
    Ok((leaks::lines(&models, &counts), apart - repeated.map_err(HttpError::internal)?))
}

async fn leaks_page(site: Data<Site>, db: Data<PgPool>) -> Result<HttpResponse, HttpError> {
    let (lines, apart) = leak_lines(&db).await?;
    leaks::show(&site, &lines, apart)
}

async fn leaks_csv(db: Data<PgPool>) -> Result<HttpResponse, HttpError> {
    let (lines, _) = leak_lines(&db).await?;
    let body = leaks::csv(&lines).map_err(HttpError::internal)?;
    Ok(HttpResponse::Ok().content_type("text/csv; charset=utf-8").body(body))
}

async fn method(
    site: Data<Site>,
    ring: Data<Ring>,
    boards: Data<Boards>,
) -> Result<HttpResponse, HttpError> {
    pages::method(&site, &ring, &boards.current())
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
    let commitment = battle::commitments::queries::find(&mut db, *id).await;
    let commitment = commitment.map_err(HttpError::internal)?;
    if battle.state == State::Voted {
        let receipt = crate::vote::receipt(&mut db, &ring.journal, *id).await?;
        let verdict = crate::vote::queries::find_verdict(&mut db, *id)
            .await
            .map_err(HttpError::internal)?
            .ok_or_else(HttpError::not_found)?;
        let models = pool::queries::list_all(&mut db).await.map_err(HttpError::internal)?;
        let reasoning = battle::queries::list_reasoning(&mut db, *id).await;
        let decided = reveal::Decided {
            battle: &battle,
            verdict,
            repeated: crate::vote::queries::is_repeated(&mut db, *id)
                .await
                .map_err(HttpError::internal)?,
            reasoning: reasoning.map_err(HttpError::internal)?,
            set: question.as_ref().map(|(set, _)| set.as_str()),
            commitment: commitment.as_ref(),
            receipt: receipt.as_ref(),
        };
        return reveal::show(&site, &boards.current(), &models, &decided);
    }
    let sealed = match &commitment {
        Some(commitment) => {
            let promised = receipt::of(&mut db, &ring.journal, commitment.assign_index).await?;
            Some((commitment, promised.receipt))
        }
        None => None,
    };
    battle::pages::show(&site, &peek, &battle, question.as_ref(), sealed)
}

/// A sign of life for whoever watches the process: the database answers.
async fn health(db: Data<PgPool>) -> Result<HttpResponse, HttpError> {
    let mut db = db.acquire().await.map_err(HttpError::internal)?;
    crate::vote::queries::count(&mut db).await.map_err(HttpError::internal)?;
    Ok(HttpResponse::Ok().content_type("text/plain").body("ok\n"))
}

/// `/`, `/battles/{id}`, `/leaderboard` with its checks, matrix and leaks, `/method`, `/health`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/", web::get().to(landing))
        .route("/battles/{id}", web::get().to(battle))
        .route("/leaderboard", web::get().to(leaderboard))
        .route("/leaderboard/checks", web::get().to(checks))
        .route("/leaderboard/matrix", web::get().to(matrix))
        .route("/leaderboard/matrix.csv", web::get().to(matrix_csv))
        .route("/leaderboard/leaks", web::get().to(leaks_page))
        .route("/leaderboard/leaks.csv", web::get().to(leaks_csv))
        .route("/method", web::get().to(method))
        .route("/health", web::get().to(health));
}
