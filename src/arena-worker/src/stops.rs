//! Where an answer ends: the file's own end tokens, and markers for files that forget them.

use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;

/// Ends of a turn in the formats that are in use. None of them is a word of any language.
const MARKERS: [&str; 11] = [
    "<|im_end|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<end_of_turn>",
    "<turn|>",
    "<|end|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|end_of_turn|>",
    "<|eot|>",
    "<｜end▁of▁sentence｜>",
];
/// An end only as a token: as text it is also the end of struck-out text in HTML.
const TOKEN_ONLY: &str = "</s>";

/// The ends of one model's answers.
#[derive(Debug, Default)]
pub(crate) struct Stops {
    tokens: Vec<LlamaToken>,
    texts: Vec<String>,
}

impl Stops {
    /// Looks up which markers are single tokens of this file; `format_stops` end the format itself.
    pub(crate) fn of(model: &LlamaModel, format_stops: Vec<String>) -> Self {
        let single = |marker: &str| match model.vocab().tokenize(marker.as_bytes(), false, true)[..]
        {
            [token] => Some(token),
            _ => None,
        };
        Self::new(single, format_stops)
    }

    fn new(single: impl Fn(&str) -> Option<LlamaToken>, format_stops: Vec<String>) -> Self {
        let mut texts = format_stops;
        texts.extend(MARKERS.map(str::to_owned));
        let tokens = MARKERS.iter().chain([&TOKEN_ONLY]).filter_map(|marker| single(marker));
        Self { tokens: tokens.collect(), texts }
    }

    /// Whether a token ends the answer although the file does not say so.
    pub(crate) fn ends(&self, token: LlamaToken) -> bool {
        self.tokens.contains(&token)
    }

    /// Texts that end the answer wherever they are complete, spelled out by several tokens too.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.texts.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Assembler;

    #[test]
    fn a_marker_that_is_one_token_ends_the_answer_even_if_the_file_does_not_say_so() {
        let single = |marker: &str| match marker {
            "<|im_end|>" => Some(LlamaToken(7)),
            "</s>" => Some(LlamaToken(2)),
            _ => None,
        };

        let stops = Stops::new(single, Vec::new());

        assert!(stops.ends(LlamaToken(7)) && stops.ends(LlamaToken(2)));
        assert!(!stops.ends(LlamaToken(8)));
    }

    #[test]
    fn every_marker_spelled_out_letter_by_letter_ends_the_text_and_is_never_shown() {
        for marker in MARKERS {
            let mut assembler = Assembler::new(Stops::new(|_| None, Vec::new()).texts());
            let mut text = assembler.push(b"Yes. ");

            for byte in marker.bytes() {
                text.push_str(&assembler.push(&[byte]));
            }

            assert!(assembler.stopped(), "{marker}");
            assert_eq!(text, "Yes. ");
        }
    }

    #[test]
    fn html_that_closes_struck_out_text_is_no_end() {
        let mut assembler = Assembler::new(Stops::new(|_| None, Vec::new()).texts());

        let text = assembler.push(b"<s>old</s> new <end_of_line>") + &assembler.finish();

        assert_eq!((text.as_str(), assembler.stopped()), ("<s>old</s> new <end_of_line>", false));
    }

    #[test]
    fn the_end_of_the_stated_completion_format_still_counts() {
        let stops = Stops::new(|_| None, vec!["\nQuestion:".to_owned()]);

        assert!(stops.texts().contains(&"\nQuestion:".to_owned()));
    }
}
