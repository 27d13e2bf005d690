//! HTTP of joining, signing in and signing out.

use actix_session::Session;
use actix_web::http::header;
use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use sqlx::PgPool;

use super::credentials::{Name, Password, Unhashed};
use super::gate::Network;
use super::pages::{JoinPage, SignInPage};
use super::{AccountError, Gate, Refused, SignedIn};
use crate::config::Site;
use crate::kit::http::{HttpError, form_again, page, see_other};
use crate::kit::session::{browser, device};
use crate::kit::wording::sentence;

/// After how many seconds it is worth trying again while passwords of others are hashed.
const BUSY_SECONDS: u32 = 5;

impl From<AccountError> for HttpError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::NameTaken
            | AccountError::WrongCredentials
            | AccountError::WrongPassword
            | AccountError::InvalidCode => HttpError::bad_request(error.to_string()),
            AccountError::Gone => HttpError::not_found(),
            AccountError::Hashing(Unhashed::Busy) => {
                HttpError::unavailable(error.to_string(), BUSY_SECONDS)
            }
            AccountError::Hashing(_) | AccountError::Store(_) => HttpError::internal(error),
        }
    }
}

impl From<Refused> for HttpError {
    fn from(refused: Refused) -> Self {
        use arena_core::tier::Tier;
        let (seconds, link) = match refused {
            Refused::Store(_) => return HttpError::internal(refused),
            Refused::DayUsedUp { tier: Tier::Anonymous, seconds, .. } => {
                (seconds, ("/join", "Register"))
            }
            Refused::DayUsedUp { tier: Tier::Registered, seconds, .. } => {
                (seconds, ("/me", "Enter an invite code"))
            }
            Refused::DayUsedUp { seconds, .. }
            | Refused::TooFast { seconds, .. }
            | Refused::NetworkTooFast { seconds, .. }
            | Refused::NetworkDayUsedUp { seconds } => (seconds, ("/", "Back to the start")),
        };
        HttpError::too_many(refused.to_string(), seconds).with_link(link.0, link.1)
    }
}

/// The network that a request comes from, as a hash of today.
pub fn network(gate: &Gate, request: &HttpRequest) -> Network {
    let forwarded = request.headers().get_all("x-forwarded-for");
    // An iterator over headers knows only one direction.
    let forwarded: Vec<&str> = forwarded.filter_map(|line| line.to_str().ok()).collect();
    gate.network(request.peer_addr().map(|peer| peer.ip()), forwarded.into_iter())
}

/// Begins a session of the account under a new token.
pub fn begin(
    session: &Session,
    request: &HttpRequest,
    signed_in: SignedIn,
) -> Result<(), HttpError> {
    let agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let owner = signed_in.owner(device(agent.unwrap_or_default()));
    browser::sign_in(session, signed_in.voter, &owner).map_err(HttpError::internal)
}

async fn join_form(site: Data<Site>, session: Session) -> Result<HttpResponse, HttpError> {
    if browser::account(&session).is_some() {
        return Ok(see_other("/me"));
    }
    page(&JoinPage::with(&site, "", ""))
}

#[derive(Deserialize)]
struct Joining {
    name: String,
    password: String,
    #[serde(default)]
    code: String,
}

async fn join(
    (site, db, gate): (Data<Site>, Data<PgPool>, Data<Gate>),
    session: Session,
    request: HttpRequest,
    joining: Form<Joining>,
) -> Result<HttpResponse, HttpError> {
    gate.admit_sign_in(network(&gate, &request), &joining.name)?;
    let mut shown = JoinPage::with(&site, &joining.name, &joining.code);
    let name = Name::try_from(joining.name.as_str());
    let password = Password::chosen(&joining.password);
    let (name, password) = match (name, password) {
        (Ok(name), Ok(password)) => (name, password),
        (name, password) => {
            shown.name_problem = name.err().map(|problem| sentence(&problem.to_string()));
            shown.password_problem = password.err().map(|problem| sentence(&problem.to_string()));
            return form_again(&shown);
        }
    };
    let code = Some(joining.code.trim()).filter(|code| !code.is_empty());
    let browser = browser::voter(&session);
    match super::join(&db, gate.hasher(), (&name, password), code, browser).await {
        Ok(signed_in) => {
            begin(&session, &request, signed_in)?;
            return Ok(see_other("/me"));
        }
        Err(error @ AccountError::NameTaken) => {
            shown.name_problem = Some(sentence(&error.to_string()))
        }
        Err(error @ AccountError::InvalidCode) => {
            shown.code_problem = Some(sentence(&error.to_string()))
        }
        Err(error) => return Err(error.into()),
    }
    form_again(&shown)
}

async fn sign_in_form(site: Data<Site>, session: Session) -> Result<HttpResponse, HttpError> {
    if browser::account(&session).is_some() {
        return Ok(see_other("/me"));
    }
    page(&SignInPage { site: &site, name: "", problem: None })
}

#[derive(Deserialize)]
struct SigningIn {
    name: String,
    password: String,
}

async fn sign_in(
    (site, db, gate): (Data<Site>, Data<PgPool>, Data<Gate>),
    session: Session,
    request: HttpRequest,
    given: Form<SigningIn>,
) -> Result<HttpResponse, HttpError> {
    gate.admit_sign_in(network(&gate, &request), &given.name)?;
    let credentials = (given.name.as_str(), Password::given(&given.password));
    let browser = browser::voter(&session);
    match super::sign_in(&db, gate.hasher(), credentials, browser).await {
        Ok(signed_in) => begin(&session, &request, signed_in)?,
        Err(error @ AccountError::WrongCredentials) => {
            let problem = Some(sentence(&error.to_string()));
            return form_again(&SignInPage { site: &site, name: &given.name, problem });
        }
        Err(error) => return Err(error.into()),
    }
    Ok(see_other("/me"))
}

async fn sign_out(session: Session) -> HttpResponse {
    // Of an anonymous browser the session is all there is to find its battles by, so it stays.
    if browser::account(&session).is_some() {
        browser::sign_out(&session);
    }
    see_other("/")
}

/// `/join`, `/sign-in` and `POST /sign-out`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/join", web::get().to(join_form))
        .route("/join", web::post().to(join))
        .route("/sign-in", web::get().to(sign_in_form))
        .route("/sign-in", web::post().to(sign_in))
        .route("/sign-out", web::post().to(sign_out));
}
