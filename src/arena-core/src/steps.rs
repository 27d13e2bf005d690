//! How an answer was computed, step by step, in a text short enough for a row.
//!
//! Sums of floating-point numbers depend on how many tokens are evaluated together and by how many
//! threads, so whoever wants the same answer again has to take the same steps.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Most runs in a text; an answer of the longest context stays far below.
const MAX_RUNS: usize = 65_536;
/// Most tokens in all; no context is longer.
const MAX_TOKENS: u64 = 1 << 24;

/// One decode step, seen from one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Tokens of this answer that were evaluated.
    pub tokens: u32,
    /// Threads that worked on it.
    pub threads: u32,
    /// Whether tokens of other answers were evaluated in the same step.
    pub shared: bool,
}

/// All steps of an answer, those of its question and of earlier turns included, equal ones counted.
///
/// As text: `128t2*3 17t2 1t1s*40` are three steps of 128 tokens with 2 threads, one of 17, and 40
/// of one token each with 1 thread that were shared with other answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    runs: Vec<(Step, u32)>,
}

impl Steps {
    /// Adds one step at the end.
    pub fn push(&mut self, step: Step) {
        match self.runs.last_mut() {
            Some((last, times)) if *last == step => *times += 1,
            _ => self.runs.push((step, 1)),
        }
    }

    /// All steps in order.
    pub fn iter(&self) -> impl Iterator<Item = Step> + '_ {
        self.runs.iter().flat_map(|(step, times)| (0..*times).map(|_| *step))
    }

    /// Tokens of all steps together.
    pub fn tokens(&self) -> u64 {
        self.runs.iter().map(|(step, times)| u64::from(step.tokens) * u64::from(*times)).sum()
    }

    /// Whether any step was shared with another answer.
    pub fn is_shared(&self) -> bool {
        self.runs.iter().any(|(step, _)| step.shared)
    }

    /// Keeps the steps of the first tokens; false when the border lies inside a step, which is cut.
    pub fn truncate(&mut self, tokens: u64) -> bool {
        let all = std::mem::take(self);
        let mut left = tokens;
        for step in all.iter() {
            if left == 0 {
                return true;
            }
            let count = u64::from(step.tokens).min(left);
            self.push(Step { tokens: u32::try_from(count).unwrap_or(step.tokens), ..step });
            left -= count;
            if count < u64::from(step.tokens) {
                return false;
            }
        }
        true
    }
}

impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (step, times)) in self.runs.iter().enumerate() {
            let gap = if i == 0 { "" } else { " " };
            let shared = if step.shared { "s" } else { "" };
            write!(f, "{gap}{}t{}{shared}", step.tokens, step.threads)?;
            if *times > 1 {
                write!(f, "*{times}")?;
            }
        }
        Ok(())
    }
}

/// A text that lists no steps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no list of steps such as `128t2*3 17t2 1t1s*40`")]
pub struct BadSteps(String);

impl FromStr for Steps {
    type Err = BadSteps;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = |word: &str| BadSteps(word.chars().take(40).collect());
        let mut steps = Self::default();
        for word in text.split_ascii_whitespace() {
            steps.runs.push(parse_run(word).ok_or_else(|| bad(word))?);
            if steps.runs.len() > MAX_RUNS || steps.tokens() > MAX_TOKENS {
                return Err(bad("too many steps"));
            }
        }
        Ok(steps)
    }
}

fn parse_run(word: &str) -> Option<(Step, u32)> {
    let (step, times) = word.split_once('*').unwrap_or((word, "1"));
    let (tokens, threads) = step.split_once('t')?;
    let shared = threads.ends_with('s');
    let threads = threads.strip_suffix('s').unwrap_or(threads);
    let positive = |text: &str| text.parse().ok().filter(|&count: &u32| count > 0);
    let step = Step { tokens: positive(tokens)?, threads: positive(threads)?, shared };
    Some((step, positive(times)?))
}

impl Serialize for Steps {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Steps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &str) -> Steps {
        text.parse().unwrap()
    }

    #[test]
    fn steps_are_written_and_read_back() {
        let mut taken = Steps::default();
        for tokens in [128, 128, 17] {
            taken.push(Step { tokens, threads: 2, shared: false });
        }
        taken.push(Step { tokens: 1, threads: 1, shared: true });

        assert_eq!(taken.to_string(), "128t2*2 17t2 1t1s");
        assert_eq!(steps("128t2*2 17t2 1t1s"), taken);
        assert_eq!((taken.tokens(), taken.is_shared()), (274, true));
        assert_eq!(taken.iter().count(), 4);
    }

    #[test]
    fn cutting_at_the_end_of_a_step_is_clean_and_inside_of_one_is_not() {
        let mut clean = steps("128t2*2 17t2");
        let mut cut = clean.clone();

        assert!(clean.truncate(256));
        assert!(!cut.truncate(260));

        assert_eq!((clean.to_string(), cut.to_string()), ("128t2*2".into(), "128t2*2 4t2".into()));
    }

    #[test]
    fn what_is_no_list_of_steps_is_refused() {
        for text in ["0t1", "1t0", "1t1*0", "x", "1", "1t1ss", "-1t1", "4000000000t1*4000000000"] {
            assert!(text.parse::<Steps>().is_err(), "{text}");
        }
        assert_eq!(steps(""), Steps::default());
    }
}
