//! Votes: one a battle, kept by the database, in an order without gaps.

pub mod handlers;
pub mod queries;

use arena_core::ids::{BattleId, VoterId};
use arena_core::verdict::Verdict;
use sqlx::PgPool;

use crate::account;
use crate::battle::{self, BattleError, State};

/// Name of the Postgres channel on which a new vote is announced.
pub const CHANNEL: &str = "votes";

/// Why a vote was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum VoteError {
    /// Missing, or somebody else's battle.
    #[error("battle {0} is unknown")]
    UnknownBattle(BattleId),
    /// The answers are not complete.
    #[error("both answers must be complete before the vote; nothing was recorded")]
    StillAnswering,
    /// The battle has a vote already, with another verdict.
    #[error("this battle has its vote already; the first one stands")]
    AlreadyDecided,
    /// The battle was skipped or voided.
    #[error("this battle was closed without a vote; please open another one")]
    Closed,
    /// The database failed.
    #[error("recording the vote failed")]
    Store(#[from] sqlx::Error),
}

/// Records one vote, or explains why not. Checks and insert share one transaction.
///
/// The same verdict sent again is answered as the first time: a lost reply costs nobody a vote.
pub async fn cast(
    db: &PgPool,
    voter: VoterId,
    id: BattleId,
    verdict: Verdict,
) -> Result<(), VoteError> {
    let mut tx = db.begin().await?;
    let battle = match battle::find(&mut tx, voter, id).await {
        Ok(battle) => battle,
        Err(BattleError::Store(error)) => return Err(VoteError::Store(error)),
        Err(_) => return Err(VoteError::UnknownBattle(id)),
    };
    match battle.state {
        State::Running | State::Failed => return Err(VoteError::StillAnswering),
        State::Skipped | State::Void => return Err(VoteError::Closed),
        State::Complete | State::Voted => {}
    }
    let Some(apart) = battle::queries::close_voted(&mut tx, id).await? else {
        // Somebody was faster, perhaps this very request sent twice.
        return match queries::find_verdict(&mut tx, id).await? {
            Some(first) if first == verdict => Ok(()),
            Some(_) => Err(VoteError::AlreadyDecided),
            None => Err(VoteError::Closed),
        };
    };
    if !apart {
        queries::count_up(&mut tx, battle.models, verdict).await?;
    }
    let tier = account::tier_of(&mut tx, voter).await?;
    // The lock that puts votes in order comes last, so that it is held for the commit only.
    queries::insert(&mut tx, id, (voter, tier), verdict, apart).await?;
    Ok(tx.commit().await?)
}
