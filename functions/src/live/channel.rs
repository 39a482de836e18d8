//! The channels of this service, as configured.

use std::fmt;
use std::str::FromStr;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::clip::{CompetitionId, Limits, Window};

/// A channel's name in the API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelId(String);

/// A live channel, and the origin endpoint its clips are harvested from.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Channel {
    pub id: ChannelId,
    /// The competition of a clip that names none.
    pub competition: CompetitionId,
    /// MediaPackage's id of the endpoint harvest jobs read; clear HLS.
    pub origin_endpoint_id: String,
    /// The manifest of that endpoint at its origin, which bounds are read from.
    pub manifest: Url,
    /// The manifest as viewers reach it, through the CDN.
    pub viewer_manifest: Url,
    /// The endpoint's segment duration.
    pub segment_seconds: u32,
    /// The endpoint's startover window.
    pub startover_seconds: u32,
}

/// The channels, never none; the first is the default one.
///
/// Written as a JSON array in the variable `CHANNELS`.
#[derive(Clone, Debug)]
pub struct Channels(Vec<Channel>);

#[derive(Debug, thiserror::Error)]
pub enum ChannelsError {
    #[error("{0}")]
    Json(serde_json::Error),
    #[error("at least one channel is needed")]
    None,
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

impl Channel {
    pub fn limits(&self) -> Limits {
        Limits {
            segment: TimeDelta::seconds(self.segment_seconds.into()),
            startover: TimeDelta::seconds(self.startover_seconds.into()),
        }
    }

    /// The time-shifted manifest of a window, as viewers reach it.
    pub fn preview(&self, window: Window) -> Url {
        time_shifted(self.viewer_manifest.clone(), window)
    }
}

/// A manifest's URL with the window it is asked for, unless it carries one already.
pub(super) fn time_shifted(mut manifest: Url, window: Window) -> Url {
    if !manifest.query_pairs().any(|(name, _)| name == "start") {
        manifest
            .query_pairs_mut()
            .append_pair("start", &window.start().timestamp().to_string())
            .append_pair("end", &window.end().timestamp().to_string());
    }
    manifest
}

impl Channels {
    pub fn default_channel(&self) -> &Channel {
        &self.0[0]
    }

    pub fn find(&self, id: &ChannelId) -> Option<&Channel> {
        self.0.iter().find(|channel| channel.id == *id)
    }

    pub fn ids(&self) -> impl Iterator<Item = &ChannelId> {
        self.0.iter().map(|channel| &channel.id)
    }

    /// Whether clips of this service are harvested from that endpoint.
    pub fn harvest_from(&self, origin_endpoint_id: &str) -> bool {
        self.0.iter().any(|channel| channel.origin_endpoint_id == origin_endpoint_id)
    }
}

impl FromStr for Channels {
    type Err = ChannelsError;

    fn from_str(json: &str) -> Result<Self, ChannelsError> {
        let channels: Vec<Channel> = serde_json::from_str(json).map_err(ChannelsError::Json)?;
        if channels.is_empty() { Err(ChannelsError::None) } else { Ok(Self(channels)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIN: &str = r#"[{
        "id": "main", "competition": "100m-dash", "originEndpointId": "main-hls",
        "manifest": "https://origin.example/out/v1/abc/index.m3u8",
        "viewerManifest": "https://cdn.example/live/out/v1/abc/index.m3u8",
        "segmentSeconds": 2, "startoverSeconds": 900
    }]"#;

    #[test]
    fn a_preview_is_the_viewers_manifest_with_the_window_in_posix_seconds() {
        let channels: Channels = MAIN.parse().unwrap();
        let at = |seconds| chrono::DateTime::from_timestamp(seconds, 0).unwrap();
        let window = Window::new(at(1_580_736_658), at(1_580_736_778)).unwrap();
        assert_eq!(
            channels.default_channel().preview(window).as_str(),
            "https://cdn.example/live/out/v1/abc/index.m3u8?start=1580736658&end=1580736778"
        );
        assert!(channels.harvest_from("main-hls"));
        assert!(!channels.harvest_from("another"));
    }

    #[test]
    fn settings_are_refused_with_the_field_that_is_wrong() {
        let check = |json: &str, expected: &str| {
            let error = json.parse::<Channels>().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check("[]", "at least one channel");
        check("[{}]", "missing field `id`");
        check(&MAIN.replace("100m-dash", "100m_dash"), "letters, digits and hyphens");
        check(&MAIN.replace("segmentSeconds", "segments"), "unknown field `segments`");
    }
}
