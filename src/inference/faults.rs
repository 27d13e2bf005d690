//! How often models failed lately, and when that is enough.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use arena_core::ids::ModelId;

/// How far back faults count.
const WINDOW: Duration = Duration::from_secs(600);

/// The faults of the last ten minutes. A new start of the app begins with none.
pub(super) struct Record {
    most: usize,
    by_model: HashMap<ModelId, VecDeque<Instant>>,
}

impl Record {
    /// Quarantine comes with this many faults; 0 for never.
    pub(super) fn new(most: usize) -> Self {
        Self { most, by_model: HashMap::new() }
    }

    /// Notes one fault; tells whether it is one too many, with the count.
    pub(super) fn note(&mut self, model: ModelId, now: Instant) -> Option<usize> {
        let times = self.by_model.entry(model).or_default();
        while times.front().is_some_and(|&time| now.duration_since(time) > WINDOW) {
            times.pop_front();
        }
        times.push_back(now);
        (self.most > 0 && times.len() >= self.most).then_some(times.len())
    }

    /// Begins anew for a model, as after its quarantine has begun.
    pub(super) fn forget(&mut self, model: ModelId) {
        self.by_model.remove(&model);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_third_fault_within_ten_minutes_is_one_too_many() {
        let (mut record, model, other) =
            (Record::new(3), ModelId(Uuid::new_v4()), ModelId(Uuid::new_v4()));
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);

        assert_eq!(record.note(model, start), None);
        assert_eq!(record.note(other, after(1)), None);
        assert_eq!(record.note(model, after(590)), None);
        assert_eq!(record.note(model, after(601)), None, "the first is more than ten minutes old");
        assert_eq!(record.note(model, after(1190)), Some(3));
    }

    #[test]
    fn nothing_is_too_much_where_the_operator_says_so_or_the_record_was_cleared() {
        let model = ModelId(Uuid::new_v4());
        let now = Instant::now();
        let mut never = Record::new(0);
        let mut cleared = Record::new(2);

        assert!((0..100).all(|_| never.note(model, now).is_none()));
        assert_eq!(cleared.note(model, now), None);
        cleared.forget(model);
        assert_eq!(cleared.note(model, now), None);
    }
}
