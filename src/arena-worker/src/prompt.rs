//! From the text of a conversation to its tokens.

use arena_core::protocol::{AnswerKey, Event, Message};
use arena_core::reasoning;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;
use sha2::{Digest, Sha256};

/// SHA-256 of a text, in hex.
pub(crate) fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// A template writes the beginning-of-text token itself where it wants one; a doubled one is dropped.
pub(crate) fn tokenize(model: &LlamaModel, text: &str) -> Vec<LlamaToken> {
    let vocab = model.vocab();
    let mut tokens = vocab.tokenize(text.as_bytes(), true, true);
    if tokens.len() > 1 && tokens[0] == vocab.bos() && tokens[1] == vocab.bos() {
        tokens.remove(0);
    }
    tokens
}

/// Breaks up control tokens that a voter or a model wrote as text, so that nobody can end a turn or
/// open another one from inside a message.
pub(crate) fn neutralise(model: &LlamaModel, messages: &[Message]) -> Vec<Message> {
    let vocab = model.vocab();
    let mut messages = messages.to_vec();
    for message in messages.iter_mut().filter(|message| message.content.contains(['<', '['])) {
        for token in vocab.tokenize(message.content.as_bytes(), false, true) {
            if !vocab.is_control(token) {
                continue;
            }
            let piece =
                String::from_utf8_lossy(&vocab.token_to_piece(token, true, None)).into_owned();
            let mut letters = piece.chars();
            if let Some(first) = letters.next() {
                let broken = format!("{first}\u{2060}{}", letters.as_str());
                message.content = message.content.replace(&piece, &broken);
            }
        }
    }
    messages
}

/// Where the template has opened reasoning: the answer's text begins with that tag, so that whoever
/// reads it needs to know no template.
pub(crate) fn opening(key: AnswerKey, rendered: &str) -> Option<Event> {
    reasoning::opened_by(rendered).map(|tag| Event::Token { key, text: tag.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_in_an_opened_thought_begins_with_its_tag() {
        let key = AnswerKey(7);
        let said = Event::Token { key, text: "<think>".to_owned() };

        assert_eq!(opening(key, "<|im_start|>assistant\n<think>\n"), Some(said));
        assert_eq!(opening(key, "<|im_start|>assistant\n"), None);
    }
}
