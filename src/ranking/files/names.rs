//! Names as numbers: each name gets the next one when it is first seen.

use std::collections::HashMap;

use foldhash::fast::RandomState;

/// Names seen so far, with their numbers.
#[derive(Default)]
pub(super) struct Names {
    numbers: HashMap<Box<str>, u32, RandomState>,
}

impl Names {
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    pub(super) fn get(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// The number of a name, which is its own if it is new.
    pub(super) fn number(&mut self, name: &str) -> u32 {
        match self.get(name) {
            Some(number) => number,
            None => self.add(name),
        }
    }

    fn add(&mut self, name: &str) -> u32 {
        // A file of 2^32 different names would not have fitted into memory before this.
        let number = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        self.numbers.insert(name.into(), number);
        number
    }

    /// The names in the order of their numbers, borrowed.
    pub(super) fn list(&self) -> Vec<&str> {
        let mut list = vec![""; self.numbers.len()];
        self.numbers.iter().for_each(|(name, &number)| list[number as usize] = name);
        list
    }

    /// The names in the order of their numbers.
    pub(super) fn into_list(self) -> Vec<Box<str>> {
        let mut list: Vec<(u32, Box<str>)> =
            self.numbers.into_iter().map(|(name, number)| (number, name)).collect();
        list.sort_unstable_by_key(|entry| entry.0);
        list.into_iter().map(|(_, name)| name).collect()
    }
}
