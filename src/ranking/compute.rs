//! One whole computation over the ledger, and what the pool learns from it.

use std::collections::HashMap;
use std::sync::Arc;

use arena_core::ids::ModelId;
use arena_core::ranking::{self, Fragility, RankingError, Settings};
use time::OffsetDateTime;

use super::ledger::Snapshot;
use super::slices::Tallies;
use super::standing::{Standing, stand};
use super::{Published, SEED};
use crate::pool::PairWeights;

/// The part of all battles that is drawn uniformly, so that no pair dies out, and nobody can guess a
/// pair from the weights much better than by chance.
pub(super) const UNIFORM_PART: f64 = 0.5;

/// Computes board, fragility and slices of all votes of a snapshot.
pub(super) fn publish(
    snapshot: &Snapshot,
    tallies: &mut Tallies,
    elo: HashMap<ModelId, f64>,
    now: OffsetDateTime,
) -> Result<Published, RankingError> {
    let standing = stand(snapshot.models.len(), &snapshot.votes(), &Settings::new(SEED))?;
    tallies.catch_up(snapshot, now);
    let fragility = fragility(&standing)?;
    let tie_groups = match &standing.rated {
        Some(rated) => rated.tie_groups(&standing.board)?,
        None => vec![None; snapshot.models.len()],
    };
    Ok(Published {
        models: Arc::clone(&snapshot.models),
        board: standing.board,
        basis: standing.basis,
        counts: standing.counts,
        rated: standing.rated,
        fragility,
        tie_groups,
        slices: tallies.list(),
        elo,
        computed_at: now,
        period: snapshot.period(),
        problem: None,
        snapshot: snapshot.clone(),
    })
}

/// Votes to flip; none while votes of one voter share a weight, for then no single one can be dropped.
fn fragility(standing: &Standing) -> Result<Vec<Fragility>, RankingError> {
    let Some(rated) = &standing.rated else { return Ok(Vec::new()) };
    let rows = standing.board.rows.iter().filter(|row| row.rating.is_some());
    let published: Vec<usize> = rows.map(|row| row.model).collect();
    if published.len() < 2 || standing.basis.capped_voters > 0 {
        return Ok(Vec::new());
    }
    rated.fit.fragility(&published)
}

/// How often each pair of active models should be drawn; empty while nothing is rated.
pub(super) fn pair_weights(published: &Published) -> Result<PairWeights, RankingError> {
    let (Some(rated), Some(critical_value)) = (&published.rated, published.board.critical_value)
    else {
        return Ok(PairWeights::new());
    };
    let active = |&at: &usize| published.models[at].is_active();
    let pool: Vec<usize> = (0..published.models.len()).filter(active).collect();
    let weights = ranking::pairing_weights(
        &rated.fit,
        &rated.covariance,
        critical_value,
        &pool,
        UNIFORM_PART,
    )?;
    let id = |at: usize| published.models[at].id;
    Ok(weights
        .into_iter()
        .map(|pair| (crate::pool::pair(id(pair.model), id(pair.rival)), pair.weight))
        .collect())
}
