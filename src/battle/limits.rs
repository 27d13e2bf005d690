//! What a battle may be: how long a question, how long a conversation, how many at once.

use arena_core::ids::Side;

use super::{BattleError, Ring, Turn};

/// Longest question, in characters.
pub const MAX_PROMPT_CHARS: usize = 8_000;
/// Room for what a template writes around one turn, in tokens.
const TURN_MARKS: usize = 32;

/// How many battles may be in progress at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Being written on this site.
    pub at_once: usize,
    /// Waiting on this site.
    pub waiting: usize,
    /// Of one voter, being written.
    pub voter_writing: usize,
    /// Of one voter, waiting.
    pub voter_waiting: usize,
}

impl Limits {
    /// Battles of one voter that are in progress: written, waiting, or shown to their ends.
    pub(super) fn voter_in_progress(self) -> i64 {
        let most = 2 * self.voter_writing.saturating_add(self.voter_waiting);
        i64::try_from(most).unwrap_or(i64::MAX)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { at_once: 3, waiting: 32, voter_writing: 1, voter_waiting: 1 }
    }
}

/// Refuses what might fit into one model's context and not into another's.
///
/// A conversation that fails for some tokenizers only would tell which models are in the pair, so the
/// rule knows no model: no tokenizer makes more than one token a byte, and each turn costs some marks.
pub(super) fn check_room(ring: &Ring, before: &[Turn], prompt: &str) -> Result<(), BattleError> {
    let Some(context_tokens) = ring.engines.smallest_context() else { return Ok(()) };
    let body = |turn: &Turn, side| turn.answers.get(side).as_ref().and_then(|a| a.body.clone());
    let longest = |turn: &Turn| {
        let length = |side| body(turn, side).map_or(0, |body| body.len());
        turn.prompt.len() + length(Side::Left).max(length(Side::Right)) + TURN_MARKS
    };
    let history: usize = before.iter().map(longest).sum();
    let bytes = ring.answering.system_prompt.len() + history + prompt.len() + 2 * TURN_MARKS;
    let room =
        (context_tokens as usize).saturating_sub(ring.answering.sampling.max_tokens as usize);
    if bytes > room { Err(BattleError::ConversationTooLong { bytes, room }) } else { Ok(()) }
}

/// How many bytes a first question may have.
pub(super) fn first_turn_room(ring: &Ring) -> i32 {
    let tokens = ring.engines.smallest_context().unwrap_or(u32::MAX) as usize;
    let taken = ring.answering.sampling.max_tokens as usize
        + ring.answering.system_prompt.len()
        + 2 * TURN_MARKS;
    i32::try_from(tokens.saturating_sub(taken)).unwrap_or(i32::MAX)
}

pub(super) fn accepted(prompt: &str) -> Result<String, BattleError> {
    let prompt = prompt.trim().replace("\r\n", "\n").replace('\0', "");
    match prompt.chars().count() {
        0 => Err(BattleError::EmptyPrompt),
        n if n > MAX_PROMPT_CHARS => Err(BattleError::PromptTooLong(n)),
        _ => Ok(prompt),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_or_overlong_question_is_refused_with_its_length() {
        assert!(matches!(accepted(" \r\n "), Err(BattleError::EmptyPrompt)));
        assert!(matches!(accepted(&"é".repeat(8_001)), Err(BattleError::PromptTooLong(8_001))));
        assert_eq!(accepted(" a\r\nb ").unwrap(), "a\nb");
    }
}
