//! A clip as the library keeps it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::clip::{ClipId, ClipKey, CompetitionId, Window};
use crate::fields::Description;
use crate::live::{ChannelId, Timeline};

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Clip {
    pub competition: CompetitionId,
    pub clip: ClipId,
    pub status: Status,
    /// Counts the row's changes: each one is conditional on the version it was made from.
    pub version: u64,
    #[serde(flatten)]
    pub source: Source,
    /// Absent while it is not known: the live manifest could not be read, or the file was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<ActualBounds>,
    pub title: String,
    pub description: String,
    pub tags: Vec<String>,
    /// The path of each packaging configuration's manifest; empty until the asset exists.
    ///
    /// Paths and not URLs: viewers reach them on the CDN's host, whatever MediaPackage's own is.
    #[serde(default)]
    pub manifests: BTreeMap<ConfigurationId, String>,
    /// The packaging configurations known to be playable, `manifests` or not.
    #[serde(default)]
    pub playable: BTreeSet<ConfigurationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_at: Option<DateTime<Utc>>,
    /// When the sweep should next ask AWS; absent once nothing is being waited for.
    #[serde(skip_serializing_if = "Option::is_none", with = "milliseconds")]
    #[serde(default)]
    pub next_check_at: Option<DateTime<Utc>>,
}

/// Where a clip's media comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum Source {
    Live { channel: ChannelId, requested: Window },
    Upload(Upload),
}

/// A file of an editor's, from the request for a URL to its renditions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Upload {
    /// The object of the upload bucket.
    pub key: String,
    pub filename: String,
    /// When it happened: what the clip is sorted by.
    pub at: DateTime<Utc>,
    /// Bytes, as announced; a file that was dropped into the bucket was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The `sub` of the token that announced it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uploader: Option<String>,
    /// S3's id of the multipart upload, where the file is sent in parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multipart: Option<String>,
    /// When the row of a file that never came is given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// The MediaConvert job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// How far the job is, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<u8>,
    /// How many thumbnails the job makes.
    #[serde(default)]
    pub thumbnails: u32,
}

/// A packaging configuration's id.
pub type ConfigurationId = String;

/// Where a clip stands on its way to the viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Aired, waiting for one of the account's concurrent harvest jobs.
    Queued,
    /// MediaPackage is copying the window to S3.
    Harvesting,
    /// An upload URL was given out; the file is not there yet.
    Uploading,
    /// MediaConvert is making renditions and thumbnails of the file.
    Transcoding,
    /// The VOD asset exists and is being ingested.
    Packaging,
    /// Proven playable in every format.
    Ready,
    /// Will not become ready by itself.
    Failed,
}

/// The segment-aligned stretch that a clip really has.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActualBounds {
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
    /// What plays: less than from start to end where the stream was off air between.
    pub duration_seconds: f64,
}

/// Why a clip failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub code: FailureCode,
    /// A sentence for the operator.
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureCode {
    /// MediaPackage would not start the harvest job.
    HarvestRefused,
    /// The harvest job failed.
    HarvestFailed,
    /// MediaPackage would not make an asset of the harvested media.
    AssetRefused,
    /// The asset could not be ingested.
    IngestFailed,
    /// The file has no bytes.
    EmptyFile,
    /// The file has another size than was announced.
    SizeMismatch,
    /// The file is not a media file, or it is damaged.
    UnreadableFile,
    /// The file has no moving picture.
    NoVideo,
    /// The video is of a codec that MediaConvert does not know.
    UnsupportedCodec,
    /// The video lasts more than 24 hours.
    TooLong,
    /// The picture is smaller than any rendition can be.
    TooSmall,
    /// The file breaks off before the end it promises.
    TruncatedFile,
    /// MediaConvert would not take the job.
    TranscodeRefused,
    /// The MediaConvert job failed.
    TranscodeFailed,
}

impl Status {
    /// Whether something is still expected to happen to the clip by itself.
    pub fn is_unfinished(self) -> bool {
        match self {
            Self::Queued
            | Self::Harvesting
            | Self::Uploading
            | Self::Transcoding
            | Self::Packaging => true,
            Self::Ready | Self::Failed => false,
        }
    }
}

impl Clip {
    /// A clip of which nothing has come yet.
    pub fn new(
        ClipKey { competition, clip }: ClipKey,
        status: Status,
        source: Source,
        about: &Description,
        now: DateTime<Utc>,
    ) -> Self {
        let mut clip = Self {
            competition,
            clip,
            status,
            version: 1,
            source,
            actual: None,
            title: about.title.clone(),
            description: about.description.clone(),
            tags: about.tags.clone(),
            manifests: BTreeMap::new(),
            playable: BTreeSet::new(),
            failure: None,
            created_at: now,
            updated_at: now,
            ready_at: None,
            next_check_at: None,
        };
        clip.next_check_at = Some(clip.next_check(now));
        clip
    }

    pub fn key(&self) -> ClipKey {
        ClipKey { competition: self.competition.clone(), clip: self.clip.clone() }
    }

    pub fn upload(&self) -> Option<&Upload> {
        match &self.source {
            Source::Upload(upload) => Some(upload),
            Source::Live { .. } => None,
        }
    }

    /// When the sweep should look at an unfinished clip again.
    ///
    /// The longer a clip has been waiting, the less a look is likely to tell: half its age,
    /// between ten seconds, by when most events have come, and ten minutes. A file that is yet to
    /// come is looked for when its time is over, and rarely before: S3's events are not lost.
    pub fn next_check(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let age = now - self.created_at;
        if self.status == Status::Uploading {
            let later = now + TimeDelta::minutes(15);
            let expiry = self.upload().and_then(|upload| upload.expires_at);
            return expiry.filter(|expiry| now < *expiry).map_or(later, |it| it.min(later));
        }
        now + (age / 2).clamp(TimeDelta::seconds(10), TimeDelta::minutes(10))
    }
}

impl From<&Timeline> for ActualBounds {
    fn from(timeline: &Timeline) -> Self {
        Self {
            start: timeline.start(),
            end: timeline.end(),
            duration_seconds: timeline.duration().as_seconds_f64(),
        }
    }
}

/// A time as the number that the index of unfinished clips is sorted by.
mod milliseconds {
    use chrono::{DateTime, Utc};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "the signature serde asks for")]
    pub(super) fn serialize<S: Serializer>(
        time: &Option<DateTime<Utc>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(|time| time.timestamp_millis()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<DateTime<Utc>>, D::Error> {
        Ok(Option::<i64>::deserialize(deserializer)?.and_then(DateTime::from_timestamp_millis))
    }
}
