//! Telling the language of a question, only where that is certain.

use isolang::Language;
use whatlang::{Detector, Lang};

/// The languages that questions are told apart by.
#[derive(Clone, Debug)]
pub struct Languages {
    known: Vec<Lang>,
}

/// Codes of two letters that pages and sets use for languages whose own codes have three.
const AS_ONE: [(&str, &str); 3] = [("zh", "cmn"), ("fa", "pes"), ("no", "nob")];

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
    /// Only these, by ISO 639 codes of two or three letters.
    pub fn of(codes: &[String]) -> Result<Self, UnknownLanguage> {
        let lang = |code: &String| {
            let known_as = AS_ONE.iter().find(|(short, _)| short == code);
            Lang::from_code(
                known_as.map_or_else(|| Some(language(code)?.to_639_3()), |it| Some(it.1))?,
            )
        };
        let known =
            codes.iter().map(|code| lang(code).ok_or_else(|| UnknownLanguage(code.clone())));
        Ok(Self { known: known.collect::<Result<_, _>>()? })
    }

    /// ISO 639 code of a text's language, of two letters where there is one; none if it is uncertain or
    /// another one.
    pub fn recognise(&self, text: &str) -> Option<&'static str> {
        // Among all languages: with a list of one, that one would be certain whatever the text.
        let found = Detector::new().detect(text)?;
        if !found.is_reliable() || !self.known.contains(&found.lang()) {
            return None;
        }
        let code = found.lang().code();
        if let Some((short, _)) = AS_ONE.iter().find(|(_, long)| *long == code) {
            return Some(short);
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
        let french = "Quelle est la différence entre une tortue terrestre et une tortue marine ?";
        assert_eq!(languages.recognise(french), None);
        assert!(Languages::of(&["fa".to_owned(), "no".to_owned(), "zh".to_owned()]).is_ok());
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
