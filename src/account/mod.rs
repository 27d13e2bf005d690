//! Accounts: who votes under which pseudonym, how well they are known, and how much they may do.
//!
//! An account has one voter, whatever browser it signs in from, so that a cap per voter is a cap per
//! account. What a browser did before it signed in stays under the voter it was then; the account owns
//! that voter too. What a voter is told of themselves is not here but in `me`.

pub mod credentials;
pub mod gate;
pub mod handlers;
pub mod invites;
pub mod job;
mod networks;
mod pages;
pub mod queries;
mod refused;

use arena_core::ids::{AccountId, VoterId};
use arena_core::tier::Tier;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::kit::session::{self, Owner};
use credentials::{Hasher, Name, Password, Unhashed};

pub use gate::{Gate, Refused};

/// Why an account was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Somebody has the name.
    #[error("this name is taken; choose another one")]
    NameTaken,
    /// No account of that name, or another password: nobody learns which.
    #[error("the name or the password is not right")]
    WrongCredentials,
    /// The present password was not given.
    #[error("that is not your present password; nothing was changed")]
    WrongPassword,
    /// The code is unknown, used up, withdrawn or out of date.
    #[error(
        "this code cannot be used: it is mistyped, used up, withdrawn or out of date; ask the \
         operator for another one"
    )]
    InvalidCode,
    /// The account has been removed meanwhile.
    #[error("there is no such account")]
    Gone,
    /// A password could not be hashed or compared.
    #[error(transparent)]
    Hashing(#[from] Unhashed),
    /// The database failed.
    #[error("the account could not be stored")]
    Store(#[from] sqlx::Error),
}

/// Somebody who has signed in: what their session holds from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The account.
    pub account: AccountId,
    /// The voter it votes as.
    pub voter: VoterId,
    /// The account's count of ends of all sessions.
    pub epoch: i32,
}

/// How well a voter is known; anonymous if there is no account.
pub async fn tier_of(db: &mut PgConnection, voter: VoterId) -> sqlx::Result<Tier> {
    Ok(queries::find_tier(db, voter).await?.unwrap_or_default())
}

/// All voters of one person as far as is known: the account's, or this one alone.
pub async fn voters_of(db: &mut PgConnection, voter: VoterId) -> sqlx::Result<Vec<VoterId>> {
    let found = queries::list_voters_beside(db, voter).await?;
    Ok(if found.is_empty() { vec![voter] } else { found })
}

/// Makes an account; the browser's voter, if it has one of its own, becomes the account's.
pub async fn join(
    db: &PgPool,
    hasher: &Hasher,
    (name, password): (&Name, Password),
    code: Option<&str>,
    browser: Option<VoterId>,
) -> Result<SignedIn, AccountError> {
    let hash = hasher.hash(password).await?;
    let mut tx = db.begin().await?;
    let account = AccountId(Uuid::new_v4());
    let voter = match browser {
        Some(voter) if queries::find_account(&mut tx, voter).await?.is_none() => voter,
        _ => VoterId(Uuid::new_v4()),
    };
    queries::insert_voter(&mut tx, voter).await?;
    if !queries::insert(&mut tx, account, name, &hash, voter).await? {
        return Err(AccountError::NameTaken);
    }
    if !queries::claim(&mut tx, voter, account).await? {
        // Two forms of one browser at the same moment.
        return Err(AccountError::NameTaken);
    }
    if let Some(code) = code {
        invites::redeem(&mut tx, account, code).await?;
    }
    tx.commit().await?;
    Ok(SignedIn { account, voter, epoch: 0 })
}

/// Opens an account to whoever knows name and password.
///
/// The browser's voter, if nobody has it yet, becomes one of the account's: its open battles can be
/// finished, and what it did is shown to and removed by its owner. An unknown name takes as long as a
/// wrong password.
pub async fn sign_in(
    db: &PgPool,
    hasher: &Hasher,
    (name, password): (&str, Password),
    browser: Option<VoterId>,
) -> Result<SignedIn, AccountError> {
    let found = match Name::try_from(name) {
        Ok(name) => queries::find_by_name(&mut *db.acquire().await?, &name).await?,
        Err(_) => None,
    };
    let hash = found.as_ref().map(|found| found.password_hash.clone());
    let is_right = hasher.verify(password, hash).await?;
    let found = found.filter(|_| is_right).ok_or(AccountError::WrongCredentials)?;
    if let Some(browser) = browser.filter(|browser| *browser != found.voter) {
        queries::claim(&mut *db.acquire().await?, browser, found.id).await?;
    }
    Ok(SignedIn { account: found.id, voter: found.voter, epoch: found.session_epoch })
}

/// Whether this is the account's password.
pub async fn is_password_of(
    db: &PgPool,
    hasher: &Hasher,
    account: AccountId,
    password: Password,
) -> Result<bool, AccountError> {
    let found = queries::find(&mut *db.acquire().await?, account).await?;
    let found = found.ok_or(AccountError::Gone)?;
    Ok(hasher.verify(password, Some(found.password_hash)).await?)
}

/// Replaces the password and ends all sessions; the caller's own goes on with the count returned.
pub async fn change_password(
    db: &PgPool,
    hasher: &Hasher,
    account: AccountId,
    (present, new): (Password, Password),
) -> Result<SignedIn, AccountError> {
    if !is_password_of(db, hasher, account, present).await? {
        return Err(AccountError::WrongPassword);
    }
    set_password(db, hasher, account, new).await
}

/// Sets a password without asking for the present one, and ends all sessions: for the operator.
pub async fn set_password(
    db: &PgPool,
    hasher: &Hasher,
    account: AccountId,
    new: Password,
) -> Result<SignedIn, AccountError> {
    let hash = hasher.hash(new).await?;
    let mut tx = db.begin().await?;
    if !queries::update_password(&mut tx, account, &hash).await? {
        return Err(AccountError::Gone);
    }
    let signed_in = end_sessions(&mut tx, account).await?;
    tx.commit().await?;
    Ok(signed_in)
}

/// Ends all sessions of an account, also those that are about to begin with what was valid until now.
pub async fn end_sessions(
    db: &mut PgConnection,
    account: AccountId,
) -> Result<SignedIn, AccountError> {
    let found = queries::next_epoch(db, account).await?.ok_or(AccountError::Gone)?;
    session::end_all(db, account).await?;
    Ok(SignedIn { account, voter: found.voter, epoch: found.epoch })
}

/// Enters a code for an account that exists.
pub async fn enter_code(db: &PgPool, account: AccountId, code: &str) -> Result<(), AccountError> {
    let mut tx = db.begin().await?;
    invites::redeem(&mut tx, account, code).await?;
    Ok(tx.commit().await?)
}

impl SignedIn {
    /// What the session store writes beside the session.
    pub fn owner(self, device: &'static str) -> Owner {
        Owner {
            account: self.account,
            epoch: self.epoch,
            device: device.to_owned(),
            session: Uuid::new_v4(),
        }
    }
}
