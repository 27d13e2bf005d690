//! Commitments: a value is fixed now and shown later, and nobody can tell it before or change it after.
//!
//! HMAC-SHA256 keyed with 32 random bytes: binding because SHA-256 is collision resistant and the key has a
//! fixed length, hiding because the key is uniform and used once.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::merkle::Hash;
use crate::ids::{BattleId, ModelId};

/// 32 random bytes that open one commitment.
pub type Opening = [u8; 32];

/// What is committed to; each has a domain of its own, so that no commitment can pass for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// The pairing of a battle.
    Assign,
    /// The key of an epoch.
    Epoch,
    /// The first question of a battle.
    Question,
    /// All questions of a battle, a JSON list.
    Questions,
    /// All answers of the left side, a JSON list.
    Left,
    /// All answers of the right side, a JSON list.
    Right,
}

impl Domain {
    fn as_str(self) -> &'static str {
        match self {
            Self::Assign => "arena/assign/v1",
            Self::Epoch => "arena/epoch/v1",
            Self::Question => "arena/content/v1/q",
            Self::Questions => "arena/content/v1/p",
            Self::Left => "arena/content/v1/l",
            Self::Right => "arena/content/v1/r",
        }
    }
}

/// HMAC-SHA256 of several parts after each other.
pub(super) fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> Hash {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of 32 bytes");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Commits: HMAC-SHA256(opening, domain || 0x0A || payload).
pub fn commit(domain: Domain, opening: &Opening, payload: &[u8]) -> Hash {
    hmac(opening, &[domain.as_str().as_bytes(), b"\n", payload])
}

/// What the commitment of a battle is opened to: exactly these bytes were committed to.
///
/// The order of the fields is the order in the bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reveal {
    /// Version of this form, 1.
    pub v: u8,
    /// The battle.
    #[serde(with = "super::leaf::id")]
    pub b: BattleId,
    /// The model that answered as A.
    #[serde(with = "super::leaf::id")]
    pub l: ModelId,
    /// The model that answered as B.
    #[serde(with = "super::leaf::id")]
    pub r: ModelId,
    /// SHA-256 of the left model's file; empty for an endpoint.
    pub lg: String,
    /// SHA-256 of the right model's file; empty for an endpoint.
    pub rg: String,
    /// SHA-256 of the sampling settings.
    pub samp: String,
    /// Seeds of the first answers, left and right.
    pub seed: [u32; 2],
    /// 1 where the first answer was made in advance, with a seed that was not drawn.
    pub st: [u8; 2],
    /// Models of the policy in force that could not be drawn at that moment, ascending.
    #[serde(with = "super::leaf::ids")]
    pub out: Vec<ModelId>,
    /// The voter's random contribution to the draw in hexadecimal; empty if the browser sent none.
    pub cn: String,
    /// Commitment to the first question.
    pub pc: String,
}

impl Reveal {
    /// The bytes that are committed to.
    pub fn to_text(&self) -> String {
        #[expect(clippy::expect_used, reason = "no map with odd keys, no number that JSON lacks")]
        serde_json::to_string(self).expect("a reveal is JSON")
    }

    /// Reads them; only the one canonical form is accepted.
    pub fn parse(text: &str) -> Option<Self> {
        let reveal: Self = serde_json::from_str(text).ok()?;
        (reveal.to_text() == text && reveal.is_plausible()).then_some(reveal)
    }

    fn is_plausible(&self) -> bool {
        let file = |text: &str| text.is_empty() || super::parse_hex::<32>(text).is_some();
        self.v == 1
            && self.l != self.r
            && file(&self.lg)
            && file(&self.rg)
            && self.st.iter().all(|flag| *flag <= 1)
            && self.out.is_sorted_by(|one, other| one < other)
            && (self.cn.is_empty() || super::parse_hex::<16>(&self.cn).is_some())
            && super::parse_hex::<32>(&self.samp).is_some()
            && super::parse_hex::<32>(&self.pc).is_some()
    }
}
