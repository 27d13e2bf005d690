//! Questions of one's own that were asked before. A program that asks one question again and again, and knows every model by
//! its answers to it, gets a few votes a month for it, however many voters it has.
//!
//! What is kept is a hash with a key of the month, which is dropped with it: whoever gets hold of old hashes cannot find out a
//! question by guessing. Whoever votes on a guessed question can tell from the reply whether three votes were on it before.

pub mod queries;

use arena_core::ids::BattleId;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Votes on one question that count in a month.
pub const COUNTED_A_MONTH: i64 = 3;

/// Notes a question of a voter's own, the first of a battle or a later one. Those of evaluation sets are not noted: they are
/// asked often on purpose.
pub(super) async fn note(
    db: &mut PgConnection,
    battle: BattleId,
    question: &str,
) -> sqlx::Result<()> {
    let key = queries::find_or_make_key(db, OffsetDateTime::now_utc()).await?;
    queries::add_hash(db, battle, &hash(&key, question)).await
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
