//! The kinds of leaves; the order of the fields is their order in the bytes.

use serde::{Deserialize, Serialize};

use super::id;
use crate::ids::{BattleId, ModelId};
use crate::tier::Tier;
use crate::verdict::Verdict;

/// Who keeps this log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// Version of the format, 1.
    pub v: u8,
    /// Name of the log.
    pub origin: String,
    /// Key that its checkpoints are signed with.
    pub vkey: String,
    /// Unix seconds, floored to 60.
    pub t: u64,
    /// Last checkpoint of the log before this one, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prev: Option<String>,
}

/// The policy file with this digest is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// SHA-256 of the file.
    pub sha256: String,
    /// Unix seconds, floored to 60.
    pub t: u64,
}

/// Where a model stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelState {
    /// In the pool, not for battles yet.
    Private,
    /// May be drawn.
    Public,
    /// Has left the pool.
    Retired,
    /// Kept out after faults.
    Quarantined,
}

/// A model and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The model.
    #[serde(with = "id")]
    pub id: ModelId,
    /// Its name on boards.
    pub name: String,
    /// Who made it.
    pub lab: String,
    /// SHA-256 of its file; empty for an endpoint.
    pub gguf: String,
    /// SHA-256 of the chat template given for it; empty where the file's own is used.
    pub tmpl: String,
    /// SHA-256 of the sampling settings in force.
    pub samp: String,
    /// Where it stands.
    pub state: ModelState,
    /// Unix seconds, floored to 60.
    pub t: u64,
}

/// The committed key of a day's draws.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Epoch {
    /// The day, YYYY-MM-DD.
    pub e: String,
    /// Commitment to its key.
    pub c: String,
    /// Unix seconds, floored to 60.
    pub t: u64,
}

/// A battle has its pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assign {
    /// The battle.
    #[serde(with = "id")]
    pub b: BattleId,
    /// The day whose key was used.
    pub e: String,
    /// Number of the draw with that key, from 0.
    pub i: u64,
    /// Commitment to the `Reveal`.
    pub c: String,
    /// Unix seconds, floored to 60.
    pub t: u64,
}

/// What the voter said, in the words of leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// A is better.
    L,
    /// B is better.
    R,
    /// A tie.
    Tie,
    /// Both are bad.
    Bad,
    /// Both are good.
    Good,
}

impl From<Verdict> for Choice {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Left => Self::L,
            Verdict::Right => Self::R,
            Verdict::Tie => Self::Tie,
            Verdict::BothBad => Self::Bad,
            Verdict::BothGood => Self::Good,
        }
    }
}

impl From<Choice> for Verdict {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::L => Self::Left,
            Choice::R => Self::Right,
            Choice::Tie => Self::Tie,
            Choice::Bad => Self::BothBad,
            Choice::Good => Self::BothGood,
        }
    }
}

/// What the server noted of a vote before the reveal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// An answer said who wrote it: the vote counts for no board.
    Leak,
    /// The vote came sooner than the answers can be read: noted, and counted.
    Dwell,
    /// As many votes as count in a month were on the same question: the vote counts for no board.
    Repeat,
}

/// Commitments to texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// All answers of A.
    pub l: String,
    /// All questions, where there was more than one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p: Option<String>,
    /// All answers of B.
    pub r: String,
}

/// A battle has its vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vote {
    /// The battle.
    #[serde(with = "id")]
    pub b: BattleId,
    /// Index of its assign leaf.
    pub a: u64,
    /// The choice.
    pub o: Choice,
    /// Opens the commitment.
    pub n: String,
    /// What was committed to: a `Reveal` as text.
    pub rev: String,
    /// Commitments to what was said.
    pub c: Contents,
    /// What was noted, ascending, each at most once.
    pub f: Vec<Flag>,
    /// Tier of the voter.
    pub g: Tier,
    /// Pseudonym of the voter for one month.
    pub w: String,
    /// Question of an evaluation set, `set/version/key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Unix seconds, floored to 60.
    pub t: u64,
}

/// Why a battle ended without a vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Nobody voted for a day.
    Abandoned,
    /// The pair could not be completed.
    Error,
    /// An answer took too long.
    Timeout,
    /// An answer said who wrote it.
    Leak,
    /// The voter passed over it.
    Skipped,
    /// The arena ended meanwhile.
    Interrupted,
}

/// A battle ended without a vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Void {
    /// The battle.
    #[serde(with = "id")]
    pub b: BattleId,
    /// Index of its assign leaf.
    pub a: u64,
    /// Why.
    pub why: Why,
    /// Opens the commitment.
    pub n: String,
    /// What was committed to.
    pub rev: String,
    /// Unix seconds, floored to 60.
    pub t: u64,
}

/// A decision on a vote that stands in the log already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ruling {
    /// Index of the vote's leaf.
    pub i: u64,
    /// By which rule.
    pub rule: String,
    /// Unix seconds, floored to 60.
    pub t: u64,
}

/// A text that was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The questions.
    P,
    /// The answers of A.
    L,
    /// The answers of B.
    R,
}

/// Texts of a battle were erased, with the salts of their commitments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redact {
    /// Index of the assign leaf of the battle.
    pub i: u64,
    /// Which, ascending, each at most once, at least one.
    pub what: Vec<Part>,
    /// Why.
    pub why: String,
    /// Unix seconds, floored to 60.
    pub t: u64,
}

/// The key of a day's draws.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochReveal {
    /// The day.
    pub e: String,
    /// Its key.
    pub key: String,
    /// Unix seconds, floored to 60.
    pub t: u64,
}

/// A leaderboard was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// It is computed from the leaves before this index.
    pub n: u64,
    /// SHA-256 of its settings.
    pub cfg: String,
    /// SHA-256 of the published file.
    pub res: String,
    /// Unix seconds, floored to 60.
    pub t: u64,
}
