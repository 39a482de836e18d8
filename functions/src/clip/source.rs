//! Where the media of a clip comes from: a live stream, an uploaded file, or other clips.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Language, Reel, Window};

/// The name of a channel in the API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelId(String);

/// Where the media of a clip comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum Source {
    Live { channel: ChannelId, requested: Window },
    Upload(Upload),
    Reel(Reel),
}

/// An uploaded file, from the request for its URL to its renditions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Upload {
    /// The key of the original in the upload bucket.
    pub key: String,
    pub filename: String,
    /// When the recorded event happened. Lists are sorted by this time.
    pub at: DateTime<Utc>,
    /// The announced size in bytes. A file that was dropped into the bucket has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The `sub` claim of the token that announced the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uploader: Option<String>,
    /// The S3 id of the multipart upload, if the file is sent in parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multipart: Option<String>,
    /// When S3 was asked to join the parts, if it had not finished within that request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joining_since: Option<DateTime<Utc>>,
    /// If the file has not arrived by then, the sweep deletes the row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub awaited_until: Option<DateTime<Utc>>,
    /// The id of the MediaConvert job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// The progress of the job in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<u8>,
    /// The number of thumbnails in the bucket, counted when the job is complete.
    #[serde(default)]
    pub thumbnails: u32,
    /// The captions that were announced with the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub captions: Vec<UploadedCaptions>,
    /// The language of the sound that players start with. By default it is the first sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_sound: Option<Language>,
}

/// Captions of an uploaded file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadedCaptions {
    pub language: Language,
    /// The name that players show.
    pub name: String,
    pub source: CaptionsSource,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CaptionsSource {
    /// In a file of their own, in the upload bucket.
    File(CaptionsFormat),
    /// In the video, in this channel of CEA-608: 1 to 4.
    Channel(u8),
}

/// The format of a file with captions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CaptionsFormat {
    Srt,
    Webvtt,
    Ttml,
}

impl CaptionsFormat {
    pub fn extension(self) -> &'static str {
        match self {
            Self::Srt => "srt",
            Self::Webvtt => "vtt",
            Self::Ttml => "ttml",
        }
    }
}

impl ChannelId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for ChannelId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}
