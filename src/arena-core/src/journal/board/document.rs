//! The published file: one line of JSON, whole numbers only, so that equal boards are equal bytes.

use serde::{Deserialize, Serialize};

use super::super::leaf::{ModelState, Why, id};
use super::settings::Settings;
use crate::ids::ModelId;
use crate::ranking::Status;
use crate::ranking::standing::Dependence;

/// A published board; the order of the fields is their order in the bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Version of the form, 1.
    pub v: u8,
    /// Name of the log.
    pub origin: String,
    /// Number of leaves that it is computed from.
    pub n: u64,
    /// Root of their tree, in hexadecimal.
    pub root: String,
    /// Digest of the policy in force behind them; empty before the first.
    pub policy: String,
    /// How it was computed.
    pub settings: Settings,
    /// What became of all battles.
    pub counts: Counts,
    /// Votes that are excluded, by rule, in the order of the rules' bytes.
    pub excluded_by: Vec<(String, u64)>,
    /// Battles without a vote, by reason, in the order of leaves' documentation.
    pub void_by: Vec<(Why, u64)>,
    /// Votes that are on this board.
    pub votes: u64,
    /// Pseudonyms that they are by.
    pub voters: usize,
    /// What all votes of one pseudonym may weigh, in hundredths of a vote; none if all weigh in full.
    pub cap: Option<i64>,
    /// Pseudonyms with more votes than that.
    pub capped_voters: usize,
    /// What the intervals allow for.
    pub dependence: Dependence,
    /// One row a model: those with a place first, in its order, then the others by name.
    pub models: Vec<Row>,
}

/// What became of the battles: `assigned = counted + excluded + void + open`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Battles that got a pair.
    pub assigned: u64,
    /// Votes that are not excluded.
    pub counted: u64,
    /// Those of them that have a flag because of which they are on no board.
    pub apart: u64,
    /// Votes that are excluded.
    pub excluded: u64,
    /// Battles that ended without a vote.
    pub void: u64,
    /// Battles that have neither vote nor end.
    pub open: u64,
}

/// One model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Place, 1 being the best.
    pub rank: Option<usize>,
    /// Best place that the votes leave possible, for all models at once.
    pub best: Option<usize>,
    /// Worst such place.
    pub worst: Option<usize>,
    /// The model.
    #[serde(with = "id")]
    pub id: ModelId,
    /// Its name.
    pub name: String,
    /// Who made it.
    pub lab: String,
    /// Where it stands.
    pub state: ModelState,
    /// Hundredths of an Elo point.
    pub rating: Option<i64>,
    /// Lower end of the 95 % interval, in hundredths.
    pub low: Option<i64>,
    /// Upper end of the 95 % interval, in hundredths.
    pub high: Option<i64>,
    /// Votes on this board.
    pub votes: u64,
    /// What the rating rests on: votes that are comparable, by weight.
    pub used: u64,
    /// Votes for the model.
    pub wins: u64,
    /// Votes for its rivals.
    pub losses: u64,
    /// Ties, and both good.
    pub ties: u64,
    /// Both bad.
    pub both_bad: u64,
    /// Why there is a rating, or why there is none.
    pub status: Status,
    /// Online Elo in the order of the log (K = 4, start 1000), in hundredths.
    pub elo: i64,
}

/// Two decimals as a whole number: what an interval of several points leaves meaningful.
pub(super) fn hundredths(value: f64) -> i64 {
    (value * 100.0).round() as i64
}

/// By how much two numbers that were computed apart may differ.
const ROUNDING: u64 = 1;

impl Document {
    /// The published bytes.
    pub fn to_text(&self) -> String {
        #[expect(clippy::expect_used, reason = "no map with odd keys, no number that JSON lacks")]
        serde_json::to_string(self).expect("a board is JSON")
    }

    /// Reads published bytes; only the one canonical form is accepted.
    pub fn parse(text: &str) -> Option<Self> {
        let document: Self = serde_json::from_str(text).ok()?;
        (document.to_text() == text).then_some(document)
    }

    /// The first field in which another computation differs by more than rounding can explain: everything is the
    /// same but ratings, ends of intervals and Elo, which may be one hundredth apart.
    pub fn differs_from(&self, other: &Self) -> Option<&'static str> {
        let [one, two] =
            [self, other].map(|document| Self { models: Vec::new(), ..document.clone() });
        if one != two {
            return Some("counts or settings");
        }
        if self.models.len() != other.models.len() {
            return Some("number of models");
        }
        self.models.iter().zip(&other.models).find_map(|(row, other)| row.differs_from(other))
    }
}

impl Row {
    fn differs_from(&self, other: &Self) -> Option<&'static str> {
        let near = |one: Option<i64>, other: Option<i64>| match (one, other) {
            (Some(one), Some(other)) => one.abs_diff(other) <= ROUNDING,
            (one, other) => one == other,
        };
        let fields = [
            ("rating", near(self.rating, other.rating)),
            ("low", near(self.low, other.low)),
            ("high", near(self.high, other.high)),
            ("elo", near(Some(self.elo), Some(other.elo))),
        ];
        let Self { rating, low, high, elo, .. } = *other;
        let same = Self { rating, low, high, elo, ..self.clone() } == *other;
        let far = fields.iter().find(|(_, near)| !near).map(|(name, _)| *name);
        far.or((!same).then_some("places, names or counts of a model"))
    }
}
