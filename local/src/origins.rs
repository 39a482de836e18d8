//! MediaPackage's own hosts: the live origin endpoint and the egress endpoints of VOD assets.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use crate::media_file::serve_media_file;
use crate::mediapackage::{OriginEndpoint, strip_url_id};
use crate::mediapackage_vod::Assets;

/// The origins that the CDN reads from.
#[derive(Clone, Debug)]
pub(crate) struct Origins {
    pub(crate) endpoint: OriginEndpoint,
    pub(crate) assets: Arc<Assets>,
}

impl Origins {
    /// MediaPackage's own hosts, all at one address.
    pub(crate) fn router(self) -> Router {
        let answer = async |State(origins): State<Origins>,
                            Path(path): Path<String>,
                            RawQuery(query): RawQuery,
                            headers: HeaderMap| {
            if strip_url_id(&path).is_some() && !origins.endpoint.is_authorized(&headers) {
                return StatusCode::FORBIDDEN.into_response();
            }
            origins.serve(None, &path, query.as_deref(), &headers).await
        };
        Router::new().route("/out/v1/{*path}", get(answer)).with_state(self)
    }

    /// Serves `/out/v1/<path>`.
    ///
    /// `group` is the path prefix of a packaging group. If there is one, assets of other groups
    /// are not found.
    pub(crate) async fn serve(
        &self,
        group: Option<&str>,
        path: &str,
        query: Option<&str>,
        headers: &HeaderMap,
    ) -> Response {
        if let Some(rest) = strip_url_id(path) {
            return self.endpoint.get(rest, query.unwrap_or_default(), headers).await;
        }
        let Some(file) = self.assets.egress_file(group, path) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let media_type = match file.extension().and_then(|extension| extension.to_str()) {
            Some("m3u8") => "application/vnd.apple.mpegurl",
            Some("mpd") => "application/dash+xml",
            Some("ts") => "video/mp2t",
            Some("vtt") => "text/vtt",
            Some("ttml") => "application/ttml+xml",
            _ => "video/mp4",
        };
        serve_media_file(&file, media_type, headers).await
    }
}
