//! Reads manifests from live origin endpoints.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use m3u8_rs::{MasterPlaylist, MediaPlaylist, Playlist};
use reqwest::StatusCode;
use reqwest::header::HeaderValue;
use url::Url;

use super::ad_breaks::{AdBreak, parse_ad_breaks};
use super::channel::time_shift;
use super::program_date_time::normalize_times;
use super::rendition_urls::RenditionUrls;
use super::{Channel, ManifestError, Timeline};
use crate::clip::Window;
use crate::config::{ConfigError, Variables};

/// An operator waits for the response, and a clip can be cut without it.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Largest manifest, in bytes. A day of two-second segments takes about 4 MB.
const MAX_MANIFEST_SIZE: usize = 16 << 20;

/// Most bytes that are read of a manifest to find its first segment.
const MAX_BEGINNING_SIZE: usize = 16 << 10;

/// When MediaPackage made the newest segment, in milliseconds since 1970.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/monitoring-manifest-last-updated.html>
const LAST_UPDATED: &str = "x-mediapackage-manifest-last-updated";

/// How far the live edge is behind the clock, if the manifest does not say when its newest segment
/// was made: encoder, segment and packager together.
const MAX_LATENCY: TimeDelta = TimeDelta::seconds(10);

/// If the live edge of a running channel is older than this, its stream is stalled. The live edge of
/// a stream that is on air is at most three segments old.
pub const MAX_LIVE_EDGE_AGE: TimeDelta = TimeDelta::seconds(30);

/// The timeline on air.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveTimeline {
    pub timeline: Timeline,
    /// When the newest segment was made, on the clock of MediaPackage. `None` if the response does
    /// not say it.
    pub updated_at: Option<DateTime<Utc>>,
    /// The ad breaks of the manifest.
    pub ad_breaks: Vec<AdBreak>,
}

/// A manifest, as it was fetched.
struct Fetched {
    playlist: Playlist,
    updated_at: Option<DateTime<Utc>>,
    ad_breaks: Vec<AdBreak>,
}

impl LiveTimeline {
    /// When the live edge moved for the last time.
    pub fn moved_at(&self) -> DateTime<Utc> {
        self.updated_at.unwrap_or_else(|| self.timeline.end() + MAX_LATENCY)
    }

    /// How long the live edge has not moved. It is never negative.
    pub fn age(&self, now: DateTime<Utc>) -> TimeDelta {
        (now - self.moved_at()).max(TimeDelta::zero())
    }
}

/// Reads manifests of origin endpoints.
#[derive(Clone, Debug)]
pub struct LiveEndpoint {
    http: reqwest::Client,
    /// The value of `X-MediaPackage-CDNIdentifier`, if the endpoint requires it.
    /// <https://docs.aws.amazon.com/mediapackage/latest/ug/cdn-auth.html>
    cdn_identifier: Option<HeaderValue>,
    renditions: RenditionUrls,
}

#[derive(Debug, thiserror::Error)]
pub enum ManifestReadError {
    /// MediaPackage answers 404 for a window outside of the startover window.
    #[error("the live endpoint answered 404 for this window")]
    NotFound,
    #[error("the live endpoint answered {0}")]
    Status(StatusCode),
    #[error("could not reach the live endpoint")]
    Http(#[source] reqwest::Error),
    #[error("the manifest of the live endpoint is larger than {MAX_MANIFEST_SIZE} bytes")]
    TooLarge,
    #[error("the manifest of the live endpoint is invalid")]
    Manifest(#[from] ManifestError),
}

impl LiveEndpoint {
    pub fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        let cdn_identifier = variables.optional("CDN_IDENTIFIER")?;
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(Duration::from_secs(1))
            .user_agent(concat!("matchcut/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(ConfigError::Http)?;
        Ok(Self { http, cdn_identifier, renditions: RenditionUrls::default() })
    }

    /// Reads the timeline that is on air now. It ends at the live edge.
    pub async fn live_timeline(&self, channel: &Channel) -> Result<Timeline, ManifestReadError> {
        Ok(self.read_live(channel).await?.timeline)
    }

    /// Reads the timeline that is on air now, and when its newest segment was made.
    pub async fn read_live(&self, channel: &Channel) -> Result<LiveTimeline, ManifestReadError> {
        // A live edge that does not move may be that of a rendition that no longer exists.
        let is_moving = |live: &LiveTimeline| live.age(Utc::now()) < channel.limits().segment * 2;
        self.read_timeline(&channel.manifest, None, is_moving).await
    }

    /// Reads the timeline of a window.
    ///
    /// MediaPackage widens a time-shifted manifest to whole segments in the same way as a harvest of
    /// that window. The timeline therefore has the bounds of the future clip.
    /// <https://docs.aws.amazon.com/mediapackage/latest/ug/time-shifted.html>
    pub async fn window_timeline(
        &self,
        channel: &Channel,
        window: Window,
    ) -> Result<Timeline, ManifestReadError> {
        let is_whole = |read: &LiveTimeline| read.timeline.is_whole(window);
        Ok(self.read_timeline(&channel.manifest, Some(window), is_whole).await?.timeline)
    }

    /// The ad breaks of a window.
    pub async fn ad_breaks(
        &self,
        channel: &Channel,
        window: Window,
    ) -> Result<Vec<AdBreak>, ManifestReadError> {
        let is_whole = |read: &LiveTimeline| read.timeline.is_whole(window);
        Ok(self.read_timeline(&channel.manifest, Some(window), is_whole).await?.ad_breaks)
    }

    /// The start of the first segment of a window.
    ///
    /// The manifest of a window can have megabytes, so only its beginning is read.
    pub(super) async fn first_segment_of(
        &self,
        channel: &Channel,
        window: Window,
    ) -> Result<DateTime<Utc>, ManifestReadError> {
        let url = time_shift(channel.manifest.clone(), window);
        let (beginning, _) = self.fetch_up_to(url.clone(), MAX_BEGINNING_SIZE).await?;
        let media = match parse(&beginning) {
            Ok(Playlist::MasterPlaylist(multivariant)) => {
                let url = first_rendition(&url, &multivariant)?;
                let response =
                    self.fetch_up_to(time_shift(url, window), MAX_BEGINNING_SIZE).await?;
                parse_beginning(&response.0)?
            }
            // A media playlist, whose beginning ends anywhere.
            _ => parse_beginning(&beginning)?,
        };
        Ok(Timeline::from_playlist(&media)?.start())
    }

    /// Reads the first rendition of a multivariant manifest. All renditions share one timeline.
    ///
    /// If the URL of the rendition is known from an earlier call, reads it directly. The endpoint may
    /// have other renditions since then. Therefore the multivariant manifest is read if the rendition
    /// is not found, or if its timeline is not `plausible`.
    async fn read_timeline(
        &self,
        manifest: &Url,
        window: Option<Window>,
        plausible: impl Fn(&LiveTimeline) -> bool,
    ) -> Result<LiveTimeline, ManifestReadError> {
        let shift = |url: Url| match window {
            Some(window) => time_shift(url, window),
            None => url,
        };
        if let Some(rendition) = self.renditions.find(manifest) {
            match self.read_rendition(shift(rendition)).await {
                Ok(read) if plausible(&read) => return Ok(read),
                Ok(_) | Err(ManifestReadError::NotFound | ManifestReadError::Manifest(_)) => {}
                Err(failure) => {
                    self.renditions.forget(manifest);
                    return Err(failure);
                }
            }
        }
        let url = shift(manifest.clone());
        let fetched = self.fetch(url.clone()).await?;
        match fetched.playlist {
            Playlist::MediaPlaylist(media) => Ok(LiveTimeline {
                timeline: Timeline::from_playlist(&media)?,
                updated_at: fetched.updated_at,
                ad_breaks: fetched.ad_breaks,
            }),
            // MediaPackage does not document that the URLs of the renditions contain the window, so
            // it is added if it is missing.
            Playlist::MasterPlaylist(multivariant) => {
                let rendition = first_rendition(&url, &multivariant)?;
                let read = self.read_rendition(shift(rendition.clone())).await?;
                self.renditions.keep(manifest, &rendition);
                Ok(read)
            }
        }
    }

    async fn read_rendition(&self, url: Url) -> Result<LiveTimeline, ManifestReadError> {
        let Fetched { playlist, updated_at, ad_breaks } = self.fetch(url).await?;
        match playlist {
            Playlist::MediaPlaylist(media) => Ok(LiveTimeline {
                timeline: Timeline::from_playlist(&media)?,
                updated_at,
                ad_breaks,
            }),
            Playlist::MasterPlaylist(_) => Err(ManifestError::NotHls.into()),
        }
    }

    /// Fetches a manifest, and reads when its newest segment was made.
    async fn fetch(&self, url: Url) -> Result<Fetched, ManifestReadError> {
        // One byte more shows that the manifest is too large.
        let (text, updated_at) = self.fetch_up_to(url, MAX_MANIFEST_SIZE + 1).await?;
        if text.len() > MAX_MANIFEST_SIZE {
            return Err(ManifestReadError::TooLarge);
        }
        Ok(Fetched { playlist: parse(&text)?, updated_at, ad_breaks: parse_ad_breaks(&text) })
    }

    /// Fetches a manifest, but reads no further than the first `limit` bytes.
    async fn fetch_up_to(
        &self,
        url: Url,
        limit: usize,
    ) -> Result<(Vec<u8>, Option<DateTime<Utc>>), ManifestReadError> {
        let mut request = self.http.get(url);
        if let Some(identifier) = &self.cdn_identifier {
            request = request.header("X-MediaPackage-CDNIdentifier", identifier);
        }
        let mut response = request.send().await.map_err(ManifestReadError::Http)?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(ManifestReadError::NotFound),
            status => return Err(ManifestReadError::Status(status)),
        }
        let updated_at = response.headers().get(LAST_UPDATED).and_then(parse_milliseconds);
        let mut text = Vec::new();
        while text.len() < limit
            && let Some(chunk) = response.chunk().await.map_err(ManifestReadError::Http)?
        {
            text.extend_from_slice(&chunk);
        }
        text.truncate(limit);
        Ok((text, updated_at))
    }
}

/// The URL of the first rendition of a multivariant manifest at `url`.
fn first_rendition(url: &Url, multivariant: &MasterPlaylist) -> Result<Url, ManifestError> {
    let rendition = multivariant
        .variants
        .iter()
        .find(|variant| !variant.is_i_frame)
        .ok_or(ManifestError::NoRendition)?;
    url.join(&rendition.uri).map_err(|_| ManifestError::NotHls)
}

fn parse(text: &[u8]) -> Result<Playlist, ManifestError> {
    m3u8_rs::parse_playlist_res(&normalize_times(text)).map_err(|_| ManifestError::NotHls)
}

/// Parses the beginning of a media playlist, up to the last URL of a segment.
fn parse_beginning(text: &[u8]) -> Result<MediaPlaylist, ManifestError> {
    let mut end = 0;
    let mut next = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        next += line.len();
        if line.ends_with(b"\n") && !line.starts_with(b"#") && !line.trim_ascii().is_empty() {
            end = next;
        }
    }
    m3u8_rs::parse_media_playlist_res(&normalize_times(&text[..end]))
        .map_err(|_| ManifestError::NotHls)
}

fn parse_milliseconds(value: &HeaderValue) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(value.to_str().ok()?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_playlist_ends_with_its_last_whole_segment() {
        let text = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PROGRAM-DATE-TIME:2020-02-03T13:30:00Z\n\
                    #EXTINF:2,\na.ts\n#EXTINF:2,\nb.ts\n";
        let whole = text.find("a.ts").unwrap() + "a.ts\n".len();
        for end in whole..text.len() {
            let playlist = parse_beginning(&text.as_bytes()[..end]).unwrap();
            assert_eq!(playlist.segments.len(), 1, "{end}");
        }
        assert_eq!(parse_beginning(text.as_bytes()).unwrap().segments.len(), 2);
        assert!(parse_beginning(&text.as_bytes()[..5]).is_err());
    }
}
