//! How much voters may do, by how well they are known.

use std::fmt;
use std::str::FromStr;

use arena_core::tier::Tier;
use serde::Deserialize;

use super::{ConfigError, Given, in_range};

/// One number for each tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ByTier {
    /// For browsers without an account.
    pub anonymous: u32,
    /// For accounts.
    pub registered: u32,
    /// For accounts with a code from the operator.
    pub invited: u32,
}

/// A text that is neither one number nor three.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is neither one number from 1 for all voters, nor three for anonymous,registered,invited"
)]
pub struct NotByTier(String);

impl ByTier {
    /// The same for all.
    pub const fn all(number: u32) -> Self {
        Self { anonymous: number, registered: number, invited: number }
    }

    /// The number of a tier.
    pub fn of(self, tier: Tier) -> u32 {
        match tier {
            Tier::Anonymous => self.anonymous,
            Tier::Registered => self.registered,
            Tier::Invited => self.invited,
        }
    }
}

impl fmt::Display for ByTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, {}", self.anonymous, self.registered, self.invited)
    }
}

impl FromStr for ByTier {
    type Err = NotByTier;

    fn from_str(text: &str) -> Result<Self, NotByTier> {
        let number = |text: &str| text.trim().parse().ok().filter(|number| *number > 0);
        let numbers: Option<Vec<u32>> = text.split(',').map(number).collect();
        match numbers.as_deref() {
            Some(&[number]) => Ok(Self::all(number)),
            Some(&[anonymous, registered, invited]) => Ok(Self { anonymous, registered, invited }),
            _ => Err(NotByTier(text.to_owned())),
        }
    }
}

impl TryFrom<String> for ByTier {
    type Error = NotByTier;

    fn try_from(text: String) -> Result<Self, NotByTier> {
        text.parse()
    }
}

/// How much voters, their networks and those who sign in may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowances {
    /// Battles, further turns and retries.
    pub battles_a_minute: ByTier,
    /// Battles from midnight to midnight, in UTC.
    pub battles_a_day: ByTier,
    /// Votes.
    pub votes_a_minute: ByTier,
    /// Attempts to sign in or to join, of one network; and, the first time, under one name.
    pub sign_ins_a_minute: u32,
    /// How many times a voter's allowance a network has: people share one at home, at work, at school.
    pub network_factor: u32,
    /// Battles of one network in ten minutes, and votes likewise, those of invited voters aside.
    pub network_battles: u32,
}

impl Default for Allowances {
    fn default() -> Self {
        Self {
            battles_a_minute: ByTier::all(6),
            battles_a_day: ByTier { anonymous: 60, registered: 200, invited: 400 },
            votes_a_minute: ByTier::all(30),
            sign_ins_a_minute: 10,
            network_factor: 20,
            network_battles: 50,
        }
    }
}

impl fmt::Display for Allowances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "anonymous, registered, invited: {} battles a minute; {} a day; {} votes a minute; {} attempts \
             to sign in; a network {} times that, and {} battles and votes in ten minutes of voters who are not invited",
            self.battles_a_minute,
            self.battles_a_day,
            self.votes_a_minute,
            self.sign_ins_a_minute,
            self.network_factor,
            self.network_battles
        )
    }
}

impl Allowances {
    /// More than any test or load can use.
    pub const fn ample() -> Self {
        const MANY: u32 = 1_000_000;
        Self {
            battles_a_minute: ByTier::all(MANY),
            battles_a_day: ByTier::all(MANY),
            votes_a_minute: ByTier::all(MANY),
            sign_ins_a_minute: MANY,
            network_factor: 20,
            network_battles: MANY,
        }
    }

    /// What was given, and the usual for the rest.
    pub(super) fn of(given: &Given) -> Result<Self, ConfigError> {
        const MOST: u32 = 1_000_000;
        let usual = Self::default();
        let sign_ins = given.sign_ins_a_minute.unwrap_or(usual.sign_ins_a_minute);
        let factor = given.network_factor.unwrap_or(usual.network_factor);
        let battles = given.network_battles.unwrap_or(usual.network_battles);
        Ok(Self {
            battles_a_minute: given.battles_a_minute.unwrap_or(usual.battles_a_minute),
            battles_a_day: given.battles_a_day.unwrap_or(usual.battles_a_day),
            votes_a_minute: given.votes_a_minute.unwrap_or(usual.votes_a_minute),
            sign_ins_a_minute: in_range("sign-ins-a-minute", sign_ins, 1, MOST)?,
            network_factor: in_range("network-factor", factor, 1, MOST)?,
            network_battles: in_range("network-battles", battles, 2, MOST)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_for_all_and_three_are_for_a_tier_each() {
        assert_eq!("9".parse(), Ok(ByTier::all(9)));
        let three: ByTier = "60, 200,400".parse().unwrap();
        assert_eq!(Tier::ALL.map(|tier| three.of(tier)), [60, 200, 400]);
        for wrong in ["", "0", "1,2", "1,2,3,4", "1,2,x", "-1"] {
            assert_eq!(wrong.parse::<ByTier>(), Err(NotByTier(wrong.to_owned())));
        }
    }

    #[test]
    fn whoever_is_better_known_may_do_more() {
        let Allowances { battles_a_day: day, .. } = Allowances::default();

        assert!(day.anonymous < day.registered && day.registered < day.invited);
    }
}
