//! Boards from fits: Bradley-Terry, Davidson, Rao-Kupper; raw or with style control.

use arena_core::ranking::board::DEFAULT_DRAWS;
use arena_core::ranking::{
    self, AttributedVote, Board, Bootstrap, Controlled, Covariance, Fit, Outcome, RankingError,
    Settings, SmallSample, StyleSettings, StyledVote, Vote,
};

use crate::ranking::files::FileVotes;

use super::document::{Choices, Document, Position, coefficients, entries, precise};
use super::{Arguments, Format, Interval, Result};

/// Resamples of a bootstrap, unless another number is asked for.
const RESAMPLES: usize = 1000;

pub(super) fn document(file: &FileVotes, arguments: &Arguments) -> Result<Document> {
    let settings = settings(file, arguments)?;
    let weighed = Weighed::new(file, arguments)?;
    let raw = Raw::fit(file, arguments, &settings, &weighed)?;
    let controlled = match arguments.style {
        true => Some(control(file, arguments, &raw.members)?),
        false => None,
    };
    let board = match &controlled {
        Some(controlled) => ranking::compute_controlled(&file.counts, &settings, controlled)?,
        None => raw.board.clone(),
    };
    let lines = |board: &Board| entries(board, &file.models, arguments.interval());
    Ok(Document {
        version: env!("CARGO_PKG_VERSION"),
        settings: Choices {
            voter_cap: weighed.cap,
            rank_draws: Some(settings.draws),
            resamples: raw.bootstrap.as_ref().map(Bootstrap::draws),
            ..Choices::new(arguments, file)?
        },
        votes: board.votes,
        used_votes: board.used_votes,
        skipped_rows: file.skipped.len(),
        tie_parameter: board.tie_parameter.map(precise),
        critical_value: board.critical_value.map(precise),
        position: matches!(arguments.format, Format::Json)
            .then(|| position(file, arguments, &raw.members)),
        style: controlled.as_ref().map(coefficients),
        models: lines(&board),
        raw_models: controlled.map(|_| lines(&raw.board)),
    })
}

fn settings(file: &FileVotes, arguments: &Arguments) -> Result<Settings> {
    let draws = arguments.draws.filter(|_| arguments.interval() != Interval::Bootstrap);
    Ok(Settings {
        method: arguments.fit_method(),
        coding: arguments.coding(),
        frame: arguments.frame(file)?,
        draws: draws.unwrap_or(DEFAULT_DRAWS),
        seed: arguments.seed,
    })
}

/// Single votes with their weights, where something needs them.
struct Weighed {
    votes: Option<Vec<AttributedVote>>,
    /// Whether the weights differ.
    weighted: bool,
    /// What one voter may weigh.
    cap: Option<f64>,
}

impl Weighed {
    fn new(file: &FileVotes, arguments: &Arguments) -> Result<Weighed> {
        let weighted = arguments.reweight.is_some() || arguments.voter_cap;
        if !weighted && arguments.clusters().is_none() {
            return Ok(Weighed { votes: None, weighted, cap: None });
        }
        let mut votes = single_votes(file);
        let coding = arguments.coding();
        votes.retain(|vote| counts(vote.vote.outcome, coding));
        let cap = arguments.voter_cap.then(|| ranking::voter_cap(votes.len() as u64));
        if let Some(cap) = cap {
            ranking::cap_voters(&mut votes, cap)?;
        }
        if arguments.reweight.is_some() {
            ranking::balance_pairs(&mut votes);
        }
        Ok(Weighed { votes: Some(votes), weighted, cap })
    }

    fn votes(&self) -> &[AttributedVote] {
        self.votes.as_deref().unwrap_or_default()
    }
}

/// Whether a vote is not left out; one that is weighs nothing for anybody.
pub(super) fn counts(outcome: Outcome, coding: ranking::Coding) -> bool {
    match outcome {
        Outcome::Left | Outcome::Right => true,
        Outcome::Tie => coding.ties == ranking::TieRule::Half,
        Outcome::BothBad => coding.both_bad == ranking::BothBadRule::Half,
    }
}

fn single_votes(file: &FileVotes) -> Vec<AttributedVote> {
    match &file.votes {
        Some(votes) => votes.attributed().collect(),
        None => from_counts(file),
    }
}

/// The votes behind counts, in some order.
fn from_counts(file: &FileVotes) -> Vec<AttributedVote> {
    let models = file.models.len();
    let mut votes = Vec::new();
    for (left, right) in (0..models).flat_map(|left| (0..models).map(move |right| (left, right))) {
        let tally = file.counts.tally(left, right).unwrap_or_default();
        let outcomes = [
            (Outcome::Left, tally.left_wins),
            (Outcome::Right, tally.right_wins),
            (Outcome::Tie, tally.ties),
            (Outcome::BothBad, tally.both_bad),
        ];
        for (outcome, times) in outcomes {
            let vote = AttributedVote::from(Vote { left, right, outcome });
            votes.extend(std::iter::repeat_n(vote, times as usize));
        }
    }
    votes
}

/// The board without style control, and what it was made from.
struct Raw {
    board: Board,
    /// The models that are comparable.
    members: Vec<usize>,
    bootstrap: Option<Bootstrap>,
}

impl Raw {
    fn fit(
        file: &FileVotes,
        arguments: &Arguments,
        settings: &Settings,
        weighed: &Weighed,
    ) -> Result<Raw> {
        let resample = match arguments.interval() {
            Interval::Bootstrap => Some(arguments.resample()?),
            Interval::Sandwich | Interval::None => None,
        };
        let (mut members, mut bootstrap) = (Vec::new(), None);
        let mut board = ranking::compute_with(&file.counts, settings, |comparable| {
            members = comparable.to_vec();
            let (fit, covariance) = estimate(file, arguments, weighed, comparable)?;
            if let Some(resample) = resample {
                let draws = arguments.draws.unwrap_or(RESAMPLES);
                let drawn = fit.bootstrap(weighed.votes(), resample, draws, settings.seed)?;
                bootstrap = Some(drawn);
            }
            Ok((fit, covariance))
        })?;
        if let Some(bootstrap) = &bootstrap {
            resampled_intervals(&mut board, bootstrap)?;
        }
        Ok(Raw { board, members, bootstrap })
    }
}

fn estimate(
    file: &FileVotes,
    arguments: &Arguments,
    weighed: &Weighed,
    members: &[usize],
) -> std::result::Result<(Fit, Covariance), RankingError> {
    let (method, coding) = (arguments.fit_method(), arguments.coding());
    let fit = match weighed.weighted {
        true => ranking::fit_votes(weighed.votes(), members, method, coding)?,
        false => ranking::fit(&file.counts, members, method, coding)?,
    };
    let small_sample = SmallSample::default();
    let covariance = match arguments.clusters() {
        Some(clusters) => fit.clustered_covariance(weighed.votes(), clusters, small_sample)?,
        None => fit.covariance(small_sample)?,
    };
    Ok((fit, covariance))
}

/// Replaces the intervals of a board by those of resampled votes.
fn resampled_intervals(
    board: &mut Board,
    bootstrap: &Bootstrap,
) -> std::result::Result<(), RankingError> {
    let rated = board.rows.iter().filter(|row| row.rating.is_some());
    let published: Vec<usize> = rated.map(|row| row.model).collect();
    if published.is_empty() {
        return Ok(());
    }
    let estimates = bootstrap.estimates(board.settings.frame.clone(), &published)?;
    for (model, estimate) in published.into_iter().zip(estimates) {
        board.rows[model].rating = Some(estimate);
    }
    Ok(())
}

fn control(file: &FileVotes, arguments: &Arguments, members: &[usize]) -> Result<Controlled> {
    if members.is_empty() {
        return Err("no two models can be compared, so that style cannot be controlled".into());
    }
    let votes: Vec<StyledVote> = file.votes.iter().flat_map(|votes| votes.styled()).collect();
    let settings = StyleSettings {
        coding: arguments.coding(),
        clusters: arguments.clusters(),
        ..StyleSettings::default()
    };
    Ok(ranking::control(&votes, members, &settings)?)
}

/// Fits the advantage of the left place to all votes, each of weight 1, with Bradley-Terry.
fn position(file: &FileVotes, arguments: &Arguments, members: &[usize]) -> Position {
    if members.is_empty() {
        return Position::NotEstimated { reason: "no two models can be compared".to_owned() };
    }
    let (coding, small_sample) = (arguments.coding(), SmallSample::default());
    let fitted = match arguments.clusters() {
        None => ranking::position(&file.counts, members, coding, small_sample),
        Some(clusters) => {
            let votes = single_votes(file);
            ranking::clustered_position(&votes, members, coding, clusters, small_sample)
        }
    };
    match fitted {
        Ok(position) => Position::of(position.left),
        Err(error) => Position::NotEstimated { reason: error.to_string() },
    }
}
