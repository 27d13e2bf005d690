//! What is printed: the boards, and everything that they depend on.

use arena_core::ranking::{
    Board, Coding, Controlled, ELO_PER_NAT, Effect, Frame, Row, StyleFeature,
};
use serde::Serialize;

use crate::ranking::files::FileVotes;
use crate::ranking::line::Line;

use super::{Arguments, Interval};

/// Half the width of a 95 % interval in standard errors.
const Z_95: f64 = 1.959_963_984_540_054;

/// A line with what only JSON has.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Entry {
    #[serde(flatten)]
    pub(super) line: Line,
    /// LMArena's "Rank (UB)".
    pub(super) rank_ub: Option<usize>,
}

/// Where the scale is fixed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scale {
    Mean(f64),
    Anchor { model: String, rating: f64 },
    Reference { models: Vec<String>, rating: f64 },
}

/// Everything that the numbers depend on besides the votes.
#[derive(Debug, Serialize)]
pub(super) struct Choices {
    pub(super) method: &'static str,
    #[serde(flatten)]
    pub(super) coding: Coding,
    pub(super) scale: Scale,
    pub(super) interval: &'static str,
    pub(super) cluster: &'static str,
    pub(super) style: bool,
    pub(super) reweight: Option<&'static str>,
    /// What one voter may weigh.
    pub(super) voter_cap: Option<f64>,
    pub(super) seed: u64,
    pub(super) rank_draws: Option<usize>,
    pub(super) resamples: Option<usize>,
    pub(super) elo_orders: Option<usize>,
}

/// A number with its 95 % interval.
#[derive(Debug, Serialize)]
pub(super) struct Bounded {
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Bounded {
    /// An effect of the log-odds, carried over to another scale.
    fn of(effect: Effect, scale: impl Fn(f64) -> f64) -> Bounded {
        let at = |errors: f64| precise(scale(effect.value + errors * effect.error));
        Bounded { value: at(0.0), low: at(-Z_95), high: at(Z_95) }
    }
}

/// The advantage of the left place.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Position {
    Estimated {
        /// In Elo points.
        elo: Bounded,
        /// The expected score of the left answer between equals.
        left_score: Bounded,
    },
    NotEstimated {
        reason: String,
    },
}

impl Position {
    pub(super) fn of(effect: Effect) -> Position {
        Position::Estimated {
            elo: Bounded::of(effect, |value| value * ELO_PER_NAT),
            left_score: Bounded::of(effect, |value| 1.0 / (1.0 + (-value).exp())),
        }
    }
}

/// What one feature of style does.
#[derive(Debug, Serialize)]
pub(super) struct Coefficient {
    feature: &'static str,
    /// Change of the log-odds per standard deviation of the scaled difference.
    coefficient: f64,
    standard_error: f64,
    elo: Bounded,
}

pub(super) fn coefficients(controlled: &Controlled) -> Vec<Coefficient> {
    let of = |feature: StyleFeature| {
        let effect = controlled.effect(feature);
        Coefficient {
            feature: feature.as_str(),
            coefficient: precise(effect.value),
            standard_error: precise(effect.error),
            elo: Bounded::of(effect, |value| value * ELO_PER_NAT),
        }
    };
    StyleFeature::ALL.map(of).into()
}

/// All that is known about a ranking.
#[derive(Debug, Serialize)]
pub(super) struct Document {
    pub(super) version: &'static str,
    pub(super) settings: Choices,
    pub(super) votes: u64,
    pub(super) used_votes: u64,
    pub(super) skipped_rows: usize,
    pub(super) tie_parameter: Option<f64>,
    pub(super) critical_value: Option<f64>,
    pub(super) position: Option<Position>,
    pub(super) style: Option<Vec<Coefficient>>,
    /// The board; with style control the controlled one.
    pub(super) models: Vec<Entry>,
    /// The same votes without style control, where that was asked for.
    pub(super) raw_models: Option<Vec<Entry>>,
}

impl Choices {
    pub(super) fn new(arguments: &Arguments, file: &FileVotes) -> super::Result<Choices> {
        let scale = match arguments.frame(file)? {
            Frame::Mean(mean) => Scale::Mean(mean),
            Frame::Anchor { model, rating } => {
                Scale::Anchor { model: file.models[model].clone(), rating }
            }
            Frame::Reference { models, rating } => Scale::Reference {
                models: models.iter().map(|&model| file.models[model].clone()).collect(),
                rating,
            },
        };
        Ok(Choices {
            method: arguments.fit_method().as_str(),
            coding: arguments.coding(),
            scale,
            interval: match arguments.interval() {
                Interval::Sandwich => "sandwich",
                Interval::Bootstrap => "bootstrap",
                Interval::None => "none",
            },
            cluster: match arguments.cluster {
                super::Together::None => "none",
                super::Together::Voter => "voter",
                super::Together::Prompt => "prompt",
                super::Together::Both => "both",
            },
            style: arguments.style,
            reweight: arguments.reweight.map(|_| "pairs"),
            voter_cap: None,
            seed: arguments.seed,
            rank_draws: None,
            resamples: None,
            elo_orders: None,
        })
    }
}

/// The lines of a board, best first.
pub(super) fn entries(board: &Board, models: &[String], interval: Interval) -> Vec<Entry> {
    let named = board.rows.iter().zip(models);
    let mut entries: Vec<Entry> = named.map(|(row, model)| entry(row, model, interval)).collect();
    sort(&mut entries);
    entries
}

fn entry(row: &Row, model: &str, interval: Interval) -> Entry {
    let mut line = Line::of(row, model);
    if interval == Interval::None {
        (line.ci_low, line.ci_high) = (None, None);
    }
    Entry { line, rank_ub: row.rank.map(|rank| rank.ub) }
}

pub(super) fn sort(entries: &mut [Entry]) {
    let rating = |entry: &Entry| entry.line.rating.unwrap_or(f64::NEG_INFINITY);
    entries.sort_by(|a, b| {
        rating(b).total_cmp(&rating(a)).then_with(|| a.line.model.cmp(&b.line.model))
    });
}

/// Six decimals: more than any of these numbers means.
pub(super) fn precise(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
