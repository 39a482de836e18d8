//! The states of a clip.

use serde::{Deserialize, Serialize};

/// The state of a clip on its way to the viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// A rule has made the clip of marks. Nothing is harvested until an operator confirms it.
    Suggested,
    /// The end of the clip has not aired yet.
    Scheduled,
    /// The clip has aired and waits for one of the account's concurrent harvest jobs.
    Queued,
    /// MediaPackage is copying the window to S3.
    Harvesting,
    /// The editor has an upload URL. The file has not arrived yet.
    Uploading,
    /// MediaConvert is making renditions and thumbnails of the file.
    Transcoding,
    /// The VOD asset exists, and MediaPackage is ingesting it.
    Packaging,
    /// Every format has been proven playable.
    Ready,
    /// The clip will not become ready unless an operator retries it.
    Failed,
    /// The clip is hidden. The sweep is deleting its asset, its media and finally its row.
    Deleting,
}

impl Status {
    pub const ALL: [Self; 10] = [
        Self::Suggested,
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

    /// Whether the state should still change without a person.
    pub fn is_pending(self) -> bool {
        !matches!(self, Self::Suggested | Self::Ready | Self::Failed)
    }

    /// Whether the clip is on its way to being ready.
    pub fn is_in_progress(self) -> bool {
        self.is_pending() && self != Self::Deleting
    }

    /// The status as rows and the API spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Suggested => "suggested",
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
