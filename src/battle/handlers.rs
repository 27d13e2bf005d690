//! HTTP of battles up to the vote.

use actix_session::Session;
use actix_web::http::header;
use actix_web::web::{Data, Form, Path, Query};
use actix_web::{HttpRequest, HttpResponse, web};
use arena_core::ids::{BattleId, VoterId};
use serde::Deserialize;
use uuid::Uuid;

use super::{BattleError, Ring, SkipReason, queries, sets, stream};
use crate::account::Gate;
use crate::account::handlers::network;
use crate::kit::http::{HttpError, see_other};
use crate::kit::session::browser;
use crate::kit::undisturbed::undisturbed;

/// After how many seconds it is worth trying again while models are being loaded.
const LOADING_SECONDS: u32 = 10;

impl From<BattleError> for HttpError {
    fn from(error: BattleError) -> Self {
        use crate::pool::PoolError;
        match error {
            BattleError::Unknown(_) => HttpError::not_found(),
            BattleError::EmptyPrompt
            | BattleError::PromptTooLong(_)
            | BattleError::ConversationTooLong { .. }
            | BattleError::UnknownQuestion => HttpError::bad_request(error.to_string()),
            BattleError::NotNow(_) => HttpError::conflict(error.to_string()),
            BattleError::Busy(refusal) => {
                HttpError::unavailable(refusal.to_string(), refusal.seconds())
            }
            BattleError::Pool(PoolError::Pairing(_)) => {
                HttpError::unavailable(error.to_string(), LOADING_SECONDS)
            }
            BattleError::Journal(error) | BattleError::Pool(PoolError::Journal(error)) => {
                error.into()
            }
            BattleError::Pool(_) | BattleError::Randomness | BattleError::Store(_) => {
                HttpError::internal(error)
            }
        }
    }
}

/// The voter of this session; without one, no battle can be theirs.
pub fn known_voter(session: &Session) -> Result<VoterId, HttpError> {
    browser::voter(session).ok_or_else(HttpError::not_found)
}

fn voter_or_new(session: &Session) -> Result<VoterId, HttpError> {
    if let Ok(voter) = known_voter(session) {
        return Ok(voter);
    }
    let voter = VoterId(Uuid::new_v4());
    browser::become_voter(session, voter).map_err(HttpError::internal)?;
    Ok(voter)
}

#[derive(Deserialize)]
struct Opening {
    prompt: Option<String>,
    question: Option<i64>,
    set: Option<String>,
    /// The voter's part in the draw: 32 hexadecimal digits, made by the page's script.
    nonce: Option<String>,
}

async fn open(
    ring: Data<Ring>,
    gate: Data<Gate>,
    session: Session,
    request: HttpRequest,
    opening: Form<Opening>,
) -> Result<HttpResponse, HttpError> {
    let network = network(&gate, &request);
    let voter = voter_or_new(&session)?;
    let Opening { prompt, question, set, nonce } = opening.into_inner();
    let nonce = read_nonce(nonce.as_deref().unwrap_or_default())?;
    // What cannot be asked takes nothing from the network's allowance.
    if let Some(prompt) = &prompt {
        super::limits::accepted(prompt)
            .map_err(|error| HttpError::from(error).with_link("/", "Back to the start"))?;
    }
    gate.admit_battle(&ring.db, voter, network).await?;
    let opened = undisturbed(async move {
        let id = match (prompt, question, set) {
            (Some(prompt), _, _) => super::open(&ring, voter, &prompt, &nonce).await,
            (None, Some(question), _) => super::open_question(&ring, voter, question, &nonce).await,
            (None, None, Some(set)) => sets::open_any(&ring, voter, &set, &nonce).await,
            (None, None, None) => Err(BattleError::EmptyPrompt),
        }?;
        // For the network's allowance of the day.
        queries::note_network(&mut *ring.db.acquire().await?, id, network).await?;
        Ok::<_, BattleError>(id)
    });
    let id =
        opened.await.map_err(|error| HttpError::from(error).with_link("/", "Back to the start"))?;
    Ok(see_other(&format!("/battles/{id}")))
}

/// A browser without scripts sends no nonce.
fn read_nonce(text: &str) -> Result<Vec<u8>, HttpError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let nonce = arena_core::journal::parse_hex::<16>(text).ok_or_else(|| {
        HttpError::bad_request("the field nonce must have 32 hexadecimal digits, or none")
    })?;
    Ok(nonce.to_vec())
}

/// Shows the way back, except to what is not there for this voter.
fn back(id: BattleId) -> impl Fn(BattleError) -> HttpError {
    move |error| match error {
        BattleError::Unknown(_) => HttpError::not_found(),
        error => HttpError::from(error).with_link(format!("/battles/{id}"), "Back to the battle"),
    }
}

/// Whether the models may write again now; a battle that is not there for this voter is not found in any case.
async fn admit_turn(
    ring: &Ring,
    gate: &Gate,
    voter: VoterId,
    id: BattleId,
    request: &HttpRequest,
) -> Result<(), HttpError> {
    super::find(&mut *ring.db.acquire().await.map_err(HttpError::internal)?, voter, id).await?;
    let admitted = gate.admit_turn(&ring.db, voter, network(gate, request)).await;
    let way_back = |refused| {
        HttpError::from(refused).with_link(format!("/battles/{id}"), "Back to the battle")
    };
    admitted.map_err(way_back)
}

#[derive(Deserialize)]
struct Question {
    prompt: String,
}

async fn ask_on(
    (ring, gate): (Data<Ring>, Data<Gate>),
    session: Session,
    request: HttpRequest,
    id: Path<BattleId>,
    question: Form<Question>,
) -> Result<HttpResponse, HttpError> {
    let voter = known_voter(&session)?;
    admit_turn(&ring, &gate, voter, *id, &request).await?;
    let (id, prompt) = (*id, question.into_inner().prompt);
    let asked = undisturbed(async move { super::ask_on(&ring, voter, id, &prompt).await });
    asked.await.map_err(back(id))?;
    Ok(see_other(&format!("/battles/{id}#latest")))
}

async fn retry(
    (ring, gate): (Data<Ring>, Data<Gate>),
    session: Session,
    request: HttpRequest,
    id: Path<BattleId>,
) -> Result<HttpResponse, HttpError> {
    let (voter, id) = (known_voter(&session)?, *id);
    admit_turn(&ring, &gate, voter, id, &request).await?;
    let retried = undisturbed(async move { super::retry(&ring, voter, id).await });
    retried.await.map_err(back(id))?;
    Ok(see_other(&format!("/battles/{id}")))
}

#[derive(Deserialize)]
struct Passing {
    reason: SkipReason,
}

async fn skip(
    ring: Data<Ring>,
    session: Session,
    id: Path<BattleId>,
    passing: Form<Passing>,
) -> Result<HttpResponse, HttpError> {
    super::skip(&ring, known_voter(&session)?, *id, passing.reason).await.map_err(back(*id))?;
    Ok(see_other(&format!("/battles/{id}")))
}

#[derive(Deserialize)]
struct Reading {
    turn: i16,
    attempt: i16,
    from: usize,
}

/// The live text. A stream that is over, or of an earlier turn, ends at once: the page then reloads.
async fn events(
    ring: Data<Ring>,
    session: Session,
    request: HttpRequest,
    id: Path<BattleId>,
    reading: Query<Reading>,
) -> Result<HttpResponse, HttpError> {
    let voter = known_voter(&session)?;
    let mut db = ring.db.acquire().await.map_err(HttpError::internal)?;
    super::find(&mut db, voter, *id).await?;
    drop(db);
    let asked = ((reading.turn, reading.attempt), reading.from);
    let (round, from) = last_event_id(&request).unwrap_or(asked);
    let live = ring.hub.find(*id).filter(|live| live.round == round);
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .insert_header(("X-Accel-Buffering", "no"));
    Ok(match live {
        Some(live) => response.streaming(stream::events(live.watch(), from)),
        None => response.streaming(stream::over()),
    })
}

fn last_event_id(request: &HttpRequest) -> Option<((i16, i16), usize)> {
    let header = request.headers().get("last-event-id")?;
    stream::parse_last_id(header.to_str().ok()?)
}

/// All addresses of a battle but the page itself, which `leaderboard` serves because it ends in
/// the reveal.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/battles", web::post().to(open))
        .route("/battles/{id}/events", web::get().to(events))
        .route("/battles/{id}/turns", web::post().to(ask_on))
        .route("/battles/{id}/retry", web::post().to(retry))
        .route("/battles/{id}/skip", web::post().to(skip));
    sets::handlers::routes(config);
}
