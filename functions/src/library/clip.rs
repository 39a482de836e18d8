//! A clip as the library keeps it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::clip::{ClipId, ClipKey, CompetitionId, Window};
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
    pub channel: ChannelId,
    pub requested: Window,
    /// Absent when the live manifest could not be read.
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
}

impl Status {
    /// Whether something is still expected to happen to the clip by itself.
    pub fn is_unfinished(self) -> bool {
        match self {
            Self::Queued | Self::Harvesting | Self::Packaging => true,
            Self::Ready | Self::Failed => false,
        }
    }
}

impl Clip {
    pub fn key(&self) -> ClipKey {
        ClipKey { competition: self.competition.clone(), clip: self.clip.clone() }
    }

    /// When the sweep should look at an unfinished clip again.
    ///
    /// The longer a clip has been waiting, the less a look is likely to tell: half its age,
    /// between ten seconds, by when most events have come, and ten minutes.
    pub fn next_check(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let age = now - self.created_at;
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
