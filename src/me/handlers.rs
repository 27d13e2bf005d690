//! HTTP of one's own data and account.

use actix_session::Session;
use actix_web::http::header;
use actix_web::web::{Data, Form, Path};
use actix_web::{HttpRequest, HttpResponse, web};
use arena_core::ids::{AccountId, VoterId};
use serde::Deserialize;
use sqlx::PgPool;
use uuid::Uuid;

use super::pages::{self, Field, Wrong};
use crate::account::credentials::Password;
use crate::account::handlers::{begin, network};
use crate::account::{self, AccountError, Gate};
use crate::battle::Ring;
use crate::config::Site;
use crate::kit::http::{HttpError, page, see_other};
use crate::kit::session::{self, browser};

/// What every page and form here needs.
type Here = (Data<Site>, Data<PgPool>, Data<Gate>);

async fn me((site, db, gate): Here, session: Session) -> Result<HttpResponse, HttpError> {
    let found = pages::find(&db, &gate, &session).await.map_err(HttpError::internal)?;
    page(&pages::show(&site, found, None))
}

async fn data(db: Data<PgPool>, session: Session) -> Result<HttpResponse, HttpError> {
    let voter = browser::voter(&session).ok_or_else(HttpError::not_found)?;
    let mut db = db.acquire().await.map_err(HttpError::internal)?;
    let record = super::record(&mut db, voter).await.map_err(HttpError::internal)?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"my-data.json\""))
        .body(serde_json::to_string_pretty(&record).map_err(HttpError::internal)?))
}

async fn texts(db: Data<PgPool>, session: Session) -> Result<HttpResponse, HttpError> {
    let voter = browser::voter(&session).ok_or_else(HttpError::not_found)?;
    let mut db = db.acquire().await.map_err(HttpError::internal)?;
    Ok(HttpResponse::Ok()
        .content_type("application/jsonl")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"texts.jsonl\""))
        .body(super::texts(&mut db, voter).await?))
}

/// Who is signed in; for anybody else the account's addresses do not exist.
fn signed_in(session: &Session) -> Result<AccountId, HttpError> {
    let nobody = || HttpError::not_found().with_link("/sign-in", "Sign in");
    browser::account(session).ok_or_else(nobody)
}

/// Whether the password of an account may be tried now.
async fn admit(
    (db, gate): (&PgPool, &Gate),
    request: &HttpRequest,
    account: AccountId,
) -> Result<(), HttpError> {
    let mut db = db.acquire().await.map_err(HttpError::internal)?;
    let found = account::queries::find(&mut db, account).await.map_err(HttpError::internal)?;
    let name = found.ok_or_else(HttpError::not_found)?.name;
    Ok(gate.admit_sign_in(network(gate, request), &name)?)
}

/// The page again, with what was wrong beside its field.
async fn again(
    (site, db, gate): &Here,
    session: &Session,
    wrong: Wrong,
) -> Result<HttpResponse, HttpError> {
    let found = pages::find(db, gate, session).await.map_err(HttpError::internal)?;
    crate::kit::http::form_again(&pages::show(site, found, Some(wrong)))
}

#[derive(Deserialize)]
struct NewPassword {
    present: String,
    new: String,
}

async fn change_password(
    here: Here,
    session: Session,
    request: HttpRequest,
    form: Form<NewPassword>,
) -> Result<HttpResponse, HttpError> {
    let account = signed_in(&session)?;
    let new = match Password::chosen(&form.new) {
        Ok(new) => new,
        Err(error) => return again(&here, &session, Wrong::new(Field::New, &error)).await,
    };
    let (_, db, gate) = &here;
    admit((db, gate), &request, account).await?;
    let passwords = (Password::given(&form.present), new);
    match account::change_password(db, gate.hasher(), account, passwords).await {
        Ok(signed_in) => begin(&session, &request, signed_in)?,
        Err(error @ AccountError::WrongPassword) => {
            return again(&here, &session, Wrong::new(Field::Present, &error)).await;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(see_other("/me#sessions"))
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

async fn enter_code(
    here: Here,
    session: Session,
    request: HttpRequest,
    form: Form<Code>,
) -> Result<HttpResponse, HttpError> {
    let account = signed_in(&session)?;
    let (_, db, gate) = &here;
    admit((db, gate), &request, account).await?;
    match account::enter_code(db, account, &form.code).await {
        Ok(()) => Ok(see_other("/me")),
        Err(error @ AccountError::InvalidCode) => {
            let wrong = Wrong::new(Field::Code, &error).with_code(&form.code);
            again(&here, &session, wrong).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn end_session(
    db: Data<PgPool>,
    session: Session,
    ended: Path<Uuid>,
) -> Result<HttpResponse, HttpError> {
    let account = signed_in(&session)?;
    let mut db = db.acquire().await.map_err(HttpError::internal)?;
    let was_there = session::queries::end(&mut db, account, *ended).await;
    if !was_there.map_err(HttpError::internal)? {
        return Err(HttpError::not_found());
    }
    Ok(see_other("/me#sessions"))
}

async fn end_others(
    db: Data<PgPool>,
    session: Session,
    request: HttpRequest,
) -> Result<HttpResponse, HttpError> {
    let account = signed_in(&session)?;
    let mut tx = db.begin().await.map_err(HttpError::internal)?;
    let signed_in = account::end_sessions(&mut tx, account).await?;
    tx.commit().await.map_err(HttpError::internal)?;
    begin(&session, &request, signed_in)?;
    Ok(see_other("/me#sessions"))
}

#[derive(Deserialize)]
struct Removal {
    #[serde(default)]
    password: String,
    #[serde(default)]
    sure: String,
}

async fn remove(
    here: Here,
    ring: Data<Ring>,
    session: Session,
    request: HttpRequest,
    form: Form<Removal>,
) -> Result<HttpResponse, HttpError> {
    let voter: VoterId = browser::voter(&session).ok_or_else(HttpError::not_found)?;
    if form.sure != "yes" {
        return again(&here, &session, Wrong::unsure()).await;
    }
    let (_, db, gate) = &here;
    if let Some(account) = browser::account(&session) {
        admit((db, gate), &request, account).await?;
        let password = Password::given(&form.password);
        if !account::is_password_of(db, gate.hasher(), account, password).await? {
            let wrong = Wrong::new(Field::Removal, &AccountError::WrongPassword);
            return again(&here, &session, wrong).await;
        }
    }
    for open in super::remove(db, &ring.journal, voter).await? {
        ring.hub.stop(open);
    }
    browser::sign_out(&session);
    Ok(see_other("/me"))
}

/// `/me` and what hangs below it.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/me", web::get().to(me))
        .route("/me/data.json", web::get().to(data))
        .route("/me/texts.jsonl", web::get().to(texts))
        .route("/me/password", web::post().to(change_password))
        .route("/me/code", web::post().to(enter_code))
        .route("/me/sessions/end", web::post().to(end_others))
        .route("/me/sessions/{id}/end", web::post().to(end_session))
        .route("/me/delete", web::post().to(remove));
}
