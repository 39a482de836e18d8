//! Reels: clips that are made of other clips.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Bounds, ChannelId, Clip, ClipId, Source};

/// Other clips of the competition, one after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reel {
    /// There is at least one.
    pub parts: Vec<ReelPart>,
    /// When the reel was requested. Lists are sorted by this time.
    pub at: DateTime<Utc>,
    /// The id of the MediaConvert job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// The progress of the job in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<u8>,
}

/// A clip of a reel, as it was when the reel was requested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReelPart {
    pub clip: ClipId,
    /// The attempt that made the clip's media.
    pub attempt: u32,
    /// The bounds of that media.
    pub media: Bounds,
    /// The part of it that players show.
    pub shown: Bounds,
    /// The channel that the media is of. Absent for media of files, and of several channels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelId>,
}

/// Most clips of a reel.
///
/// 50: MediaConvert takes 150 inputs, and each part needs 250 bytes of the reel's row.
pub const MAX_PARTS: usize = 50;

impl ReelPart {
    /// The part that a clip is. `None` if the bounds of its media are unknown.
    pub fn from_clip(clip: &Clip) -> Option<Self> {
        let (media, shown) = (clip.actual?, clip.shown_bounds()?);
        let channel = match &clip.source {
            Source::Live { channel, .. } => Some(channel.clone()),
            Source::Upload(_) => None,
            Source::Reel(reel) => reel.channel().cloned(),
        };
        let (clip, attempt) = (clip.clip.clone(), clip.media_attempt);
        Some(Self { clip, attempt, media, shown, channel })
    }
}

impl Reel {
    pub fn new(parts: Vec<ReelPart>, at: DateTime<Utc>) -> Self {
        Self { parts, at, job: None, progress: None }
    }

    /// The channel of all parts. `None` if they are not of one channel.
    fn channel(&self) -> Option<&ChannelId> {
        let first = self.parts.first()?.channel.as_ref()?;
        self.parts.iter().all(|part| part.channel.as_ref() == Some(first)).then_some(first)
    }

    /// The bounds of the reel: it begins when it was requested.
    pub fn bounds(&self) -> Bounds {
        Bounds::lasting(self.at, self.parts.iter().map(|part| part.shown.duration_seconds).sum())
    }
}
