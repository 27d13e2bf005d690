//! Why something is not done now, and when it may be: in words that say what was kept.

use arena_core::tier::Tier;

/// What somebody wanted to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Open a battle.
    Battle,
    /// Ask on, or have the pair try again.
    Turn,
    /// Vote.
    Vote,
    /// Try a password, or make an account.
    SignIn,
}

/// Why it is not done now.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// More than so many in a minute.
    #[error("{} {}", too_fast(*deed, *most), again(*seconds))]
    TooFast {
        /// What.
        deed: Deed,
        /// How many a minute there are.
        most: u32,
        /// When it may be done again.
        seconds: u64,
    },
    /// The voter's battles of the day.
    #[error("{} {}", day_used_up(*tier, *most), again(*seconds))]
    DayUsedUp {
        /// How well the voter is known.
        tier: Tier,
        /// How many a day there are.
        most: u32,
        /// When a new day begins.
        seconds: u64,
    },
    /// The network's battles or votes of ten minutes.
    #[error("{} {}", network_too_fast(*deed, *most), again(*seconds))]
    NetworkTooFast {
        /// What.
        deed: Deed,
        /// How many in ten minutes there are.
        most: u32,
        /// When there is one again.
        seconds: u64,
    },
    /// The network's battles of the day.
    #[error(
        "so many battles were opened from your network today that no more fit into this day; none was \
         opened now, and all battles and votes are kept. {}",
        again(*seconds)
    )]
    NetworkDayUsedUp {
        /// When a new day begins.
        seconds: u64,
    },
    /// The database failed.
    #[error("what was done before could not be counted")]
    Store(#[from] sqlx::Error),
}

fn too_fast(deed: Deed, most: u32) -> String {
    match deed {
        Deed::Battle => format!(
            "there are at most {most} battles a minute; none was opened now, and everything you did \
             before is kept."
        ),
        Deed::Turn => format!(
            "models are asked at most {most} times a minute; the question was not asked, and the battle \
             with its answers is kept."
        ),
        Deed::Vote => format!(
            "there are at most {most} votes a minute; this one was not recorded, and the battle is kept \
             and open for 24 hours."
        ),
        Deed::SignIn => {
            "that was tried too often; nothing was changed, and nobody was signed in or \
                         out."
                .to_owned()
        }
    }
}

fn network_too_fast(deed: Deed, most: u32) -> String {
    let (done, kept) = match deed {
        Deed::Vote => (
            "votes are cast",
            "this one was not recorded, and the battle is kept and open for 24 hours.",
        ),
        _ => ("battles are opened", "none was opened now, and all battles and votes are kept."),
    };
    format!(
        "from one network at most {most} {done} in ten minutes by voters who were not invited; {kept}"
    )
}

fn day_used_up(tier: Tier, most: u32) -> String {
    let more = match tier {
        Tier::Anonymous => " Registered voters have more.",
        Tier::Registered => " Invited voters have more.",
        Tier::Invited => "",
    };
    format!(
        "you have opened {most} battles today, which is what {tier} voters have; none was opened now, \
         and all your battles and votes are kept.{more}"
    )
}

fn again(seconds: u64) -> String {
    let (number, unit) = match seconds {
        0..=90 => (seconds.max(1), "second"),
        91..=5_400 => (seconds.div_ceil(60), "minute"),
        _ => (seconds.div_ceil(3_600), "hour"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("Try again in {number} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_was_kept_and_when_to_try_again() {
        let battle = Refused::TooFast { deed: Deed::Battle, most: 6, seconds: 9 };
        let day = Refused::DayUsedUp { tier: Tier::Anonymous, most: 60, seconds: 3 * 3_600 };

        assert_eq!(
            battle.to_string(),
            "there are at most 6 battles a minute; none was opened now, and everything you did before \
             is kept. Try again in 9 seconds"
        );
        assert!(day.to_string().ends_with("Registered voters have more. Try again in 3 hours"));
        assert_eq!(again(1), "Try again in 1 second");
        assert_eq!(again(91), "Try again in 2 minutes");
    }
}
