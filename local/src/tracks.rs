//! The sounds and captions of the live stream, each with a name and a language.

use std::str::FromStr;

/// A sound, or captions, as players offer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// The name that players show, such as `English`.
    pub name: String,
    /// An ISO 639-2 code, such as `eng`.
    pub language: String,
}

/// What the live stream has beside its picture. By default it is one sound without a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tracks {
    /// The named sounds, the default one first.
    pub sounds: Vec<Track>,
    /// The WebVTT renditions.
    pub captions: Vec<Track>,
}

impl FromStr for Track {
    type Err = String;

    /// Parses `NAME=LANGUAGE`. The rules are those of a channel's settings in the CDK app.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, language) =
            text.rsplit_once('=').ok_or("this must be NAME=LANGUAGE, such as English=eng")?;
        let is_name = (1..=64).contains(&name.chars().count())
            && !name.starts_with(char::is_whitespace)
            && !name.contains(['"', '\n']);
        if !is_name {
            return Err("the name must have 1 to 64 characters without a quotation mark".to_owned());
        }
        if language.len() != 3 || !language.bytes().all(|letter| letter.is_ascii_lowercase()) {
            return Err("the language must be a code of three letters, such as eng".to_owned());
        }
        Ok(Self { name: name.to_owned(), language: language.to_owned() })
    }
}

impl Tracks {
    /// The sounds that are streams of their own. A single sound is part of every rendition, as in a
    /// channel of the CDK app.
    pub(crate) fn separate_sounds(&self) -> &[Track] {
        if self.sounds.len() > 1 { &self.sounds } else { &[] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_track_has_a_name_and_a_language() {
        let track = |name: &str, language: &str| {
            Ok(Track { name: name.to_owned(), language: language.to_owned() })
        };
        assert_eq!("Français=fra".parse(), track("Français", "fra"));
        assert_eq!("a=b=eng".parse(), track("a=b", "eng"));
        let check = |text: &str, expected: &str| {
            let error = text.parse::<Track>().unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        };
        check("English", "NAME=LANGUAGE");
        check("=eng", "the name must have");
        check("\"English\"=eng", "without a quotation mark");
        check("English=en", "three letters");
        check("English=ENG", "three letters");
    }
}
