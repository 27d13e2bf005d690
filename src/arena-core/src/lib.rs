//! The pure part of Doubleblind: ids, verdicts, pairing, pacing, ratings, GGUF headers,
//! worker protocol, what is read out of an answer's text, and what gives votes away.
//!
//! Nothing here does I/O, reads a clock or owns a source of randomness. A caller hands in `now`,
//! `&mut impl Rng` and bytes, so every result can be repeated by an outsider.

pub mod confinement;
pub mod detection;
pub mod gguf;
pub mod ids;
pub mod journal;
pub mod leak;
pub mod normalise;
pub mod pace;
pub mod pairing;
pub mod protocol;
pub mod ranking;
pub mod reasoning;
pub mod sampling;
pub mod share;
pub mod steps;
pub mod tier;
pub mod verdict;
