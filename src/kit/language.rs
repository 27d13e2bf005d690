//! Telling the language of a question, only where that is certain.

use isolang::Language;
use whatlang::{Detector, Lang};

/// The languages that questions are told apart by.
#[derive(Clone, Debug)]
pub struct Languages {
    known: Vec<Lang>,
}

/// A code that names no language that can be recognised.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no language that can be recognised; write ISO 639 codes such as en, fr, zh")]
pub struct UnknownLanguage(String);

impl Default for Languages {
    /// All that can be recognised.
    fn default() -> Self {
        Self { known: Lang::all().to_vec() }
    }
}

impl Languages {
    /// Only these, by ISO 639 codes of two or three letters: the fewer, the more certain.
    pub fn of(codes: &[String]) -> Result<Self, UnknownLanguage> {
        let lang = |code: &String| {
            let three = if code == "zh" { "cmn" } else { language(code)?.to_639_3() };
            Lang::from_code(three)
        };
        let known =
            codes.iter().map(|code| lang(code).ok_or_else(|| UnknownLanguage(code.clone())));
        Ok(Self { known: known.collect::<Result<_, _>>()? })
    }

    /// ISO 639 code of a text's language, of two letters where there is one; none if it is uncertain.
    pub fn recognise(&self, text: &str) -> Option<&'static str> {
        let found = Detector::with_allowlist(self.known.clone()).detect(text)?;
        if !found.is_reliable() {
            return None;
        }
        let code = found.lang().code();
        // Mandarin has no code of its own with two letters; pages and sets say Chinese.
        if code == "cmn" {
            return Some("zh");
        }
        Some(Language::from_639_3(code).and_then(|language| language.to_639_1()).unwrap_or(code))
    }
}

fn language(code: &str) -> Option<Language> {
    match code.len() {
        2 => Language::from_639_1(code),
        3 => Language::from_639_3(code),
        _ => None,
    }
}

/// English name of a language by its code, with region and script left out; the code itself where it
/// has none.
pub fn name(code: &str) -> String {
    let base = code.split('-').next().unwrap_or(code);
    language(base).map_or_else(|| code.to_owned(), |language| language.to_name().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clear_question_gives_its_language_and_a_short_one_gives_none() {
        let languages = Languages::default();

        let french = "Quelle est la différence entre une tortue terrestre et une tortue marine ?";
        assert_eq!(languages.recognise(french), Some("fr"));
        assert_eq!(languages.recognise("请解释一下为什么天空是蓝色的。"), Some("zh"));
        assert_eq!(languages.recognise("ok 12"), None);
    }

    #[test]
    fn only_the_languages_named_are_recognised() {
        let languages = Languages::of(&["en".to_owned(), "deu".to_owned()]).unwrap();

        let german = "Warum ist der Himmel am Abend eigentlich rot und nicht blau wie am Mittag?";
        assert_eq!(languages.recognise(german), Some("de"));
        assert_eq!(
            Languages::of(&["xx".to_owned()]).unwrap_err(),
            UnknownLanguage("xx".to_owned())
        );
    }

    #[test]
    fn codes_have_names() {
        assert_eq!(name("da"), "Danish");
        assert_eq!(name("zh-Hant"), "Chinese");
        assert_eq!(name("qq"), "qq");
    }
}
