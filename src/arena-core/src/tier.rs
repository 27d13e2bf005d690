//! How well the arena knows a voter, without asking anybody else.

use serde::{Deserialize, Serialize};

/// Tier of a voter.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// A browser without an account.
    #[default]
    Anonymous,
    /// An account that anybody could open.
    Registered,
    /// An account opened with a code from the operator.
    Invited,
}

impl Tier {
    /// All tiers, the least known first.
    pub const ALL: [Tier; 3] = [Tier::Anonymous, Tier::Registered, Tier::Invited];

    /// The word in rows, files and leaves.
    pub fn as_str(self) -> &'static str {
        match self {
            Tier::Anonymous => "anonymous",
            Tier::Registered => "registered",
            Tier::Invited => "invited",
        }
    }
}

/// A word that names no tier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no tier; the three are anonymous, registered and invited")]
pub struct UnknownTier(pub String);

impl std::str::FromStr for Tier {
    type Err = UnknownTier;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|tier| tier.as_str() == word);
        found.ok_or_else(|| UnknownTier(word.to_owned()))
    }
}
