//! How far a worker has locked itself in, and the least that the app accepts.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The layers that a worker found active after it locked itself in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Confinement {
    /// No program it starts could gain rights.
    pub no_new_privileges: bool,
    /// No other process of its user can look into its memory.
    pub undumpable: bool,
    /// It can open the model file and facts about the processor, and nothing else.
    pub files: bool,
    /// The kernel keeps it from the network a second time, beside the system calls.
    pub network: bool,
    /// The kernel keeps it from signals to others a second time, beside the system calls.
    pub scope: bool,
    /// Only the system calls that computing needs work.
    pub system_calls: bool,
    /// It writes no file and no core dump, and opens few files.
    pub limits: bool,
    /// Its memory has an upper bound.
    pub memory: bool,
}

/// The least confinement that is accepted.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Whatever the machine offers, be it nothing.
    None,
    /// System calls and limits, without the kernel's own watch over files.
    Partial,
    /// Files, system calls and limits.
    #[default]
    Full,
}

impl Level {
    /// The strictest level that machines of this kind offer.
    pub fn strictest() -> Self {
        if cfg!(target_os = "linux") { Self::Full } else { Self::None }
    }

    /// The word in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Partial => "partial",
            Self::Full => "full",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no level of confinement; there are none, partial and full")]
pub struct UnknownLevel(String);

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(word: &str) -> Result<Self, UnknownLevel> {
        let all = [Self::None, Self::Partial, Self::Full];
        let found = all.into_iter().find(|level| level.as_str() == word);
        found.ok_or_else(|| UnknownLevel(word.to_owned()))
    }
}

impl Confinement {
    /// The highest level whose layers are all active.
    ///
    /// Network and scope do not decide: where the kernel is too old for them, the list of system
    /// calls keeps the worker from the same things.
    pub fn level(&self) -> Level {
        let base = self.no_new_privileges && self.undumpable && self.system_calls;
        match (base && self.limits && self.memory, self.files) {
            (false, _) => Level::None,
            (true, false) => Level::Partial,
            (true, true) => Level::Full,
        }
    }

    /// All layers with their names, outermost first.
    pub fn layers(&self) -> [(&'static str, bool); 8] {
        [
            ("no new privileges", self.no_new_privileges),
            ("memory closed to others", self.undumpable),
            ("files", self.files),
            ("network", self.network),
            ("signals", self.scope),
            ("system calls", self.system_calls),
            ("limits", self.limits),
            ("memory bound", self.memory),
        ]
    }

    /// Says why this is not enough, if it is not.
    pub fn reach(&self, least: Level) -> Result<(), Shortfall> {
        let found = self.level();
        if found >= least {
            return Ok(());
        }
        let missing = self.layers().into_iter().filter(|(name, active)| {
            // These two decide nothing, and files only at the highest level.
            let counts = !["network", "signals"].contains(name);
            !active && counts && (*name != "files" || least == Level::Full)
        });
        let missing: Vec<_> = missing.map(|(name, _)| name).collect();
        Err(Shortfall { found, least, missing: missing.join(", ") })
    }
}

/// A worker that is locked in less than the app asks for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the worker is locked in to level `{found}`, and `{least}` is required: missing are {missing}; \
     use a Linux kernel with landlock and seccomp, or allow less with --sandbox {found}"
)]
pub struct Shortfall {
    /// What was reached.
    pub found: Level,
    /// What was asked for.
    pub least: Level,
    /// The layers that are missing, with commas.
    pub missing: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Confinement = Confinement {
        no_new_privileges: true,
        undumpable: true,
        files: true,
        network: true,
        scope: true,
        system_calls: true,
        limits: true,
        memory: true,
    };

    #[test]
    fn every_layer_that_counts_lowers_the_level_when_it_is_missing() {
        assert_eq!(ALL.level(), Level::Full);
        assert_eq!(Confinement { network: false, scope: false, ..ALL }.level(), Level::Full);
        assert_eq!(Confinement { files: false, ..ALL }.level(), Level::Partial);
        for less in [
            Confinement { no_new_privileges: false, ..ALL },
            Confinement { undumpable: false, ..ALL },
            Confinement { system_calls: false, ..ALL },
            Confinement { limits: false, ..ALL },
            Confinement { memory: false, ..ALL },
        ] {
            assert_eq!(less.level(), Level::None, "{less:?}");
        }
    }

    #[test]
    fn a_shortfall_names_what_is_missing_and_what_would_be_accepted() {
        let found = Confinement { files: false, scope: false, ..ALL };

        let said = found.reach(Level::Full).unwrap_err().to_string();

        assert!(said.contains("missing are files; "), "{said}");
        assert!(said.contains("--sandbox partial"), "{said}");
        assert_eq!(found.reach(Level::Partial), Ok(()));
        assert_eq!(Confinement::default().reach(Level::None), Ok(()));
    }

    #[test]
    fn a_report_without_a_layer_counts_it_as_missing() {
        let report: Confinement = serde_json::from_str("{\"files\":true}").unwrap();

        assert_eq!(report, Confinement { files: true, ..Confinement::default() });
    }

    #[test]
    fn levels_are_read_back_from_their_words() {
        for level in [Level::None, Level::Partial, Level::Full] {
            assert_eq!(level.as_str().parse(), Ok(level));
        }
        assert!("most".parse::<Level>().is_err());
    }
}
