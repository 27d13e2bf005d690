//! The fair draw: pair, sides and seeds follow from a key that was committed to before, the number of the draw
//! and the voter's own random bytes. Whoever has the key can repeat it, and nobody could choose its result.

use std::collections::HashSet;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use uuid::Uuid;

use super::commitment::hmac;
use super::policy::Policy;
use crate::ids::{BattleId, ModelId, Sides};
use crate::pairing::{Draw, PairingError};

/// The secret key of one day's draws.
pub type EpochKey = [u8; 32];

/// What a draw is made from beside the policy.
#[derive(Clone, Copy, Debug)]
pub struct Ticket<'a> {
    /// Key of the day.
    pub key: &'a EpochKey,
    /// Number of the draw with this key, from 0 without gaps.
    pub number: u64,
    /// Random bytes of the voter, 16 or none.
    pub nonce: &'a [u8],
}

/// What was drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn {
    /// Id of the battle.
    pub battle: BattleId,
    /// The pair, its sides and its probability.
    pub draw: Draw<ModelId>,
    /// Seeds of the first answers.
    pub seeds: Sides<u32>,
}

impl Ticket<'_> {
    /// The id of the battle: the operator cannot choose it, so that the rest cannot be chosen by it.
    pub fn battle(&self) -> BattleId {
        let number = self.number.to_be_bytes();
        let digest = hmac(self.key, &[b"arena/battle/v1\n", &number, self.nonce]);
        let (bytes, _) = digest.as_chunks::<16>();
        BattleId(Uuid::from_bytes(bytes[0]))
    }

    /// The random words that a draw consumes.
    pub(super) fn stream(&self, battle: BattleId) -> ChaCha20Rng {
        let number = self.number.to_be_bytes();
        let parts: [&[u8]; 4] =
            [b"arena/draw/v1\n", &number, battle.0.as_bytes().as_slice(), self.nonce];
        ChaCha20Rng::from_seed(hmac(self.key, &parts))
    }

    /// Draws among the pairs of a policy whose models are not in `out`.
    ///
    /// **Output** pair by weight, sides by a fair coin, seeds; integers only, without bias. **Errors** if no pair
    /// has a weight. **Cost** O(pairs) and three hashes.
    pub fn draw(&self, policy: &Policy, out: &HashSet<ModelId>) -> Result<Drawn, PairingError> {
        let battle = self.battle();
        let mut stream = self.stream(battle);
        let total: u64 = policy.contests(out).map(|contest| contest.weight).sum();
        let mut place = below(&mut stream, total).ok_or(PairingError::NoPair)?;
        let drawn = policy.contests(out).find(|contest| {
            let found = place < contest.weight;
            place = place.saturating_sub(contest.weight);
            found
        });
        let contest = drawn.ok_or(PairingError::NoPair)?;
        let first_left = stream.next_u64() & 1 == 0;
        let (left, right) =
            if first_left { (contest.one, contest.other) } else { (contest.other, contest.one) };
        let seeds = stream.next_u64();
        Ok(Drawn {
            battle,
            draw: Draw { left, right, p_draw: contest.weight as f64 / total as f64 / 2.0 },
            // The low half and the high half.
            seeds: Sides { left: seeds as u32, right: (seeds >> 32) as u32 },
        })
    }
}

/// A number below `total`, each equally likely; none if there is none.
pub(super) fn below(stream: &mut ChaCha20Rng, total: u64) -> Option<u64> {
    // 2^64 mod total, in 64 bits.
    let excess = (u64::MAX.checked_rem(total)? + 1) % total;
    loop {
        let word = stream.next_u64();
        if word <= u64::MAX - excess {
            return Some(word % total);
        }
    }
}

/// Seed of an answer that is not a first one: of a further turn, or of another attempt.
///
/// It follows from the opening of the battle's commitment, so that it is fixed before and known after.
pub fn later_seed(opening: &[u8; 32], (turn, attempt): (u16, u16), left: bool) -> u32 {
    let place = [turn.to_be_bytes(), attempt.to_be_bytes()].concat();
    let digest = hmac(opening, &[b"arena/seed/v1\n", &place, &[u8::from(!left)]]);
    let (words, _) = digest.as_chunks::<4>();
    u32::from_le_bytes(words[0])
}
