//! The distribution: `/live` and `/vod` lead to MediaPackage, `/vod/thumbnails` and
//! `/vod/clips` to the clip bucket.

use std::sync::Arc;

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_RANGE, CONTENT_TYPE, HOST, RANGE};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
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
            .route("/vod/thumbnails/{*path}", get(serve_object))
            .route("/vod/clips/{*path}", get(serve_object))
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
                distribution.origins.serve(Some(group), path, uri.query(), &headers).await
            }
            Some(OriginPath::Object(key)) => read_object(&distribution, key, &headers).await,
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
    headers: HeaderMap,
) -> Response {
    distribution.origins.serve(Some(""), &path, query.as_deref(), &headers).await
}

async fn serve_group(
    State(distribution): State<Distribution>,
    Path((group, path)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let group = format!("/{group}");
    distribution.origins.serve(Some(&group), &path, query.as_deref(), &headers).await
}

async fn serve_object(
    State(distribution): State<Distribution>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let key = uri.path().strip_prefix("/vod/").unwrap_or_default();
    read_object(&distribution, key, &headers).await
}

/// Serves a thumbnail or media of the bucket, whole or a range of it. It never changes, because each
/// attempt has a path of its own.
async fn read_object(distribution: &Distribution, key: &str, headers: &HeaderMap) -> Response {
    let range = headers.get(RANGE).and_then(|range| range.to_str().ok());
    // S3 answers several ranges with the whole object.
    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    let range = range.filter(|range| !range.contains(',')).map(str::to_owned);
    let request = distribution.s3.get_object().bucket(BUCKET).key(key).set_range(range);
    let object = match request.send().await {
        Ok(object) => object,
        Err(error) if error.code() == Some("InvalidRange") => {
            return StatusCode::RANGE_NOT_SATISFIABLE.into_response();
        }
        Err(_) => return StatusCode::NOT_FOUND.into_response(),
    };
    let content_range = object.content_range.as_deref().map(HeaderValue::from_str);
    match object.body.collect().await {
        Ok(body) => {
            let headers = [
                (CONTENT_TYPE, media_type(key)),
                (CACHE_CONTROL, "public, max-age=31536000, immutable"),
                (ACCEPT_RANGES, "bytes"),
            ];
            let mut reply = (headers, body.into_bytes()).into_response();
            if let Some(Ok(content_range)) = content_range {
                *reply.status_mut() = StatusCode::PARTIAL_CONTENT;
                reply.headers_mut().insert(CONTENT_RANGE, content_range);
            }
            reply
        }
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

fn media_type(key: &str) -> &'static str {
    match key.rsplit('.').next() {
        Some("m3u8") => "application/vnd.apple.mpegurl",
        Some("ts") => "video/mp2t",
        Some("mp4") => "video/mp4",
        Some("vtt") => "text/vtt",
        Some("jpg") => "image/jpeg",
        _ => "application/octet-stream",
    }
}
