//! The policy file: the rules that are in force, as published bytes that the journal names by their digest.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::leaf::ids;
use crate::ids::ModelId;
use crate::pairing::Contest;

/// Weights of pairs are scaled to at most this, so that sums of them never overflow.
pub const MAX_WEIGHT: u64 = u32::MAX as u64;
/// Reads of a file stop here: 300 models have 44,850 pairs.
const MAX_BYTES: usize = 16 << 20;

/// What a draw, a count and a deadline go by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Version of the form, 1.
    pub v: u8,
    /// Rules in words and numbers.
    pub rules: Rules,
    /// Models that may be drawn, ascending.
    #[serde(with = "ids")]
    pub models: Vec<ModelId>,
    /// Pairs of places in `models`, the smaller first, with their weights, ascending.
    pub pairs: Vec<(u32, u32, u64)>,
}

/// The rules beside the weights of pairs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Version of what answers go through before they are read.
    pub normaliser: String,
    /// Votes of one voter beyond max(`cap_votes`, `cap_ten_thousandths` / 10,000 of all counted votes) share that weight.
    pub cap_votes: u64,
    /// See `cap_votes`; 25 is a quarter of a per cent.
    pub cap_ten_thousandths: u64,
    /// Flags whose votes count for no board.
    pub uncounted: Vec<String>,
    /// A battle without a vote is closed after so many hours.
    pub void_hours: u64,
    /// A day's key is shown so many hours after the day.
    pub reveal_hours: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            normaliser: "1".to_owned(),
            cap_votes: 20,
            cap_ten_thousandths: 25,
            uncounted: vec!["leak".to_owned(), "repeat".to_owned()],
            void_hours: 24,
            reveal_hours: 25,
        }
    }
}

impl Policy {
    /// The policy of these pairs. Weights are scaled down together where one is too large; none becomes 0 by it.
    pub fn of(rules: Rules, models: &[ModelId], contests: &[Contest<ModelId>]) -> Self {
        let mut models = models.to_vec();
        models.sort_unstable();
        models.dedup();
        let most = contests.iter().map(|contest| contest.weight).max().unwrap_or(0);
        let scale = |weight: u64| match weight {
            0 => 0,
            _ if most <= MAX_WEIGHT => weight,
            _ => {
                let scaled = u128::from(weight) * u128::from(MAX_WEIGHT) / u128::from(most);
                u64::try_from(scaled).unwrap_or(MAX_WEIGHT).max(1)
            }
        };
        let place = |model| models.binary_search(model).ok().and_then(|at| u32::try_from(at).ok());
        let mut pairs = Vec::new();
        for contest in contests {
            let weight = scale(contest.weight);
            match (place(&contest.one), place(&contest.other)) {
                (Some(one), Some(other)) if weight > 0 && one != other => {
                    pairs.push((one.min(other), one.max(other), weight));
                }
                _ => {}
            }
        }
        pairs.sort_unstable();
        Self { v: 1, rules, models, pairs }
    }

    /// The published bytes.
    pub fn to_text(&self) -> String {
        #[expect(clippy::expect_used, reason = "no map with odd keys, no number that JSON lacks")]
        serde_json::to_string(self).expect("a policy is JSON")
    }

    /// SHA-256 of the published bytes.
    pub fn sha256(text: &str) -> [u8; 32] {
        Sha256::digest(text).into()
    }

    /// Reads published bytes; only the one canonical form is accepted.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let policy: Self = serde_json::from_str(text).ok()?;
        let models = policy.models.len();
        let sound = policy.v == 1
            && policy.models.is_sorted_by(|one, other| one < other)
            && policy.pairs.is_sorted_by(|one, other| (one.0, one.1) < (other.0, other.1))
            && policy.pairs.iter().all(|(one, other, weight)| {
                one < other && (*other as usize) < models && (1..=MAX_WEIGHT).contains(weight)
            });
        (sound && policy.to_text() == text).then_some(policy)
    }

    /// The pairs that can be drawn while some models cannot.
    pub fn contests<'a>(
        &'a self,
        out: &'a HashSet<ModelId>,
    ) -> impl Iterator<Item = Contest<ModelId>> + 'a {
        let model = |at: u32| self.models.get(at as usize).copied();
        self.pairs.iter().filter_map(move |(one, other, weight)| {
            let (one, other) = (model(*one)?, model(*other)?);
            let able = !out.contains(&one) && !out.contains(&other);
            able.then_some(Contest { one, other, weight: *weight })
        })
    }
}
