//! SQL of the session store.

use serde_json::Value;
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};

pub(super) async fn find(db: &PgPool, token: &[u8]) -> sqlx::Result<Option<Value>> {
    sqlx::query_scalar!(
        "select state from sessions where token_sha256 = $1 and expires_at > now()",
        token
    )
    .fetch_optional(db)
    .await
}

pub(super) async fn upsert(
    db: &PgPool,
    token: &[u8],
    state: Value,
    ttl: Duration,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into sessions (token_sha256, state, expires_at) values ($1, $2, $3)
         on conflict (token_sha256)
         do update set state = excluded.state, expires_at = excluded.expires_at",
        token,
        state,
        OffsetDateTime::now_utc() + ttl,
    )
    .execute(db)
    .await?;
    Ok(())
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
