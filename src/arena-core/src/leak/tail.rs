//! What follows a name, as far as it says whose name it is.

use super::fold::{Gap, Script, script};
use super::grammar::{Item, Reader};
use super::phrases::Sense;

/// How much is read: two a word, one a character that may be half a word.
const ROOM: usize = 9;
/// Particles of Japanese and Korean after an object or a place: the word before is not the predicate.
const OBJECTS: &str = "をにが를을에";

/// What follows a name.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// A comma, the end of the sentence or of the text.
    pub(super) ends: bool,
    pub(super) is: bool,
    pub(super) by: bool,
    pub(super) and: bool,
    /// Another name after "and".
    pub(super) list: bool,
    /// Who made it follows.
    pub(super) maker: bool,
    pub(super) machine: bool,
    /// A machine for sure, not an assistant.
    pub(super) certain: bool,
    /// Another clause has begun.
    pub(super) apart: bool,
    /// Whether the last word was one.
    pub(super) last_machine: bool,
    pub(super) made: bool,
    pub(super) person: bool,
    /// A possessive.
    pub(super) owner: bool,
    /// "I" follows.
    pub(super) main_clause: bool,
}

impl Reader<'_> {
    /// What follows a name, up to three items.
    pub(super) fn tail(&self, mut at: usize) -> Tail {
        let Some(first) = self.glyphs.get(at) else {
            return Tail { ends: true, ..Tail::default() };
        };
        let mut tail = Tail { ends: first.gap >= Gap::Comma, ..Tail::default() };
        tail.owner = first.letter == 's' && first.ends && first.starts;
        let comma = first.gap == Gap::Comma;
        let (mut room, mut place) = (ROOM, 0);
        while room > 0 && self.glyphs.get(at).is_some_and(|glyph| glyph.gap != Gap::Hard) {
            let dense = script(self.glyphs[at].letter) == Script::Dense;
            let item = self.item(at);
            let made =
                |name: &super::grammar::Name| name.maker && self.item(name.end).is(Sense::Made);
            tail.maker |= !tail.apart && self.names(at).iter().any(made);
            room = room.saturating_sub(if item.end == at && dense { 1 } else { 2 });
            if item.end > at {
                self.follow(&mut tail, &item, (place, comma));
                at = item.end;
            } else {
                // "Claude and work with AI" says nothing of what Claude is.
                tail.apart |= place > 0 && tail.and;
                let next = (at + 1..self.glyphs.len()).find(|next| self.glyphs[*next].starts);
                let Some(next) = next else { break };
                tail.last_machine = false;
                at = next;
            }
            place += 1;
        }
        tail
    }

    fn follow(&self, tail: &mut Tail, item: &Item, (place, comma): (usize, bool)) {
        let object = self.glyphs.get(item.end).is_some_and(|next| OBJECTS.contains(next.letter));
        if (item.is(Sense::Person) && tail.last_machine) || (item.is_machine() && object) {
            // "An AI researcher" is a person, and who studies a model is none.
            tail.machine = false;
            tail.certain = false;
            tail.person = true;
            return;
        }
        tail.person |= item.is(Sense::Person) && !tail.machine && !comma;
        tail.machine |= item.is_machine() && !tail.apart;
        tail.certain |= item.is(Sense::Machine) && !tail.apart;
        tail.last_machine = item.is_machine();
        tail.made |= item.is(Sense::Made) && !tail.apart;
        if item.is(Sense::By) || item.is(Sense::From) {
            let maker = self.names(item.end).into_iter().find(|name| name.maker);
            let sure = item.is(Sense::By) || place == 0;
            tail.maker |= maker.is_some_and(|maker| sure || self.item(maker.end).is(Sense::Made));
        }
        if place == 0 {
            tail.is = item.is(Sense::Is);
            tail.by = item.is(Sense::By) || item.is(Sense::From) && !item.is(Sense::And);
            tail.and = item.is(Sense::And);
            tail.main_clause = item.is(Sense::I);
            tail.list = tail.and && self.names(item.end).iter().any(|name| !name.maker);
        }
    }
}
