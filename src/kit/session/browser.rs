//! What a browser's session says of whoever uses it, and how that changes: always under a new token, so
//! that a token that somebody planted or saw before is worth nothing afterwards.

use actix_session::{Session, SessionInsertError};
use arena_core::ids::{AccountId, VoterId};

use super::Owner;

const VOTER: &str = "voter";
pub(super) const OWNER: &str = "owner";

/// The voter of a session, if it has one.
pub fn voter(session: &Session) -> Option<VoterId> {
    session.get(VOTER).ok().flatten().map(VoterId)
}

/// Who is signed in.
pub fn owner(session: &Session) -> Option<Owner> {
    session.get(OWNER).ok().flatten()
}

/// The account that is signed in.
pub fn account(session: &Session) -> Option<AccountId> {
    owner(session).map(|owner| owner.account)
}

/// Gives a session that has none its voter.
pub fn become_voter(session: &Session, voter: VoterId) -> Result<(), SessionInsertError> {
    session.insert(VOTER, voter.0)
}

/// Begins a session of an account under a new token; the one before is over.
pub fn sign_in(session: &Session, voter: VoterId, owner: &Owner) -> Result<(), SessionInsertError> {
    session.clear();
    session.insert(VOTER, voter.0)?;
    session.insert(OWNER, owner)?;
    session.renew();
    Ok(())
}

/// Ends a session, here and in the database.
pub fn sign_out(session: &Session) {
    session.purge();
}
