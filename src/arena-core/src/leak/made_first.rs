//! Sentences that name a maker first and never say who speaks.

use super::fold::{Gap, Script, script};
use super::grammar::{MAX_ITEMS, Name, Reader};
use super::phrases::Sense;
use super::{Leak, Rule};

impl Reader<'_> {
    /// "The language model X that M made", as languages say it that put the verb first and leave out who speaks: a sentence
    /// that begins with a maker and ends with a name of its own.
    pub(super) fn made_first(&self, at: usize) -> Option<Leak> {
        if self.glyphs[at].gap != Gap::Hard {
            return None;
        }
        let maker = self.names(at).into_iter().find(|name| name.maker)?;
        let mut place = self.item(maker.end);
        let (mut machine, mut end) = (false, maker.end);
        if !place.is(Sense::Made) || script(self.glyphs[maker.end].letter) != Script::Dense {
            return None;
        }
        for _ in 0..MAX_ITEMS {
            end = if place.end > end { place.end } else { end + 1 };
            if self.glyphs.get(end)?.gap == Gap::Hard {
                return None;
            }
            let own = |name: &Name| !name.maker && self.shares_model(*name, maker);
            if let Some(name) = self.names(end).into_iter().find(own) {
                let tail = self.tail(name.end);
                let said = machine && tail.is && !tail.person;
                return said
                    .then(|| self.finder.leak(self.glyphs, name.entry, Rule::Maker, at..name.end));
            }
            place = self.item(end);
            machine |= place.is_machine();
        }
        None
    }

    /// Whether some model goes by both.
    fn shares_model(&self, one: Name, other: Name) -> bool {
        let models = |name: Name| &self.finder.entries[name.entry].models;
        models(one).iter().any(|model| models(other).contains(model))
    }
}
