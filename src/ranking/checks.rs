//! What a careful reader asks of a board: position, style, single voters, other methods, other weights.
//!
//! Made on request from the votes in memory. Each answer stands by itself: one that cannot be given
//! says why, and the others are given.

use arena_core::ranking::{
    self, AttributedVote, Clusters, Counts, Effect, Elo, Estimate, Fit, Frame, Influence, Method,
    RankingError, Settings, SmallSample, StyleFeature, StyleSettings, StyledVote, WinMatrix,
};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use time::OffsetDateTime;

use super::choices::{Choice, choices};
use super::ledger::Ledger;
use super::standing::MIN_CLUSTERS;
use super::{Published, SEED};

/// Expected part of innocent voters among those that screening flags.
pub const FALSE_DISCOVERIES: f64 = 0.05;
/// Random orders behind averaged Elo.
pub const ELO_ORDERS: usize = 100;
/// Beyond so many votes averaged Elo takes longer than a page may.
pub const ELO_VOTES: usize = 200_000;
/// Voters listed by influence.
const LISTED: usize = 5;

/// An answer, or why there is none.
pub type Answer<T> = Result<T, String>;

/// The gain of the left place.
#[derive(Clone, Copy, Debug)]
pub struct PositionBias {
    /// Expected score of answer A between equals, with its interval; 0.5 is no bias.
    pub left_score: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval.
    pub high: f64,
    /// Whether the interval allows for votes of one voter being alike.
    pub by_voter: bool,
}

/// One model with and without style control, both from the same votes.
#[derive(Clone, Debug)]
pub struct StyledRow {
    /// Index of the model.
    pub model: usize,
    /// Rating as voted.
    pub raw: Estimate,
    /// Rating with length and formatting taken out.
    pub controlled: Estimate,
}

/// Raw and controlled board, and what form is worth.
#[derive(Clone, Debug)]
pub struct StyleControl {
    /// Votes whose answers' form is known.
    pub votes: usize,
    /// Effects per standard deviation of the scaled difference, in log-odds.
    pub effects: Vec<(&'static str, Effect)>,
    /// Rated models, best controlled rating first.
    pub rows: Vec<StyledRow>,
}

/// What screening finds, without saying whom.
#[derive(Clone, Copy, Debug)]
pub struct Screening {
    /// Voters looked at.
    pub voters: usize,
    /// Voters whose votes another rule explains far better.
    pub flagged: usize,
    /// Their votes.
    pub flagged_votes: usize,
    /// The largest change of a rating without them, in Elo points.
    pub largest_shift_elo: f64,
}

/// Every check of one board.
#[derive(Clone, Debug)]
pub struct Checks {
    /// Votes of the board.
    pub votes: u64,
    /// When the checks were made.
    pub computed_at: OffsetDateTime,
    /// Whether A or B has an advantage.
    pub position: Answer<PositionBias>,
    /// What length and formatting do.
    pub style: Answer<StyleControl>,
    /// The voters whose absence would move a rating most.
    pub influence: Answer<Vec<Influence>>,
    /// Voters that stand out.
    pub screening: Answer<Screening>,
    /// Largest change of a rating if each vote counts by one over its drawing probability: model, Elo points.
    pub uniform_pairs: Answer<(usize, f64)>,
    /// Other methods and tie rules.
    pub choices: Answer<Vec<Choice>>,
    /// Elo averaged over orders, by model.
    pub averaged_elo: Answer<Vec<f64>>,
    /// Every pair, observed and expected.
    pub matrix: Answer<WinMatrix>,
}

/// Makes all checks of a board.
pub(super) fn check(ledger: &Ledger, published: &Published) -> Checks {
    let fit = plain_fit(ledger, published);
    let with_fit = |check: &dyn Fn(&Fit) -> Result<_, RankingError>| match &fit {
        Ok(fit) => check(fit).map_err(|error| error.to_string()),
        Err(reason) => Err(reason.clone()),
    };
    Checks {
        votes: published.board.votes,
        computed_at: OffsetDateTime::now_utc(),
        position: with_fit(&|fit| position(ledger, published, fit)),
        style: style(ledger, published),
        influence: fit.as_ref().map_err(Clone::clone).and_then(|fit| influence(ledger, fit)),
        screening: fit
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|fit| screening(ledger, published, fit)),
        uniform_pairs: fit.as_ref().map_err(Clone::clone).and_then(|fit| {
            uniform_pairs(ledger, published, fit).map_err(|error| error.to_string())
        }),
        choices: choices(published),
        averaged_elo: averaged_elo(ledger),
        matrix: fit.map(|fit| ranking::win_matrix(&published.counts, &fit)),
    }
}

/// The fit of the board's votes with all weights 1.
fn plain_fit(ledger: &Ledger, published: &Published) -> Answer<Fit> {
    let rated = published.rated.as_ref().ok_or("no two models can be compared yet")?;
    let settings = &published.board.settings;
    ranking::fit_votes(&ledger.votes, rated.fit.members(), settings.method, settings.coding)
        .map_err(|error| error.to_string())
}

fn position(
    ledger: &Ledger,
    published: &Published,
    fit: &Fit,
) -> Result<PositionBias, RankingError> {
    let coding = published.board.settings.coding;
    let by_voter = published.basis.voters >= MIN_CLUSTERS;
    let small = SmallSample::default();
    let position = if by_voter {
        ranking::clustered_position(&ledger.votes, fit.members(), coding, Clusters::Voter, small)?
    } else {
        ranking::position(&published.counts, fit.members(), coding, small)?
    };
    let score = |log_odds: f64| 1.0 / (1.0 + (-log_odds).exp());
    let half_width = 1.959_964 * position.left.error;
    Ok(PositionBias {
        left_score: position.left_score(),
        low: score(position.left.value - half_width),
        high: score(position.left.value + half_width),
        by_voter,
    })
}

fn style(ledger: &Ledger, published: &Published) -> Answer<StyleControl> {
    let known = ledger.votes.iter().zip(&ledger.traits);
    let votes: Vec<StyledVote> = known
        .filter_map(|(vote, of)| {
            let form = of.style?;
            Some(StyledVote { vote: *vote, left: form.left, right: form.right })
        })
        .collect();
    if votes.is_empty() {
        return Err("no vote has answers whose form is known".to_owned());
    }
    controlled(ledger.models.len(), &votes, published).map_err(|error| error.to_string())
}

fn controlled(
    models: usize,
    votes: &[StyledVote],
    published: &Published,
) -> Result<StyleControl, RankingError> {
    let counts = Counts::from_votes(models, votes.iter().map(|styled| styled.vote.vote))?;
    let plain = ranking::compute(&counts, &Settings::new(SEED))?;
    let by_voter = published.basis.voters >= MIN_CLUSTERS;
    let settings = StyleSettings {
        position: true,
        clusters: by_voter.then_some(Clusters::Voter),
        ..StyleSettings::default()
    };
    let groups = ranking::components(&counts, settings.coding);
    let members = groups.into_iter().max_by_key(Vec::len).unwrap_or_default();
    let found = ranking::control(votes, &members, &settings)?;
    let rated: Vec<_> =
        plain.rows.iter().filter_map(|row| Some((row.model, row.rating?))).collect();
    let frame = Frame::Reference {
        models: rated.iter().map(|(model, _)| *model).collect(),
        rating: ranking::MEAN_RATING,
    };
    let adjusted = found.adjusted.estimates(frame)?;
    let estimate = |model: usize| {
        let at = found.adjusted.members().iter().position(|&member| member == model)?;
        adjusted.get(at).copied()
    };
    let mut rows: Vec<StyledRow> = rated
        .into_iter()
        .filter_map(|(model, raw)| Some(StyledRow { model, raw, controlled: estimate(model)? }))
        .collect();
    rows.sort_by(|one, other| other.controlled.rating.total_cmp(&one.controlled.rating));
    let mut effects: Vec<(&'static str, Effect)> = StyleFeature::ALL
        .into_iter()
        .map(|feature| (feature_name(feature), found.effect(feature)))
        .collect();
    effects.extend(found.position().map(|effect| ("shown as A", effect)));
    Ok(StyleControl { votes: votes.len(), effects, rows })
}

fn feature_name(feature: StyleFeature) -> &'static str {
    match feature {
        StyleFeature::Tokens => "length in characters",
        StyleFeature::Headers => "headers",
        StyleFeature::Lists => "list items",
        StyleFeature::Bold => "bold spans",
    }
}

fn influence(ledger: &Ledger, fit: &Fit) -> Answer<Vec<Influence>> {
    let mut found = fit.voter_influence(&ledger.votes).map_err(|error| error.to_string())?;
    found.sort_by(|one, other| other.shift_elo.abs().total_cmp(&one.shift_elo.abs()));
    found.truncate(LISTED);
    Ok(found)
}

fn screening(ledger: &Ledger, published: &Published, fit: &Fit) -> Answer<Screening> {
    let screened = || -> Result<Screening, RankingError> {
        let coding = published.board.settings.coding;
        let ties = ranking::fit(&published.counts, fit.members(), Method::Davidson, coding)?;
        let suspicions = ranking::screen(&ties, &ledger.votes)?;
        let flagged = ranking::flag(&suspicions, FALSE_DISCOVERIES)?;
        let is_flagged =
            |vote: &&AttributedVote| vote.voter.is_some_and(|voter| flagged.contains(&voter));
        let flagged_votes = ledger.votes.iter().filter(is_flagged).count();
        let rest: Vec<AttributedVote> =
            ledger.votes.iter().filter(|vote| !is_flagged(vote)).copied().collect();
        let largest_shift_elo = if flagged.is_empty() {
            0.0
        } else {
            let without = ranking::fit_votes(&rest, fit.members(), Method::BradleyTerry, coding)?;
            largest_shift(fit, &without).1
        };
        let (voters, flagged) = (suspicions.len(), flagged.len());
        Ok(Screening { voters, flagged, flagged_votes, largest_shift_elo })
    };
    screened().map_err(|error| error.to_string())
}

fn uniform_pairs(
    ledger: &Ledger,
    published: &Published,
    fit: &Fit,
) -> Result<(usize, f64), RankingError> {
    let mut votes = ledger.votes.clone();
    let p_draw: Vec<f64> = ledger.traits.iter().map(|of| of.p_draw).collect();
    ranking::inverse_probability(&mut votes, &p_draw)?;
    let weighed = ranking::fit_votes(
        &votes,
        fit.members(),
        Method::BradleyTerry,
        published.board.settings.coding,
    )?;
    Ok(largest_shift(fit, &weighed))
}

/// The member that moves most from one fit to another of the same members, in Elo points.
fn largest_shift(one: &Fit, other: &Fit) -> (usize, f64) {
    let shifts = one.members().iter().zip(one.strengths().iter().zip(other.strengths()));
    shifts
        .map(|(model, (before, after))| (*model, ranking::ELO_PER_NAT * (after - before)))
        .max_by(|one, other| one.1.abs().total_cmp(&other.1.abs()))
        .unwrap_or((0, 0.0))
}

fn averaged_elo(ledger: &Ledger) -> Answer<Vec<f64>> {
    if ledger.votes.len() > ELO_VOTES {
        return Err(format!(
            "more than {ELO_VOTES} votes; `doubleblind rank --method elo --elo-orders 100` computes it"
        ));
    }
    let votes: Vec<_> = ledger.votes.iter().map(|vote| vote.vote).collect();
    if votes.is_empty() {
        return Ok(Elo::new(ledger.models.len()).ratings().to_vec());
    }
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(SEED);
    ranking::order_averaged_elo(ledger.models.len(), &votes, ELO_ORDERS, &mut rng)
        .map_err(|error| error.to_string())
}
