//! How well a voter is known to the operator, and the words used for it in rows, files and addresses.

use serde::{Deserialize, Serialize};

/// What stands behind a voter.
///
/// No tier proves a person: it says how much it costs to vote under one name more.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// A browser, and nothing else.
    #[default]
    Anonymous,
    /// An account with a name and a password.
    Registered,
    /// An account with a code from the operator.
    Invited,
}

/// A word that names no tier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no tier; the three are anonymous, registered and invited")]
pub struct UnknownTier(pub String);

impl Tier {
    /// All three, from the least known to the best known.
    pub const ALL: [Tier; 3] = [Tier::Anonymous, Tier::Registered, Tier::Invited];

    /// The word in rows, files and addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Tier::Anonymous => "anonymous",
            Tier::Registered => "registered",
            Tier::Invited => "invited",
        }
    }
}

impl std::fmt::Display for Tier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Tier {
    type Err = UnknownTier;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|tier| tier.as_str() == word)
            .ok_or_else(|| UnknownTier(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tier_is_read_back_from_its_own_word() {
        for tier in Tier::ALL {
            assert_eq!(tier.as_str().parse(), Ok(tier));
            assert_eq!(serde_json::to_string(&tier).unwrap(), format!("\"{tier}\""));
        }
        assert_eq!("Invited".parse::<Tier>(), Err(UnknownTier("Invited".to_owned())));
    }

    #[test]
    fn an_invitation_is_worth_more_than_a_name() {
        assert!(Tier::Invited > Tier::Registered && Tier::Registered > Tier::Anonymous);
    }
}
