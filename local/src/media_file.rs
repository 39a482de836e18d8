//! Media files as an origin serves them, whole or in ranges.

use std::io::{self, ErrorKind};
use std::path::Path;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RANGE};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use tower_http::services::ServeFile;
use tower_http::services::fs::ServeFileSystemResponseBody;

/// Serves a media file. Its content never changes under its name, so caches may keep it for 14 days.
///
/// One range is answered with 206, or with 416 if it is outside of the file. Several ranges are
/// answered with the whole file.
pub(crate) async fn serve_media_file(
    path: &Path,
    media_type: &'static str,
    headers: &HeaderMap,
) -> Response {
    let mut request = Request::new(Body::empty());
    if let Some(range) = headers.get(RANGE) {
        request.headers_mut().insert(RANGE, range.clone());
    }
    let mut file = ServeFile::new(path).ignore_multi_range_requests(true);
    let mut reply = to_response(file.try_call(request).await);
    if reply.status().is_success() {
        let headers = reply.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=1209600"));
    }
    reply
}

/// The response with a file, with 404 if there is no such file.
pub(crate) fn to_response(served: io::Result<Response<ServeFileSystemResponseBody>>) -> Response {
    match served {
        Ok(reply) => reply.map(Body::new),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            StatusCode::NOT_FOUND.into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(path: &Path, range: Option<&str>) -> (u16, String, String, Vec<u8>) {
        let mut headers = HeaderMap::new();
        if let Some(range) = range {
            headers.insert(RANGE, range.parse().unwrap());
        }
        let reply = serve_media_file(path, "video/mp2t", &headers).await;
        let header = |name| {
            reply.headers().get(name).map_or("", |it: &HeaderValue| it.to_str().unwrap()).to_owned()
        };
        let (range, media_type) = (header("content-range"), header("content-type"));
        let status = reply.status().as_u16();
        let body = axum::body::to_bytes(reply.into_body(), usize::MAX).await.unwrap();
        (status, range, media_type, body.into())
    }

    #[tokio::test]
    async fn a_range_of_a_file_is_served() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("segment");
        std::fs::write(&path, b"0123456789").unwrap();
        let check = async |range: Option<&str>, status, content_range: &str, body: &str| {
            let reply = get(&path, range).await;
            let (answered, answered_range, media_type, bytes) = reply;
            assert_eq!((answered, answered_range.as_str()), (status, content_range), "{range:?}");
            assert_eq!(bytes, body.as_bytes(), "{range:?}");
            if answered < 300 {
                assert_eq!(media_type, "video/mp2t");
            }
        };
        check(None, 200, "", "0123456789").await;
        check(Some("bytes=2-4"), 206, "bytes 2-4/10", "234").await;
        check(Some("bytes=8-"), 206, "bytes 8-9/10", "89").await;
        check(Some("bytes=-3"), 206, "bytes 7-9/10", "789").await;
        check(Some("bytes=4-99"), 206, "bytes 4-9/10", "456789").await;
        check(Some("bytes=10-"), 416, "bytes */10", "").await;
        check(Some("bytes=0-1,4-5"), 200, "", "0123456789").await;
        assert_eq!(get(&folder.path().join("nothing"), None).await.0, 404);
    }
}
