//! The joint playout clock: both answers appear at one speed, that of the slower model.
//!
//! A clock holds the text that the models have produced and says, tick by tick, what may be shown. What it shows must
//! not say which side is the faster model, and the ends are where it would:
//! * Both sides advance by the same number of characters until one has shown all its text.
//! * Text *arrives* when both sides have it. From the moment one model has written its last word, arrivals repeat
//!   those of before, so that the other answer goes on at the pace both had: a fast model's longer answer does not
//!   rush, and a slow model that has the cores to itself from then on does not gain speed. The last characters come
//!   at that pace too.
//! * Steps follow arrivals smoothly, so that tokens and pauses of one model cannot be made out in them.
//!
//! So given both texts and the pace, the moments are the same whichever side is the slow one.
//!
//! * No pair is shown faster than people read, so that the speed of most pairs plays no part at all.
//!
//! Known limits: a pair that is slower than [`SLOWEST_REPEATED`] is carried on at that speed, about reading speed, so
//! that nobody waits many minutes for text that is there; an answer of a few words sets no pace yet; and a pair below the
//! highest pace whose slow model gains cores when the other one is done shows by its pace how long that took. The tests
//! of `battle` in the application measure what can be told.

use std::collections::VecDeque;

use crate::ids::{Side, Sides};

/// Time between two releases of text, in milliseconds.
pub const TICK_MS: u64 = 100;
/// Most characters that one side advances in one tick while answers are being written: 60 a second, twice what a fast
/// reader takes in of one answer. A pair that can do more shows nothing of its speed.
const MAX_CHARS_PER_TICK: usize = 6;
/// The same where both answers were there before anything was shown: nothing can be told from them.
const MAX_CHARS_PER_TICK_STORED: usize = 24;
/// Least arrivals in one tick, on average, once they are repeated: 25 characters a second are shown of them.
pub const SLOWEST_REPEATED: usize = 3;
/// How much of what has arrived is shown: the rest is a reserve, so that a model that is really slow keeps up with
/// arrivals that are repeated.
const SHOWN_PERCENT: usize = 85;
/// One step is this part of what has arrived and is not shown.
const SMOOTHING: usize = 5;
/// Text that is gathered before any is shown, in characters, so that steps are even from the first one on.
const HEAD_START: usize = 60;
/// Longest time for gathering it, in ticks.
const HEAD_START_TICKS: usize = 10;
/// Arrivals that set a pace, in ticks.
const PACE_TICKS: usize = 30;
/// Arrivals that are repeated, in ticks.
const REMEMBERED_TICKS: usize = 100;

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
    /// Characters produced so far.
    produced: usize,
    finished: bool,
}

impl Track {
    fn exhausted(&self) -> bool {
        self.finished && self.waiting.is_empty()
    }

    fn take(&mut self, chars: usize) -> String {
        let end = self.waiting.char_indices().nth(chars).map_or(self.waiting.len(), |(i, _)| i);
        let rest = self.waiting.split_off(end);
        std::mem::replace(&mut self.waiting, rest)
    }
}

/// The playout of one turn of one battle.
#[derive(Debug, Default)]
pub struct Clock {
    tracks: Sides<Track>,
    /// How far text may be shown, in characters of either side.
    arrived: usize,
    /// How far text was shown.
    shown: usize,
    /// Arrivals of the last ticks; begins with the first text.
    pace: VecDeque<usize>,
    /// The arrival that is repeated next.
    next_repeated: usize,
}

impl Clock {
    /// Takes in text that one model has produced.
    pub fn push(&mut self, side: Side, text: &str) {
        let track = self.tracks.get_mut(side);
        track.waiting.push_str(text);
        track.produced += text.chars().count();
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
    /// Both sides advance by the same number of characters, as far as each has text.
    pub fn tick(&mut self) -> Frame {
        self.arrive();
        let allowed = (self.arrived * SHOWN_PERCENT).div_ceil(100).min(self.limit());
        let store = allowed.saturating_sub(self.shown);
        if !self.may_begin() {
            return Frame::default();
        }
        let step = match self.pace.is_empty() {
            true => store.min(MAX_CHARS_PER_TICK_STORED),
            false => store.div_ceil(SMOOTHING).min(MAX_CHARS_PER_TICK),
        };
        // A step ends where an answer ends, so that both gain alike up to there.
        let Sides { left, right } = &self.tracks;
        let ending = [left, right].into_iter().filter(|track| track.finished && !track.exhausted());
        let step = ending.map(|track| track.produced - self.shown).fold(step, usize::min);
        self.shown += step;
        Frame { left: self.tracks.left.take(step), right: self.tracks.right.take(step) }
    }

    /// Whether enough has arrived, or as much as will in a short while.
    fn may_begin(&self) -> bool {
        let Sides { left, right } = &self.tracks;
        let has_all = |track: &Track| track.finished && track.produced <= self.arrived;
        self.shown > 0
            || self.arrived >= HEAD_START
            || self.pace.len() > HEAD_START_TICKS
            || has_all(left)
            || has_all(right)
    }

    /// What models that still write have produced: more cannot be shown of them.
    fn limit(&self) -> usize {
        let Sides { left, right } = &self.tracks;
        let unfinished = [left, right].into_iter().filter(|track| !track.finished);
        unfinished.map(|track| track.produced).min().unwrap_or(usize::MAX)
    }

    fn arrive(&mut self) {
        let Sides { left, right } = &self.tracks;
        let (both_have, limit) = (left.produced.min(right.produced), self.limit());
        let (one_finished, all_finished) =
            (left.finished || right.finished, left.finished && right.finished);
        let sets_pace =
            self.pace.len() < PACE_TICKS && (self.arrived < both_have || limit == self.arrived);
        if !one_finished || (sets_pace && !all_finished) {
            let arrival = both_have.max(self.arrived) - self.arrived;
            self.arrived += arrival;
            self.remember(arrival);
        } else {
            let arrived = self.arrived.saturating_add(self.repeated());
            let most = limit.saturating_mul(100) / SHOWN_PERCENT;
            self.arrived = arrived.min(most.max(self.arrived));
        }
    }

    fn remember(&mut self, arrival: usize) {
        if arrival == 0 && self.pace.is_empty() {
            return;
        }
        if self.pace.len() == REMEMBERED_TICKS {
            self.pace.pop_front();
        }
        self.pace.push_back(arrival);
    }

    /// The next arrival of those before; without any, nothing holds the text back.
    fn repeated(&mut self) -> usize {
        let total: usize = self.pace.iter().sum();
        if self.pace.is_empty() {
            return self.tracks.left.produced.max(self.tracks.right.produced);
        }
        if total < SLOWEST_REPEATED * self.pace.len() {
            return SLOWEST_REPEATED;
        }
        let arrival = self.pace[self.next_repeated % self.pace.len()];
        self.next_repeated += 1;
        arrival
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Ticks until both answers are shown, with so many characters a tick from each model.
    fn steps(clock: &mut Clock, mut feeds: Sides<(usize, usize)>) -> Vec<(usize, usize)> {
        let mut steps = Vec::new();
        while !clock.ended() {
            for side in Side::BOTH {
                let (rest, speed) = feeds.get_mut(side);
                let chars = (*rest).min(*speed);
                *rest -= chars;
                clock.push(side, &"x".repeat(chars));
                if *rest == 0 {
                    clock.finish(side);
                }
            }
            let frame = clock.tick();
            steps.push((frame.left.len(), frame.right.len()));
            assert!(steps.len() < 10_000, "the clock stands still");
        }
        steps
    }

    /// The first frame with text, or an empty one when the head start brings none.
    fn first_frame(clock: &mut Clock) -> Frame {
        let mut ticks = (0..2 * HEAD_START_TICKS).map(|_| clock.tick());
        ticks.find(|frame| !frame.is_empty()).unwrap_or_default()
    }

    fn play(left: (usize, usize), right: (usize, usize)) -> Vec<(usize, usize)> {
        steps(&mut Clock::default(), Sides { left, right })
    }

    #[test]
    fn nothing_is_shown_before_both_sides_have_text() {
        let mut clock = Clock::default();

        clock.push(Side::Left, "a long start of the fast model");

        assert!(first_frame(&mut clock).is_empty());
        clock.push(Side::Right, "slow");
        assert_eq!(first_frame(&mut clock), Frame { left: "a".into(), right: "s".into() });
    }

    #[test]
    fn a_fast_model_that_is_done_waits_for_the_slow_one() {
        let mut clock = Clock::default();
        clock.push(Side::Left, &"x".repeat(1_000));
        clock.finish(Side::Left);
        clock.push(Side::Right, "é");

        assert_eq!(first_frame(&mut clock), Frame { left: "x".into(), right: "é".into() });
        assert!(clock.tick().is_empty());
        assert!(!clock.ended());
    }

    #[test]
    fn the_moments_are_the_same_whichever_model_writes_the_longer_answer() {
        let longer_is_slow = play((300, 50), (900, 5));
        let longer_is_fast = play((300, 5), (900, 50));

        assert_eq!(longer_is_slow.len(), longer_is_fast.len());
        assert_eq!(longer_is_slow, longer_is_fast);
    }

    #[test]
    fn a_slow_model_that_gains_speed_when_it_is_alone_does_not_show_it() {
        let mut clock = Clock::default();
        let mut even = Clock::default();
        let mut shown = [0, 0];

        for tick in 0..200 {
            for (clock, alone) in [(&mut clock, 12), (&mut even, 6)] {
                clock.push(Side::Left, &"x".repeat(if tick < 50 { 20 } else { 0 }));
                clock.push(Side::Right, &"x".repeat(if tick < 50 { 6 } else { alone }));
                if tick == 50 {
                    clock.finish(Side::Left);
                }
            }
            shown[0] += clock.tick().right.len();
            shown[1] += even.tick().right.len();
        }

        assert_eq!(shown[0], shown[1]);
    }

    #[test]
    fn text_that_is_all_there_at_the_start_is_shown_at_the_highest_speed() {
        let mut clock = Clock::default();
        for side in Side::BOTH {
            clock.push(side, &"x".repeat(480));
            clock.finish(side);
        }

        let first = clock.tick();

        assert_eq!(first.left.len(), MAX_CHARS_PER_TICK_STORED);
        assert_eq!((0..).take_while(|_| !clock.tick().is_empty()).count(), 19);
        assert!(clock.ended());
    }

    #[test]
    fn a_pair_slower_than_reading_speed_is_carried_on_at_that_speed() {
        let steps = play((100, 1), (500, 50));

        let tail = steps.iter().rev().take_while(|(left, _)| *left == 0).count();
        let shown = SLOWEST_REPEATED * SHOWN_PERCENT;
        assert!(tail.abs_diff(400 * 100 / shown) <= 15, "{tail}");
    }

    proptest! {
        #[test]
        fn all_text_is_shown_once_in_order_and_in_equal_steps(
            left in "\\PC{0,300}", right in "\\PC{0,300}",
            (left_chunk, right_chunk) in (1usize..40, 1usize..40),
        ) {
            let mut clock = Clock::default();
            let mut shown = Frame::default();
            let mut feeds = [left.chars().collect::<Vec<_>>(), right.chars().collect()];
            for _ in 0..2_000 {
                let chunks = [left_chunk, right_chunk];
                for ((side, feed), chunk) in Side::BOTH.into_iter().zip(&mut feeds).zip(chunks) {
                    let text: String = feed.drain(..chunk.min(feed.len())).collect();
                    clock.push(side, &text);
                    if feed.is_empty() {
                        clock.finish(side);
                    }
                }
                let frame = clock.tick();
                if !clock.tracks.left.exhausted() && !clock.tracks.right.exhausted() {
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
