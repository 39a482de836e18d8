//! The configured live channels.

use std::str::FromStr;

use chrono::TimeDelta;
use serde::Deserialize;
use url::Url;

use crate::clip::{ChannelId, CompetitionId, Limits, Precision, Window};

/// A live channel, and the origin endpoint that its clips are harvested from.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Channel {
    pub id: ChannelId,
    /// The competition of clips that name none.
    pub competition: CompetitionId,
    /// The MediaPackage id of the endpoint that harvest jobs read. It must serve clear HLS.
    pub origin_endpoint_id: String,
    /// The manifest URL of that endpoint at its origin. Bounds are read from it.
    pub manifest: Url,
    /// The manifest URL for viewers, through the CDN.
    pub viewer_manifest: Url,
    /// The segment duration of the endpoint, in seconds.
    pub segment_seconds: u32,
    /// The startover window of the endpoint, in seconds.
    pub startover_seconds: u32,
    /// The id of the MediaLive channel that encodes the stream. Absent if this service does not
    /// control the encoder.
    pub media_live_channel_id: Option<String>,
    /// Whether the encoder passes on captions in the video. Its manifests may not announce them.
    #[serde(default)]
    pub closed_captions: bool,
    /// How precisely clips are cut whose request does not say it.
    #[serde(default)]
    pub precision: Precision,
    /// The price of an hour on air in US dollars.
    pub hourly_usd: Option<f64>,
}

/// The configured channels: at least one. The first is the default.
///
/// The variable `CHANNELS` holds them as a JSON array.
#[derive(Clone, Debug)]
pub struct Channels(Vec<Channel>);

#[derive(Debug, thiserror::Error)]
pub enum ChannelsError {
    #[error("{0}")]
    Json(serde_json::Error),
    #[error("at least one channel is required")]
    Empty,
}

impl Channel {
    pub fn limits(&self) -> Limits {
        Limits {
            segment: TimeDelta::seconds(self.segment_seconds.into()),
            startover: TimeDelta::seconds(self.startover_seconds.into()),
        }
    }

    /// The URL of the time-shifted manifest of a window, for viewers.
    pub fn preview_url(&self, window: Window) -> Url {
        time_shift(self.viewer_manifest.clone(), window)
    }
}

/// Adds a window to the URL of a manifest, unless the URL already has one.
pub(super) fn time_shift(mut manifest: Url, window: Window) -> Url {
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

    pub fn iter(&self) -> impl Iterator<Item = &Channel> {
        self.0.iter()
    }

    pub fn ids(&self) -> impl Iterator<Item = &ChannelId> {
        self.0.iter().map(|channel| &channel.id)
    }

    /// Whether a channel has this origin endpoint.
    pub fn contains_endpoint(&self, origin_endpoint_id: &str) -> bool {
        self.0.iter().any(|channel| channel.origin_endpoint_id == origin_endpoint_id)
    }
}

impl FromStr for Channels {
    type Err = ChannelsError;

    fn from_str(json: &str) -> Result<Self, ChannelsError> {
        let channels: Vec<Channel> = serde_json::from_str(json).map_err(ChannelsError::Json)?;
        if channels.is_empty() { Err(ChannelsError::Empty) } else { Ok(Self(channels)) }
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
    fn a_preview_url_is_the_viewers_manifest_with_the_window_in_posix_seconds() {
        let channels: Channels = MAIN.parse().unwrap();
        let at = |seconds| chrono::DateTime::from_timestamp(seconds, 0).unwrap();
        let window = Window::new(at(1_580_736_658), at(1_580_736_778)).unwrap();
        assert_eq!(
            channels.default_channel().preview_url(window).as_str(),
            "https://cdn.example/live/out/v1/abc/index.m3u8?start=1580736658&end=1580736778"
        );
        assert!(channels.contains_endpoint("main-hls"));
        assert!(!channels.contains_endpoint("another"));
    }

    #[test]
    fn an_invalid_setting_is_refused_with_its_field() {
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
