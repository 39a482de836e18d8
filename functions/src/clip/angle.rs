//! Groups of clips that show the same window from several channels.

use serde::{Deserialize, Serialize};

use super::{ChannelId, ClipId};

/// A clip of a group. All clips of a group are of one competition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Angle {
    pub channel: ChannelId,
    pub clip: ClipId,
}

/// Most clips of a group. Each adds about 80 bytes to the rows of all.
pub const MAX_ANGLES: usize = 8;
