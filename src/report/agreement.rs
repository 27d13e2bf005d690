//! How often GPT-4 and human experts agree about answers of MT-bench, and how often experts agree with each other.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::ReportError;
use super::cells::{column, count, grouped, measured, percent, text};
use super::claims::{CurveShape, Part, Specification, Wording, curve};
use super::document::{Claim, Column, Figure, Measured, Section, Table, Verdict};
use super::sources::{MTBENCH_GPT4, MTBENCH_HUMAN, Sources};

const SECTION: &str = "mt-bench";
/// By how much GPT-4 may agree less often and still count as agreeing as often.
const MARGIN: f64 = 0.05;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Winner {
    #[serde(rename = "model_a")]
    A,
    #[serde(rename = "model_b")]
    B,
    #[serde(rename = "tie", alias = "tie (inconsistent)")]
    Tie,
}

#[derive(Deserialize)]
struct Row {
    judge: String,
    model_a: String,
    model_b: String,
    question_id: u32,
    turn: u8,
    winner: Winner,
}

/// All verdicts on one pair of answers.
#[derive(Default)]
struct Judged {
    experts: Vec<Winner>,
    gpt4: Vec<Winner>,
}

/// Question, turn, and both models by name.
type Key = (u32, u8, String, String);

/// Verdicts by pair of answers.
pub(super) struct Judgements {
    pairs: BTreeMap<Key, Judged>,
    /// Verdicts of people, those of the study's authors included, and of GPT-4.
    read: [usize; 2],
}

impl Judgements {
    pub(super) fn read(sources: &Sources) -> Result<Judgements, ReportError> {
        let human: Vec<Row> = sources.json_lines(MTBENCH_HUMAN)?;
        let gpt4: Vec<Row> = sources.json_lines(MTBENCH_GPT4)?;
        let read = [human.len(), gpt4.len()];
        let mut pairs: BTreeMap<Key, Judged> = BTreeMap::new();
        for row in human.into_iter().chain(gpt4) {
            let (expert, machine) = (row.judge.starts_with("expert"), row.judge == "gpt4_pair");
            let swapped = row.model_a > row.model_b;
            let winner = match (row.winner, swapped) {
                (Winner::A, true) => Winner::B,
                (Winner::B, true) => Winner::A,
                (winner, _) => winner,
            };
            let (first, second) = match swapped {
                true => (row.model_b, row.model_a),
                false => (row.model_a, row.model_b),
            };
            let judged = pairs.entry((row.question_id, row.turn, first, second)).or_default();
            if expert {
                judged.experts.push(winner);
            } else if machine {
                judged.gpt4.push(winner);
            }
        }
        Ok(Judgements { pairs, read })
    }
}

/// Who is compared with the experts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judge {
    Gpt4,
    Expert,
}

/// Which verdicts count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Setup {
    /// 1, 2, or both.
    pub(super) turn: Option<u8>,
    /// Whether ties count (S1) or are left out (S2).
    pub(super) ties: bool,
}

impl Setup {
    const MAIN: Setup = Setup { turn: Some(1), ties: false };

    fn turn_words(self) -> &'static str {
        match self.turn {
            Some(1) => "first turn",
            Some(_) => "second turn",
            None => "both turns",
        }
    }

    fn tie_words(self) -> &'static str {
        if self.ties { "ties count (S1)" } else { "without ties (S2)" }
    }
}

/// Agreements and comparisons by question.
#[derive(Default)]
pub(super) struct Agreement {
    by_question: BTreeMap<u32, (u64, u64)>,
}

impl Agreement {
    /// Counts pairs of verdicts on the same pair of answers that agree.
    pub(super) fn count(judgements: &Judgements, judge: Judge, setup: Setup) -> Agreement {
        let mut agreement = Agreement::default();
        for ((question, turn, _, _), judged) in &judgements.pairs {
            if setup.turn.is_some_and(|wanted| wanted != *turn) {
                continue;
            }
            let counts = |winner: &&Winner| setup.ties || **winner != Winner::Tie;
            let experts: Vec<Winner> = judged.experts.iter().filter(counts).copied().collect();
            let sum = agreement.by_question.entry(*question).or_default();
            let mut add = |a: Winner, b: Winner| {
                sum.0 += u64::from(a == b);
                sum.1 += 1;
            };
            match judge {
                Judge::Gpt4 => {
                    for machine in judged.gpt4.iter().filter(counts) {
                        experts.iter().for_each(|expert| add(*machine, *expert));
                    }
                }
                Judge::Expert => {
                    for (at, one) in experts.iter().enumerate() {
                        experts.iter().skip(at + 1).for_each(|other| add(*one, *other));
                    }
                }
            }
        }
        agreement
    }

    /// Agreements and comparisons.
    pub(super) fn totals(&self) -> (u64, u64) {
        self.by_question.values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }

    fn share(&self) -> f64 {
        let (agreed, all) = self.totals();
        agreed as f64 / (all as f64).max(1.0)
    }

    /// What each question adds to the error of the share.
    fn residual(&self, question: u32) -> f64 {
        let (agreed, all) = self.by_question.get(&question).copied().unwrap_or_default();
        (agreed as f64 - self.share() * all as f64) / (self.totals().1 as f64).max(1.0)
    }

    /// The share that agrees, its interval clustered by question.
    ///
    /// Input: counts by question. Output: agreements over comparisons; the standard error is the root of the sum over
    /// questions of squared residuals, times Q / (Q - 1). Accuracy: normal approximation over questions.
    /// Errors: none. Cost: questions. Source: Cochran 1977, "Sampling techniques", ratio estimator, section 6.
    pub(super) fn measured(&self) -> Measured {
        self.minus(&Agreement::default())
    }

    /// The difference of two shares on the same questions, its interval clustered by question.
    fn minus(&self, other: &Agreement) -> Measured {
        let questions: Vec<u32> = self.by_question.keys().copied().collect();
        let each =
            questions.iter().map(|&question| self.residual(question) - other.residual(question));
        let size = questions.len() as f64;
        let factor = size / (size - 1.0).max(1.0);
        let error = (factor * each.map(|residual| residual * residual).sum::<f64>()).sqrt();
        Measured::from_error(self.share() - other.share(), error)
    }
}

/// What the paper's table 5 prints for a cell: percent and comparisons. Transcribed without the paper at hand; only the
/// 85 and 81 percent of the first turn without ties were confirmed by a second text.
const PUBLISHED: [(Judge, u8, bool, u64, u64); 8] = [
    (Judge::Gpt4, 1, true, 66, 1343),
    (Judge::Gpt4, 1, false, 85, 859),
    (Judge::Gpt4, 2, true, 66, 1325),
    (Judge::Gpt4, 2, false, 85, 864),
    (Judge::Expert, 1, true, 63, 721),
    (Judge::Expert, 1, false, 81, 479),
    (Judge::Expert, 2, true, 67, 707),
    (Judge::Expert, 2, false, 82, 474),
];

pub(super) fn part(sources: &Sources) -> Result<Part, ReportError> {
    let judgements = Judgements::read(sources)?;
    let questions: BTreeSet<u32> = judgements.pairs.keys().map(|key| key.0).collect();
    let section = Section {
        id: SECTION,
        title: "MT-bench: GPT-4 as a judge".to_owned(),
        paragraphs: vec![
            "Experts and GPT-4 compared pairs of answers to the same questions. An agreement is counted for each pair \
             of verdicts on the same two answers: GPT-4's with each expert's, or each two experts'. With S1 a tie is a \
             verdict like the others, and GPT-4's verdict counts as a tie if it changed when the answers were swapped; \
             with S2 comparisons with a tie on either side are left out. Verdicts of the study's authors are left out."
                .to_owned(),
            "The table has eight cells of table 5 in Zheng et al. 2023: GPT-4 comparing pairs, or another expert, \
             against an expert, for each turn and setup. The cells for GPT-4 grading single answers and for the authors \
             need verdicts that are not in these files, or few. Comparisons on one question are not independent: \
             intervals are clustered by question. The published figures beside ours have no intervals; they \
             were transcribed by hand and not checked against the paper's text."
                .to_owned(),
        ],
        source: format!(
            "{} human and {} GPT-4 verdicts on {} questions of MT-bench (lmsys/mt_bench_human_judgments, 2023, CC BY 4.0); shares \
             of comparisons that agree, 95 % intervals clustered by question.",
            grouped(judgements.read[0] as u64),
            grouped(judgements.read[1] as u64),
            questions.len(),
        ),
        figures: vec![table(&judgements)],
    };
    Ok(Part { sections: vec![section], claims: vec![claim(&judgements)], ..Part::default() })
}

fn table(judgements: &Judgements) -> Figure {
    let row = |(judge, turn, ties, published, comparisons): (Judge, u8, bool, u64, u64)| {
        let setup = Setup { turn: Some(turn), ties };
        let found = Agreement::count(judgements, judge, setup);
        let (agreed, all) = found.totals();
        let who = match judge {
            Judge::Gpt4 => "GPT-4 and an expert",
            Judge::Expert => "two experts",
        };
        let mut cells = vec![text(who), text(setup.turn_words()), text(setup.tie_words())];
        cells.extend(measured(found.measured()));
        cells.extend([agreed, all, published, comparisons].map(count));
        cells
    };
    let columns = vec![
        column("judges", "Who", 0),
        column("turn", "Turn", 0),
        column("setup", "Setup", 0),
        column("agreement", "Agreement", 3),
        column("low", "95 % from", 3),
        column("high", "95 % to", 3),
        column("agreed", "Agreed", 0),
        column("votes", "Comparisons", 0),
        column("published_percent", "Published, %", 0),
        column("published_comparisons", "Published comparisons", 0),
    ];
    let rows = PUBLISHED.into_iter().map(row).collect();
    let title =
        "MT-bench: agreement of GPT-4 with experts, and of experts with each other".to_owned();
    Figure { id: "mt-bench-agreement", title, table: Table { columns, rows }, chart: None }
}

fn difference(judgements: &Judgements, setup: Setup) -> (Measured, u64) {
    let [machine, experts] =
        [Judge::Gpt4, Judge::Expert].map(|judge| Agreement::count(judgements, judge, setup));
    (machine.minus(&experts), machine.totals().1 + experts.totals().1)
}

const SETUP_COLUMNS: [Column; 2] = [column("turn", "Turn", 0), column("ties", "Ties", 0)];

fn claim(judgements: &Judgements) -> Claim {
    let (value, votes) = difference(judgements, Setup::MAIN);
    let mut rows = Vec::new();
    for turn in [Some(1), Some(2), None] {
        for ties in [false, true] {
            let setup = Setup { turn, ties };
            let (value, votes) = difference(judgements, setup);
            rows.push(Specification {
                choices: vec![setup.turn_words(), setup.tie_words()],
                further: Vec::new(),
                value,
                votes,
                main: setup == Setup::MAIN,
            });
        }
    }
    let above = Measured {
        value: value.value + MARGIN,
        low: value.low + MARGIN,
        high: value.high + MARGIN,
    };
    let verdict = above.above_zero();
    let within = rows.iter().filter(|row| row.value.low > -MARGIN).count();
    let needed = super::power::votes_needed(above, votes);
    let reason = format!(
        "The difference is {}. The claim allows {:.0} percentage points, a margin that is our choice; the interval {}. Under \
         {} of {} combinations of turn and ties it lies above minus that margin.",
        percent(value),
        100.0 * MARGIN,
        match verdict {
            Verdict::Supported => "lies above minus that margin",
            Verdict::NotSupported => "lies below minus that margin",
            Verdict::NotEnoughVotes => "holds minus that margin",
        },
        within,
        rows.len(),
    );
    let wording = Wording {
        section: SECTION,
        words: "GPT-4 agrees with human experts no less often than the experts agree with each other, to within 5 \
                percentage points."
            .to_owned(),
        statistic: "Share of agreements of GPT-4 with an expert minus that of two experts, first turn, without ties; \
                    interval clustered by question, both shares on the same questions."
            .to_owned(),
    };
    let shape = CurveShape {
        id: "curve-mt-bench",
        title: "GPT-4 with experts minus experts with each other under other setups",
        unit: "Difference of shares",
        decimals: 3,
        keys: &["turn", "ties"],
        choices: &SETUP_COLUMNS,
        further: &[],
    };
    wording.claim(value, verdict, reason, votes, needed, Some(curve(&shape, rows)))
}
