//! SQL of invite codes.

use arena_core::ids::AccountId;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

/// Takes one use of a code that may be entered now; none if it may not.
pub(super) async fn take(db: &mut PgConnection, code_sha256: &[u8]) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "update invite_codes set uses = uses + 1
         where code_sha256 = $1 and uses < most_uses and expires_at > now() and revoked_at is null
         returning invite_id",
        code_sha256
    )
    .fetch_optional(db)
    .await
}

/// Writes down who entered a code; false for an account that has entered one before.
pub(super) async fn insert_use(
    db: &mut PgConnection,
    invite: i64,
    account: AccountId,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into invite_uses (account_id, invite_id) values ($1, $2) on conflict do nothing",
        account.0,
        invite
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Stores a new code; returns its number.
pub async fn insert(
    db: &mut PgConnection,
    code_sha256: &[u8],
    (uses, valid): (i32, Duration),
    note: Option<&str>,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        "insert into invite_codes (code_sha256, most_uses, expires_at, note)
         values ($1, $2, $3, $4) returning invite_id",
        code_sha256,
        uses,
        OffsetDateTime::now_utc() + valid,
        note
    )
    .fetch_one(db)
    .await
}

/// Withdraws a code; false if there is none of that number, or it was withdrawn before.
pub async fn revoke(db: &mut PgConnection, invite: i64) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update invite_codes set revoked_at = now() where invite_id = $1 and revoked_at is null",
        invite
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// One code as the operator sees it; the code itself is nowhere any more.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its number.
    pub id: i64,
    /// The operator's own words.
    pub note: Option<String>,
    /// How many accounts have entered it.
    pub uses: i32,
    /// How many may.
    pub most_uses: i32,
    /// Until when.
    pub expires_at: OffsetDateTime,
    /// Whether it may still be entered, were it not used up.
    pub is_valid: bool,
    /// When it was withdrawn.
    pub revoked_at: Option<OffsetDateTime>,
    /// Names of the accounts that entered it and still exist.
    pub used_by: Vec<String>,
}

/// All codes, oldest first.
pub async fn list(db: &mut PgConnection) -> sqlx::Result<Vec<Listed>> {
    let rows = sqlx::query!(
        r#"select invite_id, note, uses, most_uses, expires_at, revoked_at,
                  expires_at > now() and revoked_at is null as "is_valid!",
                  array(select name from invite_uses join accounts using (account_id)
                        where invite_uses.invite_id = invite_codes.invite_id
                        order by used_at) as "used_by!"
           from invite_codes order by invite_id"#
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Listed {
            id: row.invite_id,
            note: row.note,
            uses: row.uses,
            most_uses: row.most_uses,
            expires_at: row.expires_at,
            is_valid: row.is_valid,
            revoked_at: row.revoked_at,
            used_by: row.used_by,
        })
        .collect())
}
