//! The files that the public parts of a report are computed from: shipped inside the binary, or read from a folder.
//!
//! What a file means is said where it is read (`record`, `history`, ...); where it comes from in `data/*/NOTICE.md`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use serde::de::DeserializeOwned;

use super::ReportError;

macro_rules! golden {
    ($path:literal) => {
        include_bytes!(concat!("../arena-core/tests/golden/", $path)).as_slice()
    };
}

macro_rules! data {
    ($path:literal) => {
        include_bytes!(concat!("data/", $path)).as_slice()
    };
}

/// Votes of Chatbot Arena up to 2024-08-14 as counts of pairs.
pub(super) const ARENA_PAIRS: &str = "pairs_20240814.csv";
/// An independent fit of them beside the board that was published.
pub(super) const ARENA_BOARD: &str = "expected_bt_20240814.csv";
/// Dated tables of LMArena.
pub(super) const LMARENA: &str = "lmarena_text_history.csv";
/// Countries of organisations.
pub(super) const ORGANIZATIONS: &str = "organizations.csv";
/// Classes of licences.
pub(super) const LICENCES: &str = "licences.csv";
/// Models that the two tables above do not describe.
pub(super) const EXCEPTIONS: &str = "model_exceptions.csv";
/// Models of compar:IA.
pub(super) const COMPARIA_MODELS: &str = "comparia_models.csv";
/// Dated tables of compar:IA.
pub(super) const COMPARIA: &str = "comparia_ranking_history.csv";
/// Human judgements on MT-bench.
pub(super) const MTBENCH_HUMAN: &str = "mtbench_human.jsonl";
/// GPT-4's judgements on MT-bench.
pub(super) const MTBENCH_GPT4: &str = "mtbench_gpt4_pair.jsonl";
/// Votes of llmfao.
pub(super) const LLMFAO: &str = "llmfao_votes.csv";
/// Models of llmfao.
pub(super) const LLMFAO_MODELS: &str = "llmfao_models.csv";
/// Strengths that another program found for them.
pub(super) const LLMFAO_EVALICA: &str = "llmfao_evalica_bt.csv";

const SHIPPED: [(&str, &[u8]); 13] = [
    (ARENA_PAIRS, golden!("chatbot-arena-2024-08-14/pairs_20240814.csv")),
    (ARENA_BOARD, golden!("chatbot-arena-2024-08-14/expected_bt_20240814.csv")),
    (LMARENA, data!("lmarena/lmarena_text_history.csv")),
    (ORGANIZATIONS, data!("origin/organizations.csv")),
    (LICENCES, data!("origin/licences.csv")),
    (EXCEPTIONS, data!("origin/model_exceptions.csv")),
    (COMPARIA_MODELS, data!("comparia/comparia_models.csv")),
    (COMPARIA, data!("comparia/comparia_ranking_history.csv")),
    (MTBENCH_HUMAN, data!("mtbench/mtbench_human.jsonl")),
    (MTBENCH_GPT4, data!("mtbench/mtbench_gpt4_pair.jsonl")),
    (LLMFAO, golden!("llmfao/votes.csv")),
    (LLMFAO_MODELS, data!("llmfao/llmfao_models.csv")),
    (LLMFAO_EVALICA, data!("llmfao/llmfao_evalica_bt.csv")),
];

/// The bytes of each file.
#[derive(Clone, Debug)]
pub struct Sources {
    files: BTreeMap<&'static str, Cow<'static, [u8]>>,
}

impl Sources {
    /// The files inside the binary.
    pub fn shipped() -> Sources {
        let files = SHIPPED.iter().map(|&(name, bytes)| (name, Cow::Borrowed(bytes)));
        Sources { files: files.collect() }
    }

    /// Reads all files from one flat folder; a missing one is an error, so that sources are never mixed.
    pub fn from_folder(folder: &Path) -> Result<Sources, ReportError> {
        let mut files = BTreeMap::new();
        for (file, _) in SHIPPED {
            let bytes = std::fs::read(folder.join(file))
                .map_err(|source| ReportError::Unreadable { file, source })?;
            files.insert(file, Cow::Owned(bytes));
        }
        Ok(Sources { files })
    }

    /// Lists names and bytes, for example to write the shipped files into a folder and change them.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.files.iter().map(|(name, bytes)| (*name, bytes.as_ref()))
    }

    /// Puts other bytes in the place of a file; unknown names are refused.
    pub fn replace(&mut self, file: &str, bytes: Vec<u8>) -> bool {
        match self.files.iter_mut().find(|(name, _)| **name == file) {
            Some((_, place)) => *place = Cow::Owned(bytes),
            None => return false,
        }
        true
    }

    fn bytes(&self, file: &'static str) -> Result<&[u8], ReportError> {
        self.files.get(file).map(Cow::as_ref).ok_or(ReportError::Missing { file })
    }

    /// Reads a CSV file whose header names the fields of `T`.
    pub(super) fn csv<T: DeserializeOwned>(
        &self,
        file: &'static str,
    ) -> Result<Vec<T>, ReportError> {
        let mut reader = csv::Reader::from_reader(self.bytes(file)?);
        let row = |row: Result<T, csv::Error>| {
            row.map_err(|error| ReportError::Row {
                file,
                line: error.position().map_or(0, csv::Position::line),
                reason: error.to_string(),
            })
        };
        reader.deserialize().map(row).collect()
    }

    /// Reads a file of one JSON object a line.
    pub(super) fn json_lines<T: DeserializeOwned>(
        &self,
        file: &'static str,
    ) -> Result<Vec<T>, ReportError> {
        let lines = self.bytes(file)?.split(|&byte| byte == b'\n');
        let filled = (1..).zip(lines).filter(|(_, line)| !line.trim_ascii().is_empty());
        let row = |(line, bytes): (u64, &[u8])| {
            serde_json::from_slice(bytes).map_err(|error| ReportError::Row {
                file,
                line,
                reason: error.to_string(),
            })
        };
        filled.map(row).collect()
    }
}
