//! A clip as the library keeps it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::clip::{Attempt, ClipId, ClipKey, CompetitionId, Window};
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
    /// Counts the tries at making the clip; names what is made in AWS for this one.
    pub attempt: u32,
    /// The attempt that made the clip's media, or is making it: a retry of the asset keeps it.
    pub media_attempt: u32,
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
    /// When the clip is to be deleted; absent if it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was deleted; the row outlives that until all else is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<DateTime<Utc>>,
    /// Since when a queued clip waits for its harvest: its place in line.
    #[serde(skip_serializing_if = "Option::is_none", with = "milliseconds")]
    #[serde(default)]
    pub queued_at: Option<DateTime<Utc>>,
    /// When the sweep should next look at it; absent if nothing is to happen by itself.
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
    /// When the row of a file that never came is given up; until then it may still come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub awaited_until: Option<DateTime<Utc>>,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Its end has not aired yet.
    Scheduled,
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
    /// Hidden; its asset, its media and at last its row are going.
    Deleting,
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
    /// The stream stopped before the clip's end.
    NotAired,
    /// The stream was not on air during the whole window.
    WindowUnavailable,
    /// The stream does not keep the window any more.
    WindowExpired,
    /// MediaPackage would not start the harvest job.
    HarvestRefused,
    /// The harvest job failed.
    HarvestFailed,
    /// MediaPackage would not make an asset of the harvested media.
    AssetRefused,
    /// The asset could not be ingested.
    IngestFailed,
    /// The file is not in the upload bucket any more.
    FileMissing,
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
    pub const ALL: [Self; 9] = [
        Self::Scheduled,
        Self::Queued,
        Self::Harvesting,
        Self::Uploading,
        Self::Transcoding,
        Self::Packaging,
        Self::Ready,
        Self::Failed,
        Self::Deleting,
    ];

    /// Whether something is still expected to happen to the clip by itself.
    pub fn is_unfinished(self) -> bool {
        !matches!(self, Self::Ready | Self::Failed)
    }

    /// Whether the clip is on its way to being ready.
    pub fn is_in_the_making(self) -> bool {
        self.is_unfinished() && self != Self::Deleting
    }

    /// As rows and the API spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Queued => "queued",
            Self::Harvesting => "harvesting",
            Self::Uploading => "uploading",
            Self::Transcoding => "transcoding",
            Self::Packaging => "packaging",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Deleting => "deleting",
        }
    }
}

impl FailureCode {
    /// Whether the clip's media is whole: only its asset has to be made again.
    pub fn leaves_media(self) -> bool {
        matches!(self, Self::AssetRefused | Self::IngestFailed)
    }
}

/// As long as the longest-lived function that may still be making something for a clip.
const LONGEST_RUN: TimeDelta = TimeDelta::minutes(3);

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
            attempt: 1,
            media_attempt: 1,
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
            expires_at: about.expires_at,
            deleted_at: None,
            queued_at: (status == Status::Queued).then_some(now),
            next_check_at: None,
        };
        clip.next_check_at = clip.next_check(now);
        clip
    }

    /// Gives the clip an expiry, unless it has one.
    pub fn expire_by_default(&mut self, expiry: Option<DateTime<Utc>>) {
        self.expires_at = self.expires_at.or(expiry);
        self.next_check_at = self.next_check(self.updated_at);
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

    /// The attempt under way, or the last one.
    pub fn current(&self) -> Attempt {
        Attempt { clip: self.key(), number: self.attempt }
    }

    /// The attempt whose media the clip has.
    pub fn media(&self) -> Attempt {
        Attempt { clip: self.key(), number: self.media_attempt }
    }

    /// Whether its time is over.
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.status != Status::Deleting && self.expires_at.is_some_and(|expiry| expiry <= now)
    }

    /// When the row of a deleted clip may go.
    ///
    /// A function that was at work when the clip was deleted may still make something, and a URL
    /// that was given out may still bring a file: until then the row is what has it removed.
    pub fn gone_after(&self) -> Option<DateTime<Utc>> {
        let quiet = self.deleted_at? + LONGEST_RUN;
        let awaited = self.upload().and_then(|upload| upload.awaited_until);
        Some(awaited.map_or(quiet, |awaited| awaited.max(quiet)))
    }

    /// When the sweep should look at the clip again, if ever.
    ///
    /// The longer a clip has been where it is, the less a look is likely to tell: half that time,
    /// between ten seconds, by when most events have come, and ten minutes. A file that is yet to
    /// come is looked for when its time is over, and rarely before: S3's events are not lost. Who
    /// waits in line is seen to as one of the line.
    pub fn next_check(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let age = now - self.updated_at;
        let soon = now + (age / 2).clamp(TimeDelta::seconds(10), TimeDelta::minutes(10));
        let no_later_than = |latest: DateTime<Utc>, moment: Option<DateTime<Utc>>| {
            moment.filter(|moment| now < *moment).map_or(latest, |moment| moment.min(latest))
        };
        let by_itself = match (self.status, &self.source) {
            (Status::Deleting, _) => return Some(no_later_than(soon, self.gone_after())),
            (Status::Ready | Status::Failed | Status::Queued, _) => None,
            (Status::Scheduled, Source::Live { requested, .. }) => {
                Some(soon.max(requested.end() + TimeDelta::seconds(10)))
            }
            // The file of a retry has come long ago.
            (Status::Uploading, Source::Upload(upload)) if self.attempt == 1 => {
                Some(no_later_than(now + TimeDelta::minutes(15), upload.awaited_until))
            }
            _ => Some(soon),
        };
        by_itself.into_iter().chain(self.expires_at).min()
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
