//! SQL of the doctor.

use sqlx::PgPool;

/// What the server says of its version.
pub(super) async fn find_server_version(db: &PgPool) -> sqlx::Result<String> {
    let version = sqlx::query_scalar!("select 'PostgreSQL ' || current_setting('server_version')")
        .fetch_one(db)
        .await?;
    Ok(version.unwrap_or_default())
}
