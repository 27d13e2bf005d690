//! Check 15: the keys of days, the numbers of draws, and what follows from the keys.

use std::collections::HashMap;

use super::super::commitment::{Domain, commit};
use super::super::draw::{EpochKey, Ticket};
use super::super::leaf;
use super::super::merkle::Hash;
use super::super::scan::{self, Id};
use super::Verification;
use super::report::{Check, Problems};
use super::shares::{Drawn, Shares};
use super::state::{Battle, NONE};
use crate::journal::parse_hex;

const DAY_SECONDS: u64 = 86_400;
/// A day's key is shown within this time after its end.
const REVEAL_SECONDS: u64 = 49 * 3600;

/// One day's key and its draws.
struct Day {
    name: String,
    leaf: u64,
    /// Unix seconds at which it begins; none if there is no such day.
    begins: Option<u64>,
    commitment: Option<Hash>,
    /// Number of the next draw.
    next: u64,
    is_revealed: bool,
    /// Places of its battles, until it is revealed.
    battles: Vec<u32>,
}

#[derive(Default)]
pub(super) struct Epochs {
    by_name: HashMap<String, u32>,
    days: Vec<Day>,
    policies: Vec<Hash>,
    /// Numbers of lists of models that could not be drawn, as they stand in leaves.
    outs: HashMap<Vec<u8>, u32>,
    /// The lists with how often each occurred.
    lists: Vec<(Vec<Id>, u64)>,
    pub(super) shares: Shares,
}

impl Epochs {
    /// Place of a day, and whether it is revealed.
    pub(super) fn day(&self, name: &str) -> Option<(u32, bool)> {
        let last = self.days.len().checked_sub(1)?;
        if self.days[last].name == name {
            return Some((u32::try_from(last).ok()?, self.days[last].is_revealed));
        }
        let place = *self.by_name.get(name)?;
        Some((place, self.days.get(place as usize)?.is_revealed))
    }

    /// Place of the last policy.
    pub(super) fn policy_in_force(&self) -> u32 {
        self.policies.len().checked_sub(1).map_or(NONE, |last| last as u32)
    }

    pub(super) fn assigned(
        &mut self,
        day: u32,
        place: u32,
        index: u64,
        number: u64,
        problems: &mut Problems,
    ) {
        let Some(day) = self.days.get_mut(day as usize) else { return };
        day.battles.push(place);
        if number != day.next {
            problems.add(Check::Epochs, Some(index), || {
                format!("draw {number} of {} comes where draw {} is due", day.name, day.next)
            });
        }
        day.next = number.saturating_add(1);
    }

    /// Number of a list of models that could not be drawn; counts it.
    pub(super) fn out(&mut self, list: &[u8]) -> u32 {
        if let Some(number) = self.outs.get(list) {
            self.lists[*number as usize].1 += 1;
            return *number;
        }
        let number = self.lists.len() as u32;
        self.outs.insert(list.to_vec(), number);
        self.lists.push((scan::out(list), 1));
        number
    }

    /// How often each model could not be drawn.
    pub(super) fn out_counts(&self) -> HashMap<Id, u64> {
        let mut counts = HashMap::new();
        for (list, count) in &self.lists {
            for id in list {
                *counts.entry(*id).or_insert(0) += count;
            }
        }
        counts
    }

    /// How many days there are, and how many are revealed.
    pub(super) fn revealed(&self) -> (usize, usize) {
        (self.days.len(), self.days.iter().filter(|day| day.is_revealed).count())
    }
}

impl Verification<'_> {
    pub(super) fn policy(&mut self, index: u64, policy: &leaf::Policy) {
        // The leaf was read, so that this is a digest.
        let digest = parse_hex(&policy.sha256).unwrap_or_default();
        self.epochs.policies.push(digest);
        if self.epochs.shares.policy(&digest, &mut self.find).is_none() {
            self.problems.add(Check::Epochs, Some(index), || {
                "its policy file is missing or another".to_owned()
            });
        }
    }

    pub(super) fn epoch(&mut self, index: u64, epoch: &leaf::Epoch) {
        let begins = day_begins(&epoch.e);
        if begins.is_none_or(|begins| begins > epoch.t + DAY_SECONDS) {
            self.problems.add(Check::Epochs, Some(index), || {
                "its day is none, or begins more than a day later".to_owned()
            });
        }
        if self.epochs.by_name.contains_key(&epoch.e) {
            self.problems.add(Check::Grammar, Some(index), || {
                "its day has an epoch leaf already".to_owned()
            });
            return;
        }
        let place = self.epochs.days.len() as u32;
        self.epochs.by_name.insert(epoch.e.clone(), place);
        self.epochs.days.push(Day {
            name: epoch.e.clone(),
            leaf: index,
            begins,
            commitment: parse_hex(&epoch.c),
            next: 0,
            is_revealed: false,
            battles: Vec::new(),
        });
    }

    pub(super) fn epoch_reveal(&mut self, index: u64, reveal: &leaf::EpochReveal) {
        let found = self.epochs.day(&reveal.e);
        let Some((place, false)) = found else {
            let what = if found.is_some() { "is revealed already" } else { "has no epoch leaf" };
            self.problems.add(Check::Grammar, Some(index), || format!("its day {what}"));
            return;
        };
        let (Some(key), Some(day)) =
            (parse_hex(&reveal.key), self.epochs.days.get_mut(place as usize))
        else {
            return;
        };
        day.is_revealed = true;
        let battles = std::mem::take(&mut day.battles);
        let committed = commit(Domain::Epoch, &key, day.name.as_bytes());
        if day.commitment != Some(committed) {
            self.problems.add(Check::Epochs, Some(index), || {
                format!("its key does not open the commitment of {}", reveal.e)
            });
        }
        for place in battles {
            self.redraw(index, place, &key);
        }
    }

    /// Repeats one draw; an open battle stays, so that it can still be closed.
    fn redraw(&mut self, index: u64, place: u32, key: &EpochKey) {
        if self.state.battle(place).is_some_and(|battle| battle.opened.is_none()) {
            self.problems.add(Check::Epochs, Some(index), || {
                "a battle of its day is open, whose pair can now be known".to_owned()
            });
            return;
        }
        let Some(battle) = self.state.forget(place) else { return };
        if let Err(what) = self.compare_draw(&battle, key) {
            self.problems.add(Check::Epochs, Some(battle.leaf), || what.to_owned());
        }
    }

    fn compare_draw(&mut self, battle: &Battle, key: &EpochKey) -> Result<(), &'static str> {
        let Some(opened) = battle.opened else { return Ok(()) };
        let nonce = opened.nonce.as_ref().map_or(&[][..], |nonce| &nonce[..]);
        let ticket = Ticket { key, number: battle.number, nonce };
        let id = ticket.battle();
        if *id.0.as_bytes() != battle.id {
            return Err("its battle id is not the one that follows from the key");
        }
        // Without a policy there is a problem already, of the leaf that names it.
        let Some(digest) = self.epochs.policies.get(battle.policy as usize) else { return Ok(()) };
        let list = self.epochs.lists.get(opened.out as usize).map_or(&[][..], |(list, _)| list);
        let out = (opened.out, list);
        let drawn = self.epochs.shares.draw(&ticket, id, digest, out, &mut self.find);
        let Some(drawn) = drawn else { return Ok(()) };
        let Drawn { models, seeds } = drawn.ok_or("no pair could be drawn")?;
        self.epochs.shares.stored += opened.stored.iter().filter(|stored| **stored).count() as u64;
        if models != opened.models {
            return Err("its pair or sides are not those that follow from the key");
        }
        let sides = seeds.iter().zip(opened.seeds).zip(opened.stored);
        match sides.clone().any(|((drawn, told), stored)| *drawn != told && !stored) {
            true => Err("a seed is not the one that follows from the key"),
            false => Ok(()),
        }
    }

    pub(super) fn finish_epochs(&mut self) {
        let last = self.state.last_time;
        for day in self.epochs.days.iter().filter(|day| !day.is_revealed) {
            let ends = day.begins.unwrap_or(0).saturating_add(DAY_SECONDS);
            let is_open = |place: &u32| {
                self.state.battle(*place).is_some_and(|battle| battle.opened.is_none())
            };
            let is_late = last.saturating_sub(ends) > REVEAL_SECONDS;
            if is_late && !day.battles.iter().any(is_open) {
                self.problems.add(Check::Epochs, Some(day.leaf), || {
                    format!("the key of {} is not shown, 49 hours after its end", day.name)
                });
            }
        }
        self.epochs.shares.settle();
    }
}

/// Unix seconds at which a day begins; none before 1970 or if there is no such day.
///
/// **Source** Hinnant 2021, "chrono-compatible low-level date algorithms", days_from_civil.
fn day_begins(name: &str) -> Option<u64> {
    let number = |range: std::ops::Range<usize>| name.get(range)?.parse::<u64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let longest = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    if year < 1970 || day == 0 || day > longest {
        return None;
    }
    // The year begins in March, so that the leap day is its last.
    let (shifted, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (shifted / 400, shifted % 400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(days * DAY_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::day_begins;

    #[test]
    fn days_begin_when_the_calendar_says() {
        // By Python's datetime.
        for (day, begins) in
            [("1970-01-01", 0), ("2000-02-29", 951_782_400), ("2026-11-30", 1_795_996_800)]
        {
            assert_eq!(day_begins(day), Some(begins), "{day}");
        }
        for none in ["2026-02-29", "2026-13-01", "2026-00-10", "1969-12-31", "2026-04-31"] {
            assert_eq!(day_begins(none), None, "{none}");
        }
    }
}
