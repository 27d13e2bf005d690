//! The public record of Chatbot Arena to 2024-08-14, rated again from its votes and held against what was published.

use std::collections::BTreeMap;

use arena_core::ranking::{Counts, Frame, Tally};
use serde::Deserialize;

use super::ReportError;
use super::cells::{column, count, measured, number, signed, text};
use super::claims::Part;
use super::document::{Cell, Chart, Figure, Measured, Section, Table};
use super::origin::{Countries, CountryRule, LicenceClass, Openness, Origins};
use super::power::Z95;
use super::rated::{Rated, Rule, matrices};
use super::record_claims::{contrast, fidelity_claim, press_claim};
use super::sources::{ARENA_BOARD, ARENA_PAIRS, Sources};
use super::standings::Top;

pub(super) const SECTION: &str = "chatbot-arena";
pub(super) const DATE: &str = "2024-08-14";
const ANCHOR: &str = "mixtral-8x7b-instruct-v0.1";
const ANCHOR_RATING: f64 = 1114.0;
/// Models in the win matrix.
const MATRIX_MODELS: usize = 20;

#[derive(Deserialize)]
struct PairRow {
    model_a: String,
    model_b: String,
    a_wins: u32,
    b_wins: u32,
    ties: u32,
    both_bad: u32,
}

#[derive(Deserialize)]
struct BoardRow {
    model: String,
    published_score: Option<f64>,
    published_ci_plus: Option<f64>,
    published_ci_minus: Option<f64>,
    organization: String,
    license: String,
}

/// One model of the record.
pub(super) struct Model {
    pub(super) name: String,
    pub(super) published: Option<Measured>,
    /// `None` for the model that the published board did not have.
    origin: Option<(Countries, LicenceClass)>,
}

/// The votes and the published board.
pub(super) struct Record {
    pub(super) models: Vec<Model>,
    pub(super) counts: Counts,
}

impl Record {
    pub(super) fn read(sources: &Sources) -> Result<Record, ReportError> {
        let origins = Origins::read(sources)?;
        let rows: Vec<BoardRow> = sources.csv(ARENA_BOARD)?;
        let model = |row: BoardRow| {
            let published =
                match (row.published_score, row.published_ci_minus, row.published_ci_plus) {
                    (Some(value), Some(minus), Some(plus)) => {
                        Some(Measured { value, low: value - minus, high: value + plus })
                    }
                    _ => None,
                };
            let origin = match row.organization.as_str() {
                "" => None,
                maker => Some((
                    origins.countries(&row.model, maker)?,
                    origins.class(&row.model, &row.license)?,
                )),
            };
            Ok(Model { name: row.model, published, origin })
        };
        let models: Vec<Model> = rows.into_iter().map(model).collect::<Result<_, ReportError>>()?;
        let counts = counts(sources, &models)?;
        Ok(Record { models, counts })
    }

    fn frame(&self) -> Result<Frame, ReportError> {
        let anchor = self.models.iter().position(|model| model.name == ANCHOR);
        let model = anchor.ok_or(ReportError::Absent { what: "anchor model" })?;
        Ok(Frame::Anchor { model, rating: ANCHOR_RATING })
    }

    pub(super) fn rate(&self, rule: Rule) -> Result<Rated, ReportError> {
        let rated = Rated::new(&self.counts, rule, self.frame()?)?;
        rated.ok_or(ReportError::Absent { what: "comparable models" })
    }

    pub(super) fn rate_without_ranks(&self, rule: Rule) -> Result<Rated, ReportError> {
        let rated = Rated::without_ranks(&self.counts, rule, self.frame()?)?;
        rated.ok_or(ReportError::Absent { what: "comparable models" })
    }

    /// Models of a country with open weights.
    pub(super) fn is(
        &self,
        model: usize,
        country: &str,
        openness: Openness,
        rule: CountryRule,
    ) -> bool {
        let origin = self.models.get(model).and_then(|model| model.origin.as_ref());
        origin.is_some_and(|(countries, class)| {
            countries.by(rule) == country && openness.holds(*class)
        })
    }
}

fn counts(sources: &Sources, models: &[Model]) -> Result<Counts, ReportError> {
    let places: BTreeMap<&str, usize> =
        models.iter().enumerate().map(|(at, model)| (model.name.as_str(), at)).collect();
    let pairs: Vec<PairRow> = sources.csv(ARENA_PAIRS)?;
    let mut counts = Counts::new(models.len());
    for (line, pair) in (2..).zip(pairs) {
        let place = |name: &str| {
            let reason = || format!("{name} is not in {ARENA_BOARD}");
            let found = places.get(name).copied();
            found.ok_or_else(|| ReportError::Row { file: ARENA_PAIRS, line, reason: reason() })
        };
        let tally = Tally {
            left_wins: pair.a_wins,
            right_wins: pair.b_wins,
            ties: pair.ties,
            both_bad: pair.both_bad,
        };
        counts.add_tally(place(&pair.model_a)?, place(&pair.model_b)?, tally)?;
    }
    Ok(counts)
}

/// How far ratings lie from the published board.
pub(super) struct Fidelity {
    /// Models on both.
    pub(super) models: usize,
    /// Of these, inside the published interval.
    pub(super) inside: usize,
    /// Root mean square difference in points; interval over models.
    pub(super) rmse: Measured,
}

impl Fidelity {
    /// Compares ratings with the published board.
    ///
    /// Input: the record and its ratings. Output: the root of the mean squared difference in points, with the interval
    /// of that mean over models. Accuracy: normal approximation over models. Errors: none. Cost: one pass.
    /// Source: delta method.
    pub(super) fn of(record: &Record, rated: &Rated) -> Fidelity {
        let both =
            rated.board.rows.iter().filter_map(|row| {
                Some((row.rating?.rating, record.models.get(row.model)?.published?))
            });
        let both: Vec<(f64, Measured)> = both.collect();
        let squares: Vec<f64> =
            both.iter().map(|(rating, published)| (rating - published.value).powi(2)).collect();
        let models = squares.len().max(1) as f64;
        let mean = squares.iter().sum::<f64>() / models;
        let variance = squares.iter().map(|square| (square - mean).powi(2)).sum::<f64>()
            / (models - 1.0).max(1.0);
        let half = Z95 * (variance / models).sqrt();
        let inside = both
            .iter()
            .filter(|(rating, published)| (published.low..=published.high).contains(rating));
        Fidelity {
            models: both.len(),
            inside: inside.count(),
            rmse: Measured {
                value: mean.sqrt(),
                low: (mean - half).max(0.0).sqrt(),
                high: (mean + half).sqrt(),
            },
        }
    }
}

pub(super) fn part(sources: &Sources) -> Result<Part, ReportError> {
    let record = Record::read(sources)?;
    let rated = record.rate(Rule::MAIN)?;
    let fidelity = Fidelity::of(&record, &rated);
    let best = rated.ranked(|_| true).into_iter().take(MATRIX_MODELS);
    let best: Vec<(usize, String)> =
        best.map(|row| (row.model, record.models[row.model].name.clone())).collect();
    let titles = ["who beats whom", "votes between them"]
        .map(|what| format!("Chatbot Arena to {DATE}: {what}, the first {MATRIX_MODELS}"));
    let mut figures = vec![board(&record, &rated)];
    figures.extend(matrices(
        ["record-wins", "record-battles"],
        titles,
        &record.counts,
        &rated,
        &best,
    ));
    let section = Section {
        id: SECTION,
        title: "The public votes, rated again".to_owned(),
        paragraphs: paragraphs(&record, &rated, &fidelity),
        source: format!(
            "{} anonymous votes of Chatbot Arena to {DATE}, {} models, as counts per pair (leaderbot 0.4.3, \
             BSD-3-Clause). Bradley-Terry, ties and both-bad votes half a win for each side, {ANCHOR} fixed at \
             {ANCHOR_RATING}; 95 % sandwich intervals of the difference to it.",
            super::cells::grouped(record.counts.votes()),
            record.models.len(),
        ),
        figures,
    };
    let claims = vec![fidelity_claim(&record, &fidelity)?, press_claim(&record)?];
    Ok(Part { sections: vec![section], claims, ..Part::default() })
}

fn paragraphs(record: &Record, rated: &Rated, fidelity: &Fidelity) -> Vec<String> {
    let mut paragraphs = vec![
        format!(
            "The votes that LMSYS made public give back the board that it published: {} of {} models lie inside their \
             published interval, and the root mean square difference is {:.2} points, of which rounding to whole points \
             makes 0.29. Models with votes that were not on the published board: {}.",
            fidelity.inside, fidelity.models, fidelity.rmse.value, record.models.len() - fidelity.models
        ),
        "Here the votes themselves are known, so that the difference of two ratings has an interval from their joint \
         covariance, and other ways of counting can be tried: other rating methods, ties and both-bad votes left out. \
         The counts do not say who voted or on what, so that votes are treated as independent; intervals may be too \
         narrow where one person voted often."
            .to_owned(),
    ];
    if let Some((joint, [china, us])) = contrast(record, rated, Openness::Weights, Top::Best) {
        let published = |side: &[usize]| record.models.get(*side.first()?)?.published;
        if let (Some(china), Some(us)) = (published(&china), published(&us)) {
            paragraphs.push(format!(
                "The other parts of this report have published ratings only and treat two of them as independent. Here both \
                 ways can be compared: best Chinese minus best US open-weights model is {} from the votes with their \
                 covariance, and {} from the published ratings as if independent.",
                signed(joint, 1),
                signed(china.minus(us), 1),
            ));
        }
    }
    paragraphs
}

fn board(record: &Record, rated: &Rated) -> Figure {
    let columns = vec![
        column("model", "Model", 0),
        column("country", "Country", 0),
        column("licence", "Licence", 0),
        column("rating", "Rating", 1),
        column("low", "95 % from", 1),
        column("high", "95 % to", 1),
        column("rank_low", "Rank from", 0),
        column("rank_high", "Rank to", 0),
        column("votes", "Votes", 0),
        column("published", "Published", 0),
        column("published_low", "Published from", 0),
        column("published_high", "Published to", 0),
        column("status", "Status", 0),
    ];
    let row = |row: &arena_core::ranking::Row| {
        let model = record.models.get(row.model)?;
        let rating = row.rating?;
        let (country, licence) = match &model.origin {
            Some((countries, class)) => (text(&countries.maker), text(class.as_str())),
            None => (Cell::Missing, Cell::Missing),
        };
        let mut cells = vec![text(&model.name), country, licence];
        cells.extend([rating.rating, rating.low, rating.high].map(number));
        let ranks = row.rank.map_or([Cell::Missing, Cell::Missing], |rank| {
            [count(rank.best as u64), count(rank.worst as u64)]
        });
        cells.extend(ranks);
        cells.push(count(row.votes));
        let missing = [Cell::Missing, Cell::Missing, Cell::Missing];
        cells.extend(model.published.map_or(missing, measured));
        cells.push(text(row.status.as_str()));
        Some(cells)
    };
    let rows = rated.ranked(|_| true).into_iter().filter_map(row).collect();
    let chart = Chart::Forest {
        label: "model",
        value: "rating",
        low: "low",
        high: "high",
        group: Some("country"),
    };
    let title = format!("Chatbot Arena to {DATE}: ratings from the public votes");
    Figure { id: "record-board", title, table: Table { columns, rows }, chart: Some(chart) }
}
