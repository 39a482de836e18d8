//! The distribution: `/live` and `/vod` lead to MediaPackage, `/vod/thumbnails` to the clip bucket.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use chrono::Utc;
use tower_http::cors::CorsLayer;

use super::private_library::PrivateLibrary;
use super::sealed_path::{OriginPath, parse_sealed_path};
use super::signed_cookies::check_cookies;
use crate::account::BUCKET;
use crate::origins::Origins;

/// What the distribution reads from.
#[derive(Clone, Debug)]
struct Distribution {
    origins: Origins,
    s3: aws_sdk_s3::Client,
}

/// The distribution. Pages of any origin may play from it.
///
/// If there is a private library, clips only play with signed cookies, at sealed paths.
pub(crate) fn router(
    origins: Origins,
    s3: aws_sdk_s3::Client,
    library: Option<Arc<PrivateLibrary>>,
) -> Router {
    let distribution = Distribution { origins, s3 };
    let live = Router::new().route("/live/out/v1/{*path}", get(serve_origin));
    let Some(library) = library else {
        return live
            .route("/vod/out/v1/{*path}", get(serve_origin))
            .route("/vod/{group}/out/v1/{*path}", get(serve_group))
            .route("/vod/thumbnails/{*path}", get(serve_thumbnail))
            .layer(CorsLayer::permissive())
            .with_state(distribution);
    };
    let serve_private = async move |distribution: State<Distribution>,
                                    Path(path): Path<String>,
                                    uri: Uri,
                                    headers: HeaderMap| {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let url = format!("http://{}{uri}", host.unwrap_or_default());
        if let Err(refusal) = check_cookies(&library, &url, &headers, Utc::now()) {
            return refusal.into_response();
        }
        match parse_sealed_path(&library, &path) {
            Some(OriginPath::Media(group, path)) => {
                distribution.origins.serve(Some(group), path, uri.query()).await
            }
            Some(OriginPath::Thumbnail(path)) => {
                serve_thumbnail(distribution, Path(path.to_owned())).await
            }
            None => StatusCode::FORBIDDEN.into_response(),
        }
    };
    live.route("/vod/private/{*path}", get(serve_private))
        .route("/vod/{*path}", get(async || StatusCode::FORBIDDEN))
        .layer(CorsLayer::very_permissive())
        .with_state(distribution)
}

async fn serve_origin(
    State(distribution): State<Distribution>,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    distribution.origins.serve(Some(""), &path, query.as_deref()).await
}

async fn serve_group(
    State(distribution): State<Distribution>,
    Path((group, path)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    distribution.origins.serve(Some(&format!("/{group}")), &path, query.as_deref()).await
}

/// Serves a thumbnail. It never changes, because each clip has a path of its own.
async fn serve_thumbnail(
    State(distribution): State<Distribution>,
    Path(path): Path<String>,
) -> Response {
    let key = format!("thumbnails/{path}");
    let Ok(object) = distribution.s3.get_object().bucket(BUCKET).key(key).send().await else {
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
