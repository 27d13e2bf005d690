//! Votes from reactions to single answers, as compar:IA publishes them.
//!
//! A row marks one answer of one question: `liked useful complete creative clear_formatting` speak for it, `disliked
//! incorrect superficial instructions_not_followed` against it. All rows on one question (`conversation_pair_id` and
//! `msg_rank`) make one vote. An answer is good if it has marks for it only, bad if against it only, and otherwise
//! neither. Two good answers are a tie, two bad ones are both bad; else the better of good, neither and bad wins. Two
//! answers that are neither say nothing, and that is refused like any row that says nothing. This is how compar:IA
//! itself turns old reactions into choices (betagouv/ComparIA, `backfill_choices_from_reactions`), in its order.

use std::collections::HashMap;

use arena_core::ranking::Outcome;

use super::error::FileError;
use super::layout::{Header, Layout};
use super::verdict::{shown, truth};

const FOR: [&str; 5] = ["liked", "useful", "complete", "creative", "clear_formatting"];
const AGAINST: [&str; 4] = ["disliked", "incorrect", "superficial", "instructions_not_followed"];

/// The columns of a file of reactions.
#[derive(Clone, Debug)]
pub(super) struct Reactions {
    conversation: usize,
    question: usize,
    side: usize,
    marks_for: Vec<usize>,
    marks_against: Vec<usize>,
}

impl Reactions {
    pub(super) fn find(header: &Header) -> Result<Reactions, FileError> {
        let needed =
            ["conversation_pair_id", "msg_rank", "model_pos"].map(|name| header.find(name));
        let [Some(conversation), Some(question), Some(side)] = needed else {
            return Err(FileError::Lacking(
                "reactions need the columns conversation_pair_id, msg_rank and model_pos",
            ));
        };
        let all = |names: &[&str]| names.iter().filter_map(|name| header.find(name)).collect();
        let (marks_for, marks_against) = (all(&FOR), all(&AGAINST));
        Ok(Reactions { conversation, question, side, marks_for, marks_against })
    }

    pub(super) fn columns(&self) -> Vec<usize> {
        let own = [self.conversation, self.question, self.side];
        [&own[..], &self.marks_for, &self.marks_against].concat()
    }
}

/// What was said about one answer.
#[derive(Clone, Copy, Default)]
struct Marks {
    speak_for: bool,
    speak_against: bool,
}

impl Marks {
    /// 1 for good, -1 for bad, 0 for neither.
    fn worth(self) -> i8 {
        i8::from(self.speak_for && !self.speak_against)
            - i8::from(self.speak_against && !self.speak_for)
    }
}

/// One question with everything that was said about its answers.
pub(super) struct Question {
    /// The place of its first row.
    pub(super) place: u64,
    pub(super) models: [String; 2],
    pub(super) voter: Option<String>,
    pub(super) prompt: Option<String>,
    /// When the last mark was made.
    pub(super) time: Option<i64>,
    marks: [Marks; 2],
}

impl Question {
    pub(super) fn outcome(&self) -> Result<Outcome, String> {
        match self.marks.map(Marks::worth) {
            [1, 1] => Ok(Outcome::Tie),
            [-1, -1] => Ok(Outcome::BothBad),
            [0, 0] => Err("the marks on this question prefer neither answer".to_owned()),
            [left, right] if left > right => Ok(Outcome::Left),
            _ => Ok(Outcome::Right),
        }
    }
}

/// All questions of a file, in the order of their first rows.
#[derive(Default)]
pub(super) struct Questions {
    list: Vec<Question>,
    known: HashMap<(String, String), usize>,
}

impl Questions {
    pub(super) fn add<T: AsRef<str>>(
        &mut self,
        layout: &Layout,
        columns: &Reactions,
        place: u64,
        cells: &[T],
    ) -> Result<(), String> {
        let models = layout.models(cells)?.map(str::to_owned);
        let side = match cells[columns.side].as_ref() {
            "a" => 0,
            "b" => 1,
            other => return Err(format!("model_pos is `{}`, not a or b", shown(other))),
        };
        let marked = |columns: &[usize]| -> Result<bool, String> {
            let mut any = false;
            for &at in columns {
                any |= truth(cells[at].as_ref())? == Some(true);
            }
            Ok(any)
        };
        let (speak_for, speak_against) =
            (marked(&columns.marks_for)?, marked(&columns.marks_against)?);
        let time = layout.time(cells)?;
        let cell = |at: usize| cells[at].as_ref().to_owned();
        let key = (cell(columns.conversation), cell(columns.question));
        let at = *self.known.entry(key).or_insert(self.list.len());
        if at == self.list.len() {
            let mut scratch = String::new();
            let prompt = layout.prompt(cells, &mut scratch).map(str::to_owned);
            let voter = layout.voter(cells).map(str::to_owned);
            let marks = [Marks::default(); 2];
            self.list.push(Question { place, models, voter, prompt, time, marks });
        } else if self.list[at].models != models {
            return Err("the same question has other models in an earlier row".to_owned());
        }
        let question = &mut self.list[at];
        question.time = question.time.max(time);
        question.marks[side].speak_for |= speak_for;
        question.marks[side].speak_against |= speak_against;
        Ok(())
    }

    pub(super) fn into_list(self) -> Vec<Question> {
        self.list
    }
}
