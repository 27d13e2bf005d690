//! The workers of llmfao one by one: how often each chose a side, and the evidence that somebody voted by side.

use std::collections::BTreeMap;

use arena_core::ranking::{Alternative, AttributedVote, Outcome, Suspicion, flag};
use statrs::distribution::{Binomial, DiscreteCDF};

use super::ReportError;
use super::cells::{column, count, number, text};
use super::crowd::{Crowd, share_cells};
use super::document::{Cell, Figure, Table};

/// False discovery rate among flagged workers.
pub(super) const SIDE_ALPHA: f64 = 0.05;

/// Weighs the evidence that workers choose one side more often than the other.
///
/// Input: votes in the order of time. Output: one entry a worker, by number: ln E of a uniform mixture over the chance of
/// left against one half, decided votes only; the rule is the side chosen more often.
/// Accuracy: an e-value at any time if a worker without bias chooses left and right equally often, which holds if models
/// are placed at random. Errors: none. Cost: one pass.
/// Source: Robbins 1970, "Statistical methods related to the law of the iterated logarithm" (mixture martingales).
pub(super) fn side_evidence(votes: &[AttributedVote]) -> Vec<Suspicion> {
    let mut seen: BTreeMap<usize, Suspicion> = BTreeMap::new();
    let mut sides: BTreeMap<usize, [f64; 2]> = BTreeMap::new();
    for vote in votes {
        let Some(voter) = vote.voter else { continue };
        let one = seen.entry(voter).or_insert(Suspicion {
            voter,
            votes: 0,
            log_e: 0.0,
            log_e_max: 0.0,
            rule: Alternative::Left,
        });
        let side = match vote.vote.outcome {
            Outcome::Left => 0,
            Outcome::Right => 1,
            Outcome::Tie | Outcome::BothBad => continue,
        };
        let before = sides.entry(voter).or_default();
        // The predictive chance of this side, (its votes before + 1) / (votes before + 2), against one half.
        one.log_e += (2.0 * (before[side] + 1.0) / (one.votes as f64 + 2.0)).ln();
        one.log_e_max = one.log_e_max.max(one.log_e);
        before[side] += 1.0;
        one.votes += 1;
        one.rule = if before[0] >= before[1] { Alternative::Left } else { Alternative::Right };
    }
    seen.into_values().collect()
}

/// How many workers an exact sign test finds one-sided.
pub(super) struct SignTests {
    /// With Bonferroni's correction.
    pub(super) bonferroni: usize,
    /// At a false discovery rate, independent workers taken for granted.
    pub(super) benjamini_hochberg: usize,
}

/// Tests for each worker whether left and right are equally likely among decided votes.
///
/// Input: votes. Output: how many are flagged at [`SIDE_ALPHA`] over all workers. Accuracy: exact two-sided binomial test,
/// twice the smaller tail. Errors: none; a worker without decided votes has p = 1.
/// Cost: one pass and one tail a worker. Source: Arbuthnot 1710; Benjamini and Hochberg 1995.
pub(super) fn sign_tests(votes: &[AttributedVote]) -> SignTests {
    let mut sides: BTreeMap<usize, [u64; 2]> = BTreeMap::new();
    for vote in votes {
        let Some(voter) = vote.voter else { continue };
        let own = sides.entry(voter).or_default();
        match vote.vote.outcome {
            Outcome::Left => own[0] += 1,
            Outcome::Right => own[1] += 1,
            Outcome::Tie | Outcome::BothBad => {}
        }
    }
    let p = |[left, right]: &[u64; 2]| {
        let fewer = left.min(right);
        let tail = Binomial::new(0.5, left + right).map_or(1.0, |coin| coin.cdf(*fewer));
        (2.0 * tail).min(1.0)
    };
    let mut values: Vec<f64> = sides.values().map(p).collect();
    values.sort_by(f64::total_cmp);
    let tests = values.len() as f64;
    let below = |(at, value): (usize, &f64)| *value <= SIDE_ALPHA * (at + 1) as f64 / tests;
    SignTests {
        bonferroni: values.iter().filter(|&&value| value <= SIDE_ALPHA / tests).count(),
        benjamini_hochberg: values.iter().enumerate().rposition(below).map_or(0, |at| at + 1),
    }
}

/// Whether a rule is that of a side.
pub(super) fn is_side(rule: Alternative) -> bool {
    matches!(rule, Alternative::Left | Alternative::Right)
}

fn rule_words(rule: Alternative, names: &[String]) -> String {
    let name = |model: usize| names.get(model).map_or("a model", String::as_str);
    match rule {
        Alternative::Uniform => "each verdict equally often".to_owned(),
        Alternative::Coin => "a coin, hardly ever a tie".to_owned(),
        Alternative::Left => "left".to_owned(),
        Alternative::Right => "right".to_owned(),
        Alternative::Tie => "tie".to_owned(),
        Alternative::Contrarian => "against the others".to_owned(),
        Alternative::Favours(model) => format!("for {}", name(model)),
        Alternative::Opposes(model) => format!("against {}", name(model)),
    }
}

/// All workers that either test flags, the strongest evidence for a side first.
pub(super) fn workers(
    crowd: &Crowd,
    suspicions: &[Suspicion],
    sided: &[Suspicion],
    flagged: &[usize],
) -> Result<Figure, ReportError> {
    let by_screen = flag(suspicions, SIDE_ALPHA)?;
    let mut shown: Vec<&Suspicion> = sided
        .iter()
        .filter(|one| flagged.contains(&one.voter) || by_screen.contains(&one.voter))
        .collect();
    shown.sort_by(|a, b| b.log_e.total_cmp(&a.log_e).then(a.voter.cmp(&b.voter)));
    let yes = |found: bool| text(if found { "yes" } else { "no" });
    let row = |one: &Suspicion| -> Vec<Cell> {
        let of = |outcome| {
            let own = |vote: &&AttributedVote| {
                vote.voter == Some(one.voter) && vote.vote.outcome == outcome
            };
            crowd.votes.iter().filter(own).count() as u64
        };
        let [left, right, ties] = [Outcome::Left, Outcome::Right, Outcome::Tie].map(of);
        let mut cells = vec![text(one.voter.to_string()), count(left + right + ties)];
        cells.extend([left, right, ties].map(count));
        cells.extend(share_cells(left, left + right));
        cells.push(number(one.log_e / std::f64::consts::LN_10));
        cells.push(yes(flagged.contains(&one.voter)));
        let wide = suspicions.iter().find(|suspicion| suspicion.voter == one.voter);
        cells.push(wide.map_or(Cell::Missing, |one| number(one.log_e / std::f64::consts::LN_10)));
        cells.push(wide.map_or(Cell::Missing, |one| text(rule_words(one.rule, &crowd.names))));
        cells.push(yes(by_screen.contains(&one.voter)));
        cells
    };
    let columns = vec![
        column("worker", "Worker", 0),
        column("votes", "Votes", 0),
        column("left", "Left", 0),
        column("right", "Right", 0),
        column("ties", "Ties", 0),
        column("left_share", "Left among decided", 2),
        column("low", "95 % from", 2),
        column("high", "95 % to", 2),
        column("side_evidence", "Evidence for a side, powers of 10", 1),
        column("votes_by_side", "Flagged for side", 0),
        column("screen_evidence", "Evidence of the wide screen, powers of 10", 1),
        column("screen_rule", "Explained best by", 0),
        column("screened", "Flagged by the wide screen", 0),
    ];
    let rows = shown.into_iter().map(row).collect();
    let title = "llmfao: workers who are flagged by either test".to_owned();
    Ok(Figure { id: "llmfao-workers", title, table: Table { columns, rows }, chart: None })
}
