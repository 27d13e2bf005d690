//! Walks along bytes that have one allowed form, and gives up at the first one that differs.

/// What has not been read yet.
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Whether a literal follows; if so it is passed over.
    pub(super) fn next_is(&mut self, literal: &[u8]) -> bool {
        let rest = self.rest.strip_prefix(literal);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// A literal that has to follow.
    pub(super) fn literal(&mut self, literal: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(literal)?;
        Some(())
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// `D` lower-case hexadecimal digits, which are `B` bytes.
    pub(super) fn hex<const D: usize, const B: usize>(&mut self) -> Option<[u8; B]> {
        let (digits, rest) = self.rest.split_first_chunk::<D>()?;
        self.rest = rest;
        decode(digits)
    }

    /// A digest of 64 digits.
    pub(super) fn digest(&mut self) -> Option<[u8; 32]> {
        self.hex::<64, 32>()
    }

    /// An id of 32 digits.
    pub(super) fn id(&mut self) -> Option<[u8; 16]> {
        self.hex::<32, 16>()
    }

    /// A whole number in its shortest form, at most `most`.
    pub(super) fn number(&mut self, most: u64) -> Option<u64> {
        let digits = self.rest.iter().take(17).take_while(|byte| byte.is_ascii_digit()).count();
        let (text, rest) = self.rest.split_at(digits);
        let shortest = digits == 1 || (digits > 1 && digits < 17 && text[0] != b'0');
        if !shortest {
            return None;
        }
        let number = text.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
        self.rest = rest;
        (number <= most).then_some(number)
    }

    /// A word of small letters and low lines.
    pub(super) fn word(&mut self) -> &'a str {
        let letter = |byte: &&u8| byte.is_ascii_lowercase() || **byte == b'_';
        let length = self.rest.iter().take_while(letter).count();
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        // They are letters.
        str::from_utf8(word).unwrap_or_default()
    }

    /// What stands between quotes, escapes as they are, up to the closing quote, which is passed over.
    ///
    /// Only what `serde_json` would write is accepted: escapes where there is no other way, in their shortest form.
    pub(super) fn string(&mut self) -> Option<&'a str> {
        let mut at = 0;
        loop {
            match self.rest.get(at)? {
                b'"' => break,
                b'\\' => at += escape(&self.rest[at + 1..])? + 1,
                0..0x20 => return None,
                _ => at += 1,
            }
        }
        let (text, rest) = self.rest.split_at(at);
        self.rest = &rest[1..];
        str::from_utf8(text).ok()
    }
}

/// Length of an escape behind its backslash.
fn escape(rest: &[u8]) -> Option<usize> {
    match rest.first()? {
        b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't' => Some(1),
        b'u' => {
            let code = decode::<4, 2>(rest.get(1..5)?.try_into().ok()?)?;
            let short = [0x08, 0x09, 0x0a, 0x0c, 0x0d].contains(&code[1]);
            (code[0] == 0 && code[1] < 0x20 && !short).then_some(5)
        }
        _ => None,
    }
}

/// Bytes from lower-case hexadecimal digits, without a branch a digit, so that many are done at once.
fn decode<const D: usize, const B: usize>(digits: &[u8; D]) -> Option<[u8; B]> {
    const { assert!(D == 2 * B) };
    let (mut nibbles, mut bad) = ([0_u8; D], 0_u8);
    for (nibble, byte) in nibbles.iter_mut().zip(digits) {
        let (digit, letter) = (byte.wrapping_sub(b'0'), byte.wrapping_sub(b'a'));
        bad |= u8::from(digit > 9) & u8::from(letter > 5);
        *nibble = if digit <= 9 { digit } else { letter.wrapping_add(10) };
    }
    let mut bytes = [0; B];
    for (byte, pair) in bytes.iter_mut().zip(nibbles.as_chunks::<2>().0) {
        *byte = (pair[0] << 4) | (pair[1] & 15);
    }
    (bad == 0).then_some(bytes)
}
