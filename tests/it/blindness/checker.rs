//! Looks for secrets in recorded bytes: in plain text and in every form that a slip would give them.

use std::collections::HashMap;

/// Patterns are found by their first bytes; a secret must be longer than this.
const KEY: usize = 6;
const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

type Patterns = HashMap<[u8; KEY], Vec<(Vec<u8>, String)>>;

/// All secrets in all forms.
#[derive(Default)]
pub(super) struct Checker {
    /// Searched without regard to capitals.
    folded: Patterns,
    exact: Patterns,
}

impl Checker {
    /// Adds a secret that is text.
    pub(super) fn add_text(&mut self, label: &str, secret: &str) {
        let encoded = percent_encoded(secret);
        self.fold(label, "plain", secret);
        self.fold(label, "percent-encoded", &encoded);
        self.fold(label, "form-encoded", &encoded.replace("%20", "+"));
        self.fold(label, "HTML", &secret.replace('&', "&#38;").replace('\'', "&#39;"));
        self.add_bytes(label, secret.as_bytes());
    }

    /// Adds a secret that is bytes.
    pub(super) fn add_bytes(&mut self, label: &str, secret: &[u8]) {
        self.fold(label, "hex", &hex::encode(secret));
        for (form, alphabet) in [("base64", STANDARD), ("base64url", URL_SAFE)] {
            for shift in 0..3 {
                let core = base64_core(secret, shift, alphabet);
                put(&mut self.exact, label, form, core);
            }
        }
        put(&mut self.exact, label, "bytes", secret.to_vec());
    }

    fn fold(&mut self, label: &str, form: &str, pattern: &str) {
        put(&mut self.folded, label, form, pattern.to_lowercase().into_bytes());
    }

    /// Everything that was found, in words.
    pub(super) fn leaks(&self, raw: &[u8]) -> Vec<String> {
        let mut leaks = search(&self.exact, raw);
        leaks.extend(search(&self.folded, &raw.to_ascii_lowercase()));
        leaks.sort();
        leaks.dedup();
        leaks
    }
}

fn put(patterns: &mut Patterns, label: &str, form: &str, pattern: Vec<u8>) {
    let key =
        *pattern.first_chunk().unwrap_or_else(|| panic!("{label} is too short to search for"));
    patterns.entry(key).or_default().push((pattern, format!("{label}, {form}")));
}

fn search(patterns: &Patterns, raw: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for at in 0..raw.len().saturating_sub(KEY - 1) {
        let Some(key) = raw[at..].first_chunk::<KEY>() else { continue };
        for (pattern, label) in patterns.get(key).into_iter().flatten() {
            if raw[at..].starts_with(pattern) {
                found.push(label.clone());
            }
        }
    }
    found
}

pub(super) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// What base64 of any text has in it that holds the secret behind `shift` other bytes (modulo 3).
pub(super) fn base64_core(secret: &[u8], shift: usize, alphabet: &[u8; 64]) -> Vec<u8> {
    let bytes = [&[0; 2][..shift], secret].concat();
    let bit = |index: usize| (bytes[index / 8] >> (7 - index % 8)) & 1;
    let letters: Vec<u8> = (0..bytes.len() * 8 / 6)
        .map(|letter| (0..6).fold(0, |value, offset| (value << 1) | bit(letter * 6 + offset)))
        .map(|value| alphabet[usize::from(value)])
        .collect();
    letters[(shift * 8).div_ceil(6)..].to_vec()
}

/// Base64 as it would be sent.
pub(super) fn base64(bytes: &[u8]) -> String {
    let mut text = String::from_utf8(base64_core(bytes, 0, STANDARD)).unwrap();
    let rest = bytes.len() * 8 % 6;
    if rest > 0 {
        let last = bytes[bytes.len() - 1] << (6 - rest) & 63;
        text.push(char::from(STANDARD[usize::from(last)]));
    }
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

#[test]
fn base64_is_what_everybody_calls_so() {
    assert_eq!(base64(b"Man"), "TWFu");
    assert_eq!(base64(b"light work."), "bGlnaHQgd29yay4=");
    assert_eq!(base64(b"light wor"), "bGlnaHQgd29y");
    assert_eq!(base64(b"light wo"), "bGlnaHQgd28=");
}

#[test]
fn a_secret_is_found_in_base64_wherever_it_starts() {
    let mut checker = Checker::default();
    checker.add_bytes("it", b"Krondax Ultra");

    for before in ["", "a", "ab", "abc", "abcd"] {
        let hidden = base64(format!("{before}Krondax Ultra and more").as_bytes());

        assert_eq!(checker.leaks(hidden.as_bytes()), ["it, base64", "it, base64url"], "{hidden}");
    }
}
