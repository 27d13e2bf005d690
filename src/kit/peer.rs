//! Where a request comes from: behind which address, and in which network. No address leaves here but as
//! an argument; nothing in this program stores or logs one.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::Deserialize;

/// A block of addresses, such as 10.0.0.0/8, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Block {
    first: IpAddr,
    bits: u8,
}

/// A text that is no block of addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither an address nor a block of addresses such as 10.0.0.0/8")]
pub struct NoBlock(String);

impl FromStr for Block {
    type Err = NoBlock;

    fn from_str(text: &str) -> Result<Self, NoBlock> {
        let no_block = || NoBlock(text.to_owned());
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text.trim(), None),
        };
        let first: IpAddr = address.parse().map_err(|_| no_block())?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| no_block()))?;
        if bits > most { Err(no_block()) } else { Ok(Self { first, bits }) }
    }
}

impl TryFrom<String> for Block {
    type Error = NoBlock;

    fn try_from(text: String) -> Result<Self, NoBlock> {
        text.parse()
    }
}

impl Block {
    /// Whether an address is in the block.
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let differing = first.to_bits() ^ address.to_bits();
                differing.leading_zeros() >= u32::from(self.bits)
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let differing = first.to_bits() ^ address.to_bits();
                differing.leading_zeros() >= u32::from(self.bits)
            }
            _ => false,
        }
    }
}

/// The address that a request was first sent from, as far as it can be believed.
///
/// A peer that is no trusted proxy is the client itself, whatever its headers claim. A trusted one says
/// in `X-Forwarded-For`, at its right end, who asked it; if that is a trusted proxy again, the entry left
/// of it counts, and so on. What cannot be read ends the search at the last proxy.
pub fn client<'a>(
    peer: Option<IpAddr>,
    forwarded_for: impl DoubleEndedIterator<Item = &'a str>,
    trusted: &[Block],
) -> Option<IpAddr> {
    let is_trusted = |address: IpAddr| trusted.iter().any(|block| block.contains(address));
    let mut client = peer?.to_canonical();
    let mut entries = forwarded_for.flat_map(|line| line.split(',')).rev();
    while is_trusted(client) {
        let Some(before) = entries.next().and_then(|entry| address(entry.trim())) else { break };
        client = before.to_canonical();
    }
    Some(client)
}

/// An entry of `X-Forwarded-For`, with a port or without.
fn address(entry: &str) -> Option<IpAddr> {
    let with_port = || entry.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    entry.parse().ok().or_else(with_port)
}

/// The network of an address, which one household or office has: its /24, or its /48.
pub fn network(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => [&[4], &address.octets()[..3]].concat(),
        IpAddr::V6(address) => [&[6], &address.octets()[..6]].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn asked(peer: &str, forwarded_for: &[&str], trusted: &[&str]) -> IpAddr {
        let trusted: Vec<Block> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        client(Some(ip(peer)), forwarded_for.iter().copied(), &trusted).unwrap()
    }

    #[test]
    fn a_peer_that_is_no_trusted_proxy_is_the_client_whatever_it_claims() {
        assert_eq!(asked("203.0.113.9", &["198.51.100.1"], &["10.0.0.1"]), ip("203.0.113.9"));
        assert_eq!(asked("10.0.0.1", &["198.51.100.1"], &[]), ip("10.0.0.1"));
    }

    #[test]
    fn of_what_a_proxy_says_only_the_right_end_counts() {
        let forged = &["1.1.1.1, 198.51.100.1"];

        assert_eq!(asked("10.0.0.1", forged, &["10.0.0.1"]), ip("198.51.100.1"));
        assert_eq!(
            asked("10.0.0.1", &["1.1.1.1", "198.51.100.1 , 10.9.9.9"], &["10.0.0.0/8"]),
            ip("198.51.100.1")
        );
    }

    #[test]
    fn what_cannot_be_read_ends_the_search_at_the_proxy() {
        for said in [&["unknown"][..], &[""], &[], &["198.51.100.1, nonsense"]] {
            assert_eq!(asked("10.0.0.1", said, &["10.0.0.1"]), ip("10.0.0.1"), "{said:?}");
        }
    }

    #[test]
    fn ports_and_mapped_addresses_are_understood() {
        assert_eq!(
            asked("::ffff:10.0.0.1", &["[2001:db8::7]:443"], &["10.0.0.1"]),
            ip("2001:db8::7")
        );
        assert_eq!(asked("10.0.0.1", &["198.51.100.1:80"], &["10.0.0.1"]), ip("198.51.100.1"));
    }

    #[test]
    fn blocks_hold_the_addresses_that_share_their_first_bits() {
        let block: Block = "10.1.0.0/16".parse().unwrap();
        assert!(block.contains(ip("10.1.255.9")) && !block.contains(ip("10.2.0.1")));
        assert!("0.0.0.0/0".parse::<Block>().unwrap().contains(ip("203.0.113.9")));
        assert!("2001:db8::/32".parse::<Block>().unwrap().contains(ip("2001:db8:ffff::1")));
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "example.org"] {
            assert_eq!(wrong.parse::<Block>(), Err(NoBlock(wrong.to_owned())));
        }
    }

    #[test]
    fn neighbours_are_one_network() {
        assert_eq!(network(ip("203.0.113.9")), network(ip("203.0.113.200")));
        assert_ne!(network(ip("203.0.113.9")), network(ip("203.0.114.9")));
        assert_eq!(network(ip("2001:db8:1:2::1")), network(ip("2001:db8:1:ffff::1")));
        assert_ne!(network(ip("2001:db8:1::1")), network(ip("2001:db8:2::1")));
        assert_eq!(network(ip("::ffff:203.0.113.9")), network(ip("203.0.113.9")));
    }
}
