//! Exports: MP4 files that are made from a ready clip for use elsewhere.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Clip, ClipKey, Status, TrackLabel};

/// The id of an export, unique among those of its clip: 16 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExportId(String);

/// An export of a clip. It is part of the clip's row, so it is deleted with the clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Export {
    pub status: ExportStatus,
    pub created_at: DateTime<Utc>,
    /// The name of the operator who made the export.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// A digest of the request. The same idempotency key with another request is refused.
    pub fingerprint: String,
    pub settings: ExportSettings,
    /// The id of the MediaConvert job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// The progress of the job in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<u8>,
    /// The size of the file. Only a ready export has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Why the export failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When the file is deleted. Absent until the export is ready or has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExportStatus {
    /// The MediaConvert job may not exist yet.
    Queued,
    /// The MediaConvert job exists.
    Encoding,
    /// The file exists.
    Ready,
    Failed,
}

/// The part of a clip that an export shows, and how MediaConvert makes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportSettings {
    /// The number of the attempt whose media is read.
    pub attempt: u32,
    /// The aspect ratio, as the request names it.
    pub aspect: String,
    /// Where the crop lies between left and right, or between top and bottom: 0 to 1. Absent if the
    /// whole picture is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crop: Option<f64>,
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
    /// The size of the file's picture. Both sides are even.
    pub width: u32,
    pub height: u32,
    /// The part of the media's picture that the file shows. Absent if that is the whole picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rectangle: Option<Rectangle>,
    /// The timecode of the first frame. Absent if that is the first frame of the media.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_timecode: Option<String>,
    /// The timecode of the last frame. Absent if that is the last frame of the media.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_timecode: Option<String>,
    /// The sound of the file. Absent if the media has no sound that can be chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sound: Option<TrackLabel>,
    #[serde(default)]
    pub captions: ExportCaptions,
    /// The captions that the picture shows, or those of the files beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caption_tracks: Vec<TrackLabel>,
}

/// Whether and how an export has the captions of its clip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExportCaptions {
    #[default]
    None,
    /// Drawn into the picture.
    BurnedIn,
    /// In files of their own, as WebVTT and as SRT.
    Sidecar,
}

/// A file of an export, beside the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFile {
    Video,
    /// Captions by their number from 0, as WebVTT.
    Webvtt(usize),
    /// Captions by their number from 0, as SRT.
    Srt(usize),
}

impl ExportFile {
    /// The part of the file's name that MediaConvert adds to the name of the export.
    pub fn modifier(self) -> Option<String> {
        match self {
            Self::Video => None,
            Self::Webvtt(at) => Some(format!("_captions_{}_vtt", at + 1)),
            Self::Srt(at) => Some(format!("_captions_{}_srt", at + 1)),
        }
    }

    pub fn extension(self) -> &'static str {
        match self {
            Self::Video => "mp4",
            Self::Webvtt(_) => "vtt",
            Self::Srt(_) => "srt",
        }
    }
}

/// A part of a picture, in pixels. All numbers are even.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rectangle {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

/// A change of an export.
#[derive(Clone, Debug, PartialEq)]
pub enum ExportChange {
    /// An operator asks for the export.
    Requested(Box<Export>),
    /// The MediaConvert job exists.
    Started {
        job: String,
    },
    /// The MediaConvert job has reached this percentage.
    Progressed {
        percent: u8,
    },
    /// The file exists.
    Made {
        bytes: u64,
    },
    Failed {
        error: String,
    },
    /// The file is deleted, and the time of the export is over.
    Removed,
}

/// How long the file of an export is kept.
pub const EXPORT_LIFETIME: TimeDelta = TimeDelta::hours(24);
/// Most exports of a clip that are in progress at the same time.
pub const MAX_EXPORTS_IN_PROGRESS: usize = 4;
/// Most exports of a clip. Each adds about 500 bytes to the row of the clip.
pub const MAX_EXPORTS: usize = 20;

/// Shortest and longest time between two checks of an export in progress.
const MIN_CHECK_DELAY: TimeDelta = TimeDelta::seconds(10);
const MAX_CHECK_DELAY: TimeDelta = TimeDelta::minutes(10);

/// The number of bytes of an id.
const ID_SIZE: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of an export is 16 hexadecimal digits")]
pub struct ExportIdError;

impl ExportId {
    /// A random id, for a request without an idempotency key.
    pub fn random() -> Self {
        let mut bytes = [0; ID_SIZE];
        aws_lc_rs::rand::fill(&mut bytes).expect("the system has random bytes");
        Self::from_bytes(&bytes)
    }

    /// Derives the id from an idempotency key and its sender. A repeated request finds the export of the
    /// first one.
    pub fn derive(sender: &str, key: &str) -> Self {
        let digest = Sha256::new().chain_update(sender).chain_update([0]).chain_update(key);
        Self::from_bytes(&digest.finalize()[..ID_SIZE])
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The begin of the keys of all files, in the clip bucket.
    pub fn file_prefix(&self, clip: &ClipKey) -> String {
        format!("{}{self}", clip.export_prefix())
    }

    /// The key of a file, in the clip bucket.
    pub fn file_key(&self, clip: &ClipKey, file: ExportFile) -> String {
        let modifier = file.modifier().unwrap_or_default();
        format!("{}{modifier}.{}", self.file_prefix(clip), file.extension())
    }
}

impl FromStr for ExportId {
    type Err = ExportIdError;

    fn from_str(text: &str) -> Result<Self, ExportIdError> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_id = text.len() == 2 * ID_SIZE && text.bytes().all(is_digit);
        is_id.then(|| Self(text.to_owned())).ok_or(ExportIdError)
    }
}

impl fmt::Display for ExportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ExportStatus {
    pub fn is_in_progress(self) -> bool {
        matches!(self, Self::Queued | Self::Encoding)
    }
}

impl Export {
    /// Whether the file should be deleted.
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|time| time <= now)
    }

    /// When the sweep next checks the export. The delay grows with its age, as that of a clip does.
    pub(super) fn next_check(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if !self.status.is_in_progress() {
            return self.expires_at;
        }
        let age = now - self.created_at;
        Some(now + (age / 2).clamp(MIN_CHECK_DELAY, MAX_CHECK_DELAY))
    }

    fn change(&mut self, change: ExportChange, now: DateTime<Utc>) -> Option<()> {
        if !self.status.is_in_progress() {
            return None;
        }
        match change {
            ExportChange::Started { job } if self.status == ExportStatus::Queued => {
                self.status = ExportStatus::Encoding;
                self.job = Some(job);
            }
            // Progress events can arrive out of order.
            ExportChange::Progressed { percent } if self.status == ExportStatus::Encoding => {
                self.progress = Some(self.progress.map_or(percent, |known| known.max(percent)));
            }
            ExportChange::Made { bytes } => {
                self.status = ExportStatus::Ready;
                self.bytes = Some(bytes);
                self.progress = None;
                self.expires_at = Some(now + EXPORT_LIFETIME);
            }
            ExportChange::Failed { error } => {
                self.status = ExportStatus::Failed;
                self.error = Some(error);
                self.progress = None;
                self.expires_at = Some(now + EXPORT_LIFETIME);
            }
            _ => return None,
        }
        Some(())
    }
}

impl Clip {
    /// Applies a change to an export of the clip.
    pub(super) fn change_export(
        &mut self,
        id: &ExportId,
        change: ExportChange,
        now: DateTime<Utc>,
    ) -> Option<()> {
        match (self.exports.get_mut(id), change) {
            (None, ExportChange::Requested(export)) if self.status == Status::Ready => {
                self.exports.insert(id.clone(), *export);
                Some(())
            }
            (Some(export), ExportChange::Removed) if export.is_expired(now) => {
                self.exports.remove(id);
                Some(())
            }
            (Some(export), change) => export.change(change, now),
            (None, _) => None,
        }
    }

    /// The number of exports in progress.
    pub fn exports_in_progress(&self) -> usize {
        self.exports.values().filter(|export| export.status.is_in_progress()).count()
    }
}
