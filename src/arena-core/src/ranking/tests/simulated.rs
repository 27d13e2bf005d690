//! Do intervals hold as often as they say, whatever the method, the number of votes, and who cast them?
//!
//! The tests run enough boards for a Monte Carlo error below 0.7 points; the table of `tests/golden/COVERAGE.md` comes
//! from the ignored test, with more boards: `cargo test -p arena-core --lib coverage_table -- --ignored --nocapture`.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::ranking::coding::{Cell, Coding};
use crate::ranking::draws::open_unit;
use crate::ranking::fit::fit_cells;
use crate::ranking::{
    Counts, ELO_PER_NAT, Estimate, Fit, Frame, MEAN_RATING, Method, Outcome, RankingError,
    Resample, Settings, SmallSample, Vote, compute_resampled, compute_with, fit, fit_balanced,
};

const MODELS: usize = 12;
const PER_MODEL: [usize; 4] = [20, 50, 167, 667];

/// The share of intervals that cover, and its standard error over boards.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coverage {
    pub(super) share: f64,
    pub(super) error: f64,
}

impl Coverage {
    /// Shares of single boards, which are independent of each other.
    pub(super) fn of(shares: &[f64]) -> Coverage {
        let boards = shares.len() as f64;
        let share = shares.iter().sum::<f64>() / boards;
        let square = shares.iter().map(|one| (one - share).powi(2)).sum::<f64>() / (boards - 1.0);
        Coverage { share, error: (square / boards).sqrt() }
    }

    pub(super) fn assert_nominal(self, what: &str) {
        println!("{what}: {:.4} +- {:.4}", self.share, self.error);
        assert!(self.error < 0.007, "{what}: too few boards, {self:?}");
        assert!((0.93..0.97).contains(&self.share), "{what}: {self:?}");
    }
}

/// Chances of a win, a loss and a tie at a difference of strengths: the method's own, with ties for a third of votes.
fn chances(method: Method, d: f64) -> [f64; 3] {
    let (up, down) = ((d / 2.0).exp(), (-d / 2.0).exp());
    match method {
        // Half-win votes are no model of ties; they are drawn from Davidson's.
        Method::BradleyTerry | Method::Davidson => {
            let sum = up + down + 1.0;
            [up / sum, down / sum, 1.0 / sum]
        }
        Method::RaoKupper => {
            let (win, loss) = (1.0 / (1.0 + 2.0 * (-d).exp()), 1.0 / (1.0 + 2.0 * d.exp()));
            [win, loss, 1.0 - win - loss]
        }
    }
}

/// 12 strengths, 1.2 units (208 Elo) from end to end, mean 0.
fn truth() -> Vec<f64> {
    (0..MODELS).map(|i| (i as f64 - 5.5) * 1.2 / 11.0).collect()
}

/// What endless votes would give if each pair had so many.
fn target(method: Method, votes: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    let truth = truth();
    let mut cells = Vec::new();
    for j in 0..MODELS {
        for i in 0..j {
            let [wins, losses, ties] =
                chances(method, truth[i] - truth[j]).map(|chance| votes(i, j) * chance);
            cells.push(Cell { i, j, wins, losses, ties });
        }
    }
    let members: Vec<usize> = (0..MODELS).collect();
    let fit = fit_cells(cells, None, &members, method, Coding::default());
    fit.unwrap().strengths().to_vec()
}

/// A board on which each model has the same number of votes, in rounds of random pairs; if `skewed`, every second round
/// has the same pairs of neighbours.
fn simulate(method: Method, per_model: usize, skewed: bool, rng: &mut impl Rng) -> Counts {
    let truth = truth();
    let mut counts = Counts::new(MODELS);
    for round in 0..per_model {
        let mut order: Vec<usize> = (0..MODELS).collect();
        let shuffled = if skewed && round % 2 == 1 { 1 } else { MODELS };
        for last in (1..shuffled).rev() {
            order.swap(last, (rng.next_u64() % (last as u64 + 1)) as usize);
        }
        for pair in order.chunks(2) {
            let [win, loss, _] = chances(method, truth[pair[0]] - truth[pair[1]]);
            let outcome = match open_unit(rng) {
                u if u < win => Outcome::Left,
                u if u < win + loss => Outcome::Right,
                _ => Outcome::Tie,
            };
            counts.add(Vote { left: pair[0], right: pair[1], outcome }).unwrap();
        }
    }
    counts
}

/// How intervals are found.
#[derive(Debug, Clone, Copy, PartialEq)]
enum By {
    Sandwich,
    Anchor,
    Reference,
    Balanced,
    Bootstrap(usize),
}

impl By {
    fn settings(self, method: Method) -> Settings {
        let frame = match self {
            By::Anchor => Frame::Anchor { model: 3, rating: MEAN_RATING },
            By::Reference => Frame::Reference { models: vec![0, 4, 9], rating: MEAN_RATING },
            _ => Frame::default(),
        };
        Settings { method, frame, draws: 100, ..Settings::new(1) }
    }

    fn fit(self, counts: &Counts, members: &[usize], settings: &Settings) -> Fit {
        let fit = if self == By::Balanced { fit_balanced } else { fit };
        fit(counts, members, settings.method, settings.coding).unwrap()
    }

    /// Intervals by model, `None` for those without a rating; nothing if too many resamples fall apart.
    fn intervals(self, counts: &Counts, method: Method) -> Option<Vec<Option<Estimate>>> {
        let settings = self.settings(method);
        let board = if let By::Bootstrap(resamples) = self {
            compute_resampled(counts, &settings, |members| {
                let fit = self.fit(counts, members, &settings);
                let covariance = fit.covariance(SmallSample::default())?;
                let bootstrap = fit.bootstrap(&[], Resample::Vote, resamples, 5)?;
                Ok((fit, covariance, bootstrap))
            })
        } else {
            compute_with(counts, &settings, |members| {
                let fit = self.fit(counts, members, &settings);
                let covariance = fit.covariance(SmallSample::default())?;
                Ok((fit, covariance))
            })
        };
        match board {
            Err(RankingError::ResamplesApart { .. }) => None,
            board => Some(board.unwrap().rows.iter().map(|row| row.rating).collect()),
        }
    }

    /// The models whose mean is the zero of the intervals.
    fn zero(self, rated: &[usize]) -> Vec<usize> {
        match self.settings(Method::BradleyTerry).frame {
            Frame::Mean(_) => rated.to_vec(),
            Frame::Anchor { model, .. } => vec![model],
            Frame::Reference { models, .. } => models,
        }
    }
}

fn coverage(by: By, method: Method, per_model: usize, boards: usize, seed: u64) -> Coverage {
    let skewed = by == By::Balanced;
    let weighed = |i: usize, j: usize| {
        let met = per_model as f64 / 2.0 / 11.0;
        let met = if i / 2 == j / 2 { met + per_model as f64 / 2.0 } else { met };
        if skewed { met / met.max(50.0) } else { 1.0 }
    };
    let target = target(method, weighed);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let share = |_| {
        let found = by.intervals(&simulate(method, per_model, skewed, &mut rng), method)?;
        let rated: Vec<usize> = (0..MODELS).filter(|&model| found[model].is_some()).collect();
        let zero = by.zero(&rated);
        let mean = zero.iter().map(|&model| target[model]).sum::<f64>() / zero.len() as f64;
        let covers = |&model: &usize| {
            let true_rating = MEAN_RATING + ELO_PER_NAT * (target[model] - mean);
            found[model].is_some_and(|one| (one.low..=one.high).contains(&true_rating))
        };
        // An anchor has no interval to speak of.
        let judged: Vec<usize> = rated.into_iter().filter(|model| zero != [*model]).collect();
        Some(judged.iter().filter(|model| covers(model)).count() as f64 / judged.len() as f64)
    };
    let shares: Vec<f64> = (0..boards).filter_map(share).collect();
    if shares.len() < boards {
        println!("{by:?}, {per_model} votes: {} of {boards} boards refused", boards - shares.len());
    }
    Coverage::of(&shares)
}

#[test]
fn sandwich_intervals_cover_at_20_50_167_and_667_votes_a_model() {
    for per_model in PER_MODEL {
        let found = coverage(By::Sandwich, Method::BradleyTerry, per_model, 400, 1);

        found.assert_nominal(&format!("{per_model} votes a model, seed 1"));
    }
}

#[test]
fn intervals_of_other_methods_frames_and_weights_cover() {
    for (by, method, per_model) in [
        (By::Sandwich, Method::Davidson, 50),
        (By::Sandwich, Method::RaoKupper, 50),
        (By::Anchor, Method::BradleyTerry, 50),
        (By::Reference, Method::BradleyTerry, 50),
        (By::Balanced, Method::BradleyTerry, 667),
        (By::Bootstrap(200), Method::BradleyTerry, 167),
    ] {
        let found = coverage(by, method, per_model, 250, 2);

        found.assert_nominal(&format!("{by:?}, {method}, {per_model} votes a model, seed 2"));
    }
}

#[test]
#[ignore = "minutes; prints the table of tests/golden/COVERAGE.md"]
fn coverage_table_by_method() {
    let rows = [
        (By::Sandwich, Method::BradleyTerry),
        (By::Sandwich, Method::Davidson),
        (By::Sandwich, Method::RaoKupper),
        (By::Anchor, Method::BradleyTerry),
        (By::Reference, Method::BradleyTerry),
        (By::Balanced, Method::BradleyTerry),
        (By::Bootstrap(200), Method::BradleyTerry),
        (By::Bootstrap(1000), Method::BradleyTerry),
    ];
    for (by, method) in rows {
        let cell = |per_model: usize| {
            let boards = if matches!(by, By::Bootstrap(_)) { 1000 } else { 4000 };
            let found = coverage(by, method, per_model, boards, 11);
            format!("{:.2} ± {:.2}", 100.0 * found.share, 100.0 * found.error)
        };
        println!("| {by:?} | {method} | {} |", PER_MODEL.map(cell).join(" | "));
    }
}
