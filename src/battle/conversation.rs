//! What a model is told: the site's instruction, its own history, the question.

use arena_core::ids::{BattleId, Side};
use arena_core::protocol::{Message, Role};

/// The messages of one side, with questions and answers of earlier turns, oldest first.
pub(super) fn messages<'a>(
    system_prompt: &str,
    before: impl Iterator<Item = (&'a str, &'a str)>,
    prompt: &str,
) -> Vec<Message> {
    let message = |role, content: &str| Message { role, content: content.to_owned() };
    let mut messages = vec![message(Role::System, system_prompt)];
    for (question, answer) in before {
        messages.push(message(Role::User, question));
        messages.push(message(Role::Assistant, answer));
    }
    messages.push(message(Role::User, prompt));
    messages
}

/// Names one side of one battle to a worker, so that its next turn goes on from the last one.
///
/// It is as random as the battle's id, which no other battle knows.
pub(super) fn number(id: BattleId, side: Side) -> u64 {
    let (high, low) = id.0.as_u64_pair();
    high.rotate_left(32) ^ low ^ u64::from(side == Side::Right)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn both_sides_of_a_battle_and_all_battles_are_conversations_of_their_own() {
        let ids: Vec<_> = (0..100).map(|_| BattleId(Uuid::new_v4())).collect();

        let numbers: std::collections::HashSet<_> =
            ids.iter().flat_map(|id| Side::BOTH.map(|side| number(*id, side))).collect();

        assert_eq!(numbers.len(), 200);
        assert_eq!(number(ids[0], Side::Left), number(ids[0], Side::Left));
    }
}
