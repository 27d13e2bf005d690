//! Names and passwords: what they may be, and how passwords are kept.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

/// Fewest characters of a password.
pub const MIN_PASSWORD_CHARS: usize = 10;
/// Most characters of a password: far more than anybody types, and little enough to hash.
pub const MAX_PASSWORD_CHARS: usize = 1_000;
/// Shortest name.
const MIN_NAME_CHARS: usize = 3;
/// Longest name.
const MAX_NAME_CHARS: usize = 40;

/// Memory, passes and lanes of Argon2id, as the OWASP Password Storage Cheat Sheet asks for at least:
/// 19 MiB, 2 passes, 1 lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// How long a password may wait for its turn to be hashed.
const PATIENCE: Duration = Duration::from_secs(5);

/// A name that an account may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

/// Why a name cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a name has {MIN_NAME_CHARS} to {MAX_NAME_CHARS} letters from a to z, digits, dots, hyphens and \
     underscores"
)]
pub struct UnusableName;

impl Name {
    /// The name as it was chosen.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for Name {
    type Error = UnusableName;

    fn try_from(text: &str) -> Result<Self, UnusableName> {
        let text = text.trim();
        let fits = (MIN_NAME_CHARS..=MAX_NAME_CHARS).contains(&text.len());
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if fits && text.bytes().all(is_allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(UnusableName)
        }
    }
}

/// A password in clear, for as long as it takes to hash it. Nothing prints it.
pub struct Password(String);

/// Why a password cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusablePassword {
    /// Too few characters.
    #[error("a password has at least {MIN_PASSWORD_CHARS} characters; any characters will do")]
    TooShort,
    /// Too many characters.
    #[error("a password has at most {MAX_PASSWORD_CHARS} characters")]
    TooLong,
}

impl Password {
    /// A password that somebody sets: long enough, and otherwise whatever they like.
    pub fn chosen(text: &str) -> Result<Self, UnusablePassword> {
        match text.chars().count() {
            n if n < MIN_PASSWORD_CHARS => Err(UnusablePassword::TooShort),
            n if n > MAX_PASSWORD_CHARS => Err(UnusablePassword::TooLong),
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// A password that is only compared; one that is too long is wrong in any case.
    pub fn given(text: &str) -> Self {
        Self(text.chars().take(MAX_PASSWORD_CHARS + 1).collect())
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password")
    }
}

/// Why a password was neither hashed nor compared.
#[derive(Debug, thiserror::Error)]
pub enum Unhashed {
    /// Others are being hashed.
    #[error("too many people are signing in right now; try again in a few seconds")]
    Busy,
    /// The hash cannot be computed or read.
    #[error("the password could not be hashed: {0}")]
    Failed(String),
}

/// Hashes passwords, few at a time, beside the threads that serve requests.
#[derive(Clone, Debug)]
pub struct Hasher {
    turns: Arc<Semaphore>,
    /// Compared with where there is no account, so that this takes as long.
    nobody: Arc<str>,
}

impl Hasher {
    /// Hashes so many passwords at once; each takes one core and 19 MiB for a moment.
    pub fn new(at_once: usize) -> Result<Self, Unhashed> {
        let nobody = hash(&hex::encode(rand::random::<[u8; 16]>()))?;
        Ok(Self { turns: Arc::new(Semaphore::new(at_once.max(1))), nobody: nobody.into() })
    }

    /// The hash of a password in PHC form, with a salt of its own.
    pub async fn hash(&self, password: Password) -> Result<String, Unhashed> {
        self.in_turn(move || hash(&password.0)).await
    }

    /// Whether a password belongs to a hash; without a hash it never does, after the same time.
    pub async fn verify(&self, password: Password, hash: Option<String>) -> Result<bool, Unhashed> {
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.to_string());
        let is_right = self.in_turn(move || verify(&password.0, &hash)).await?;
        Ok(is_right && exists)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Unhashed> + Send + 'static,
    ) -> Result<T, Unhashed> {
        let turn = Arc::clone(&self.turns).acquire_owned();
        let turn = tokio::time::timeout(PATIENCE, turn).await.map_err(|_| Unhashed::Busy)?;
        let turn = turn.map_err(|_| Unhashed::Busy)?;
        // The turn goes along: a visitor who leaves does not make room for another one too early.
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        done.await.map_err(|error| Unhashed::Failed(error.to_string()))?
    }
}

fn argon2() -> Result<Argon2<'static>, Unhashed> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|error| Unhashed::Failed(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<String, Unhashed> {
    let hash = argon2()?.hash_password(password.as_bytes());
    Ok(hash.map_err(|error| Unhashed::Failed(error.to_string()))?.to_string())
}

fn verify(password: &str, hash: &str) -> Result<bool, Unhashed> {
    let failed = |error: Error| Unhashed::Failed(error.to_string());
    let hash = PasswordHash::new(hash).map_err(|error| Unhashed::Failed(error.to_string()))?;
    match argon2()?.verify_password(password.as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain() {
        for name in ["ada", " Ada.Lovelace ", "a_b-c.9"] {
            assert_eq!(Name::try_from(name).unwrap().as_str(), name.trim());
        }
        for name in ["", "ab", "ada lovelace", "ada@example.org", "ädä", &"x".repeat(41)] {
            assert_eq!(Name::try_from(name), Err(UnusableName), "{name}");
        }
    }

    #[test]
    fn a_password_is_long_and_otherwise_anything() {
        assert_eq!(Password::chosen("123456789").unwrap_err(), UnusablePassword::TooShort);
        assert!(Password::chosen("ßßßßßßßßßß").is_ok());
        assert!(Password::chosen("          ").is_ok());
        assert!(Password::chosen(&"é".repeat(1_000)).is_ok());
        assert_eq!(Password::chosen(&"x".repeat(1_001)).unwrap_err(), UnusablePassword::TooLong);
    }

    #[tokio::test]
    async fn a_hash_tells_its_parameters_and_knows_its_password_only() {
        let hasher = Hasher::new(1).unwrap();
        let chosen = || Password::chosen("correct horse battery").unwrap();

        let hash = hasher.hash(chosen()).await.unwrap();
        let again = hasher.hash(chosen()).await.unwrap();

        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, again, "every hash has a salt of its own");
        assert!(hasher.verify(chosen(), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify(Password::given("correct horse"), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn without_an_account_no_password_is_right() {
        let hasher = Hasher::new(1).unwrap();

        assert!(!hasher.verify(Password::given("anything at all"), None).await.unwrap());
    }
}
