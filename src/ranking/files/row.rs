//! One row of a file of votes: which layout it has, and what it says.

use arena_core::ranking::{Outcome, Tally};

use super::Fields;

/// What one row says: a single vote, or the counts of a pair.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) left: String,
    pub(super) right: String,
    pub(super) tally: Tally,
    /// The vote itself; none where the row holds counts.
    pub(super) outcome: Option<Outcome>,
}

const COUNTS: [&str; 4] = ["a_wins", "b_wins", "ties", "both_bad"];
const ONE_HOT: [&str; 3] = ["winner_model_a", "winner_model_b", "winner_tie"];

/// Whether the columns are those of a layout that is read here.
pub(super) fn is_known_layout<'a>(columns: impl Iterator<Item = &'a str>) -> bool {
    let columns: Vec<_> = columns.collect();
    let has = |name: &str| columns.contains(&name);
    let models = (has("model_a") && has("model_b")) || (has("left") && has("right"));
    let counted = COUNTS[..2].iter().all(|name| has(name));
    models && (has("winner") || counted || ONE_HOT.iter().all(|name| has(name)))
}

/// Reads one row by the names of its fields.
pub(super) fn row_of(fields: &Fields) -> Result<Row, String> {
    let (left, right) = models(fields)?;
    if left == right {
        return Err(format!("{left} is compared with itself"));
    }
    if fields.contains_key("a_wins") {
        return Ok(Row { left, right, tally: tally(fields)?, outcome: None });
    }
    let outcome = match fields.get("winner") {
        Some(word) => outcome(word)?,
        None => one_hot(fields)?,
    };
    Ok(Row { left, right, tally: outcome.into(), outcome: Some(outcome) })
}

fn models(fields: &Fields) -> Result<(String, String), String> {
    // llmfao has model_x and model_y beside left and right: the shown sides are left and right.
    let pairs = [("model_a", "model_b"), ("left", "right")];
    let found = pairs
        .into_iter()
        .find_map(|(left, right)| Some((fields.get(left)?.clone(), fields.get(right)?.clone())));
    let (left, right) = found.ok_or("the row names no two models")?;
    let plausible = |name: &str| !name.trim().is_empty() && name.trim() == name;
    if plausible(&left) && plausible(&right) {
        return Ok((left, right));
    }
    Err(format!("`{left}` and `{right}` are no names of models; is the row shifted?"))
}

/// The winner's word. An unknown word is refused: counted as a tie, as other tools do, it would move
/// ratings without a trace.
fn outcome(word: &str) -> Result<Outcome, String> {
    match word {
        "model_a" | "left" => Ok(Outcome::Left),
        "model_b" | "right" => Ok(Outcome::Right),
        "tie" => Ok(Outcome::Tie),
        "both_bad" | "tie (bothbad)" => Ok(Outcome::BothBad),
        _ => Err(format!(
            "`{word}` is no winner; known are model_a, model_b, left, right, tie, both_bad and \
             tie (bothbad)"
        )),
    }
}

fn one_hot(fields: &Fields) -> Result<Outcome, String> {
    let set = |name: &str| fields.get(name).map(String::as_str);
    match ONE_HOT.map(set) {
        [Some("1"), Some("0"), Some("0")] => Ok(Outcome::Left),
        [Some("0"), Some("1"), Some("0")] => Ok(Outcome::Right),
        [Some("0"), Some("0"), Some("1")] => Ok(Outcome::Tie),
        _ => Err("exactly one of winner_model_a, winner_model_b, winner_tie must be 1".to_owned()),
    }
}

fn tally(fields: &Fields) -> Result<Tally, String> {
    let number = |name: &str| match fields.get(name).map(String::as_str) {
        None => Ok(0),
        Some(text) => {
            text.parse::<u32>().map_err(|_| format!("{name} is `{text}`, no whole number"))
        }
    };
    Ok(Tally {
        left_wins: number("a_wins")?,
        right_wins: number("b_wins")?,
        ties: number("ties")?,
        both_bad: number("both_bad")?,
    })
}
