//! The live origin endpoint, asked for what it can still give.

use std::time::Duration;

use m3u8_rs::Playlist;
use reqwest::StatusCode;
use reqwest::header::HeaderValue;
use url::Url;

use super::channel::time_shifted;
use super::{Channel, ManifestError, Timeline};
use crate::clip::Window;
use crate::config::{ConfigError, Variables};

/// An operator waits for the answer, and a clip can be cut without it.
const PATIENCE: Duration = Duration::from_secs(3);

/// A day of two-second segments is about 4 MB.
const LARGEST_MANIFEST: usize = 16 << 20;

/// Reads manifests of origin endpoints.
#[derive(Clone, Debug)]
pub struct LiveEndpoint {
    http: reqwest::Client,
    /// The value of `X-MediaPackage-CDNIdentifier`, where the endpoint demands it.
    /// <https://docs.aws.amazon.com/mediapackage/latest/ug/cdn-auth.html>
    cdn_identifier: Option<HeaderValue>,
}

#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The endpoint has nothing at that time; MediaPackage's answer outside the startover window.
    #[error("the live endpoint has no such manifest")]
    NotFound,
    #[error("the live endpoint answered {0}")]
    Status(StatusCode),
    #[error("the live endpoint did not answer")]
    Http(#[source] reqwest::Error),
    #[error("the live endpoint's manifest is larger than {LARGEST_MANIFEST} bytes")]
    TooLarge,
    #[error("the live endpoint's manifest is not usable")]
    Manifest(#[from] ManifestError),
}

impl LiveEndpoint {
    pub fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        let cdn_identifier = variables.optional("CDN_IDENTIFIER")?;
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .connect_timeout(Duration::from_secs(1))
            .user_agent(concat!("matchcut/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(ConfigError::Http)?;
        Ok(Self { http, cdn_identifier })
    }

    /// The timeline on air now: it ends at the live edge.
    pub async fn on_air(&self, channel: &Channel) -> Result<Timeline, ReadError> {
        self.timeline(&channel.manifest, None).await
    }

    /// The timeline of a time-shifted window.
    ///
    /// MediaPackage widens it to whole segments, just as it will for a harvest of that window.
    /// <https://docs.aws.amazon.com/mediapackage/latest/ug/time-shifted.html>
    pub async fn of_window(
        &self,
        channel: &Channel,
        window: Window,
    ) -> Result<Timeline, ReadError> {
        self.timeline(&channel.manifest, Some(window)).await
    }

    /// Follows a multivariant manifest to its first rendition; all share one timeline.
    ///
    /// That the links carry the window is not documented, so it is added where it is missing.
    async fn timeline(
        &self,
        manifest: &Url,
        window: Option<Window>,
    ) -> Result<Timeline, ReadError> {
        let shifted = |url: Url| match window {
            Some(window) => time_shifted(url, window),
            None => url,
        };
        let url = shifted(manifest.clone());
        let multivariant = match self.fetch(url.clone()).await? {
            Playlist::MediaPlaylist(media) => return Ok(Timeline::read(&media)?),
            Playlist::MasterPlaylist(multivariant) => multivariant,
        };
        let rendition = multivariant
            .variants
            .iter()
            .find(|variant| !variant.is_i_frame)
            .ok_or(ManifestError::NoRendition)?;
        let url = url.join(&rendition.uri).map_err(|_| ManifestError::NotHls)?;
        match self.fetch(shifted(url)).await? {
            Playlist::MediaPlaylist(media) => Ok(Timeline::read(&media)?),
            Playlist::MasterPlaylist(_) => Err(ManifestError::NotHls.into()),
        }
    }

    async fn fetch(&self, url: Url) -> Result<Playlist, ReadError> {
        let mut request = self.http.get(url);
        if let Some(identifier) = &self.cdn_identifier {
            request = request.header("X-MediaPackage-CDNIdentifier", identifier);
        }
        let mut response = request.send().await.map_err(ReadError::Http)?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(ReadError::NotFound),
            status => return Err(ReadError::Status(status)),
        }
        let mut text = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(ReadError::Http)? {
            if LARGEST_MANIFEST < text.len() + chunk.len() {
                return Err(ReadError::TooLarge);
            }
            text.extend_from_slice(&chunk);
        }
        m3u8_rs::parse_playlist_res(&text).map_err(|_| ManifestError::NotHls.into())
    }
}
