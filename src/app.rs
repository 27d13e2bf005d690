//! The web server: which stages it serves, behind which guards.

use std::net::TcpListener;
use std::time::Duration;

use actix_session::SessionMiddleware;
use actix_session::config::{CookieContentSecurity, PersistentSession, TtlExtensionPolicy};
use actix_web::cookie::{Key, SameSite, time as cookie_time};
use actix_web::dev::Server;
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};
use sqlx::PgPool;

use crate::account::Gate;
use crate::battle::Ring;
use crate::config::Site;
use crate::journal::Journal;
use crate::kit::http::{HttpError, head_as_get, headers, same_origin, show_as_page};
use crate::kit::{assets, session::PgSessions};
use crate::ranking::Boards;
use crate::{account, battle, export, journal, leaderboard, me, report, snapshot, tracks, vote};

/// Largest form, in bytes: the longest question, with up to 12 bytes a character once it is encoded.
const FORM_LIMIT_BYTES: usize = 128 << 10;
/// What the kernel keeps of a connection whose reader stands still, beside 32 KiB of our own.
const UNSENT_LIMIT_BYTES: u32 = 16 << 10;
/// After how long such a connection is cut.
const STALLED_LIMIT: Duration = Duration::from_secs(10);
/// How long a browser is remembered.
const SESSION_DAYS: i64 = 180;

/// Everything that requests need.
#[derive(Clone)]
pub struct Parts {
    /// What pages say of the site.
    pub site: Site,
    /// The database.
    pub db: PgPool,
    /// Battles in progress and what they need.
    pub ring: Ring,
    /// The board in force.
    pub boards: Boards,
    /// What snapshots are computed from.
    pub reader: snapshot::Reader,
    /// The report in force.
    pub report: report::Current,
    /// How much voters may do.
    pub gate: Gate,
    /// Signs the session cookie.
    pub session_key: Key,
    /// Whether the cookie needs https.
    pub secure_cookie: bool,
}

/// Starts serving on a socket that is already bound; the returned server must be awaited.
pub fn serve(parts: Parts, listener: TcpListener) -> std::io::Result<Server> {
    // Connections take these over from the socket that accepts them.
    let socket = socket2::SockRef::from(&listener);
    socket.set_tcp_notsent_lowat(UNSENT_LIMIT_BYTES)?;
    socket.set_tcp_user_timeout(Some(STALLED_LIMIT))?;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(parts.site.clone()))
            .app_data(Data::new(parts.db.clone()))
            .app_data(Data::new(parts.ring.clone()))
            .app_data(Data::<Journal>::new(parts.ring.journal.clone()))
            .app_data(Data::new(parts.boards.clone()))
            .app_data(Data::new(parts.reader.clone()))
            .app_data(Data::new(parts.report.clone()))
            .app_data(Data::new(parts.gate.clone()))
            .app_data(web::FormConfig::default().limit(FORM_LIMIT_BYTES).error_handler(
                |error, _| {
                    HttpError::bad_request(format!("the form could not be read: {error}")).into()
                },
            ))
            .app_data(
                web::PathConfig::default().error_handler(|_, _| HttpError::not_found().into()),
            )
            .app_data(web::QueryConfig::default().error_handler(|error, _| {
                HttpError::bad_request(format!("the address could not be read: {error}")).into()
            }))
            .wrap(sessions(&parts))
            .wrap(from_fn(same_origin))
            .wrap(from_fn(show_as_page))
            .wrap(Compress::default())
            .wrap(headers())
            .wrap(from_fn(head_as_get))
            .route("/static/{version}/{file:.*}", web::get().to(static_file))
            .configure(journal::handlers::routes)
            .configure(account::handlers::routes)
            .configure(battle::handlers::routes)
            .configure(vote::handlers::routes)
            .configure(me::handlers::routes)
            .configure(leaderboard::handlers::routes)
            .configure(tracks::handlers::routes)
            .configure(export::handlers::routes)
            .configure(snapshot::handlers::routes)
            .configure(report::handlers::routes)
            .default_service(web::to(missing))
    });
    Ok(server
        .workers(2)
        .max_connections(512)
        .backlog(256)
        .client_request_timeout(Duration::from_secs(5))
        .client_disconnect_timeout(Duration::from_secs(1))
        // Without this a closed tab is not noticed, and its battle goes on.
        .h1_allow_half_closed(false)
        .shutdown_timeout(1)
        .disable_signals()
        .listen(listener)?
        .run())
}

fn sessions(parts: &Parts) -> SessionMiddleware<PgSessions> {
    SessionMiddleware::builder(PgSessions::new(parts.db.clone()), parts.session_key.clone())
        .cookie_name("session".to_owned())
        .cookie_content_security(CookieContentSecurity::Signed)
        .cookie_same_site(SameSite::Lax)
        .cookie_http_only(true)
        .cookie_secure(parts.secure_cookie)
        .session_lifecycle(
            PersistentSession::default()
                .session_ttl(cookie_time::Duration::days(SESSION_DAYS))
                .session_ttl_extension_policy(TtlExtensionPolicy::OnStateChanges),
        )
        .build()
}

async fn static_file(path: web::Path<(String, String)>) -> actix_web::HttpResponse {
    let (_, file) = path.into_inner();
    assets::serve(&file)
}

async fn missing() -> Result<actix_web::HttpResponse, HttpError> {
    Err(HttpError::not_found().with_link("/", "Back to the start"))
}
