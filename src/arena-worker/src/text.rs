//! From token bytes to text that may be sent: whole UTF-8 characters, nothing of a stop string.

/// Joins token bytes into valid text, without space in front, and ends it before the first stop string.
///
/// Output is withheld while it may still turn out to be the beginning of a stop string.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    stops: Vec<String>,
    bytes: Vec<u8>,
    held: String,
    started: bool,
    stopped: bool,
}

impl Assembler {
    /// Starts empty; `stops` end the text and are not part of it.
    pub(crate) fn new(stops: Vec<String>) -> Self {
        Self { stops, ..Self::default() }
    }

    /// Takes the bytes of one token and returns the text that is now certain.
    pub(crate) fn push(&mut self, token: &[u8]) -> String {
        if self.stopped {
            return String::new();
        }
        self.bytes.extend_from_slice(token);
        let valid = drain_valid(&mut self.bytes);
        self.held.push_str(&valid);
        self.release()
    }

    /// Whether a stop string has been met.
    pub(crate) fn stopped(&self) -> bool {
        self.stopped
    }

    /// The rest, at the end of the answer.
    pub(crate) fn finish(&mut self) -> String {
        if self.stopped {
            return String::new();
        }
        let tail = String::from_utf8_lossy(&std::mem::take(&mut self.bytes)).into_owned();
        self.held.push_str(&tail);
        let rest = std::mem::take(&mut self.held);
        self.without_leading_space(rest)
    }

    fn release(&mut self) -> String {
        let met = self.stops.iter().filter_map(|stop| self.held.find(stop.as_str())).min();
        if let Some(at) = met {
            self.stopped = true;
            self.held.truncate(at);
            let rest = std::mem::take(&mut self.held);
            return self.without_leading_space(rest);
        }
        let keep = self.stops.iter().map(|stop| overlap(&self.held, stop)).max().unwrap_or(0);
        let rest = self.held.split_off(self.held.len() - keep);
        let certain = std::mem::replace(&mut self.held, rest);
        self.without_leading_space(certain)
    }

    /// Formats differ in whether an answer begins with a space or line feed; voters must not see it.
    fn without_leading_space(&mut self, text: String) -> String {
        if self.started {
            return text;
        }
        let text = text.trim_start();
        self.started = !text.is_empty();
        text.to_owned()
    }
}

/// Whether a token is a mark of some model's format, such as `<start_of_image>` or `<|im_start|>`.
///
/// A model may write such a mark as ordinary output; on the page it would name the model's family.
pub(crate) fn is_mark(piece: &[u8]) -> bool {
    let Some(inner) = piece.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">")) else {
        return false;
    };
    let word = inner.iter().all(|byte| byte.is_ascii_alphanumeric() || b"|_-/".contains(byte));
    word && (inner.contains(&b'|') || inner.contains(&b'_') || inner.starts_with(b"unused"))
}

/// Length of the longest end of `text` that is a beginning of `stop`, in bytes.
fn overlap(text: &str, stop: &str) -> usize {
    (1..stop.len())
        .rev()
        .filter(|&length| stop.is_char_boundary(length))
        .find(|&length| text.ends_with(&stop[..length]))
        .unwrap_or(0)
}

/// Takes all whole characters off the front; bytes that can never become one turn into U+FFFD.
fn drain_valid(bytes: &mut Vec<u8>) -> String {
    let mut text = String::new();
    loop {
        match std::str::from_utf8(bytes) {
            Ok(valid) => {
                text.push_str(valid);
                bytes.clear();
                return text;
            }
            Err(error) => {
                let (valid, _) = bytes.split_at(error.valid_up_to());
                text.push_str(&String::from_utf8_lossy(valid));
                let bad = error.error_len();
                bytes.drain(..error.valid_up_to() + bad.unwrap_or(0));
                match bad {
                    Some(_) => text.push('\u{FFFD}'),
                    None => return text,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assemble(stops: &[&str], tokens: &[&[u8]]) -> (String, bool) {
        let mut assembler = Assembler::new(stops.iter().map(ToString::to_string).collect());
        let mut text: String = tokens.iter().map(|token| assembler.push(token)).collect();
        text.push_str(&assembler.finish());
        (text, assembler.stopped())
    }

    #[test]
    fn a_character_split_over_tokens_arrives_whole() {
        let bytes = "日本".as_bytes();

        let (text, _) = assemble(&[], &[&bytes[..1], &bytes[1..4], &bytes[4..]]);

        assert_eq!(text, "日本");
    }

    #[test]
    fn bytes_that_are_no_utf8_become_replacement_characters() {
        assert_eq!(assemble(&[], &[b"a\xff", b"b\xe6"]).0, "a\u{FFFD}b\u{FFFD}");
    }

    #[test]
    fn a_stop_string_over_several_tokens_ends_the_text_and_is_never_shown() {
        let (text, stopped) = assemble(&["\nQuestion:"], &[b"yes\n", b"Quest", b"ion: next"]);

        assert_eq!((text.as_str(), stopped), ("yes", true));
    }

    #[test]
    fn space_in_front_of_an_answer_is_dropped_and_inside_it_kept() {
        assert_eq!(assemble(&[], &[b" ", b"\n", b" Yes", b" and", b"\n\nno"]).0, "Yes and\n\nno");
    }

    #[test]
    fn marks_of_a_models_format_are_told_from_ordinary_text() {
        for mark in ["<start_of_image>", "<|im_start|>", "<unused42>", "<|endoftext|>"] {
            assert!(is_mark(mark.as_bytes()), "{mark}");
        }
        for text in ["<table>", "<b>", "a<b", "<", "<my tag_x>", "Vec<u8>"] {
            assert!(!is_mark(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_beginning_of_a_stop_string_that_goes_on_otherwise_is_shown() {
        let (text, stopped) = assemble(&["\nQuestion:"], &[b"yes\n", b"Quest", b"!"]);

        assert_eq!((text.as_str(), stopped), ("yes\nQuest!", false));
    }
}
