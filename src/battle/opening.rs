//! Opening a battle: the pair is drawn and committed to under the lock of the journal.

use std::collections::HashSet;

use arena_core::ids::{BattleId, ModelId, Side, Sides, VoterId};
use arena_core::journal::draw::{Drawn, Ticket};
use sqlx::PgConnection;

use super::commitments::{self, Pairing};
use super::limits::check_room;
use super::stored::{self, Script, Stored};
use super::{BattleError, Refusal, Ring, jobs, queries, repeats, sets};
use crate::account;
use crate::journal::DrawTicket;
use crate::pool::{PoolError, rules};

/// Opens a battle on a question, which may be one of an evaluation set.
pub(super) async fn start(
    ring: &Ring,
    voter: VoterId,
    (prompt, question): (&str, Option<i64>),
    nonce: &[u8],
) -> Result<BattleId, BattleError> {
    check_room(ring, &[], prompt)?;
    // Before the pair is drawn, also where no place will be needed: who is drawn must not decide who is refused.
    let ticket = ring.hub.join(voter, ring.limits)?;
    let mut tx = ring.db.begin().await?;
    if queries::count_running(&mut tx, voter).await? >= ring.limits.voter_in_progress() {
        return Err(Refusal::yours().into());
    }
    let language = match question {
        Some(question) => sets::queries::find_question_language(&mut tx, question).await?,
        None => ring.languages.recognise(prompt).map(str::to_owned),
    };
    account::queries::insert_voter(&mut tx, voter).await?;
    let able = ring.engines.ready();
    let sampling = stored::conditions(&ring.answering);
    let mut writer = ring.journal.lock(&mut tx).await?;
    let in_force = rules::in_force(&mut tx, &mut writer, &ring.policy, &sampling).await?;
    let turn = writer.next_draw(&mut tx).await?;
    let out: HashSet<ModelId> =
        in_force.file.models.iter().filter(|id| !able.contains(id)).copied().collect();
    let drawn = draw(&turn, nonce)
        .draw(&in_force.file, &out)
        .map_err(|error| BattleError::Pool(PoolError::Pairing(error)))?;
    let (id, models) = (drawn.battle, Sides { left: drawn.draw.left, right: drawn.draw.right });
    let opened = queries::Opened { id, voter, question, language: language.as_deref() };
    queries::insert(&mut tx, &opened, &drawn.draw, ring.host).await?;
    queries::insert_turn(&mut tx, id, 0, prompt).await?;
    if question.is_none() {
        repeats::note(&mut tx, id, prompt).await?;
    }
    let stored = stored::find(&mut tx, question, models, &able, &ring.answering).await?;
    let seeds = begin_first(&mut tx, ring, &drawn, &stored).await?;
    let pairing = Pairing {
        drawn: &drawn,
        epoch: &turn.epoch,
        number: turn.number,
        nonce,
        out,
        sampling,
        seeds,
        stored: Sides { left: stored.left.is_some(), right: stored.right.is_some() },
        prompt,
    };
    commitments::commit_to(&mut tx, &mut writer, &in_force.models, pairing).await?;
    writer.write(&mut tx).await?;
    tx.commit().await?;
    let scripts = Script::of(jobs(ring, id, &[], prompt, seeds), stored);
    ring.hub.start(ring, (id, (0, 0)), models, scripts, ticket);
    Ok(id)
}

fn draw<'a>(turn: &'a DrawTicket, nonce: &'a [u8]) -> Ticket<'a> {
    Ticket { key: &turn.key, number: turn.number, nonce }
}

/// Writes down the first answers with the seeds that were drawn, or with those of answers made in advance.
async fn begin_first(
    db: &mut PgConnection,
    ring: &Ring,
    drawn: &Drawn,
    stored: &Sides<Option<Stored>>,
) -> Result<Sides<u32>, BattleError> {
    let models = Sides { left: drawn.draw.left, right: drawn.draw.right };
    let mut seeds = drawn.seeds;
    for side in Side::BOTH {
        let kept = stored.get(side).as_ref();
        if let Some(stored) = kept {
            *seeds.get_mut(side) = stored.seed;
        }
        let place = queries::Place { battle: drawn.battle, turn: 0, attempt: 0, side };
        let (model, seed) = (*models.get(side), *seeds.get(side));
        let kept = kept.map(|stored| stored.id);
        queries::insert_answer(db, place, model, seed, kept, &ring.answering).await?;
    }
    Ok(seeds)
}
