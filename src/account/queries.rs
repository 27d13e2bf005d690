//! SQL of accounts and their voters.

use arena_core::ids::{AccountId, VoterId};
use arena_core::tier::Tier;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::credentials::Name;

/// One account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Random id.
    pub id: AccountId,
    /// For signing in.
    pub name: String,
    /// Argon2id, in PHC form.
    pub password_hash: String,
    /// How well its owner is known.
    pub tier: Tier,
    /// The voter it votes as.
    pub voter: VoterId,
    /// Counts up when all its sessions end.
    pub session_epoch: i32,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

/// The count of an account after all its sessions ended.
pub(super) struct Epoch {
    pub(super) voter: VoterId,
    pub(super) epoch: i32,
}

pub(super) fn tier(word: &str) -> sqlx::Result<Tier> {
    word.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// The tier of a voter's account; none for an anonymous voter.
pub(super) async fn find_tier(db: &mut PgConnection, voter: VoterId) -> sqlx::Result<Option<Tier>> {
    let word = sqlx::query_scalar!(
        "select tier from voters join accounts using (account_id) where voters.voter_id = $1",
        voter.0
    )
    .fetch_optional(db)
    .await?;
    word.map(|word| tier(&word)).transpose()
}

/// The account of a voter.
pub async fn find_account(
    db: &mut PgConnection,
    voter: VoterId,
) -> sqlx::Result<Option<AccountId>> {
    let id = sqlx::query_scalar!("select account_id from voters where voter_id = $1", voter.0)
        .fetch_optional(db)
        .await?;
    Ok(id.flatten().map(AccountId))
}

/// The voters of a voter's account, itself among them; empty for an anonymous voter.
pub(super) async fn list_voters_beside(
    db: &mut PgConnection,
    voter: VoterId,
) -> sqlx::Result<Vec<VoterId>> {
    let ids = sqlx::query_scalar!(
        "select other.voter_id from voters own join voters other using (account_id)
         where own.voter_id = $1 order by other.voter_id",
        voter.0
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(VoterId).collect())
}

/// All voters of an account.
pub async fn list_voters(db: &mut PgConnection, account: AccountId) -> sqlx::Result<Vec<VoterId>> {
    let ids = sqlx::query_scalar!(
        "select voter_id from voters where account_id = $1 order by voter_id",
        account.0
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(VoterId).collect())
}

/// Adds a voter, unless it is there.
pub async fn insert_voter(db: &mut PgConnection, voter: VoterId) -> sqlx::Result<()> {
    sqlx::query!("insert into voters (voter_id) values ($1) on conflict do nothing", voter.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Gives a voter to an account, unless it is somebody's already; says whether it did.
pub(super) async fn claim(
    db: &mut PgConnection,
    voter: VoterId,
    account: AccountId,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update voters set account_id = $2 where voter_id = $1 and account_id is null",
        voter.0,
        account.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes an account; false if its name is taken, whatever the capitals.
pub(super) async fn insert(
    db: &mut PgConnection,
    account: AccountId,
    name: &Name,
    password_hash: &str,
    voter: VoterId,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into accounts (account_id, name, password_hash, voter_id) values ($1, $2, $3, $4)
         on conflict do nothing",
        account.0,
        name.as_str(),
        password_hash,
        voter.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The account of a name, whatever its capitals.
pub async fn find_by_name(db: &mut PgConnection, name: &Name) -> sqlx::Result<Option<Account>> {
    let row = sqlx::query!(
        "select account_id, name, password_hash, tier, voter_id, session_epoch, created_at
         from accounts where lower(name) = lower($1)",
        name.as_str()
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        Ok(Account {
            id: AccountId(row.account_id),
            name: row.name,
            password_hash: row.password_hash,
            tier: tier(&row.tier)?,
            voter: VoterId(row.voter_id),
            session_epoch: row.session_epoch,
            created_at: row.created_at,
        })
    })
    .transpose()
}

/// One account.
pub async fn find(db: &mut PgConnection, account: AccountId) -> sqlx::Result<Option<Account>> {
    let row = sqlx::query!(
        "select name, password_hash, tier, voter_id, session_epoch, created_at
         from accounts where account_id = $1",
        account.0
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        Ok(Account {
            id: account,
            name: row.name,
            password_hash: row.password_hash,
            tier: tier(&row.tier)?,
            voter: VoterId(row.voter_id),
            session_epoch: row.session_epoch,
            created_at: row.created_at,
        })
    })
    .transpose()
}

pub(super) async fn update_password(
    db: &mut PgConnection,
    account: AccountId,
    password_hash: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update accounts set password_hash = $2, password_changed_at = now() where account_id = $1",
        account.0,
        password_hash
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Counts up, so that every session that began before is over.
pub(super) async fn next_epoch(
    db: &mut PgConnection,
    account: AccountId,
) -> sqlx::Result<Option<Epoch>> {
    let row = sqlx::query!(
        "update accounts set session_epoch = session_epoch + 1 where account_id = $1
         returning voter_id, session_epoch",
        account.0
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Epoch { voter: VoterId(row.voter_id), epoch: row.session_epoch }))
}

pub(super) async fn set_invited(db: &mut PgConnection, account: AccountId) -> sqlx::Result<()> {
    sqlx::query!("update accounts set tier = 'invited' where account_id = $1", account.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Removes an account; its sessions and the use of its code go with it, its voters stay as nobody's.
pub async fn delete(db: &mut PgConnection, account: AccountId) -> sqlx::Result<bool> {
    let done =
        sqlx::query!("delete from accounts where account_id = $1", account.0).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// One account as the operator sees it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// For signing in.
    pub name: String,
    /// How well its owner is known.
    pub tier: Tier,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// Votes under its voters.
    pub votes: i64,
    /// Sessions that have not ended.
    pub sessions: i64,
}

/// All accounts, oldest first.
pub async fn list(db: &mut PgConnection) -> sqlx::Result<Vec<Listed>> {
    let rows = sqlx::query!(
        r#"select name, tier, created_at,
                  (select count(*) from votes join voters using (voter_id)
                   where voters.account_id = accounts.account_id) as "votes!",
                  (select count(*) from sessions
                   where sessions.account_id = accounts.account_id and epoch = session_epoch
                     and expires_at > now()) as "sessions!"
           from accounts order by created_at, name"#
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Listed {
                tier: tier(&row.tier)?,
                name: row.name,
                created_at: row.created_at,
                votes: row.votes,
                sessions: row.sessions,
            })
        })
        .collect()
}

/// How many battles all voters of this voter's account have opened today, in UTC.
pub(super) async fn count_today(db: &mut PgConnection, voters: &[VoterId]) -> sqlx::Result<i64> {
    let voters: Vec<_> = voters.iter().map(|voter| voter.0).collect();
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from battles
           where voter_id = any($1) and opened_at >= date_trunc('day', now(), 'UTC')"#,
        &voters
    )
    .fetch_one(db)
    .await
}

/// How many battles were opened from a network today, in UTC.
pub(super) async fn count_network_today(
    db: &mut PgConnection,
    network: &[u8],
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from battles
           where network = $1 and opened_at >= date_trunc('day', now(), 'UTC')"#,
        network
    )
    .fetch_one(db)
    .await
}
