//! Languages of sounds and captions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A language tag of BCP 47, such as `fi` or `pt-BR`. The language itself has two letters if there is
/// such a code. <https://www.rfc-editor.org/rfc/rfc5646>
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Language(String);

/// How players show a sound or captions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackLabel {
    pub name: String,
    /// A language tag, as the manifest has it. That of a live clip can have a code of three letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a language is a tag such as fi, pt-BR or eng")]
pub struct LanguageError;

/// Longest tag, in characters.
const MAX_LENGTH: usize = 35;
const MAX_SUBTAG_LENGTH: usize = 8;

/// The codes that libraries use, and those of ISO 639-3. Matroska files and transport streams have the
/// former. <https://www.loc.gov/standards/iso639-2/php/code_list.php>
const BIBLIOGRAPHIC_CODES: [(&str, &str); 20] = [
    ("alb", "sqi"),
    ("arm", "hye"),
    ("baq", "eus"),
    ("bur", "mya"),
    ("chi", "zho"),
    ("cze", "ces"),
    ("dut", "nld"),
    ("fre", "fra"),
    ("geo", "kat"),
    ("ger", "deu"),
    ("gre", "ell"),
    ("ice", "isl"),
    ("mac", "mkd"),
    ("mao", "mri"),
    ("may", "msa"),
    ("per", "fas"),
    ("rum", "ron"),
    ("slo", "slk"),
    ("tib", "bod"),
    ("wel", "cym"),
];

impl Language {
    /// The language's own name for itself, such as `Suomi`. The name of `pt-BR` is `Português (BR)`.
    pub fn name(&self) -> String {
        let (primary, rest) = self.0.split_once('-').unwrap_or((&self.0, ""));
        let Some(language) = find(primary) else { return self.0.clone() };
        let name = language.to_autonym().unwrap_or_else(|| language.to_name());
        let mut letters = name.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        let name: String = first.chain(letters).collect();
        if rest.is_empty() { name } else { format!("{name} ({rest})") }
    }

    /// The code of ISO 639-3, which has three letters.
    pub fn three_letter_code(&self) -> Option<&'static str> {
        find(self.0.split('-').next()?).map(|language| language.to_639_3())
    }
}

fn find(code: &str) -> Option<isolang::Language> {
    match code.len() {
        2 => isolang::Language::from_639_1(code),
        3 => {
            let known =
                BIBLIOGRAPHIC_CODES.iter().find(|(bibliographic, _)| *bibliographic == code);
            isolang::Language::from_639_3(known.map_or(code, |(_, terminological)| terminological))
        }
        _ => None,
    }
    // These codes say that there is no known language, none, several, or an unlisted one.
    .filter(|language| !matches!(language.to_639_3(), "und" | "zxx" | "mul" | "mis"))
}

impl FromStr for Language {
    type Err = LanguageError;

    fn from_str(text: &str) -> Result<Self, LanguageError> {
        let mut subtags = text.split('-');
        let primary = subtags.next().unwrap_or_default().to_ascii_lowercase();
        let language = find(&primary).ok_or(LanguageError)?;
        let is_subtag = |subtag: &str| {
            (1..=MAX_SUBTAG_LENGTH).contains(&subtag.len())
                && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        if text.len() > MAX_LENGTH || !subtags.clone().all(is_subtag) {
            return Err(LanguageError);
        }
        let code = language.to_639_1().unwrap_or_else(|| language.to_639_3());
        let tag = std::iter::once(code).chain(subtags).collect::<Vec<_>>().join("-");
        Ok(Self(tag))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_has_its_shortest_code_and_its_own_name() {
        for (text, tag, name) in [
            ("fi", "fi", "Suomi"),
            ("fin", "fi", "Suomi"),
            ("ENG", "en", "English"),
            ("ger", "de", "Deutsch"),
            ("deu", "de", "Deutsch"),
            ("pt-BR", "pt-BR", "Português (BR)"),
            ("zh-Hant-TW", "zh-Hant-TW", "中文 (Hant-TW)"),
            ("gsw", "gsw", "Schwiizertüütsch"),
        ] {
            let language: Language = text.parse().unwrap();
            assert_eq!((language.to_string().as_str(), language.name().as_str()), (tag, name));
            assert_eq!(language.three_letter_code().map(str::len), Some(3));
        }
    }

    #[test]
    fn a_text_that_names_no_language_is_refused() {
        for text in ["", "f", "und", "zxx", "qaa", "xx", "english", "en_US", "en-", "en-\"", "e n"]
        {
            assert_eq!(text.parse::<Language>(), Err(LanguageError), "{text}");
        }
        assert!(format!("en{}", "-abcdefgh".repeat(4)).parse::<Language>().is_err());
    }
}
