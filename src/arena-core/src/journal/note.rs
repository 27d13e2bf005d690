//! Signed notes (C2SP signed-note): a text, and lines with signatures of named keys under it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

/// The type byte of Ed25519 signatures.
const ED25519: u8 = 1;
/// Most signature lines that are read.
const MAX_LINES: usize = 64;
/// What a file with a secret key begins with.
const SECRET_PREFIX: &str = "PRIVATE+KEY+";

/// Why a note or a key was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not a note.
    #[error("this is no signed note: {0}")]
    Malformed(&'static str),
    /// Not a key.
    #[error("this is no key of a signed note: {0}")]
    Key(&'static str),
    /// No line is by the key that is trusted.
    #[error("the note has no signature of {0}")]
    Unsigned(String),
    /// A line claims to be by that key and is not.
    #[error("the signature of {0} is not valid")]
    Invalid(String),
}

/// A public key with its name, as in `name+keyid+base64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

/// A secret key with its name.
pub struct Signer {
    verifier: Verifier,
    key: SigningKey,
}

/// First four bytes of SHA-256(name || 0x0A || 0x01 || public key).
fn key_id(name: &str, public: &[u8; 32]) -> [u8; 4] {
    let digest = Sha256::new()
        .chain_update(name)
        .chain_update([b'\n', ED25519])
        .chain_update(public)
        .finalize();
    [digest[0], digest[1], digest[2], digest[3]]
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|letter: char| letter.is_whitespace() || letter == '+')
}

/// The 32 bytes behind the type byte.
fn key_bytes(text: &str) -> Option<[u8; 32]> {
    let bytes = BASE64.decode(text).ok()?;
    let (kind, key) = bytes.split_first()?;
    if *kind == ED25519 { key.try_into().ok() } else { None }
}

impl Verifier {
    fn new(name: &str, public: &[u8; 32]) -> Result<Self, NoteError> {
        if !is_name(name) {
            return Err(NoteError::Key("a name has neither spaces nor a plus sign"));
        }
        let key = VerifyingKey::from_bytes(public)
            .map_err(|_| NoteError::Key("the bytes are no point of the curve"))?;
        Ok(Self { name: name.to_owned(), id: key_id(name, public), key })
    }

    /// Reads `name+keyid+base64`.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key("it has three parts, joined by plus signs"));
        };
        let public = key_bytes(key).ok_or(NoteError::Key("the last part is not an Ed25519 key"))?;
        let verifier = Self::new(name, &public)?;
        if super::parse_hex(id) != Some(verifier.id) {
            return Err(NoteError::Key("the middle part is not the key's id"));
        }
        Ok(verifier)
    }

    /// The key's name: the origin of its log.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text of a note, if this key has signed it.
    ///
    /// **Errors** no note, no line of this key, or a line of this key that does not hold.
    pub fn open<'a>(&self, note: &'a str) -> Result<&'a str, NoteError> {
        let (text, lines) = split(note)?;
        let mut found = false;
        for (name, id, signature) in lines {
            if name != self.name || id != self.id {
                continue;
            }
            let signature = Signature::from_slice(&signature)
                .map_err(|_| NoteError::Invalid(self.name.clone()))?;
            self.key
                .verify_strict(text.as_bytes(), &signature)
                .map_err(|_| NoteError::Invalid(self.name.clone()))?;
            found = true;
        }
        if found { Ok(text) } else { Err(NoteError::Unsigned(self.name.clone())) }
    }
}

impl std::fmt::Display for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut key = vec![ED25519];
        key.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id), BASE64.encode(key))
    }
}

impl Signer {
    /// A key from 32 random bytes.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let key = SigningKey::from_bytes(seed);
        let verifier = Verifier::new(name, key.verifying_key().as_bytes())?;
        Ok(Self { verifier, key })
    }

    /// Reads what [`Signer::to_secret`] wrote.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let rest = text.trim().strip_prefix(SECRET_PREFIX);
        let rest = rest.ok_or(NoteError::Key("a secret key begins with PRIVATE+KEY"))?;
        let mut parts = rest.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key("it has three parts, joined by plus signs"));
        };
        let seed = key_bytes(key).ok_or(NoteError::Key("the last part is not an Ed25519 key"))?;
        let signer = Self::from_seed(name, &seed)?;
        if super::parse_hex(id) != Some(signer.verifier.id) {
            return Err(NoteError::Key("the id is not that of the key"));
        }
        Ok(signer)
    }

    /// The whole secret, for a file that only its owner can read.
    pub fn to_secret(&self) -> String {
        let mut key = vec![ED25519];
        key.extend_from_slice(self.key.as_bytes());
        let Verifier { name, id, .. } = &self.verifier;
        format!("{SECRET_PREFIX}{name}+{}+{}\n", hex::encode(id), BASE64.encode(key))
    }

    /// The public part.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Puts a signature under a text, which has to end with a line feed.
    pub fn sign(&self, text: &str) -> Result<String, NoteError> {
        if !text.ends_with('\n') || text.contains("\n\n") || text.starts_with('\n') {
            return Err(NoteError::Malformed("a text is lines without an empty one"));
        }
        let mut signed = self.verifier.id.to_vec();
        signed.extend_from_slice(&self.key.sign(text.as_bytes()).to_bytes());
        Ok(format!("{text}\n\u{2014} {} {}\n", self.verifier.name, BASE64.encode(signed)))
    }
}

type Line<'a> = (&'a str, [u8; 4], Vec<u8>);

/// Splits a note into its text, line feed included, and its signatures.
fn split(note: &str) -> Result<(&str, Vec<Line<'_>>), NoteError> {
    if note.bytes().any(|byte| byte < b' ' && byte != b'\n') {
        return Err(NoteError::Malformed("it has control characters"));
    }
    let end = note.rfind("\n\n").ok_or(NoteError::Malformed("it has no signatures"))?;
    let (text, rest) = (&note[..=end], &note[end + 2..]);
    let lines = rest.strip_suffix('\n').ok_or(NoteError::Malformed("the last line is cut"))?;
    let lines: Vec<_> = lines.split('\n').map(signature_line).collect::<Option<_>>().ok_or(
        NoteError::Malformed("a signature is a dash, a name and base64 of at least five bytes"),
    )?;
    if lines.len() > MAX_LINES {
        return Err(NoteError::Malformed("it has more than 64 signatures"));
    }
    Ok((text, lines))
}

fn signature_line(line: &str) -> Option<Line<'_>> {
    let (name, text) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let bytes = BASE64.decode(text).ok()?;
    let (id, signature) = bytes.split_first_chunk::<4>()?;
    (is_name(name) && !signature.is_empty()).then(|| (name, *id, signature.to_vec()))
}
