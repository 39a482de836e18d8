//! Media files as an origin serves them.

use std::io::ErrorKind;
use std::path::Path;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};

/// Serves a media file. Its content never changes under its name, so caches may keep it for 14 days.
pub(crate) async fn serve_media_file(path: &Path, media_type: &'static str) -> Response {
    match tokio::fs::read(path).await {
        Ok(bytes) => {
            let headers = [(CONTENT_TYPE, media_type), (CACHE_CONTROL, "max-age=1209600")];
            (headers, Body::from(bytes)).into_response()
        }
        Err(error) if error.kind() == ErrorKind::NotFound => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
