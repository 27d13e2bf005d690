//! Writing down how both answers ended, whether one of them says who wrote it, and what the battle's
//! slices and style control need of them.

use std::time::Duration;

use arena_core::ids::{BattleId, Side, Sides};
use arena_core::ranking::StyleCounts;
use sqlx::PgPool;

use super::leaks::{self, Names};
use super::queries::{self, Ending, Place};
use super::replay;
use super::round::Outcome;
use crate::pool;

/// How often a result is offered to a database that does not answer.
const STORE_AGAIN: Duration = Duration::from_millis(500);

/// Writes the result down, patiently: a database that restarts must not cost the voter the answers.
///
/// What Postgres refuses for good ends the battle as failed, so that its voter can retry.
pub(super) async fn store(
    db: &PgPool,
    names: &Names,
    id: BattleId,
    place: (i16, i16),
    mut outcome: Outcome,
) {
    let mut told = false;
    loop {
        match try_store(db, names, id, place, &outcome).await {
            Ok(()) | Err(sqlx::Error::PoolClosed) => return,
            Err(sqlx::Error::Database(refusal)) if outcome.complete && !is_passing(&*refusal) => {
                tracing::error!(battle.id = %id, "the answers are refused: {refusal}");
                outcome.complete = false;
            }
            Err(error) => {
                if !std::mem::replace(&mut told, true) {
                    tracing::error!(battle.id = %id, "the answers wait for the database: {error}");
                }
                tokio::time::sleep(STORE_AGAIN).await;
            }
        }
    }
}

/// Whether a refusal is about the server's state (class 57, 53 or 40), not about the rows.
fn is_passing(refusal: &dyn sqlx::error::DatabaseError) -> bool {
    let code = refusal.code().unwrap_or_default();
    ["57", "53", "40"].iter().any(|class| code.starts_with(class))
}

async fn try_store(
    db: &PgPool,
    names: &Names,
    battle: BattleId,
    (turn, attempt): (i16, i16),
    outcome: &Outcome,
) -> sqlx::Result<()> {
    let Outcome { complete, endings, shown } = outcome;
    let dropped = Ending::Dropped;
    let ending = |side| match endings.get(side) {
        Some(ending) if *complete || matches!(ending, Ending::Failed(_)) => ending,
        _ => &dropped,
    };
    let mut tx = db.begin().await?;
    let known = names.of(&pool::queries::list_all(&mut tx).await?);
    let authors = leaks::queries::find_authors(&mut tx, battle).await?;
    let signs = |side| match ending(side) {
        Ending::Complete { body, .. } => known.signs(*authors.get(side), body),
        // Of an answer that was dropped, the voter has read what was shown.
        Ending::Failed(_) | Ending::Dropped => known.signs(*authors.get(side), shown.get(side)),
    };
    let signs = Sides { left: signs(Side::Left), right: signs(Side::Right) };
    for side in Side::BOTH {
        let place = Place { battle, turn, attempt, side };
        queries::end_answer(&mut tx, place, ending(side)).await?;
        if let Ending::Complete { record: Some(record), usage, .. } = ending(side) {
            replay::queries::note(&mut tx, place, record, *usage).await?;
        }
        for sign in signs.get(side) {
            leaks::queries::insert(&mut tx, place, *sign).await?;
        }
    }
    match (&endings.left, &endings.right) {
        (Some(left), Some(right)) if *complete => {
            let style = Sides { left: form(left), right: form(right) };
            queries::settle_complete(&mut tx, battle, (turn, attempt), style).await?
        }
        _ => queries::settle_failed(&mut tx, battle, (turn, attempt)).await?,
    };
    tx.commit().await
}

/// The form of an answer; length is in characters, because tokens of two models are not the same.
fn form(ending: &Ending) -> StyleCounts {
    match ending {
        Ending::Complete { body, .. } => {
            let chars = u32::try_from(body.chars().count()).unwrap_or(u32::MAX);
            StyleCounts::of(body, chars)
        }
        Ending::Failed(_) | Ending::Dropped => StyleCounts::default(),
    }
}
