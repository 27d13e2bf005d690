//! Which column is what: found once from the names of a file's columns.

use super::Keep;
use super::error::FileError;
use super::instant;
use super::reactions::Reactions;
use super::style::StyleColumns;
use super::verdict::{Said, Verdict, shown, truth};

/// Names of the two models, shown sides first: llmfao has `model_x` beside `left`.
const MODELS: [(&str, &str); 3] =
    [("model_a", "model_b"), ("model_a_name", "model_b_name"), ("left", "right")];
/// Who voted; the first that is there. `evaluation_session_id` is what LMSYS 140k has of a person.
const VOTERS: [&str; 8] = [
    "voter",
    "voter_id",
    "judge",
    "user_id",
    "worker",
    "annotator",
    "visitor_id",
    "evaluation_session_id",
];
/// Stands in for a missing `visitor_id`.
const SESSION: &str = "session_hash";
/// On what; the first that is there. A question's `turn` is a question of its own.
const PROMPTS: [&str; 5] =
    ["prompt_id", "prompt", "question_id", "conversation_id", "conversation_pair_id"];
const TIMES: [&str; 5] = ["timestamp", "tstamp", "cast_at", "created_at", "time"];

/// The names of a file's columns.
pub(super) struct Header {
    names: Vec<String>,
}

impl Header {
    /// Takes the names; two equal ones are refused.
    pub(super) fn new(names: Vec<String>) -> Result<Header, FileError> {
        let mut sorted: Vec<&String> = names.iter().filter(|name| !name.is_empty()).collect();
        sorted.sort_unstable();
        match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(FileError::DuplicateColumn(pair[0].clone())),
            None => Ok(Header { names }),
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|column| column == name)
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// The place of each column of a list that is there.
    fn all_of(&self, names: &[&str]) -> Option<Vec<usize>> {
        names.iter().map(|name| self.find(name)).collect()
    }

    /// Both columns of the first pair that is there.
    pub(super) fn first_pair(&self, pairs: &[(&str, &str)]) -> Option<[usize; 2]> {
        pairs.iter().find_map(|(a, b)| Some([self.find(a)?, self.find(b)?]))
    }

    /// The columns `name_a` and `name_b`.
    pub(super) fn sides(&self, name: &str) -> Option<[usize; 2]> {
        Some([self.find(&format!("{name}_a"))?, self.find(&format!("{name}_b"))?])
    }
}

/// Where in a row everything stands that is to be read.
pub(super) struct Layout {
    pub(super) width: usize,
    models: [usize; 2],
    verdict: Verdict,
    voter: Vec<usize>,
    prompt: Vec<usize>,
    time: Option<usize>,
    /// Whether the names were hidden, where a column says so.
    anonymous: Option<usize>,
    style: Option<StyleColumns>,
    pub(super) reactions: Option<Reactions>,
}

/// What one row says, borrowed from its cells.
pub(super) struct Row<'a> {
    pub(super) left: &'a str,
    pub(super) right: &'a str,
    pub(super) said: Said,
    pub(super) time: Option<i64>,
}

impl Layout {
    /// Finds the columns that `keep` asks for; `None` for no known layout.
    pub(super) fn find(header: &Header, keep: Keep) -> Result<Option<Layout>, FileError> {
        let Some(models) = header.first_pair(&MODELS) else { return Ok(None) };
        let Some(verdict) = Verdict::find(header)? else { return Ok(None) };
        let reactions = match verdict {
            Verdict::Reactions => Some(Reactions::find(header)?),
            _ => None,
        };
        let style = match StyleColumns::find(header) {
            _ if !keep.style => None,
            None => return Err(FileError::Lacking(super::style::LACKING)),
            found => found,
        };
        Ok(Some(Layout {
            width: header.len(),
            models,
            verdict,
            voter: if keep.voters { voter(header) } else { Vec::new() },
            prompt: if keep.prompts { prompt(header) } else { Vec::new() },
            time: TIMES.iter().find_map(|name| header.find(name)).filter(|_| keep.times),
            anonymous: header.find("anony"),
            style,
            reactions,
        }))
    }

    /// The columns that are read, ascending.
    pub(super) fn columns(&self) -> Vec<usize> {
        let mut columns = self.models.to_vec();
        columns.extend(self.verdict.columns());
        columns.extend(self.voter.iter().chain(&self.prompt));
        columns.extend(self.time.iter().chain(&self.anonymous));
        columns.extend(self.style.iter().flat_map(StyleColumns::columns));
        columns.extend(self.reactions.iter().flat_map(Reactions::columns));
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    pub(super) fn has_voters(&self) -> bool {
        !self.voter.is_empty()
    }

    pub(super) fn has_prompts(&self) -> bool {
        !self.prompt.is_empty()
    }

    pub(super) fn has_times(&self) -> bool {
        self.time.is_some()
    }

    pub(super) fn holds_counts(&self) -> bool {
        matches!(self.verdict, Verdict::Counts(_))
    }

    pub(super) fn style(&self) -> Option<&StyleColumns> {
        self.style.as_ref()
    }

    /// Reads what every row has; `cells` has one entry a column.
    pub(super) fn read<'a, T: AsRef<str>>(&self, cells: &'a [T]) -> Result<Row<'a>, String> {
        let [left, right] = self.models(cells)?;
        let said = self.verdict.read(cells, left, right)?;
        Ok(Row { left, right, said, time: self.time(cells)? })
    }

    /// The names of the two models of a row.
    pub(super) fn models<'a, T: AsRef<str>>(&self, cells: &'a [T]) -> Result<[&'a str; 2], String> {
        let [left, right] = self.models.map(|at| cells[at].as_ref());
        if left.is_empty() || right.is_empty() {
            return Err(no_names(left, right));
        }
        if left == right {
            return Err(format!("{} is compared with itself", shown(left)));
        }
        if let Some(at) = self.anonymous
            && truth(cells[at].as_ref())? == Some(false)
        {
            return Err("the models were named before the vote (anony is false)".to_owned());
        }
        Ok([left, right])
    }

    pub(super) fn time<T: AsRef<str>>(&self, cells: &[T]) -> Result<Option<i64>, String> {
        let Some(text) = self.time.map(|at| cells[at].as_ref()).filter(|text| !text.is_empty())
        else {
            return Ok(None);
        };
        let read = instant::microseconds(text);
        read.map(Some).ok_or_else(|| format!("`{}` is no time", shown(text)))
    }

    /// Who cast the vote of a row, where that is known.
    pub(super) fn voter<'a, T: AsRef<str>>(&self, cells: &'a [T]) -> Option<&'a str> {
        self.voter.iter().map(|&at| cells[at].as_ref()).find(|text| !text.is_empty())
    }

    /// On which prompt the vote of a row is; `scratch` holds a name made of several columns.
    pub(super) fn prompt<'a, T: AsRef<str>>(
        &self,
        cells: &'a [T],
        scratch: &'a mut String,
    ) -> Option<&'a str> {
        match self.prompt[..] {
            [] => None,
            [at] => Some(cells[at].as_ref()).filter(|text| !text.is_empty()),
            _ => {
                scratch.clear();
                for (part, &at) in self.prompt.iter().enumerate() {
                    if part > 0 {
                        scratch.push('/');
                    }
                    scratch.push_str(cells[at].as_ref());
                }
                Some(scratch.as_str()).filter(|text| !text.starts_with('/'))
            }
        }
    }
}

/// Says that two cells are no names of models.
pub(super) fn no_names(left: &str, right: &str) -> String {
    let (left, right) = (shown(left), shown(right));
    format!("`{left}` and `{right}` are no names of models; is the row shifted?")
}

fn voter(header: &Header) -> Vec<usize> {
    let Some(name) = VOTERS.iter().find(|name| header.find(name).is_some()) else {
        return Vec::new();
    };
    let stand_in = (*name == "visitor_id").then_some(SESSION);
    [Some(*name), stand_in].into_iter().flatten().filter_map(|name| header.find(name)).collect()
}

fn prompt(header: &Header) -> Vec<usize> {
    // Reactions of one conversation are on the questions asked in it, one after another.
    let ways: [&[&str]; 2] = [&["conversation_pair_id", "msg_rank"], &["question_id", "turn"]];
    let whole = |way: &&[&str]| header.all_of(way);
    let first = |name: &&str| header.find(name);
    let joined = ways.iter().find_map(whole);
    match (PROMPTS[..2].iter().find_map(first), joined) {
        (Some(at), _) => vec![at],
        (None, Some(columns)) => columns,
        (None, None) => PROMPTS[2..].iter().find_map(first).into_iter().collect(),
    }
}
