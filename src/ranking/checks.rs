//! What a careful reader asks of a board: position, style, single voters, other methods, other weights.
//!
//! Made on request from the votes in memory. Each answer stands by itself: one that cannot be given
//! says why, and the others are given.

use std::sync::Arc;

use arena_core::ranking::{
    self, AttributedVote, Clusters, Effect, Elo, Estimate, Fit, Influence, Method, RankingError,
    Settings, SmallSample, StyleFeature, StyleSettings, StyledVote, WinMatrix,
};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use time::OffsetDateTime;

use super::choices::{Choice, choices};
use super::standing::{MIN_CLUSTERS, stand_as_given};
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
    /// The largest change of a rating without them, in Elo points; none if the others' votes alone
    /// do not compare all models.
    pub largest_shift_elo: Option<f64>,
}

/// Every check of one board.
#[derive(Clone, Debug)]
pub struct Checks {
    /// The board that was checked: the models below are its own.
    pub published: Arc<Published>,
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

/// What is checked: the board, and its votes with all weights 1.
struct Ground<'a> {
    published: &'a Published,
    votes: Vec<AttributedVote>,
}

/// Makes all checks of a board.
pub(super) fn check(published: &Arc<Published>) -> Checks {
    let ground = Ground { published, votes: published.snapshot.votes() };
    let fit = ground.plain_fit();
    Checks {
        published: Arc::clone(published),
        computed_at: OffsetDateTime::now_utc(),
        position: with(&fit, |fit| ground.position(fit)),
        style: ground.style(),
        influence: with(&fit, |fit| ground.influence(fit)),
        screening: with(&fit, |fit| ground.screening(fit)),
        uniform_pairs: with(&fit, |fit| ground.uniform_pairs(fit)),
        choices: choices(published),
        averaged_elo: ground.averaged_elo(),
        matrix: with(&fit, |fit| Ok(ranking::win_matrix(&published.counts, fit))),
    }
}

fn with<T>(fit: &Answer<Fit>, check: impl Fn(&Fit) -> Result<T, RankingError>) -> Answer<T> {
    check(fit.as_ref().map_err(Clone::clone)?).map_err(|error| error.to_string())
}

impl Ground<'_> {
    /// The fit of the board's votes with all weights 1.
    fn plain_fit(&self) -> Answer<Fit> {
        let rated = self.published.rated.as_ref().ok_or("no two models can be compared yet")?;
        let settings = &self.published.board.settings;
        ranking::fit_votes(&self.votes, rated.fit.members(), settings.method, settings.coding)
            .map_err(|error| error.to_string())
    }

    fn position(&self, fit: &Fit) -> Result<PositionBias, RankingError> {
        let coding = self.published.board.settings.coding;
        let by_voter = self.published.basis.voters >= MIN_CLUSTERS;
        let (members, small) = (fit.members(), SmallSample::default());
        let position = if by_voter {
            ranking::clustered_position(&self.votes, members, coding, Clusters::Voter, small)?
        } else {
            ranking::position(&self.published.counts, members, coding, small)?
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

    fn style(&self) -> Answer<StyleControl> {
        let snapshot = &self.published.snapshot;
        let known = snapshot.entries().filter_map(|entry| {
            let form = entry.style?;
            Some(StyledVote { vote: snapshot.vote(entry), left: form.left, right: form.right })
        });
        let votes: Vec<StyledVote> = known.collect();
        if votes.is_empty() {
            return Err("no vote has answers whose form is known".to_owned());
        }
        self.controlled(&votes).map_err(|error| error.to_string())?
    }

    /// Raw and controlled board of the same votes, with the same models and the same clusters.
    fn controlled(&self, votes: &[StyledVote]) -> Result<Answer<StyleControl>, RankingError> {
        let settings = Settings::new(SEED);
        let plain: Vec<AttributedVote> = votes.iter().map(|styled| styled.vote).collect();
        let raw = stand_as_given(self.published.models.len(), &plain, &settings)?;
        let Some(rated) = &raw.rated else {
            return Ok(Err("no two models can be compared by the votes whose answers' form is \
                           known"
                .to_owned()));
        };
        let style = StyleSettings {
            coding: settings.coding,
            position: true,
            clusters: raw.basis.dependence.clusters(),
            ..StyleSettings::default()
        };
        let found = ranking::control(votes, rated.fit.members(), &style)?;
        let controlled = ranking::compute_controlled(&raw.counts, &settings, &found)?;
        let both = raw.board.rows.iter().zip(&controlled.rows);
        let mut rows: Vec<StyledRow> = both
            .filter_map(|(raw, controlled)| {
                Some(StyledRow {
                    model: raw.model,
                    raw: raw.rating?,
                    controlled: controlled.rating?,
                })
            })
            .collect();
        rows.sort_by(|one, other| other.controlled.rating.total_cmp(&one.controlled.rating));
        let mut effects: Vec<(&'static str, Effect)> = StyleFeature::ALL
            .into_iter()
            .map(|feature| (feature_name(feature), found.effect(feature)))
            .collect();
        effects.extend(found.position().map(|effect| ("shown as A", effect)));
        Ok(Ok(StyleControl { votes: votes.len(), effects, rows }))
    }

    fn influence(&self, fit: &Fit) -> Result<Vec<Influence>, RankingError> {
        let mut found = fit.voter_influence(&self.votes)?;
        found.sort_by(|one, other| other.shift_elo.abs().total_cmp(&one.shift_elo.abs()));
        found.truncate(LISTED);
        Ok(found)
    }

    fn screening(&self, fit: &Fit) -> Result<Screening, RankingError> {
        let coding = self.published.board.settings.coding;
        let counts = &self.published.counts;
        let ties = ranking::fit(counts, fit.members(), Method::Davidson, coding)?;
        let suspicions = ranking::screen(&ties, &self.votes)?;
        let flagged = ranking::flag(&suspicions, FALSE_DISCOVERIES)?;
        let is_flagged =
            |vote: &&AttributedVote| vote.voter.is_some_and(|voter| flagged.contains(&voter));
        let flagged_votes = self.votes.iter().filter(is_flagged).count();
        let rest: Vec<AttributedVote> =
            self.votes.iter().filter(|vote| !is_flagged(vote)).copied().collect();
        let largest_shift_elo = match flagged.len() {
            0 => Some(0.0),
            // What was found stands, also where the others' votes leave gaps.
            _ => ranking::fit_votes(&rest, fit.members(), Method::BradleyTerry, coding)
                .ok()
                .map(|without| largest_shift(fit, &without).1),
        };
        let (voters, flagged) = (suspicions.len(), flagged.len());
        Ok(Screening { voters, flagged, flagged_votes, largest_shift_elo })
    }

    fn uniform_pairs(&self, fit: &Fit) -> Result<(usize, f64), RankingError> {
        let mut votes = self.votes.clone();
        let p_draw: Vec<f64> =
            self.published.snapshot.entries().map(|entry| entry.p_draw).collect();
        ranking::inverse_probability(&mut votes, &p_draw)?;
        let coding = self.published.board.settings.coding;
        let weighed = ranking::fit_votes(&votes, fit.members(), Method::BradleyTerry, coding)?;
        Ok(largest_shift(fit, &weighed))
    }

    fn averaged_elo(&self) -> Answer<Vec<f64>> {
        if self.votes.len() > ELO_VOTES {
            return Err(format!(
                "more than {ELO_VOTES} votes; `doubleblind rank --method elo --elo-orders 100` computes it"
            ));
        }
        let models = self.published.models.len();
        let votes: Vec<_> = self.votes.iter().map(|vote| vote.vote).collect();
        if votes.is_empty() {
            return Ok(Elo::new(models).ratings().to_vec());
        }
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(SEED);
        ranking::order_averaged_elo(models, &votes, ELO_ORDERS, &mut rng)
            .map_err(|error| error.to_string())
    }
}

fn feature_name(feature: StyleFeature) -> &'static str {
    match feature {
        StyleFeature::Tokens => "length in characters",
        StyleFeature::Headers => "headers",
        StyleFeature::Lists => "list items",
        StyleFeature::Bold => "bold spans",
    }
}

/// The member that moves most from one fit to another of the same members, in Elo points.
fn largest_shift(one: &Fit, other: &Fit) -> (usize, f64) {
    let shifts = one.members().iter().zip(one.strengths().iter().zip(other.strengths()));
    shifts
        .map(|(model, (before, after))| (*model, ranking::ELO_PER_NAT * (after - before)))
        .max_by(|one, other| one.1.abs().total_cmp(&other.1.abs()))
        .unwrap_or((0, 0.0))
}
