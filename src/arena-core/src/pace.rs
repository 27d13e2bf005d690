//! The joint playout clock: both answers appear at one speed, that of the slower model.
//!
//! A clock holds the text that the models have produced and says, tick by tick, what may be shown.
//! As long as both sides have text to come, both advance by the same number of characters, so that
//! speed names nobody.

use crate::ids::{Side, Sides};

/// Time between two releases of text, in milliseconds.
pub const TICK_MS: u64 = 100;
/// Most characters that one side advances in one tick: 120 characters a second and up read as typing.
const MAX_CHARS_PER_TICK: usize = 24;

/// What both sides show after one more tick.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Text that answer A gains.
    pub left: String,
    /// Text that answer B gains.
    pub right: String,
}

impl Frame {
    /// Whether nothing new is shown.
    pub fn is_empty(&self) -> bool {
        self.left.is_empty() && self.right.is_empty()
    }
}

#[derive(Debug, Default)]
struct Track {
    /// Produced and not yet shown.
    waiting: String,
    waiting_chars: usize,
    finished: bool,
}

impl Track {
    fn exhausted(&self) -> bool {
        self.finished && self.waiting.is_empty()
    }

    fn take(&mut self, chars: usize) -> String {
        let end = self.waiting.char_indices().nth(chars).map_or(self.waiting.len(), |(i, _)| i);
        let rest = self.waiting.split_off(end);
        self.waiting_chars -= chars.min(self.waiting_chars);
        std::mem::replace(&mut self.waiting, rest)
    }
}

/// The playout of one turn of one battle.
#[derive(Debug, Default)]
pub struct Clock {
    tracks: Sides<Track>,
}

impl Clock {
    /// Takes in text that one model has produced.
    pub fn push(&mut self, side: Side, text: &str) {
        let track = self.tracks.get_mut(side);
        track.waiting.push_str(text);
        track.waiting_chars += text.chars().count();
    }

    /// Notes that one model has produced its last text.
    pub fn finish(&mut self, side: Side) {
        self.tracks.get_mut(side).finished = true;
    }

    /// Whether both answers have been shown to their ends.
    pub fn ended(&self) -> bool {
        self.tracks.left.exhausted() && self.tracks.right.exhausted()
    }

    /// What may be shown at this tick; empty while the slower side has nothing new.
    ///
    /// Both sides advance by the same number of characters unless one has no more text to come. The
    /// step is a quarter of what the slower side has in store, so that stores drain smoothly.
    pub fn tick(&mut self) -> Frame {
        let stores = Side::BOTH
            .map(|side| self.tracks.get(side))
            .map(|track| if track.exhausted() { usize::MAX } else { track.waiting_chars });
        let slower = stores[0].min(stores[1]);
        if slower == usize::MAX || slower == 0 {
            return Frame::default();
        }
        let step = slower.div_ceil(4).min(MAX_CHARS_PER_TICK);
        Frame { left: self.tracks.left.take(step), right: self.tracks.right.take(step) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_shown_before_both_sides_have_text() {
        let mut clock = Clock::default();

        clock.push(Side::Left, "a long start of the fast model");

        assert!(clock.tick().is_empty());
        clock.push(Side::Right, "slow");
        assert_eq!(clock.tick(), Frame { left: "a".into(), right: "s".into() });
    }

    #[test]
    fn a_fast_model_that_is_done_waits_for_the_slow_one() {
        let mut clock = Clock::default();
        clock.push(Side::Left, &"x".repeat(1_000));
        clock.finish(Side::Left);
        clock.push(Side::Right, "é");

        assert_eq!(clock.tick(), Frame { left: "x".into(), right: "é".into() });
        assert!(clock.tick().is_empty());
        assert!(!clock.ended());
    }

    proptest! {
        #[test]
        fn all_text_is_shown_once_in_order_and_in_equal_steps(
            left in "\\PC{0,300}", right in "\\PC{0,300}", chunk in 1usize..40,
        ) {
            let mut clock = Clock::default();
            let mut shown = Frame::default();
            let mut feeds = [left.chars().collect::<Vec<_>>(), right.chars().collect()];
            for _ in 0..2_000 {
                for (side, feed) in Side::BOTH.into_iter().zip(&mut feeds) {
                    let text: String = feed.drain(..chunk.min(feed.len())).collect();
                    clock.push(side, &text);
                    if feed.is_empty() {
                        clock.finish(side);
                    }
                }
                let before = (clock.tracks.left.exhausted(), clock.tracks.right.exhausted());
                let frame = clock.tick();
                if before == (false, false) {
                    prop_assert_eq!(frame.left.chars().count(), frame.right.chars().count());
                }
                shown.left += &frame.left;
                shown.right += &frame.right;
            }
            prop_assert!(clock.ended());
            prop_assert_eq!(shown, Frame { left, right });
        }
    }
}
