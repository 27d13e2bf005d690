//! The operator's page beside the arena: where it listens, and who may come in.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use sqlx::PgPool;
use tokio::task::JoinHandle;

use crate::config::Site;
use crate::journal::Journal;
use crate::kit::http::Door;
use crate::operator::{Desk, handlers};
use crate::snapshot::Reader;

/// Where the page is if nobody says.
const USUAL: Listen =
    Listen(Some(SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8081)));

/// An address, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Listen(Option<SocketAddr>);

impl FromStr for Listen {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "none" { Ok(Self(None)) } else { Ok(Self(Some(text.parse()?))) }
    }
}

/// What `serve` takes for the operator's page.
#[derive(Args)]
#[group(id = "operator")]
pub(super) struct Arguments {
    /// Address of the operator's page, or none [default: 127.0.0.1:8081]
    #[arg(long, env = "DOUBLEBLIND_OPERATOR_LISTEN", value_name = "ADDRESS")]
    operator_listen: Option<Listen>,
    /// File with the token that the operator's page asks for; needed where other machines can reach it
    #[arg(long, env = "DOUBLEBLIND_OPERATOR_TOKEN_FILE", value_name = "FILE")]
    operator_token_file: Option<PathBuf>,
}

impl Arguments {
    /// Opens the page, unless it is turned off or its port is taken, which is no reason to keep the arena closed.
    pub(super) fn open(
        &self,
        db: &PgPool,
        (journal, reader): (&Journal, &Reader),
        site: &Site,
    ) -> Result<Option<JoinHandle<()>>, Box<dyn std::error::Error + Send + Sync>> {
        let Listen(Some(address)) = self.operator_listen.unwrap_or(USUAL) else { return Ok(None) };
        // Before anything listens: an open door is refused even where its port is taken.
        Door::of(address, self.operator_token_file.as_deref())?;
        let listener = match TcpListener::bind(address) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::warn!(
                    "no operator's page: {address} cannot be listened on: {error}; choose another \
                     --operator-listen"
                );
                return Ok(None);
            }
        };
        let address = listener.local_addr()?;
        let door = Door::of(address, self.operator_token_file.as_deref())?;
        let desk = Desk::new(db.clone(), journal.clone(), reader.clone());
        let server = handlers::serve(desk, site.clone(), door, listener)?;
        tracing::info!("the operator's page is at http://{address}");
        Ok(Some(tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!("the operator's page ended: {error}");
            }
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_at_an_address_or_nowhere() {
        assert_eq!("none".parse(), Ok(Listen(None)));
        assert_eq!("127.0.0.1:8081".parse(), Ok(USUAL));
        assert!("8081".parse::<Listen>().is_err());
    }
}
