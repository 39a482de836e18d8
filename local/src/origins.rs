//! What viewers play, at MediaPackage's own hosts and through the CDN.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::Utc;
use tower_http::cors::CorsLayer;

use crate::asset::Assets;
use crate::library::BUCKET;
use crate::live::{self, OriginEndpoint};
use crate::private::{OriginPath, Private};

/// What viewers play: the live endpoint and the egress of VOD assets.
#[derive(Clone, Debug)]
pub(crate) struct Origins {
    pub(crate) endpoint: OriginEndpoint,
    pub(crate) assets: Arc<Assets>,
    pub(crate) s3: aws_sdk_s3::Client,
}

impl Origins {
    /// MediaPackage's own hosts.
    pub(crate) fn origin_router(self) -> Router {
        let answer = async |State(origins): State<Origins>,
                            Path(path): Path<String>,
                            RawQuery(query): RawQuery,
                            headers: HeaderMap| {
            if live::own_path(&path).is_some() && !origins.endpoint.admits(&headers) {
                return StatusCode::FORBIDDEN.into_response();
            }
            origins.serve(None, &path, query.as_deref()).await
        };
        Router::new().route("/out/v1/{*path}", get(answer)).with_state(self)
    }

    /// The CDN: `/live` and `/vod` keep the paths of both apart, for any page to play; thumbnails
    /// come from the clip bucket.
    pub(crate) fn cdn_router(self, private: Option<Arc<Private>>) -> Router {
        let answer = async |State(origins): State<Origins>,
                            Path(path): Path<String>,
                            RawQuery(query): RawQuery| {
            origins.serve(Some(""), &path, query.as_deref()).await
        };
        let of_group = async |State(origins): State<Origins>,
                              Path((group, path)): Path<(String, String)>,
                              RawQuery(query): RawQuery| {
            origins.serve(Some(&format!("/{group}")), &path, query.as_deref()).await
        };
        let live = Router::new().route("/live/out/v1/{*path}", get(answer));
        let Some(private) = private else {
            let vod = live
                .route("/vod/out/v1/{*path}", get(answer))
                .route("/vod/{group}/out/v1/{*path}", get(of_group))
                .route("/vod/thumbnails/{*path}", get(thumbnail));
            return vod.layer(CorsLayer::permissive()).with_state(self);
        };
        let guarded = async move |State(origins): State<Origins>,
                                  Path(path): Path<String>,
                                  uri: Uri,
                                  headers: HeaderMap| {
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
            let url = format!("http://{}{uri}", host.unwrap_or_default());
            if let Err(refusal) = private.admit(&url, &headers, Utc::now()) {
                return refusal.into_response();
            }
            match private.origin_path(&path) {
                Some(OriginPath::Media(group, path)) => {
                    origins.serve(Some(group), path, uri.query()).await
                }
                Some(OriginPath::Thumbnail(path)) => {
                    thumbnail(State(origins), Path(path.to_owned())).await
                }
                None => StatusCode::FORBIDDEN.into_response(),
            }
        };
        live.route("/vod/private/{*path}", get(guarded))
            .route("/vod/{*path}", get(async || StatusCode::FORBIDDEN))
            .layer(CorsLayer::very_permissive())
            .with_state(self)
    }

    /// What is behind `/out/v1/<path>`, at the host that a packaging group's prefix leads to or,
    /// without one, at any.
    async fn serve(&self, group: Option<&str>, path: &str, query: Option<&str>) -> Response {
        if let Some(rest) = live::own_path(path) {
            return self.endpoint.get(rest, query.unwrap_or_default()).await;
        }
        let Some(file) = self.assets.egress_file(group, path) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let media_type = match file.extension().and_then(|extension| extension.to_str()) {
            Some("m3u8") => "application/vnd.apple.mpegurl",
            Some("mpd") => "application/dash+xml",
            Some("ts") => "video/mp2t",
            _ => "video/mp4",
        };
        live::file(&file, media_type).await
    }
}

/// A thumbnail never changes: a clip has a path of its own.
async fn thumbnail(State(origins): State<Origins>, Path(path): Path<String>) -> Response {
    let key = format!("thumbnails/{path}");
    let Ok(object) = origins.s3.get_object().bucket(BUCKET).key(key).send().await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match object.body.collect().await {
        Ok(body) => {
            let headers = [
                (CONTENT_TYPE, "image/jpeg"),
                (CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ];
            (headers, body.into_bytes()).into_response()
        }
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}
