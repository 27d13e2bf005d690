//! What a published board depends on besides the leaves, as published bytes that a snapshot leaf names by digest.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::super::leaf::{Flag, MAX_INTEGER};
use super::super::policy::Rules;
use crate::ranking::{self, BothBadRule, Coding, Frame, TieRule};
use crate::tier::Tier;

/// More draws than this are refused: whoever recomputes a stranger's board must come to an end.
const MAX_DRAWS: usize = 20_000;
/// Longest settings, in bytes.
const MAX_BYTES: usize = 4096;

/// How a board is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Bradley and Terry; a tie is half a win for each side.
    #[default]
    BradleyTerry,
    /// Davidson: a tie is an outcome of its own.
    Davidson,
    /// Rao and Kupper: a tie is a difference too small to see.
    RaoKupper,
    /// Online Elo in the order of the log, without intervals and places.
    Elo,
}

impl Method {
    /// The method of a fit; none for Elo, which is not fitted.
    pub(super) fn fitted(self) -> Option<ranking::Method> {
        match self {
            Self::BradleyTerry => Some(ranking::Method::BradleyTerry),
            Self::Davidson => Some(ranking::Method::Davidson),
            Self::RaoKupper => Some(ranking::Method::RaoKupper),
            Self::Elo => None,
        }
    }
}

/// Whether exclusions move a board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exclusions {
    /// Excluded votes are left out.
    #[default]
    Honoured,
    /// Excluded votes are on the board like all others.
    Ignored,
}

/// Settings of a published board; the order of the fields is their order in the bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Version of the form, 1.
    pub v: u8,
    /// How it is computed.
    pub method: Method,
    /// What a tie is worth.
    pub ties: TieRule,
    /// What a both-bad vote is worth.
    pub both_bad: BothBadRule,
    /// Tiers whose votes are on the board, the least known first, each once.
    pub tiers: Vec<Tier>,
    /// Whether exclusions move it.
    pub exclusions: Exclusions,
    /// Flags whose votes are not on the board, as [`Rules::uncounted`].
    pub uncounted: Vec<Flag>,
    /// Votes of one voter that weigh in full, as [`Rules::cap_votes`].
    pub cap_votes: u64,
    /// See `cap_votes`; as [`Rules::cap_ten_thousandths`].
    pub cap_ten_thousandths: u64,
    /// Random draws behind the places.
    pub draws: usize,
    /// Seed of those draws.
    pub seed: u64,
    /// The program that computed it, with its version.
    pub code: String,
}

impl Settings {
    /// The usual board: Bradley-Terry with half wins, all tiers, exclusions honoured, the caps of a policy.
    ///
    /// **Errors** none, but a word of `uncounted` that names no flag is passed over: no leaf can have it.
    pub fn of(rules: &Rules, seed: u64, code: &str) -> Self {
        let flag = |word: &String| serde_json::from_value(word.as_str().into()).ok();
        let mut uncounted: Vec<Flag> = rules.uncounted.iter().filter_map(flag).collect();
        uncounted.sort_unstable();
        uncounted.dedup();
        Self {
            v: 1,
            method: Method::default(),
            ties: TieRule::default(),
            both_bad: BothBadRule::default(),
            tiers: Tier::ALL.to_vec(),
            exclusions: Exclusions::default(),
            uncounted,
            cap_votes: rules.cap_votes,
            cap_ten_thousandths: rules.cap_ten_thousandths,
            draws: ranking::board::DEFAULT_DRAWS,
            seed,
            code: code.to_owned(),
        }
    }

    /// The published bytes.
    pub fn to_text(&self) -> String {
        #[expect(clippy::expect_used, reason = "no map with odd keys, no number that JSON lacks")]
        serde_json::to_string(self).expect("settings are JSON")
    }

    /// SHA-256 of the published bytes.
    pub fn sha256(text: &str) -> [u8; 32] {
        Sha256::digest(text).into()
    }

    /// Reads published bytes; only the one canonical form is accepted.
    pub fn parse(text: &str) -> Option<Self> {
        let settings: Self = serde_json::from_str(text).ok().filter(|_| text.len() <= MAX_BYTES)?;
        let sound = settings.v == 1
            && settings.draws <= MAX_DRAWS
            && settings.seed <= MAX_INTEGER
            && settings.cap_ten_thousandths <= 10_000
            && settings.tiers.is_sorted_by(|one, other| one < other)
            && settings.uncounted.is_sorted_by(|one, other| one < other);
        (sound && settings.to_text() == text).then_some(settings)
    }

    /// What all votes of one voter may weigh on a board of so many votes.
    pub(super) fn cap(&self, votes: u64) -> f64 {
        let share = self.cap_ten_thousandths as f64 / 10_000.0;
        (share * votes as f64).max(self.cap_votes as f64)
    }

    /// Settings of the fit; none for Elo.
    pub(super) fn of_fit(&self) -> Option<ranking::Settings> {
        Some(ranking::Settings {
            method: self.method.fitted()?,
            coding: Coding { ties: self.ties, both_bad: self.both_bad },
            frame: Frame::default(),
            draws: self.draws,
            seed: self.seed,
        })
    }
}
