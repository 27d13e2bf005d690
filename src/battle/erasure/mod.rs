//! Erasing what a voter wrote and was told. That battles took place, and their votes, stays.

mod queries;

use arena_core::ids::VoterId;
use sqlx::PgConnection;

/// Ends the open battles of a voter and erases the texts of all: questions, answers, thoughts, and what a
/// guessed text could be checked with. Says how many questions there were.
pub async fn erase_voter(db: &mut PgConnection, voter: VoterId) -> sqlx::Result<u64> {
    // First, so that no answer that is still being written is stored afterwards.
    queries::drop_running(db, voter).await?;
    queries::close_open(db, voter).await?;
    queries::erase_answers(db, voter).await?;
    queries::erase_questions(db, voter).await
}
