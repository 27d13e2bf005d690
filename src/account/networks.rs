//! Networks as keyed hashes that last a day at most.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use time::{Date, OffsetDateTime};

use crate::kit::peer;

/// A network, told from others of the same day and found out by nobody.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(pub(super) [u8; 16]);

impl Network {
    /// What is written beside a battle.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Network")
    }
}

/// Hashes networks with a key that is in memory only: a new one after midnight in UTC, and after a restart.
#[derive(Default)]
pub(super) struct Networks {
    // As long as a block of the hash, which takes it as it is.
    key: Mutex<Option<(Date, [u8; 64])>>,
}

impl Networks {
    /// The network of a client; all whose address is unknown are one.
    pub(super) fn hash(&self, client: Option<IpAddr>, now: OffsetDateTime) -> Network {
        let network = client.map(peer::network).unwrap_or_default();
        let today = now.to_offset(time::UtcOffset::UTC).date();
        let key = {
            let mut kept = self.key.lock().unwrap_or_else(PoisonError::into_inner);
            match *kept {
                Some((day, key)) if day == today => key,
                _ => kept.insert((today, rand::random())).1,
            }
        };
        let mut mac = Hmac::<Sha256>::new(&key.into());
        mac.update(&network);
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        let mut short = [0; 16];
        short.copy_from_slice(&full[..16]);
        Network(short)
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    #[test]
    fn a_network_has_one_hash_a_day_and_another_one_tomorrow() {
        let networks = Networks::default();
        let noon = OffsetDateTime::UNIX_EPOCH + Duration::hours(12);
        let hash = |ip: &str, at| networks.hash(Some(ip.parse().unwrap()), at);

        let first = hash("203.0.113.9", noon);

        assert!(first == hash("203.0.113.77", noon + Duration::hours(11)));
        assert!(first != hash("198.51.100.9", noon));
        assert!(first != hash("203.0.113.9", noon + Duration::hours(12)));
        assert!(first != hash("203.0.113.9", noon), "the key of a day does not come back");
    }

    #[test]
    fn two_starts_of_the_program_have_nothing_in_common() {
        let client = Some(IpAddr::from([203, 0, 113, 9]));
        let now = OffsetDateTime::UNIX_EPOCH;

        assert!(Networks::default().hash(client, now) != Networks::default().hash(client, now));
    }
}
