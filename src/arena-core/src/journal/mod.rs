//! The journal: an append-only record of everything that decides a ranking, provable to an outsider.
//!
//! The way of the data: `leaf` (what is recorded, as bytes that never change) -> `merkle` (the tree of RFC 6962)
//! -> `note` and `checkpoint` (its signed head) -> `proof` (that a leaf is in it). `commitment` and `draw` make
//! the choice of a pair provable: hidden before the vote, opened by it, and not the operator's to choose.
//! `policy` is what a draw goes by; `board` is what is published of a beginning of the log; `verify` checks a whole export.
//! `scan` is the fast reader behind the last two.
//!
//! What is not here: storage, the key file, clocks and random bytes; callers hand them in.
//! Sources: RFC 6962; C2SP signed-note, tlog-checkpoint, tlog-tiles, tlog-proof.

pub mod board;
pub mod checkpoint;
pub mod commitment;
pub mod draw;
pub mod leaf;
pub mod merkle;
pub mod note;
pub mod policy;
pub mod proof;
pub mod sample;
mod scan;
pub mod verify;

#[cfg(test)]
mod tests;

/// Lower-case hexadecimal of exactly `N` bytes.
pub fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let lower = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let mut bytes = [0; N];
    (lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(bytes)
}
