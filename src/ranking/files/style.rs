//! Length and formatting of both answers, from the columns that have them.
//!
//! Three ways, the first that is there:
//! * counts: `tokens_a,tokens_b,headers_a,headers_b,lists_a,lists_b,bold_a,bold_b`;
//! * `conv_metadata` as LMSYS 140k has it: `sum_assistant_a_tokens`, `header_count_a`, `list_count_a`, `bold_count_a`
//!   and the same for b; counts by level or kind are added up;
//! * the answers: `response_a,response_b`, `answer_a,answer_b` or `conversation_a,conversation_b`, as Markdown or as a
//!   JSON list of turns. Then length is counted in characters, since no tokenizer is at hand that is the same for all.

use arena_core::ranking::{StyleCounts, StyleFeature};
use serde_json::Value;

use super::layout::Header;
use super::verdict::shown;

/// Said where no column gives style.
pub(super) const LACKING: &str = "the file has neither answers (response_a, response_b) nor counts \
     (tokens_a, tokens_b, headers_a, headers_b, lists_a, lists_b, bold_a, bold_b), so that style \
     cannot be controlled";

const METADATA: &str = "conv_metadata";
const ANSWERS: [&str; 3] = ["response", "answer", "conversation"];

/// Columns that give the form of both answers.
#[derive(Clone, Debug)]
pub(super) enum StyleColumns {
    /// For each feature the columns of both sides.
    Counts([[usize; 2]; 4]),
    Metadata(usize),
    Answers([usize; 2]),
}

impl StyleColumns {
    pub(super) fn find(header: &Header) -> Option<StyleColumns> {
        let counts = StyleFeature::ALL.map(|feature| header.sides(feature.as_str()));
        if let [Some(tokens), Some(headers), Some(lists), Some(bold)] = counts {
            return Some(StyleColumns::Counts([tokens, headers, lists, bold]));
        }
        if let Some(at) = header.find(METADATA) {
            return Some(StyleColumns::Metadata(at));
        }
        ANSWERS.iter().find_map(|name| header.sides(name)).map(StyleColumns::Answers)
    }

    pub(super) fn columns(&self) -> Vec<usize> {
        match self {
            StyleColumns::Counts(columns) => columns.concat(),
            StyleColumns::Metadata(at) => vec![*at],
            StyleColumns::Answers(sides) => sides.to_vec(),
        }
    }

    /// Reads the form of the left and the right answer.
    pub(super) fn read<T: AsRef<str>>(&self, cells: &[T]) -> Result<[StyleCounts; 2], String> {
        match self {
            StyleColumns::Counts(columns) => {
                let side = |side: usize| counted(columns.map(|pair| cells[pair[side]].as_ref()));
                Ok([side(0)?, side(1)?])
            }
            StyleColumns::Metadata(at) => {
                let text = cells[*at].as_ref();
                let value: Value = serde_json::from_str(text)
                    .map_err(|_| format!("{METADATA} is `{}`, no JSON", shown(text)))?;
                Ok([of_metadata(&value, 'a')?, of_metadata(&value, 'b')?])
            }
            StyleColumns::Answers(sides) => {
                let [left, right] = sides.map(|at| of_answer(cells[at].as_ref()));
                Ok([left?, right?])
            }
        }
    }
}

fn counted(cells: [&str; 4]) -> Result<StyleCounts, String> {
    let mut counts = [0; 4];
    for ((count, text), feature) in counts.iter_mut().zip(cells).zip(StyleFeature::ALL) {
        // Tables with gaps have whole numbers with a fraction: 548.0.
        let digits = text.strip_suffix(".0").unwrap_or(text);
        *count = digits.parse().map_err(|_| {
            format!("the number of {} is `{}`, no whole number", feature.as_str(), shown(text))
        })?;
    }
    let [tokens, headers, lists, bold] = counts;
    Ok(StyleCounts { tokens, headers, lists, bold })
}

fn of_metadata(value: &Value, side: char) -> Result<StyleCounts, String> {
    let number = |name: String| {
        let found = value.get(&name).and_then(sum).and_then(|sum| u32::try_from(sum).ok());
        found.ok_or_else(|| format!("{METADATA} has no {name}"))
    };
    Ok(StyleCounts {
        tokens: number(format!("sum_assistant_{side}_tokens"))?,
        headers: number(format!("header_count_{side}"))?,
        lists: number(format!("list_count_{side}"))?,
        bold: number(format!("bold_count_{side}"))?,
    })
}

/// A count, or the sum of counts by level or kind.
fn sum(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::Object(kinds) => kinds.values().map(sum).sum(),
        _ => None,
    }
}

fn of_answer(cell: &str) -> Result<StyleCounts, String> {
    let answer = text_of(cell)?;
    let characters = u32::try_from(answer.chars().count()).unwrap_or(u32::MAX);
    Ok(StyleCounts::of(&answer, characters))
}

/// The answer itself, its turns joined with line feeds.
fn text_of(cell: &str) -> Result<String, String> {
    let listed = cell.strip_prefix('[').map(str::trim_start);
    if !listed.is_some_and(|rest| rest.starts_with(['"', '{', ']']) || rest.starts_with("null")) {
        return Ok(cell.to_owned());
    }
    let turns: Vec<Value> = serde_json::from_str(cell)
        .map_err(|error| format!("the answer looks like a list of turns, but: {error}"))?;
    let mut texts = Vec::new();
    for turn in &turns {
        let by_user = turn.get("role").is_some_and(|role| role != "assistant");
        if !by_user {
            collect(turn, &mut texts);
        }
    }
    Ok(texts.join("\n"))
}

fn collect<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(parts) => parts.iter().for_each(|part| collect(part, texts)),
        Value::Object(fields) => {
            for name in ["content", "text"] {
                fields.get(name).into_iter().for_each(|value| collect(value, texts));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_the_same_whatever_holds_it() {
        let answer = "# Title\n- **one**\n- two";
        let quoted = serde_json::to_string(answer).unwrap();
        let ways = [
            answer.to_owned(),
            format!("[{quoted}]"),
            format!(
                "[{{\"role\":\"user\",\"content\":\"# no\"}},{{\"role\":\"assistant\",\"content\":{quoted}}}]"
            ),
            format!(
                "[{{\"role\":\"assistant\",\"content\":[{{\"type\":\"text\",\"text\":{quoted}}}]}}]"
            ),
        ];

        let expected = StyleCounts { tokens: 23, headers: 1, lists: 2, bold: 1 };
        for way in ways {
            assert_eq!(of_answer(&way), Ok(expected), "{way}");
        }
    }

    #[test]
    fn an_answer_that_only_starts_like_a_list_is_text() {
        assert_eq!(text_of("[see below] **x**"), Ok("[see below] **x**".to_owned()));
        assert!(text_of("[\"cut off").unwrap_err().contains("list of turns"));
    }
}
