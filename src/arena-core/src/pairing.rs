//! Drawing the two models of a battle, with the probability of what was drawn.

use rand::{Rng, RngExt};

/// Two different models that may meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contest<Id> {
    /// One of them.
    pub one: Id,
    /// The other; which is which makes no difference.
    pub other: Id,
    /// Relative chance of being drawn; 0 is never drawn.
    pub weight: u64,
}

/// The ordered pair that was drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Draw<Id> {
    /// The model that answers as A.
    pub left: Id,
    /// The model that answers as B.
    pub right: Id,
    /// Probability of exactly this ordered pair under the weights in force, 0 < p <= 1/2.
    pub p_draw: f64,
}

/// Why no pair could be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PairingError {
    /// No pair has a weight above zero.
    #[error(
        "a battle needs two models with a weight above zero that can answer, and there are not"
    )]
    NoPair,
}

/// Draws a pair by weight and its sides by a fair coin.
///
/// **Input** unordered pairs, each once, in any order, with relative integer weights. **Output** an
/// ordered pair and its probability, weight / sum of weights / 2. **Errors** without a positive
/// weight. **Cost** O(pairs), integers only.
pub fn draw<Id: Copy>(
    contests: &[Contest<Id>],
    rng: &mut impl Rng,
) -> Result<Draw<Id>, PairingError> {
    let total: u128 = contests.iter().map(|contest| u128::from(contest.weight)).sum();
    if total == 0 {
        return Err(PairingError::NoPair);
    }
    let mut ticket = rng.random_range(0..total);
    let drawn = contests.iter().find(|contest| {
        let weight = u128::from(contest.weight);
        let is_drawn = ticket < weight;
        ticket = ticket.saturating_sub(weight);
        is_drawn
    });
    let Contest { one, other, weight } = *drawn.ok_or(PairingError::NoPair)?;
    let (left, right) = if rng.random() { (one, other) } else { (other, one) };
    Ok(Draw { left, right, p_draw: weight as f64 / total as f64 / 2.0 })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    const CONTESTS: [Contest<char>; 4] = [
        Contest { one: 'a', other: 'b', weight: 1 },
        Contest { one: 'a', other: 'c', weight: 5 },
        Contest { one: 'b', other: 'c', weight: 0 },
        Contest { one: 'd', other: 'b', weight: u64::MAX >> 61 },
    ];

    #[test]
    fn weight_zero_is_never_drawn() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);

        for _ in 0..10_000 {
            let draw = draw(&CONTESTS, &mut rng).unwrap();
            assert_ne!((draw.left, draw.right), ('b', 'c'));
            assert_ne!((draw.left, draw.right), ('c', 'b'));
        }
    }

    #[test]
    fn the_stated_probabilities_sum_to_one_and_match_the_frequencies() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
        let mut seen: HashMap<(char, char), (f64, u32)> = HashMap::new();
        let draws = 200_000;

        for _ in 0..draws {
            let draw = draw(&CONTESTS, &mut rng).unwrap();
            seen.entry((draw.left, draw.right)).or_insert((draw.p_draw, 0)).1 += 1;
        }

        assert_eq!(seen.len(), 6);
        let total: f64 = seen.values().map(|(p, _)| p).sum();
        assert!((total - 1.0).abs() < 1e-12, "{total}");
        for (pair, (p, count)) in seen {
            let sd = (p * (1.0 - p) / f64::from(draws)).sqrt();
            assert!((f64::from(count) / f64::from(draws) - p).abs() < 5.0 * sd, "{pair:?}");
        }
    }

    #[test]
    fn sums_of_the_largest_weights_do_not_overflow() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let heavy = |other| Contest { one: 'a', other, weight: u64::MAX };

        let draw = draw(&[heavy('b'), heavy('c')], &mut rng).unwrap();

        assert!((draw.p_draw - 0.25).abs() < 1e-12);
    }

    #[test]
    fn no_drawable_pair_is_an_error() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);

        assert_eq!(draw(&CONTESTS[..0], &mut rng), Err(PairingError::NoPair));
        assert_eq!(draw(&CONTESTS[2..3], &mut rng), Err(PairingError::NoPair));
    }
}
