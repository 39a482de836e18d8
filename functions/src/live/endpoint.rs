//! Reads manifests from live origin endpoints.

use std::time::Duration;

use m3u8_rs::Playlist;
use reqwest::StatusCode;
use reqwest::header::HeaderValue;
use url::Url;

use super::channel::time_shift;
use super::{Channel, ManifestError, Timeline};
use crate::clip::Window;
use crate::config::{ConfigError, Variables};

/// An operator waits for the response, and a clip can be cut without it.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Largest manifest, in bytes. A day of two-second segments takes about 4 MB.
const MAX_MANIFEST_SIZE: usize = 16 << 20;

/// Reads manifests of origin endpoints.
#[derive(Clone, Debug)]
pub struct LiveEndpoint {
    http: reqwest::Client,
    /// The value of `X-MediaPackage-CDNIdentifier`, if the endpoint requires it.
    /// <https://docs.aws.amazon.com/mediapackage/latest/ug/cdn-auth.html>
    cdn_identifier: Option<HeaderValue>,
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
        Ok(Self { http, cdn_identifier })
    }

    /// Reads the timeline that is on air now. It ends at the live edge.
    pub async fn live_timeline(&self, channel: &Channel) -> Result<Timeline, ManifestReadError> {
        self.read_timeline(&channel.manifest, None).await
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
        self.read_timeline(&channel.manifest, Some(window)).await
    }

    /// Reads the first rendition of a multivariant manifest. All renditions share one timeline.
    ///
    /// MediaPackage does not document that the URLs of the renditions contain the window, so it is
    /// added if it is missing.
    async fn read_timeline(
        &self,
        manifest: &Url,
        window: Option<Window>,
    ) -> Result<Timeline, ManifestReadError> {
        let shift = |url: Url| match window {
            Some(window) => time_shift(url, window),
            None => url,
        };
        let url = shift(manifest.clone());
        let multivariant = match self.fetch(url.clone()).await? {
            Playlist::MediaPlaylist(media) => return Ok(Timeline::from_playlist(&media)?),
            Playlist::MasterPlaylist(multivariant) => multivariant,
        };
        let rendition = multivariant
            .variants
            .iter()
            .find(|variant| !variant.is_i_frame)
            .ok_or(ManifestError::NoRendition)?;
        let url = url.join(&rendition.uri).map_err(|_| ManifestError::NotHls)?;
        match self.fetch(shift(url)).await? {
            Playlist::MediaPlaylist(media) => Ok(Timeline::from_playlist(&media)?),
            Playlist::MasterPlaylist(_) => Err(ManifestError::NotHls.into()),
        }
    }

    async fn fetch(&self, url: Url) -> Result<Playlist, ManifestReadError> {
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
        let mut text = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(ManifestReadError::Http)? {
            if text.len() + chunk.len() > MAX_MANIFEST_SIZE {
                return Err(ManifestReadError::TooLarge);
            }
            text.extend_from_slice(&chunk);
        }
        m3u8_rs::parse_playlist_res(&text).map_err(|_| ManifestError::NotHls.into())
    }
}
