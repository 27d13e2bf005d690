//! The places of a context: answers in progress, and evaluated tokens kept for the next turn.
//!
//! Kept tokens are used again by the same conversation only. The time that another one saved would
//! tell a voter what somebody else has asked.

use arena_core::protocol::AnswerKey;
use arena_core::steps::Steps;
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::token::LlamaToken;

use crate::sequence::Sequence;

/// What remains of an answer that has ended.
struct Kept {
    conversation: u64,
    tokens: Vec<LlamaToken>,
    steps: Steps,
    repeatable: bool,
    used_at: u64,
}

enum Place {
    Free,
    Kept(Kept),
    Taken(Box<Sequence>),
}

/// All places of one context.
pub(crate) struct Places {
    places: Vec<Place>,
    clock: u64,
}

impl Places {
    /// As many free places as the context has sequences.
    pub(crate) fn new(count: u32) -> Self {
        Self { places: (0..count).map(|_| Place::Free).collect(), clock: 0 }
    }

    /// The answers that time is to be spent on, with their places.
    pub(crate) fn running(&mut self) -> impl Iterator<Item = (usize, &mut Sequence)> {
        let taken = self.all().enumerate();
        taken.filter_map(|(at, sequence)| sequence.filter(|s| !s.paused).map(|s| (at, s)))
    }

    /// The answer at a place.
    pub(crate) fn at(&mut self, place: usize) -> Option<&mut Sequence> {
        self.all().nth(place).flatten()
    }

    /// The answer with this name.
    pub(crate) fn find(&mut self, key: AnswerKey) -> Option<(usize, &mut Sequence)> {
        let taken = self.all().enumerate();
        taken.filter_map(|(at, sequence)| Some((at, sequence?))).find(|(_, s)| s.key == key)
    }

    fn all(&mut self) -> impl Iterator<Item = Option<&mut Sequence>> {
        self.places.iter_mut().map(|place| match place {
            Place::Taken(sequence) => Some(&mut **sequence),
            Place::Free | Place::Kept(_) => None,
        })
    }

    /// Gives an answer a place: that of its conversation, else a free one, else the one whose tokens
    /// were not needed for longest, else that of a paused answer, which is handed back.
    ///
    /// Without any such place the answer itself is handed back as an error.
    pub(crate) fn admit(
        &mut self,
        context: &mut LlamaContext<'_>,
        mut sequence: Box<Sequence>,
    ) -> Result<Option<Box<Sequence>>, Box<Sequence>> {
        let Some(at) = self.choose(sequence.conversation) else { return Err(sequence) };
        let parked = match std::mem::replace(&mut self.places[at], Place::Free) {
            Place::Free => None,
            Place::Kept(kept) => {
                go_on(context, at, kept, &mut sequence);
                None
            }
            Place::Taken(mut other) => {
                clear(context, at);
                other.forget_evaluated();
                Some(other)
            }
        };
        self.places[at] = Place::Taken(sequence);
        Ok(parked)
    }

    fn choose(&self, conversation: Option<u64>) -> Option<usize> {
        let same = |place: &Place| match place {
            Place::Kept(kept) => Some(kept.conversation) == conversation,
            Place::Free | Place::Taken(_) => false,
        };
        let longest_unused = || {
            let used_at = |place: &Place| match place {
                Place::Kept(kept) => Some(kept.used_at),
                Place::Free | Place::Taken(_) => None,
            };
            let kept = self.places.iter().enumerate();
            let kept = kept.filter_map(|(at, place)| Some((used_at(place)?, at)));
            kept.min().map(|(_, at)| at)
        };
        let at = |wanted: &dyn Fn(&Place) -> bool| self.places.iter().position(wanted);
        at(&same)
            .or_else(|| at(&|place| matches!(place, Place::Free)))
            .or_else(longest_unused)
            .or_else(|| at(&|place| matches!(place, Place::Taken(s) if s.paused)))
    }

    /// Ends an answer; what is evaluated of its conversation stays until the place is needed.
    pub(crate) fn end(
        &mut self,
        context: &mut LlamaContext<'_>,
        at: usize,
    ) -> Option<Box<Sequence>> {
        let place = self.places.get_mut(at)?;
        if !matches!(place, Place::Taken(_)) {
            return None;
        }
        let Place::Taken(sequence) = std::mem::replace(place, Place::Free) else { return None };
        match sequence.conversation {
            Some(conversation) => {
                self.clock += 1;
                *place = Place::Kept(Kept {
                    conversation,
                    tokens: sequence.tokens[..sequence.evaluated].to_vec(),
                    steps: sequence.steps.clone(),
                    repeatable: sequence.repeatable,
                    used_at: self.clock,
                });
            }
            None => clear(context, at),
        }
        Some(sequence)
    }
}

/// Lets an answer begin behind the tokens that its conversation has evaluated already.
fn go_on(context: &mut LlamaContext<'_>, at: usize, mut kept: Kept, sequence: &mut Sequence) {
    let same = kept.tokens.iter().zip(&sequence.tokens).take_while(|(a, b)| a == b).count();
    // At least one token is evaluated anew: the next one is chosen by what follows it.
    let common = same.min(sequence.tokens.len().saturating_sub(1));
    let fits = Some(kept.conversation) == sequence.conversation && sequence.follow.is_empty();
    if common == 0 || !fits || !cut(context, at, common) {
        clear(context, at);
        return;
    }
    let clean = kept.steps.truncate(common as u64);
    sequence.reuse(common, kept.steps, kept.repeatable && clean);
}

/// Removes all but the first tokens of a place; models with a running state cannot do that.
fn cut(context: &mut LlamaContext<'_>, at: usize, tokens: usize) -> bool {
    let (Ok(id), Ok(from)) = (u32::try_from(at), u32::try_from(tokens)) else { return false };
    let removed = context.clear_kv_cache_seq(Some(id), Some(from), None);
    let last = context.kv_cache_seq_pos_max(i32::try_from(at).unwrap_or(i32::MAX));
    matches!(removed, Ok(true)) && usize::try_from(last).is_ok_and(|last| last + 1 == tokens)
}

/// Empties a place.
pub(crate) fn clear(context: &mut LlamaContext<'_>, at: usize) {
    // Removing a whole sequence cannot fail in llama.cpp; a partial removal can.
    let _ = context.clear_kv_cache_seq(u32::try_from(at).ok(), None, None);
}
