//! Elo: in the order of the file, or as the mean over random orders.

use arena_core::ranking::{Elo, Vote, order_averaged_elo};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::ranking::files::FileVotes;
use crate::ranking::line::{Line, rounded};

use super::document::{Choices, Document, Entry, sort};
use super::{Arguments, Result, fitted};

pub(super) fn document(file: &FileVotes, arguments: &Arguments) -> Result<Document> {
    let coding = arguments.coding();
    let all = file.votes.iter().flat_map(|votes| votes.plain());
    let votes: Vec<Vote> = all.filter(|vote| fitted::counts(vote.outcome, coding)).collect();
    let (ratings, status) = match arguments.elo_orders {
        Some(orders) => {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(arguments.seed);
            let mean = order_averaged_elo(file.models.len(), &votes, orders, &mut rng)?;
            (mean, "order_averaged")
        }
        None => (in_order(file.models.len(), &votes)?, "order_dependent"),
    };
    let mut models: Vec<Entry> =
        (0..file.models.len()).map(|model| entry(file, model, ratings[model], status)).collect();
    sort(&mut models);
    Ok(Document {
        version: env!("CARGO_PKG_VERSION"),
        settings: Choices {
            method: "elo",
            elo_orders: arguments.elo_orders,
            ..Choices::new(arguments, file)?
        },
        votes: file.counts.votes(),
        used_votes: votes.len() as u64,
        skipped_rows: file.skipped.len(),
        tie_parameter: None,
        critical_value: None,
        position: None,
        style: None,
        models,
        raw_models: None,
    })
}

fn in_order(models: usize, votes: &[Vote]) -> Result<Vec<f64>> {
    let mut elo = Elo::new(models);
    for vote in votes {
        elo.update(vote.left, vote.right, vote.outcome)?;
    }
    Ok(elo.ratings().to_vec())
}

fn entry(file: &FileVotes, model: usize, rating: f64, status: &'static str) -> Entry {
    let record = file.counts.record(model).unwrap_or_default();
    let line = Line {
        rank: None,
        rank_low: None,
        rank_high: None,
        model: file.models[model].clone(),
        rating: Some(rounded(rating)),
        ci_low: None,
        ci_high: None,
        votes: record.votes(),
        wins: record.wins,
        losses: record.losses,
        ties: record.ties,
        both_bad: record.both_bad,
        status,
    };
    Entry { line, rank_ub: None }
}
