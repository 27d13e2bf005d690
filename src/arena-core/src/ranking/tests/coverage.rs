//! Do intervals and rank ranges hold as often as they say? Simulated boards with known strengths.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::counts;
use crate::ranking::{Counts, ELO_PER_NAT, MEAN_RATING, Settings, components, compute};

const SEED: u64 = 20240814;
const MODELS: usize = 12;
const BOARDS: usize = 150;

fn unit(rng: &mut impl Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Strengths with mean 0, half a unit from end to end.
fn truth() -> Vec<f64> {
    (0..MODELS).map(|i| (i as f64 - (MODELS - 1) as f64 / 2.0) / 11.0).collect()
}

/// `votes` votes for each pair, a third of them ties (Davidson).
fn simulate(votes: u32, rng: &mut impl Rng) -> Counts {
    let truth = truth();
    let mut pairs = Vec::new();
    for i in 0..MODELS {
        for j in 0..i {
            let (up, down) =
                (((truth[i] - truth[j]) / 2.0).exp(), ((truth[j] - truth[i]) / 2.0).exp());
            let mut pair = (i, j, 0, 0, 0);
            for _ in 0..votes {
                match unit(rng) * (up + down + 1.0) {
                    u if u < up => pair.2 += 1,
                    u if u < up + down => pair.3 += 1,
                    _ => pair.4 += 1,
                }
            }
            pairs.push(pair);
        }
    }
    counts(MODELS, &pairs)
}

/// The strengths that a fit to endless votes would find, as half-win coding shrinks them.
fn target() -> Vec<f64> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(SEED);
    let endless = simulate(40_000, &mut rng);
    super::fit_all(&endless, crate::ranking::Method::BradleyTerry).strengths().to_vec()
}

#[test]
fn intervals_and_rank_ranges_cover_as_often_as_they_say() {
    let target = target();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(SEED + 1);
    let (mut inside, mut rank_sets) = (0, 0);

    for board in 0..BOARDS {
        let table = simulate(4, &mut rng);
        assert_eq!(components(&table, Default::default()).len(), 1, "seed {SEED}, board {board}");
        let settings = Settings { draws: 1000, ..Settings::new(board as u64) };
        let found = compute(&table, &settings).unwrap();
        let covers = |i: &usize| {
            let estimate = found.rows[*i].rating.unwrap();
            (estimate.low..=estimate.high).contains(&(MEAN_RATING + ELO_PER_NAT * target[*i]))
        };
        inside += (0..MODELS).filter(covers).count();
        let holds = |i: usize| {
            let rank = found.rows[i].rank.unwrap();
            (rank.best..=rank.worst).contains(&(MODELS - i))
        };
        rank_sets += usize::from((0..MODELS).all(holds));
    }

    let share = inside as f64 / (BOARDS * MODELS) as f64;
    println!("intervals {share:.4}, rank sets {rank_sets} of {BOARDS}, seed {SEED}");
    assert!((0.93..0.97).contains(&share), "{share} of intervals cover, seed {SEED}");
    assert!(rank_sets as f64 >= 0.92 * BOARDS as f64, "{rank_sets} of {BOARDS}, seed {SEED}");
}
