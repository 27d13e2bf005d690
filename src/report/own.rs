//! The votes of this site by country, licence and size of models, and the press's claim put to its voters.
//!
//! The caller hands in plain values, so that nothing here knows how the site stores them. Few votes, or none, give
//! statuses and empty cells, never an error and never a guessed number.

use arena_core::ranking::{Counts, Covariance, Fit, Frame, RankingError};

use super::ReportError;
use super::cells::{column, counted, grouped, signed};
use super::claims::{CurveShape, Part, Specification, Wording};
use super::document::{Column, Measured, Section};
use super::origin::{LicenceClass, Openness, Origins};
use super::own_tables::{Grouping, groups, matrices_of_best, models, top_places};
use super::rated::{RULE_COLUMNS, Rated, Rule};
use super::sources::Sources;
use super::standings::Top;

const SECTION: &str = "own-votes";

/// A model of the site.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnModel {
    /// Name on leaderboards.
    pub name: String,
    /// Who made it.
    pub maker: String,
    /// ISO 3166 codes; a model of two countries has both, joined by a slash, and is a group of its own.
    pub country: String,
    /// Licence as the site writes it.
    pub licence: String,
    /// Number of parameters, if known.
    pub parameter_count: Option<u64>,
    /// Who runs it, if it does not run here.
    pub operator: Option<String>,
}

/// Strengths of the site's board with a covariance that knows its voters.
#[derive(Clone, Debug)]
pub struct Estimated {
    /// Bradley-Terry, ties and both-bad votes half a win each; weights of votes included.
    pub fit: Fit,
    /// The covariance of its strengths.
    pub covariance: Covariance,
    /// What the intervals allow for: the end of "95 % sandwich intervals ...".
    pub dependence: String,
}

/// The votes of the site.
#[derive(Clone, Debug)]
pub struct OwnVotes {
    /// The models, in the order of the indices of `counts`; retired ones included if they have votes.
    pub models: Vec<OwnModel>,
    /// Votes per ordered pair.
    pub counts: Counts,
    /// The site's own estimates; without them votes count as independent and of equal weight.
    pub estimated: Option<Estimated>,
    /// Day of the first and of the last vote, as `2026-11-22`; `None` before the first vote.
    pub period: Option<(String, String)>,
}

/// A model with what the tables group by.
pub(super) struct Member<'a> {
    pub(super) model: &'a OwnModel,
    pub(super) class: LicenceClass,
}

/// The site's models and votes, rated as far as they can be.
pub(super) struct Site<'a> {
    pub(super) members: Vec<Member<'a>>,
    pub(super) counts: &'a Counts,
    pub(super) rated: Option<Rated>,
    dependence: Option<&'a str>,
    /// Ratings of all votes under other rules, as far as they have an answer.
    others: Vec<(Rule, Rated)>,
}

impl<'a> Site<'a> {
    fn new(own: &'a OwnVotes) -> Result<Site<'a>, ReportError> {
        if own.models.len() != own.counts.models() {
            let (models, counted) = (own.models.len(), own.counts.models());
            return Err(ReportError::OtherModels { models, counted });
        }
        let origins = Origins::read(&Sources::shipped())?;
        let class = |model: &'a OwnModel| Member {
            model,
            class: origins.class_of_spelling(&model.licence),
        };
        let mut others = Vec::new();
        for rule in Rule::all() {
            if let Some(rated) =
                possible(Rated::without_ranks(&own.counts, rule, Frame::default()))?
            {
                others.push((rule, rated));
            }
        }
        Ok(Site {
            members: own.models.iter().map(class).collect(),
            counts: &own.counts,
            rated: match &own.estimated {
                Some(estimated) => Rated::estimated(&own.counts, estimated)?,
                None => Rated::new(&own.counts, Rule::MAIN, Frame::default())?,
            },
            dependence: own.estimated.as_ref().map(|estimated| estimated.dependence.as_str()),
            others,
        })
    }

    /// Models that run here have weights; only those said to be closed are not open.
    fn is_open(&self, model: usize, openness: Openness) -> bool {
        self.members.get(model).is_some_and(|member| match openness {
            Openness::Weights => member.class != LicenceClass::Closed,
            _ => openness.holds(member.class),
        })
    }

    /// The best open models of a country, as many as stand for it.
    fn best(&self, rated: &Rated, code: &str, openness: Openness, top: Top) -> Option<Vec<usize>> {
        let own = rated.ranked(|model| {
            self.is_open(model, openness) && self.members[model].model.country == code
        });
        let best: Vec<usize> = own.into_iter().take(top.models()).map(|row| row.model).collect();
        (best.len() == top.models()).then_some(best)
    }

    fn contrast(
        &self,
        rated: &Rated,
        openness: Openness,
        top: Top,
    ) -> Option<(Measured, Vec<usize>)> {
        let china = self.best(rated, "CN", openness, top)?;
        let us = self.best(rated, "US", openness, top)?;
        let difference = rated.contrast(&china, &us).filter(|found| found.is_finite())?;
        Some((difference, [china, us].concat()))
    }
}

/// Turns "these votes have no such estimate" into nothing.
fn possible(rated: Result<Option<Rated>, ReportError>) -> Result<Option<Rated>, ReportError> {
    match rated {
        Err(ReportError::Ranking(
            RankingError::TiesUndetermined { .. }
            | RankingError::NotConverged { .. }
            | RankingError::Singular { .. },
        )) => Ok(None),
        other => other,
    }
}

/// Makes the part on the site's own votes.
pub(super) fn part(own: &OwnVotes) -> Result<Part, ReportError> {
    let site = Site::new(own)?;
    let mut part = Part::default();
    press_claim(&site, &mut part);
    let mut figures = vec![models(&site)];
    for grouping in Grouping::ALL {
        figures.extend(groups(&site, grouping));
        figures.extend(top_places(&site, grouping));
    }
    figures.extend(matrices_of_best(&site));
    let votes = own.counts.votes();
    let period = match &own.period {
        Some((from, to)) => format!("{from} to {to}"),
        None => "no votes yet".to_owned(),
    };
    part.sections.push(Section {
        id: SECTION,
        title: "The votes of this site".to_owned(),
        paragraphs: paragraphs(&site),
        source: format!(
            "{} on {}, {period}. Bradley-Terry, ties and both-bad votes half a win for each side; points of 400 per factor \
             of 10 in the odds, the mean of the rated models is 1000; 95 % sandwich intervals.",
            counted(votes, "vote"),
            counted(own.models.len() as u64, "model"),
        ),
        figures,
    });
    Ok(part)
}

fn paragraphs(site: &Site<'_>) -> Vec<String> {
    let rated = site.rated.as_ref().map_or(0, |rated| rated.ranked(|_| true).len());
    let mut paragraphs = vec![
        format!(
            "{rated} of {} models have a rating. A model has one if it has at least 20 votes and can be compared with the \
             others through a chain of votes; the table says what the others lack.",
            site.members.len()
        ),
        format!(
            "Intervals are sandwich intervals {}. Those of other rules, in curves, treat votes as independent.",
            site.dependence.unwrap_or(
                "that treat votes as independent; where one person votes often, they are too narrow"
            )
        ),
        "A group stands for its best model and for the mean of its models. Differences of groups have their interval \
         from the covariance of the ratings, and no choice of anchor enters them. Intervals of shares of places come from 400 resamples of the \
         votes. The best model is picked by the same votes that are then compared, which favours large groups."
            .to_owned(),
        "Country, licence and size are as given when a model was added. All models whose licence is not closed count as \
         open: their weights run here, or, of a remote model, its operator vouches for the licence; a \
         licence that the table of licences does not know is shown as such."
            .to_owned(),
    ];
    if let Some(untested) = press_gap(site) {
        paragraphs.push(format!("Not enough votes for the press's claim: {untested}"));
    }
    paragraphs
}

/// What is missing for the press's claim, if anything.
fn press_gap(site: &Site<'_>) -> Option<String> {
    let (openness, top) = (Openness::Weights, Top::Best);
    let rated = |code: &str| {
        let best = |rated| site.best(rated, code, openness, top);
        site.rated.as_ref().and_then(best).is_some()
    };
    let missing = match (rated("CN"), rated("US")) {
        (true, true) => return None,
        (true, false) => "no US model has a rating",
        (false, true) => "no Chinese model has a rating",
        (false, false) => "neither a Chinese nor a US model has a rating",
    };
    let listed = |code: &str| {
        let own = site.members.iter().filter(|member| member.model.country == code);
        own.count() as u64
    };
    Some(format!(
        "{missing}. {} from China and {} from the US are on the list; one of each needs at least 20 votes, some of them won \
         and some lost or tied.",
        counted(listed("CN"), "model"),
        counted(listed("US"), "model"),
    ))
}

const PRESS_COLUMNS: [Column; 5] = [
    RULE_COLUMNS[0],
    RULE_COLUMNS[1],
    RULE_COLUMNS[2],
    column("open_weights", "Counts as open", 0),
    column("stands_for", "Stands for a country", 0),
];
const CURVE: CurveShape = CurveShape {
    id: "curve-own-press",
    title: "China minus the US on this site under other choices",
    unit: "China minus US, points",
    decimals: 1,
    keys: &["method", "ties", "both_bad", "open_weights", "stands_for"],
    choices: &PRESS_COLUMNS,
    further: &[],
};

/// The press's claim on this site: a claim with its number, or without one if votes are too few.
fn press_claim(site: &Site<'_>, part: &mut Part) {
    let words =
        "Chinese open models are rated higher in blind tests than American ones: on this site."
            .to_owned();
    let main = site.rated.as_ref().and_then(|rated| {
        let (value, models) = site.contrast(rated, Openness::Weights, Top::Best)?;
        Some((value, rated.votes(&models), models))
    });
    let Some((value, votes, models)) = main else {
        let reason =
            press_gap(site).unwrap_or_else(|| "the difference has no interval yet.".to_owned());
        let statistic = String::new();
        let wording = Wording { section: SECTION, words, statistic };
        part.untested.push(wording.untested(reason, site.counts.votes()));
        return;
    };
    let names: Vec<&str> =
        models.iter().map(|&model| site.members[model].model.name.as_str()).collect();
    let statistic = format!(
        "Rating of {}, in points ({}), the best open models of China and the US; interval from the covariance of both. {} \
         for the two.",
        names.join(" minus that of "),
        signed(value, 1),
        grouped(votes),
    );
    let wording = Wording { section: SECTION, words, statistic };
    part.claims.push(wording.above_zero(value, votes, specifications(site), &CURVE));
}

fn specifications(site: &Site<'_>) -> Vec<Specification> {
    let mut rows = Vec::new();
    for (rule, rated) in &site.others {
        for openness in Openness::ALL {
            for top in Top::ALL {
                let Some((value, models)) = site.contrast(rated, openness, top) else { continue };
                rows.push(Specification {
                    choices: [&rule.words()[..], &[openness.as_str(), top.as_str()]].concat(),
                    further: Vec::new(),
                    value,
                    votes: rated.votes(&models),
                    main: (*rule, openness, top) == (Rule::MAIN, Openness::Weights, Top::Best),
                });
            }
        }
    }
    rows
}
