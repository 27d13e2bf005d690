//! Who won, in the ways in which files say it.

use arena_core::ranking::{Outcome, Tally};

use super::error::FileError;
use super::layout::Header;

/// What one row says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Said {
    Vote(Outcome),
    Counts(Tally),
}

/// The columns that say who won.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    /// A word: `winner`.
    Word(usize),
    /// Three columns of which one is 1: `winner_model_a`, `winner_model_b`, `winner_tie`.
    OneHot([usize; 3]),
    /// Counts of a pair: `a_wins`, `b_wins` and, where they are, `ties` and `both_bad`.
    Counts([Option<usize>; 4]),
    /// The name of the better model, or that both are equal: `chosen_model_name`, `both_equal`.
    Chosen { name: usize, equal: usize },
    /// Marks on single answers, which become votes only together.
    Reactions,
}

const COUNTS: [&str; 4] = ["a_wins", "b_wins", "ties", "both_bad"];
const ONE_HOT: [&str; 3] = ["winner_model_a", "winner_model_b", "winner_tie"];

impl Verdict {
    /// Finds the columns; a file that says it in two ways is refused.
    pub(super) fn find(header: &Header) -> Result<Option<Verdict>, FileError> {
        let mut found: Vec<(&'static str, Verdict)> = Vec::new();
        if let Some(winner) = header.find("winner") {
            found.push(("winner", Verdict::Word(winner)));
        }
        if let [Some(a), Some(b), Some(tie)] = ONE_HOT.map(|name| header.find(name)) {
            found.push(("winner_model_a", Verdict::OneHot([a, b, tie])));
        }
        let counts = COUNTS.map(|name| header.find(name));
        if counts[0].is_some() && counts[1].is_some() {
            found.push(("a_wins", Verdict::Counts(counts)));
        }
        if let (Some(name), Some(equal)) =
            (header.find("chosen_model_name"), header.find("both_equal"))
        {
            found.push(("chosen_model_name", Verdict::Chosen { name, equal }));
        }
        if header.find("liked").is_some() && header.find("disliked").is_some() {
            found.push(("liked", Verdict::Reactions));
        }
        match &found[..] {
            [(first, _), (second, _), ..] => Err(FileError::TwoVerdicts(first, second)),
            _ => Ok(found.pop().map(|(_, verdict)| verdict)),
        }
    }

    /// The columns it reads.
    pub(super) fn columns(&self) -> Vec<usize> {
        match self {
            Verdict::Word(winner) => vec![*winner],
            Verdict::OneHot(columns) => columns.to_vec(),
            Verdict::Counts(columns) => columns.iter().flatten().copied().collect(),
            Verdict::Chosen { name, equal } => vec![*name, *equal],
            Verdict::Reactions => Vec::new(),
        }
    }

    /// Reads what a row says; the names of its models are those already read.
    pub(super) fn read<T: AsRef<str>>(
        &self,
        cells: &[T],
        left: &str,
        right: &str,
    ) -> Result<Said, String> {
        match self {
            Verdict::Word(winner) => outcome(cells[*winner].as_ref()).map(Said::Vote),
            Verdict::OneHot(columns) => {
                one_hot(columns.map(|at| cells[at].as_ref())).map(Said::Vote)
            }
            Verdict::Counts(columns) => {
                tally(columns.map(|at| at.map(|at| cells[at].as_ref()))).map(Said::Counts)
            }
            Verdict::Chosen { name, equal } => {
                chosen(cells[*name].as_ref(), cells[*equal].as_ref(), left, right).map(Said::Vote)
            }
            Verdict::Reactions => Err("a reaction is no vote of its own".to_owned()),
        }
    }
}

/// The winner's word. An unknown word is refused: counted as a tie, as other tools do, it would move
/// ratings without a trace.
fn outcome(word: &str) -> Result<Outcome, String> {
    match word {
        "model_a" | "left" => Ok(Outcome::Left),
        "model_b" | "right" => Ok(Outcome::Right),
        // MT-bench's judge that answers differently when the sides are swapped.
        "tie" | "tie (inconsistent)" => Ok(Outcome::Tie),
        "both_bad" | "tie (bothbad)" => Ok(Outcome::BothBad),
        _ => Err(format!(
            "`{}` is no winner; known are model_a, model_b, left, right, tie, both_bad, \
             tie (bothbad) and tie (inconsistent)",
            shown(word)
        )),
    }
}

/// A truth value; an empty cell says nothing.
pub(super) fn truth(text: &str) -> Result<Option<bool>, String> {
    match text {
        "1" | "1.0" | "true" | "True" | "TRUE" => Ok(Some(true)),
        "0" | "0.0" | "false" | "False" | "FALSE" => Ok(Some(false)),
        "" => Ok(None),
        _ => Err(format!("`{}` is neither true nor false", shown(text))),
    }
}

fn one_hot(cells: [&str; 3]) -> Result<Outcome, String> {
    let [a, b, tie] = cells.map(truth);
    match [a?, b?, tie?] {
        [Some(true), Some(false), Some(false)] => Ok(Outcome::Left),
        [Some(false), Some(true), Some(false)] => Ok(Outcome::Right),
        [Some(false), Some(false), Some(true)] => Ok(Outcome::Tie),
        _ => Err("exactly one of winner_model_a, winner_model_b, winner_tie must be 1".to_owned()),
    }
}

fn tally(cells: [Option<&str>; 4]) -> Result<Tally, String> {
    let mut counts = [0_u32; 4];
    for ((count, cell), name) in counts.iter_mut().zip(cells).zip(COUNTS) {
        let Some(text) = cell else { continue };
        // `parse` alone would take "+5".
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        *count = text
            .parse()
            .ok()
            .filter(|_| digits)
            .ok_or_else(|| format!("{name} is `{}`, no whole number", shown(text)))?;
    }
    let [left_wins, right_wins, ties, both_bad] = counts;
    Ok(Tally { left_wins, right_wins, ties, both_bad })
}

fn chosen(name: &str, equal: &str, left: &str, right: &str) -> Result<Outcome, String> {
    match (name, truth(equal)? == Some(true)) {
        ("", true) => Ok(Outcome::Tie),
        ("", false) => Err("no model is chosen, and the two are not equal either".to_owned()),
        (_, true) => Err(format!("`{}` is chosen, and both are equal", shown(name))),
        _ if name == left => Ok(Outcome::Left),
        _ if name == right => Ok(Outcome::Right),
        _ => Err(format!("`{}` is chosen, which is neither of the two models", shown(name))),
    }
}

/// A cell in a message, cut where it would fill the screen.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// The names of columns in a message, cut where they would fill the screen.
pub(super) fn shown_columns(names: &str) -> String {
    const LONGEST: usize = 600;
    match names.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &names[..at]),
        None => names.to_owned(),
    }
}
