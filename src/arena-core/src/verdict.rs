//! What a voter can say about two answers, and the words used for it in files.

use serde::{Deserialize, Serialize};

use crate::ranking::Outcome;

/// The choice of a voter; `skip` is not a verdict and is recorded apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Answer A is better.
    Left,
    /// Answer B is better.
    Right,
    /// Both are equally good.
    Tie,
    /// Neither is acceptable.
    BothBad,
    /// Both are good; counted as a tie, exported with its own name beside it.
    BothGood,
}

/// A word that names no verdict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no verdict; the five are left, right, tie, both_bad and both_good")]
pub struct UnknownVerdict(pub String);

impl Verdict {
    /// All five, in the order in which they stand on the page.
    pub const ALL: [Verdict; 5] =
        [Verdict::Left, Verdict::Tie, Verdict::Right, Verdict::BothGood, Verdict::BothBad];

    /// The word in rows and forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Left => "left",
            Verdict::Right => "right",
            Verdict::Tie => "tie",
            Verdict::BothBad => "both_bad",
            Verdict::BothGood => "both_good",
        }
    }

    /// The `winner` column of an export: one of `model_a model_b tie both_bad`.
    ///
    /// Rating libraries read any other string as a tie without a word, so `both_good` is written as
    /// the tie it counts as.
    pub fn winner(self) -> &'static str {
        match self {
            Verdict::Left => "model_a",
            Verdict::Right => "model_b",
            Verdict::Tie | Verdict::BothGood => "tie",
            Verdict::BothBad => "both_bad",
        }
    }

    /// The outcome that the ratings count.
    pub fn outcome(self) -> Outcome {
        match self {
            Verdict::Left => Outcome::Left,
            Verdict::Right => Outcome::Right,
            Verdict::Tie | Verdict::BothGood => Outcome::Tie,
            Verdict::BothBad => Outcome::BothBad,
        }
    }
}

impl std::str::FromStr for Verdict {
    type Err = UnknownVerdict;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|verdict| verdict.as_str() == word)
            .ok_or_else(|| UnknownVerdict(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_is_read_back_from_its_own_word() {
        for verdict in Verdict::ALL {
            assert_eq!(verdict.as_str().parse(), Ok(verdict));
        }
    }

    #[test]
    fn an_unknown_word_is_refused_and_never_guessed_to_be_a_tie() {
        assert_eq!("tie (bothbad)".parse::<Verdict>(), Err(UnknownVerdict("tie (bothbad)".into())));
    }

    #[test]
    fn exports_use_only_the_four_winners_that_rating_tools_know() {
        for verdict in Verdict::ALL {
            assert!(["model_a", "model_b", "tie", "both_bad"].contains(&verdict.winner()));
        }
        assert_eq!(Verdict::BothGood.winner(), "tie");
    }
}
