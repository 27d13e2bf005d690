//! Do intervals hold when votes depend on each other: voters with tastes and habits, and a fixed set of prompts?

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::fit_all;
use super::simulated::Coverage;
use crate::ranking::draws::open_unit;
use crate::ranking::frame::estimates;
use crate::ranking::{
    AttributedVote, Clusters, Coding, Counts, Covariance, ELO_PER_NAT, Estimate, Frame,
    MEAN_RATING, Method, Outcome, Resample, SmallSample, Tally, Vote, clustered_position,
    fit_votes, position,
};

/// Who adds what of their own to the log-odds: standard deviations of tastes for models and of a bias for the left.
#[derive(Debug, Clone, Copy)]
struct Crowd {
    voters: usize,
    prompts: usize,
    each: usize,
    voter_taste: f64,
    prompt_taste: f64,
    mean_left: f64,
    left: f64,
}

const CROWD: usize = 6;

/// Voters who care, and a new prompt for each vote.
const VOTERS: Crowd = Crowd {
    voters: 120,
    prompts: 1_000_000,
    each: 20,
    voter_taste: 0.8,
    prompt_taste: 0.0,
    mean_left: 0.2,
    left: 0.8,
};

/// A fixed set of prompts and many voters of one taste.
const PROMPTS: Crowd = Crowd {
    voters: 1_000_000,
    prompts: 120,
    each: 20,
    voter_taste: 0.0,
    prompt_taste: 0.8,
    mean_left: 0.2,
    left: 0.0,
};

/// Both at once.
const BOTH: Crowd =
    Crowd { prompts: 80, voters: 80, each: 40, prompt_taste: 0.5, voter_taste: 0.5, ..VOTERS };

fn normal(rng: &mut impl Rng) -> f64 {
    let radius = (-2.0 * open_unit(rng).ln()).sqrt();
    radius * (std::f64::consts::TAU * open_unit(rng)).cos()
}

fn strength(model: usize) -> f64 {
    (model as f64 - 2.5) * 0.2
}

impl Crowd {
    /// Whether votes share prompts but no voters.
    fn by_prompt(&self) -> bool {
        self.prompts < self.voters
    }

    fn votes(&self, rng: &mut impl Rng) -> Vec<AttributedVote> {
        let people = self.voters.min(self.prompts);
        let mut tastes = |count: usize, deviation: f64| -> Vec<Vec<f64>> {
            let one = |_| (0..=CROWD).map(|_| deviation * normal(rng)).collect();
            (0..count).map(one).collect()
        };
        let (by_voter, by_prompt) =
            (tastes(people, self.voter_taste), tastes(people, self.prompt_taste));
        let total = people * self.each;
        let vote = |at: usize| {
            let (own, other) = (at / self.each, (rng.next_u64() % people as u64) as usize);
            // The one with few members is in turn, the other drawn; without members everyone is new.
            let (voter, prompt) = match (self.voters == people, self.prompts == people) {
                (true, true) => (own, other),
                (true, false) => (own, at),
                _ => (at, own),
            };
            let left = (rng.next_u64() % CROWD as u64) as usize;
            let right = (left + 1 + (rng.next_u64() % (CROWD as u64 - 1)) as usize) % CROWD;
            let mut log_odds = strength(left) - strength(right) + self.mean_left;
            for (tastes, at) in [(&by_voter, voter), (&by_prompt, prompt)] {
                log_odds += tastes.get(at).map_or(0.0, |taste| taste[left] - taste[right]);
            }
            if let Some(taste) = by_voter.get(voter).filter(|_| self.voter_taste > 0.0) {
                log_odds += taste[CROWD] * self.left / self.voter_taste;
            }
            let won = open_unit(rng) < 1.0 / (1.0 + (-log_odds).exp());
            let outcome = if won { Outcome::Left } else { Outcome::Right };
            let (voter, prompt) = (Some(voter), Some(prompt));
            AttributedVote { voter, prompt, ..Vote { left, right, outcome }.into() }
        };
        (0..total).map(vote).collect()
    }

    /// Endless votes of endless voters on endless prompts, 10^8 for each ordered pair.
    fn endless(&self) -> Counts {
        let variance =
            2.0 * (self.voter_taste.powi(2) + self.prompt_taste.powi(2)) + self.left.powi(2);
        let mut counts = Counts::new(CROWD);
        for left in 0..CROWD {
            for right in (0..CROWD).filter(|&right| right != left) {
                let d = strength(left) - strength(right) + self.mean_left;
                let p = mean_logistic(d, variance.sqrt());
                let left_wins = (1e8 * p).round() as u32;
                let tally =
                    Tally { left_wins, right_wins: 100_000_000 - left_wins, ..Tally::default() };
                counts.add_tally(left, right, tally).unwrap();
            }
        }
        counts
    }
}

/// The mean of 1 / (1 + e^-(d + s Z)) over normal Z, by the midpoint rule.
fn mean_logistic(d: f64, s: f64) -> f64 {
    let steps = (-800..800).map(|k| (f64::from(k) + 0.5) / 100.0);
    let weigh = |z: f64| (-z * z / 2.0).exp();
    let sum: f64 = steps.clone().map(|z| weigh(z) / (1.0 + (-(d + s * z)).exp())).sum();
    sum / steps.map(weigh).sum::<f64>()
}

/// Coverage of plain, clustered, clustered position and, if there are draws, cluster bootstrap intervals.
fn clustered_coverage(
    crowd: Crowd,
    clusters: Clusters,
    boards: usize,
    draws: usize,
) -> [Coverage; 4] {
    let members: Vec<usize> = (0..CROWD).collect();
    let endless = crowd.endless();
    let target = fit_all(&endless, Method::BradleyTerry).strengths().to_vec();
    let by = SmallSample::PerModel;
    let left = position(&endless, &members, Coding::default(), by).unwrap().left.value;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    let mut shares: [Vec<f64>; 4] = Default::default();
    for _ in 0..boards {
        let votes = crowd.votes(&mut rng);
        let fit = fit_votes(&votes, &members, Method::BradleyTerry, Coding::default()).unwrap();
        let inside = |estimates: &[Estimate]| {
            let covers = |(one, b): (&Estimate, &f64)| {
                (one.low..=one.high).contains(&(MEAN_RATING + ELO_PER_NAT * b))
            };
            estimates.iter().zip(&target).map(covers).filter(|covers| *covers).count() as f64 / 6.0
        };
        let scaled = |covariance: &Covariance| {
            let frame = Frame::default();
            estimates(frame, &members, fit.strengths(), covariance).unwrap()
        };
        let covariance = fit.clustered_covariance(&votes, clusters, by).unwrap();
        shares[0].push(inside(&scaled(&fit.covariance(by).unwrap())));
        shares[1].push(inside(&scaled(&covariance)));
        let placed = clustered_position(&votes, &members, Coding::default(), clusters, by).unwrap();
        let z = (placed.left.value - left) / placed.left.error;
        shares[2].push(f64::from(u8::from(z.abs() <= 1.959_964)));
        let resample = if crowd.by_prompt() { Resample::Prompt } else { Resample::Voter };
        if draws > 0 {
            let bootstrap = fit.bootstrap(&votes, resample, draws, 4).unwrap();
            shares[3].push(inside(&bootstrap.estimates(Frame::default(), &members).unwrap()));
        }
    }
    shares.map(|shares| Coverage::of(&shares))
}

/// Fails unless clustered intervals cover as they say and plain ones do not.
fn assert_needed(what: &str, [plain, clustered, left, _]: [Coverage; 4]) {
    println!("{what}: plain {:.4}", plain.share);
    assert!(plain.share < 0.9, "{what}: {plain:?}");
    clustered.assert_nominal(what);
    left.assert_nominal(&format!("{what}, advantage of the left place"));
}

#[test]
fn intervals_by_voter_cover_voters_with_tastes_and_a_favourite_side() {
    let found = clustered_coverage(VOTERS, Clusters::Voter, 1300, 0);

    assert_needed("120 voters with 20 votes each, seed 3", found);
}

#[test]
fn intervals_by_prompt_cover_a_fixed_set_of_prompts() {
    let found = clustered_coverage(PROMPTS, Clusters::Prompt, 1300, 0);

    assert_needed("120 prompts with 20 votes each, seed 3", found);
}

#[test]
fn intervals_by_both_cover_both_at_once() {
    let found = clustered_coverage(BOTH, Clusters::Both, 1300, 0);

    assert_needed("80 voters, 80 prompts, 40 votes each, seed 3", found);
}

#[test]
fn two_ways_that_cancel_count_as_independent_votes_and_no_interval_is_without_width() {
    // Each voter and each prompt has a win, a loss and nothing else, so that both one-way sums vanish; single votes do
    // not.
    let vote = |voter, prompt, outcome| AttributedVote {
        voter: Some(voter),
        prompt: Some(prompt),
        ..Vote { left: 0, right: 1, outcome }.into()
    };
    let votes: Vec<AttributedVote> = (0..15_usize)
        .flat_map(|i| {
            let cell = |a, b, outcome| vote(2 * i + a, 2 * i + b, outcome);
            [
                cell(0, 0, Outcome::Left),
                cell(0, 1, Outcome::Right),
                cell(1, 0, Outcome::Right),
                cell(1, 1, Outcome::Left),
            ]
        })
        .collect();
    let fit = fit_votes(&votes, &[0, 1], Method::BradleyTerry, Coding::default()).unwrap();

    let found = fit.clustered_covariance(&votes, Clusters::Both, SmallSample::PerModel);

    let plain = fit.covariance(SmallSample::PerModel).unwrap();
    let (found, plain) = (found.unwrap().of_difference(0, 1), plain.of_difference(0, 1));
    assert!(found > 0.0 && (found / plain - 1.0).abs() < 1e-9, "{found} {plain}");
}

#[test]
fn bootstraps_of_voters_and_of_prompts_cover() {
    for (what, crowd, clusters) in
        [("voters", VOTERS, Clusters::Voter), ("prompts", PROMPTS, Clusters::Prompt)]
    {
        let [.., resampled] = clustered_coverage(crowd, clusters, 300, 200);

        resampled.assert_nominal(&format!("bootstrap of {what}, seed 3"));
    }
}

#[test]
#[ignore = "minutes; prints the table of tests/golden/COVERAGE.md"]
fn coverage_table_by_cluster() {
    let crowds = [
        ("voters", VOTERS, Clusters::Voter),
        ("prompts", PROMPTS, Clusters::Prompt),
        ("both", BOTH, Clusters::Both),
    ];
    for (what, crowd, clusters) in crowds {
        let cell =
            |found: Coverage| format!("{:.2} ± {:.2}", 100.0 * found.share, 100.0 * found.error);
        let [plain, clustered, left, _] = clustered_coverage(crowd, clusters, 4000, 0);
        let resampled = match clusters {
            Clusters::Both => "not offered".to_owned(),
            _ => cell(clustered_coverage(crowd, clusters, 1000, 400)[3]),
        };
        let cells = [plain, clustered, left].map(cell).join(" | ");
        println!("| {what} | {cells} | {resampled} |");
    }
}
