//! Who may come in at a listener that is not for everybody: this machine, or whoever has the token.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpResponse, ResponseError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::HttpError;

/// Shortest token, in bytes.
const SHORTEST_TOKEN: usize = 16;

/// Why a door cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// Everybody could come in.
    #[error("{0} can be reached from other machines, which needs a file with a token")]
    Open(SocketAddr),
    /// The token can be guessed.
    #[error("the token in {0} has fewer than {SHORTEST_TOKEN} characters")]
    Short(std::path::PathBuf),
    /// The token cannot be read.
    #[error("the token in {0} cannot be read")]
    Unreadable(std::path::PathBuf, #[source] std::io::Error),
}

/// The rules of one listener.
#[derive(Clone)]
pub struct Door {
    /// What a request may call this machine; none if it may use any name.
    hosts: Option<Arc<[String]>>,
    token: Option<Arc<str>>,
}

impl Door {
    /// A door at an address that is bound.
    ///
    /// On the loopback a request must call it by a local name and the right port, so that no page of another site can
    /// reach it through a name of its own (DNS rebinding). With a token it must have that as well; without one no other
    /// address is opened.
    pub fn of(address: SocketAddr, token_file: Option<&Path>) -> Result<Self, DoorError> {
        let token = token_file.map(read_token).transpose()?;
        let port = address.port();
        let local = address.ip().is_loopback();
        if !local && token.is_none() {
            return Err(DoorError::Open(address));
        }
        let names = ["localhost", "127.0.0.1", "[::1]"];
        let hosts = local.then(|| names.map(|name| format!("{name}:{port}")).into());
        Ok(Self { hosts, token })
    }

    fn knows_host(&self, request: &ServiceRequest) -> bool {
        let Some(hosts) = &self.hosts else { return true };
        let mut named = request.headers().get_all(header::HOST);
        let host = named.next().and_then(|host| host.to_str().ok());
        named.next().is_none() && host.is_some_and(|host| hosts.iter().any(|known| known == host))
    }

    fn knows_token(&self, request: &ServiceRequest) -> bool {
        let Some(token) = &self.token else { return true };
        let given = request.headers().get(header::AUTHORIZATION);
        let given = given.and_then(|value| value.to_str().ok()).and_then(password_of);
        given.is_some_and(|given| is_equal(&given, token.as_bytes()))
    }
}

fn read_token(path: &Path) -> Result<Arc<str>, DoorError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| DoorError::Unreadable(path.to_owned(), source))?;
    let token = text.trim();
    if token.len() < SHORTEST_TOKEN {
        return Err(DoorError::Short(path.to_owned()));
    }
    Ok(token.into())
}

/// The password of HTTP Basic; the name does not matter.
fn password_of(header: &str) -> Option<Vec<u8>> {
    let (scheme, value) = header.split_once(' ')?;
    let bytes =
        BASE64.decode(value.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let colon = bytes.iter().position(|byte| *byte == b':')?;
    Some(bytes[colon + 1..].to_vec())
}

/// Takes as long whatever differs: hashes under a key of the moment are compared, by a function made for it.
fn is_equal(one: &[u8], other: &[u8]) -> bool {
    let key: [u8; 64] = rand::random();
    let mac = |bytes: &[u8]| {
        let mut mac = Hmac::<Sha256>::new(&key.into());
        mac.update(bytes);
        mac
    };
    mac(one).verify(&mac(other).finalize().into_bytes()).is_ok()
}

/// Turns away whoever may not come in, before anything else is done.
pub async fn only_through(
    door: Data<Door>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if !door.knows_host(&request) {
        let refusal = HttpError::forbidden(
            "this page answers to localhost, 127.0.0.1 and [::1] with its own port only",
        );
        return Ok(request.error_response(refusal).map_into_right_body());
    }
    if !door.knows_token(&request) {
        let body = HttpError::forbidden("the token is missing or wrong").error_response();
        let body = body.into_body();
        let refusal = HttpResponse::Unauthorized()
            .insert_header((
                header::WWW_AUTHENTICATE,
                "Basic realm=\"operator\", charset=\"UTF-8\"",
            ))
            .content_type("application/problem+json")
            .body(body);
        return Ok(request.into_response(refusal).map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_left_body())
}
