//! What times and sizes say of one side of a battle.

use arena_core::ids::{Side, Sides};

use super::Seen;

/// Numbers that describe one side.
const OF_A_SIDE: usize = 24;
/// The same, with their squares.
pub(super) const FEATURES: usize = 2 * OF_A_SIDE;

/// The events in which one side gains text: seconds, characters, and what the other side gains.
struct Track {
    steps: Vec<(f64, f64, f64)>,
    end: f64,
}

impl Track {
    fn of(events: &[Seen], side: Side) -> Self {
        let step = |event: &Seen| {
            let Sides { left, right } = event.chars;
            let (own, other) = if side == Side::Left { (left, right) } else { (right, left) };
            (event.at.as_secs_f64(), own as f64, other as f64)
        };
        let steps = events.iter().map(step).filter(|(_, own, _)| *own > 0.0).collect();
        Self { steps, end: events.last().map_or(0.0, |event| event.at.as_secs_f64()) }
    }

    /// Characters a second from one moment to another.
    fn rate(&self, from: f64, to: f64) -> f64 {
        let inside = self.steps.iter().filter(|(at, _, _)| (from..to).contains(at));
        inside.map(|(_, own, _)| own).sum::<f64>() / (to - from).max(0.1)
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn spread(values: &[f64]) -> f64 {
    let middle = mean(values);
    mean(&values.iter().map(|value| (value - middle).powi(2)).collect::<Vec<_>>()).sqrt()
}

fn log(value: f64) -> f64 {
    value.max(1e-3).ln()
}

/// Describes one side; `events` are all events of the battle.
fn of_side(events: &[Seen], side: Side) -> [f64; OF_A_SIDE] {
    let track = Track::of(events, side);
    let at: Vec<f64> = track.steps.iter().map(|(at, _, _)| *at).collect();
    let sizes: Vec<f64> = track.steps.iter().map(|(_, own, _)| *own).collect();
    let gaps: Vec<f64> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let (first, last) = (at.first().copied().unwrap_or(0.0), at.last().copied().unwrap_or(0.0));
    let chars: f64 = sizes.iter().sum();
    // The part in which this side goes on alone.
    let alone: Vec<_> = track.steps.iter().filter(|(_, _, other)| *other == 0.0).collect();
    let alone_from = alone.first().map_or(last, |step| step.0);
    let alone_sizes: Vec<f64> = alone.iter().map(|(_, own, _)| *own).collect();
    let alone_gaps: Vec<f64> = alone.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    let joint_sizes: Vec<f64> =
        track.steps.iter().filter(|step| step.2 > 0.0).map(|step| step.1).collect();
    let joint = track.rate(first, alone_from);
    let tail = track.rate(alone_from, last);
    let is_longer = alone.len() > 3;
    let if_longer = |value: f64| if is_longer { value } else { 0.0 };
    let largest = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    let middle = f64::midpoint(first, alone_from);
    [
        first,
        last,
        track.end - last,
        log(chars),
        log(chars / track.end.max(0.1)),
        log(chars / (last - first).max(0.1)),
        log(chars / joint.max(0.1)),
        mean(&sizes),
        spread(&sizes),
        largest(&sizes),
        mean(&gaps),
        spread(&gaps),
        largest(&gaps),
        if_longer(log(tail) - log(joint)),
        if_longer(log(tail)),
        if_longer(mean(&alone_sizes) - mean(&joint_sizes)),
        if_longer(spread(&alone_sizes) - spread(&joint_sizes)),
        if_longer(spread(&alone_gaps)),
        if_longer(largest(&alone_gaps)),
        if_longer(alone_gaps.first().copied().unwrap_or(0.0)),
        if_longer(log(track.rate(alone_from, alone_from + 1.0)) - log(joint)),
        if_longer(log(track.rate(last - 1.0, last + 0.1)) - log(joint)),
        if_longer(log(track.rate(middle, alone_from)) - log(track.rate(first, middle))),
        if is_longer { joint } else { -joint },
    ]
}

/// What tells the left side from the right one: it changes its sign when they change places.
pub(super) fn of_battle(events: &[Seen]) -> [f64; FEATURES] {
    let [left, right] = Side::BOTH.map(|side| of_side(events, side));
    std::array::from_fn(|at| match at.checked_sub(OF_A_SIDE) {
        None => left[at] - right[at],
        Some(at) => left[at].powi(2) - right[at].powi(2),
    })
}
