//! One whole computation over the ledger, and what the pool learns from it.

use arena_core::ranking::{self, Coding, Fragility, Method, RankingError, Settings};
use time::OffsetDateTime;

use super::ledger::Ledger;
use super::slices::{Sliced, Tallies};
use super::standing::{Standing, stand};
use super::{Published, SEED};
use crate::pool::PairWeights;

/// The part of all battles that is drawn uniformly, so that no pair dies out.
pub(super) const UNIFORM_PART: f64 = 0.25;

/// Computes board, fragility and slices of all votes in the ledger.
pub(super) fn publish(
    ledger: &Ledger,
    tallies: &mut Tallies,
    now: OffsetDateTime,
) -> Result<Published, RankingError> {
    let standing = stand(ledger.models.len(), &ledger.votes, &Settings::new(SEED))?;
    tallies.catch_up(ledger, now);
    let fragility = fragility(&standing)?;
    let tie_groups = match &standing.rated {
        Some(rated) => rated.tie_groups(&standing.board)?,
        None => vec![None; ledger.models.len()],
    };
    Ok(Published { fragility, tie_groups, ..assemble(ledger, standing, tallies.list(), now) })
}

fn assemble(
    ledger: &Ledger,
    standing: Standing,
    slices: Vec<Sliced>,
    now: OffsetDateTime,
) -> Published {
    Published {
        models: ledger.models.clone(),
        board: standing.board,
        basis: standing.basis,
        counts: standing.counts,
        rated: standing.rated,
        fragility: Vec::new(),
        tie_groups: Vec::new(),
        slices,
        elo: ledger.elo(),
        computed_at: now,
        period: ledger.period(),
    }
}

/// Votes to flip, from unweighted votes: dropping single votes has no meaning once they share a cap.
fn fragility(standing: &Standing) -> Result<Vec<Fragility>, RankingError> {
    let Some(rated) = &standing.rated else { return Ok(Vec::new()) };
    let rows = standing.board.rows.iter().filter(|row| row.rating.is_some());
    let published: Vec<usize> = rows.map(|row| row.model).collect();
    if published.len() < 2 {
        return Ok(Vec::new());
    }
    if standing.basis.capped_voters == 0 {
        return rated.fit.fragility(&published);
    }
    let members = rated.fit.members();
    ranking::fit(&standing.counts, members, Method::BradleyTerry, Coding::default())?
        .fragility(&published)
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
