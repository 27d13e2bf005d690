//! How many tokens of questions one decode step may hold, so that no step takes too long.
//!
//! The sizes follow from measured times: a fixed one would be too long for large models on slow
//! machines and too short for small ones on fast machines.

use std::time::Duration;

/// Longest step while other answers are being written; 100 ms are promised, the rest is for noise.
const SHARED_STEP: Duration = Duration::from_millis(70);
/// Longest step of a question alone: a cancelled answer ends after it, a new one begins.
const LONE_STEP: Duration = Duration::from_millis(400);
/// What a question adds at least to a step, however long the step is without it.
const LEAST_ADDED: Duration = Duration::from_millis(20);
/// The same as a part of the step without it, and at most: on a machine so busy that no step keeps
/// the promise, a question must still be read before its deadline.
const ADDED_PART: f64 = 0.6;
const MOST_ADDED: Duration = Duration::from_millis(100);
/// Tokens of the first question, before anything is measured.
const FIRST_TOKENS: usize = 8;
/// One step in so many reads nothing, so that it stays known what writing alone costs just now.
const STEPS_A_LOOK: u32 = 8;
/// How fast estimates follow; dearer reading is believed sooner, since too long a step is noticed.
const FOLLOWED: f64 = 0.2;
const FOLLOWED_UPWARD: f64 = 0.4;

/// Measured costs of one model at the present number of threads.
#[derive(Debug)]
pub(crate) struct Allowance {
    most: usize,
    /// Seconds a step takes besides its question tokens, for each answer being written.
    writing_s: Option<f64>,
    /// Seconds a question token adds.
    reading_s: Option<f64>,
    /// Steps since the last look at writing alone.
    unlooked: u32,
}

impl Allowance {
    /// Nothing is known yet; `most` tokens fit into a step.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, writing_s: None, reading_s: None, unlooked: 0 }
    }

    /// Question tokens of the next step, beside `writing` answers that gain a token each; now and
    /// then none.
    pub(crate) fn tokens(&mut self, writing: usize) -> usize {
        self.unlooked += 1;
        if writing > 0 && self.unlooked >= STEPS_A_LOOK {
            return 0;
        }
        let Some(reading_s) = self.reading_s else { return FIRST_TOKENS.min(self.most) };
        let budget_s = if writing == 0 {
            LONE_STEP.as_secs_f64()
        } else {
            let spent_s = self.writing_s.unwrap_or_default();
            let part_s = (spent_s * ADDED_PART).min(MOST_ADDED.as_secs_f64());
            (SHARED_STEP.as_secs_f64() - spent_s).max(LEAST_ADDED.as_secs_f64()).max(part_s)
        };
        let fitting = (budget_s / reading_s).clamp(1.0, self.most as f64) as usize;
        // Powers of two, so that repeated questions mostly take the same steps.
        (1 << fitting.ilog2()).min(self.most)
    }

    /// Learns from a step of `reading` question tokens beside `writing` answers.
    pub(crate) fn learn(&mut self, reading: usize, writing: usize, spent: Duration) {
        let spent_s = spent.as_secs_f64();
        if reading == 0 {
            self.unlooked = 0;
            follow(&mut self.writing_s, spent_s, FOLLOWED);
            return;
        }
        let besides_s = if writing == 0 { 0.0 } else { self.writing_s.unwrap_or_default() };
        // Never free: a step that was faster than expected says little of its parts.
        let added_s = (spent_s - besides_s).max(spent_s / 4.0);
        follow(&mut self.reading_s, added_s / reading as f64, FOLLOWED_UPWARD);
    }

    /// Another number of threads: costs change in proportion, as far as anybody knows yet.
    pub(crate) fn rescale(&mut self, before: u32, after: u32) {
        let factor = f64::from(before) / f64::from(after.max(1));
        for cost_s in [&mut self.writing_s, &mut self.reading_s].into_iter().flatten() {
            *cost_s *= factor;
        }
    }
}

/// A running mean that may follow upwards faster than downwards.
fn follow(estimate: &mut Option<f64>, measured: f64, upward: f64) {
    *estimate = Some(match *estimate {
        None => measured,
        Some(old) if measured > old => old + (measured - old) * upward,
        Some(old) => old + (measured - old) * FOLLOWED,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// A machine on which a question token costs `reading` and a written one `writing`.
    fn settled(reading: Duration, writing: Duration) -> (Allowance, Duration) {
        let mut allowance = Allowance::new(256);
        let mut longest = Duration::ZERO;
        allowance.learn(0, 1, writing);
        for i in 0..80 {
            let tokens = allowance.tokens(1);
            let step = reading * u32::try_from(tokens).unwrap() + writing;
            allowance.learn(tokens, 1, step);
            if i > 20 {
                longest = longest.max(step);
            }
        }
        allowance.learn(0, 1, writing);
        (allowance, longest)
    }

    #[test]
    fn a_step_beside_an_answer_stays_below_the_promise_on_slow_and_fast_machines() {
        for (reading, writing) in
            [(MS / 10, MS), (MS, 10 * MS), (5 * MS, 30 * MS), (12 * MS, 50 * MS)]
        {
            let (_, longest) = settled(reading, writing);

            assert!(longest < 100 * MS, "{reading:?} {writing:?}: {longest:?}");
        }
    }

    #[test]
    fn a_fast_machine_reads_more_in_one_step_than_a_slow_one() {
        let (mut fast, _) = settled(MS / 10, MS);
        let (mut slow, _) = settled(5 * MS, 30 * MS);

        assert_eq!((fast.tokens(1), slow.tokens(1)), (256, 8));
        assert!(slow.tokens(0) > slow.tokens(1));
    }

    #[test]
    fn a_machine_too_busy_for_the_promise_still_reads_and_adds_no_more_than_the_promise() {
        let (mut allowance, _) = settled(10 * MS, 200 * MS);

        let tokens = u32::try_from(allowance.tokens(1)).unwrap();

        assert!(tokens >= 4 && 10 * MS * tokens <= 100 * MS, "{tokens}");
    }

    #[test]
    fn a_machine_that_becomes_ten_times_slower_is_noticed_within_a_few_steps() {
        let (mut allowance, _) = settled(MS / 2, 5 * MS);
        let mut late = 0;

        for _ in 0..60 {
            let tokens = allowance.tokens(1);
            let step = 5 * MS * u32::try_from(tokens).unwrap() + 50 * MS;
            allowance.learn(tokens, 1, step);
            late += u32::from(step > 150 * MS);
        }

        assert!(late <= 8, "{late}");
    }

    #[test]
    fn half_the_threads_halve_the_step_before_anything_is_measured_again() {
        let (mut allowance, _) = settled(MS, MS);
        let before = allowance.tokens(1);

        allowance.rescale(2, 1);

        assert_eq!(allowance.tokens(1) * 2, before);
    }
}
