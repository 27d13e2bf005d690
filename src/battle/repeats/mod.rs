//! Questions of one's own that were asked before. A program that asks one question again and again, and knows every model by
//! its answers to it, gets a few votes a month for it, however many voters it has.
//!
//! What is kept is a hash with a key of the month, which is dropped with it: nobody can find out a question by guessing.

pub mod queries;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sqlx::PgConnection;

use super::Battle;

/// Votes on one question that count in a month.
pub const COUNTED_A_MONTH: i64 = 3;

/// Notes the question of a battle that gets its vote, and says whether as many votes as count were on it before. Votes on one
/// question wait for each other until the transaction ends.
///
/// **Input** the month, and its key if there is one already.
pub async fn note(
    db: &mut PgConnection,
    battle: &Battle,
    month: &str,
    key: Option<&[u8]>,
) -> sqlx::Result<bool> {
    let (None, Some(turn)) = (battle.question, battle.turns.first()) else { return Ok(false) };
    let hash = match key {
        Some(key) => hash(key, &turn.prompt),
        None => hash(&queries::find_or_make_key(db, month).await?, &turn.prompt),
    };
    queries::wait_for(db, i64::from_be_bytes(std::array::from_fn(|at| hash[at]))).await?;
    Ok(queries::set_hash(db, battle.id, &hash).await? >= COUNTED_A_MONTH)
}

/// The question without what does not make it another one: invisible characters, capitals, blanks.
fn hash(key: &[u8], question: &str) -> [u8; 32] {
    let text = arena_core::normalise::normalise(question).to_lowercase();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut block = [0; 64];
    for (byte, given) in block.iter_mut().zip(key) {
        *byte = *given;
    }
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_capitals_and_invisible_characters_make_no_other_question() {
        let asked = hash(&[1; 64], "What is a comet?");

        for same in [" what IS\n a  comet? ", "What\u{200b} is a comet?"] {
            assert_eq!(hash(&[1; 64], same), asked, "{same}");
        }
        assert_ne!(hash(&[1; 64], "What is a star?"), asked);
        assert_ne!(hash(&[2; 64], "What is a comet?"), asked);
    }
}
