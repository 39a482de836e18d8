//! What the key of an object in the upload bucket says.

use crate::clip::{ClipId, ClipKey, CompetitionId};

/// An object of the upload bucket, by who chose its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectKey {
    /// `<competition>/<clip>/original[.<extension>]`: an announced upload.
    Announced(ClipKey),
    /// `<competition>/<any name>`: a file that was dropped into the bucket.
    Dropped { competition: CompetitionId, filename: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectKeyError {
    #[error("its key does not begin with a competition and a slash")]
    Competition,
    #[error("its key names a folder and no file")]
    Folder,
}

const ORIGINAL: &str = "original";
const LONGEST_EXTENSION: usize = 8;

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
            && original.split('.').next() == Some(ORIGINAL)
        {
            return Ok(Self::Announced(ClipKey { competition, clip }));
        }
        Ok(Self::Dropped { competition, filename: filename.to_owned() })
    }
}

/// The key that an announced file is uploaded to.
///
/// Of its name only the extension is kept: MediaConvert and presigned URLs need not cope with
/// whatever people call their files.
pub(super) fn announced(clip: &ClipKey, filename: &str) -> String {
    let ClipKey { competition, clip } = clip;
    let extension = filename.rsplit_once('.').map(|(_, extension)| extension);
    let is_plain = |extension: &&str| {
        (1..=LONGEST_EXTENSION).contains(&extension.len())
            && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    match extension.filter(is_plain) {
        Some(extension) => {
            format!("{competition}/{clip}/{ORIGINAL}.{}", extension.to_ascii_lowercase())
        }
        None => format!("{competition}/{clip}/{ORIGINAL}"),
    }
}

/// A title for a file that came without one: its name, without extension and control characters.
pub(super) fn title(filename: &str, longest: usize) -> String {
    let stem = match filename.rsplit_once('.') {
        Some((stem, _)) if !stem.trim().is_empty() => stem,
        _ => filename,
    };
    stem.chars().filter(|letter| !letter.is_control()).take(longest).collect()
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
            ObjectKey::Dropped { competition, filename } => format!("{filename} of {competition}"),
        });
        assert_eq!(actual.as_deref().map_err(|error| *error), expected, "{key}");
    }

    #[test]
    fn a_file_of_any_name_belongs_to_the_competition_it_lies_under() {
        check("100m/final.mp4", Ok("final.mp4 of 100m"));
        check("100m/Läufe + Würfe 🏃.mov", Ok("Läufe + Würfe 🏃.mov of 100m"));
        check("100m/day 1/final.mp4", Ok("final.mp4 of 100m"));
        check("100m/../final.mp4", Ok("final.mp4 of 100m"));
        check("100m/a\nb.mp4", Ok("a\nb.mp4 of 100m"));
        check("100m/20200203133058_20200203133058_k7Qx2f/take.mp4", Ok("take.mp4 of 100m"));
    }

    #[test]
    fn an_announced_file_names_its_clip() {
        for filename in ["final.MP4", "final", "a.b/c d", "x.verylongextension", "ä.möv"] {
            let key = announced(&clip(), filename);
            assert_eq!(ObjectKey::parse(&key), Ok(ObjectKey::Announced(clip())), "{key}");
            assert!(key.bytes().all(|byte| byte.is_ascii_graphic()), "{key}");
        }
        assert!(announced(&clip(), "final.MP4").ends_with("_k7Qx2f/original.mp4"));
    }

    #[test]
    fn keys_without_a_competition_or_a_name_are_refused() {
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
    fn a_title_is_the_name_without_extension() {
        assert_eq!(title("Läufe + Würfe 🏃.mov", 200), "Läufe + Würfe 🏃");
        assert_eq!(title("a\u{7}b\n.tar.gz", 200), "ab.tar");
        assert_eq!(title(".mp4", 200), ".mp4");
        assert_eq!(title("noextension", 4), "noex");
    }
}
