//! Parses and formats the keys of objects in the upload bucket.

use crate::clip::{CaptionsFormat, ClipId, ClipKey, CompetitionId};

/// The key of an object in the upload bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectKey {
    /// `<competition>/<clip>/original[.<extension>]`: an announced file.
    Announced(ClipKey),
    /// `<competition>/<clip>/captions_<number>.<extension>`: captions of an announced file.
    Captions(ClipKey),
    /// `<competition>/<any name>`: a file that was dropped into the bucket.
    Dropped { competition: CompetitionId, filename: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectKeyError {
    #[error("the key does not begin with a competition and a slash")]
    Competition,
    #[error("the key is a folder, not a file")]
    Folder,
}

const ORIGINAL: &str = "original";
const CAPTIONS: &str = "captions_";
const MAX_EXTENSION_LENGTH: usize = 8;

impl ObjectKey {
    pub fn parse(key: &str) -> Result<Self, ObjectKeyError> {
        let (competition, rest) = key.split_once('/').ok_or(ObjectKeyError::Competition)?;
        let competition: CompetitionId =
            competition.parse().map_err(|_| ObjectKeyError::Competition)?;
        let filename = rest.rsplit('/').next().unwrap_or_default();
        if filename.is_empty() {
            return Err(ObjectKeyError::Folder);
        }
        if let Some((clip, original)) = rest.split_once('/')
            && let Ok(clip) = clip.parse::<ClipId>()
            && let Some(stem) = original.split('.').next()
        {
            if stem == ORIGINAL {
                return Ok(Self::Announced(ClipKey { competition, clip }));
            }
            if stem.strip_prefix(CAPTIONS).is_some_and(|number| number.parse::<u8>().is_ok()) {
                return Ok(Self::Captions(ClipKey { competition, clip }));
            }
        }
        Ok(Self::Dropped { competition, filename: filename.to_owned() })
    }
}

/// Formats the key of an announced file.
///
/// The key contains only the extension of the file name, so that MediaConvert and presigned URLs
/// never meet special characters.
pub(super) fn format_announced(clip: &ClipKey, filename: &str) -> String {
    let ClipKey { competition, clip } = clip;
    let extension = filename.rsplit_once('.').map(|(_, extension)| extension);
    let is_plain = |extension: &&str| {
        (1..=MAX_EXTENSION_LENGTH).contains(&extension.len())
            && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    match extension.filter(is_plain) {
        Some(extension) => {
            format!("{competition}/{clip}/{ORIGINAL}.{}", extension.to_ascii_lowercase())
        }
        None => format!("{competition}/{clip}/{ORIGINAL}"),
    }
}

/// Formats the key of captions of an announced file, by their number from 0.
pub(super) fn format_captions(clip: &ClipKey, at: usize, format: CaptionsFormat) -> String {
    let ClipKey { competition, clip } = clip;
    format!("{competition}/{clip}/{CAPTIONS}{}.{}", at + 1, format.extension())
}

/// Derives the title of a file that was not announced: its name without extension and control
/// characters, at most `max_length` characters.
pub(super) fn title_from_filename(filename: &str, max_length: usize) -> String {
    let stem = match filename.rsplit_once('.') {
        Some((stem, _)) if !stem.trim().is_empty() => stem,
        _ => filename,
    };
    stem.chars().filter(|letter| !letter.is_control()).take(max_length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip() -> ClipKey {
        "100m_20200203133058_20200203133058_k7Qx2f".parse().unwrap()
    }

    #[track_caller]
    fn check(key: &str, expected: Result<&str, ObjectKeyError>) {
        let actual = ObjectKey::parse(key).map(|key| match key {
            ObjectKey::Announced(clip) => format!("clip {clip}"),
            ObjectKey::Captions(clip) => format!("captions of {clip}"),
            ObjectKey::Dropped { competition, filename } => format!("{filename} of {competition}"),
        });
        assert_eq!(actual.as_deref().map_err(|error| *error), expected, "{key}");
    }

    #[test]
    fn a_dropped_file_belongs_to_the_competition_in_its_key() {
        check("100m/final.mp4", Ok("final.mp4 of 100m"));
        check("100m/Läufe + Würfe 🏃.mov", Ok("Läufe + Würfe 🏃.mov of 100m"));
        check("100m/day 1/final.mp4", Ok("final.mp4 of 100m"));
        check("100m/../final.mp4", Ok("final.mp4 of 100m"));
        check("100m/a\nb.mp4", Ok("a\nb.mp4 of 100m"));
        check("100m/20200203133058_20200203133058_k7Qx2f/take.mp4", Ok("take.mp4 of 100m"));
    }

    #[test]
    fn the_key_of_an_announced_file_names_its_clip() {
        for filename in ["final.MP4", "final", "a.b/c d", "x.verylongextension", "ä.möv"] {
            let key = format_announced(&clip(), filename);
            assert_eq!(ObjectKey::parse(&key), Ok(ObjectKey::Announced(clip())), "{key}");
            assert!(key.bytes().all(|byte| byte.is_ascii_graphic()), "{key}");
        }
        assert!(format_announced(&clip(), "final.MP4").ends_with("_k7Qx2f/original.mp4"));
    }

    #[test]
    fn the_key_of_captions_names_their_clip() {
        let key = format_captions(&clip(), 0, CaptionsFormat::Webvtt);
        assert_eq!(key, "100m/20200203133058_20200203133058_k7Qx2f/captions_1.vtt");
        assert_eq!(ObjectKey::parse(&key), Ok(ObjectKey::Captions(clip())));
        let other = key.replace("_1.", "_of the final.");
        assert!(matches!(ObjectKey::parse(&other), Ok(ObjectKey::Dropped { .. })));
    }

    #[test]
    fn a_key_without_competition_or_file_name_is_refused() {
        use ObjectKeyError::{Competition, Folder};
        check("final.mp4", Err(Competition));
        check("/final.mp4", Err(Competition));
        check("100 m/final.mp4", Err(Competition));
        check("../final.mp4", Err(Competition));
        check("", Err(Competition));
        check("100m/", Err(Folder));
        check("100m/day 1/", Err(Folder));
    }

    #[test]
    fn a_title_is_the_file_name_without_extension() {
        assert_eq!(title_from_filename("Läufe + Würfe 🏃.mov", 200), "Läufe + Würfe 🏃");
        assert_eq!(title_from_filename("a\u{7}b\n.tar.gz", 200), "ab.tar");
        assert_eq!(title_from_filename(".mp4", 200), ".mp4");
        assert_eq!(title_from_filename("noextension", 4), "noex");
    }
}
