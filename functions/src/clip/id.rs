//! The ids of competitions, clips and attempts, and the names they have in AWS.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Window;
use super::time::{STAMP, format_stamp};

const STAMP_LENGTH: usize = 14;
const SUFFIX_LENGTH: usize = 6;
const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("a competition is 1 to 64 letters, digits and hyphens")]
    Competition,
    #[error("a clip id is YYYYMMDDHHMMSS_YYYYMMDDHHMMSS_ and six letters or digits")]
    Clip,
    #[error("the name of a clip is <competition>_<clip>")]
    Key,
    #[error("the name of an attempt is <competition>_<clip>_<attempt>")]
    Attempt,
}

/// A competition: letters, digits and hyphens, at most 64.
///
/// An underscore is not allowed, because it separates competition and clip in names in AWS.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CompetitionId(String);

/// A clip of a competition: its start, its end (UTC, whole seconds) and a suffix.
///
/// The clips of a competition therefore sort by time. If two operators cut the same window, the
/// suffixes differ, and there are two clips.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClipId(String);

/// A clip and its competition. The text form is `<competition>_<clip>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClipKey {
    pub competition: CompetitionId,
    pub clip: ClipId,
}

/// One try at producing a clip. Everything that is made in AWS for it is named after it.
///
/// The text form, `<competition>_<clip>_<attempt>`, is the id of the harvest job and of the asset.
/// Each id can be used once, and MediaPackage allows letters, digits, `_` and `-`. Because the id
/// parses back, an event can be assigned to its clip without a lookup.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/hj-create-basic.html>
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attempt {
    pub clip: ClipKey,
    /// From 1 to [`Attempt::MAX`].
    pub number: u32,
}

impl CompetitionId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ClipId {
    /// Creates an id for a clip of this window, with a random suffix.
    pub fn for_window(window: Window) -> Self {
        Self::from_parts(window.start(), window.end(), &random_suffix())
    }

    /// Creates an id for a file of this time, with a random suffix. The duration of the file is
    /// not known yet, so start and end are the same.
    pub fn for_time(time: DateTime<Utc>) -> Self {
        Self::from_parts(time, time, &random_suffix())
    }

    /// Derives the id of a file that was not announced. The same time and fingerprint give the same
    /// id.
    pub fn derive(time: DateTime<Utc>, fingerprint: &str) -> Self {
        Self::from_parts(time, time, &derive_suffix(fingerprint))
    }

    /// Derives the id of a clip that a rule makes. The same window and fingerprint give the same id.
    pub fn derive_for_window(window: Window, fingerprint: &str) -> Self {
        Self::from_parts(window.start(), window.end(), &derive_suffix(fingerprint))
    }

    fn from_parts(start: DateTime<Utc>, end: DateTime<Utc>, suffix: &str) -> Self {
        Self(format!("{}_{}_{suffix}", format_stamp(start), format_stamp(end)))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The start of the clip, or the time of the file, in whole seconds.
    pub fn start(&self) -> DateTime<Utc> {
        let stamp = self.0.split('_').next().unwrap_or_default();
        let start = NaiveDateTime::parse_from_str(stamp, STAMP);
        start.expect("an id begins with a time").and_utc()
    }
}

/// Derives a suffix. The same fingerprint gives the same suffix.
fn derive_suffix(fingerprint: &str) -> String {
    let digest = Sha256::digest(fingerprint);
    // Two bytes per letter keep the letters almost equally likely.
    let letter = |pair: &[u8]| {
        let number = pair.iter().fold(0, |number, byte| number * 256 + usize::from(*byte));
        char::from(ALPHANUMERIC[number % ALPHANUMERIC.len()])
    };
    digest.chunks(2).take(SUFFIX_LENGTH).map(letter).collect()
}

/// A suffix from the system's random source, so that nobody can guess the id of the next clip.
pub(super) fn random_suffix() -> String {
    let mut suffix = String::new();
    while suffix.len() < SUFFIX_LENGTH {
        let mut bytes = [0; 2 * SUFFIX_LENGTH];
        aws_lc_rs::rand::fill(&mut bytes).expect("the system has random bytes");
        // Bytes that would make some letters likelier than others are left out.
        let even = bytes.map(usize::from).into_iter().filter(|byte| *byte < 4 * ALPHANUMERIC.len());
        let letters = even.map(|byte| char::from(ALPHANUMERIC[byte % ALPHANUMERIC.len()]));
        suffix.extend(letters.take(SUFFIX_LENGTH - suffix.len()));
    }
    suffix
}

/// Whether a text has the form of a suffix.
pub(super) fn is_suffix(text: &str) -> bool {
    text.len() == SUFFIX_LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

impl ClipKey {
    /// The key prefix of the segments and manifests of all attempts, in the clip bucket.
    pub fn media_prefix(&self) -> String {
        format!("clips/{}/{}/", self.competition, self.clip)
    }

    /// The key prefix of the thumbnails of all attempts at an upload, in the clip bucket.
    pub fn thumbnail_prefix(&self) -> String {
        format!("thumbnails/{}/{}/", self.competition, self.clip)
    }

    /// The key prefix of the files of all exports, in the clip bucket.
    pub fn export_prefix(&self) -> String {
        format!("exports/{}/{}/", self.competition, self.clip)
    }
}

impl Attempt {
    /// Most attempts until a clip is ready, including the first.
    pub const MAX_UNTIL_READY: u32 = 5;
    /// Most attempts at a clip, including those that make new media of a ready clip.
    pub const MAX: u32 = 99;

    /// The key prefix of the segments and manifests of this attempt, in the clip bucket.
    ///
    /// Each attempt has its own prefix, because MediaPackage names child manifests and segments
    /// after the endpoint. Two harvests under one prefix would overwrite each other.
    pub fn media_prefix(&self) -> String {
        format!("{}{}/", self.clip.media_prefix(), self.number)
    }

    /// The key prefix of the thumbnails of this attempt, in the clip bucket.
    pub fn thumbnail_prefix(&self) -> String {
        format!("{}{}/", self.clip.thumbnail_prefix(), self.number)
    }

    /// The key of the HLS manifest of this attempt.
    pub fn manifest_key(&self) -> String {
        format!("{}.m3u8", self.manifest_base())
    }

    /// That key without `.m3u8`: the destination of the MediaConvert job that makes the media.
    pub fn manifest_base(&self) -> String {
        format!("{}index", self.media_prefix())
    }

    /// The key of a thumbnail of this attempt, as MediaConvert's frame capture numbers them from 0.
    /// <https://docs.aws.amazon.com/mediaconvert/latest/ug/file-group-with-frame-capture-output.html>
    pub fn thumbnail_key(&self, number: u32) -> String {
        format!("{}.{number:07}.jpg", self.thumbnail_base())
    }

    /// The keys of this attempt's thumbnails without number and extension, which MediaConvert
    /// adds.
    pub fn thumbnail_base(&self) -> String {
        format!("{}thumbnail", self.thumbnail_prefix())
    }

    /// All attempts up to this one, the first one first.
    pub fn up_to_this(&self) -> impl Iterator<Item = Self> {
        (1..=self.number).map(|number| Self { clip: self.clip.clone(), number })
    }
}

impl FromStr for CompetitionId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if matches!(text.len(), 1..=64) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::Competition)
        }
    }
}

impl FromStr for ClipId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let is_stamp = |part: &str| {
            part.len() == STAMP_LENGTH && NaiveDateTime::parse_from_str(part, STAMP).is_ok()
        };
        let mut parts = text.split('_');
        let (Some(start), Some(end), Some(suffix), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(IdError::Clip);
        };
        if is_stamp(start) && is_stamp(end) && is_suffix(suffix) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::Clip)
        }
    }
}

impl FromStr for ClipKey {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let (competition, clip) = text.split_once('_').ok_or(IdError::Key)?;
        Ok(Self {
            competition: competition.parse().map_err(|_| IdError::Key)?,
            clip: clip.parse().map_err(|_| IdError::Key)?,
        })
    }
}

impl FromStr for Attempt {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let (clip, number) = text.rsplit_once('_').ok_or(IdError::Attempt)?;
        let clip = clip.parse().map_err(|_| IdError::Attempt)?;
        let number = (1..=Self::MAX).find(|it| it.to_string() == number);
        Ok(Self { clip, number: number.ok_or(IdError::Attempt)? })
    }
}

impl fmt::Display for CompetitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ClipId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ClipKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.competition, self.clip)
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.clip, self.number)
    }
}

impl TryFrom<String> for CompetitionId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl TryFrom<String> for ClipId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<CompetitionId> for String {
    fn from(id: CompetitionId) -> Self {
        id.0
    }
}

impl From<ClipId> for String {
    fn from(id: ClipId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<(&str, &str), IdError>) {
        let actual = text.parse::<ClipKey>();
        let parts = actual.as_ref().map(|key| (key.competition.as_str(), key.clip.as_str()));
        assert_eq!(parts.map_err(|error| *error), expected);
        if let Ok(key) = actual {
            assert_eq!(key.to_string(), text, "the name is not the one it was parsed from");
        }
    }

    #[test]
    fn a_name_in_aws_parses_back_to_competition_and_clip() {
        let clip = "20200203133058_20200203133258_k7Qx2f";
        check(&format!("100m-dash_{clip}"), Ok(("100m-dash", clip)));
        check(&format!("a_{clip}"), Ok(("a", clip)));
    }

    #[test]
    fn another_name_in_aws_is_refused() {
        for name in [
            "",
            "_",
            "someone-elses-job",
            "100m-dash_",
            "100m-dash_20200203133058_20200203133258",
            "100m-dash_20200203133058_20200203133258_k7Qx2",
            "100m-dash_20200203133058_20200203133258_k7Qx2f_2",
            "100m-dash_20201303133058_20200203133258_k7Qx2f",
            "100m-dash_2020020313305é_20200203133258_k7Qx2f",
            "_20200203133058_20200203133258_k7Qx2f",
            "100m dash_20200203133058_20200203133258_k7Qx2f",
        ] {
            check(name, Err(IdError::Key));
        }
    }

    #[test]
    fn the_name_of_an_attempt_parses_back_and_other_names_do_not() {
        let clip = "100m-dash_20200203133058_20200203133258_k7Qx2f";
        for number in 1..=Attempt::MAX {
            let name = format!("{clip}_{number}");
            let attempt: Attempt = name.parse().unwrap();
            assert_eq!((attempt.clip.to_string().as_str(), attempt.number), (clip, number));
            assert_eq!(attempt.to_string(), name);
        }
        for suffix in ["", "_", "_0", "_100", "_01", "_1_1", "_x", "_+1", "_1 "] {
            let name = format!("{clip}{suffix}");
            assert_eq!(name.parse::<Attempt>(), Err(IdError::Attempt), "{name}");
        }
    }

    #[test]
    fn competitions_are_letters_digits_and_hyphens() {
        assert!("a".repeat(64).parse::<CompetitionId>().is_ok());
        for name in ["", "a_b", "a b", "a/b", "ä", "..", "🏃", &"a".repeat(65)] {
            assert_eq!(name.parse::<CompetitionId>(), Err(IdError::Competition), "{name}");
        }
    }

    #[test]
    fn a_new_id_holds_the_window_and_does_not_collide() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let window = Window::new(at(1_580_736_658), at(1_580_736_778)).unwrap();
        let id = ClipId::for_window(window);
        assert!(id.as_str().starts_with("20200203133058_20200203133258_"), "{id}");
        assert_eq!(id.as_str().parse::<ClipId>().unwrap(), id);
        assert_ne!(ClipId::for_window(window), id);
    }

    #[test]
    fn a_derived_id_depends_only_on_time_and_fingerprint() {
        let at = DateTime::from_timestamp(1_580_736_658, 0).unwrap();
        let id = ClipId::derive(at, "a");
        assert!(id.as_str().starts_with("20200203133058_20200203133058_"), "{id}");
        assert_eq!(id.as_str().parse::<ClipId>().unwrap(), id);
        assert_eq!(ClipId::derive(at, "a"), id);
        assert_ne!(ClipId::derive(at, "b"), id);
    }
}
