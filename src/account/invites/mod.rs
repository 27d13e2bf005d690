//! Codes that the operator hands out: made, entered, listed, withdrawn. Only their digests are stored.

pub mod queries;

use arena_core::ids::AccountId;
use rand::TryRng;
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::AccountError;

/// Letters of a code: no I, L, O or U, which are taken for others (Crockford's base 32).
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters in all: 100 bits, which nobody guesses.
const LENGTH: usize = 20;
/// Letters between two hyphens.
const GROUP: usize = 5;

/// A code in clear; shown once, when it is made.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// A new code from the operating system's randomness.
    pub fn draw() -> Result<Self, rand::rngs::SysError> {
        let mut bytes = [0; LENGTH];
        SysRng.try_fill_bytes(&mut bytes)?;
        Ok(Self(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()))
    }

    /// A code as somebody typed it: hyphens, spaces, capitals and the usual mistakes do not matter.
    fn typed(text: &str) -> Self {
        let letter = |letter: char| match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let counts = |letter: &char| letter.is_ascii_alphanumeric();
        Self(text.chars().filter(counts).take(LENGTH + 1).map(letter).collect())
    }

    /// What is stored.
    pub fn digest(&self) -> Vec<u8> {
        Sha256::digest(self.0.as_bytes()).to_vec()
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, letter) in self.0.chars().enumerate() {
            if at > 0 && at % GROUP == 0 {
                f.write_str("-")?;
            }
            write!(f, "{letter}")?;
        }
        Ok(())
    }
}

/// Makes an account invited; each code as often as the operator said, each account once.
pub(super) async fn redeem(
    db: &mut PgConnection,
    account: AccountId,
    code: &str,
) -> Result<(), AccountError> {
    let invite = queries::take(db, &Code::typed(code).digest()).await?;
    let invite = invite.ok_or(AccountError::InvalidCode)?;
    if !queries::insert_use(db, invite, account).await? {
        return Err(AccountError::InvalidCode);
    }
    Ok(super::queries::set_invited(db, account).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = Code::draw().unwrap();
        let shown = code.to_string();
        assert_eq!((shown.len(), shown.matches('-').count()), (23, 3));

        let lower = shown.to_lowercase().replace('-', " ");
        let mistaken = shown.replace('0', "o").replace('1', "l");

        for typed in [shown, lower, mistaken] {
            assert_eq!(Code::typed(&typed).digest(), code.digest(), "{typed}");
        }
    }

    #[test]
    fn two_codes_differ() {
        assert!(Code::draw().unwrap() != Code::draw().unwrap());
    }
}
