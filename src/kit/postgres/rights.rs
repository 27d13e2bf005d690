//! What the role that serves may do: read and write rows, but neither change nor remove what is final.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// Postgres refuses one of two who change the rights on a table at once, so they take turns under this number.
const TURNS: i64 = 7_214_309_945_262;

/// Tables whose rows are final once they are written.
const FINAL: [&str; 4] = ["log_leaves", "log_subtrees", "log_checkpoints", "votes"];
/// Tables that only migrations write.
const READ_ONLY: [&str; 1] = ["_sqlx_migrations"];

/// Lets the owner end segments of the write-ahead log, so that erased texts leave the disk. To be run by the superuser
/// in the application's database; where Postgres is older than 15 it changes nothing.
pub(super) async fn let_owner_end_segments(
    admin: &mut PgConnection,
    owner: &str,
) -> sqlx::Result<()> {
    let may = "select exists (select from pg_roles where rolname = 'pg_checkpoint')";
    if sqlx::query_scalar::<_, bool>(may).fetch_one(&mut *admin).await? {
        let grants = format!(
            "grant pg_checkpoint to {owner}; grant execute on function pg_switch_wal() to {owner}"
        );
        sqlx::raw_sql(AssertSqlSafe(grants)).execute(admin).await?;
    }
    Ok(())
}

/// Grants a role what serving needs, and takes away what would let it rewrite the record. To be run by the owner
/// of the tables after migrations; running it again changes nothing, at no moment, for those who serve meanwhile.
///
/// **Errors** if the connection's role does not own the tables, or there is no such role.
pub async fn grant_serving(owner: &mut PgConnection, role: &str) -> sqlx::Result<()> {
    let role = format!("\"{}\"", role.replace('"', "\"\""));
    let (fixed, read_only) = (FINAL.join(", "), READ_ONLY.join(", "));
    let statements = [
        format!("grant execute on all functions in schema public to {role}"),
        format!("grant usage on schema public to {role}"),
        format!("grant select, insert, update, delete on all tables in schema public to {role}"),
        format!("grant usage, select on all sequences in schema public to {role}"),
        format!("revoke update, delete, truncate on {fixed} from {role}"),
        format!("revoke insert, update, delete, truncate on {read_only} from {role}"),
    ];
    let mut tx = owner.begin().await?;
    sqlx::query("select pg_advisory_xact_lock($1)").bind(TURNS).execute(&mut *tx).await?;
    for statement in statements {
        // Nothing in it comes from outside but the role's name, which is quoted.
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *tx).await?;
    }
    tx.commit().await
}
