//! Server-sent events of a stranger: bounded lines, bounded in all, nothing trusted.

/// Longest line, in bytes.
pub(super) const MAX_LINE_BYTES: usize = 1 << 20;
/// Most bytes of one answer with everything around it. A token takes about 300.
pub(super) const MAX_STREAM_BYTES: usize = 16 << 20;

/// What is wrong with a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    #[error("a line is longer than {MAX_LINE_BYTES} bytes")]
    LongLine,
    #[error("the stream is longer than {MAX_STREAM_BYTES} bytes")]
    Endless,
    #[error("a line is not UTF-8")]
    NotText,
}

/// Collects bytes and yields the data of whole events.
#[derive(Default)]
pub(super) struct Events {
    /// The line that is not complete yet.
    line: Vec<u8>,
    /// The data lines of the event that is not complete yet.
    data: String,
    has_data: bool,
    after_cr: bool,
    taken: usize,
}

impl Events {
    /// Takes what has arrived and appends the data of every event that is now complete.
    pub(super) fn take(&mut self, bytes: &[u8], events: &mut Vec<String>) -> Result<(), Malformed> {
        self.taken = self.taken.saturating_add(bytes.len());
        if self.taken > MAX_STREAM_BYTES {
            return Err(Malformed::Endless);
        }
        for &byte in bytes {
            // Lines end with a line feed, a carriage return, or both.
            let second_half = byte == b'\n' && self.after_cr;
            self.after_cr = byte == b'\r';
            match byte {
                b'\n' if second_half => {}
                b'\n' | b'\r' => events.extend(self.end_line()?),
                _ if self.line.len() == MAX_LINE_BYTES => return Err(Malformed::LongLine),
                _ => self.line.push(byte),
            }
        }
        Ok(())
    }

    fn end_line(&mut self) -> Result<Option<String>, Malformed> {
        let line = std::mem::take(&mut self.line);
        let line = std::str::from_utf8(&line).map_err(|_| Malformed::NotText)?;
        if line.is_empty() {
            let complete = std::mem::take(&mut self.has_data);
            let data = std::mem::take(&mut self.data);
            return Ok(complete.then_some(data));
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        // Comments and the other fields of the format say nothing here.
        if field == "data" {
            let value = value.strip_prefix(' ').unwrap_or(value);
            if self.has_data {
                self.data.push('\n');
            }
            if self.data.len() + value.len() > MAX_LINE_BYTES {
                return Err(Malformed::LongLine);
            }
            self.data.push_str(value);
            self.has_data = true;
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(chunks: &[&[u8]]) -> Result<Vec<String>, Malformed> {
        let (mut events, mut found) = (Events::default(), Vec::new());
        for chunk in chunks {
            events.take(chunk, &mut found)?;
        }
        Ok(found)
    }

    #[test]
    fn events_are_read_whatever_their_line_ends_and_cuts() {
        let found =
            all(&[b"data: on", b"e\r", b"\n\r\n: alive\n\ndata:two\ndata: lines\nid: 7\n\n"]);

        assert_eq!(found.unwrap(), ["one", "two\nlines"]);
    }

    #[test]
    fn an_event_that_is_not_complete_is_not_told() {
        assert_eq!(all(&[b"data: one\n"]).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_character_may_be_cut_in_two_but_not_be_broken() {
        assert_eq!(all(&[b"data: \xC3", b"\xA9\n\n"]).unwrap(), ["é"]);
        assert_eq!(all(&[b"data: \xC3\n\n"]), Err(Malformed::NotText));
    }

    #[test]
    fn a_line_without_end_is_cut_off_at_its_limit() {
        let mut events = Events::default();
        let chunk = vec![b'x'; 1 << 16];

        let refusal = (0..64).find_map(|_| events.take(&chunk, &mut Vec::new()).err());

        assert_eq!(refusal, Some(Malformed::LongLine));
        assert!(events.line.capacity() <= 2 * MAX_LINE_BYTES);
    }

    #[test]
    fn data_lines_without_an_empty_line_are_cut_off_as_well() {
        let mut events = Events::default();
        let line = [b"data: ".as_slice(), &[b'x'; 1000], b"\n"].concat();

        let refusal = (0..5000).find_map(|_| events.take(&line, &mut Vec::new()).err());

        assert_eq!(refusal, Some(Malformed::LongLine));
    }

    #[test]
    fn a_stream_of_comments_ends_at_its_limit() {
        let mut events = Events::default();
        let chunk = b": still here\n\n".repeat(4096);

        let refusal = (0..1000).find_map(|_| events.take(&chunk, &mut Vec::new()).err());

        assert_eq!(refusal, Some(Malformed::Endless));
    }

    proptest! {
        #[test]
        fn cuts_change_nothing(bytes in proptest::collection::vec(
            prop_oneof![Just(b'\n'), Just(b'\r'), Just(b':'), Just(b'd'), any::<u8>()], 0..200),
            at in 0_usize..200)
        {
            let at = at.min(bytes.len());
            let text = [b"data: ".as_slice(), &bytes].concat();
            let at = at + 6;

            prop_assert_eq!(all(&[&text]), all(&[&text[..at], &text[at..]]));
        }
    }
}
