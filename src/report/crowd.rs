//! llmfao, 8,931 votes of crowd workers: the ranking, the left side's advantage, and workers who vote by side.

use std::collections::{BTreeMap, BTreeSet};

use arena_core::ranking::{
    AttributedVote, BothBadRule, Clusters, Coding, Counts, ELO_PER_NAT, MEAN_RATING, Method,
    Outcome, Settings, SmallSample, Suspicion, TieRule, Vote, clustered_position, compute_with,
    fit_votes, flag, position, screen,
};
use serde::Deserialize;

use super::cells::{column, count, measured, number, signed, text};
use super::claims::{CurveShape, Part, Specification, Wording};
use super::crowd_workers::{SIDE_ALPHA, side_evidence, sign_tests, workers};
use super::document::{Cell, Chart, Claim, Column, Figure, Measured, Section, Table};
use super::sources::{LLMFAO, LLMFAO_EVALICA, LLMFAO_MODELS, Sources};
use super::{ReportError, SEED};

const SECTION: &str = "llmfao";

#[derive(Deserialize)]
struct VoteRow {
    model_x: usize,
    model_y: usize,
    winner: String,
    worker: usize,
    prompt: usize,
}

#[derive(Deserialize)]
struct ModelRow {
    id: usize,
    name: String,
}

#[derive(Deserialize)]
struct PeerRow {
    item: String,
    score: f64,
}

/// The votes, models in the order of their numbers.
pub(super) struct Crowd {
    pub(super) names: Vec<String>,
    pub(super) votes: Vec<AttributedVote>,
    /// Strengths by evalica, natural logarithms with mean 0.
    pub(super) peer: Vec<f64>,
}

impl Crowd {
    pub(super) fn read(sources: &Sources) -> Result<Crowd, ReportError> {
        let rows: Vec<VoteRow> = sources.csv(LLMFAO)?;
        let mut ids: Vec<usize> = rows.iter().flat_map(|row| [row.model_x, row.model_y]).collect();
        ids.sort_unstable();
        ids.dedup();
        let models: Vec<ModelRow> = sources.csv(LLMFAO_MODELS)?;
        let known: BTreeMap<usize, String> =
            models.into_iter().map(|row| (row.id, row.name)).collect();
        let absent = ReportError::Absent { what: "name of a model of llmfao" };
        let names: Option<Vec<String>> = ids.iter().map(|id| known.get(id).cloned()).collect();
        let names = names.ok_or(absent)?;
        let peers: Vec<PeerRow> = sources.csv(LLMFAO_EVALICA)?;
        let absent = ReportError::Absent { what: "strength of a model of llmfao by evalica" };
        let score = |name: &String| peers.iter().find(|row| row.item == *name).map(|row| row.score);
        let scores: Option<Vec<f64>> = names.iter().map(score).collect();
        let logs: Vec<f64> = scores.ok_or(absent)?.into_iter().map(f64::ln).collect();
        let mean = logs.iter().sum::<f64>() / logs.len().max(1) as f64;
        let peer = logs.into_iter().map(|log| log - mean).collect();
        let mut votes = Vec::with_capacity(rows.len());
        for (line, row) in (2..).zip(&rows) {
            votes.push(vote(line, row, &ids)?);
        }
        Ok(Crowd { names, votes, peer })
    }

    pub(super) fn members(&self) -> Vec<usize> {
        (0..self.names.len()).collect()
    }
}

fn vote(line: u64, row: &VoteRow, ids: &[usize]) -> Result<AttributedVote, ReportError> {
    let refuse = |reason: String| ReportError::Row { file: LLMFAO, line, reason };
    let outcome = match row.winner.as_str() {
        "left" => Outcome::Left,
        "right" => Outcome::Right,
        "tie" => Outcome::Tie,
        other => return Err(refuse(format!("`{other}` is no winner"))),
    };
    let place = |id: usize| {
        ids.binary_search(&id).map_err(|_| refuse(format!("no model has the number {id}")))
    };
    let vote = Vote { left: place(row.model_x)?, right: place(row.model_y)?, outcome };
    let (voter, prompt) = (Some(row.worker), Some(row.prompt));
    Ok(AttributedVote { vote, voter, prompt, weight: 1.0 })
}

pub(super) fn part(sources: &Sources) -> Result<Part, ReportError> {
    let crowd = Crowd::read(sources)?;
    let members = crowd.members();
    let davidson = fit_votes(&crowd.votes, &members, Method::Davidson, Coding::default())?;
    let suspicions = screen(&davidson, &crowd.votes)?;
    let sided = side_evidence(&crowd.votes);
    let flagged = flag(&sided, SIDE_ALPHA)?;
    let ranking = ranking(&crowd)?;
    let section = Section {
        id: SECTION,
        title: "llmfao: votes of crowd workers".to_owned(),
        paragraphs: paragraphs(&crowd, &suspicions, &flagged)?,
        source: format!(
            "{} votes of {} crowd workers on {} prompts and {} models, published 2024-08-16 (Dmitry Ustalov, CC BY 4.0). \
             Bradley-Terry, a tie half a win for each side, mean 1000; 95 % sandwich intervals clustered by worker.",
            super::cells::grouped(crowd.votes.len() as u64),
            distinct(&crowd, |vote| vote.voter),
            distinct(&crowd, |vote| vote.prompt),
            crowd.names.len(),
        ),
        figures: vec![ranking, workers(&crowd, &suspicions, &sided, &flagged)?],
    };
    let claim = left_claim(&crowd, &flagged)?;
    Ok(Part { sections: vec![section], claims: vec![claim], ..Part::default() })
}

fn distinct(crowd: &Crowd, of: impl Fn(&AttributedVote) -> Option<usize>) -> usize {
    crowd.votes.iter().filter_map(of).collect::<BTreeSet<usize>>().len()
}

fn paragraphs(
    crowd: &Crowd,
    suspicions: &[Suspicion],
    flagged: &[usize],
) -> Result<Vec<String>, ReportError> {
    let left = left_advantage(crowd, Some(Clusters::Voter), Coding::default(), &[])?;
    let signs = sign_tests(&crowd.votes);
    let names: Vec<String> = flagged.iter().map(ToString::to_string).collect();
    let by_screen = flag(suspicions, SIDE_ALPHA)?;
    let one_sided = by_screen.iter().filter(|voter| {
        let found = suspicions.iter().find(|one| one.voter == **voter);
        found.is_some_and(|one| super::crowd_workers::is_side(one.rule))
    });
    Ok(vec![
        format!(
            "The left answer is worth {} points compared with the same answer on the right. Some workers cast many votes (one \
             cast {}), so that intervals treat all votes of one worker as one piece of evidence. The ratings of evalica, \
             another program, stand beside ours.",
            signed(left, 1),
            suspicions.iter().map(|one| one.votes).max().unwrap_or(0),
        ),
        format!(
            "Workers who vote by side: for each worker the evidence against choosing left and right equally often among \
             decided votes is an e-value (a uniform mixture over all shares of left). With e-BH at a false discovery rate of \
             5 % over {} workers it flags {}: {}. This test takes the order in which models were shown as unrelated to \
             their quality. It was chosen after looking at these votes, and the number hangs on the choice: an exact sign \
             test of each worker flags {} with Bonferroni's correction and {} with Benjamini and Hochberg's, at the same 5 %.",
            suspicions.len(),
            super::cells::counted(flagged.len() as u64, "worker"),
            names.join(", "),
            signs.bonferroni,
            signs.benjamini_hochberg,
        ),
        format!(
            "A wider screen compares each worker's votes with those of all others on the same pairs, under many rules that \
             somebody might vote by. At the same rate it flags {}, among them {} of those above; {} are explained best by a \
             side. The two tests ask different things: a short run of one side (seven votes, all left) says little about a \
             habit but can contradict the taste of the others on those pairs, and a long record with most votes on the left \
             can look most like a coin that hardly ever ties. A flag is a reason to look, not a verdict.",
            super::cells::counted(by_screen.len() as u64, "worker"),
            flagged.iter().filter(|voter| by_screen.contains(voter)).count(),
            one_sided.count(),
        ),
    ])
}

fn ranking(crowd: &Crowd) -> Result<Figure, ReportError> {
    let plain = crowd.votes.iter().map(|vote| vote.vote);
    let counts = Counts::from_votes(crowd.names.len(), plain)?;
    let settings = Settings::new(SEED);
    let board = compute_with(&counts, &settings, |members| {
        let fit = fit_votes(&crowd.votes, members, settings.method, settings.coding)?;
        let small = SmallSample::default();
        let covariance = fit.clustered_covariance(&crowd.votes, Clusters::Voter, small)?;
        Ok((fit, covariance))
    })?;
    let mut rows: Vec<_> = board.rows.iter().filter(|row| row.rating.is_some()).collect();
    rows.sort_by(|a, b| {
        let rating = |row: &arena_core::ranking::Row| row.rating.map_or(0.0, |one| one.rating);
        rating(b).total_cmp(&rating(a)).then(a.model.cmp(&b.model))
    });
    let row = |row: &arena_core::ranking::Row| {
        let rating = row.rating?;
        let mut cells = vec![text(crowd.names.get(row.model)?)];
        cells.extend([rating.rating, rating.low, rating.high].map(number));
        let rank = row.rank.map_or([Cell::Missing, Cell::Missing], |rank| {
            [count(rank.best as u64), count(rank.worst as u64)]
        });
        cells.extend(rank);
        cells.extend([row.votes, row.wins, row.losses, row.ties].map(count));
        cells.push(number(MEAN_RATING + ELO_PER_NAT * crowd.peer.get(row.model)?));
        cells.push(text(row.status.as_str()));
        Some(cells)
    };
    let columns = vec![
        column("model", "Model", 0),
        column("rating", "Rating", 1),
        column("low", "95 % from", 1),
        column("high", "95 % to", 1),
        column("rank_low", "Rank from", 0),
        column("rank_high", "Rank to", 0),
        column("votes", "Votes", 0),
        column("wins", "Wins", 0),
        column("losses", "Losses", 0),
        column("ties", "Ties", 0),
        column("evalica", "Rating by evalica", 1),
        column("status", "Status", 0),
    ];
    let rows = rows.into_iter().filter_map(row).collect();
    let (value, low, high, group) = ("rating", "low", "high", None);
    let chart = Chart::Forest { label: "model", value, low, high, group };
    let title = "llmfao: ratings of 59 models".to_owned();
    Ok(Figure { id: "llmfao-board", title, table: Table { columns, rows }, chart: Some(chart) })
}

/// The advantage of the left side in points, without the votes of some workers.
pub(super) fn left_advantage(
    crowd: &Crowd,
    clusters: Option<Clusters>,
    coding: Coding,
    without: &[usize],
) -> Result<Measured, ReportError> {
    let votes: Vec<AttributedVote> = kept(crowd, without);
    let members = crowd.members();
    let small = SmallSample::default();
    let found = match clusters {
        Some(clusters) => clustered_position(&votes, &members, coding, clusters, small)?,
        None => {
            let plain = votes.iter().map(|vote| vote.vote);
            position(&Counts::from_votes(members.len(), plain)?, &members, coding, small)?
        }
    };
    let (value, error) = (ELO_PER_NAT * found.left.value, ELO_PER_NAT * found.left.error);
    Ok(Measured::from_error(value, error))
}

fn kept(crowd: &Crowd, without: &[usize]) -> Vec<AttributedVote> {
    let keep = |vote: &&AttributedVote| vote.voter.is_none_or(|voter| !without.contains(&voter));
    crowd.votes.iter().filter(keep).copied().collect()
}

const LEFT_COLUMNS: [Column; 3] = [
    column("clusters", "Votes depend on each other", 0),
    column("ties", "Ties", 0),
    column("workers", "Workers", 0),
];

/// The left answer is preferred for being on the left.
fn left_claim(crowd: &Crowd, flagged: &[usize]) -> Result<Claim, ReportError> {
    let dependence = [
        (Some(Clusters::Voter), "by worker"),
        (Some(Clusters::Both), "by worker and prompt"),
        (None, "not at all"),
    ];
    let drop = Coding { ties: TieRule::Drop, both_bad: BothBadRule::Drop };
    let codings = [(Coding::default(), "half a win each"), (drop, "left out")];
    let workers = [(&[][..], "all"), (flagged, "without those who vote by side")];
    let mut rows = Vec::new();
    for (clusters, clusters_word) in dependence {
        for (coding, ties_word) in codings {
            for (without, workers_word) in workers {
                let value = match left_advantage(crowd, clusters, coding, without) {
                    // Without ties some models cannot be compared any more.
                    Err(ReportError::Ranking(_)) => continue,
                    found => found?,
                };
                let first = rows.is_empty();
                let votes = kept(crowd, without).into_iter().filter(|vote| {
                    coding.ties == TieRule::Half || vote.vote.outcome != Outcome::Tie
                });
                rows.push(Specification {
                    choices: vec![clusters_word, ties_word, workers_word],
                    further: Vec::new(),
                    value,
                    votes: votes.count() as u64,
                    main: first,
                });
            }
        }
    }
    let main = rows.iter().find(|row| row.main).map(|row| (row.value, row.votes));
    let (value, votes) = main.ok_or(ReportError::Absent { what: "comparable models of llmfao" })?;
    let wording = Wording {
        section: SECTION,
        words: "Crowd workers of llmfao preferred the answer on the left for being on the left.".to_owned(),
        statistic: "The left side's advantage between equally good answers, in points, fitted together with the models; \
                    interval clustered by worker."
            .to_owned(),
    };
    let shape = CurveShape {
        id: "curve-llmfao-left",
        title: "The left side's advantage under other choices",
        unit: "Advantage of the left, points",
        decimals: 1,
        keys: &["clusters", "ties", "workers"],
        choices: &LEFT_COLUMNS,
        further: &[],
    };
    Ok(wording.above_zero(value, votes, rows, &shape))
}

/// Value and interval, for the table of workers.
pub(super) fn share_cells(successes: u64, trials: u64) -> [Cell; 3] {
    match trials {
        0 => [Cell::Missing, Cell::Missing, Cell::Missing],
        _ => measured(super::rated::wilson(successes, trials)),
    }
}
