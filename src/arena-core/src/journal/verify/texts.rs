//! Check 18: texts that were published, against commitments and erasures.

use std::collections::HashMap;

use serde::Deserialize;

use super::super::commitment::{Domain, commit};
use super::super::merkle::Hash;
use super::super::scan::{Opening, Vote};
use super::report::{Check, Problems};
use crate::journal::parse_hex;

/// One line of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    a: u64,
    part: String,
    text: String,
    salt: String,
}

/// A text that may be published, with what proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Index of the assign leaf of its battle.
    pub assign: u64,
    /// q, p, l or r.
    pub part: char,
    /// The text.
    pub text: String,
    /// Opens its commitment.
    pub salt: [u8; 32],
}

impl Text {
    /// Its line in the file of texts, line feed included.
    pub fn to_line(&self) -> String {
        let Self { assign, part, text, salt } = self;
        let (text, salt) = (serde_json::Value::from(text.as_str()), hex::encode(salt));
        format!("{{\"a\":{assign},\"part\":\"{part}\",\"text\":{text},\"salt\":\"{salt}\"}}\n")
    }
}

/// A text, as what it would have been committed to by.
struct Claim {
    part: char,
    commitment: Hash,
    is_opened: bool,
}

#[derive(Default)]
pub(super) struct Texts {
    by_assign: HashMap<u64, Vec<Claim>>,
    count: usize,
}

impl Texts {
    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn take(&mut self, line: &[u8], problems: &mut Problems) {
        self.count += 1;
        let number = self.count;
        let Some((assign, text)) = read(line) else {
            problems
                .add(Check::Texts, None, || format!("line {number} of the texts cannot be read"));
            return;
        };
        self.by_assign.entry(assign).or_default().push(text);
    }

    fn compare(
        &mut self,
        assign: u64,
        part: char,
        committed: Option<Hash>,
        problems: &mut Problems,
    ) {
        let texts = self.by_assign.get_mut(&assign).into_iter().flatten();
        for text in texts.filter(|text| text.part == part) {
            text.is_opened = true;
            if Some(text.commitment) != committed {
                problems.add(Check::Texts, Some(assign), || {
                    format!("text {part} of its battle is not the one that was committed to")
                });
            }
        }
    }

    pub(super) fn first_question(&mut self, opening: &Opening<'_>, problems: &mut Problems) {
        if !self.by_assign.is_empty() {
            self.compare(opening.assign, 'q', Some(opening.reveal.question), problems);
        }
    }

    pub(super) fn vote(&mut self, vote: &Vote<'_>, problems: &mut Problems) {
        if !self.by_assign.is_empty() {
            let assign = vote.opening.assign;
            self.compare(assign, 'p', vote.questions, problems);
            self.compare(assign, 'l', Some(vote.left), problems);
            self.compare(assign, 'r', Some(vote.right), problems);
        }
    }

    /// Takes note that parts of a battle were erased.
    pub(super) fn erased(
        &mut self,
        index: u64,
        assign: u64,
        parts: &[char],
        problems: &mut Problems,
    ) {
        let texts = self.by_assign.get(&assign).into_iter().flatten();
        for text in texts.filter(|text| parts.contains(&text.part)) {
            problems.add(Check::Texts, Some(index), || {
                format!("text {} of battle {assign} is published, though it was erased", text.part)
            });
        }
    }

    pub(super) fn finish(&self, problems: &mut Problems) {
        for (assign, texts) in &self.by_assign {
            for text in texts.iter().filter(|text| !text.is_opened) {
                problems.add(Check::Texts, Some(*assign), || {
                    format!("nothing commits to text {}", text.part)
                });
            }
        }
    }
}

fn read(line: &[u8]) -> Option<(u64, Claim)> {
    let line: Line = serde_json::from_slice(line).ok()?;
    let (part, domain) = match line.part.as_str() {
        "q" => ('q', Domain::Question),
        "p" => ('p', Domain::Questions),
        "l" => ('l', Domain::Left),
        "r" => ('r', Domain::Right),
        _ => return None,
    };
    let commitment = commit(domain, &parse_hex(&line.salt)?, line.text.as_bytes());
    Some((line.a, Claim { part, commitment, is_opened: false }))
}
