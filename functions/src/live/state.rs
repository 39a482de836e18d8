//! The states of a channel's encoder.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The state of a MediaLive channel, as the API shows it.
/// <https://docs.aws.amazon.com/medialive/latest/ug/monitor-activity-types-channel.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelState {
    Creating,
    Idle,
    Starting,
    Running,
    /// A pipeline has failed, and MediaLive is restarting it.
    Recovering,
    Stopping,
    Updating,
    Deleting,
    /// MediaLive could not create or update the channel.
    Failed,
    /// The channel is not a MediaLive channel of this service, or its state could not be read.
    Unknown,
}

impl ChannelState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Idle => "idle",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Recovering => "recovering",
            Self::Stopping => "stopping",
            Self::Updating => "updating",
            Self::Deleting => "deleting",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for ChannelState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
