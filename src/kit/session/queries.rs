//! SQL of the session store.

use arena_core::ids::AccountId;
use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::Owner;

/// The state of a session that is not over; that it was used is noted once an hour.
pub(super) async fn find(db: &PgPool, token: &[u8]) -> sqlx::Result<Option<Value>> {
    let row = sqlx::query!(
        r#"select state, seen_at < date_trunc('hour', now()) as "is_stale!" from sessions
           where token_sha256 = $1 and expires_at > now()
             and (account_id is null or exists (
                 select from accounts where accounts.account_id = sessions.account_id
                     and accounts.session_epoch = sessions.epoch))"#,
        token
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if row.is_stale {
        sqlx::query!(
            "update sessions set seen_at = date_trunc('hour', now()) where token_sha256 = $1",
            token
        )
        .execute(db)
        .await?;
    }
    Ok(Some(row.state))
}

pub(super) async fn insert(
    db: &PgPool,
    token: &[u8],
    state: Value,
    owner: Option<&Owner>,
    ttl: Duration,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into sessions (token_sha256, state, expires_at, session_id, account_id, epoch, device)
         values ($1, $2, $3, $4, $5, $6, $7)",
        token,
        state,
        OffsetDateTime::now_utc() + ttl,
        owner.map(|owner| owner.session),
        owner.map(|owner| owner.account.0),
        owner.map(|owner| owner.epoch),
        owner.map(|owner| owner.device.as_str()),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Changes the state of a session; false if there is none any more.
pub(super) async fn update(
    db: &PgPool,
    token: &[u8],
    state: Value,
    ttl: Duration,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update sessions set state = $2, expires_at = $3 where token_sha256 = $1",
        token,
        state,
        OffsetDateTime::now_utc() + ttl,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn prolong(db: &PgPool, token: &[u8], ttl: Duration) -> sqlx::Result<()> {
    sqlx::query!(
        "update sessions set expires_at = $2 where token_sha256 = $1",
        token,
        OffsetDateTime::now_utc() + ttl,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn delete_expired(db: &PgPool) -> sqlx::Result<()> {
    sqlx::query!("delete from sessions where expires_at < now()").execute(db).await?;
    Ok(())
}

pub(super) async fn delete(db: &PgPool, token: &[u8]) -> sqlx::Result<()> {
    sqlx::query!("delete from sessions where token_sha256 = $1", token).execute(db).await?;
    Ok(())
}

pub(super) async fn delete_owned(db: &mut PgConnection, account: AccountId) -> sqlx::Result<()> {
    sqlx::query!("delete from sessions where account_id = $1", account.0).execute(db).await?;
    Ok(())
}

/// Ends one session of an account; false if the account has none of that name.
pub async fn end(db: &mut PgConnection, account: AccountId, session: Uuid) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "delete from sessions where account_id = $1 and session_id = $2",
        account.0,
        session
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// One session as its owner sees it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Names it.
    pub session: Uuid,
    /// One coarse word for the browser.
    pub device: String,
    /// When it began, to the hour.
    pub made_at: OffsetDateTime,
    /// When it was last used, to the hour.
    pub seen_at: OffsetDateTime,
}

/// The sessions of an account that are not over, the latest first.
pub async fn list(db: &mut PgConnection, account: AccountId) -> sqlx::Result<Vec<Listed>> {
    let rows = sqlx::query!(
        r#"select session_id as "session_id!", device as "device!", made_at, seen_at
           from sessions join accounts using (account_id)
           where account_id = $1 and epoch = session_epoch and expires_at > now()
           order by seen_at desc, made_at desc, session_id"#,
        account.0
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Listed {
            session: row.session_id,
            device: row.device,
            made_at: row.made_at,
            seen_at: row.seen_at,
        })
        .collect())
}
