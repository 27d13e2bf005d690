//! One answer while it is being written: what nobody sees is taken out of it, and thoughts are split
//! from what the voter reads. Both sides take this path.

use arena_core::normalise::Normaliser;
use arena_core::reasoning::{Parts, Splitter, Start};

/// Most text of one answer, in bytes, thoughts included; an engine that sends more does not keep to
/// what was asked.
const MAX_BYTES: usize = 128 << 10;

/// More text than was asked for.
#[derive(Debug)]
pub(super) struct TooMuch;

/// The two parts of one answer so far.
#[derive(Debug)]
pub(super) struct Draft {
    normaliser: Normaliser,
    splitter: Splitter,
    received: usize,
    parts: Parts,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            normaliser: Normaliser::default(),
            // An engine whose template has opened reasoning says so by sending the opening mark.
            splitter: Splitter::new(Start::Outside),
            received: 0,
            parts: Parts::default(),
        }
    }
}

impl Draft {
    /// Takes in the next piece; returns the visible text that it settles.
    pub(super) fn push(&mut self, piece: &str) -> Result<String, TooMuch> {
        self.received += piece.len();
        if self.received > MAX_BYTES {
            return Err(TooMuch);
        }
        let clean = self.normaliser.push(piece);
        let parts = self.splitter.push(&clean);
        Ok(self.keep(parts))
    }

    /// Ends the answer; returns the visible text that was held back.
    pub(super) fn finish(&mut self) -> String {
        let clean = self.normaliser.finish();
        let parts = self.splitter.push(&clean);
        let mut rest = self.keep(parts);
        let splitter = std::mem::replace(&mut self.splitter, Splitter::new(Start::Outside));
        rest += &self.keep(splitter.finish().parts);
        rest
    }

    /// Everything the voter reads, and what the model thought.
    pub(super) fn take(&mut self) -> Parts {
        std::mem::take(&mut self.parts)
    }

    /// Whether there is nothing to read.
    pub(super) fn is_blank(&self) -> bool {
        self.parts.visible.trim().is_empty()
    }

    fn keep(&mut self, parts: Parts) -> String {
        self.parts.reasoning += &parts.reasoning;
        self.parts.visible += &parts.visible;
        parts.visible
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ANSWER: &str = "<think>\nthe \u{200B}user asks\n</think>\n\nA com\u{202E}et \u{E0041}is ice, e\u{301}t\u{E9}.\0";

    fn written(pieces: &[&str]) -> (String, Parts) {
        let mut draft = Draft::default();
        let mut shown: String =
            pieces.iter().map(|piece| draft.push(piece).expect("little text")).collect();
        shown += &draft.finish();
        (shown, draft.take())
    }

    #[test]
    fn thoughts_and_what_nobody_sees_are_not_shown() {
        let (shown, parts) = written(&[ANSWER]);

        assert_eq!(shown, "A comet is ice, été.");
        assert_eq!(parts.visible, shown);
        assert_eq!(parts.reasoning.trim(), "the user asks");
    }

    #[test]
    fn an_answer_of_thoughts_alone_is_blank() {
        let mut draft = Draft::default();
        draft.push("<think>\nendless").unwrap();

        assert_eq!(draft.finish(), "");
        assert!(draft.is_blank());
    }

    #[test]
    fn thoughts_count_towards_the_most_text_of_an_answer() {
        let mut draft = Draft::default();
        draft.push("<think>\n").unwrap();

        assert!(draft.push(&"x".repeat(MAX_BYTES)).is_err());
    }

    proptest! {
        #[test]
        fn what_is_shown_is_stored_however_the_text_is_cut(cuts in prop::collection::vec(0usize..80, 0..9)) {
            let mut cuts: Vec<_> =
                cuts.into_iter().filter(|cut| ANSWER.is_char_boundary(*cut)).collect();
            cuts.extend([0, ANSWER.len()]);
            cuts.sort_unstable();
            let pieces: Vec<_> = cuts.windows(2).map(|pair| &ANSWER[pair[0]..pair[1]]).collect();

            let (shown, parts) = written(&pieces);

            prop_assert_eq!(&shown, "A comet is ice, été.");
            prop_assert_eq!(parts.visible, shown);
        }
    }
}
