//! Accounts over HTTP: joining, signing in, sessions, tiers, limits, one's own data, and every route that changes
//! something tried by those who may not use it.
#![cfg(test)]

mod addresses;
mod limits;
mod me;
mod operator;
pub(crate) mod routes;
mod sessions;
mod signing_in;
mod tiers;

/// A password that is long enough.
const PASSWORD: &str = "correct horse battery";
