//! Erasing what a voter wrote and was told. That battles took place, and their votes, stays; the journal says
//! that texts were erased, and the salts without which nobody can confirm a guess go with them.

pub mod job;
pub mod queries;
pub mod scrub;

use arena_core::ids::{BattleId, VoterId};
use arena_core::journal::leaf::{Leaf, Part, Redact, Why};
use sqlx::PgConnection;

use super::{BattleError, commitments};
use crate::journal::Journal;

/// Ends the open battles of a person, who may be several voters, and erases the texts of all: questions, answers,
/// thoughts, and what a guessed text could be checked with; and the names under which the journal has the votes. Says
/// how many battles there were.
pub async fn erase_voters(
    db: &mut PgConnection,
    journal: &Journal,
    voters: &[VoterId],
) -> Result<usize, BattleError> {
    let mut battles = Vec::new();
    for voter in voters {
        battles.extend(queries::list_of_voter(db, *voter).await?);
        queries::forget_networks(db, *voter).await?;
    }
    // All at once: the log is locked when every battle is.
    erase(db, journal, &battles, "asked for by the voter").await?;
    for voter in voters {
        queries::delete_pseudonyms(db, *voter).await?;
    }
    Ok(battles.len())
}

/// Erases the texts of battles within a transaction; those that are still open end. Battles that were erased
/// before are passed over.
pub async fn erase(
    db: &mut PgConnection,
    journal: &Journal,
    battles: &[BattleId],
    why: &str,
) -> Result<(), BattleError> {
    // First, so that no answer that is still being written is stored afterwards.
    queries::drop_running(db, battles).await?;
    let open = queries::close_open(db, battles).await?;
    let fresh = queries::list_with_salts(db, battles).await?;
    queries::erase_answers(db, battles).await?;
    queries::erase_questions(db, battles).await?;
    queries::delete_salts(db, battles).await?;
    queries::note_pending(db).await?;
    commitments::void(db, journal, &open, Why::Abandoned).await?;
    if fresh.is_empty() {
        return Ok(());
    }
    let mut writer = journal.lock(db).await?;
    for assigned in fresh {
        let redact = Redact {
            i: u64::try_from(assigned).unwrap_or(0),
            what: vec![Part::P, Part::L, Part::R],
            why: why.to_owned(),
            t: 0,
        };
        writer.add(Leaf::Redact(redact))?;
    }
    Ok(writer.write(db).await?)
}
