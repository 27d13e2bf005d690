//! Drawing the two models of a battle, with the probability of what was drawn.

use rand::{Rng, RngExt};

/// One model that may be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entrant<Id> {
    /// Which model.
    pub id: Id,
    /// Relative chance of being drawn; 0 is never drawn.
    pub weight: u32,
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
    /// A battle needs two different models.
    #[error("a battle needs two models with a weight above zero, and there are {0}")]
    TooFew(usize),
}

/// Draws two different models by weight and their sides by a fair coin.
///
/// **Input** entrants in any order with relative integer weights. **Output** an ordered pair and its
/// probability, `(w_l w_r / W) (1/(W - w_l) + 1/(W - w_r)) / 2`: either model may have come first,
/// and the coin halves it. **Errors** with fewer than two positive weights. **Cost** O(models),
/// integers only up to the draw. **Source** sampling without replacement by successive draws
/// (Yates and Grundy 1953, section 2).
pub fn draw<Id: Copy>(
    entrants: &[Entrant<Id>],
    rng: &mut impl Rng,
) -> Result<Draw<Id>, PairingError> {
    let able: Vec<_> = entrants.iter().filter(|entrant| entrant.weight > 0).collect();
    if able.len() < 2 {
        return Err(PairingError::TooFew(able.len()));
    }
    let total: u64 = able.iter().map(|entrant| u64::from(entrant.weight)).sum();
    let first = pick(&able, None, rng.random_range(0..total));
    let rest = total - u64::from(able[first].weight);
    let second = pick(&able, Some(first), rng.random_range(0..rest));
    let (left, right) = if rng.random() { (first, second) } else { (second, first) };
    Ok(Draw {
        left: able[left].id,
        right: able[right].id,
        p_draw: probability(total, able[left].weight, able[right].weight),
    })
}

/// One unordered pair that may be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightedPair<Id> {
    /// One model.
    pub model: Id,
    /// The other.
    pub rival: Id,
    /// Relative chance of being drawn; 0 is never drawn.
    pub weight: u32,
}

/// Draws one of some pairs by weight and its sides by a fair coin.
///
/// **Input** unordered pairs, each once, with relative integer weights such as those of
/// [`crate::ranking::pairing_weights`]. **Output** an ordered pair and its probability, half the
/// weight over the sum of all. **Errors** without a positive weight. **Cost** O(pairs), integers only
/// up to the draw. **Source** inversion of the distribution function.
pub fn draw_pair<Id: Copy>(
    pairs: &[WeightedPair<Id>],
    rng: &mut impl Rng,
) -> Result<Draw<Id>, PairingError> {
    let total: u64 = pairs.iter().map(|pair| u64::from(pair.weight)).sum();
    if total == 0 {
        return Err(PairingError::TooFew(0));
    }
    let mut ticket = rng.random_range(0..total);
    let holds = |pair: &&WeightedPair<Id>| match ticket.checked_sub(pair.weight.into()) {
        Some(rest) => {
            ticket = rest;
            false
        }
        None => true,
    };
    let drawn = pairs.iter().find(holds).ok_or(PairingError::TooFew(0))?;
    let swapped: bool = rng.random();
    let (left, right) =
        if swapped { (drawn.rival, drawn.model) } else { (drawn.model, drawn.rival) };
    Ok(Draw { left, right, p_draw: 0.5 * f64::from(drawn.weight) / total as f64 })
}

fn pick<Id>(able: &[&Entrant<Id>], without: Option<usize>, mut ticket: u64) -> usize {
    let mut last = 0;
    for (i, entrant) in able.iter().enumerate() {
        if Some(i) == without {
            continue;
        }
        last = i;
        let weight = u64::from(entrant.weight);
        if ticket < weight {
            break;
        }
        ticket -= weight;
    }
    last
}

fn probability(total: u64, left: u32, right: u32) -> f64 {
    let (total, left, right) = (total as f64, f64::from(left), f64::from(right));
    0.5 * (left * right / total) * (1.0 / (total - left) + 1.0 / (total - right))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    const POOL: [Entrant<char>; 4] = [
        Entrant { id: 'a', weight: 1 },
        Entrant { id: 'b', weight: 5 },
        Entrant { id: 'c', weight: 0 },
        Entrant { id: 'd', weight: 2 },
    ];

    #[test]
    fn a_model_never_meets_itself_and_weight_zero_is_never_drawn() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);

        for _ in 0..10_000 {
            let draw = draw(&POOL, &mut rng).unwrap();
            assert_ne!(draw.left, draw.right);
            assert!(draw.left != 'c' && draw.right != 'c');
        }
    }

    #[test]
    fn the_stated_probabilities_sum_to_one_and_match_the_frequencies() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
        let mut seen: HashMap<(char, char), (f64, u32)> = HashMap::new();
        let draws = 200_000;

        for _ in 0..draws {
            let draw = draw(&POOL, &mut rng).unwrap();
            seen.entry((draw.left, draw.right)).or_insert((draw.p_draw, 0)).1 += 1;
        }

        let total: f64 = seen.values().map(|(p, _)| p).sum();
        assert!((total - 1.0).abs() < 1e-12, "{total}");
        for (pair, (p, count)) in seen {
            let sd = (p * (1.0 - p) / f64::from(draws)).sqrt();
            assert!((f64::from(count) / f64::from(draws) - p).abs() < 5.0 * sd, "{pair:?}");
        }
    }

    #[test]
    fn pairs_are_drawn_as_often_as_their_stated_probability() {
        let pair = |model, rival, weight| WeightedPair { model, rival, weight };
        let pairs = [pair('a', 'b', 6), pair('a', 'c', 0), pair('b', 'c', 3), pair('c', 'd', 1)];
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
        let mut seen: HashMap<(char, char), (f64, u32)> = HashMap::new();
        let draws = 100_000;

        for _ in 0..draws {
            let draw = draw_pair(&pairs, &mut rng).unwrap();
            seen.entry((draw.left, draw.right)).or_insert((draw.p_draw, 0)).1 += 1;
        }

        assert_eq!(seen.len(), 6);
        assert_eq!((seen[&('a', 'b')].0, seen[&('c', 'b')].0), (0.3, 0.15));
        for (pair, (p, count)) in seen {
            let sd = (p * (1.0 - p) / f64::from(draws)).sqrt();
            assert!((f64::from(count) / f64::from(draws) - p).abs() < 5.0 * sd, "{pair:?}");
        }
        assert_eq!(draw_pair(&pairs[1..2], &mut rng), Err(PairingError::TooFew(0)));
    }

    #[test]
    fn fewer_than_two_drawable_models_is_an_error() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);

        assert_eq!(draw(&POOL[..1], &mut rng), Err(PairingError::TooFew(1)));
        assert_eq!(draw(&POOL[2..3], &mut rng), Err(PairingError::TooFew(0)));
    }
}
