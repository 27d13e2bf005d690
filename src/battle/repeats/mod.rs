//! Questions of one's own that were asked before. A program that asks one question again and again, and knows every model by
//! its answers to it, gets a few votes a month for it, however many voters it has.
//!
//! What is kept is a hash with a key of the month, which is dropped with it: nobody can find out a question by guessing.

pub mod queries;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Votes on one question that count in a month.
pub const COUNTED_A_MONTH: i64 = 3;

/// The hash of a question that somebody asks now; none for those of evaluation sets, which are asked often on purpose.
pub(super) async fn hash_now(
    db: &mut PgConnection,
    (prompt, question): (&str, Option<i64>),
) -> sqlx::Result<Option<[u8; 32]>> {
    if question.is_some() {
        return Ok(None);
    }
    let key = queries::find_or_make_key(db, OffsetDateTime::now_utc()).await?;
    Ok(Some(hash(&key, prompt)))
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
