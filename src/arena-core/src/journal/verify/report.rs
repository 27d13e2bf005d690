//! What is said in the end: a line for each check, sums, and the same as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::super::board::Counts;

/// Problems of one check that are kept in full.
const KEPT: usize = 10;
/// Models that are named for having been out.
const MOST_OUT: usize = 5;

/// The checks, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The signed head.
    Checkpoint,
    /// Hashes of all leaves.
    Root,
    /// An older checkpoint.
    Consistency,
    /// Form and references of each leaf.
    Grammar,
    /// Commitments of battles.
    Openings,
    /// Draws.
    Epochs,
    /// What became of all battles.
    Sums,
    /// Published boards.
    Boards,
    /// Published texts.
    Texts,
    /// Receipts of voters.
    Receipts,
}

impl Check {
    /// All ten, in order.
    pub const ALL: [Check; 10] = [
        Check::Checkpoint,
        Check::Root,
        Check::Consistency,
        Check::Grammar,
        Check::Openings,
        Check::Epochs,
        Check::Sums,
        Check::Boards,
        Check::Texts,
        Check::Receipts,
    ];

    /// Exit code of a program if this is the lowest check that failed.
    pub fn code(self) -> u8 {
        10 + self as u8
    }

    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Check::Checkpoint => "checkpoint",
            Check::Root => "root",
            Check::Consistency => "consistency",
            Check::Grammar => "grammar",
            Check::Openings => "openings",
            Check::Epochs => "epochs",
            Check::Sums => "sums",
            Check::Boards => "boards",
            Check::Texts => "texts",
            Check::Receipts => "receipts",
        }
    }
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing is wrong.
    Ok,
    /// Something is wrong.
    Failed,
    /// It could not be made.
    Skipped,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The leaf, where it is one.
    pub leaf: Option<u64>,
    /// What is wrong.
    pub what: String,
}

/// One check with what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The check.
    pub check: Check,
    /// Its exit code.
    pub code: u8,
    /// What came of it.
    pub status: Status,
    /// What was counted, or why it was skipped.
    pub detail: String,
    /// How much is wrong.
    pub failures: u64,
    /// The first ten things that are wrong.
    pub problems: Vec<Problem>,
}

/// What became of battles, from leaves alone.
pub type Sums = Counts;

/// How often one model was drawn, over revealed days.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelDraws {
    /// The model.
    pub id: String,
    /// Draws of a pair with it.
    pub drawn: u64,
    /// Draws that the weights lead one to expect.
    pub expected: f64,
    /// Battles, revealed or not, for which it could not be drawn.
    pub out: u64,
}

/// Draws against weights.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Draws {
    /// Draws that were repeated from a revealed key.
    pub repeated: u64,
    /// Answers among them that were stored, so that the drawn seed is not theirs.
    pub stored: u64,
    /// Pearson's statistic over pairs; those with fewer than 5 expected draws are taken together.
    pub chi_square: Option<f64>,
    /// Its degrees of freedom.
    pub degrees: u64,
    /// How often fair draws differ from the weights by as much.
    pub p_value: Option<f64>,
    /// By model, in the order of ids.
    pub models: Vec<ModelDraws>,
}

/// Sums over the whole log.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Totals {
    /// Leaves, by kind.
    pub leaves: BTreeMap<&'static str, u64>,
    /// What became of battles.
    pub battles: Sums,
    /// Pseudonyms of voters.
    pub pseudonyms: u64,
    /// Those with votes of more than one tier.
    pub pseudonyms_of_two_tiers: u64,
    /// Draws against weights.
    pub draws: Draws,
}

/// What came of a verification.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Whether no check failed.
    pub ok: bool,
    /// 0, or the code of the lowest check that failed.
    pub exit: u8,
    /// Name of the log.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    /// Whether the key came from elsewhere than the export.
    pub trusted_key: bool,
    /// The ten checks.
    pub checks: Vec<Outcome>,
    /// Sums.
    pub totals: Totals,
}

impl Report {
    /// One line a check, problems under it, and the sums.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for Outcome { check, code, status, detail, failures, problems } in &self.checks {
            let word = match status {
                Status::Ok => "ok",
                Status::Failed => "FAILED",
                Status::Skipped => "skipped:",
            };
            // Writing to a string cannot fail.
            let _ = write!(text, "{code} {:<12} {word:<8} {detail}", check.as_str());
            if let Some(Problem { leaf, what }) = problems.first() {
                let place = leaf.map(|leaf| format!("leaf {leaf}: ")).unwrap_or_default();
                let more = if *failures > 1 {
                    format!(" (and {} more)", failures - 1)
                } else {
                    String::new()
                };
                let _ = write!(text, "; {place}{what}{more}");
            }
            text.push('\n');
        }
        self.write_totals(&mut text);
        text
    }

    fn write_totals(&self, text: &mut String) {
        let Sums { assigned, counted, apart, excluded, void, open } = self.totals.battles;
        let _ = writeln!(
            text,
            "{assigned} assigned = {counted} counted + {excluded} excluded + {void} void + {open} open; {apart} of the \
             counted are on no board",
        );
        let draws = &self.totals.draws;
        if let (Some(chi), Some(p)) = (draws.chi_square, draws.p_value) {
            let _ = writeln!(
                text,
                "{} draws repeated; shares against weights: chi-square {chi:.1} with {} degrees of freedom, p = {p:.3}",
                draws.repeated, draws.degrees,
            );
        }
        let mut out: Vec<&ModelDraws> = draws.models.iter().filter(|model| model.out > 0).collect();
        out.sort_by_key(|model| std::cmp::Reverse(model.out));
        if !out.is_empty() {
            let most = out.iter().take(MOST_OUT).map(|model| format!("{} {}", model.id, model.out));
            let most: Vec<String> = most.collect();
            let _ = writeln!(
                text,
                "{} models could not be drawn at some time, these most often: {}",
                out.len(),
                most.join(", "),
            );
        }
        if !self.trusted_key {
            text.push_str(
                "The key was read from the export itself: this shows that the export is of one piece, and whose it \
                 is only if you have that key from elsewhere (--vkey).\n",
            );
        }
    }

    /// The report as JSON.
    pub fn to_json(&self) -> String {
        #[expect(clippy::expect_used, reason = "no map with odd keys; numbers are finite or none")]
        serde_json::to_string(self).expect("a report is JSON")
    }

    /// Whether a check failed.
    pub fn failed(&self, check: Check) -> bool {
        self.checks.iter().any(|outcome| outcome.check == check && outcome.status == Status::Failed)
    }
}

/// What is wrong so far.
#[derive(Default)]
pub(super) struct Problems {
    found: [(u64, Vec<Problem>); 10],
}

impl Problems {
    pub(super) fn add(&mut self, check: Check, leaf: Option<u64>, what: impl FnOnce() -> String) {
        let (count, kept) = &mut self.found[check as usize];
        *count += 1;
        if kept.len() < KEPT {
            kept.push(Problem { leaf, what: what() });
        }
    }

    /// The outcome of a check. **Input** what was counted, or why it was skipped.
    pub(super) fn outcome(&mut self, check: Check, detail: Result<String, &str>) -> Outcome {
        let (failures, problems) = std::mem::take(&mut self.found[check as usize]);
        let status = match (&detail, failures) {
            (_, 1..) => Status::Failed,
            (Ok(_), 0) => Status::Ok,
            (Err(_), 0) => Status::Skipped,
        };
        let detail = detail.unwrap_or_else(str::to_owned);
        Outcome { check, code: check.code(), status, detail, failures, problems }
    }
}
